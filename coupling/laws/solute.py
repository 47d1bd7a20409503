"""What a law counted of a solute: how much of it, from where, and what is held while the faces part."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from coupling.errors import InputError, unknown_choice
from coupling.units import EV

Held = Literal["coverage", "chemical potential"]
"""The amount of solute (fast separation), or the reservoir's potential (slow separation)."""


@dataclass(frozen=True)
class Solute:
    """The solute of an interface.

    Attributes:
        element: Its symbol; "" is not known.
        reference: The state whose energy per solute atom is the zero of the chemical potential, in words: "H in bulk Ni
            at infinite dilution".
        held: See `Held`.
        site_density: Sites per area of the interface, 1/m².
        coverage: Solute atoms per site where the coverage is held; None otherwise.
        chemical_potential: Of the reservoir where that is held, J per atom from the reference, with the entropy of mixing; None otherwise.
        temperature: Of the mixing on the sites, K; None where there is none.

    Raises:
        InputError: a value that no solute has, or coverage and chemical potential at once.
    """

    element: str
    reference: str
    held: Held
    site_density: float
    coverage: float | None = None
    chemical_potential: float | None = None
    temperature: float | None = None

    def __post_init__(self) -> None:
        if self.held not in get_args(Held):
            raise unknown_choice("quantity of the solute to hold", self.held, get_args(Held))
        if not all(isinstance(text, str) and text.isprintable() for text in (self.element, self.reference)):
            raise InputError("element and reference of a solute must each be one line of text.")
        if not (np.isfinite(self.site_density) and self.site_density > 0):
            raise InputError(f"site_density = {self.site_density} 1/m^2 of a solute must be positive and finite.")
        if (self.coverage is None) == (self.chemical_potential is None):
            raise InputError("A solute has a coverage or a chemical potential, one of the two; the other follows.")
        given = "coverage" if self.coverage is not None else "chemical potential"
        if given != self.held:
            raise InputError(f"A solute whose {self.held} is held has that as its number, not the {given}.")
        if self.coverage is not None:
            check_coverage(self.coverage)
        self._check_reservoir()

    def _check_reservoir(self) -> None:
        if self.chemical_potential is not None and not np.isfinite(self.chemical_potential):
            raise InputError(f"chemical_potential = {self.chemical_potential} J of a solute must be finite.")
        if (self.temperature is None) != (self.chemical_potential is None):
            raise InputError("A chemical potential comes with the temperature of the mixing, and a coverage without.")
        if self.temperature is not None:
            check_temperature(self.temperature)

    @property
    def in_words(self) -> str:
        """One line for a file's comments."""
        who, sites = self.element or "not named", f"{self.site_density:.6g} sites per m^2"
        zero = f", counted from {self.reference}" if self.reference else ""
        if self.coverage is not None:
            return f"solute {who}: coverage {self.coverage:.6g} of {sites}, held while the faces part{zero}"
        return (
            f"solute {who}: on {sites}, in exchange with a reservoir at {(self.chemical_potential or 0.0) / EV:.6g} eV and "
            f"{self.temperature:.6g} K, whose energy the law owns{zero}"
        )


def check_coverage(coverage: float) -> None:
    """Raise `InputError` unless a coverage is between 0 and 1."""
    if isinstance(coverage, bool) or not (np.isfinite(coverage) and 0.0 <= coverage <= 1.0):
        raise InputError(
            f"coverage = {coverage} must be between 0 and 1, in solute atoms per site; for more atoms give more sites."
        )


def check_temperature(temperature: float) -> None:
    """Raise `InputError` unless a temperature is positive: without entropy a reservoir fixes no coverage."""
    if not (np.isfinite(temperature) and temperature > 0):
        raise InputError(
            f"temperature = {temperature} K of a reservoir must be positive and finite; without the entropy of the sites it "
            "fixes no coverage."
        )
