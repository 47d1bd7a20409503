"""What a plane's own symmetry does to its slips: the energies know it, and a grid that has lost it gets it back."""

import numpy as np
import pytest
from ase import build

from atomistic import load_potential
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.decohesion.slip_symmetry import copies, lowest, mean, slip_symmetries
from atomistic.properties.bulk import equilibrium


@pytest.fixture(scope="module")
def emt():
    return load_potential("emt")


@pytest.fixture(scope="module")
def crystal(emt):
    return equilibrium(emt, "Cu", "fcc")


@pytest.mark.parametrize(
    ("miller", "x", "order"),
    [
        ((1, 1, 1), None, 6),
        ((1, 1, 1), (1, 1, -2), 6),
        ((1, 0, 0), None, 8),
        ((1, 1, 0), None, 4),
        ((3, 1, 1), None, 2),
    ],
)
def test_a_plane_has_the_operations_of_its_crystal_and_equal_slips_their_energy(miller, x, order, emt, crystal):
    """3m, 4mm, 2mm and m of fcc planes; the half turn, which (111) has not, gives another energy."""
    conventional = conventional_cell(crystal)
    slab = cleavage_slab(
        crystal, miller, 4, conventional=conventional, x=None if x is None else np.array(x) @ conventional
    )
    period, slip = slab.atoms.cell.array[:2, :2], np.array([0.31, 0.17])
    found = slip_symmetries(slab.atoms, period)
    assert len(found) == order
    np.testing.assert_array_equal(found[0].slips, np.eye(2))
    for slips, turn in found:
        np.testing.assert_allclose(slip @ slips @ period, turn @ (slip @ period), atol=1e-9)
    energies = emt.evaluate([slab.opened(0.2, tuple(one.turn @ slip)) for one in found]).energies
    np.testing.assert_allclose(energies, energies[0], atol=1e-9)
    if order == 6:
        assert abs(emt.evaluate([slab.opened(0.2, tuple(-slip))]).energies[0] - energies[0]) > 1e-5


def test_a_screw_axis_does_not_keep_the_cut():
    """hcp (0001): its sixfold axis is a screw, which moves the planes; threefold axis and mirrors are left."""
    crystal = build.bulk("Mg", "hcp", a=3.2, c=5.2)
    slab = cleavage_slab(crystal, (0, 0, 1), 4, conventional=crystal.cell.array)
    assert len(slip_symmetries(slab.atoms, slab.atoms.cell.array[:2, :2])) == 6


def test_a_grid_gets_back_the_symmetry_and_the_equilibria_that_some_of_its_equal_jumps_lack(crystal):
    """Samples of a symmetric potential come back as they are; a hole, or a higher branch, is replaced by its copies."""
    slab = cleavage_slab(crystal, (1, 1, 1), 4, conventional=conventional_cell(crystal))
    symmetries = slip_symmetries(slab.atoms, slab.atoms.cell.array[:2, :2])
    whole = mean(np.random.default_rng(2).standard_normal((3, 6, 6, 4)), symmetries)
    np.testing.assert_allclose(copies(whole, symmetries), np.broadcast_to(whole, (6, *whole.shape)), atol=1e-12)
    np.testing.assert_allclose(lowest(whole, symmetries), whole, atol=1e-12)
    holed = whole.copy()
    holed[1, 2, 3], holed[2, 1, 0] = np.nan, [whole[2, 1, 0, 0] + 0.5, 9.0, 9.0, 9.0]
    np.testing.assert_allclose(lowest(holed, symmetries), whole, atol=1e-12)
    holed[0, 0, 0] = np.nan  # alone: it has no copies
    assert np.isnan(lowest(holed, symmetries)[0, 0, 0]).all()
