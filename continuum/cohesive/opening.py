"""Damage by the normal opening alone, of laws whose slip never fails: a crystal's γ-surface, periodic in slip."""

import numpy as np

from continuum.cohesive.coverage import part_of
from coupling.contracts import CohesiveLaw, FloatArray, LawValue

_DIFFERENCE = 1e-4  # of the opening at the peak, for the one third derivative of the law that a tangent needs


def damaged(law: CohesiveLaw, jump: FloatArray, kappa: FloatArray) -> tuple[LawValue, FloatArray]:
    """Damage by the normal opening n ≤ κ; slip stays elastic.

    T_n falls linearly from the law's T_n(κ, t) at n = κ to a(t) = s T_n(0, t) at n = 0, where s(κ) = 1 − ψ(κ, 0)/W is what is
    whole: slid faces push each other apart, and a line to the origin would lose that as soon as they open at all.
    U = ψ(κ, t) − D(κ) − ∫ₙ^κ T_n is recoverable, and the slip's traction is its gradient; D(κ) = ψ(κ, 0) − ½ κ T_n(κ, 0) is
    lost. At n = κ it is the law.

    Args:
        law: The law.
        jump: (n, 3) m, its openings not negative.
        kappa: (n,) largest opening so far, at least the present one, m.

    Returns:
        U + D, traction and tangent; and D (n,), J/m².
    """
    at = jump.copy()
    at[:, 0] = kappa
    value, pure = law.evaluate(at), law.evaluate(at * [1.0, 0.0, 0.0])
    traction, tangent, energy = value.traction.copy(), value.tangent.copy(), value.energy.copy()
    lost = pure.energy - 0.5 * kappa * pure.traction[:, 0]
    unloading = np.flatnonzero(kappa > jump[:, 0])
    if len(unloading):
        n, k = jump[unloading, 0], kappa[unloading]
        own = part_of(law, unloading)
        ends = _normal(own, np.concatenate([at[unloading], at[unloading] * [0.0, 1.0, 1.0]]))
        (open_normal, closed_normal), (open_cross, closed_cross), (open_shear, closed_shear) = (
            np.split(e, 2) for e in ends
        )
        s = _whole(law, pure.energy[unloading])
        far, near = 0.5 * (k - n**2 / k), s * (0.5 * (k - n) ** 2 / k)  # ∫ₙ^κ of n/κ, and of what is left of 1
        energy[unloading] -= far * open_normal + near * closed_normal
        traction[unloading, 0] = n / k * open_normal + s * (1 - n / k) * closed_normal
        traction[unloading, 1:] -= far[:, None] * open_cross + near[:, None] * closed_cross
        tangent[unloading, 0, 0] = (open_normal - s * closed_normal) / k
        cross = (n / k)[:, None] * open_cross + (s * (1 - n / k))[:, None] * closed_cross
        tangent[unloading, 0, 1:] = tangent[unloading, 1:, 0] = cross
        tangent[unloading, 1:, 1:] -= far[:, None, None] * open_shear + near[:, None, None] * closed_shear
    return LawValue(energy, traction, tangent), lost


def _whole(law: CohesiveLaw, done: FloatArray) -> FloatArray:
    """Part of the interface that damage has left where so much work (n,) was done without slip, J/m²."""
    return np.clip(1.0 - done / law.work_of_separation, 0.0, 1.0)


def _normal(law: CohesiveLaw, jump: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """T_n (n,), and its first (n, 2) and second (n, 2, 2) derivatives with the slip, at jumps (n, 3)."""
    size = _DIFFERENCE * law.opening_at_peak
    steps = size * np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1]], dtype=float)
    value = law.evaluate((steps[:, None] + jump).reshape(-1, 3))
    slopes = value.tangent.reshape(5, -1, 3, 3)[:, :, 0, 1:]
    second = np.moveaxis(slopes[1:3] - slopes[3:], 0, 1) / (2 * size)
    return value.traction[: len(jump), 0], slopes[0], 0.5 * (second + second.transpose(0, 2, 1))


def compressed_and_slid(law: CohesiveLaw, jump: FloatArray, kappa: FloatArray) -> LawValue:
    """What compression and slip have together: s(κ) [ψ(n, t) − ψ(n, 0) − ψ(0, t)], s as in `damaged`.

    Args:
        law: The law.
        jump: (n, 3) m, its openings not positive.
        kappa: (n,) largest opening so far, m.
    """
    opened = kappa[:, None] * np.array([1.0, 0.0, 0.0])
    value = law.evaluate(np.concatenate([opened, jump, jump * [1.0, 0.0, 0.0], jump * [0.0, 1.0, 1.0]]))
    (done, *energy), (_, *traction), (_, *tangent) = (np.split(part, 4) for part in value)
    (both, normal, slip), s = tangent, _whole(law, done)
    across = both - normal
    across[:, 1:, 1:] = (both - slip)[:, 1:, 1:]
    pull = traction[0] - traction[1]
    pull[:, 1:] -= traction[2][:, 1:]
    return LawValue(s * (energy[0] - energy[1] - energy[2]), s[:, None] * pull, s[:, None, None] * across)
