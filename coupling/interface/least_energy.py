"""The branch of least energy of a path whose excess opening turns back."""

from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

from coupling.contracts import FloatArray
from coupling.interface.branches import unbroken

_CLOSE = 0.5
"""Of the shorter neighbouring interval: samples beside a crossing that are nearer would magnify its errors."""

_ONE = 3e-4
"""Å: openings that differ by less are one, and their tractions two branches."""

_Columns = tuple[FloatArray, FloatArray, FloatArray]


def least_energy(
    opening: FloatArray, energy: FloatArray, traction: FloatArray, breaks: np.ndarray | None = None
) -> np.ndarray:
    """(k,) indices, rising as their openings, of the samples that have the least energy at their opening.

    Near a crystal's own strength the bulk unloads faster than the gap grows, so that the excess opening of a path
    turns back and passes some openings three times. A law has one state an opening: that of least energy. Where two
    rising branches cross, ψ is continuous, and T = dψ/dδ falls by what their slopes differ. A path that comes out of a
    break with a falling opening is on the branch between.

    Args:
        opening: (n,) excess openings along the path, Å.
        energy: (n,) ψ, eV/Å².
        traction: (n,) T = dψ/dδ along each branch, eV/Å³.
        breaks: (n − 1,) intervals across which the path has no equilibrium, so that no branch goes on; by default none.
    """
    columns, parts = (opening, energy, traction), list[list[int]]()
    for branch in _rising(opening, np.zeros(len(opening) - 1, dtype=bool) if breaks is None else breaks):
        parts = _joined(parts, branch, columns)
    return np.array([i for part in parts for i in part])


def _rising(opening: FloatArray, breaks: np.ndarray) -> list[list[int]]:
    """Samples of the stretches along which the opening rises; a lone sample beside a fall is of the branch that falls."""
    falls = np.flatnonzero(np.diff(opening) <= _ONE)
    found = []
    for part in unbroken(breaks):
        ends = [part.start, *(int(k) + 1 for k in falls if part.start <= k < part.stop - 1), part.stop]
        runs = [list(range(first, last)) for first, last in pairwise(ends)]
        found += [run for run in runs if len(run) > 1 or len(runs) == 1]
    return found


def _joined(parts: list[list[int]], after: list[int], columns: _Columns) -> list[list[int]]:
    """Branches with rising openings and one more, each as far as it is the lower one."""
    opening, parts = columns[0], list(parts)
    while parts and opening[parts[-1][-1]] >= opening[after[0]] - _ONE:
        before = parts.pop()
        crossing = _crossing(*([values[part] for values in columns] for part in (before, after)))
        before, beyond = [i for i in before if opening[i] < crossing], [i for i in after if opening[i] > crossing]
        if before:
            return [*parts, _apart(before + beyond, opening, crossing)]
    return [*parts, after]


def _crossing(before: list[FloatArray], after: list[FloatArray]) -> float:
    """Where two rising branches have one energy; an end of what they share, where one is lower throughout.

    Infinite where a lone sample, or a branch that ends before the other begins, is not of the law.
    """
    low, high = max(before[0][0], after[0][0]), min(before[0][-1], after[0][-1])
    if after[0][-1] <= before[0][0]:
        return np.inf
    if len(before[0]) < 2 or len(after[0]) < 2:
        return _beside_one(before, after)
    if low >= high:
        return float(low)
    first, second = (CubicHermiteSpline(*branch) for branch in (before, after))

    def lower(opening: float) -> float:
        return float(first(opening) - second(opening))

    if lower(low) >= 0:
        return float(low)
    return float(high if lower(high) <= 0 else brentq(lower, low, high))


def _beside_one(before: list[FloatArray], after: list[FloatArray]) -> float:
    """The crossing where one of two branches is a lone sample."""
    if len(after[0]) > 1:
        at = before[0][0]
        return -np.inf if CubicHermiteSpline(*after)(at) < before[1][0] else float(np.nextafter(at, np.inf))
    at = after[0][0]
    lower = len(before[0]) > 1 and CubicHermiteSpline(*before)(at) < after[1][0]
    return np.inf if lower else float(np.nextafter(at, -np.inf))


def _apart(kept: list[int], opening: FloatArray, crossing: float) -> list[int]:
    """Without the sample nearest the crossing, where the two beside it are closer than their neighbours are."""
    k = int(np.searchsorted(opening[kept], crossing))
    if k < 2 or k > len(kept) - 2:
        return kept
    left, here, right = (opening[kept[j]] - opening[kept[j - 1]] for j in (k - 1, k, k + 1))
    if here > _CLOSE * min(left, right):
        return kept
    nearest = k - 1 if crossing - opening[kept[k - 1]] < opening[kept[k]] - crossing else k
    return [i for j, i in enumerate(kept) if j != nearest]
