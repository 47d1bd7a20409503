"""A cohesive law with a coverage, at the coverage that each point of an interface has."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import CohesiveLaw, FloatArray, GapOwner, LawValue


class ValueWithCoverage(Protocol):
    """ψ(δ, θ) and its derivatives at n points; the entropy of mixing on the sites is not in it."""

    @property
    def energy(self) -> FloatArray:
        """(n,) ψ, J/m²."""
        ...

    @property
    def traction(self) -> FloatArray:
        """(n, 3) ∂ψ/∂δ, Pa."""
        ...

    @property
    def tangent(self) -> FloatArray:
        """(n, 3, 3) ∂²ψ/∂δ², Pa/m."""
        ...

    @property
    def chemical_potential(self) -> FloatArray:
        """(n,) ∂ψ/∂θ over the density of sites, J an atom."""
        ...

    @property
    def chemical_potential_by_coverage(self) -> FloatArray:
        """(n,) its derivative with θ, J."""
        ...


class LawWithCoverage(CohesiveLaw, Protocol):
    """A cohesive law of jump and coverage, as `coupling.laws.coverage` has one; without coverages it is that of one it holds."""

    @property
    def site_density(self) -> float:
        """Sites an area, 1/m²."""
        ...

    def evaluate(self, jump: FloatArray, coverage: FloatArray | None = None) -> Any:
        """At jumps (n, 3) in m and coverages (n,) a `ValueWithCoverage`."""
        ...


class AtCoverage:
    """The cohesive law of an interface whose points have these coverages; energies count from the closed interface at each.

    Jumps are those of all points, once or several times over. At any other number of jumps it is the law at the mean coverage.

    Args:
        law: The law.
        coverage: (n,) of the points.
        closed: (n,) ψ(0, θ), J/m²; None: asked of the law.
    """

    def __init__(self, law: LawWithCoverage, coverage: FloatArray, closed: FloatArray | None = None) -> None:
        self.law, self.coverage = law, coverage
        self._closed = law.evaluate(np.zeros((len(coverage), 3)), coverage).energy if closed is None else closed

    @property
    def gap(self) -> GapOwner:
        """As the law's."""
        return self.law.gap

    @property
    def work_of_separation(self) -> float:
        """Of the law, at the coverage that it holds, J/m²."""
        return self.law.work_of_separation

    @property
    def peak_traction(self) -> float:
        """Of the law, at the coverage that it holds, Pa."""
        return self.law.peak_traction

    @property
    def opening_at_peak(self) -> float:
        """Of the law, at the coverage that it holds, m."""
        return self.law.opening_at_peak

    @property
    def final_opening(self) -> float:
        """Of the law, at the coverage that it holds, m: openings are measured against it whatever the coverage."""
        return self.law.final_opening

    @property
    def final_slip(self) -> float:
        """The same of slip; infinite of a law that does not fail in slip."""
        return float(getattr(self.law, "final_slip", np.inf))

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ and its first two derivatives at jumps (k n, 3)."""
        times, rest = divmod(len(jump), len(self.coverage)) if len(self.coverage) else (0, len(jump))
        if rest:
            mean = np.full(len(jump), self.coverage.mean() if len(self.coverage) else 0.0)
            return AtCoverage(self.law, mean).evaluate(jump)
        value = self.law.evaluate(jump, np.tile(self.coverage, times))
        return LawValue(value.energy - np.tile(self._closed, times), value.traction, value.tangent)

    def at(self, points: NDArray[Any]) -> "AtCoverage":
        """The same of some of the points."""
        return AtCoverage(self.law, self.coverage[points], self._closed[points])


def part_of(law: CohesiveLaw, points: NDArray[Any]) -> CohesiveLaw:
    """The law of some points of an interface, chosen by numbers or by a mask; a law without coverages is the same everywhere."""
    return law.at(points) if isinstance(law, AtCoverage) else law
