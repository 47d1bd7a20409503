"""Grain boundaries: rotations and shifts against what is known of coincidence lattices, structures against themselves."""

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk

from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.grain_boundary import by_planes, by_sigma, coincidence_rotations, grain_boundary, stacked
from atomistic.grain_boundary.geometry import axes
from atomistic.grain_boundary.parting import _dealt, parted_at_least_work
from atomistic.grain_boundary.search import _middle, candidates, sharpened
from atomistic.grain_boundary.stacking import Coincide, Variant, thickened
from atomistic.potentials import load_potential
from atomistic.properties.bulk import equilibrium
from coupling.errors import InputError

CUBE = 3.6 * np.eye(3)
HEXAGONAL = 3.2 * np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, 1.62]])


@pytest.fixture(scope="module")
def emt():
    return load_potential("emt")


@pytest.fixture(scope="module")
def copper(emt):
    return equilibrium(emt, "Cu", "fcc", tolerance=1e2)


def boundary(crystal, *args, thickness=8.0, **options):
    cube = conventional_cell(crystal)
    return stacked(crystal, cube, by_sigma(crystal, cube, *args, **options), thickness)


@pytest.fixture(scope="module")
def eleven(emt, copper):
    return grain_boundary(emt, boundary(copper, 11, (1, 1, 0), (1, -1, 3)), step=1.2)


@pytest.mark.parametrize(
    ("axis", "sigma"),
    [((0, 0, 1), 5), ((0, 0, 1), 13), ((1, 1, 0), 3), ((1, 1, 0), 9), ((1, 1, 0), 33), ((1, 1, 1), 7)],
)
def test_angles_are_those_of_pymatgen(axis, sigma):
    from pymatgen.core.interface import GrainBoundaryGenerator

    ours = {round(abs(one.angle), 4) for one in coincidence_rotations(CUBE, axis, sigma)}
    theirs = GrainBoundaryGenerator.get_rotation_angle_from_sigma(sigma, list(axis), lat_type="c")
    assert {round(a, 4) for a in theirs if a <= 180} <= ours
    assert min(ours) == pytest.approx(min(theirs), abs=1e-4)


@pytest.mark.parametrize(
    ("cell", "axis", "sigma"), [(CUBE, (0, 0, 1), 5), (CUBE, (1, 1, 1), 7), (HEXAGONAL, (0, 0, 1), 7)]
)
def test_one_lattice_point_in_sigma_is_common(cell, axis, sigma):
    """Of many points of the lattice, those that the rotation takes to points of the lattice are counted."""
    grid = np.mgrid[-14:15, -14:15, -14:15].reshape(3, -1).T
    points = grid @ cell
    inside = points[np.linalg.norm(points, axis=1) < 12 * np.linalg.norm(cell[0])]
    for rotation in coincidence_rotations(cell, axis, sigma):
        turned = inside @ rotation.matrix.T @ np.linalg.inv(cell)
        common = np.all(np.abs(turned - np.round(turned)) < 1e-6, axis=1).mean()
        assert common == pytest.approx(1 / sigma, rel=0.02)


def test_planes_angles_and_kinds_of_known_boundaries(copper):
    cube = conventional_cell(copper)
    for sigma, axis, plane, angle, kind, symmetric in (
        (5, (0, 0, 1), (2, 1, 0), 36.8699, "tilt", True),
        (5, (0, 0, 1), (3, 1, 0), 36.8699, "tilt", True),
        (5, (0, 0, 1), (1, 0, 0), 36.8699, "tilt", False),
        (5, (0, 0, 1), (0, 0, 1), 36.8699, "twist", True),
        (5, (0, 0, 1), (1, 1, 1), 36.8699, "mixed", False),
        (3, (1, 1, 0), (1, -1, 1), 60.0, "tilt", True),
        (3, (1, 1, 1), (1, 1, 1), 60.0, "twist", True),
        (9, (1, 1, 0), (2, -2, 1), 38.9424, "tilt", True),
    ):
        found = by_sigma(copper, cube, sigma, axis, plane)
        assert (found.kind, found.symmetric) == (kind, symmetric)
        assert found.angle == pytest.approx(angle, abs=1e-3)
    assert sorted(map(abs, by_sigma(copper, cube, 5, (0, 0, 1), (1, 0, 0)).upper.plane)) == [0, 3, 4]
    magnesium = bulk("Mg", "hcp", a=3.2, c=5.2)
    assert by_sigma(magnesium, magnesium.cell.array, 7, (0, 0, 1), (0, 0, 1)).angle == pytest.approx(21.7868, abs=1e-3)


def test_sigma_and_the_two_planes_make_the_same_boundary(copper):
    cube = conventional_cell(copper)
    first = by_sigma(copper, cube, 5, (0, 0, 1), (2, 1, 0))
    second = by_planes(copper, cube, *((cut.plane, cut.direction(cube)) for cut in (first.lower, first.upper)))
    assert second.angle == pytest.approx(first.angle) and second.symmetric and second.kind == "tilt"
    np.testing.assert_allclose(axes(second.upper, cube), axes(first.upper, cube), atol=1e-12)
    found = stacked(copper, cube, second, 8.0, Coincide(largest_strain=1e-6))
    assert found.interface.area == pytest.approx(boundary(copper, 5, (0, 0, 1), (2, 1, 0)).interface.area)


def test_shifts_that_change_nothing_have_the_area_of_the_displacement_lattice(copper):
    twist = boundary(copper, 5, (0, 0, 1), (0, 0, 1))
    plane = twist.interface.area / 5
    assert abs(np.linalg.det(twist.displacements)) == pytest.approx(plane / 5)
    tilt = boundary(copper, 5, (0, 0, 1), (1, 0, 0))  # the finer lattice of the two is the displacements'
    assert abs(np.linalg.det(tilt.displacements)) == pytest.approx(tilt.interface.area / 5)


def test_shifts_by_the_displacement_lattice_change_no_energy(emt, copper):
    twist = boundary(copper, 5, (0, 0, 1), (0, 0, 1))
    x, y = twist.displacements[0] + 2 * twist.displacements[1]
    cells = [twist.cell(Variant(shift)).cell.atoms for shift in ((0.3, 0.4), (0.3 + x, 0.4 + y), (0.9, 0.4))]
    same, again, other = emt.evaluate(cells).energies
    assert again == pytest.approx(same, abs=1e-8) and abs(other - same) > 1e-4


def test_no_turn_costs_no_energy_and_no_volume(emt, copper):
    none = boundary(copper, 1, (0, 0, 1), (2, 1, 0), thickness=7.0)
    best = sharpened(emt, none, candidates(emt, none, step=1.5)[:1])[0]
    assert abs(best.energy) < 1e-6 and abs(best.excess_volume) < 1e-4
    thick = sharpened(emt, none, [best], (3, 5))[0]
    assert len(thick.cell.atoms) == len(best.cell.atoms) + 8 * len(none.interface.crystals[0][1].atoms)
    assert abs(thick.energy) < 1e-6


def test_a_boundary_is_free_of_forces_and_of_traction_and_its_two_copies_are_equal(emt, eleven):
    found = emt.evaluate([eleven.cell.atoms])
    assert np.abs(found.forces[0]).max() < 2e-4 and np.abs(found.stresses[0][:, 2]).max() < 2e-5
    assert eleven.energy_error < 2e-3 and eleven.energy > 0.1 and eleven.excess_volume > 0.05
    lower, upper = eleven.cell.opened(9.0), eleven.interface.opened(9.0)  # two opened, and one
    closed = emt.evaluate([eleven.cell.atoms, eleven.interface.atoms]).energies
    works = emt.evaluate([lower, upper]).energies - closed
    assert works[0] == pytest.approx(2 * works[1], rel=1e-5)


def test_the_best_comes_first_and_no_two_are_one(eleven):
    best, *rest = eleven.candidates
    assert [one.energy for one in rest] == sorted(one.energy for one in rest) and len(rest) > 1
    assert best.energy < rest[-1].energy and abs(best.energy - eleven.energy) < 0.01
    for k, one in enumerate(eleven.candidates):
        for other in eleven.candidates[:k]:
            differ = abs(one.energy - other.energy) > 1e-3 or abs(one.excess_volume - other.excess_volume) > 5e-3
            assert differ, "two candidates are one boundary"


def test_more_layers_change_neither_the_energy_nor_the_boundary(emt, eleven):
    thick = thickened(eleven.cell, (4, 2))
    found = emt.evaluate([eleven.cell.atoms, thick.atoms])
    each = emt.evaluate([eleven.stacking.interface.crystals[0][1].atoms]).energies[0]
    added = len(thick.atoms) - len(eleven.cell.atoms)
    assert added == 6 and found.energies[1] - found.energies[0] == pytest.approx(added * each, abs=1e-3)


def test_a_boundary_is_found_again_where_it_parts_at_the_least_work(emt, eleven):
    wrong = _dealt(eleven.stacking, eleven.cell, 2 * len(eleven.cell.bodies[0]) // len(eleven.cell.bodies[0]))
    assert len(wrong.bodies[0]) < len(eleven.cell.bodies[0])
    again = parted_at_least_work(emt, eleven.stacking, wrong)
    opened = [one.opened(12.0) for one in (wrong, again, eleven.cell)]
    first, found, known = emt.evaluate(opened).energies
    assert found == pytest.approx(known, abs=1e-6) and first > found + 0.1


@pytest.mark.parametrize(
    ("crystal", "sigma", "axis", "plane"),
    [
        (bulk("Fe", "bcc", a=2.86), 5, (0, 0, 1), (3, 1, 0)),
        (bulk("Si", "diamond", a=5.43), 3, (1, 1, 0), (1, -1, 1)),
        (bulk("Si", "diamond", a=5.43), 5, (0, 0, 1), (3, 1, 0)),
        (bulk("Mg", "hcp", a=3.2, c=5.2), 7, (0, 0, 1), (0, 0, 1)),
        (bulk("Mg", "hcp", a=3.2, c=5.2), 7, (0, 0, 1), (2, 1, 0)),
    ],
)
def test_inversion_takes_either_grain_onto_itself_in_every_lattice(crystal, sigma, axis, plane):
    stacking = boundary(crystal, sigma, axis, plane, thickness=9.0)
    variant = stacking.variants(1.5, 0.85)[-1]
    cell, inverted = stacking.cell(variant)
    np.testing.assert_array_equal(inverted[inverted], np.arange(len(inverted)))
    sums = (cell.atoms.positions + cell.atoms.positions[inverted]) @ np.linalg.inv(cell.atoms.cell.array)
    offsets = sums - sums[0]
    np.testing.assert_allclose(offsets, np.round(offsets), atol=1e-6)


def test_aligned_lattices_do_not_turn(copper):
    cube = conventional_cell(copper)
    square, triangular = (cleavage_slab(copper, plane, 2, conventional=cube, x=x @ cube) for plane, x in (
        ((0, 0, 1), np.array([1, 1, 0])), ((1, 1, 1), np.array([1, -1, 0]))))  # fmt: skip
    free = match_lattices(triangular, square, largest_strain=0.1)
    held = match_lattices(triangular, square, largest_strain=0.1, aligned=True)
    assert abs(held.turn) <= 0.1 and held.area >= free.area
    turned = replace(triangular, atoms=triangular.atoms.copy())
    turned.atoms.rotate(40.0, "z", rotate_cell=True)
    with pytest.raises(InputError, match="turns up to 1e-06"):
        match_lattices(turned, triangular, largest_strain=1e-6, largest_area=30.0, aligned=True)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((7, (0, 0, 1), (2, 1, 0)), {}, "no Σ7 about the axis.*1, 5, 13, 17, 25"),
        ((5, (0, 0, 1), (1, 1, 1)), {"kind": "tilt"}, "makes a mixed boundary.*h u"),
        ((5, (0, 0, 1), (2, 1, 0)), {"kind": "twist"}, "makes a tilt boundary.*normal to the axis"),
        ((5, (0, 0, 1), (2, 1, 0)), {"kind": "tilted"}, "Unknown kind of boundary 'tilted'"),
        ((5, (0, 0, 0), (2, 1, 0)), {}, "axis .0, 0, 0. is no direction"),
        ((5, (0, 0, 1), (0, 0, 0)), {}, "boundary plane .0, 0, 0. is none"),
        ((33, (1, 1, 0), (1, -1, 4)), {"angle": 40.0}, "no rotation by 40 degrees; it has 20.05"),
    ],
)
def test_what_is_no_boundary_is_one_sentence(arguments, options, words, copper):
    with pytest.raises(InputError, match=words):
        boundary(copper, *arguments, **options)


def test_sigma_of_a_crystal_whose_edges_decide_is_refused():
    magnesium = bulk("Mg", "hcp", a=3.2, c=5.2)
    with pytest.raises(InputError, match="ratios of its edges.*two planes"):
        by_sigma(magnesium, magnesium.cell.array, 7, (1, 0, 0), (0, 0, 1))


def test_a_strain_beyond_the_limit_is_refused(copper):
    cube = conventional_cell(copper)
    planes = by_planes(copper, cube, ((1, 1, 1), (1, -1, 0)), ((1, 0, 0), (0, 1, 1)))
    with pytest.raises(InputError, match="no common cell up to 60 Å² with strains and turns up to 0.001"):
        stacked(copper, cube, planes, 6.0, Coincide(largest_strain=0.001, largest_area=60.0))
    with pytest.raises(InputError, match="does not lie in the plane"):
        by_planes(copper, cube, ((1, 1, 1), (1, 1, 0)), ((1, 0, 0), (0, 1, 1)))


@pytest.mark.parametrize("rounding", [-1e-12, 0.0, 1e-12])
def test_the_middle_of_a_grain_does_not_hang_on_rounding(rounding):
    heights = np.array([3.0, 0.0, 2.0 + rounding, 1.0])
    assert _middle(heights, 1).tolist() == [2] and sorted(_middle(heights, 2)) == [2, 3]
