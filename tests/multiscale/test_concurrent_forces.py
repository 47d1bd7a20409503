"""Force-based methods need forces alone: the same as with site energies, and with potentials that give none."""

from dataclasses import replace

import numpy as np
import pytest
import yaml

from atomistic import load_potential
from atomistic.cauchy_born import cauchy_born_law, polynomial_law
from atomistic.properties.bulk import equilibrium
from coupling.errors import InputError
from coupling.wrapped import Wrapped
from multiscale import run_study
from multiscale.concurrent.compare import Case, compare
from multiscale.concurrent.defects import crack, dislocation_dipole, point_defect
from multiscale.concurrent.harmonic import force_constants
from multiscale.concurrent.lattice import columns, solid
from multiscale.concurrent.methods import discretise, method_kinds
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL, BlendingRegion
from multiscale.concurrent.solution import ghost_force, solve
from tests.atomistic.conftest import write_eam_alloy

FORCES = ("atomistic", "bqcf", "flexible")
REGION = BlendingRegion(2.0, 1.5, 0.5)
STRAIN = np.eye(3) + 0.01 * np.random.default_rng(0).normal(size=(3, 3))


class ForcesAlone(Wrapped):
    """A potential that declares a range and stress, and nothing else."""

    def __init__(self, potential, reach=None):
        super().__init__(potential)
        known = potential.capabilities
        self.capabilities = replace(
            known, weighted_sites=False, differentiable_strain=False, interaction_range=reach or known.interaction_range
        )


@pytest.fixture(scope="module")
def eam(tmp_path_factory):
    return load_potential(str(write_eam_alloy(tmp_path_factory.mktemp("eam") / "Cu_model.eam.alloy")))


@pytest.fixture(scope="module")
def copper(eam):
    return equilibrium(eam, "Cu", "fcc", tolerance=100.0)


@pytest.fixture(scope="module")
def emt():
    return load_potential("emt")


@pytest.fixture(scope="module")
def medium(emt):
    return equilibrium(emt, "Cu", "fcc", tolerance=100.0)


def test_the_methods_say_what_they_need():
    assert {name for name, method in method_kinds().items() if method.weighted} == {"bqce", "bgfc"}


@pytest.mark.parametrize("name", FORCES)
def test_forces_alone_find_what_site_energies_find(eam, copper, name):
    """The same potential, once with weighted sites and once without: equilibrium, energy, patch test."""
    problem = point_defect(eam, copper, (2, 2), 3, line=[1, -1, 0])
    bare = replace(problem, potential=ForcesAlone(eam))
    weighted, forces = (solve(discretise(name, one, REGION), tolerance=1e-8) for one in (problem, bare))
    np.testing.assert_allclose(forces.displacement, weighted.displacement, atol=1e-8)
    assert np.abs(weighted.displacement).max() > 1e-2
    if name == "atomistic":
        assert forces.energy == pytest.approx(weighted.energy, abs=1e-9)
    else:
        assert forces.energy is None
    with_pad = solve(discretise(name, bare, REGION, 5.0), tolerance=1e-8)
    np.testing.assert_allclose(
        with_pad.displacement, solve(discretise(name, problem, REGION, 5.0), tolerance=1e-8).displacement, atol=1e-8
    )


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("name", FORCES)
def test_patch_test_with_forces_alone(emt, medium, dimension, name):
    lattice = columns(medium, [1, -1, 0], [1, 1, 0]) if dimension == 2 else solid(medium)
    cells, level, region = ((2, 2), 3, REGION) if dimension == 2 else ((2, 2, 2), 2, BlendingRegion(0.6, 1.2, 0.5))
    problem = Problem(emt, lattice, cells, level, np.zeros((1, 3)), deformation=STRAIN)
    assert not emt.capabilities.weighted_sites
    method = discretise(name, problem, region)
    assert ghost_force(method) < 1e-10
    np.testing.assert_allclose(method.ledger().count, 1.0, atol=1e-12)


def test_a_range_declared_too_short_would_be_seen(emt, medium):
    """Atoms that are carried along not as far as energies reach leave forces on the perfect crystal."""
    problem = point_defect(emt, medium, (2, 2), 3, missing=0, line=[1, -1, 0])
    for share, least in ((0.5, 1e-3), (0.3, 0.1)):
        short = replace(problem, potential=ForcesAlone(emt, share * emt.cutoff))
        assert ghost_force(discretise("atomistic", short, REGION)) > least


def test_a_missing_column_in_effective_medium_theory(emt, medium):
    problem = point_defect(emt, medium, (2, 2), 3, line=[1, -1, 0])
    law = polynomial_law(cauchy_born_law(emt, problem.lattice.crystal()), strain=0.05, degree=3, samples=300)
    problem = replace(problem, law=law)
    core = BlendingRegion(3.0, 0.0)
    atoms, rows = compare(problem, [Case("bqcf", REGION), Case("flexible", core), Case("atomistic", core)])
    blended, flexible, clamped = (row.difference.relative_strain for row in rows)
    assert blended < 0.1 and max(blended, flexible) < 0.5 * clamped
    assert atoms[-1].energy > 0.5
    assert rows[2].energy_error > 0  # what is clamped costs more


def test_energies_are_blended_by_potentials_with_site_energies_alone(emt, medium):
    problem = point_defect(emt, medium, (2, 2), 3, line=[1, -1, 0])
    for name in ("bqce", "bgfc"):
        with pytest.raises(InputError, match=r"Potential 'emt' gives no gradients of weighted site energies.*bqcf"):
            discretise(name, problem, REGION)


def test_without_a_range_the_pad_is_asked_for(eam, copper):
    far = ForcesAlone(eam, np.inf)
    problem = point_defect(far, copper, (2, 2), 3, line=[1, -1, 0])
    with pytest.raises(InputError, match=r"no finite interaction range.*pad"):
        discretise("bqcf", problem, REGION)
    assert ghost_force(discretise("bqcf", problem, REGION, 5.0)) < 1e-10
    endless = ForcesAlone(far)
    endless.cutoff = np.inf
    with pytest.raises(InputError, match="how far a free surface must extend"):
        crack(endless, copper, (2, 2), 3, line=[1, 0, 0], plane=[0, 1, 0], surface_energy=0.1)


def test_the_energy_of_a_far_field_is_not_that_of_a_surface(eam, copper):
    """With forces alone the outer atoms' surface is strained by the far field: no energy is given out."""
    problem = dislocation_dipole(eam, copper, (2, 2), 3, line=[1, -1, 0], burgers=copper.cell.array[2], separation=10.0)
    assert discretise("atomistic", problem, ALL).has_energy
    assert not discretise("atomistic", replace(problem, potential=ForcesAlone(eam)), ALL).has_energy


def test_force_constants_from_forces_alone(eam, copper):
    problem = point_defect(eam, copper, (2, 2), 3, line=[1, -1, 0])
    steps, wanted = force_constants(problem)
    found = force_constants(replace(problem, potential=ForcesAlone(eam)))
    np.testing.assert_array_equal(found[0], steps)
    np.testing.assert_allclose(found[1], wanted, atol=1e-7)
    assert np.abs(wanted).max() > 1


STUDY = {
    "study": "concurrent", "title": "a missing column", "potential": "emt", "species": "Cu", "structure": "fcc",
    "line": [1, -1, 0], "point_defect": {"missing": 1}, "box": {"cells": [2, 2], "level": 3},
    "surrogate": {"strain": 0.05, "degree": 3},
    "methods": [
        {"method": "bqcf", "core": 2.0, "blend": 1.5, "buffer": 0.5}, {"method": "flexible", "core": 3.0},
        {"method": "atomistic", "core": 3.0},
    ],
}  # fmt: skip


def test_a_study_with_emt(tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    results = run_study(tmp_path / "study.yaml", tmp_path / "run")
    assert max(results[f"{name}_ghost_force"] for name in ("1_bqcf", "2_flexible", "3_atomistic")) < 1e-10
    assert results["1_bqcf_strain_error"] < 0.5 * results["3_atomistic_strain_error"]
    assert results["energy"] > 0.5


def test_a_study_that_blends_energies_is_refused_before_it_begins(tmp_path):
    bad = STUDY | {"methods": [{"method": "bgfc", "core": 2.0, "blend": 1.5}]}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(bad), encoding="utf-8")
    with pytest.raises(InputError, match="'emt' gives no gradients of weighted site energies"):
        run_study(tmp_path / "study.yaml", tmp_path / "run")


def test_chgnet_where_it_is_installed():
    """Its energies reach four layers of 6 Å: a measured pad carries fewer atoms, and the patch test holds."""
    pytest.importorskip("chgnet", reason="chgnet is not installed")
    potential = load_potential("chgnet", device="cpu")
    assert potential.capabilities.interaction_range == pytest.approx(24.0)
    crystal = equilibrium(potential, "Cu", "fcc", tolerance=1e8)
    problem = point_defect(potential, crystal, (2, 2), 3, missing=1, line=[1, -1, 0])
    for name in FORCES:
        method = discretise(name, problem, REGION, 4.0)
        assert ghost_force(method) < 1e-10
        assert np.abs(method.forces(np.zeros((len(method.free), 3)))).max() > 0.05
