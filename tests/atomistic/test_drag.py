"""Edge dislocations in a periodic row: the cell, its glide under a stress, and the attempt frequency of a line."""

import numpy as np
import pytest

from atomistic.dislocation import oriented, slip_system
from atomistic.dislocation.drag import GlideRun, drag
from atomistic.dislocation.periodic_array import periodic_array
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from coupling.errors import InputError
from coupling.units import EV_A3


@pytest.fixture(scope="module")
def crystals(eam):
    bulk = equilibrium(eam, "Cu", "fcc")
    stiffness = elastic_constants(eam, bulk).stiffness_voigt / EV_A3
    return {name: oriented(bulk, stiffness, slip_system("fcc", name)) for name in ("edge", "screw")}


def test_the_cell_has_a_burgers_vector_more_of_crystal_above_the_glide_plane(eam, crystals):
    crystal, plate = crystals["edge"], eam.cutoff
    array = periodic_array(crystal, 10, 34.0, plate=plate, lines=2)
    atoms, height = array.atoms, array.atoms.positions[:, 2]
    above = height > 0.5 * (height.min() + height.max())
    planes = len(np.unique(np.round(height[above], 2)))
    per_plane = 2 * 2  # atoms of a plane in b × one period of line, times two periods
    assert above.sum() == 11 * per_plane * planes and (~above).sum() % (10 * per_plane) == 0
    assert array.length == pytest.approx(10.5 * crystal.burgers[0])
    assert atoms.cell[1, 1] == pytest.approx(2 * crystal.length) and list(atoms.pbc) == [True, True, False]
    assert height[array.upper].min() > height.max() - plate and height[array.lower].max() < plate
    distances = atoms.get_all_distances(mic=True) + 9 * np.eye(len(atoms))
    assert distances.min() > 0.85 * crystal.nearest
    volume = array.length * atoms.cell[1, 1] * np.ptp(height) * (planes * 2) / (planes * 2 - 1)
    assert volume / len(atoms) == pytest.approx(abs(np.linalg.det(crystal.lattice)), rel=0.02)


def test_a_row_of_screws_and_a_cell_without_room_are_refused(eam, crystals):
    with pytest.raises(InputError, match="is no edge"):
        periodic_array(crystals["screw"], 10, 40.0, plate=eam.cutoff)
    with pytest.raises(InputError, match="no room for a core"):
        periodic_array(crystals["edge"], 10, 2 * eam.cutoff + 1.0, plate=eam.cutoff)
    array = periodic_array(crystals["edge"], 10, 34.0, plate=eam.cutoff)
    for stresses in ([], [1e7, -1e7]):
        with pytest.raises(InputError, match="do not drive a line"):
            drag(eam, array, stresses, 300.0)


def test_a_line_glides_the_way_it_is_pushed_and_the_drag_is_the_slope(eam, crystals):
    array = periodic_array(crystals["edge"], 10, 34.0, plate=eam.cutoff)
    run = GlideRun(replicas=2, heating=100, settling=60, steps=240)
    found = drag(eam, array, [3e8], 300.0, run, force=0.05)
    (glide,) = found.glides
    assert 100 < glide.velocity.value < 4000 and glide.velocity.error < 0.5 * glide.velocity.value
    assert found.coefficient.value == pytest.approx(3e8 * array.burgers * 1e-10 / glide.velocity.value, rel=1e-12)
    assert found.coefficient.error / found.coefficient.value == pytest.approx(
        glide.velocity.error / glide.velocity.value, rel=1e-12
    )
    assert found.deviation == 0.0 and 200 < glide.temperature < 450
