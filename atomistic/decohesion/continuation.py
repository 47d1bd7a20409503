"""Two equilibria at one gap: each gap is relaxed from both neighbours, and the lower branch is followed.

Near the bulk's strength the opening branches off the evenly stretched slab, and at one gap both may be in equilibrium. A
state that is found lower is a new start for its neighbours, so that its branch is followed as far as it is the lower one.
"""

from collections.abc import Sequence

import numpy as np

from atomistic.decohesion.jumps import Series, State
from atomistic.decohesion.relaxed_path import states_from
from coupling.contracts import FloatArray, Progress, silent

_LOWER = 1e-6  # eV/Å²: two states that differ by less are one
_ROUNDS = 40
_ALIKE = 4  # decimals of a traction in eV/Å³ by which a start is known


def lower(first: State, second: State, series: Series) -> bool:
    """Whether the first state is on the branch that has the lower energy at equal excess opening.

    At one gap the two have different tractions and openings. Both branches have dψ = T dδ, so that at their mean traction
    T' the difference of the enthalpies ψ − T'δ is that of the energies at one opening, to second order in the distance.
    """
    mean = 0.5 * (first.traction[0] + second.traction[0])
    enthalpies = [series.excess_energy(state) - mean * series.jump(state)[0] for state in (first, second)]
    return bool(enthalpies[0] < enthalpies[1] - _LOWER)


def followed(
    series: Series, gaps: FloatArray, states: Sequence[State | None], *, peak: bool = True, progress: Progress = silent
) -> list[State | None]:
    """The states of rising gaps (n,), each on the lowest branch that leads to it from a neighbour.

    Only gaps where a second equilibrium shows are tried: where the excess opening falls, where no state was found beside
    one, and, from the more open side alone, at the highest traction; from there on the neighbours of each state that was
    replaced.

    Args:
        series: The slab and its bulk.
        gaps: Å beyond the closed spacing.
        states: As solved; None where no equilibrium was found.
        peak: Whether the gaps beside the highest traction are tried although nothing shows there.
        progress: Told after each sweep.
    """
    found, tried = list(states), set[tuple[int, int, float]]()
    certain = _suspected(series, found)
    wanted = certain | (_beside_peak(found) if peak else set())
    for _ in range(_ROUNDS):
        pairs = {
            (i, j, round(float(start.traction[0]), _ALIKE)): _predicted(gaps, found, i, j)
            for i in sorted(wanted) for j in _beside(found, i)[0 if i in certain else -1 :] if (start := found[j]) is not None
        }  # fmt: skip
        new = {key: start for key, start in pairs.items() if key not in tried}
        if not new:
            break
        tried |= set(new)
        places = [i for i, _, _ in new]
        soft = [i in certain for i in places]
        candidates = states_from(series, gaps[places], list(new.values()), soft, progress=progress)
        wanted = certain = _taken(series, found, places, candidates)
    return found


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


def _taken(series: Series, found: list[State | None], places: Sequence[int], candidates: Sequence[State | None]) -> set[int]:
    """Put lower candidates in their places; the gaps that may follow them."""
    wanted: set[int] = set()
    for i, state in zip(places, candidates, strict=True):
        known = found[i]
        if state is not None and (known is None or lower(state, known, series)):
            found[i] = state
            wanted |= {i, *_beside(found, i)}
    return wanted


def _beside(found: Sequence[State | None], index: int) -> list[int]:
    """The nearest gaps with a state, on either side."""
    there = np.array([i for i, state in enumerate(found) if state is not None])
    before, after = there[there < index], there[there > index]
    return [int(i) for i in (*before[-1:], *after[:1])]


def _suspected(series: Series, states: Sequence[State | None]) -> set[int]:
    """Gaps where the opening falls, and those beside a state that have none."""
    there = [(i, series.jump(state)[0]) for i, state in enumerate(states) if state is not None]
    falls = {i for (a, before), (b, after) in zip(there[:-1], there[1:], strict=True) if after <= before for i in (a, b)}
    lone = {
        i for i, state in enumerate(states)
        if state is None and any(0 <= j < len(states) and states[j] is not None for j in (i - 1, i + 1))
    }  # fmt: skip
    return falls | lone | {j for i in lone for j in _beside(states, i)}


def _beside_peak(states: Sequence[State | None]) -> set[int]:
    peak = max((i for i, state in enumerate(states) if state is not None), key=lambda i: states[i].traction[0])
    return {peak, _beside(states, peak)[-1]}
