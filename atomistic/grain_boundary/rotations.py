"""Rotations that bring a lattice into coincidence with itself, by exact integers.

A rotation about a lattice direction by θ = 2 arctan(√N n/m), m and n coprime, leaves one in Σ of the lattice's points in
common, with Σ the part of m² + N n² that is left when the factors of the lattice's own symmetry are taken out (Ranganathan,
Acta Cryst. 21 (1966) 197). In cubic lattices, whether primitive, face- or body-centred, N = u² + v² + w² and the factor is 2;
about the axis of a hexagonal lattice, whatever its c/a, N = 3 and the factors are 2 and 3.
"""

from dataclasses import dataclass
from math import atan2, degrees, gcd, isqrt, sqrt

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError

_SAME = 1e-6  # relative: lengths and angles of a cell that are equal
_LISTED = 60  # largest Σ that an error names
_ANGLE = 0.5  # degrees: how near a wanted angle must be


@dataclass(frozen=True)
class CoincidenceRotation:
    """A rotation with a coincidence-site lattice.

    Attributes:
        sigma: Σ, volume of the coincidence cell over that of the lattice's.
        axis: [uvw] in the conventional cell, coprime.
        angle: Degrees, from −180 to 180, counter-clockwise about the axis.
        matrix: (3, 3) what turns Cartesian vectors of the crystal by it.
        denominator: Times which the matrix, in the basis of the lattice, is whole.
    """

    sigma: int
    axis: tuple[int, int, int]
    angle: float
    matrix: FloatArray
    denominator: int


def coincidence_rotations(
    conventional: FloatArray, axis: tuple[int, int, int], sigma: int, angle: float | None = None
) -> list[CoincidenceRotation]:
    """All rotations about an axis with a Σ, by rising size of their angle, in either sense.

    Args:
        conventional: (3, 3) cell of the crystal, Å: a cube, or a hexagonal cell.
        axis: [uvw] in it.
        sigma: Σ; odd in cubic lattices.
        angle: Degrees; only the rotation by about as much, where several have this Σ.

    Raises:
        InputError: there is no such rotation; the message says which Σ there are.
    """
    shortest = _coprime(axis)
    norm, factors = _form(conventional, shortest)
    found = [
        pair for factor in factors for pair in _pairs(factor * sigma, norm) if _index(*pair, norm, factors) == sigma
    ]
    if sigma < 1 or not found:
        known = sorted({_index(m, n, norm, factors) for m in range(1, 16) for n in range(16) if gcd(m, n) == 1})
        raise InputError(
            f"There is no Σ{sigma} about the axis {list(axis)}; Σ there are "
            f"{', '.join(str(value) for value in known if value <= _LISTED)} and larger ones."
        )
    turns = {(m, s * n) for m, n in found for s in (1, -1) if s > 0 or (n and m)}
    made = [_rotation(conventional, shortest, sigma, m, n, norm) for m, n in turns]
    made.sort(key=lambda one: (round(abs(one.angle), 6), -one.angle))
    near = [one for one in made if angle is None or abs(one.angle - angle) < _ANGLE]
    if not near:
        angles = ", ".join(f"{one.angle:.2f}" for one in made)
        raise InputError(f"Σ{sigma} about {list(axis)} has no rotation by {angle:g} degrees; it has {angles}.")
    return near


def _form(conventional: FloatArray, axis: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """N, and the numbers by which m² + N n² may exceed Σ."""
    lengths, metric = np.linalg.norm(conventional, axis=1), conventional @ conventional.T
    cosines = metric / np.outer(lengths, lengths)
    if np.allclose(lengths, lengths[0], rtol=_SAME) and np.allclose(cosines, np.eye(3), atol=_SAME):
        return sum(index * index for index in axis), (1, 2, 4)
    upright = np.allclose([lengths[0], cosines[0, 2], cosines[1, 2]], [lengths[1], 0.0, 0.0], atol=_SAME * lengths[0])
    if upright and abs(abs(cosines[0, 1]) - 0.5) < _SAME and axis[:2] == (0, 0):
        return 3, (1, 2, 3, 4, 6, 12)
    raise InputError(
        f"Coincidence by Σ is for cubic crystals, and for hexagonal ones about [0, 0, 1], not about {list(axis)} of this cell, "
        "where it depends on the ratios of its edges; give the boundary by its two planes."
    )


def _pairs(value: int, norm: int) -> list[tuple[int, int]]:
    """Coprime m, n ≥ 0 with m² + N n² = value."""
    found = []
    for n in range(isqrt(max(value, 0) // norm) + 1):
        m = isqrt(value - norm * n * n)
        if m * m + norm * n * n == value and gcd(m, n) == 1:
            found.append((m, n))
    return found


def _index(m: int, n: int, norm: int, factors: tuple[int, ...]) -> int:
    """Σ: m² + N n² without the factors of 2 and, where they belong to the lattice's symmetry, of 3."""
    value = m * m + norm * n * n
    for prime in (2, 3) if 3 in factors else (2,):
        while value % prime == 0:
            value //= prime
    return value


def _rotation(
    conventional: FloatArray, axis: tuple[int, int, int], sigma: int, m: int, n: int, norm: int
) -> CoincidenceRotation:
    half = atan2(n * sqrt(norm), m)
    return CoincidenceRotation(
        sigma, axis, degrees(2 * half), turn(np.array(axis) @ conventional, 2 * half), m * m + norm * n * n
    )


def turn(axis: FloatArray, angle: float) -> FloatArray:
    """(3, 3) rotation of column vectors about a Cartesian axis (3,) by an angle in rad (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=float) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross)


def _coprime(axis: tuple[int, int, int]) -> tuple[int, int, int]:
    divisor = gcd(*axis)
    if not divisor:
        raise InputError("The axis [0, 0, 0] is no direction; give for example [0, 0, 1].")
    u, v, w = (index // divisor for index in axis)
    return u, v, w
