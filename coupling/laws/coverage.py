"""A cohesive law with an internal variable: ψ(δ; θ) at the coverage θ of a solute, from one law at each of some coverages."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple, overload

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.count import Count
from coupling.laws.coverage_shape import CoverageWeights, stretched_shape
from coupling.laws.landmarks import Landmarks, landmarks
from coupling.laws.law import Law
from coupling.laws.solute import Solute, check_coverage

_ROUNDING = 1e-9
"""By how much a coverage may lie outside of those sampled."""
_CHECKED = 201
"""Coverages at which work and length are checked."""


class CoverageValue(NamedTuple):
    """ψ(δ; θ) and its derivatives by jump and by coverage, at n points.

    Attributes:
        energy: (n,) ψ, J/m²: from the closed interface without solute, and the solute's reference.
        traction: (n, 3) ∂ψ/∂δ at fixed coverage, Pa.
        tangent: (n, 3, 3) ∂²ψ/∂δ², Pa/m.
        chemical_potential: (n,) μ = ∂ψ/∂θ over the density of sites, J per solute atom; without entropy of mixing.
        traction_by_coverage: (n, 3) ∂T/∂θ, Pa; the density of sites times ∂μ/∂δ.
        chemical_potential_by_coverage: (n,) ∂μ/∂θ, J.
    """

    energy: FloatArray
    traction: FloatArray
    tangent: FloatArray
    chemical_potential: FloatArray
    traction_by_coverage: FloatArray
    chemical_potential_by_coverage: FloatArray


class CoverageLaw(Law):
    """ψ(δ; θ) = E₀(θ) + W(θ) Σ_k L_k(θ) g_k(δ ℓ_k/ℓ(θ)), with g_k = ψ_k/W_k and ℓ = W/peak.

    L_k, E₀, W and ℓ are interpolants in θ (cubic splines; a line through two coverages, a parabola through three), so that
    at the sampled coverages it is the law of each, and between them peaks at different openings are not blurred: laws that
    are alike but for work and length stay alike. All derivatives are those of this one energy. Slip is scaled with the
    opening where it fails on a length of its own (`final_slip`), and not where it has a crystal's period.

    As a law of the jump alone it is that of the coverage it holds (`coverage`: the solute is neither lost nor supplied
    while the faces part), its energy counted from the closed interface at that coverage.

    Args:
        laws: (n,) the law at each coverage, at least two.
        coverages: (n,) θ, solute atoms per site, rising within 0 to 1.
        closed_energy: (n,) E₀, energy of the closed interface with the solute, J/m²: from that without, and from the solute's
            reference state. Its slope over the site density is the chemical potential in the closed interface.
        site_density: Sites per area of interface, 1/m².
        coverage: The coverage that is held; None is the first.

    Raises:
        InputError: the coverages do not rise within 0 to 1, the laws differ in what they counted, or the interpolants do
            not make a law.
    """

    kind: ClassVar[str] = "coverage"
    units: ClassVar = {"coverages": "1", "closed_energy": "J/m^2", "site_density": "1/m^2", "coverage": "1"}
    nested: ClassVar = ("laws",)

    def __init__(
        self,
        laws: Sequence[Law],
        coverages: FloatArray,
        closed_energy: FloatArray,
        site_density: float,
        coverage: float | None = None,
    ) -> None:
        self.laws, self.site_density = tuple(laws), float(site_density)
        self.coverages, self.closed_energy = np.array(coverages, dtype=float), np.array(closed_energy, dtype=float)
        _check_samples(self.laws, self.coverages, self.closed_energy, self.site_density)
        self.coverage = float(self.coverages[0] if coverage is None else coverage)
        self._works = np.array([law.work_of_separation for law in self.laws])
        self._lengths = self._works / np.array([law.peak_traction for law in self.laws])
        self._cardinal = scipy.interpolate.CubicSpline(self.coverages, np.eye(len(self.laws)))
        self._scaled = np.array([1.0, 1.0, 1.0] if all(map(_fails_in_slip, self.laws)) else [1.0, 0.0, 0.0])
        self._check_between()
        self._inside(np.array(self.coverage))

    @property
    def gap(self) -> GapOwner:
        """That of its laws, which have one."""
        return self.laws[0].gap

    @property
    def initially_rigid(self) -> bool:  # type: ignore[override]
        """As its laws."""
        return self.laws[0].initially_rigid

    @property
    def work_of_separation(self) -> float:
        """W(θ) at the coverage that is held, J/m²."""
        return float(self.works(self.coverage))

    @property
    def peak_traction(self) -> float:
        """At the coverage that is held, Pa."""
        return self._landmarks.peak_traction

    @property
    def opening_at_peak(self) -> float:
        """At the coverage that is held, m."""
        return self._landmarks.opening_at_peak

    @property
    def final_opening(self) -> float:
        """At the coverage that is held, m."""
        return self._furthest(lambda law: law.final_opening)

    @property
    def final_slip(self) -> float:
        """Slip beyond which the shear traction is zero, m.

        Raises:
            AttributeError: its laws do not fail in slip.
        """
        if not self._scaled.all():
            raise AttributeError("The laws of this coverage law do not fail in slip.")
        return self._furthest(lambda law: law.final_slip)  # type: ignore[attr-defined]

    @property
    def work_in_shear(self) -> float | None:
        """At the coverage that is held, J/m², its share of W interpolated; None of a law of the opening alone."""
        works = [law.work_in_shear for law in self.laws]
        if any(work is None for work in works):
            return None
        share = np.array(works, dtype=float) / self._works
        return self.work_of_separation * float(self._cardinal(self.coverage) @ share)

    def works(self, coverage: FloatArray | float) -> FloatArray:
        """W(θ) of coverages of any shape, J/m²."""
        return np.asarray(self._cardinal(self._inside(np.asarray(coverage, dtype=float))) @ self._works)

    def energy_parted(self, coverage: FloatArray | float) -> FloatArray:
        """ψ of the parted faces at coverages of any shape, E₀ + W, J/m²."""
        cardinal = self._cardinal(self._inside(np.asarray(coverage, dtype=float)))
        return np.asarray(cardinal @ (self.closed_energy + self._works))

    def implied_count(self) -> Count:
        """That of the nearest law, with the coverage that is held."""
        near = self.laws[int(np.argmin(np.abs(self.coverages - self.coverage)))].count
        return replace(near, solute=self._solute(near.solute))

    def _solute(self, known: Solute | None) -> Solute:
        element, reference = ("", "") if known is None else (known.element, known.reference)
        return Solute(element, reference, "coverage", self.site_density, self.coverage)

    def at_coverage(self, coverage: float) -> "CoverageLaw":
        """The law that holds another coverage while the faces part.

        Raises:
            InputError: the coverage is not between those sampled.
        """
        check_coverage(coverage)
        made = CoverageLaw(self.laws, self.coverages, self.closed_energy, self.site_density, coverage)
        return made.counted(replace(self.count, solute=made._solute(self.count.solute)))

    @overload
    def evaluate(self, jump: FloatArray) -> LawValue:
        """At the coverage that is held."""

    @overload
    def evaluate(self, jump: FloatArray, coverage: FloatArray | float) -> CoverageValue:
        """At coverages."""

    def evaluate(self, jump: FloatArray, coverage: FloatArray | float | None = None) -> LawValue | CoverageValue:
        """At jumps (n, 3) the law of the coverage that is held; with coverages, (n,) or one, all derivatives there.

        Raises:
            InputError: a coverage is not between those sampled.
        """
        jump = np.asarray(jump, dtype=float)
        if coverage is not None:
            return self._value(jump, np.broadcast_to(np.asarray(coverage, dtype=float), len(jump)))
        found = self._value(jump, np.full(len(jump), self.coverage))
        closed = float(self._cardinal(self.coverage) @ self.closed_energy)
        return LawValue(found.energy - closed, found.traction, found.tangent)

    def _value(self, jump: FloatArray, coverage: FloatArray) -> CoverageValue:
        """ψ = E₀ + W G with the product rule."""
        weights = CoverageWeights(*(self._cardinal(self._inside(coverage), order) for order in range(3)))
        shape = stretched_shape(self.laws, self._works, self._lengths, self._scaled, jump, weights)
        zero, work = ([one @ values for one in weights] for values in (self.closed_energy, self._works))
        w, w1 = work[0][:, None], work[1][:, None]
        potential = zero[1] + work[1] * shape.value + work[0] * shape.slope
        stiffness = zero[2] + work[2] * shape.value + 2 * work[1] * shape.slope + work[0] * shape.curvature
        return CoverageValue(
            zero[0] + work[0] * shape.value,
            w * shape.gradient,
            w[:, None] * shape.hessian,
            potential / self.site_density,
            w1 * shape.gradient + w * shape.mixed,
            stiffness / self.site_density,
        )

    def _inside(self, coverage: FloatArray) -> FloatArray:
        """The coverages, those beyond the sampled ones by rounding moved to their ends."""
        first, last = float(self.coverages[0]), float(self.coverages[-1])
        out = ~((coverage >= first - _ROUNDING) & (coverage <= last + _ROUNDING))
        if out.any():
            worst = float(np.atleast_1d(coverage)[np.atleast_1d(out)][0])
            check_coverage(worst)
            raise InputError(
                f"coverage = {worst:.6g} is outside of those that this law was sampled at, {first:g} to {last:g}; sample it there."
            )
        return np.clip(coverage, first, last)

    def _check_between(self) -> None:
        """Raise `InputError` unless work and length stay positive between the samples."""
        along = np.linspace(self.coverages[0], self.coverages[-1], _CHECKED)
        cardinal = self._cardinal(along)
        bad = np.flatnonzero((cardinal @ self._works <= 0) | (cardinal @ self._lengths <= 0))
        if len(bad):
            raise InputError(
                f"Between its samples this coverage law has no work of separation at a coverage of {along[bad[0]]:.4g}; "
                "sample more coverages there."
            )

    def _furthest(self, of: Callable[[Law], float]) -> float:
        """The largest of a length of the laws that take part at the coverage that is held, scaled to it, m."""
        cardinal = self._cardinal(self.coverage)
        length = float(cardinal @ self._lengths)
        parts = zip(self.laws, self._lengths, np.abs(cardinal) > _ROUNDING, strict=True)
        return max(of(law) * length / own for law, own, part in parts if part)

    @property
    def _landmarks(self) -> Landmarks:
        if "_found" not in self.__dict__:
            near = [law.opening_at_peak / own for law, own in zip(self.laws, self._lengths, strict=True)]
            length = float(self._cardinal(self.coverage) @ self._lengths)
            self.__dict__["_found"] = landmarks(self, self.final_opening, np.array(near) * length)
        found: Landmarks = self.__dict__["_found"]
        return found


def _fails_in_slip(law: Law) -> bool:
    return bool(np.isfinite(getattr(law, "final_slip", np.inf)))


def _check_samples(laws: tuple[Law, ...], coverages: FloatArray, closed: FloatArray, density: float) -> None:
    """Raise `InputError` unless these are laws of one interface at rising coverages."""
    if len(laws) < 2 or coverages.shape != (len(laws),) or closed.shape != (len(laws),):
        raise InputError("A coverage law needs at least two laws, and one coverage and one closed energy for each.")
    if not (np.isfinite(coverages).all() and np.isfinite(closed).all()):
        raise InputError("The coverages and closed energies of a coverage law must be finite.")
    for coverage in coverages:
        check_coverage(float(coverage))
    if np.any(np.diff(coverages) <= 0):
        raise InputError(f"The coverages of a coverage law must rise, and these are {coverages.tolist()}.")
    if not (np.isfinite(density) and density > 0):
        raise InputError(f"site_density = {density} 1/m^2 of a coverage law must be positive and finite.")
    for what, of in _MUST_AGREE.items():
        found = [of(law) for law in laws]
        if any(one != found[0] for one in found):
            raise InputError(f"The laws of a coverage law differ in {what}; take them from one interface.")


_MUST_AGREE: dict[str, Callable[[Law], object]] = {
    "the owner of the gap": lambda law: law.gap,
    "initial rigidity": lambda law: law.initially_rigid,
    "what was taken away": lambda law: law.count.taken_away,
    "the number of planes": lambda law: law.count.planes,
    "the crystals on their sides": lambda law: [side and side.fingerprint for side in law.count.sides],
    "the solute": lambda law: law.count.solute and (law.count.solute.element, law.count.solute.reference),
}
