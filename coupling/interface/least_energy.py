"""The branch of least energy of a path whose excess opening turns back."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

from coupling.contracts import FloatArray

_CLOSE = 0.5
"""Of the shorter neighbouring interval: samples beside a crossing that are nearer would magnify its errors."""

_ONE = 3e-4
"""Å: openings that differ by less are one, and their tractions two branches."""


def least_energy(opening: FloatArray, energy: FloatArray, traction: FloatArray) -> np.ndarray:
    """(k,) indices, rising as their openings, of the samples that have the least energy at their opening.

    Near a crystal's own strength the bulk unloads faster than the gap grows, so that the excess opening of a path
    turns back and passes some openings three times. A law has one state an opening: that of least energy. Where two
    rising branches cross, ψ is continuous, and T = dψ/dδ falls by what their slopes differ.

    Args:
        opening: (n,) excess openings along the path, Å.
        energy: (n,) ψ, eV/Å².
        traction: (n,) T = dψ/dδ along each branch, eV/Å³.
    """
    folds = _folds(opening)
    kept = list(range(folds[0][0] + 1 if folds else len(opening)))
    for _, first in folds:
        after = list(range(first, _end(opening, first) + 1))
        crossing = _crossing(*([values[part] for values in (opening, energy, traction)] for part in (kept, after)))
        kept = [i for i in kept if opening[i] < crossing] + [i for i in after if opening[i] > crossing]
        kept = _apart(kept, opening, crossing)
    return np.array(kept)


def _folds(opening: FloatArray) -> list[tuple[int, int]]:
    """Of each stretch along which the opening falls, its first and its last sample."""
    falls = np.diff(opening) <= _ONE
    edges = np.flatnonzero(np.diff(np.concatenate([[False], falls, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _end(opening: FloatArray, first: int) -> int:
    """The last sample until which the opening rises from a sample on."""
    falls = np.flatnonzero(np.diff(opening[first:]) <= _ONE)
    return first + int(falls[0]) if len(falls) else len(opening) - 1


def _crossing(before: list[FloatArray], after: list[FloatArray]) -> float:
    """Where two rising branches have one energy; an end of what they share, where one is lower throughout."""
    low, high = max(before[0][0], after[0][0]), min(before[0][-1], after[0][-1])
    if len(before[0]) < 2 or len(after[0]) < 2 or low >= high:
        return float(low)
    first, second = (CubicHermiteSpline(*branch) for branch in (before, after))

    def lower(opening: float) -> float:
        return float(first(opening) - second(opening))

    if lower(low) >= 0:
        return float(low)
    return float(high if lower(high) <= 0 else brentq(lower, low, high))


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
