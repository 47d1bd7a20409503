"""Occupation of sites that exchange with a bulk: Langmuir–McLean, and Fowler with its multi-valued region."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from atomistic.solutes.levels import thermal_energy
from coupling.contracts import FloatArray
from coupling.errors import InputError

_ENDS = 60.0  # |ln θ/(1-θ)| beyond which a coverage is empty or full
_POINTS = 4001


def checked_concentration(concentration: float) -> float:
    """The fraction of the bulk's sites that are occupied.

    Raises:
        InputError: it is not between zero and one.
    """
    if not 0 < concentration < 1:
        raise InputError(
            f"A bulk concentration of {concentration:g} cannot be; give the occupied fraction of the bulk's sites, above 0 and "
            "below 1."
        )
    return concentration


def checked_coverage(coverage: float) -> float:
    """The occupied fraction of sites.

    Raises:
        InputError: it is not between zero and one.
    """
    if not 0 <= coverage <= 1:
        raise InputError(f"A coverage of {coverage:g} cannot be; a site holds one atom at most, so give 0 to 1.")
    return coverage


def langmuir_mclean(energies: "FloatArray | Sequence[float]", concentration: float, temperature: float) -> FloatArray:
    """θ/(1-θ) = c/(1-c) exp(-ΔE/kT) of each site (McLean, Grain Boundaries in Metals, 1957).

    Args:
        energies: (m,) segregation energies ΔE, eV; negative where the site is preferred to the bulk.
        concentration: Occupied fraction of the bulk's sites.
        temperature: K.

    Returns:
        (m,) coverages.

    Raises:
        InputError: the concentration is not between zero and one, or the temperature not positive.
    """
    kt, c = thermal_energy(temperature), checked_concentration(concentration)
    return expit(np.log(c) - np.log1p(-c) - np.asarray(energies, dtype=float) / kt)


def concentration_at(coverage: float, energy: float, temperature: float) -> float:
    """The bulk concentration that covers a site, the inverse of `langmuir_mclean`.

    Raises:
        InputError: the coverage is not between zero and one, or the temperature not positive.
    """
    theta = checked_coverage(coverage)
    if theta in (0, 1):
        raise InputError(
            f"A coverage of exactly {theta:g} needs an infinite chemical potential; give less than 1, more than 0."
        )
    return float(expit(np.log(theta) - np.log1p(-theta) + energy / thermal_energy(temperature)))


class Branch(NamedTuple):
    """A solution of Fowler's isotherm.

    Attributes:
        coverage: Mean θ.
        coverages: (m,) of each site.
        stable: Whether it is a minimum of the grand potential.
        grand_potential: Per site, eV.
    """

    coverage: float
    coverages: FloatArray
    stable: bool
    grand_potential: float


class Spinodal(NamedTuple):
    """Between which coverages one phase is unstable, and where two coexist.

    Attributes:
        coverages: θ at the two turning points of the isotherm.
        concentrations: Bulk concentrations between which the isotherm has several values, low and high.
    """

    coverages: tuple[float, float]
    concentrations: tuple[float, float]


@dataclass(frozen=True)
class Fowler:
    """θ_i/(1-θ_i) = c/(1-c) exp(-(ΔE_i + w θ)/kT), θ the mean coverage (Fowler and Guggenheim, Statistical Thermodynamics, 1939).

    Attributes:
        energies: (m,) segregation energies of the sites, eV.
        interaction: w, what the others on a fully covered boundary add to the energy of an atom, eV: negative if they
            attract each other.
        temperature: K.
    """

    energies: FloatArray
    interaction: float
    temperature: float

    def __post_init__(self) -> None:
        thermal_energy(self.temperature)
        if not len(np.atleast_1d(self.energies)):
            raise InputError("Fowler's isotherm needs a site; give its segregation energy.")

    def branches(self, concentration: float) -> list[Branch]:
        """All solutions at a bulk concentration, by rising coverage; three where the isotherm is multi-valued.

        Raises:
            InputError: the concentration is not between zero and one.
        """
        c = checked_concentration(concentration)
        drive = float(np.log(c) - np.log1p(-c))
        grid = np.linspace(-_ENDS, _ENDS, _POINTS) if self.interaction else np.array([-_ENDS, _ENDS])
        misfit = self._drive(grid) - drive
        roots = [
            brentq(lambda y: self._drive(y) - drive, grid[k], grid[k + 1], xtol=1e-13, rtol=1e-15)
            for k in np.flatnonzero((misfit[:-1] < 0) != (misfit[1:] < 0))
        ]
        return [self._branch(float(y)) for y in roots]

    def coverage(self, concentration: float) -> Branch:
        """The solution of least grand potential."""
        return min(self.branches(concentration), key=lambda branch: branch.grand_potential)

    @property
    def spinodal(self) -> Spinodal | None:
        """Where the isotherm is multi-valued; None where it never is."""
        grid = np.linspace(-_ENDS, _ENDS, _POINTS)
        slopes = self._slope(grid)
        ends = [
            brentq(self._slope, grid[k], grid[k + 1], xtol=1e-12)
            for k in np.flatnonzero((slopes[:-1] < 0) != (slopes[1:] < 0))
        ]
        if len(ends) < 2:
            return None
        first, last = ends[0], ends[-1]
        low, high = sorted((float(expit(self._drive(first))), float(expit(self._drive(last)))))
        return Spinodal((float(self._mean(first)), float(self._mean(last))), (low, high))

    def _fields(self, y: "FloatArray | float") -> FloatArray:
        """(..., m) logits of the sites' coverages where the mean of ΔE would have the logits y (...)."""
        energies = np.atleast_1d(np.asarray(self.energies, dtype=float))
        offsets = (energies - energies.mean()) / thermal_energy(self.temperature)
        return np.asarray(np.asarray(y, dtype=float)[..., None] - offsets)

    def _mean(self, y: "FloatArray | float") -> FloatArray:
        return np.asarray(expit(self._fields(y)).mean(axis=-1))

    def _drive(self, y: "FloatArray | float") -> FloatArray:
        """ln c/(1-c) of the bulk at which the sites have these coverages."""
        mean = float(np.mean(self.energies))
        return np.asarray(y + (mean + self.interaction * self._mean(y)) / thermal_energy(self.temperature))

    def _slope(self, y: "FloatArray | float") -> FloatArray:
        theta = expit(self._fields(y))
        spread = (theta * (1 - theta)).mean(axis=-1)
        return np.asarray(1 + self.interaction * spread / thermal_energy(self.temperature))

    def _branch(self, y: float) -> Branch:
        fields = self._fields(y)
        theta, kt = expit(fields), thermal_energy(self.temperature)
        mean = float(theta.mean())
        grand = -kt * float(np.logaddexp(0.0, fields).mean()) - 0.5 * self.interaction * mean**2
        return Branch(mean, theta, bool(self._slope(y) > 0), grand)
