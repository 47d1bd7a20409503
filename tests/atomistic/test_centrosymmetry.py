"""Centrosymmetry: zero in the crystal, closed forms at an atom that moved and at a stacking fault."""

import numpy as np
import pytest
from ase.build import bulk, fcc111

from atomistic.dislocation.centrosymmetry import NEIGHBOURS, centrosymmetry


@pytest.mark.parametrize(("structure", "a"), [("fcc", 3.6), ("bcc", 2.9)])
def test_an_atom_that_moved_has_four_squares_for_each_pair(structure: str, a: float) -> None:
    atoms = bulk("Cu", structure, a=a, cubic=True) * (4, 4, 4)
    spacing = a * {"fcc": 0.5**0.5, "bcc": 0.75**0.5}[structure]
    neighbours = NEIGHBOURS[structure]
    strained = atoms.copy()
    strained.set_cell(atoms.cell.array @ (np.eye(3) + 0.01 * np.ones((3, 3))), scale_atoms=True)
    np.testing.assert_allclose(centrosymmetry(strained, neighbours, spacing), 0, atol=1e-20)
    atoms.positions[17] += (0.02, -0.03, 0.05)
    found = centrosymmetry(atoms, neighbours, spacing)
    assert found[17] == pytest.approx(neighbours / 2 * 4 * 0.0038, rel=1e-9)
    assert np.sum(found > 1e-12) == neighbours + 1
    assert np.sort(found)[-2] == pytest.approx(0.0038, rel=1e-9)  # a neighbour: one pair, one of which moved


def test_a_stacking_fault_is_seen_on_its_two_planes_and_a_surface_is_not() -> None:
    a = 3.6
    slab = fcc111("Cu", (2, 2, 9), a=a, vacuum=8.0, periodic=True)
    height = slab.positions[:, 2]
    slab.positions[height > height.mean(), :2] += slab.cell.array[0, :2] / 6 + slab.cell.array[1, :2] / 6
    found = centrosymmetry(slab, 12, a * 0.5**0.5)
    levels = found.reshape(9, 4)
    assert np.all(levels[[0, 8]] == 0)
    np.testing.assert_allclose(levels[[1, 2, 3, 6, 7]], 0, atol=1e-9)
    np.testing.assert_allclose(levels[[4, 5]], levels[4, 0], rtol=1e-9)
    assert levels[4, 0] == pytest.approx(a**2 / 2, rel=1e-9)  # three pairs, each a²/6 from its opposite
