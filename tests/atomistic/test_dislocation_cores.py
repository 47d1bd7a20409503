"""Relaxed cores of tungsten and a model copper: boundaries, maps, barrier, Peierls stress, pre-check."""

from pathlib import Path

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.dislocation import (
    Load,
    core,
    cylinder,
    differential_displacements,
    is_compact,
    nye_position,
    nye_tensor,
    oriented,
    peierls_barrier,
    peierls_stress,
    polarity,
    quadrupole,
    refined,
    relaxed_core,
    settled,
    slip_system,
)
from atomistic.dislocation.load import deformation, glide_stress
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.properties.precheck import precheck
from atomistic.relax import relax
from benchmarks.finnis_sinclair import write_tungsten
from coupling.contracts import Potential
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3

MATCHED = 2
"""Decimals of a position by which atoms of two cylinders are told to be the same."""


@pytest.fixture(scope="module")
def tungsten(tmp_path_factory) -> Potential:
    return load_potential(str(write_tungsten(Path(tmp_path_factory.mktemp("eam")) / "W.eam.alloy")))


@pytest.fixture(scope="module")
def bulk(tungsten):
    return equilibrium(tungsten, "W", "bcc")


@pytest.fixture(scope="module")
def elastic(tungsten, bulk):
    return elastic_constants(tungsten, bulk)


@pytest.fixture(scope="module")
def screw(bulk, elastic):
    return oriented(bulk, elastic.stiffness_voigt / EV_A3, slip_system("bcc", "screw"))


def built(crystal, potential, radius, thickness=2):
    return cylinder(crystal, radius, shell=thickness * potential.cutoff)


def displacements(one, atoms, reference, exact):
    """Displacements (n, 3) of the free atoms, here and in the reference."""
    keys = np.round(np.column_stack([reference.points, reference.perfect.positions[:, 2]]), MATCHED) + 0.0
    known = {tuple(key): row for key, row in zip(keys, exact.positions - reference.perfect.positions, strict=True)}
    rows = np.flatnonzero(one.free)
    keys = np.round(np.column_stack([one.points, one.perfect.positions[:, 2]])[rows], MATCHED) + 0.0
    return (atoms.positions - one.perfect.positions)[rows], np.array([known[tuple(key)] for key in keys])


def test_a_flexible_shell_is_better_than_a_fixed_one_at_twice_the_radius(tungsten, screw):
    reference = built(screw, tungsten, 48.0)
    exact = relaxed_core(tungsten, reference, force=1e-3).atoms

    def error(radius, boundary, thickness):
        one = built(screw, tungsten, radius, thickness)
        found, right = displacements(
            one,
            relaxed_core(tungsten, one, boundary=boundary, ring=tungsten.cutoff, force=1e-3).atoms,
            reference,
            exact,
        )
        return np.sqrt(np.mean((found - right) ** 2))

    flexible, fixed, wide = error(12.0, "flexible", 3), error(12.0, "fixed", 2), error(24.0, "fixed", 2)
    assert flexible < 0.6 * wide < wide < fixed


def test_the_winding_of_the_core_is_seen_by_both_maps(tungsten, screw):
    start = built(screw, tungsten, 20.0)
    atoms = relaxed_core(tungsten, start).atoms
    assert core(start, atoms).position == pytest.approx(0, abs=1e-3)
    assert polarity(start, atoms) < 1e-6 and is_compact(start, atoms)
    nye = nye_tensor(start, atoms)
    area = abs(np.linalg.det(screw.lattice)) / len(screw.sites) / screw.length
    inside = np.linalg.norm(start.points, axis=1) < 15
    total = nye[inside, 2].sum(0) * area
    np.testing.assert_allclose(total, screw.burgers, atol=0.06 * screw.burgers[2])
    np.testing.assert_allclose(nye_position(start, atoms), 0, atol=1e-6)
    assert np.isnan(nye[~start.free]).all()
    found = differential_displacements(start, atoms)
    triangle = np.linalg.norm(found.points, axis=2).max(1) < 1.1 * np.linalg.norm(start.points, axis=1).min()
    assert triangle.sum() == 3
    np.testing.assert_allclose(np.abs(found.values[triangle]), 1 / 3, atol=1e-6)
    assert np.abs(found.values).max() <= 0.5


def test_a_symmetric_core_that_is_a_saddle_is_left_when_disturbed(tungsten, screw):
    """Finnis and Sinclair's tungsten has a degenerate core."""
    start = built(screw, tungsten, 16.0)
    symmetric, free = relaxed_core(tungsten, start), relaxed_core(tungsten, start, perturbation=0.05)
    assert free.energy < symmetric.energy - 0.05
    assert polarity(start, free.atoms) > 0.5 and not is_compact(start, free.atoms)


def test_the_crystal_carries_the_stress_it_is_asked_for(tungsten, screw):
    from ase import Atoms

    stress = 0.02 * glide_stress(screw, 0.3) + np.diag([0.01, -0.005, 0.0])
    change = deformation(tungsten, screw, stress)
    cell = Atoms(screw.numbers, screw.sites, cell=screw.lattice, pbc=True)
    cell.set_cell(screw.lattice @ change.T, scale_atoms=True)
    found = tungsten.evaluate([cell]).stresses[0]
    found[2, 2] = stress[2, 2]
    np.testing.assert_allclose(found, stress, atol=1e-5)
    with pytest.raises(NotConverged, match="does not carry a stress"):
        deformation(tungsten, screw, 5.0 * glide_stress(screw))


def test_barrier_and_stress_agree_and_both_signs_are_one(tungsten, screw):
    start = built(screw, tungsten, 14.0)
    barrier = peierls_barrier(tungsten, start, images=5, force=0.02, perturbation=0.0)
    assert barrier.humps == 1
    assert 0.06 < barrier.height < 0.12
    assert 1.0 < barrier.scale < 1.25
    assert barrier.energies[-1] == pytest.approx(0, abs=0.1 * barrier.energies.max())
    ascent = refined(tungsten, start, barrier, images=5, force=0.02)
    assert ascent.energies[-1] == pytest.approx(barrier.energies.max(), rel=0.03)
    plus, minus = peierls_stress(tungsten, start, (Load(1), Load(-1)), resolution=0.04)
    assert plus.resolved == pytest.approx(minus.resolved, rel=1e-3)
    assert (np.diff(plus.positions) > 0).all() and (np.diff(minus.positions) < 0).all()
    assert barrier.peierls_stress == pytest.approx(plus.resolved, rel=0.2)


def test_the_field_settles_where_the_core_is(tungsten, bulk, elastic):
    crystal = oriented(bulk, elastic.stiffness_voigt / EV_A3, slip_system("bcc", "mixed_71"))
    found, atoms = settled(tungsten, built(crystal, tungsten, 14.0))
    assert core(found, atoms).position == pytest.approx(found.centre, abs=0.06)


def test_a_fault_without_energy_is_told_before_a_core_is_built(eam):
    bulk = equilibrium(eam, "Cu", "fcc")
    found = precheck(eam, bulk, elastic_constants(eam, bulk).stiffness_voigt, "fcc")
    assert found.stable and not found.passed and found.fault < 0.005
    with pytest.raises(InputError, match=r"an intrinsic stacking fault of -?[0-9.]+ mJ/m².*override the check"):
        found.require()
    found.require(override=True)


def test_an_unstable_crystal_is_refused_whatever_the_user_says(emt):
    bulk = equilibrium(emt, "Cu", "bcc")
    elastic = elastic_constants(emt, bulk)
    c11, c12, _ = elastic.cubic
    assert c11 < c12
    found = precheck(emt, bulk, elastic.stiffness_voigt, "bcc")
    with pytest.raises(InputError, match="elastically unstable"):
        found.require(override=True)
    with pytest.raises(InputError, match="not elastically stable"):
        oriented(bulk, elastic.stiffness_voigt / EV_A3, slip_system("bcc", "screw"))


def test_a_sound_crystal_passes(tungsten, bulk, elastic):
    found = precheck(tungsten, bulk, elastic.stiffness_voigt, "bcc")
    assert found.passed and found.fault is None
    found.require()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda p, c: relaxed_core(p, c, boundary="free"), "Unknown boundary 'free'; valid: fixed, flexible"),
        (lambda p, c: relaxed_core(p, c, boundary="flexible", ring=1e-3), "holds no atoms"),
        (lambda p, c: peierls_barrier(p, c, images=1), "1 images do not show a barrier"),
        (lambda p, c: peierls_stress(p, c, (Load(0),)), "does not drive the line"),
        (lambda p, c: peierls_stress(p, c, (Load(1, 1.6),)), "does not drive the line"),
    ],
)
def test_bad_requests_are_refused(tungsten, screw, act, message):
    with pytest.raises(InputError, match=message):
        act(tungsten, built(screw, tungsten, 12.0))


def test_polarity_is_asked_of_a_bcc_screw_alone(tungsten, bulk, elastic):
    crystal = oriented(bulk, elastic.stiffness_voigt / EV_A3, slip_system("bcc", "edge"))
    start = built(crystal, tungsten, 12.0)
    with pytest.raises(InputError, match="defined for the bcc screw alone"):
        polarity(start, start.atoms)


def test_the_energy_of_a_quadrupole_grows_with_the_logarithm_of_its_cell(tungsten, screw):
    """Like cells: per line and length by b K b / 4π ln 2 when every length doubles; no boundary is in the way."""
    energies = []
    for size in (1, 2):
        found = quadrupole(screw, 22 * size, 20 * size)
        start = tungsten.evaluate([found.perfect, found.atoms])
        lattice = found.perfect.cell.array[:2, :2]
        images = [i * lattice[0] + j * lattice[1] for i in (-1, 0, 1) for j in (-1, 0, 1)]
        away = np.min([
            np.linalg.norm(found.perfect.positions[:, :2] - centre - image, axis=1)
            for centre in found.centres for image in images
        ], axis=0)  # fmt: skip
        assert np.abs(start.forces[0]).max() < 1e-9
        assert np.linalg.norm(start.forces[1][away > 10], axis=1).max() < 0.05
        relaxed = relax(tungsten, [found.atoms], force=5e-3)
        energies.append((relaxed.energies[0] - start.energies[0]) / (2 * screw.length))
    assert np.abs(tungsten.evaluate(relaxed.structures).stresses[0][:2, 2]).max() * EV_A3 < 1e8
    factor = screw.burgers @ screw.stroh.energy_tensor @ screw.burgers / (4 * np.pi)
    assert energies[1] - energies[0] == pytest.approx(factor * np.log(2), rel=0.05)


@pytest.mark.parametrize(("width", "height", "message"), [(5, 4, "does not close"), (4, 1, "no room for their cores")])
def test_a_quadrupole_needs_room_and_an_even_width(screw, width, height, message):
    with pytest.raises(InputError, match=message):
        quadrupole(screw, width, height)


def test_the_glide_plane_follows_the_load_and_a_constant_stress_is_put_on_first(tungsten, screw):
    """Turned by -20° the load shears the plane at -60° more than the slip plane turned by +20° does."""
    start = built(screw, tungsten, 12.0)
    loads = (Load(1, constant=np.diag([-2e9, -2e9, 0])), Load(1, np.radians(20)), Load(1, -np.radians(20)))
    pressed, turned, back = peierls_stress(tungsten, start, loads, resolution=0.1)
    assert (pressed.stresses[:2] == 0).all() and pressed.stresses[2] > 0
    np.testing.assert_allclose(
        turned.jump, [screw.glide_period, 0], atol=0.2
    )  # two states 0.15 Å apart; rounding picks
    np.testing.assert_allclose(
        back.jump, screw.glide_period * np.array([np.cos(np.pi / 3), -np.sin(np.pi / 3)]), atol=0.1
    )
    assert abs(turned.resolved / back.resolved - 1) > 0.3
