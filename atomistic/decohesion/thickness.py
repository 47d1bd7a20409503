"""How many layers a law needs: its peak is repeated with thicker slabs until it no longer changes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.interpolate import PchipInterpolator

from atomistic.decohesion.jumps import Series
from atomistic.decohesion.law_states import LawPath, law_states
from atomistic.decohesion.localisation import carried_over, through
from coupling.contracts import FloatArray, Progress, silent

_WINDOW = 0.8  # of the peak: tractions beyond which the law is compared
_POINTS = 400
_GROWTH = 1.5
_LOOKS = 9  # gaps at which a law is looked at, before its peak is resolved


@dataclass(frozen=True)
class Thickness:
    """How the number of layers was chosen.

    Attributes:
        layers: Those that were tried.
        moved: By how much the traction moved at equal opening from each to the next, or falls in the next where an opening that
            reaches through the slab gives way to another branch; over the peak.
        tolerance: By how much it may move.
        chosen: Whether the law is that of the last; else its layers were given, and it is that of the first.
    """

    layers: tuple[int, ...]
    moved: tuple[float, ...]
    tolerance: float
    chosen: bool = True

    @property
    def converged(self) -> bool:
        """Whether the law no longer changed."""
        return self.moved[-1] <= self.tolerance


def thick_enough(
    make: Callable[[int], Series], layers: int, gaps: FloatArray, *, tolerance: float = 0.005, most: int = 50,
    progress: Progress = silent,
) -> tuple[LawPath, Thickness]:  # fmt: skip
    """The law of a slab that is thick enough: by half more layers, its peak moves by less than the tolerance.

    A law that falls by more from one branch to another still changes where the opening of either reaches through the
    slab: there the slab ends, and a thicker one goes on.

    Numbers of layers are even from the second on, since many crystals first become uneven in pairs of layers. Each slab
    is relaxed from the states of the thinner one, too, so that none stays evenly stretched where a plane opens at less energy.

    Args:
        make: From a number of layers to the slab and its bulk.
        layers: To begin with.
        gaps: (n,) Å beyond the closed spacing, among them 0.
        tolerance: Over the peak, at equal opening.
        most: Layers at which the search ends, converged or not.
        progress: Told after each sweep.

    Raises:
        NotConverged: too many equilibria were not found.
    """
    path, tried, moved = law_states(make(layers), gaps, progress=progress), [layers], []
    while True:
        thicker = _thicker(tried[-1])
        series = make(thicker)
        repeated = _repeated(path, series, _beside_the_peak(path, gaps), progress)
        tried.append(thicker)
        moved.append(_change(path, repeated))
        if moved[-1] <= tolerance or _GROWTH * thicker > most:
            whole = law_states(series, gaps, passed=repeated.passed, progress=progress)
            return whole, Thickness(tuple(tried), tuple(moved), tolerance)
        path = repeated


def looked_at(
    make: Callable[[int], Series], path: LawPath, layers: int, *, tolerance: float = 0.005, progress: Progress = silent
) -> Thickness:
    """By how much half more layers move the peak of a law, as `thick_enough` measures it; fewer gaps are repeated.

    Args:
        make: From a number of layers to the slab and its bulk.
        path: The law of a slab.
        layers: Its number of layers.
        tolerance: Over the peak, at equal opening.
        progress: Told after each sweep.

    Raises:
        NotConverged: too many equilibria were not found.
    """
    thicker = _thicker(layers)
    window = _beside_the_peak(path, path.gaps)
    even = np.linspace(window[0], window[-1], _LOOKS)
    nearest = window[np.unique(np.abs(window[:, None] - even).argmin(axis=0))]
    repeated = _repeated(path, make(thicker), nearest, progress)
    return Thickness((layers, thicker), (_change(path, repeated),), tolerance, chosen=False)


def _repeated(path: LawPath, series: Series, window: FloatArray, progress: Progress) -> LawPath:
    """The law of a thicker slab at gaps near the peak, relaxed from the openings of the thinner one, too."""
    starts = {gap: carried_over(path.series, state, series) for gap, state in path.passed.items() if gap in window}
    return law_states(series, window, starts=starts, progress=progress)


def _change(first: LawPath, second: LawPath) -> float:
    """By how much more layers moved the law, over the peak."""
    return max(_moved(first, second), _cut_short(second))


def _thicker(layers: int) -> int:
    """Half more of them, an even number."""
    return 2 * ceil(_GROWTH * layers / 2)


def _beside_the_peak(path: LawPath, gaps: FloatArray) -> FloatArray:
    """Of the gaps of a law those in the window, and one beyond on either side."""
    high = path.gaps[path.traction > _WINDOW * path.traction.max()]
    known = np.union1d(gaps, path.gaps)
    first, last = np.searchsorted(known, [high[0], high[-1]])
    return known[max(first - 1, 0) : last + 2]


def _moved(first: LawPath, second: LawPath) -> float:
    """Largest difference of the tractions at equal opening in the window, over the peak.

    Not inside an interval in which either goes over to another branch: where in it the traction falls is a matter of its width.
    """
    curves = [PchipInterpolator(path.opening, path.traction) for path in (first, second)]
    low, high = max(path.opening[0] for path in (first, second)), min(path.opening[-1] for path in (first, second))
    openings = np.linspace(low, high, _POINTS)
    values = np.array([curve(openings) for curve in curves])
    peak = second.traction.max()
    compared = (values.max(axis=0) > _WINDOW * peak) & ~_switching(first, openings) & ~_switching(second, openings)
    return float(np.abs(np.diff(values, axis=0))[:, compared].max(initial=0.0) / peak)


def _switching(path: LawPath, openings: FloatArray) -> np.ndarray:
    """Which openings lie in an interval of a law in which it goes over to another branch."""
    inside = np.zeros(len(openings), dtype=bool)
    for switch in path.switches:
        after = int(np.searchsorted(path.opening, switch.opening))
        inside |= (openings > path.opening[after - 1]) & (openings < path.opening[after])
    return inside


def _cut_short(path: LawPath) -> float:
    """The largest fall of the traction at a switch from or to an opening that reaches through the slab, over the peak."""
    falls = [0.0]
    for switch in path.switches:
        after = int(np.searchsorted(path.opening, switch.opening))
        if any(through(path.series, state) for state in path.states[after - 1 : after + 1]):
            falls.append(abs(switch.before - switch.after))
    return float(max(falls) / path.traction.max())
