"""Neighbour pairs of one structure, on the host, in double precision."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from coupling.contracts import FloatArray

IntArray = NDArray[np.int64]


def effective_cell(cell: FloatArray, pbc: NDArray[np.bool_]) -> FloatArray:
    """The (3, 3) cell, its zero rows along directions without periodicity filled up.

    The volume of the result tells whether the periodic directions are independent.
    """
    cell = np.array(cell, dtype=float)
    if pbc.all() or np.linalg.matrix_rank(cell) == 3:
        return cell
    periodic = cell[pbc]
    complement = np.linalg.svd(np.vstack([periodic, np.zeros((3, 3))]))[2][len(periodic) :]
    cell[~pbc] = complement
    return cell


def boxed_cell(atoms: Atoms, vacuum: float) -> FloatArray:
    """(3, 3) The cell with so much vacuum between images along directions without periodicity, Å."""
    cell, pbc = atoms.cell.array.copy(), atoms.pbc
    if pbc.all():
        return cell
    cell[~pbc] = 0.0
    cell = effective_cell(cell, pbc)
    extent = np.ptp(atoms.positions @ cell[~pbc].T, axis=0)
    cell[~pbc] *= (extent + vacuum)[:, None]
    return cell


def neighbour_pairs(atoms: Atoms, cutoff: float) -> tuple[IntArray, IntArray, FloatArray]:
    """All ordered pairs within the cutoff, periodic images included.

    Args:
        atoms: A structure whose periodic directions are independent.
        cutoff: Å.

    Returns:
        Indices i (P,) and j (P,), and the vectors (P, 3) from i to j, Å.
    """
    i, j, vectors = _search("ijD", atoms, cutoff)
    return i.astype(np.int64), j.astype(np.int64), vectors


def _search(quantities: str, atoms: Atoms, cutoff: float) -> tuple[np.ndarray, ...]:
    from matscipy.neighbours import neighbour_list

    cell = boxed_cell(
        atoms, cutoff
    )  # matscipy sorts atoms into boxes within the cell: one that holds all keeps it linear
    lowest = (atoms.positions @ np.linalg.inv(cell)).min(axis=0)
    origin = np.where(atoms.pbc, 0.0, lowest) @ cell
    found = neighbour_list(quantities, pbc=atoms.pbc, cell=cell, positions=atoms.positions - origin, cutoff=cutoff)
    return tuple(found)


def estimated_pairs(atoms: Atoms, cutoff: float) -> float:
    """How many ordered pairs to expect, from the density of the part of the cell that has atoms.

    Cheap, and meant for the sizes of batches: a slab's vacuum is left out.
    """
    margin = 2.5  # Å: what a layer of atoms occupies beyond its nuclei
    cell = effective_cell(atoms.cell.array, atoms.pbc)
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    fractional = np.linalg.solve(cell.T, atoms.positions.T)
    occupied = 1.0
    for x, height, periodic in zip(fractional, heights, atoms.pbc, strict=True):
        x = np.sort(x % 1.0 if periodic else x)
        empty = np.max(np.diff(x, append=x[0] + 1.0)) if periodic else 1.0 - (x[-1] - x[0])
        occupied *= 1.0 - empty + (min(empty, margin / height) if periodic else margin / height)
    volume = abs(np.linalg.det(cell)) * occupied
    in_sphere = len(atoms) / volume * 4 / 3 * np.pi * cutoff**3
    return len(atoms) * (in_sphere if atoms.pbc.any() else min(in_sphere, len(atoms) - 1))
