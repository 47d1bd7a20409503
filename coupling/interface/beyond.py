"""A law beyond the last equilibrium: what stands where a crystal parts before its interface opens.

At the traction that the interface would need there the crystal itself parts, so that no slab is in equilibrium. The energies on
either side are known, and so is the work between. What an interpolation makes of it is a peak that nothing can bear.
"""

from typing import Literal

import numpy as np

from coupling.errors import InputError
from coupling.interface.excess import Excess
from coupling.interface.steps import plateau
from coupling.units import EV_A3

Beyond = Literal["cut", "bridge", "refuse"]
"""The traction held at the highest in equilibrium until the work is done; interpolated; or no law."""
_RAMP = 0.1  # of the interval: over which the traction rises to the plateau, and falls from it
_CEILING = 0.998  # of the highest traction: the plateau, so that interpolation beside it does not exceed that


def beyond_equilibrium(
    excess: Excess, missing: np.ndarray, choice: Beyond, switched: np.ndarray | None = None
) -> Excess:
    """The excess with what stands across intervals without equilibrium, and between branches of equilibria.

    "cut" goes to the highest traction in equilibrium and stays there until the known work is done. Where the interval is too
    short for that, all that follows is moved to larger openings: the crystal that parts has them. The work of separation
    is kept exactly, and no traction is higher than one in equilibrium. "bridge" leaves the samples as they are, to be
    interpolated: the work is exact, the peak is not.

    Args:
        excess: Of an opening (n,); its states alone.
        missing: (n - 1,) whether an interval has no equilibrium inside.
        choice: See `Beyond`.
        switched: (n - 1,) whether the law goes over to another branch in an interval, which is then a step; by default in none.

    Raises:
        InputError: "refuse", and an interval has none.
    """
    highest = float(excess.traction.max())
    if missing.any() and choice == "refuse":
        first = float(excess.opening[int(np.argmax(missing))])
        raise InputError(
            f"Beyond an opening of {first:.4g} Å there is no equilibrium: a crystal bears no more than {highest * EV_A3 / 1e9:.4g} GPa "
            "as strained here and parts first. Take beyond: cut, or beyond: bridge."
        )
    for k in range(len(missing) - 1, -1, -1):
        if missing[k] and choice == "cut":
            excess = _cut(excess, k, _CEILING * highest)
        elif switched is not None and switched[k] and not missing[k]:
            excess = excess.joined(k)
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
    return excess.filled(k, plateau(width, ramp, level, ends), width)
