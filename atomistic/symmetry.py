"""Which rotations leave a crystal as it is."""

import numpy as np
import spglib
from ase import Atoms

from coupling.contracts import FloatArray

_POSITION = 1e-3
"""Å: by how much equivalent atoms may be apart."""


def proper_rotations(crystal: Atoms) -> FloatArray:
    """(k, 3, 3) rotations of a crystal's point group, without mirrors and inversion, in its Cartesian axes."""
    cell = (crystal.cell.array, crystal.get_scaled_positions(), crystal.numbers)
    vectors = crystal.cell.array.T
    turned = vectors @ spglib.get_symmetry(cell, symprec=_POSITION)["rotations"] @ np.linalg.inv(vectors)
    return np.asarray(turned[np.linalg.det(turned) > 0])
