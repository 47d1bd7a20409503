"""The neighbour pairs against brute force, for every mixture of periodicities."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111

from atomistic.potentials.neighbours import effective_cell, estimated_pairs, neighbour_pairs

CELL = np.array([[3.1, 0.2, 0.0], [0.4, 3.6, 0.3], [-0.3, 0.1, 4.2]])


def brute_force(atoms: Atoms, cutoff: float) -> list[tuple[float, ...]]:
    reach = [range(-6, 7) if periodic else range(1) for periodic in atoms.pbc]
    found = []
    for i, j in itertools.product(range(len(atoms)), repeat=2):
        for shift in itertools.product(*reach):
            vector = atoms.positions[j] + shift @ atoms.cell.array - atoms.positions[i]
            if 0 < np.linalg.norm(vector) < cutoff:
                found.append((i, j, *np.round(vector, 8)))
    return sorted(found)


@pytest.mark.parametrize("pbc", list(itertools.product([True, False], repeat=3)))
@pytest.mark.parametrize("zero_rows", [True, False])
def test_against_brute_force(pbc: tuple[bool, ...], zero_rows: bool) -> None:
    cell = CELL.copy()
    if zero_rows:
        cell[~np.array(pbc)] = 0
    positions = np.random.default_rng(5).uniform(-7, 9, size=(6, 3))
    atoms = Atoms("Cu6", positions, cell=cell, pbc=pbc)
    i, j, vectors = neighbour_pairs(atoms, 5.0)
    ours = sorted((int(a), int(b), *np.round(v, 8)) for a, b, v in zip(i, j, vectors, strict=True))
    np.testing.assert_allclose(ours, brute_force(atoms, 5.0), atol=1e-7)


def test_effective_cell_keeps_what_is_periodic() -> None:
    cell = np.array([[3.0, 1.0, 0.0], [0, 0, 0], [0.0, 0.5, 4.0]])
    full = effective_cell(cell, np.array([True, False, True]))
    np.testing.assert_array_equal(full[[0, 2]], cell[[0, 2]])
    np.testing.assert_allclose(full @ full[1], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("atoms", [bulk("Ni"), bulk("Si") * 2, fcc111("Ni", (2, 2, 12), vacuum=20)])
def test_estimate_is_near_the_count(atoms: Atoms) -> None:
    assert estimated_pairs(atoms, 5.0) == pytest.approx(len(neighbour_pairs(atoms, 5.0)[0]), rel=0.25)
