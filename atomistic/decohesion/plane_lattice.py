"""The lattice of a crystal seen from one of its planes, by exact integers."""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError

SAME_PLANE = 1e-2
"""Å: atoms closer in height than this lie in one plane."""
_SIMPLE = 12  # largest denominator of a cell's vectors in units of its conventional cell
_ROUNDED = 1e-4  # their error
_GAIN = 1e-9  # of a reduction's square length


def plane_basis(lattice: FloatArray, conventional: FloatArray, miller: Sequence[int]) -> FloatArray:
    """Lattice vectors a, b in the plane (reduced) and c one lattice plane above it, right-handed.

    Args:
        lattice: (3, 3) rows are lattice vectors, Å.
        conventional: (3, 3) the cell that the indices refer to, Å.
        miller: Indices of the plane.

    Raises:
        InputError: the planes are too near to each other to be told apart.
    """
    indices = _primitive_indices(lattice @ np.linalg.inv(conventional), miller)
    distance = 1 / np.linalg.norm(np.linalg.inv(lattice) @ np.array(indices, dtype=float))
    if distance < SAME_PLANE:
        raise InputError(
            f"The planes {tuple(miller)} are {distance:.2g} Å apart, less than by which planes are told apart "
            f"({SAME_PLANE} Å); give smaller indices."
        )
    basis = np.eye(3, dtype=int)
    values = list(indices)
    for i in (0, 1):  # Euclid: unimodular steps until only the last vector leaves the plane
        while values[i]:
            q = values[2] // values[i]
            basis[2] -= q * basis[i]
            values[2] -= q * values[i]
            basis[[i, 2]], values[i], values[2] = basis[[2, i]], values[2], values[i]
    if values[2] < 0:
        basis[2] *= -1
    a, b, c = basis @ lattice
    while True:  # Lagrange-Gauss reduction
        if a @ a > b @ b:
            a, b = b, -a
        shorter = b - np.round((a @ b) / (a @ a)) * a
        if shorter @ shorter > (1 - _GAIN) * (b @ b):  # by rounding alone it would go on for ever
            break
        b = shorter
    if np.cross(a, b) @ c < 0:
        b = -b
    return np.array([a, b, c])


def _primitive_indices(vectors: FloatArray, miller: Sequence[int]) -> list[int]:
    """Coprime indices of a plane in another cell, exactly.

    Args:
        vectors: (3, 3) that cell in units of the one that the indices refer to: simple fractions.
        miller: The indices.
    """
    parts = [[Fraction(float(v)).limit_denominator(_SIMPLE) for v in row] for row in vectors]
    if not np.allclose(vectors, [[float(v) for v in row] for row in parts], atol=_ROUNDED):
        raise InputError("The crystal's cell does not fit the cell that the Miller indices refer to.")
    found = [sum(part * int(index) for part, index in zip(row, miller, strict=True)) for row in parts]
    scale = lcm(*(value.denominator for value in found))
    integers = [int(value * scale) for value in found]
    return [value // gcd(*integers) for value in integers]
