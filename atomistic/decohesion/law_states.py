"""The equilibria of an opening that a law is made of: its peak resolved, one state an excess opening."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic.decohesion.bulk_path import sharpened
from atomistic.decohesion.continuation import Continuation, lower
from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.localisation import localisation_length
from atomistic.decohesion.relaxed_path import branches, relaxed_states, required, states_from
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import NotConverged
from coupling.interface.branches import LeftOut, Switch, parted, unbroken
from coupling.interface.excess import BulkBranch, SlabBranch
from coupling.interface.least_energy import least_energy
from coupling.interface.steps import invented
from coupling.units import EV_A2

_ADDED = 6  # rounds in which gaps are added
_RESOLVED = 0.01  # of the peak: its neighbours are as near
_STRAIGHT = 0.002  # of the peak: mean traction of an interval by energies and by interpolation, near the peak
_AGREED = 0.01  # of the peak: the same everywhere else in tension
_NEAR_PEAK = 0.9  # of the peak
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
    series: Series, gaps: FloatArray, *, passed: Mapping[float, State] | None = None,
    starts: Mapping[float, FloatArray] | None = None, progress: Progress = silent,
) -> LawPath:  # fmt: skip
    """The states of an opening that make a law of it: its peak resolved, one state an excess opening.

    Where two equilibria show at a gap the lower is followed (`atomistic.decohesion.continuation`). Gaps are added beside the
    highest traction until its neighbours are within 1 % of it and none between is higher by more, and wherever energies and
    tractions disagree across an interval, by 0.2 % of the peak near it and by 1 % elsewhere: a fold or another branch lies
    between. Where the excess opening turns back, the states of least energy are kept (`coupling.interface.least_energy`).

    Args:
        series: The slab and its bulk.
        gaps: (n,) Å beyond the closed spacing.
        passed: States of this slab that are known, by their gaps.
        starts: Unknowns from which its gaps are relaxed, too, by their gaps.
        progress: Told after each sweep.

    Raises:
        NotConverged: too many equilibria were not found.
    """
    found: dict[float, State | LeftOut] = dict(passed or {})
    unknown = np.array([gap for gap in np.asarray(gaps, dtype=float).tolist() if gap not in found])
    if len(unknown):
        found |= dict(zip(unknown.tolist(), relaxed_states(series, unknown, progress=progress), strict=True))
    found |= _begun(series, starts or {}, found, progress)
    gaps = np.array(sorted(found))
    left = {gap: one for gap, one in found.items() if isinstance(one, LeftOut)}
    solved = (found[gap] for gap in gaps.tolist())
    states: list[State | None] = [None if isinstance(one, LeftOut) else one for one in solved]
    continuation = Continuation(series, progress)
    states = continuation.followed(gaps, states, peak=True)
    given, added = set(gaps.tolist()), 0
    for _ in range(_ADDED):
        pairs = _unresolved(series, gaps, states, _parting(left))
        if not pairs:
            break
        between, halfway = np.array([0.5 * (gaps[k] + gaps[k + 1]) for k, _ in pairs]), [start for _, start in pairs]
        new = states_from(series, between, halfway, [True] * len(halfway), progress=progress)
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


def _parting(left_out: Mapping[float, LeftOut]) -> list[float]:
    """Gaps at which a crystal would part."""
    return [one.gap for one in left_out.values() if one.parts]


def _begun(
    series: Series, starts: Mapping[float, FloatArray], found: Mapping[float, State | LeftOut], progress: Progress
) -> dict[float, State]:
    """The states to which given starts lead, where they are lower or no other was found."""
    begun = states_from(series, np.array(list(starts)), list(starts.values()), [True] * len(starts), progress=progress)
    taken = {}
    for gap, state in zip(starts, begun, strict=True):
        known = found.get(gap)
        if state is not None and (not isinstance(known, State) or lower(state, known, series)):
            taken[gap] = state
    return taken


def _law_path(
    series: Series, gaps: FloatArray, states: Sequence[State | None], left_out: tuple[LeftOut, ...], progress: Progress
) -> LawPath:
    """The states of least energy at their opening, their bulk sharpened, and the switches between them."""
    there = [i for i, state in enumerate(states) if state is not None]
    sharp = sharpened(series, [state for state in states if state is not None], progress=progress)
    columns, breaks = _columns(series, sharp), parted(gaps[there], [one.gap for one in left_out if one.parts])
    kept = least_energy(columns[0], columns[1], columns[2], breaks)
    _closed_kept(gaps[there], kept, columns[1])
    law, missing = columns[:, kept], _between(breaks, kept)
    joints = (_turned(columns[0], kept) & ~missing) | (_invented(law[0], law[1], law[2], missing) > _allowed(*law))
    switches = tuple(_switch(law[:, k : k + 2]) for k in np.flatnonzero(joints))
    passed = {float(gap): state for gap, state in zip(gaps, states, strict=True) if state is not None}
    return LawPath(series, gaps[there][kept], tuple(sharp[k] for k in kept), left_out, switches, passed)


def _closed_kept(gaps: FloatArray, kept: np.ndarray, energy: FloatArray) -> None:
    """Raise `NotConverged` where an opening has less energy than the closed interface, which then is not the stable one."""
    if 0.0 not in gaps or 0.0 in gaps[kept]:  # of a part of the path
        return
    least = int(np.argmin(energy))
    raise NotConverged(
        f"Opened by {gaps[least]:.3g} Å the interface has {-energy[least] * EV_A2:.3g} J/m² less than closed: its atoms go over to another "
        "structure, and a law from the closed one has no beginning. Search its structure further (more structures, a smaller step), "
        "or take path: rigid."
    )


def _switch(ends: FloatArray) -> Switch:
    """Between (3, 2) columns."""
    opening, energy, traction = ends
    mean = float(np.diff(energy)[0] / np.diff(opening)[0])
    return Switch(float(opening.mean()), float(traction[0]), float(traction[1]), mean)


def _turned(opening: FloatArray, kept: np.ndarray) -> np.ndarray:
    """(k − 1,) intervals between kept states in which the opening of the path turns back."""
    return np.array([bool(np.any(np.diff(opening[a : b + 1]) <= 0)) for a, b in pairwise(kept)])


def _between(breaks: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """(k − 1,) breaks (n − 1,) between kept states."""
    return np.array([bool(breaks[a:b].any()) for a, b in pairwise(kept)])


def _columns(series: Series, states: Sequence[State]) -> FloatArray:
    """(3, n) excess opening, excess energy and traction."""
    return np.array([(series.jump(state)[0], series.excess_energy(state), state.traction[0]) for state in states]).T


def _unresolved(
    series: Series, gaps: FloatArray, states: Sequence[State | None], parting: Sequence[float]
) -> list[tuple[int, FloatArray]]:
    """Intervals of gaps that the law does not resolve, with unknowns halfway through them.

    Beside the highest traction those which end well below it, or whose energies say that the traction between is higher;
    elsewhere those whose energies disagree with what an interpolation makes of the tractions. The neighbours are those of the
    law; a path that turns back has others between.
    """
    there = np.array([i for i, state in enumerate(states) if state is not None])
    whole = _columns(series, [state for state in states if state is not None])
    breaks = parted(gaps[there], parting)
    kept = least_energy(whole[0], whole[1], whole[2], breaks)
    columns, missing = whole[:, kept], _between(breaks, kept)
    wide = (_beside_the_peak(*columns) | _bent(columns[0], columns[1], columns[2], missing)) - set(
        np.flatnonzero(missing).tolist()
    )
    found = []
    for place in sorted(wide):
        k = max(range(int(there[kept[place]]), int(there[kept[place + 1]])), key=lambda k: gaps[k + 1] - gaps[k])
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


def _bent(opening: FloatArray, energy: FloatArray, traction: FloatArray, breaks: np.ndarray) -> set[int]:
    """Intervals in tension across which ∫T dδ of the interpolated tractions is not what the energy rises by.

    Or in which the law would leave the tractions at both ends by as much.
    """
    error = _invented(opening, energy, traction, breaks)
    for part in unbroken(breaks):
        if part.stop - part.start > 1:
            work = CubicSpline(opening[part], traction[part]).antiderivative()(opening[part])
            wrong, within = (
                np.abs(np.diff(energy[part] - work)) / np.diff(opening[part]),
                slice(part.start, part.stop - 1),
            )
            error[within] = np.maximum(error[within], wrong)
    return {int(k) for k in np.flatnonzero(error > _allowed(opening, energy, traction))}


def _invented(opening: FloatArray, energy: FloatArray, traction: FloatArray, breaks: np.ndarray) -> FloatArray:
    """(n − 1,) how far the traction that a law interpolates leaves those at both ends of an interval; none across breaks."""
    found = np.zeros(len(breaks))
    for part in unbroken(breaks):
        if part.stop - part.start > 1:
            left = invented(opening[part], energy[part], traction[part])
            found[part.start : part.stop - 1] = np.max(left, axis=0)
    return found


def _allowed(opening: FloatArray, _: FloatArray, traction: FloatArray) -> FloatArray:
    """(n − 1,) by how much a law may be wrong across an interval: in tension a share of the peak, small near it."""
    peak, higher = traction.max(), np.maximum(traction[1:], traction[:-1])
    share = np.where(higher > _NEAR_PEAK * peak, _STRAIGHT, _AGREED)
    return np.asarray(np.where(opening[:-1] >= 0.0, share * peak, np.inf))
