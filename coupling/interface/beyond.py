"""A law beyond the last equilibrium: what stands where a crystal parts before its interface opens.

At the traction that the interface would need there the crystal itself parts, so that no slab is in equilibrium. The energies on
either side are known, and so is the work between. What an interpolation makes of it is a peak that nothing can bear.
"""

from dataclasses import replace
from typing import Literal

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.interface.excess import Excess
from coupling.units import EV_A3

Beyond = Literal["cut", "bridge", "refuse"]
"""The traction held at the highest in equilibrium until the work is done; interpolated; or no law."""
_RAMP = 0.1  # of the interval: over which the traction rises to the plateau, and falls from it
_CEILING = 0.998  # of the highest traction: the plateau, so that interpolation beside it does not exceed that
_RAMP_POINTS, _PLATEAU_POINTS = 24, 24


def beyond_equilibrium(excess: Excess, missing: np.ndarray, choice: Beyond) -> Excess:
    """The excess with what stands across intervals without equilibrium.

    "cut" goes to the highest traction in equilibrium and stays there until the known work is done. Where the interval is too
    short for that, all that follows is moved to larger openings: the crystal that parts has them. The work of separation
    is kept exactly, and no traction is higher than one in equilibrium. "bridge" leaves the samples as they are, to be
    interpolated: the work is exact, the peak is not.

    Args:
        excess: Of an opening (n,); its states alone.
        missing: (n - 1,) whether an interval has no equilibrium inside.
        choice: See `Beyond`.

    Raises:
        InputError: "refuse", and an interval has none.
    """
    if not missing.any() or choice == "bridge":
        return excess
    highest = float(excess.traction.max())
    if choice == "refuse":
        first = float(excess.opening[int(np.argmax(missing))])
        raise InputError(
            f"Beyond an opening of {first:.4g} Å there is no equilibrium: a crystal bears no more than {highest * EV_A3 / 1e9:.4g} GPa "
            "as strained here and parts first. Take beyond: cut, or beyond: bridge."
        )
    for k in np.flatnonzero(missing)[::-1]:
        excess = _cut(excess, int(k), _CEILING * highest)
    return excess


def _cut(excess: Excess, k: int, highest: float) -> Excess:
    """With the k-th interval filled, no traction above the highest."""
    width = float(excess.opening[k + 1] - excess.opening[k])
    work = float(excess.energy[k + 1] - excess.energy[k])
    ends = excess.traction[k : k + 2]
    ramp = _RAMP * width
    level = float((work - 0.5 * ends.sum() * ramp) / (width - ramp))
    if level > highest:  # the work takes longer
        level = highest
        width = float((work - 0.5 * (ends.sum() - 2.0 * level) * ramp) / level)
    inside, traction = _profile(width, ramp, level, ends)
    energy = excess.energy[k] + _smooth_work(inside, ramp, width, level, ends)
    moved = excess.opening[k] + width - excess.opening[k + 1]
    first, last = slice(None, k + 1), slice(k + 1, None)

    def joined(before: FloatArray, middle: FloatArray, after: FloatArray) -> FloatArray:
        return np.concatenate([before[first], middle, after[last]])

    def spread(std: FloatArray | None) -> FloatArray | None:
        return None if std is None else joined(std, np.full(len(inside), max(std[k : k + 2])), std)

    return replace(
        excess,
        opening=joined(excess.opening, excess.opening[k] + inside, excess.opening + moved),
        energy=joined(excess.energy, energy, excess.energy),
        traction=joined(excess.traction, traction, excess.traction),
        energy_std=spread(excess.energy_std),
        traction_std=spread(excess.traction_std),
    )


def _profile(width: float, ramp: float, level: float, ends: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Openings from the interval's begin and tractions of cosine ramps from its ends to a plateau."""
    share = np.linspace(0.0, 1.0, _RAMP_POINTS + 1)
    plateau = np.linspace(ramp, width - ramp, _PLATEAU_POINTS)
    inside = np.concatenate([ramp * share[1:-1], plateau, width - ramp * share[-2:0:-1]])
    rise, fall = (np.clip(x / ramp, 0.0, 1.0) for x in (inside, width - inside))
    first, last = (0.5 * (1.0 - np.cos(np.pi * x)) for x in (rise, fall))
    return inside, level + (ends[0] - level) * (1.0 - first) + (ends[1] - level) * (1.0 - last)


def _smooth_work(inside: FloatArray, ramp: float, width: float, level: float, ends: FloatArray) -> FloatArray:
    """∫T dδ of the profile from the interval's begin, exactly."""

    def missing(x: FloatArray) -> FloatArray:
        """∫ of ½(1 + cos πx/ramp) from 0."""
        x = np.clip(x, 0.0, ramp)
        return 0.5 * (x + ramp / np.pi * np.sin(np.pi * x / ramp))

    after = 0.5 * ramp - missing(width - inside)
    return level * inside + (ends[0] - level) * missing(inside) + (ends[1] - level) * after
