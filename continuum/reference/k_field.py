"""The K field of a crack in an isotropic body in plane strain, and what it is to small-scale yielding."""

from collections.abc import Callable

import numpy as np

from continuum.model import Prescribed
from coupling.contracts import FloatArray


def mode_one(points: FloatArray, young: float, poisson: float) -> FloatArray:
    """(n, 2) displacement per K_I, m/(Pa √m), at points (n, 2) in m from the tip of a crack along −x; plane strain.

    u = K/(2G) √(r/2π) (κ − cos θ) (cos θ/2, sin θ/2), κ = 3 − 4ν (Williams, J. Appl. Mech. 24 (1957) 109).
    """
    x, y = np.asarray(points, dtype=float)[:, :2].T
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    shear, kappa = young / (2 * (1 + poisson)), 3 - 4 * poisson
    size = np.sqrt(radius / (2 * np.pi)) * (kappa - np.cos(angle)) / (2 * shear)
    return size[:, None] * np.column_stack([np.cos(angle / 2), np.sin(angle / 2)])


def k_field(group: str, side: float, young: float, poisson: float, radius: float) -> list[Prescribed]:
    """The mode I field on a part of the rim, by the opening of the crack's faces there.

    Args:
        group: Facets of the rim, around a tip at the origin.
        side: 1 above the crack, -1 below: of which face points on it are.
        young: Pa.
        poisson: Poisson's ratio.
        radius: At which the faces are as far apart as the load parameter says, m.
    """
    per_opening = float(intensity(1.0, young, poisson, radius))

    def along(axis: int) -> Callable[[FloatArray], FloatArray]:
        sign = side if axis else 1.0

        def factor(points: FloatArray) -> FloatArray:
            above = np.column_stack([points[:, 0], np.abs(points[:, 1])])
            return sign * per_opening * mode_one(above, young, poisson)[:, axis]

        return factor

    return [Prescribed(group, component, along(axis)) for axis, component in enumerate("xy")]


def intensity(opening: FloatArray | float, young: float, poisson: float, radius: float) -> FloatArray:
    """K_I, Pa √m, at which the faces of the crack are so far apart (m) at a radius (m)."""
    return np.asarray(opening) / (2 * mode_one(np.array([[-radius, 0.0]]), young, poisson)[0, 1])


def release_rate(intensity: FloatArray | float, young: float, poisson: float) -> FloatArray:
    """G = K² (1 − ν²)/E, J/m²; plane strain."""
    return np.asarray(intensity) ** 2 * (1 - poisson**2) / young
