"""A crystal at temperatures as a study, and as a body of a mesh: by dynamics of its own, or from a run."""

from dataclasses import replace

import numpy as np
import pytest

from atomistic.thermal import Sampling, stiffness_by_strain, warm_crystal
from coupling.errors import InputError
from multiscale import run_study
from multiscale.runtime.crystals import SampledCrystal, at_temperature, load_crystals
from multiscale.runtime.handed_on import stored_crystal
from multiscale.scripting.given import Given, context
from multiscale.stages.warm_crystal import warm_record
from multiscale.studies import parse_study
from multiscale.studies.specimen.schema import SpecimenStudy
from multiscale.studies.specimen.solids import solid
from tests.atomistic.conftest import write_eam_alloy

TEMPERATURES = (200.0, 300.0)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an embedded-atom file of copper and the run of a thermal study with it."""
    folder = tmp_path_factory.mktemp("thermal")
    write_eam_alloy(folder / "Cu_model.eam.alloy")
    study = {
        "study": "thermal", "potential": "Cu_model.eam.alloy", "crystal": {"species": "Cu", "structure": "fcc"},
        "temperatures": [f"{one:g} K" for one in TEMPERATURES], "dynamics": {"atoms": 32, "replicas": 2, "steps": 100},
    }  # fmt: skip
    run_study(parse_study(study, folder), folder / "run")
    return folder


def specimen(folder, body):
    return parse_study(
        {
            "study": "specimen", "mesh": {"specimen": "butt_joint", "width": 1.0, "upper": 1.0, "lower": 1.0, "size": 1.0},
            "mesh_unit": "um", "kind": "plane strain",
            "bodies": {"upper": body, "lower": {"young": "100 GPa", "poisson": 0.3}},
            "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": {
                "kind": "bilinear", "work_of_separation": "1 J/m^2", "peak_traction": "1 GPa", "stiffness": "1e3 GPa/nm"}}},
            "supports": [{"group": "bottom", "component": "y"}, {"group": "left", "component": "x"}],
            "loads": [{"group": "top", "component": "y"}], "loading": {"opening": "1 nm", "steps": 1},
        },
        folder,
    )  # fmt: skip


def test_the_run_hands_on_the_crystal_of_each_temperature(place):
    crystals = load_crystals(place / "run" / "crystals.json")
    assert [one.crystal.temperature for one in crystals.values()] == list(TEMPERATURES)
    cold, warm = (one.crystal for one in crystals.values())
    assert 5e-6 < np.log(warm.lattice_parameter / cold.lattice_parameter) / 100 < 4e-5
    between = stored_crystal(place / "run", None, "upper", 250.0).crystal
    assert between.lattice_parameter == pytest.approx(0.5 * (warm.lattice_parameter + cold.lattice_parameter))
    np.testing.assert_allclose(between.stiffness_voigt, 0.5 * (warm.stiffness_voigt + cold.stiffness_voigt))
    assert stored_crystal(place / "run", None, "upper", 300.0).crystal.lattice_parameter == warm.lattice_parameter
    with pytest.raises(InputError, match="has it from 200 to 300 K"):
        stored_crystal(place / "run", None, "upper", 400.0)
    bare = SampledCrystal(replace(cold, temperature=None))
    with pytest.raises(InputError, match="no crystal at temperatures"):
        at_temperature([bare], 300.0)


def test_a_body_of_a_run_carries_its_expansion_and_constants(place):
    body = {"run": "run", "temperature": "200 K", "stress_free_at": "300 K"}
    study = specimen(place, body)
    assert isinstance(study, SpecimenStudy)
    crystal = study.stored_crystal("upper").crystal
    made = solid(study, "upper", {"upper": crystal}, {}, {}, None, None)
    hot = stored_crystal(place / "run", None, "", 300.0).crystal
    exact = crystal.lattice_parameter / hot.lattice_parameter - 1
    np.testing.assert_allclose(made.stress_free_strain_voigt, exact * np.array([1, 1, 1, 0, 0, 0]))
    np.testing.assert_allclose(made.stiffness_voigt, crystal.stiffness_voigt)
    for wrong, words in (
        ({"run": "run", "stress_free_at": "300 K"}, "own temperature"),
        ({"run": "run", "temperature": "200 K", "crystal": "200 K"}, "not both"),
    ):
        with pytest.raises(InputError, match=words):
            specimen(place, wrong)
    with pytest.raises(InputError, match="bodies.upper: 500 K is not within"):
        specimen(place, body | {"stress_free_at": "500 K"}).stored_crystal("upper")


def test_a_body_by_dynamics_is_the_crystal_that_the_thermal_package_finds(place, tmp_path):
    from atomistic.potentials import load_potential

    item = {
        "crystal": {"species": "Cu", "structure": "fcc"}, "potential": str(place / "Cu_model.eam.alloy"),
        "temperature": "300 K", "dynamics": {"atoms": 32, "replicas": 2, "steps": 100},
    }  # fmt: skip
    body = specimen(place, item).bodies["upper"]
    potential = load_potential(str(place / "Cu_model.eam.alloy"))
    found = warm_record(body.crystal, Given(potential), context(tmp_path, None), 300.0, body.dynamics, 0)
    assert found.atoms == 64 and found.crystal.temperature == 300.0
    from atomistic.properties.bulk import equilibrium

    static = equilibrium(potential, "Cu", "fcc")
    sampling = Sampling((4, 4, 4), 2, 100).stepped(potential, static)
    warm = warm_crystal(potential, static, 300.0, sampling)
    stiffness = stiffness_by_strain(potential, warm.atoms, 300.0, sampling, cubic=True)
    np.testing.assert_allclose(found.crystal.cell, warm.atoms.cell.array, rtol=1e-9)
    np.testing.assert_allclose(found.crystal.stiffness_voigt, stiffness.stiffness_voigt, rtol=1e-6)
    for change, words in (({"temperature": None}, "above 0 K"), ({"strain": "cauchy-born"}, "third-order")):
        with pytest.raises(InputError, match=words):
            specimen(place, {k: v for k, v in (item | change).items() if v is not None})


def test_temperatures_must_rise():
    study = {"study": "thermal", "potential": "emt", "crystal": {"species": "Cu", "structure": "fcc"}}
    with pytest.raises(InputError, match="must rise"):
        parse_study(study | {"temperatures": ["300 K", "200 K"]})
