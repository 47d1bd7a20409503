"""How the activity of an interface's solute, a = exp(μ/RT), depends on coverage θ and jump δ."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, xlog1py, xlogy

from continuum.cohesive.coverage import LawWithCoverage
from coupling.contracts import FloatArray
from coupling.units import AVOGADRO, GAS_CONSTANT

DILUTE = 1e-12
"""Coverage below which Henry's law holds, an empty interface included."""
_FULL = 1.0 - 1e-12
_HALVINGS = 60
_GRID = 109
"""Values of ln(θ/(1 − θ)), two a unit, between which equilibria are looked for."""
_ENDS = 27.0  # ln(θ/(1 − θ)) at DILUTE and _FULL, rounded down


class Chemistry(Protocol):
    """The activity of what is on an interface."""

    def activity(self, jump: FloatArray, coverage: FloatArray) -> tuple[FloatArray, FloatArray]:
        """a (n,) and ∂a/∂θ at jumps (n, 3) and coverages (n,); linear in θ below the dilute limit, negative ones included."""
        ...

    def coverage(self, jump: FloatArray, activity: FloatArray) -> FloatArray:
        """θ (n,) in equilibrium with activities (n,)."""
        ...


class Passage:
    """No sites: what stands for the coverage is the activity itself."""

    def activity(self, jump: FloatArray, coverage: FloatArray) -> tuple[FloatArray, FloatArray]:
        """θ and 1."""
        return coverage, np.ones_like(coverage)

    def coverage(self, jump: FloatArray, activity: FloatArray) -> FloatArray:
        """The activity."""
        return activity


@dataclass(frozen=True)
class OccupiedSites:
    """Sites whose chemical potential a subclass gives.

    Attributes:
        temperature: K.
    """

    temperature: float

    def _potential(self, jump: FloatArray, coverage: FloatArray) -> tuple[FloatArray, FloatArray]:
        """μ in J/mol and its derivative."""
        raise NotImplementedError

    def _energy(self, jump: FloatArray, coverage: FloatArray) -> FloatArray:
        """What μ without the entropy of mixing is the derivative of, J a mole of sites."""
        raise NotImplementedError

    def _coverages(self) -> tuple[float, float]:
        """The least and the largest coverage that are known."""
        return 0.0, 1.0

    def activity(self, jump: FloatArray, coverage: FloatArray) -> tuple[FloatArray, FloatArray]:
        """exp(μ/RT), and below the dilute limit its line through the origin."""
        potential, slope = self._potential(jump, np.clip(coverage, DILUTE, _FULL))
        thermal = GAS_CONSTANT * self.temperature
        activity, dilute = np.exp(potential / thermal), coverage < DILUTE
        return (
            np.where(dilute, activity * coverage / DILUTE, activity),
            np.where(dilute, activity / DILUTE, activity * slope / thermal),
        )

    def coverage(self, jump: FloatArray, activity: FloatArray) -> FloatArray:
        """That of the least grand potential, of all at which the activity rises through this one; by halving ln(θ/(1 − θ))."""
        rows, low, high = self._brackets(jump, activity)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            above = self.activity(jump[rows], _covered(middle))[0] > activity[rows]
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        found = _covered(0.5 * (low + high))
        order = np.lexsort((self._grand(jump[rows], found, activity[rows]), rows))
        lowest = order[np.unique(rows[order], return_index=True)[1]]
        return np.where(activity > 0, found[lowest], 0.0)

    def _brackets(self, jump: FloatArray, activity: FloatArray) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
        """Points, and ends of ln(θ/(1 − θ)) between which the activity rises through theirs; at least one for each point."""
        least, largest = self._coverages()
        first, last = np.clip(logit(np.array([least, largest])), -_ENDS, _ENDS).tolist()
        grid = np.linspace(first, last, _GRID)
        known = np.clip(_covered(grid), least, largest)
        found = self.activity(np.repeat(jump, _GRID, axis=0), np.tile(known, len(jump)))[0]
        above = np.pad(found.reshape(-1, _GRID) > activity[:, None], ((0, 0), (1, 1)))
        above[:, -1] = True
        rows, columns = np.nonzero(~above[:, :-1] & above[:, 1:])
        ends = np.concatenate([[-_ENDS], grid, [_ENDS]])
        return rows, ends[columns], ends[columns + 1]

    def _grand(self, jump: FloatArray, coverage: FloatArray, activity: FloatArray) -> FloatArray:
        """Energy, less the entropy's and μθ, in J a mole of sites."""
        thermal = GAS_CONSTANT * self.temperature
        mixing = xlogy(coverage, coverage) + xlog1py(1.0 - coverage, -coverage)
        return self._energy(jump, coverage) + thermal * (mixing - xlogy(coverage, activity))


def _covered(ratio: FloatArray | float) -> FloatArray:
    """θ, of ln(θ/(1 − θ))."""
    return np.asarray(1.0 / (1.0 + np.exp(-ratio)))


@dataclass(frozen=True)
class FreeSites(OccupiedSites):
    """Sites without interaction: μ = E + RT ln(θ/(1 − θ)), Langmuir and McLean.

    Attributes:
        temperature: K.
        energy: E, J/mol.
    """

    energy: float

    def _potential(self, jump: FloatArray, coverage: FloatArray) -> tuple[FloatArray, FloatArray]:
        thermal = GAS_CONSTANT * self.temperature
        return self.energy + thermal * np.log(coverage / (1.0 - coverage)), thermal / (coverage * (1.0 - coverage))

    def _energy(self, jump: FloatArray, coverage: FloatArray) -> FloatArray:
        return self.energy * coverage


@dataclass(frozen=True)
class SitesOfLaw(OccupiedSites):
    """μ = (∂ψ/∂θ)/Γ_max + RT ln(θ/(1 − θ)) of a cohesive law with a coverage.

    Attributes:
        temperature: K.
        law: The law.
    """

    law: LawWithCoverage

    def _potential(self, jump: FloatArray, coverage: FloatArray) -> tuple[FloatArray, FloatArray]:
        value, thermal = self.law.evaluate(jump, coverage), GAS_CONSTANT * self.temperature
        potential = AVOGADRO * value.chemical_potential + thermal * np.log(coverage / (1.0 - coverage))
        return potential, AVOGADRO * value.chemical_potential_by_coverage + thermal / (coverage * (1.0 - coverage))

    def _energy(self, jump: FloatArray, coverage: FloatArray) -> FloatArray:
        return np.asarray(AVOGADRO * self.law.evaluate(jump, coverage).energy / self.law.site_density)

    def _coverages(self) -> tuple[float, float]:
        sampled = getattr(self.law, "coverages", (0.0, 1.0))
        return float(sampled[0]), float(sampled[-1])
