"""The law of an interface in exchange with a reservoir of solute: separation at a fixed chemical potential."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.special import expit, logit, xlog1py, xlogy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.count import Count
from coupling.laws.coverage import CoverageLaw, CoverageValue
from coupling.laws.landmarks import Landmarks, landmarks
from coupling.laws.law import Law
from coupling.laws.solute import Solute, check_temperature
from coupling.units import BOLTZMANN, EV

_GRID = 25
"""Coverages at which minima are looked for."""
_SCAN = 401
"""Openings at which jumps of the coverage are looked for."""
_JUMP = 0.02
"""Least change of the coverage between two openings that, halved often, counts as a jump."""
_HALVINGS = 30
_WIDE = 60.0
"""Margin, in kT, of the bracket of a dilute coverage."""
_ITERATIONS = 200
_CLOSE = 1e-14
_PARTED = 10.0
"""Times the largest final opening: there the exponential laws have done their whole work."""


class CoverageJump(NamedTuple):
    """Where, without slip, another minimum becomes the lower one: the coverage jumps and the traction with it.

    Attributes:
        opening: m.
        before: Coverage at smaller openings.
        after: At larger ones.
        traction_before: Pa.
        traction_after: Pa.
    """

    opening: float
    before: float
    after: float
    traction_before: float
    traction_after: float


@dataclass(frozen=True)
class ReservoirLaw(Law):
    """φ(δ; μ) = min over θ of ψ(δ; θ) + Γ kT [θ ln θ + (1 − θ) ln(1 − θ)] − μ Γ θ, from its value when closed.

    The grand potential of the interface with Γ sites per area, the entropy that of solute on alike sites (Langmuir).
    The traction is ∂φ/∂δ = ∂ψ/∂δ at the coverage of the minimum, the limit of a separation so slow that the solute follows
    (Rice & Wang, Mater. Sci. Eng. A 107 (1989) 23; Van der Ven & Ceder, Acta Mater. 52 (2004) 1223). Of several minima the
    lowest is taken; where it passes to another the coverage jumps, φ stays continuous and the traction does not (`jumps`).
    The law owns the reservoir's −μθ: a mesh that solves for the solute itself counts it too, and its ledger refuses the two.

    Args:
        law: ψ(δ; θ).
        chemical_potential: μ, J per atom, from the reference of `law`, entropy of mixing included.
        temperature: K.

    Raises:
        InputError: the temperature is not positive, or the coverage leaves those that `law` was sampled at.
    """

    law: CoverageLaw
    chemical_potential: float
    temperature: float

    kind: ClassVar[str] = "reservoir"
    units: ClassVar = {"chemical_potential": "J", "temperature": "K"}
    nested: ClassVar = ("law",)

    def __post_init__(self) -> None:
        if not isinstance(self.law, CoverageLaw):
            raise InputError("A reservoir law needs a coverage law, whose solute it exchanges.")
        if not np.isfinite(self.chemical_potential):
            raise InputError(f"chemical_potential = {self.chemical_potential} J of a reservoir must be finite.")
        check_temperature(self.temperature)
        self.coverage_at(_opened(np.linspace(0.0, self._reach, _GRID)))

    @property
    def gap(self) -> GapOwner:
        """That of the coverage law."""
        return self.law.gap

    @property
    def initially_rigid(self) -> bool:  # type: ignore[override]
        """As the coverage law."""
        return self.law.initially_rigid

    @cached_property
    def work_of_separation(self) -> float:
        """φ of the parted faces, J/m²."""
        return float(self.normal(np.array(_PARTED * self._reach))[0])

    @property
    def peak_traction(self) -> float:
        """Pa."""
        return self._landmarks.peak_traction

    @property
    def opening_at_peak(self) -> float:
        """m."""
        return self._landmarks.opening_at_peak

    @cached_property
    def final_opening(self) -> float:
        """That of the coverage of the parted faces, m."""
        return self.law.at_coverage(float(self.coverage_at(_opened(np.array([self._reach])))[0])).final_opening

    @property
    def final_slip(self) -> float:
        """That of the coverage of the parted faces, m.

        Raises:
            AttributeError: the laws do not fail in slip.
        """
        return self.law.at_coverage(float(self.coverage_at(_opened(np.array([self._reach])))[0])).final_slip

    @property
    def work_in_shear(self) -> float | None:
        """φ where slip alone has parted the faces, J/m²; None of a law of the opening alone."""
        if self.law.work_in_shear is None:
            return None
        slip = getattr(self.law, "final_slip", None)
        if slip is None:
            return self.work_of_separation
        furthest = max(self.law.at_coverage(float(one)).final_slip for one in self.law.coverages)
        return float(self.evaluate(np.array([[0.0, furthest, 0.0]])).energy[0])

    def implied_count(self) -> Count:
        """The coverage law's, with the reservoir in place of the coverage."""
        count = self.law.count
        known = count.solute
        element, reference = ("", "") if known is None else (known.element, known.reference)
        held = Solute(
            element, reference, "chemical potential", self.law.site_density,
            chemical_potential=self.chemical_potential, temperature=self.temperature,
        )  # fmt: skip
        return replace(count, solute=held)

    def evaluate(self, jump: FloatArray) -> LawValue:
        """φ (n,), traction (n, 3) and tangent (n, 3, 3) at fixed μ at jumps (n, 3); SI."""
        jump = np.asarray(jump, dtype=float)
        coverage = self.coverage_at(jump)
        value = self.law.evaluate(jump, coverage)
        spread = coverage * (1.0 - coverage)
        curved = self._thermal + value.chemical_potential_by_coverage * spread
        softened = spread / (self.law.site_density * curved)
        along = value.traction_by_coverage
        tangent = value.tangent - softened[:, None, None] * along[:, :, None] * along[:, None, :]
        return LawValue(self._grand(value, coverage) - self._closed, value.traction, tangent)

    def coverage_at(self, jump: FloatArray) -> FloatArray:
        """θ (n,) of the lowest grand potential at jumps (n, 3).

        Raises:
            InputError: it leaves the coverages that were sampled.
        """
        jump = np.asarray(jump, dtype=float)
        roots = self._minima(jump)
        rows, columns = np.nonzero(np.isfinite(roots))
        if len(rows) == len(jump):  # one minimum each
            return np.asarray(roots[rows, columns])
        height = np.full(roots.shape, np.inf)
        found = roots[rows, columns]
        height[rows, columns] = self._grand(self.law.evaluate(jump[rows], found), found)
        return np.asarray(roots[np.arange(len(jump)), height.argmin(axis=1)])

    @cached_property
    def jumps(self) -> tuple[CoverageJump, ...]:
        """Where the coverage jumps as the faces part without slip, in the order of the openings."""
        opening = np.linspace(0.0, self._reach, _SCAN)
        coverage = self.coverage_at(_opened(opening))
        wide = np.flatnonzero(np.abs(np.diff(coverage)) > _JUMP)
        low, high, before, after = opening[wide], opening[wide + 1], coverage[wide], coverage[wide + 1]
        for _ in range(_HALVINGS if len(wide) else 0):
            middle = 0.5 * (low + high)
            here = self.coverage_at(_opened(middle))
            nearer = np.abs(here - before) < np.abs(after - here)
            low, before = np.where(nearer, middle, low), np.where(nearer, here, before)
            high, after = np.where(nearer, high, middle), np.where(nearer, after, here)
        jumped = np.abs(after - before) > _JUMP
        tractions = [self.law.evaluate(_opened(x), at).traction[:, 0] for x, at in ((low, before), (high, after))]
        columns = np.column_stack([high, before, after, *tractions])[jumped]
        return tuple(CoverageJump(*row) for row in columns.tolist())

    @property
    def _thermal(self) -> float:
        return BOLTZMANN * self.temperature

    @cached_property
    def _reach(self) -> float:
        """An opening at which no coverage has any traction left, m."""
        return max(self.law.at_coverage(float(one)).final_opening for one in self.law.coverages)

    @cached_property
    def _closed(self) -> float:
        """The grand potential of the closed interface, J/m²."""
        jump = np.zeros((1, 3))
        coverage = self.coverage_at(jump)
        return float(self._grand(self.law.evaluate(jump, coverage), coverage)[0])

    @cached_property
    def _landmarks(self) -> Landmarks:
        ends = [one.opening for one in self.jumps]
        sides = np.array([x for end in ends for x in (end * (1 - 1e-9), end * (1 + 1e-9))])
        kinks = [self.law.at_coverage(float(one)).opening_at_peak for one in self.law.coverages]
        return landmarks(self, self._reach, np.concatenate([kinks, sides]))

    def _grand(self, value: CoverageValue, coverage: FloatArray) -> FloatArray:
        mixing = xlogy(coverage, coverage) + xlog1py(1.0 - coverage, -coverage)
        return value.energy + self.law.site_density * (self._thermal * mixing - self.chemical_potential * coverage)

    def _minima(self, jump: FloatArray) -> FloatArray:
        """(n, k) coverages where ∂φ/∂θ rises through zero, one between two of those looked at; nan where it does not."""
        first, last = float(self.law.coverages[0]), float(self.law.coverages[-1])
        at = np.concatenate([[first], self._looked_at, [last]])
        n, k = len(jump), len(at)
        apart = self._apart(jump, at)
        wide = (1.5 * np.abs(apart).max(axis=1) / self._thermal + _WIDE)[:, None]
        x = np.tile(np.clip(logit(at), -np.finfo(float).max, np.finfo(float).max), (n, 1))
        x[:, :1], x[:, -1:] = np.maximum(x[:, :1], -wide), np.minimum(x[:, -1:], wide)
        signs = apart + self._thermal * x
        self._stays(signs, first, last)
        rows, columns = np.nonzero((signs[:, :-1] <= 0) & (signs[:, 1:] > 0))
        roots = np.full((n, k - 1), np.nan)
        roots[rows, columns] = expit(self._root(jump[rows], x[rows, columns], x[rows, columns + 1]))
        return roots

    def _apart(self, jump: FloatArray, coverage: FloatArray) -> FloatArray:
        """(n, k) chemical potential of the law without entropy, less that of the reservoir, at all pairs, J."""
        found = self.law.evaluate(np.repeat(jump, len(coverage), axis=0), np.tile(coverage, len(jump)))
        return found.chemical_potential.reshape(len(jump), len(coverage)) - self.chemical_potential

    def _excess(self, jump: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(∂φ/∂θ)/Γ at θ = 1/(1 + e^−x), J, and its derivative by x: nearly linear in x where the solute is dilute."""
        coverage = expit(x)
        value = self.law.evaluate(jump, coverage)
        excess = value.chemical_potential + self._thermal * x - self.chemical_potential
        return excess, self._thermal + value.chemical_potential_by_coverage * coverage * (1.0 - coverage)

    def _root(self, jump: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Newton's method between ends of opposite signs, halving where it would leave them."""
        low, high, x = low.copy(), high.copy(), np.clip(0.0, low, high)
        waiting = np.arange(len(x))
        for _ in range(_ITERATIONS):
            excess, slope = self._excess(jump[waiting], x[waiting])
            low[waiting] = np.where(excess <= 0, x[waiting], low[waiting])
            high[waiting] = np.where(excess > 0, x[waiting], high[waiting])
            trial = x[waiting] - excess / np.where(slope > 0, slope, np.inf)
            inside = (slope > 0) & (trial >= low[waiting]) & (trial <= high[waiting])
            trial = np.where(inside, trial, 0.5 * (low[waiting] + high[waiting]))
            moved, x[waiting] = np.abs(trial - x[waiting]), trial
            waiting = waiting[moved > _CLOSE * (1.0 + np.abs(trial))]
            if not len(waiting):
                break
        return x

    @cached_property
    def _looked_at(self) -> FloatArray:
        """Coverages between which minima are looked for: one where, over openings and slips, ∂φ/∂θ rises with the coverage."""
        grid = np.linspace(self.law.coverages[0], self.law.coverages[-1], _GRID + 2)[1:-1]
        along = _opened(np.linspace(0.0, self._reach, _GRID))
        jump = np.concatenate([np.roll(along, axis, axis=1) for axis in range(3)])
        excess = self._apart(jump, grid) + self._thermal * logit(grid)
        return grid[_GRID // 2 :][:1] if np.all(np.diff(excess, axis=1) > 0) else grid

    def _stays(self, excess: FloatArray, first: float, last: float) -> None:
        """Raise `InputError` where the coverage leaves those sampled."""
        for out, end, word in ((excess[:, 0] > 0, first, "below"), (excess[:, -1] <= 0, last, "above")):
            if out.any():
                raise InputError(
                    f"At a chemical potential of {self.chemical_potential / EV:.4g} eV and {self.temperature:g} K the coverage goes "
                    f"{word} {end:g}, where this law was not sampled; sample it there, or take another chemical potential."
                )


def _opened(opening: FloatArray) -> FloatArray:
    """(n, 3) jumps of openings (n,) without slip."""
    return np.column_stack([opening, np.zeros((len(opening), 2))])
