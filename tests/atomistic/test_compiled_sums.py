"""Embedded atoms summed in C against numpy, differences, and themselves after other structures."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.potentials.compiled import CompiledSums, embedded
from atomistic.potentials.eam import EmbeddedAtomPotential
from atomistic.potentials.embedded_sums import NumpySums
from coupling.errors import InputError, NotFinite
from tests.atomistic.test_eam_files import FORMS, GRID, replaced, setfl, written

SMOOTH = GRID.replace("4.0", "3.9")
"""A cutoff at the last distance, which in funcfl files is the last but one: beyond it functions have no derivatives."""


@pytest.fixture(scope="module", params=FORMS)
def alloy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedAtomPotential:
    form = request.param
    lines = replaced(*((2, SMOOTH.replace("3.9", "3.8")) if form == ".eam" else (4, SMOOTH)))(FORMS[form])
    potential = load_potential(written(tmp_path_factory.mktemp("alloy"), lines, form))
    assert isinstance(potential.sums, CompiledSums)
    return potential


def random_alloy(potential: EmbeddedAtomPotential, seed: int) -> Atoms:
    """A strained crystal of 1 to 108 atoms of all elements in a skew cell, periodic along some directions, not wrapped."""
    rng = np.random.default_rng(seed)
    atoms = bulk("Ni", "fcc", a=3.5 * rng.uniform(0.75, 1.2), cubic=bool(seed % 3)) * [1, 2, 3][seed % 3]
    atoms.numbers = rng.choice(sorted(potential.elements), len(atoms))
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.08, size=(3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(scale=0.12, size=atoms.positions.shape)
    atoms.positions += rng.integers(-2, 3, size=(len(atoms), 3)) @ atoms.cell.array
    atoms.pbc = True if seed < 4 else rng.random(3) < 0.5
    return atoms


def near(found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12 * max(1.0, float(np.abs(wanted).max())))


@pytest.mark.parametrize("seed", range(16))
def test_energies_forces_virials_and_sites_are_those_of_numpy(alloy, seed):
    atoms = random_alloy(alloy, seed)
    found, wanted = *alloy.sums.whole([atoms]), *NumpySums(alloy.functions).whole([atoms])
    for name in ("energy", "forces", "virial", "sites"):
        near(getattr(found, name), getattr(wanted, name))
    assert found.nearest[2] == pytest.approx(wanted.nearest[2], rel=1e-12)
    assert {*found.nearest[:2]} == {*wanted.nearest[:2]} or seed % 3 == 0  # one atom has several images as near
    assert found.sites.sum() == pytest.approx(found.energy, rel=1e-12)


@pytest.mark.parametrize("seed", range(16))
def test_weighted_sites_are_those_of_numpy_at_all_positions(alloy, seed):
    atoms, rng = random_alloy(alloy, seed), np.random.default_rng(seed)
    weights = np.where(rng.random(len(atoms)) < 0.4, 0.0, rng.uniform(-0.5, 1.5, len(atoms)))
    found, wanted = alloy.sums.sites(atoms, weights), NumpySums(alloy.functions).sites(atoms, weights)
    for scale in (0.0, 0.02, 0.1, 0.3):
        places = atoms.positions + rng.normal(scale=scale, size=atoms.positions.shape)
        for ours, theirs in zip(found.evaluate(places), wanted.evaluate(places), strict=True):
            near(ours, theirs)
    assert (found.evaluate(places)[2][weights == 0] == 0).all()


@pytest.mark.parametrize("seed", [1, 4, 5, 8])
def test_forces_stress_and_weighted_forces_are_derivatives(alloy, seed):
    """The functions of `FORMS` jump at their cutoff, which no pair of these structures crosses."""
    atoms, rng, step = random_alloy(alloy, seed), np.random.default_rng(seed), 1e-5
    direction, strain, weights = rng.normal(size=(len(atoms), 3)), rng.normal(size=(3, 3)), rng.random(len(atoms))
    strain, sites, atoms.pbc = strain + strain.T, alloy.weighted_sites(atoms, weights), True

    def energy(by: float, deformed: float) -> float:
        moved = atoms.copy()
        moved.positions += by * direction
        moved.set_cell(moved.cell.array @ (np.eye(3) + deformed * strain), scale_atoms=True)
        return alloy.evaluate([moved]).energies[0]

    found = alloy.evaluate([atoms])
    slope = (energy(step, 0) - energy(-step, 0)) / (2 * step)
    assert slope == pytest.approx(-np.vdot(found.forces[0], direction), rel=1e-6, abs=1e-6)
    slope = (energy(0, step) - energy(0, -step)) / (2 * step)
    assert slope == pytest.approx(atoms.get_volume() * np.vdot(found.stresses[0], strain), rel=1e-6, abs=1e-6)
    ends = [sites.evaluate(atoms.positions + h * direction)[0] for h in (step, -step)]
    slope = -np.vdot(sites.evaluate(atoms.positions)[1], direction)
    assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_the_law_of_a_crystal_is_that_of_numpy(alloy):
    crystal = bulk("Ni", "fcc", a=3.5)
    gradients = np.eye(3) + np.random.default_rng(0).normal(scale=0.12, size=(30, 3, 3))
    gradients[0] = 0.6 * np.eye(3)  # beyond the last density
    found, wanted = alloy.crystal_law(crystal), NumpySums(alloy.functions).crystal(crystal)
    for ours, theirs in zip(found.evaluate(gradients), wanted.evaluate(gradients), strict=True):
        near(ours, theirs)
    near(found.tangents(gradients), wanted.tangents(gradients))


def test_a_crystal_compressed_beyond_its_list_is_refused_and_no_number_gives_none(alloy):
    law, turn = (
        alloy.crystal_law(bulk("Ni", "fcc", a=3.5)),
        np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0],
    )
    for stretches in ([0.4, 0.4, 0.4], [0.4, 0.9, 1.3], [2.0, 0.4, 0.4], [0.4, 1.1, 1.1]):
        with pytest.raises(InputError, match=r"compressed to 0\.40 of its length"):
            law.evaluate(np.array([np.eye(3), turn @ np.diag(stretches) @ turn.T]))
    gradients = np.array([np.eye(3), np.full((3, 3), np.nan)])
    for values in (*law.evaluate(gradients), law.tangents(gradients)):
        assert np.isfinite(values[0]).all() and np.isnan(values[1]).all()


def test_an_answer_does_not_depend_on_what_was_asked_before(alloy):
    """So a resumed study gives the numbers of one that was not interrupted, and a batch those of its structures alone."""
    rng, atoms = np.random.default_rng(0), random_alloy(alloy, 2)
    atoms.pbc = True
    for _ in range(40):
        atoms.positions += rng.normal(scale=0.03, size=atoms.positions.shape)
        again = pickle.loads(pickle.dumps(alloy.sums))
        found, fresh = *alloy.sums.whole([atoms]), *again.whole([atoms])
        for ours, theirs in zip(found, fresh, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    others = [random_alloy(alloy, seed) for seed in range(6)]
    batch = alloy.evaluate(others, site_energies=True)
    for k, one in enumerate(others):
        single = alloy.evaluate([one], site_energies=True)
        assert single.energies[0] == batch.energies[k]
        np.testing.assert_array_equal(single.forces[0], batch.forces[k])
        np.testing.assert_array_equal(single.site_energies[0], batch.site_energies[k])


def test_laws_and_sites_go_to_other_processes(alloy, monkeypatch):
    """Also to one without a compiler."""
    atoms, gradients = random_alloy(alloy, 2), np.eye(3)[None] * 1.01
    law, sites = alloy.crystal_law(bulk("Ni", "fcc", a=3.5)), alloy.weighted_sites(atoms, np.linspace(0, 1, len(atoms)))
    packed = pickle.dumps((law, sites))
    for known in (True, False):
        if not known:
            monkeypatch.setattr(embedded, "library", lambda: None)
        there_law, there_sites = pickle.loads(packed)
        assert isinstance(there_law, embedded.CompiledLaw) == isinstance(there_sites, embedded.CompiledSites) == known
        for found, wanted in zip(there_law.evaluate(gradients), law.evaluate(gradients), strict=True):
            near(found, wanted)
        for found, wanted in zip(there_sites.evaluate(atoms.positions), sites.evaluate(atoms.positions), strict=True):
            near(found, wanted)


def test_atoms_on_each_other_are_refused_by_either(alloy):
    atoms = random_alloy(alloy, 2)
    atoms.positions[3] = atoms.positions[0] + [0.0, 0.03, 0.04]
    for sums in (alloy.sums, NumpySums(alloy.functions)):
        potential = EmbeddedAtomPotential("alloy", alloy.elements, "", alloy.functions, sums)
        with pytest.raises(InputError, match=r"Structure 1 of 2: atom (0|3) and atom (0|3) are 0.05 Å apart"):
            potential.evaluate([random_alloy(alloy, 1), atoms])
        with pytest.raises(InputError, match=r"Structure 0 of 1: atom 0 and its image are 0.08 Å apart"):
            potential.evaluate([Atoms("Ni", cell=[0.08, 5, 5], pbc=True)])
        with pytest.raises(InputError, match=r"Structure 0 of 1: atom 0 and its image are 3.6e-10 Å apart"):
            potential.evaluate([Atoms("Ni", cell=[3.6e-10] * 3, pbc=True)])  # in metres


def test_what_is_not_finite_is_named(tmp_path: Path):
    first_density = 6 + 12
    lines = replaced(first_density, "inf")(setfl())
    atoms = Atoms(
        "Ni2", [[0, 0, 0], [0.11, 0.0, 0.0]]
    )  # within the interval next to it: the third point needs the first
    with pytest.raises(NotFinite, match="shortest distance 0.11 Å"):
        load_potential(written(tmp_path, lines)).evaluate([atoms])


def test_one_atom_and_no_neighbours(alloy):
    found = alloy.evaluate([Atoms("Ni"), Atoms("Ni2", [[0, 0, 0], [0, 0, 9.0]])], site_energies=True)
    assert found.energies[1] == pytest.approx(2 * found.energies[0])
    assert np.isnan(found.stresses).all() and not found.forces[1].any()
