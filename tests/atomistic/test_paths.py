"""Opening paths with a cheap potential: work, strength, and what the bulk's subtraction buys."""

import numpy as np
import pytest
from ase.build import bulk
from ase.neighborlist import neighbor_list
from scipy.optimize import brentq

from atomistic.decohesion.bulk_path import bulk_branch
from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.hetero import close, hetero_interface
from atomistic.decohesion.plane_lattice import plane_basis
from atomistic.decohesion.relaxed_path import relaxed_path
from atomistic.decohesion.rigid_path import default_openings, rigid_path
from atomistic.decohesion.slab import boundary_tractions, cleavage_slab
from atomistic.decohesion.slip import slip_grid, slip_path
from atomistic.potentials import load_potential
from coupling.errors import InputError
from coupling.interface.excess import excess, slab_totals
from coupling.interface.rigid_path import consistency, rigid_law
from coupling.laws.mixed import MixedModeLaw
from coupling.units import ANGSTROM, EV_A2, EV_A3

GAPS = np.concatenate([[-0.1], np.linspace(0, 1, 16) ** 1.5 * 4.2])


@pytest.fixture(scope="module")
def potential():
    return load_potential("emt")


@pytest.fixture(scope="module")
def lattice(potential):
    return brentq(lambda a: np.trace(potential.evaluate([bulk("Cu", "fcc", a=a)]).stresses[0]), 3.4, 3.8, xtol=1e-12)


def slab(lattice, planes, miller=(1, 1, 1), x=None, symbol="Cu", structure="fcc"):
    return cleavage_slab(bulk(symbol, structure, a=lattice), miller, planes, conventional=lattice * np.eye(3), x=x)


@pytest.mark.parametrize(
    ("symbol", "structure", "miller", "area", "spacing"),
    [
        ("Cu", "fcc", (1, 1, 1), np.sqrt(3) / 4, 1 / np.sqrt(3)),
        ("Cu", "fcc", (1, 0, 0), 1 / 2, 1 / 2),
        ("Cu", "fcc", (1, 1, 0), 1 / np.sqrt(2), 1 / np.sqrt(8)),
        ("W", "bcc", (1, 1, 0), 1 / np.sqrt(2), 1 / np.sqrt(2)),
        ("W", "bcc", (1, 0, 0), 1, 1 / 2),
        ("W", "bcc", (1, 1, 2), np.sqrt(6) / 2, 1 / np.sqrt(6)),
        ("Si", "diamond", (1, 1, 1), np.sqrt(3) / 4, np.sqrt(3) / 4),
    ],
)
def test_slabs_have_the_crystal_s_area_and_spacing_and_stay_the_crystal(symbol, structure, miller, area, spacing):
    a = 4.0
    made = slab(a, 6, miller, symbol=symbol, structure=structure)
    assert made.area == pytest.approx(area * a**2, rel=1e-12)
    assert made.spacing == pytest.approx(spacing * a, abs=2e-3)
    primitive = bulk(symbol, structure, a=a)
    assert made.atoms.get_volume() / len(made.atoms) == pytest.approx(
        primitive.get_volume() / len(primitive), rel=1e-12
    )
    assert made.planes >= 6
    shells = [np.sort(neighbor_list("d", atoms, 1.1 * a))[:: len(atoms)] for atoms in (made.atoms, primitive)]
    np.testing.assert_allclose(*shells, rtol=1e-9)
    assert made.axes[2] @ np.array(miller) == pytest.approx(np.linalg.norm(miller), rel=1e-12)
    np.testing.assert_allclose(made.axes @ made.axes.T, np.eye(3), atol=1e-12)


def test_energy_per_atom_of_a_closed_slab_is_the_bulk_s(potential, lattice):
    made = slab(lattice, 7, (2, 1, 0))
    energies = potential.evaluate([made.atoms, bulk("Cu", "fcc", a=lattice), made.repeat_unit().atoms]).energies
    np.testing.assert_allclose(energies / [len(made.atoms), 1, len(made.repeat_unit().atoms)], energies[1], atol=1e-10)


def test_boundary_traction_is_the_derivative_of_the_energy(potential, lattice):
    """Central differences against virial and forces, normal and tangential, on a rattled slab."""
    made = slab(lattice, 6, (1, 1, 0))
    made.atoms.rattle(0.05, seed=3)
    for direction in np.eye(3):
        steps, errors = np.array([0.04, 0.02, 0.01]), []
        traction = boundary_tractions(*(lambda s: (s, potential.evaluate(s)))([made.opened(0.3)]), made.area)[0]
        for h in steps:
            moved = [made.opened(0.3 + s * h * direction[2], tuple(s * h * direction[:2])) for s in (1, -1)]
            energy = potential.evaluate(moved).energies
            errors.append(abs((energy[0] - energy[1]) / (2 * h * made.area) - traction @ direction))
        slopes = np.diff(np.log(errors)) / np.diff(np.log(steps))
        assert slopes.min() > 1.8 or max(errors) < 1e-9, (direction, errors, slopes)


def test_rigid_work_is_that_of_two_surfaces_and_consistent(potential, lattice):
    made = slab(lattice, 9, x=np.array([1, 1, -2]))
    samples = rigid_path(potential, made, default_openings(6.0, 40))
    law = rigid_law(samples)
    free = made.opened(12.0)
    surfaces = np.diff(potential.evaluate([made.atoms, free]).energies)[0] / made.area * EV_A2
    assert law.work_of_separation == pytest.approx(surfaces, rel=1e-9)
    assert consistency(samples) < 4e-3
    # threefold symmetry: the shear stiffness of (111) is isotropic
    np.testing.assert_allclose(
        law.tangential_stiffness[:, 0],
        law.tangential_stiffness[:, 1],
        rtol=1e-3,
        atol=1e-4 * law.tangential_stiffness.max(),
    )


@pytest.fixture(scope="module")
def branches(potential, lattice):
    found = {}
    for planes in (6, 9):
        made = slab(lattice, planes)
        branch = relaxed_path(potential, made, GAPS, tolerance=1e-4)
        found[planes] = (branch, bulk_branch(potential, made, branch.traction))
    return found


def test_relaxed_excess_does_not_depend_on_the_slab_but_the_naive_law_does(branches):
    (slab_6, bulk_6), (slab_9, bulk_9) = branches[6], branches[9]
    six, nine = excess(slab_6, bulk_6), excess(slab_9, bulk_9)
    peak = nine.traction.max()
    np.testing.assert_allclose(six.traction, nine.traction, atol=1e-3 * peak)
    np.testing.assert_allclose(six.opening, nine.opening, atol=0.01)
    naive = slab_totals(slab_9)[0] - slab_totals(slab_6)[0]
    assert np.abs(naive).max() > 0.5  # Å: what the subtraction takes away
    law = nine.law()
    assert law.work_of_separation == pytest.approx(slab_totals(slab_9)[1][-1] * EV_A2, rel=1e-6)
    assert law.peak_traction >= peak * EV_A3


def test_traction_is_the_derivative_of_the_excess_energy(branches):
    for planes in (6, 9):
        made = excess(*branches[planes])
        opening, energy, traction = made.opening[1:], made.energy[1:], made.traction[1:]
        from scipy.interpolate import CubicSpline

        work = CubicSpline(opening, traction).antiderivative()
        np.testing.assert_allclose(energy - energy[0], work(opening) - work(opening[0]), atol=0.01 * energy[-1])


def test_forgetting_one_bulk_repeat_or_a_wrong_strain_breaks_the_agreement(branches, potential, lattice):
    from dataclasses import replace

    slab_9, bulk_9 = branches[9]
    right = excess(slab_9, bulk_9)
    wrong = excess(replace(slab_9, repeats=(8,)), bulk_9)
    assert np.abs(wrong.opening - right.opening).max() > 0.05
    squeezed = slab(lattice, 9)
    cell = squeezed.atoms.cell.array.copy()
    cell[:2] *= 0.99
    squeezed.atoms.set_cell(cell, scale_atoms=True)
    other = excess(slab_9, bulk_branch(potential, squeezed, slab_9.traction, tolerance=5e-5))
    assert np.abs(other.opening - right.opening).max() > 0.01


def test_three_tractions_agree(branches):
    for slab_branch, _ in branches.values():
        np.testing.assert_allclose(
            slab_branch.traction, slab_branch.traction_by_forces, atol=1e-3 * slab_branch.traction.max()
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: cleavage_slab(b, (0, 0, 0), 6), "name no plane"),
        (lambda b: cleavage_slab(b, (1, 1, 1), 1), "no two halves"),
        (lambda b: cleavage_slab(b, (1, 1, 1), 6, conventional=4 * np.eye(3), x=np.array([1, 1, 1])), "does not lie"),
        (lambda b: default_openings(6.0, 5), "12 or more"),
        (lambda b: default_openings(0.5, 40), "before the faces have parted"),
    ],
)
def test_bad_slabs_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call(bulk("Cu", "fcc", a=4.0))


def test_slip_has_the_crystal_s_period_and_a_relaxed_gap_costs_less(potential, lattice):
    made = slab(lattice, 6)
    period = made.atoms.cell.array[:2, :2]
    slips = np.array([[0.0, 0.0], [0.3, 0.2], [0.5, 0.5], [1.0, 0.0]]) @ period
    fixed, relaxed = (slip_path(potential, made, slips, gap=g) for g in ("fixed", "relaxed"))
    np.testing.assert_allclose(fixed.energy[[0, 3]], 0, atol=1e-9)
    assert np.all(relaxed.energy[1:3] < fixed.energy[1:3]) and np.all(relaxed.opening[1:3] > 0)
    np.testing.assert_allclose(relaxed.traction[:, 2], 0, atol=1e-5)
    again = slip_path(potential, made, slips + period[1])
    np.testing.assert_allclose(again.energy, relaxed.energy, atol=1e-8)
    with pytest.raises(InputError, match="'loose'; valid: fixed, relaxed"):
        slip_path(potential, made, slips, gap="loose")


def test_a_mixed_mode_grid_gives_back_slips_that_it_did_not_sample(potential, lattice):
    made = slab(lattice, 6)
    openings = np.concatenate([[-0.2], np.linspace(0, 1, 14) ** 1.4 * 5.0])
    grid = slip_grid(potential, made, openings, made.atoms.cell.array[:2, :2], divisions=(9, 9))
    law = MixedModeLaw(grid.opening * ANGSTROM, grid.period * ANGSTROM, grid.energy * EV_A2, grid.traction * EV_A3)
    samples = slip_path(potential, made, np.array([[0.2, 0.1], [0.45, 0.2]]) @ grid.period)
    jump = np.column_stack([samples.opening, samples.slip]) * ANGSTROM
    np.testing.assert_allclose(law.evaluate(jump).energy, samples.energy * EV_A2, rtol=0.01)


def test_one_crystal_on_another_does_not_care_which_is_called_upper(potential, lattice):
    other = brentq(lambda a: np.trace(potential.evaluate([bulk("Ni", "fcc", a=a)]).stresses[0]), 3.3, 3.7, xtol=1e-12)
    copper, nickel = slab(lattice, 6), slab(other, 6, symbol="Ni")
    works = []
    for upper, lower, strain in ((copper, nickel, "upper"), (nickel, copper, "lower")):
        match = match_lattices(upper, lower, strain=strain)
        np.testing.assert_allclose(match.strain, [other / lattice - 1, other / lattice - 1, 0], atol=1e-9)
        closed = close(potential, hetero_interface(upper, lower, match, strain=strain), grid=3)
        works.append(rigid_law(rigid_path(potential, closed, default_openings(), shear=False)).work_of_separation)
    assert works[0] == pytest.approx(works[1], rel=1e-9)
    with pytest.raises(InputError, match="no common cell"):
        match_lattices(copper, nickel, largest_strain=1e-3)


def test_the_plane_of_two_equal_vectors_is_reduced_once() -> None:
    """At these lattice parameters a·b is half of a² but for rounding: shortening b gains nothing, and went on for ever."""
    for side, miller in (
        (4.082922440498184, (5, 1, 1)),
        (4.082922440498184, (5, 3, 3)),
        (4.631707108243065, (5, 1, 1)),
    ):
        cell = bulk("Cu", "fcc", a=side).cell.array
        a, b, c = plane_basis(cell, side * np.eye(3), miller)
        assert np.cross(a, b) @ c == pytest.approx(side**3 / 4)
        assert abs(a @ b) <= (0.5 + 1e-9) * min(a @ a, b @ b)
        np.testing.assert_allclose(np.array([a, b]) @ miller, 0.0, atol=1e-12)
