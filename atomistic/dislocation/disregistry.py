"""Where a core is and how far it has split: the slip across its glide plane, fitted."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.optimize import least_squares

from atomistic.dislocation.cylinder import Cylinder
from coupling.contracts import FloatArray
from coupling.errors import InputError

_ROW = 0.25
"""Å: atoms of the perfect crystal within this of a plane's height belong to it."""


@dataclass(frozen=True)
class Disregistry:
    """Slip of the upper plane over the lower one.

    Attributes:
        x: (n,) along the direction of glide, ascending, Å.
        slip: (n, 2) along x (edge) and along the line z (screw), Å: the Burgers vector far to the
            left, nothing far to the right, wherever the elastic strain of the far field is small.
    """

    x: FloatArray
    slip: FloatArray


@dataclass(frozen=True)
class FittedCore:
    """Arctangent partials fitted to a disregistry.

    Attributes:
        positions: (n,) of the partials along x, ascending where they have not crossed, Å.
        widths: (n,) half-widths, Å.
        residual: Root-mean-square of what is left, over the Burgers vector's length.
    """

    positions: FloatArray
    widths: FloatArray
    residual: float

    @property
    def position(self) -> float:
        """Middle of the partials, Å."""
        return float(self.positions.mean())

    @property
    def separation(self) -> float:
        """Of the outermost partials, Å."""
        return float(self.positions[-1] - self.positions[0])


def disregistry(cylinder: Cylinder, atoms: Atoms, within: float | None = None) -> Disregistry:
    """Slip across the glide plane of a relaxed or strained cylinder.

    Args:
        cylinder: The dislocation's cylinder.
        atoms: Its atoms, in the same order.
        within: Largest |x| taken, Å; the radius of the free atoms when missing.
    """
    reach = cylinder.radius if within is None else within
    height = cylinder.points[:, 1] - cylinder.crystal.plane_height
    above, below = height[height > 1e-3].min(), height[height < -1e-3].max()
    rows = []
    for level in (above, below):
        chosen = np.abs(height - level) < _ROW
        x = cylinder.points[chosen, 0]
        order = np.argsort(x)
        rows.append((x[order], (atoms.positions - cylinder.perfect.positions)[chosen][order]))
    (x, upper), (x_below, lower) = rows
    inside = (np.abs(x) < reach) & (x > x_below[0]) & (x < x_below[-1])
    slip = [upper[inside, k] - np.interp(x[inside], x_below, lower[:, k]) for k in (0, 2)]
    return Disregistry(x[inside], np.stack(slip, axis=1))


def core(cylinder: Cylinder, atoms: Atoms, within: float | None = None) -> FittedCore:
    """Fit u(x) = Σ bₖ [1/2 - arctan((x - xₖ)/wₖ)/π] to the slip, both components at once.

    A uniform slip is fitted along, which takes up a homogeneous shear strain.

    Raises:
        InputError: no more than a few atoms lie along the plane.
    """
    found = disregistry(cylinder, atoms, within)
    partials = cylinder.crystal.partials[:, [0, 2]]
    length = float(np.linalg.norm(cylinder.crystal.burgers))
    if len(found.x) < 3 * len(partials) + 2:
        raise InputError(f"{len(found.x)} atoms along the slip plane do not show a core; use a larger radius.")
    n = len(partials)

    def residual(p: FloatArray) -> FloatArray:
        share = 0.5 - np.arctan((found.x[:, None] - p[:n]) / np.exp(p[n : 2 * n])) / np.pi
        return ((share @ partials + p[2 * n :] - found.slip) / length).ravel()

    starts = [_start(found, partials, shift) for shift in (0.0, 2.0)]
    fits = [least_squares(residual, start, x_scale="jac") for start in starts]
    best = min(fits, key=lambda fit: fit.cost)
    return FittedCore(best.x[:n], np.exp(best.x[n : 2 * n]), float(np.sqrt(np.mean(best.fun**2))))


def _start(found: Disregistry, partials: FloatArray, shift: float) -> FloatArray:
    """First guess: partial k where the slip along b passes its share of the total, spread by `shift` Å."""
    total = partials.sum(0)
    along = found.slip @ total / (total @ total)
    shares = np.cumsum((partials @ total)[::-1])[::-1] / (total @ total) - 0.5 * (partials @ total) / (total @ total)
    falling = np.minimum.accumulate(along)
    places = np.interp(-shares, -falling, found.x)
    spread = shift * (np.arange(len(partials)) - (len(partials) - 1) / 2)
    return np.concatenate([places + spread, np.full(len(partials), np.log(1.5)), [0.0, 0.0]])
