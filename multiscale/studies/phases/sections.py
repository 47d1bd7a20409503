"""Blocks of the phases study's input: few accurate energies, and interfaces that compete."""

from typing import Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.fields import InputFile, Name, number
from multiscale.inputs.potential import Potential


class AccurateInput(Section):
    """Few accurate energies: from a second potential, or from a file."""

    potential: Potential | None = Field(
        default=None, description="Relaxes those candidates that tell most; each is one label."
    )
    labels: InputFile | None = Field(
        default=None,
        description="Candidates with their energies, as an extended XYZ whose frames have the `name` of a candidate: the file "
        "atoms/phases.extxyz of a run, computed again.",
    )
    budget: int = Field(default=20, ge=3, le=10_000, description="Largest number of labels.")
    bar: number("eV") = Field(
        default=0.002, gt=0,
        description="Standard deviation per atom at which the energies of all phases that may be stable are known well enough.",
    )  # fmt: skip
    draws: int = Field(
        default=1000, ge=50, le=100_000, description="Draws of all energies, from which probabilities are counted."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.potential is None) == (self.labels is None):
            raise InputError("give accurate energies by potential or by labels, one of the two.")
        if self.labels is not None:
            self.refuse_given("labels, which are all taken", "budget")
        return self


class InterfacesInput(Section):
    """Boundaries or surfaces with different numbers of solute atoms."""

    file: InputFile = Field(
        description="Their cells, as an extended XYZ whose frames have a `name`; the atoms relax, cells do not."
    )
    solute: Name = Field(
        description="Element whose chemical potential is varied; all others are in equilibrium with their crystals."
    )
    lowest: number("eV") = Field(
        default=-1.0, ge=-100, le=100, description="Least chemical potential, from the solute's own crystal."
    )
    highest: number("eV") = Field(default=0.0, ge=-100, le=100, description="Largest one.")
    sides: Literal[1, 2] = Field(default=2, description="Equal interfaces in a cell: 2 for a slab with two surfaces.")
    at: number("eV") = Field(
        default=0.0, ge=-100, le=100, description="Chemical potential at which the stable interface is named."
    )
    start: Name | None = Field(
        default=None, description="Interface from which a law is to begin: told where it is not the stable one."
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.lowest >= self.highest:
            raise InputError(f"lowest ({self.lowest:g} eV) must be below highest ({self.highest:g} eV).")
        return self
