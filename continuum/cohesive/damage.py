"""The response of an interface that damage has left with a largest separation, unloading to the origin."""

from dataclasses import dataclass

import numpy as np

from continuum.cohesive.opening import damaged
from continuum.cohesive.separation import separation, separation_gradient, shear_weight
from coupling.contracts import CohesiveLaw, FloatArray


@dataclass(frozen=True)
class Response:
    """An interface at n quadrature points.

    Attributes:
        traction: (n, 3) Pa, local frame.
        tangent: (n, 3, 3) Pa/m.
        stored: (n,) recoverable energy, J/m².
        dissipated: (n,) energy lost to damage, J/m².
    """

    traction: FloatArray
    tangent: FloatArray
    stored: FloatArray
    dissipated: FloatArray


def damaged_to(law: CohesiveLaw, jump: FloatArray, kappa: FloatArray, lost: FloatArray) -> Response:
    """The response where the largest separation is κ (n,)."""
    if shear_weight(law):
        return _by_separation(law, jump, kappa, lost)
    value, own = damaged(law, jump, kappa)
    return Response(value.traction, value.tangent, value.energy - own, own)


def _by_separation(law: CohesiveLaw, jump: FloatArray, kappa: FloatArray, lost: FloatArray) -> Response:
    """Damage by the whole separation m ≤ κ; unloading along the ray to the origin.

    T = T(s·jump)/s with s = κ/m; ½ T·jump is recoverable. While the damage grows (s = 1)
    ψ − ½ T·jump is lost; it then stays as it was. A turn of the jump below κ has no potential.
    """
    m = separation(law, jump)
    still = m <= 1e-12 * kappa  # no direction: unload along the normal
    safe = np.where(still, np.maximum(kappa, np.finfo(float).tiny), m)
    scale = np.where(still, 1.0, np.maximum(kappa, m) / safe)
    at = np.where((still & (kappa > 0))[:, None], kappa[:, None] * [1.0, 0.0, 0.0], scale[:, None] * jump)
    value = law.evaluate(at)
    traction = np.where(still[:, None], 0.0, value.traction / scale[:, None])
    tangent = value.tangent.copy()
    unloading = (scale > 1.0) & ~still
    radial = np.einsum("nij,nj->ni", value.tangent, jump) - traction
    turn = np.einsum("ni,nj->nij", radial, separation_gradient(law, jump)) / safe[:, None, None]
    tangent[unloading] -= turn[unloading]
    resting = still & (kappa > 0)
    if resting.any():
        secant = value.traction[resting, 0] / kappa[resting]
        tangent[resting] = secant[:, None, None] * np.diag([1.0, shear_weight(law) ** 2, shear_weight(law) ** 2])
    stored = 0.5 * np.sum(traction * jump, axis=1)
    grows = (m >= kappa) & ~still
    return Response(traction, tangent, stored, np.where(grows, value.energy - stored, lost))
