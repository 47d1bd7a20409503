"""Structures as points between which energies are smooth: composition, and who is around whom at which distance."""

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from atomistic.phases.candidates import composition
from atomistic.potentials.neighbours import neighbour_pairs
from coupling.contracts import FloatArray

CENTRES = np.linspace(0.8, 2.0, 7)
"""Distances at which densities are taken, in units of the cube root of the volume of an atom (fcc: neighbours at 1.12)."""
WIDTH = 0.2
REACH = 2.4
"""Where pairs end."""


def pair_densities(structures: Sequence[Atoms], elements: Sequence[str]) -> FloatArray:
    """(n, d) coordinates of structures: on one lattice the pair correlations of the cluster expansion.

    Of each pair of elements the number of pairs per atom at seven distances, smeared; then the composition. They depend
    on neither the volume nor the choice of the cell.

    Args:
        structures: n crystals.
        elements: Of all of them.
    """
    kinds = list(combinations_with_replacement(sorted(atomic_numbers[one] for one in elements), 2))
    rows = [_densities(atoms, kinds) for atoms in structures]
    return np.hstack([np.array(rows), composition(structures, elements)])


def _densities(atoms: Atoms, kinds: Sequence[tuple[int, int]]) -> FloatArray:
    unit = (atoms.get_volume() / len(atoms)) ** (1 / 3)
    i, j, vectors = neighbour_pairs(atoms, REACH * unit)
    r = np.linalg.norm(vectors, axis=1) / unit
    weight = (1 - (r / REACH) ** 2) ** 2 / r**2
    near = weight[:, None] * np.exp(-0.5 * ((r[:, None] - CENTRES) / WIDTH) ** 2)
    first, second = np.sort([atoms.numbers[i], atoms.numbers[j]], axis=0)
    parts = [near[(first == a) & (second == b)].sum(axis=0) / len(atoms) for a, b in kinds]
    return np.concatenate(parts)
