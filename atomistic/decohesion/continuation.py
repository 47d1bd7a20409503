"""Two equilibria at one gap: each gap is relaxed from both neighbours, and the lower branch is followed.

Near the bulk's strength the opening branches off the evenly stretched slab, and at one gap both may be in equilibrium. A
state that is found lower is a new start for its neighbours, so that its branch is followed as far as it is the lower one.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.localisation import through
from atomistic.decohesion.relaxed_path import states_from
from coupling.contracts import FloatArray, Progress, silent

_LOWER = 1e-6  # eV/Å²: two states that differ by less are one
_ROUNDS = 40
_STRONG = 0.5  # of the highest traction: at less the evenly stretched slab has no equilibrium at the same gap
_ALIKE = 4  # decimals of a traction in eV/Å³ by which a start is known


def lower(first: State, second: State, series: Series) -> bool:
    """Whether the first state is on the branch that has the lower energy at equal excess opening.

    At one gap the two have different tractions and openings. Both branches have dψ = T dδ, so that at their mean traction
    T' the difference of the enthalpies ψ − T'δ is that of the energies at one opening, to second order in the distance.
    """
    mean = 0.5 * (first.traction[0] + second.traction[0])
    enthalpies = [series.excess_energy(state) - mean * series.jump(state)[0] for state in (first, second)]
    return bool(enthalpies[0] < enthalpies[1] - _LOWER)


class Continuation:
    """The branches of an opening; it remembers what was tried.

    Args:
        series: The slab and its bulk.
        progress: Told after each sweep.
    """

    def __init__(self, series: Series, progress: Progress = silent) -> None:
        self.series, self._progress = series, progress
        self._tried: set[tuple[float, float, float]] = set()
        self._settled: set[tuple[float, float]] = set()

    def followed(self, gaps: FloatArray, states: Sequence[State | None], *, peak: bool = False) -> list[State | None]:
        """The states of rising gaps (n,), each on the lowest branch that leads to it from a neighbour.

        Only gaps where a second equilibrium shows are tried: where the excess opening falls or reaches through the slab,
        and where no state was found beside one; from there on the neighbours of each state that was replaced.

        Args:
            gaps: Å beyond the closed spacing.
            states: As solved; None where no equilibrium was found.
            peak: Whether the highest traction and the gap beyond it are tried, too, from the more open side.
        """
        found = list(states)
        certain = {i for i in _suspected(self.series, found) if _known(gaps, found, i) not in self._settled}
        wanted = certain | (_beside_peak(found) if peak else set())
        for _ in range(_ROUNDS):
            new = self._untried(gaps, found, [
                (i, j) for i in sorted(wanted) for j in _beside(found, i)[0 if i in certain else -1 :]
            ])  # fmt: skip
            if not new:
                break
            places, soft = [i for i, _ in new], [i in certain for i, _ in new]
            starts = [_predicted(gaps, found, i, j) for i, j in new]
            candidates = states_from(self.series, gaps[places], starts, soft, progress=self._progress)
            wanted = certain = self._taken(found, places, candidates)
        self._settled |= {_known(gaps, found, i) for i, state in enumerate(found) if state is not None}
        return found

    def _untried(
        self, gaps: FloatArray, found: Sequence[State | None], pairs: Sequence[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """Those pairs of a gap and the neighbour to start from that are new."""
        new = []
        for i, j in pairs:
            key = (gaps[i], *_known(gaps, found, j))
            if key not in self._tried:
                self._tried.add(key)
                new.append((i, j))
        return new

    def _taken(self, found: list[State | None], places: Sequence[int], candidates: Sequence[State | None]) -> set[int]:
        """Put lower candidates in their places; the gaps that may follow them."""
        wanted: set[int] = set()
        for i, state in zip(places, candidates, strict=True):
            known = found[i]
            if state is not None and (known is None or lower(state, known, self.series)):
                found[i] = state
                wanted |= {i, *_beside(found, i)}
        return wanted


def _known(gaps: FloatArray, found: Sequence[State | None], index: int) -> tuple[float, float]:
    """A gap and the traction found there: one state."""
    state = found[index]
    return float(gaps[index]), np.nan if state is None else round(float(state.traction[0]), _ALIKE)


def _predicted(gaps: FloatArray, found: Sequence[State | None], index: int, neighbour: int) -> FloatArray:
    """Unknowns at a gap along the secant through its neighbour and the next one beyond."""
    start = found[neighbour]
    assert start is not None
    beyond = [k for k in _beside(found, neighbour) if (k - neighbour) * (neighbour - index) > 0]
    second = found[beyond[0]] if beyond else None
    if second is None:
        return start.unknown
    share = (gaps[index] - gaps[neighbour]) / (gaps[neighbour] - gaps[beyond[0]])
    return start.unknown + share * (start.unknown - second.unknown)


def _beside(found: Sequence[State | None], index: int) -> list[int]:
    """The nearest gaps with a state, on either side."""
    there = np.array([i for i, state in enumerate(found) if state is not None])
    before, after = there[there < index], there[there > index]
    return [int(i) for i in (*before[-1:], *after[:1])]


def _suspected(series: Series, states: Sequence[State | None]) -> set[int]:
    """Gaps where the opening falls, that have no state beside one that has, and whose opening reaches through the slab.

    The last near the highest traction alone: far beyond it a slab has no second equilibrium, however wide its opening is.
    """
    there = [(i, series.jump(state)[0]) for i, state in enumerate(states) if state is not None]
    falls = {i for (a, before), (b, after) in pairwise(there) if after <= before for i in (a, b)}
    strong = _STRONG * max((state.traction[0] for state in states if state is not None), default=0.0)
    wide = {
        i for i, state in enumerate(states)
        if state is not None and state.traction[0] > strong and through(series, state)
    }  # fmt: skip
    lone = {
        i for i, state in enumerate(states)
        if state is None and any(0 <= j < len(states) and states[j] is not None for j in (i - 1, i + 1))
    }  # fmt: skip
    return falls | wide | lone | {j for i in lone for j in _beside(states, i)}


def _beside_peak(states: Sequence[State | None]) -> set[int]:
    peak = max((i for i, state in enumerate(states) if state is not None), key=lambda i: states[i].traction[0])
    return {peak, _beside(states, peak)[-1]}
