"""Where a law has its peak, found on its own normal response."""

from typing import NamedTuple

import numpy as np
import scipy

from coupling.contracts import FloatArray
from coupling.laws.law import Law

_SCAN = 801


class Landmarks(NamedTuple):
    """The largest normal traction without slip, Pa, and where it is, m."""

    peak_traction: float
    opening_at_peak: float


def landmarks(law: Law, final: float, near: FloatArray) -> Landmarks:
    """The peak of a law.

    Args:
        law: Its `normal` is asked.
        final: The opening beyond which there is no traction, m.
        near: Openings at which the peak may be a kink, m.
    """
    opening = np.unique(np.concatenate([np.linspace(0.0, final, _SCAN), near]))
    traction = law.normal(opening)[1]
    best = int(np.argmax(traction))
    low, high = opening[max(best - 1, 0)], opening[min(best + 1, len(opening) - 1)]
    refined = scipy.optimize.minimize_scalar(
        lambda x: -float(law.normal(np.array(x))[1]),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-9 * final},
    )
    if -refined.fun > traction[best]:
        return Landmarks(float(-refined.fun), float(refined.x))
    return Landmarks(float(traction[best]), float(opening[best]))
