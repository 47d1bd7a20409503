"""Laws of every kind, and the checks that all of them must pass."""

import numpy as np

from coupling.laws.bilinear import Bilinear
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman

WORK, LENGTH = 3.87, 0.48e-10
PEAK = WORK / (np.e * LENGTH)

ANALYTIC = {
    "uber": Uber(WORK, LENGTH, 0.3 * WORK / LENGTH**2),
    "xu-needleman": XuNeedleman(WORK, LENGTH, 1.7 * LENGTH, q=0.6, r=0.3),
    "ppr equal": ParkPaulinoRoesler(WORK, PEAK, WORK, 0.7 * PEAK, 3.2, 2.6, 0.12, 0.2),
    "ppr normal": ParkPaulinoRoesler(WORK, PEAK, 0.6 * WORK, 0.7 * PEAK, 3.2, 2.6, 0.12, 0.2),
    "ppr shear": ParkPaulinoRoesler(WORK, PEAK, 1.8 * WORK, 0.7 * PEAK, 5.0, 1.4, 0.05, 0.3),
    "bilinear": Bilinear(WORK, PEAK, 3 * PEAK / LENGTH, 1.8 * WORK, 1.4 * PEAK, 1.6),
}


def taylor_slopes(law, jump, direction, energy=True):
    """Slopes of the Taylor remainders of ψ and T; 2 where T and the tangent are the derivatives."""
    value = law.evaluate(np.asarray(jump)[None])
    steps = 2.0 ** -np.arange(5, 11)
    remainders = []
    for step in steps:
        moved = law.evaluate((jump + step * direction)[None])
        first = moved.energy[0] - value.energy[0] - step * value.traction[0] @ direction
        second = moved.traction[0] - value.traction[0] - step * value.tangent[0] @ direction
        remainders.append([abs(first), np.linalg.norm(second)] if energy else [np.linalg.norm(second)] * 2)
    return np.diff(np.log(remainders), axis=0) / np.diff(np.log(steps))[:, None]
