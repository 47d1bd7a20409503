"""The equilibria of an opening that a law is made of: its peak resolved, one state an excess opening."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic.decohesion.bulk_path import sharpened
from atomistic.decohesion.continuation import Continuation
from atomistic.decohesion.jumps import Series, State
from atomistic.decohesion.localisation import localisation_length
from atomistic.decohesion.relaxed_path import branches, relaxed_states, required, states_from
from coupling.contracts import FloatArray, Progress, silent
from coupling.interface.branches import LeftOut, Switch
from coupling.interface.excess import BulkBranch, SlabBranch
from coupling.interface.least_energy import least_energy

_ADDED = 6  # rounds in which gaps are added
_RESOLVED = 0.01  # of the peak: its neighbours are as near
_STRAIGHT = 0.002  # of the peak: mean traction of an interval by energies and by interpolation
_NEAR_PEAK = 0.9  # of the peak: where that is asked for
_FEWEST = 4  # samples of a spline
_LEAST = 0.01  # Å: gaps that are nearer are not parted


@dataclass(frozen=True)
class LawPath:
    """The states that make a law.

    Attributes:
        series: The slab and its bulk.
        gaps: (n,) Å beyond the closed spacing, rising.
        states: One a gap; their excess openings rise.
        left_out: Gaps without a state, and why.
        switches: Where the law goes over from one branch of equilibria to another.
        passed: All states by their gaps, those of other branches, too.
    """

    series: Series
    gaps: FloatArray
    states: tuple[State, ...]
    left_out: tuple[LeftOut, ...]
    switches: tuple[Switch, ...]
    passed: dict[float, State]

    @property
    def opening(self) -> FloatArray:
        """(n,) excess openings, Å."""
        return np.array([self.series.jump(state)[0] for state in self.states])

    @property
    def traction(self) -> FloatArray:
        """(n,) normal tractions, eV/Å³."""
        return np.array([state.traction[0] for state in self.states])

    @property
    def localisation(self) -> float | None:
        """The largest localisation length of the states, Å; None where the layers beside the gap are those of the bulk."""
        lengths = [localisation_length(self.series, state) for state in self.states]
        return max((length for length in lengths if length is not None), default=None)

    def records(self) -> tuple[SlabBranch, tuple[BulkBranch, ...]]:
        """The slab and the bulk of each crystal."""
        slab, bulks = branches(self.series, self.states, self.gaps, self.left_out)
        return replace(slab, switches=self.switches, localisation=self.localisation), bulks


def law_states(
    series: Series, gaps: FloatArray, *, passed: Mapping[float, State] | None = None, progress: Progress = silent
) -> LawPath:
    """The states of an opening that make a law of it: its peak resolved, one state an excess opening.

    Where two equilibria show at a gap the lower is followed (`atomistic.decohesion.continuation`). Gaps are added beside the
    highest traction until its neighbours are within 1 % of it and none between is higher by more, and near it until
    energies and tractions agree across each interval. Where the excess opening turns back, the states of least energy are
    kept (`coupling.interface.least_energy`).

    Args:
        series: The slab and its bulk.
        gaps: (n,) Å beyond the closed spacing.
        passed: States of this slab that are known, by their gaps.
        progress: Told after each sweep.

    Raises:
        NotConverged: too many equilibria were not found.
    """
    found: dict[float, State | LeftOut] = dict(passed or {})
    unknown = np.array([gap for gap in np.asarray(gaps, dtype=float).tolist() if gap not in found])
    found |= dict(zip(unknown.tolist(), relaxed_states(series, unknown, progress=progress), strict=True))
    gaps = np.array(sorted(found))
    left = {gap: one for gap, one in found.items() if isinstance(one, LeftOut)}
    solved = (found[gap] for gap in gaps.tolist())
    states: list[State | None] = [None if isinstance(one, LeftOut) else one for one in solved]
    continuation = Continuation(series, progress)
    states = continuation.followed(gaps, states, peak=True)
    given, added = set(gaps.tolist()), 0
    for _ in range(_ADDED):
        pairs = _unresolved(series, gaps, states)
        if not pairs:
            break
        between, starts = np.array([0.5 * (gaps[k] + gaps[k + 1]) for k, _ in pairs]), [start for _, start in pairs]
        new = states_from(series, between, starts, [True] * len(starts), progress=progress)
        order = np.argsort(np.append(gaps, between))
        gaps, states = np.append(gaps, between)[order], [(states + new)[i] for i in order]
        states = continuation.followed(gaps, states)
        there = [k for k, state in enumerate(states) if state is not None or gaps[k] in given]
        before, added = added, len(there) - len(given)
        gaps, states = gaps[there], [states[k] for k in there]
        if added == before:  # the law stands without those that were not found
            break
    _, left_out = required(
        [left[g] if state is None else state for g, state in zip(gaps, states, strict=True)], series.tolerance
    )
    return _law_path(series, gaps, states, left_out, progress)


def _law_path(
    series: Series, gaps: FloatArray, states: Sequence[State | None], left_out: tuple[LeftOut, ...], progress: Progress
) -> LawPath:
    """The states of least energy at their opening, their bulk sharpened, and the switches between them."""
    there = [i for i, state in enumerate(states) if state is not None]
    sharp = sharpened(series, [state for state in states if state is not None], progress=progress)
    opening, energy, traction = _columns(series, sharp)
    kept = least_energy(opening, energy, traction)
    switches = tuple(
        Switch(float(0.5 * (opening[a] + opening[b])), float(traction[a]), float(traction[b]))
        for a, b in pairwise(kept) if np.any(np.diff(opening[a : b + 1]) <= 0)
    )  # fmt: skip
    passed = {float(gap): state for gap, state in zip(gaps, states, strict=True) if state is not None}
    return LawPath(series, gaps[there][kept], tuple(sharp[k] for k in kept), left_out, switches, passed)


def _kept(series: Series, states: Sequence[State | None]) -> np.ndarray:
    """Indices of the states that have the least energy at their excess opening."""
    there = [(i, state) for i, state in enumerate(states) if state is not None]
    return np.array([i for i, _ in there])[least_energy(*_columns(series, [state for _, state in there]))]


def _columns(series: Series, states: Sequence[State]) -> FloatArray:
    """(3, n) excess opening, excess energy and traction."""
    return np.array([(series.jump(state)[0], series.excess_energy(state), state.traction[0]) for state in states]).T


def _unresolved(series: Series, gaps: FloatArray, states: Sequence[State | None]) -> list[tuple[int, FloatArray]]:
    """Intervals of gaps near the peak that the law does not resolve, with unknowns halfway through them.

    Beside the highest traction those which end well below it, or whose energies say that the traction between is higher;
    near it those whose energies disagree with what an interpolation makes of the tractions. The neighbours are those of the
    law; a path that turns back has others between.
    """
    kept = _kept(series, states)
    columns = _columns(series, [state for i in kept if (state := states[i]) is not None])
    wide = _beside_the_peak(*columns) | _bent(*columns)
    found = []
    for place in sorted(wide):
        k = max(range(int(kept[place]), int(kept[place + 1])), key=lambda k: gaps[k + 1] - gaps[k])
        low, high = states[k], states[k + 1]
        if low is not None and high is not None and gaps[k + 1] - gaps[k] > _LEAST:
            found.append((k, 0.5 * (low.unknown + high.unknown)))
    return found


def _beside_the_peak(opening: FloatArray, energy: FloatArray, traction: FloatArray) -> set[int]:
    peak, found = int(np.argmax(traction)), set()
    for place in (peak - 1, peak + 1):
        if not 0 <= place < len(opening):
            continue
        mean = (energy[place] - energy[peak]) / (opening[place] - opening[peak])
        if traction[place] < (1.0 - _RESOLVED) * traction[peak] or mean > (1.0 + 0.5 * _RESOLVED) * traction[peak]:
            found.add(min(place, peak))
    return found


def _bent(opening: FloatArray, energy: FloatArray, traction: FloatArray) -> set[int]:
    """Intervals near the peak across which ∫T dδ of the interpolated tractions is not what the energy rises by."""
    if len(opening) < _FEWEST:
        return set()
    work = CubicSpline(opening, traction).antiderivative()(opening)
    error = np.abs(np.diff(energy - work)) / np.diff(opening)
    near = np.maximum(traction[1:], traction[:-1]) > _NEAR_PEAK * traction.max()
    return {int(k) for k in np.flatnonzero(near & (error > _STRAIGHT * traction.max()))}
