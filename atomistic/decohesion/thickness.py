"""How many layers a law needs: its peak is repeated with thicker slabs until it stands still."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.interpolate import PchipInterpolator

from atomistic.decohesion.jumps import Series
from atomistic.decohesion.law_states import LawPath, law_states
from coupling.contracts import FloatArray, Progress, silent

_WINDOW = 0.8  # of the peak: tractions beyond which the law is compared
_POINTS = 400
_GROWTH = 1.5


@dataclass(frozen=True)
class Thickness:
    """How the number of layers was chosen.

    Attributes:
        layers: Those that were tried; the law is that of the last.
        moved: By how much the traction moved at equal opening from each to the next, over the peak.
        tolerance: What it may move.
    """

    layers: tuple[int, ...]
    moved: tuple[float, ...]
    tolerance: float

    @property
    def converged(self) -> bool:
        """Whether the law stood still."""
        return self.moved[-1] <= self.tolerance


def thick_enough(
    make: Callable[[int], Series], layers: int, gaps: FloatArray, *, tolerance: float = 0.005, most: int = 50,
    progress: Progress = silent,
) -> tuple[LawPath, Thickness]:  # fmt: skip
    """The law of a slab that is thick enough: by half more layers, its peak moves by less than the tolerance.

    Numbers of layers are even from the second on: pairs of layers are how many crystals lose their evenness first.

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
        thicker = 2 * ceil(_GROWTH * tried[-1] / 2)
        series = make(thicker)
        repeated = law_states(series, _beside_the_peak(path, gaps), progress=progress)
        tried.append(thicker)
        moved.append(_moved(path, repeated))
        if moved[-1] <= tolerance or _GROWTH * thicker > most:
            whole = law_states(series, gaps, passed=repeated.passed, progress=progress)
            return whole, Thickness(tuple(tried), tuple(moved), tolerance)
        path = repeated


def _beside_the_peak(path: LawPath, gaps: FloatArray) -> FloatArray:
    """Of the gaps of a law those in the window, and one beyond on either side."""
    high = path.gaps[path.traction > _WINDOW * path.traction.max()]
    known = np.union1d(gaps, path.gaps)
    first, last = np.searchsorted(known, [high[0], high[-1]])
    return known[max(first - 1, 0) : last + 2]


def _moved(first: LawPath, second: LawPath) -> float:
    """Largest difference of the tractions at equal opening in the window, over the peak."""
    curves = [PchipInterpolator(path.opening, path.traction) for path in (first, second)]
    low, high = max(path.opening[0] for path in (first, second)), min(path.opening[-1] for path in (first, second))
    values = np.array([curve(np.linspace(low, high, _POINTS)) for curve in curves])
    peak = second.traction.max()
    return float(np.abs(np.diff(values, axis=0))[:, values.max(axis=0) > _WINDOW * peak].max() / peak)
