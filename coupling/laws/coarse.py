"""The law of many planes in series, of which one opens: the exact renormalised law."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.count import Count
from coupling.laws.law import FELT, Law

SCAN = 4000
"""Points of the scan along the open branch that brackets its crossing with the closed one."""
PRESSED = -0.2
"""Compression of the closed planes over the opening at the peak, where brackets end (tails may attract)."""


@dataclass(frozen=True)
class _Chain:
    """States of a chain, each (n,): opening of the plane that may part, of each closed one, and of all."""

    open: FloatArray
    closed: FloatArray
    total: FloatArray


@dataclass(frozen=True)
class CoarseLaw(Law):
    """Φ(δ) = min ψ(x) + M ψ_c(c) over x + M c = δ (Nguyen & Ortiz, JMPS 50 (2002) 1727, relaxed chain).

    M planes stay closed, on the law's own rising branch or with a linear stiffness; one may part. Up to
    the crossing all planes stretch; beyond it one is open and the others unload at equal traction. At
    the crossing Φ is continuous and the traction drops; the work of separation is the plane's own.
    The law is that of the normal opening: it has no shear resistance.

    Args:
        law: The plane's law.
        planes: Planes in series, at least 2.
        plane_stiffness: Stiffness of one closed plane, Pa/m; None takes the law's rising branch.

    Raises:
        InputError: fewer than 2 planes, or an initially rigid law (gap in the bulk) without a stiffness.
    """

    law: Law
    planes: int
    plane_stiffness: float | None = None

    kind: ClassVar[str] = "coarse"
    units: ClassVar = {"planes": "1", "plane_stiffness": "Pa/m"}
    nested: ClassVar = ("law",)

    def __post_init__(self) -> None:
        if isinstance(self.planes, bool) or self.planes != int(self.planes) or self.planes < 2:
            raise InputError(f"planes = {self.planes} of a coarse law must be a whole number of at least 2.")
        object.__setattr__(self, "planes", int(self.planes))
        stiffness = self.plane_stiffness
        if stiffness is None and self.law.gap == "in bulk":
            raise InputError(
                "A law whose gap is in the bulk has no elasticity of a plane; give plane_stiffness in Pa/m."
            )
        if stiffness is not None and not (np.isfinite(stiffness) and stiffness > 0):
            raise InputError(f"plane_stiffness = {stiffness} Pa/m must be positive and finite.")

    @property
    def gap(self) -> GapOwner:
        """The plane's spacing is one of those in series."""
        return "in law"

    @property
    def work_of_separation(self) -> float:
        """That of the plane, J/m²."""
        return self.law.work_of_separation

    @property
    def peak_traction(self) -> float:
        """Traction just before the crossing, Pa."""
        return self._crossing[2]

    @property
    def opening_at_peak(self) -> float:
        """Opening at the crossing, m."""
        return self._crossing[1]

    @cached_property
    def final_opening(self) -> float:
        """Where the traction has fallen to 1e-6 of the peak (the crossing, if it drops below there), m."""
        start, limit = self._crossing[0], FELT * self.peak_traction

        def excess(x: float) -> float:
            return float(self.law.normal(np.array(x))[1]) - limit

        if excess(start) <= 0:
            return self.opening_at_peak
        stop = 2.0 * start
        while excess(stop) > 0:
            stop *= 2.0
        return float(self._opened(np.array([scipy.optimize.brentq(excess, start, stop, xtol=1e-15 * start)])).total[0])

    def evaluate(self, jump: FloatArray) -> LawValue:
        """Φ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        jump = np.asarray(jump, dtype=float)
        opening, beyond = jump[:, 0], jump[:, 0] > self.opening_at_peak
        state = self._stretched(np.minimum(opening, self.opening_at_peak))
        parted = self._parted(np.maximum(opening, self.opening_at_peak))
        x, c = np.where(beyond, parted.open, state.open), np.where(beyond, parted.closed, state.closed)
        energy, normal, stiffness = self.law.normal(x)
        closed_energy, _, closed_stiffness = self._closed_normal(c)
        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        traction[:, 0] = normal
        tangent[:, 0, 0] = stiffness * closed_stiffness / (closed_stiffness + self._closed_planes * stiffness)
        return LawValue(energy + self._closed_planes * closed_energy, traction, tangent)

    def implied_count(self) -> Count:
        """Its plane's, of N spacings; those that the plane leaves to the bulk are in the chain."""
        count, moved = self.law.count, -1 if self.law.gap == "in bulk" else 0
        until = None if count.equilibrium_until is None else self._reached(count.equilibrium_until)
        return count.in_series(self.planes, self.law.peak_traction, self.peak_traction, moved, until)

    def _reached(self, opening: float) -> float:
        """The chain's opening where its parting plane has this one; of those jumped over, the crossing."""
        beyond, crossing = self._crossing[:2]
        before = float(self._stretched(np.array([crossing])).open[0])
        return crossing if before <= opening < beyond else float(self._opened(np.array([opening])).total[0])

    @property
    def _closed_planes(self) -> int:
        """Closed planes; with the gap in the bulk the one that parts has an elastic spacing of its own, too."""
        return self.planes - (self.law.gap == "in law")

    @cached_property
    def _plane_peak(self) -> float:
        return float(self.law.opening_at_peak)

    def _closed_normal(self, c: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ, T and dT/dδ of one closed plane."""
        if self.plane_stiffness is None:
            return self.law.normal(c)
        stiffness = np.full_like(c, self.plane_stiffness)
        return 0.5 * stiffness * c**2, stiffness * c, stiffness

    def _closed_at(self, traction: FloatArray) -> FloatArray:
        """Opening of a closed plane at these tractions."""
        if self.plane_stiffness is not None:
            return traction / self.plane_stiffness
        low, high = np.full_like(traction, PRESSED * self._plane_peak), np.full_like(traction, self._plane_peak)
        return _root(lambda c, t: self.law.normal(c)[1] - t, low, high, traction)

    def _imbalance(self, x: FloatArray, total: FloatArray) -> FloatArray:
        """dE/dx at a fixed total opening: traction of the parting plane less that of the closed ones."""
        return self.law.normal(x)[1] - self._closed_normal((total - x) / self._closed_planes)[1]

    def _state(self, x: FloatArray, total: FloatArray) -> _Chain:
        return _Chain(x, (total - x) / self._closed_planes, total)

    def _stretched(self, total: FloatArray) -> _Chain:
        """The chain with all planes on the rising branch."""
        if self.plane_stiffness is None:
            return _Chain(total / self.planes, total / self.planes, total)
        low, high = np.minimum(total, 0.0), np.clip(total, 0.0, self._plane_peak)
        return self._state(_root(self._imbalance, low, high, total), total)

    def _opened(self, x: FloatArray) -> _Chain:
        """The chain at equal traction, its parting plane at x on the falling branch."""
        closed = self._closed_at(self.law.normal(x)[1])
        return _Chain(x, closed, x + self._closed_planes * closed)

    def _parted(self, total: FloatArray) -> _Chain:
        """The chain at a total opening beyond the crossing, one plane on the falling branch."""
        most = self._plane_peak if self.plane_stiffness is None else self._closed_limit
        low = np.maximum(self._crossing[3], total - self._closed_planes * most)
        high = total - self._closed_planes * PRESSED * self._plane_peak
        return self._state(_root(self._imbalance, low, high, total), total)

    @cached_property
    def _closed_limit(self) -> float:
        """Opening of a closed plane at the peak traction of the plane that parts."""
        return float(self._closed_at(self.law.normal(np.array([self._plane_peak]))[1])[0])

    def _gain(self, state: _Chain) -> FloatArray:
        """Energy of states with an open plane, less that of the stretched chain at the same opening."""
        stretched = self._stretched(state.total)
        return self._energy(state) - self._energy(stretched)

    def _energy(self, state: _Chain) -> FloatArray:
        return self.law.normal(state.open)[0] + self._closed_planes * self._closed_normal(state.closed)[0]

    @cached_property
    def _crossing(self) -> tuple[float, float, float, float]:
        """Open plane, total opening and traction before the drop at the crossing; least open plane of the branch.

        Where the open branch does not run back the planes part continuously, at the peak.
        """
        peak = self._plane_peak
        end = peak + self._closed_planes * self._closed_limit
        scan = self._opened(peak * np.geomspace(1.0, end / peak, SCAN))
        turn = int(np.argmin(scan.total))
        below = np.flatnonzero((self._gain(scan) < 0) & (np.arange(SCAN) >= turn) & (scan.total <= end))
        if turn == 0 or len(below) == 0:
            return peak, end, float(self.law.normal(np.array(peak))[1]), peak
        bracket = scan.open[below[0] - 1 : below[0] + 1]
        x = scipy.optimize.brentq(
            lambda x: float(self._gain(self._opened(np.array([x])))[0]), *bracket, xtol=1e-15 * peak, rtol=1e-14
        )
        total = self._opened(np.array([x])).total
        traction = self.law.normal(self._stretched(total).open)[1]
        return float(x), float(total[0]), float(traction[0]), float(scan.open[turn])


def _root(
    function: Callable[[FloatArray, FloatArray], FloatArray], low: FloatArray, high: FloatArray, argument: FloatArray
) -> FloatArray:
    """Elementwise root of function(x, argument) between low and high; the nearer end where rounding hides it."""
    from scipy.optimize.elementwise import find_root

    found = find_root(function, (low, high), args=(argument,))
    nearer = np.where(np.abs(function(low, argument)) < np.abs(function(high, argument)), low, high)
    return np.where(found.success, found.x, nearer)
