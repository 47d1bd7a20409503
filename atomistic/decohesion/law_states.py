"""The equilibria of an opening that a law is made of: its peak resolved, one state an excess opening."""

from collections.abc import Sequence

import numpy as np

from atomistic.decohesion.jumps import Series, State
from atomistic.decohesion.relaxed_path import relaxed_states
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import NotConverged
from coupling.interface.least_energy import least_energy

_ADDED = 4  # rounds in which gaps are added
_RESOLVED = 0.01  # of the peak: its neighbours are as near
_LEAST = 0.01  # Å: gaps that are nearer are not parted


def law_states(
    series: Series, gaps: FloatArray, *, progress: Progress = silent
) -> tuple[FloatArray, list[State], FloatArray]:
    """The states of an opening that make a law of it: its peak resolved, one state an excess opening.

    Gaps are added beside the highest traction until its neighbours are within 1 % of it and none between is
    higher by more. Where the excess opening turns back, the states of least energy are kept (`coupling.interface.least_energy`).

    Args:
        series: The slab and its bulk.
        gaps: (n,) Å beyond the closed spacing, among them 0.
        progress: Told after each sweep.

    Returns:
        Gaps and states along the law, and the gaps at which a crystal would part before the interface does.

    Raises:
        NotConverged: an equilibrium at one of the given gaps was not found.
    """
    gaps = np.sort(np.asarray(gaps, dtype=float))
    states = relaxed_states(series, gaps, progress=progress)
    for _ in range(_ADDED):
        pairs = _beside_the_peak(series, gaps, states)
        if not pairs:
            break
        between = np.array([0.5 * (gaps[k] + gaps[k + 1]) for k, _ in pairs])
        try:
            states = states + relaxed_states(series, between, starts=[start for _, start in pairs], progress=progress)
        except NotConverged:  # the law stands without them
            break
        gaps = np.append(gaps, between)
        order = np.argsort(gaps)
        gaps, states = gaps[order], [states[i] for i in order]
    kept = _kept(series, states)
    missing = np.array([state is None for state in states])
    return gaps[kept], [state for i in kept if (state := states[i]) is not None], gaps[missing]


def _kept(series: Series, states: Sequence[State | None]) -> np.ndarray:
    """Indices of the states that have the least energy at their excess opening."""
    there = [(i, state) for i, state in enumerate(states) if state is not None]
    return np.array([i for i, _ in there])[least_energy(*_columns(series, [state for _, state in there]))]


def _columns(series: Series, states: Sequence[State]) -> FloatArray:
    """(3, n) excess opening, excess energy and traction."""
    return np.array([(series.jump(state)[0], series.excess_energy(state), state.traction[0]) for state in states]).T


def _beside_the_peak(series: Series, gaps: FloatArray, states: Sequence[State | None]) -> list[tuple[int, FloatArray]]:
    """Intervals beside the highest traction that do not resolve it, with unknowns halfway through them.

    Those which end well below it, or whose energies say that the traction between is higher. The neighbours are those
    of the law; a path that turns back has others between.
    """
    kept, found = _kept(series, states), []
    opening, energy, traction = _columns(series, [state for i in kept if (state := states[i]) is not None])
    peak = int(np.argmax(traction))
    for place, step in ((peak - 1, 0), (peak + 1, -1)):
        if not 0 <= place < len(kept):
            continue
        mean = (energy[place] - energy[peak]) / (opening[place] - opening[peak])
        if traction[place] >= (1.0 - _RESOLVED) * traction[peak] and mean <= (1.0 + 0.5 * _RESOLVED) * traction[peak]:
            continue
        k = int(kept[place]) + step
        low, high = states[k], states[k + 1]
        if low is not None and high is not None and gaps[k + 1] - gaps[k] > _LEAST:
            found.append((k, 0.5 * (low.unknown + high.unknown)))
    return found
