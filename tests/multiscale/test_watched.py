"""Watched potentials in cores, at crack tips, in concurrent coupling, and by name in any input."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.build import bulk

from atomistic import load_potential
from atomistic.dislocation.boundary import relaxed_core
from atomistic.dislocation.cylinder import cylinder, oriented
from atomistic.dislocation.systems import slip_system
from atomistic.embedding.rules import Sphere
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.trust.actions import Embed, Stop, Warn
from atomistic.trust.labels import LabelSet
from atomistic.trust.triggers import FeatureDistance, ForceDeviation
from atomistic.trust.watched import Watched
from coupling.errors import InputError, Untrusted
from coupling.units import EV_A3
from multiscale import run_study
from multiscale.concurrent.defects import crack
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.region import BlendingRegion
from multiscale.concurrent.solution import solve
from tests.atomistic.conftest import write_eam_alloy
from tests.multiscale.test_concurrent_forces import ForcesAlone
from tests.multiscale.test_learn import STIFFER

COMMITTEE = [STIFFER[1]]
LAW = {
    "study": "cohesive_law",
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4},
    "openings": {"max": "4.5 Å", "points": 12},
}


@pytest.fixture(scope="module")
def eam(tmp_path_factory):
    return load_potential(str(write_eam_alloy(tmp_path_factory.mktemp("eam") / "Cu_model.eam.alloy")))


@pytest.fixture(scope="module")
def copper(eam):
    return equilibrium(eam, "Cu", "fcc", tolerance=100.0)


class Surroundings:
    """A trigger that counts neighbours: the missing ones of twelve; no model at all, and of atoms alone."""

    what, unit, identity = "number of missing neighbours", "", "coordination"

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def of_atoms(self, structures):
        from coupling.embedding.neighbours import neighbours

        return tuple(12.0 - np.bincount(neighbours(one, 3.1).i, minlength=len(one.numbers)) for one in structures)

    def values(self, structures):
        return np.array([one.max() for one in self.of_atoms(structures)])


@pytest.mark.parametrize("whole", [False, True])
def test_a_crack_tip_in_the_continuum_is_watched(eam, copper, whole):
    """Atoms whose surroundings are cut off carry no weight, or lie out of the sphere; what is left to fire is the crack."""
    problem = crack(eam, copper, (2, 2), 3, line=[1, 0, 0], plane=[0, 1, 0], surface_energy=0.1, load=0.5)
    region = BlendingRegion(2.0, 1.5, 0.5)
    tip = problem.predictor.tip
    heard: list[str] = []
    inner = ForcesAlone(eam) if whole else eam
    near = Sphere((*tip, 0.0), 9.0) if whole else None
    watched = Watched(inner, Surroundings(3.5), Warn(heard.append), within=near)
    name = "bqcf"
    plain, found = (
        solve(discretise(name, replace(problem, potential=one), region), tolerance=1e-4) for one in (inner, watched)
    )
    np.testing.assert_array_equal(found.displacement, plain.displacement)
    assert watched.firings and heard
    for firing in watched.firings:
        away = firing.structure.positions[firing.atoms][:, :2] - tip
        assert (away[:, 0] < 3.0).all() and (np.abs(away[:, 1]) < 4.0).all()  # faces behind the tip
    with pytest.raises(Untrusted, match="missing neighbours is [45]"):
        solve(
            discretise(name, replace(problem, potential=Watched(inner, Surroundings(3.5), Stop(), within=near)), region)
        )


def test_a_core_is_watched_and_its_shell_is_not(eam, copper):
    """A dislocation's core is far from a perfect crystal's labels; the shell's outer surface is not looked at."""
    from tests.atomistic.radial_model import radial

    known = [bulk("Cu", "fcc", a=a, cubic=True) for a in np.linspace(0.98, 1.02, 5) * 2 * copper.cell.array.max()]
    for k, one in enumerate(known):
        one.rattle(0.05, seed=k)
    from atomistic.trust.posterior import fit_posterior

    trigger = FeatureDistance(fit_posterior(radial(), LabelSet.made(eam, known)), 6.0)
    stiffness = elastic_constants(eam, copper).stiffness_voigt / EV_A3
    one = cylinder(oriented(copper, stiffness, slip_system("fcc", "edge")), 12.0, shell=2 * eam.cutoff)
    middle = Sphere((*one.origin, 0.0), 12.0)
    watched = Watched(eam, trigger, Warn(lambda said: None), within=middle)
    found, plain = (relaxed_core(potential, one, force=0.05) for potential in (watched, eam))
    np.testing.assert_array_equal(found.atoms.positions, plain.atoms.positions)
    last = watched.firings[-1]
    heights = one.perfect.positions[last.atoms, 1] - one.origin[1]
    assert one.free[last.atoms].all() and np.abs(heights).mean() < 3.0
    assert Watched(eam, trigger, Stop()).look([plain.atoms])[0].atoms.size > 3 * last.atoms.size  # the outer surface
    better = Embed(ForcesAlone(eam), buffer=4.0)
    embedded = relaxed_core(Watched(eam, trigger, better, within=middle), one, force=0.05)
    assert better.regions(one.atoms)[0].atoms.size > 3
    np.testing.assert_allclose(embedded.atoms.positions, plain.atoms.positions, atol=1e-6)


def written(folder: Path, data: dict) -> Path:
    (folder / "case.yaml").write_text(yaml.safe_dump(data))
    return folder / "case.yaml"


def test_any_study_can_name_a_watched_potential(tmp_path: Path) -> None:
    """Members that are the potential times 1 and 1.06: the deviation is 0.06 times the force."""
    block = {"name": "watched", "potential": "emt", "committee": COMMITTEE}
    trusted = run_study(
        written(tmp_path, LAW | {"potential": block | {"limit": 1.0}, "output": {"folder": "a"}}), allow_code=True
    )
    plain = run_study(written(tmp_path, LAW | {"potential": "emt", "output": {"folder": "b"}}))
    assert trusted.quantities["work_of_separation"].value == plain.quantities["work_of_separation"].value
    with pytest.raises(Untrusted, match="largest pairwise force deviation is .* eV/Å at atom"):
        run_study(
            written(tmp_path, LAW | {"potential": block | {"limit": 1e-3}, "output": {"folder": "c"}}), allow_code=True
        )


def test_a_watched_potential_by_options(tmp_path: Path) -> None:
    """Its deviation is that of its committee; what does not fit is refused."""
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=1)
    made = load_potential("watched", potential="emt", committee=["emt", "emt"][:1] + COMMITTEE, limit=0.5, every=2)
    assert isinstance(made.trigger, ForceDeviation)
    forces = load_potential("emt").evaluate([atoms]).forces[0]
    np.testing.assert_allclose(made.trigger.of_atoms([atoms])[0], 0.06 * np.linalg.norm(forces, axis=1), rtol=1e-9)
    embedding = load_potential(
        "watched", potential="emt", committee=COMMITTEE, limit=1e-6, then="embed", larger=COMMITTEE[0]
    )
    np.testing.assert_allclose(embedding.evaluate([atoms]).forces[0], 1.06 * forces, rtol=1e-9)
    LabelSet.made(load_potential("emt"), [atoms]).save(tmp_path / "labels.xyz")
    for options, message in (
        ({}, "either committee"),
        ({"committee": COMMITTEE, "measure": "radius"}, "needs labels"),
        ({"committee": COMMITTEE, "measure": "radii"}, "Did you mean 'radius'"),
        ({"committee": COMMITTEE, "then": "embed"}, "embed needs larger"),
        ({"committee": COMMITTEE, "then": "halt"}, "valid: embed, label, stop, warn"),
        ({"labels": str(tmp_path / "labels.xyz")}, "no features"),
    ):
        with pytest.raises(InputError, match=message):
            load_potential("watched", potential="emt", limit=0.5, **options)
