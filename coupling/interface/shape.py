"""What the shape of a sampled traction says of a law: several maxima, and oscillations that the samples do not resolve."""

from itertools import pairwise

import numpy as np
from scipy.signal import find_peaks

from coupling.contracts import FloatArray
from coupling.findings import Finding
from coupling.interface.rigid_path import PathSamples
from coupling.units import EV_A3, GPA

PROMINENCE = 0.02
"""Over the peak: what rises by less above its surroundings is no maximum."""
RESOLVED = 3
"""Intervals from a maximum to the next minimum below which nobody knows what lies between the samples."""


def maxima(traction: FloatArray) -> FloatArray:
    """Indices of the maxima of samples (n,) that rise by 2 % of the largest above zero and above what is around them."""
    ends = np.full(1, traction.min())
    least = PROMINENCE * traction.max()
    found, _ = find_peaks(np.concatenate([ends, traction, ends]), height=least, prominence=least)
    return found - 1


def shape_findings(samples: PathSamples, where: str = "") -> list[Finding]:
    """A finding where the traction has more than one maximum in tension.

    Args:
        samples: A path without slip.
        where: The interface.
    """
    tension = samples.opening >= 0
    opening, traction = samples.opening[tension], samples.traction[tension]
    found = maxima(traction)
    if len(found) < 2:
        return []
    listed = ", ".join(f"{traction[k] * EV_A3 / GPA:.3g} GPa at {opening[k]:.2f} Å" for k in found)
    said = f"the traction has {len(found)} maxima ({listed})"
    change = "compare with another potential or with DFT"
    if _narrowest(traction, found) < RESOLVED:
        said, change = (
            f"{said}, nearer to each other than the samples resolve",
            "take more openings, then check the potential there",
        )
    return [Finding(said, where, float(len(found)), change, False)]


def _narrowest(traction: FloatArray, found: FloatArray) -> int:
    """Fewest intervals between a maximum and the minimum next to it."""
    steps = []
    for left, right in pairwise(found):
        low = left + int(np.argmin(traction[left:right]))
        steps += [low - left, right - low]
    return min(steps)
