"""How far the surroundings of each atom are from a centre of symmetry: what tells cores and faults from the crystal."""

import numpy as np
from ase import Atoms

from atomistic.potentials.neighbours import neighbour_pairs
from coupling.contracts import FloatArray

NEIGHBOURS = {"fcc": 12, "bcc": 8}
"""Nearest neighbours in crystals in which each atom is a centre of symmetry."""
_BATCH = 2048  # atoms at once, for the memory's sake


def centrosymmetry(atoms: Atoms, neighbours: int, spacing: float) -> FloatArray:
    """(N,) Å²: Σ |r_i + r_j|² over the pairs of neighbours that are most nearly opposite.

    Kelchner, Plimpton, Hamilton, Phys. Rev. B 58 (1998) 11085. An atom with too few neighbours, as at a surface, has 0.

    Args:
        atoms: A structure.
        neighbours: How many are looked at, the nearest; even.
        spacing: Distance of nearest neighbours in the crystal, Å; none is looked for beyond 1.3 of it.
    """
    first, _, vectors = neighbour_pairs(atoms, 1.3 * spacing)
    order = np.lexsort((np.linalg.norm(vectors, axis=1), first))
    counts = np.bincount(first, minlength=len(atoms))
    whole = np.flatnonzero(counts >= neighbours)
    begins = np.cumsum(counts) - counts
    found = np.zeros(len(atoms))
    upper = np.triu_indices(neighbours, 1)
    for some in np.split(whole, range(_BATCH, len(whole), _BATCH)):
        around = vectors[order[begins[some][:, None] + np.arange(neighbours)]]
        sums = np.sum((around[:, upper[0]] + around[:, upper[1]]) ** 2, axis=2)
        found[some] = np.sort(sums, axis=1)[:, : neighbours // 2].sum(axis=1)
    return found
