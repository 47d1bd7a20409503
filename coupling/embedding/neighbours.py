"""Pairs of atoms in any cell, with the lattice translations between them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coupling.contracts import FloatArray, Structure
from coupling.errors import InputError

IntArray = NDArray[np.int64]


class Pairs(NamedTuple):
    """Ordered pairs of atoms.

    Attributes:
        i: (P,) first atoms.
        j: (P,) second atoms.
        shift: (P, 3) whole numbers: the image of j is at r_j + shift @ cell.
        vectors: (P, 3) from i to the image of j, Å.
    """

    i: IntArray
    j: IntArray
    shift: IntArray
    vectors: FloatArray

    def take(self, chosen: NDArray[np.bool_]) -> "Pairs":
        """The pairs that are marked."""
        return Pairs(self.i[chosen], self.j[chosen], self.shift[chosen], self.vectors[chosen])


def full_cell(structure: Structure) -> FloatArray:
    """The (3, 3) cell, Å, with unit vectors for the missing directions without periodicity.

    Raises:
        InputError: the periodic directions are not independent.
    """
    cell = np.array(structure.cell, dtype=float)
    pbc = np.array(structure.pbc, dtype=bool)
    periodic = cell[pbc]
    if len(periodic) and np.linalg.matrix_rank(periodic) < len(periodic):
        raise InputError("The periodic cell vectors are not independent; correct the cell or the periodicity.")
    complement = np.linalg.svd(np.vstack([periodic, np.zeros((3, 3))]))[2][len(periodic) :]
    cell[~pbc] = complement
    return cell


def neighbours(structure: Structure, cutoff: float, of: IntArray | None = None) -> Pairs:
    """All ordered pairs within a distance, periodic images included.

    Args:
        structure: Atoms; positions need not be wrapped.
        cutoff: Å.
        of: First atoms; by default all.
    """
    positions = np.array(structure.positions, dtype=float)
    pbc = np.array(structure.pbc, dtype=bool)
    cell = full_cell(structure)
    of = np.arange(len(positions)) if of is None else np.asarray(of, dtype=np.int64)
    if len(of) == 0:
        return Pairs(of, of, np.zeros((0, 3), dtype=np.int64), np.zeros((0, 3)))
    home = np.where(pbc, np.floor(positions @ np.linalg.inv(cell)), 0.0)
    wrapped = positions - home @ cell
    images, origin, shifts = _images(wrapped, wrapped[of], cell, pbc, cutoff)
    found = cKDTree(wrapped[of]).query_ball_tree(cKDTree(images), cutoff)
    first = np.repeat(np.arange(len(of)), [len(row) for row in found])
    second = np.array([k for row in found for k in row], dtype=np.int64)
    i, j = of[first], origin[second]
    shift = shifts[second] + (home[i] - home[j]).astype(np.int64)
    vectors = images[second] - wrapped[i]
    pairs = Pairs(i, j, shift, vectors)
    return pairs.take((i != j) | shift.any(axis=1))


def _images(
    wrapped: FloatArray, targets: FloatArray, cell: FloatArray, pbc: NDArray[np.bool_], cutoff: float
) -> tuple[FloatArray, IntArray, IntArray]:
    """The periodic images that can be within the cutoff of the targets: where, of whom, how far shifted."""
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    ranges = [np.arange(-n, n + 1) for n in np.where(pbc, np.ceil(cutoff / heights), 0).astype(int)]
    grid = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    low, high = targets.min(axis=0) - cutoff, targets.max(axis=0) + cutoff
    images, origin, shifts = [], [], []
    for shift in grid:
        moved = wrapped + shift @ cell
        near = np.flatnonzero(((moved >= low) & (moved <= high)).all(axis=1))
        images.append(moved[near])
        origin.append(near)
        shifts.append(np.tile(shift, (len(near), 1)))
    return np.concatenate(images), np.concatenate(origin), np.concatenate(shifts)


def distances_to(structure: Structure, atoms: IntArray, cutoff: float) -> FloatArray:
    """(N,) distance of every atom to the nearest of some atoms, Å; infinite beyond the cutoff."""
    distance = np.full(len(structure.positions), np.inf)
    pairs = neighbours(structure, cutoff, np.asarray(atoms, dtype=np.int64))
    np.minimum.at(distance, pairs.j, np.linalg.norm(pairs.vectors, axis=1))
    distance[np.asarray(atoms, dtype=np.int64)] = 0.0
    return distance


def bonds(structure: Structure, radii: FloatArray, tolerance: float, of: IntArray | None = None) -> Pairs:
    """Ordered pairs nearer than `tolerance` times the sum of their radii.

    Args:
        structure: Atoms.
        radii: (N,) covalent radii, Å.
        tolerance: Factor above one.
        of: First atoms; by default all.
    """
    pairs = neighbours(structure, 2 * tolerance * float(radii.max()), of)
    reach = tolerance * (radii[pairs.i] + radii[pairs.j])
    return pairs.take(np.linalg.norm(pairs.vectors, axis=1) < reach)
