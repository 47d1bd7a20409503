"""Second derivatives of an embedded-atom energy by the positions."""

import numpy as np
from ase import Atoms

from atomistic.potentials.embedded_atom import EmbeddedAtom, IntArray
from atomistic.potentials.neighbours import neighbour_pairs
from coupling.contracts import FloatArray


def embedded_hessian(functions: EmbeddedAtom, atoms: Atoms) -> FloatArray:
    """∂²E/∂x_a ∂x_b = Σ_pairs of F' ρ + φ/2 as if F' were constant, + Σ_i F''_i ∂n_i/∂x_a ∂n_i/∂x_b.

    Args:
        functions: F, ρ and φ.
        atoms: N atoms in a cell.

    Returns:
        (3N, 3N) eV/Å².
    """
    kinds, count = functions.kinds(atoms.numbers), len(atoms)
    i, j, vectors = neighbour_pairs(atoms, functions.cutoff)
    r = np.linalg.norm(vectors, axis=1)
    along = vectors / r[:, None]
    density, slope = functions.density(kinds[i], kinds[j], r)
    pair_slope = functions.repulsion(kinds[i], kinds[j], r)[1]
    bend, pair_bend = functions.bends(kinds[i], kinds[j], r)
    total = np.bincount(i, weights=density, minlength=count)
    answer = functions.embedding(kinds, total)[1][i]
    second, first = answer * bend + pair_bend / 2, answer * slope + pair_slope / 2
    blocks = (second - first / r)[:, None, None] * along[:, :, None] * along[:, None, :]
    blocks += (first / r)[:, None, None] * np.eye(3)
    rises = np.zeros((count, count, 3))
    np.add.at(rises, (i, j), slope[:, None] * along)
    np.add.at(rises, (i, i), -slope[:, None] * along)
    flat = rises.reshape(count, -1)
    stiffening = np.empty(count)
    for kind in np.unique(kinds):
        stiffening[kinds == kind] = functions.stiffening(kind, total[kinds == kind])
    return _assembled(i, j, blocks, count) + flat.T @ (stiffening[:, None] * flat)


def _assembled(i: IntArray, j: IntArray, blocks: FloatArray, count: int) -> FloatArray:
    """(3N, 3N) of springs K (p, 3, 3) between atoms: K on both diagonals, −K beside them."""
    found = np.zeros((count, count, 3, 3))
    for rows, columns, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
        np.add.at(found, (rows, columns), sign * blocks)
    return found.transpose(0, 2, 1, 3).reshape(3 * count, 3 * count)
