"""Orientations of crystals and what lies between two of them: misorientation, and coincidence by Brandon's criterion.

An orientation is the (3, 3) rotation g whose rows are the axes of the mesh in the crystal's, as of
`coupling.elasticity.grain_rotation`: v_mesh = g v_crystal. The misorientation of two grains is taken between all of their
equivalents under the crystal's own rotations, and the least angle among them is meant.
"""

from functools import cache
from itertools import permutations, product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.elasticity import rotate_stiffness
from coupling.errors import InputError

BRANDON = 15.0
"""Degrees over √Σ by which a misorientation may differ from a coincidence (Brandon, Acta Metall. 14 (1966) 1479)."""
LARGEST_SIGMA = 49
"""Σ beyond which coincidences say nothing: their rotations lie within Brandon's angle of each other."""
_ROTATION = 1e-6  # of the entries: how far a rotation may be from being one
_SAME = 1e-3  # of the stiffness: how much a symmetry may change it, which is computed
_CHUNK = 512


def checked_rotation(matrix: FloatArray, what: str = "The orientation") -> FloatArray:
    """A (3, 3) rotation.

    Raises:
        InputError: it is none: not (3, 3), not orthogonal, or a reflection.
    """
    found = np.asarray(matrix, dtype=float)
    if found.shape != (3, 3) or not np.isfinite(found).all():
        raise InputError(f"{what} must be a 3×3 matrix of finite numbers, not {np.asarray(matrix).tolist()}.")
    if np.abs(found @ found.T - np.eye(3)).max() > _ROTATION or np.linalg.det(found) < 0:
        raise InputError(
            f"{what} {found.tolist()} is no rotation: its rows must be unit vectors, perpendicular and right-handed."
        )
    return found


def random_orientations(count: int, seed: int) -> FloatArray:
    """(count, 3, 3) uniform over all rotations: of unit quaternions, normal deviates brought to length 1."""
    return of_quaternions(np.random.default_rng(seed).standard_normal((count, 4)))


def fibre_orientations(count: int, seed: int, axis: FloatArray) -> FloatArray:
    """(count, 3, 3) with one crystal direction along the mesh's z in all grains, turned about it uniformly at random.

    Args:
        count: Of grains.
        seed: Of the random numbers.
        axis: (3,) the crystal's direction, Cartesian.

    Raises:
        InputError: the axis has no length.
    """
    axis = np.asarray(axis, dtype=float)
    if not np.linalg.norm(axis) > 0:
        raise InputError(f"The axis {axis.tolist()} of a fibre texture is no direction; give for example [0, 0, 1].")
    z = axis / np.linalg.norm(axis)
    x = np.cross(np.eye(3)[np.argmin(np.abs(z))], z)
    x /= np.linalg.norm(x)
    angle = 2 * np.pi * np.random.default_rng(seed).random(count)[:, None]
    first = np.cos(angle) * x + np.sin(angle) * np.cross(z, x)
    return np.stack([first, np.cross(z, first), np.broadcast_to(z, first.shape)], axis=1)


def of_quaternions(quaternions: FloatArray) -> FloatArray:
    """(n, 3, 3) rotations of column vectors by quaternions (n, 4), scalar first, of any length."""
    q = np.asarray(quaternions, dtype=float)
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


@cache
def cubic_rotations() -> FloatArray:
    """(24, 3, 3) the rotations of a cube."""
    found = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(matrix) > 0:
                found.append(matrix)
    return np.array(found)


@cache
def hexagonal_rotations() -> FloatArray:
    """(12, 3, 3) the rotations of a hexagonal prism about z."""
    half = np.pi * np.arange(6) / 6
    about = [[np.cos(a), 0.0, 0.0, np.sin(a)] for a in half]
    across = [[0.0, np.cos(a), np.sin(a), 0.0] for a in half]
    return of_quaternions(np.array(about + across))


def symmetry_rotations(stiffness_voigt: FloatArray) -> FloatArray:
    """(k, 3, 3) those of a cube, or of a hexagonal prism, that leave a stiffness as it is: all a misorientation can know of.

    An isotropic stiffness has more; it is taken for a cube's.
    """
    largest = np.abs(stiffness_voigt).max()

    def kept(rotations: FloatArray) -> FloatArray:
        changes = [np.abs(rotate_stiffness(stiffness_voigt, one) - stiffness_voigt).max() for one in rotations]
        return rotations[np.array(changes) < _SAME * largest]

    cubic, hexagonal = kept(cubic_rotations()), kept(hexagonal_rotations())
    return hexagonal if len(hexagonal) > len(cubic) else cubic


def misorientations(first: FloatArray, second: FloatArray, symmetry: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least rotation between grains, and its axis.

    Args:
        first: (n, 3, 3) orientations.
        second: (n, 3, 3) likewise.
        symmetry: (k, 3, 3) the crystal's own rotations.

    Returns:
        (n,) angles, rad, and (n, 3) unit axes in the crystal, components without sign and falling.
    """
    angles, axes = np.zeros(len(first)), np.zeros((len(first), 3))
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        between = np.einsum("nji,njk->nik", first[part], second[part])
        turned = np.einsum("nij,sjk->nsik", between, symmetry)
        best = np.argmax(np.trace(turned, axis1=2, axis2=3), axis=1)
        least = turned[np.arange(len(best)), best]
        angles[part] = _angle(least)
        axes[part] = _axis(least)
    return angles, -np.sort(-np.abs(axes), axis=1)


def _angle(rotations: FloatArray) -> FloatArray:
    """Angles (…), rad, of rotations (…, 3, 3), to rounding also where they are small or near π."""
    skew = rotations - np.swapaxes(rotations, -1, -2)
    sine = np.linalg.norm(skew[..., [2, 0, 1], [1, 2, 0]], axis=-1)
    return np.arctan2(sine, np.trace(rotations, axis1=-2, axis2=-1) - 1.0)


def _axis(rotations: FloatArray) -> FloatArray:
    """(n, 3) unit axes of rotations: the eigenvector of 1, which the skew part hides near π."""
    symmetric = rotations + np.swapaxes(rotations, -1, -2)
    return np.linalg.eigh(symmetric)[1][..., -1]


@cache
def coincidences(sigma: int) -> FloatArray:
    """(n, 3, 3) the distinct rotations of a cube that have this Σ, up to its symmetry: Σ13 has two, 13a and 13b.

    Unit quaternions (m, U, V, W) of coprime integers have m² + U² + V² + W² = Σ, 2Σ or 4Σ (Grimmer, Acta Cryst. A 30 (1974)
    685).

    Raises:
        InputError: Σ is even, or not between 1 and `LARGEST_SIGMA`.
    """
    if not (1 <= sigma <= LARGEST_SIGMA and sigma % 2):
        raise InputError(
            f"Σ{sigma} is no coincidence of a cubic crystal that is told apart; Σ is odd, from 1 to {LARGEST_SIGMA}."
        )
    found: list[FloatArray] = []
    most = int(np.sqrt(4 * sigma))
    for m, u, v, w in product(range(1, most + 1), *[range(most + 1)] * 3):
        if not u >= v >= w or gcd(m, u, v, w) != 1 or _sigma(m, u, v, w) != sigma:
            continue
        rotation = of_quaternions(np.array([[m, u, v, w]]))[0]
        if not any(_deviations(rotation[None], other)[0] < _ROTATION for other in found):
            found.append(rotation)
    return np.array(found)


def _sigma(*quaternion: int) -> int:
    value = sum(part * part for part in quaternion)
    while value % 2 == 0:
        value //= 2
    return value


def deviations(first: FloatArray, second: FloatArray, sigma: int) -> FloatArray:
    """(n,) rad: by how much the misorientations of cubic grains differ from the nearest coincidence of a Σ.

    Args:
        first: (n, 3, 3) orientations.
        second: (n, 3, 3) likewise.
        sigma: Σ.

    Raises:
        InputError: as in `coincidences`.
    """
    between = np.einsum("nji,njk->nik", first, second)
    return np.array([_deviations(between, one) for one in coincidences(sigma)]).min(axis=0)


def _deviations(between: FloatArray, coincidence: FloatArray) -> FloatArray:
    """(n,) rad: the least angle of S M S' C⁻¹ over the cube's own S and S', and over C and its inverse."""
    cube = cubic_rotations()
    found = []
    for one in (coincidence, coincidence.T):
        equivalents = np.einsum("sij,jk,tkl->stil", cube, one, cube).reshape(-1, 3, 3)
        traces = np.einsum("nij,eij->ne", between, np.unique(np.round(equivalents, 12), axis=0))
        best = traces.max(axis=1)
        found.append(np.arccos(np.clip((best - 1.0) / 2.0, -1.0, 1.0)))
    return np.min(found, axis=0)


def within_brandon(first: FloatArray, second: FloatArray, sigma: int) -> NDArray[np.bool_]:
    """(n,) whether the boundaries between cubic grains are of a Σ by Brandon's criterion: they deviate by at most 15°/√Σ."""
    return np.asarray(deviations(first, second, sigma) <= np.radians(BRANDON) / np.sqrt(sigma))
