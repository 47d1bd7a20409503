"""Intervals of samples that no smooth traction joins: a step from one branch to another, its work kept exactly.

A law interpolates between its samples. Where two branches meet, energies and tractions at the ends of an interval are right, and
a smooth curve through them invents tractions: above both, or below zero. Energies say where the law goes over (Maxwell).
"""

from typing import NamedTuple

import numpy as np

from coupling.contracts import FloatArray
from coupling.laws.tabulated import quintic

_DRAWN = 2e-3  # of the peak: what pulls faces together by less is the tail's end
_INSIDE = 24  # tractions that are looked at in an interval
_RAMP = 0.1  # of an interval: over which the traction rises to a plateau, and falls from it
_STEEP = 0.5  # of the nearer end's distance: half the width of a step
_RAMP_POINTS, _PLATEAU_POINTS, _LEVEL_POINTS = 24, 24, 8


class Filling(NamedTuple):
    """Samples inside an interval.

    Attributes:
        opening: (m,) from the interval's begin.
        work: (m,) ∫T dδ from there.
        traction: (m,).
    """

    opening: FloatArray
    work: FloatArray
    traction: FloatArray


def invented(opening: FloatArray, energy: FloatArray, traction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(2, n − 1) how far the traction that a law interpolates rises above, and falls below, both ends of each interval."""
    curve = quintic(opening, energy, traction).derivative()
    inside = curve(opening[:-1, None] + np.diff(opening)[:, None] * np.linspace(0.0, 1.0, _INSIDE))
    low, high = np.minimum(traction[1:], traction[:-1]), np.maximum(traction[1:], traction[:-1])
    return inside.max(axis=1) - high, low - inside.min(axis=1)


def drawn(opening: FloatArray, energy: FloatArray, traction: FloatArray) -> np.ndarray:
    """(n − 1,) intervals in tension in which interpolation pulls the faces together although both ends resist opening.

    Those alone whose energies rise.
    """
    low = np.minimum(traction[1:], traction[:-1])
    _, below = invented(opening, energy, traction)
    pulls = (low >= 0.0) & (low - below < -_DRAWN * traction.max())
    return np.asarray(pulls & (np.diff(energy) > 0.0) & (opening[:-1] >= 0.0))


def between(opening: FloatArray, energy: FloatArray, traction: FloatArray) -> np.ndarray:
    """(n − 1,) whether the mean traction that the energies ask for is between those at the ends of an interval."""
    mean = np.diff(energy) / np.diff(opening)
    return np.asarray((mean - traction[1:]) * (mean - traction[:-1]) < 0.0)


def joint(width: float, work: float, ends: FloatArray) -> Filling:
    """What joins two samples of different branches, (2,) tractions `ends`, so that the work between is kept.

    A step from one to the other, at the opening that the work asks for; where it asks for a traction that is not between them,
    that traction, held.
    """
    return _step(width, work, ends) if ends.min() < work / width < ends.max() else held(width, work, ends)


def held(width: float, work: float, ends: FloatArray, ramp: float = _RAMP) -> Filling:
    """A traction that is level between ramps, (2,) `ends` beside it; the ramps take no more than half the work."""
    ramp = min(ramp * width, work / max(float(ends.sum()), np.finfo(float).tiny))
    return plateau(width, ramp, (work - 0.5 * float(ends.sum()) * ramp) / (width - ramp), ends)


def plateau(width: float, ramp: float, level: float, ends: FloatArray) -> Filling:
    """A level with ramps of a width from and to (2,) `ends`, and its exact work."""
    share = np.linspace(0.0, 1.0, _RAMP_POINTS + 1)
    flat = np.linspace(ramp, width - ramp, _PLATEAU_POINTS)
    inside = np.concatenate([ramp * share[1:-1], flat, width - ramp * share[-2:0:-1]])
    rise, fall = (np.clip(x / ramp, 0.0, 1.0) for x in (inside, width - inside))
    traction = level + (ends[0] - level) * _falling(rise) + (ends[1] - level) * _falling(fall)
    after = 0.5 * ramp - _ramped(width - inside, ramp)
    work = level * inside + (ends[0] - level) * _ramped(inside, ramp) + (ends[1] - level) * after
    return Filling(inside, work, traction)


def _step(width: float, work: float, ends: FloatArray) -> Filling:
    """From one end's traction to the other's, along a ramp about the opening at which the work is that."""
    before = (work - float(ends[1]) * width) / float(ends[0] - ends[1])
    half = _STEEP * min(before, width - before)
    along = np.linspace(0.0, 2.0 * half, _RAMP_POINTS + 1)
    levels = np.linspace(0.0, 1.0, _LEVEL_POINTS + 1)[1:-1]
    first, last = before - half, before + half
    inside = np.concatenate([first * levels, first + along, last + (width - last) * levels])
    ramp = 2.0 * half
    fallen = _falling(np.clip((inside - first) / ramp, 0.0, 1.0))
    done = ends[1] * inside + (ends[0] - ends[1]) * (np.minimum(inside, first) + _ramped(inside - first, ramp))
    return Filling(inside, done, ends[1] + (ends[0] - ends[1]) * fallen)


def _falling(share: FloatArray) -> FloatArray:
    """From 1 to 0 along a share (0 to 1) of a ramp, slope and curvature zero at both ends: what is beside it is not bent."""
    return 1.0 - share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


def _ramped(x: FloatArray, ramp: float) -> FloatArray:
    """∫ of `_falling` from 0 to x."""
    share = np.clip(x / ramp, 0.0, 1.0)
    return ramp * (share - share**4 * (2.5 - 3.0 * share + share**2))
