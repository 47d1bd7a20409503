"""Any atoms on any mesh: a study of two stages equals its stages one after the other, and bodies are the crystals of the law."""

import json

import numpy as np
import pytest

from continuum.solver.dead_end import DeadEnd
from coupling.elasticity import grain_rotation, rotate_stiffness
from coupling.errors import DoubleCounted, InputError, NotConverged
from coupling.exchange.storage import load_law
from multiscale import run_study
from multiscale.studies import parse_study

GRAIN = {"x": [1, 1, -2], "y": [1, 1, 1]}
COPPER = {"crystal": {"species": "Cu", "structure": "fcc"}, "grain": GRAIN}
PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "x": [1, 1, -2], "layers": 6}
PATH = {"path": "relaxed", "openings": {"max": "5 Å", "points": 20}}


@pytest.fixture(scope="module")
def meshes(tmp_path_factory):
    from continuum.specimens.butt_joint import ButtJoint
    from continuum.specimens.dcb import DoubleCantileverBeam

    folder = tmp_path_factory.mktemp("meshes")
    DoubleCantileverBeam(length=30, arm=6, crack=12, growth=8, fine=0.25, coarse=3, grading=0.3).write(
        folder / "dcb.msh"
    )
    ButtJoint(20, 30, 30, 10, thickness=10, element="hexahedron").write(folder / "joint3d.msh")
    return folder


def beam(law, **changes):
    """A double cantilever beam of copper; its arms are thin, so that the closed spacing is left out of the mesh."""
    study = {
        "study": "fracture", "potential": "emt", "mesh": "dcb.msh", "mesh_unit": "nm", "kind": "plane strain",
        "bodies": {"upper": COPPER, "lower": COPPER},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "spacing": "left out", "law": law}},
        "supports": [{"group": "end", "component": "x"}],
        "loads": [{"group": "load_upper", "component": "y", "factor": 0.5}, {"group": "load_lower", "component": "y", "factor": -0.5}],
        "loading": {"opening": "6 nm", "steps": 6},
    }  # fmt: skip
    return json.loads(json.dumps(study | changes))


def joint(upper, law, **changes):
    """A 3D butt joint of another crystal on copper, pulled as a whole."""
    study = {
        "study": "fracture", "potential": "emt", "mesh": "joint3d.msh", "mesh_unit": "nm", "kind": "3D",
        "bodies": {"upper": upper, "lower": COPPER},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": law}},
        "supports": [{"group": "bottom", "component": c} for c in "xyz"],
        "loads": [{"group": "top", "component": "y"}],
        "loading": {"opening": "4 nm", "steps": 8, "growth": 0.2},
    }  # fmt: skip
    return json.loads(json.dumps(study | changes))


def test_one_command_equals_two(meshes, tmp_path):
    """The law stage alone and the specimen with its law.json give the numbers of the fracture study, to rounding."""
    law = {"study": "cohesive_law", "potential": "emt", "plane": PLANE, **PATH}
    run_study(parse_study(law, tmp_path), tmp_path / "law")
    apart = run_study(
        parse_study(beam(str(tmp_path / "law" / "law.json"), study="specimen"), meshes), tmp_path / "apart"
    )
    by_folder = parse_study(beam({"run": str(tmp_path / "law")}, study="specimen"), meshes)
    assert by_folder.interfaces["bond"].law.run == tmp_path / "law"
    together = run_study(parse_study(beam({"atoms": {"layers": 6, **PATH}}), meshes), tmp_path / "together")
    for column, values in apart.curves["load_displacement"].values.items():
        np.testing.assert_allclose(together.curves["load_displacement"].values[column], values, rtol=1e-12, atol=0)
    assert together["peak_load"] == apart["peak_load"]
    assert (tmp_path / "together" / "law.json").read_text() == (tmp_path / "law" / "law.json").read_text()


def test_the_plane_may_be_typed_or_taken_from_the_bodies(meshes, tmp_path):
    works = {}
    for name, atoms in (("typed", {"plane": PLANE, **PATH}), ("taken", {"layers": 6, **PATH})):
        found = run_study(
            parse_study(beam({"atoms": atoms}, loading={"opening": "1 nm", "steps": 2}), meshes), tmp_path / name
        )
        works[name] = found["work_of_separation"]
    assert works["typed"] == works["taken"]


def test_a_plane_that_the_grain_does_not_open_is_refused_before_the_law(meshes, tmp_path):
    wrong = {"atoms": {"plane": PLANE | {"miller": [1, 1, 0], "x": [1, -1, 0]}, **PATH}}
    with pytest.raises(InputError, match=r"interfaces\.bond.*must be parallel"):
        run_study(parse_study(beam(wrong), meshes), tmp_path / "run")
    assert not list(tmp_path.glob("run*"))


def test_the_ledger_refuses_a_spacing_that_mesh_and_law_both_hold(meshes, tmp_path):
    study = beam({"atoms": {"layers": 6, **PATH}})
    study["interfaces"]["bond"]["spacing"] = "meshed"
    with pytest.raises(DoubleCounted, match="closed spacing"):
        run_study(parse_study(study, meshes), tmp_path / "run")


def test_two_crystals_hand_their_grains_and_their_misfit_to_the_mesh(meshes, tmp_path):
    """Nickel on copper, nickel strained: its grain follows from the match, its stress-free strain is minus the misfit."""
    from multiscale.runtime.context import RunContext
    from multiscale.stages.models import Models
    from multiscale.studies.specimen.bodies import specimen_parts
    from multiscale.studies.specimen.run import read

    nickel = {"crystal": {"species": "Ni", "structure": "fcc"}}
    cut = {
        "upper": PLANE | {"species": "Ni"},
        "lower": PLANE,
        "matching": {"strained": "upper"},
        "openings": {"max": "5 Å", "points": 12},
    }
    study = parse_study(joint(nickel, {"atoms": cut}), meshes)
    from multiscale.runtime.cache import Cache

    context = RunContext(tmp_path, Cache(tmp_path / "cache"))
    parts = specimen_parts(study, read(study), Models(context, study.potential, None, 0), context)
    misfit = parts.crystals["lower"].lattice_parameter / parts.crystals["upper"].lattice_parameter - 1
    free = parts.materials["upper"].thermal_strain_voigt
    np.testing.assert_allclose(free[[0, 2]], -misfit, rtol=0.05)  # the mesh's y is the normal
    np.testing.assert_allclose(free[[1, 3, 4, 5]], 0, atol=1e-9)
    np.testing.assert_array_equal(parts.materials["lower"].thermal_strain_voigt, 0)
    for body in ("upper", "lower"):
        grain = rotate_stiffness(parts.crystals[body].stiffness_voigt, grain_rotation(GRAIN["x"], GRAIN["y"]))
        np.testing.assert_allclose(parts.materials[body].stiffness_voigt, grain, atol=2e-3 * grain.max())
    side = parts.laws["bond"].count.plus
    assert side.strain[0] == pytest.approx(misfit, rel=0.05)


def test_a_crystal_body_to_third_order(meshes, tmp_path):
    from atomistic import load_potential
    from atomistic.properties.bulk import equilibrium
    from atomistic.properties.finite_strain import third_order_constants
    from multiscale.runtime.cache import Cache
    from multiscale.runtime.context import RunContext
    from multiscale.stages.models import Models
    from multiscale.studies.specimen.bodies import specimen_parts
    from multiscale.studies.specimen.run import read

    body = COPPER | {"strain": "cauchy-born"}
    uber = {"kind": "uber", "work_of_separation": "2 J/m^2", "length": "0.4 Å"}
    study = parse_study(beam(uber, study="specimen", bodies={"upper": body, "lower": COPPER}), meshes)
    context = RunContext(tmp_path, Cache(tmp_path / "cache"))
    parts = specimen_parts(study, read(study), Models(context, study.potential, None, 0), context)
    emt = load_potential("emt")
    direct = third_order_constants(emt, equilibrium(emt, "Cu", "fcc")).tensor_voigt
    np.testing.assert_allclose(parts.crystals["upper"].third_voigt, direct, rtol=1e-9)
    assert (
        type(parts.materials["upper"]).__name__ == "CauchyBorn"
        and type(parts.materials["lower"]).__name__ == "LinearElastic"
    )


def test_the_law_of_a_run_says_what_it_counted(meshes, tmp_path):
    run_study(
        parse_study(beam({"atoms": {"layers": 6, **PATH}}, loading={"opening": "1 nm", "steps": 2}), meshes),
        tmp_path / "run",
    )
    count = load_law(tmp_path / "run" / "law.json").count
    assert count.taken_away == "bulk" and not count.held_rigid
    for side in (count.plus, count.minus):
        assert side.material == "Cu fcc, emt" and side.layers == pytest.approx(2.5)
        assert (
            side.energy_at_peak > side.elastic_energy(load_law(tmp_path / "run" / "law.json").peak_traction) > 0
        )  # it softens


def test_the_naive_law_is_loaded_beside_and_predicts_more(meshes, tmp_path):
    """The peak of a beam goes with √G: the naive law's, which counts the bulk twice, is higher by about that."""
    law = {"atoms": {"layers": 4, **PATH}}
    broken = {"opening": "12 nm", "steps": 6, "stop_at_area": 0.2}
    found = run_study(parse_study(beam(law, naive_law=True, loading=broken), meshes), tmp_path / "broken")
    expected = np.sqrt(found["naive_work"] / found["work_of_separation"])
    assert expected > 1.1
    assert found["naive_peak_load_ratio"] == pytest.approx(expected, rel=0.05)
    assert any(note.startswith("Naive law, not refused since it was asked for") for note in found.notes)
    assert not any("no peak" in finding.what for finding in found.findings)
    early = {"opening": "3 nm", "steps": 3}
    found = run_study(parse_study(beam(law, naive_law=True, loading=early), meshes), tmp_path / "early")
    said = [finding.what for finding in found.findings if "no peak" in finding.what]
    assert len(said) == 2 and said[1].startswith("With the naive law")


def test_a_naive_law_that_cannot_be_followed_costs_the_comparison_alone(meshes, tmp_path, monkeypatch):
    """A dead end, which all ranks see; an error of one law alone, which the others would wait for, ends the run."""

    def lost(error):
        def record(*_):
            raise error

        monkeypatch.setattr("multiscale.studies.specimen.run._record", record)

    lost(DeadEnd("No equilibrium was found beyond a load of 1e-08."))
    law, early = {"atoms": {"layers": 4, **PATH}}, {"opening": "3 nm", "steps": 3}
    found = run_study(parse_study(beam(law, naive_law=True, loading=early), meshes), tmp_path / "run")
    (said,) = [finding for finding in found.findings if finding.what.startswith("With the naive law")]
    assert "beyond a load of 1e-08" in str(said) and not said.fatal
    assert found["peak_load"] > 0 and "naive_peak_load" not in found.quantities and "naive law" not in found.sentence
    lost(NotConverged("a law of one rank"))
    with pytest.raises(NotConverged, match="a law of one rank"):
        run_study(parse_study(beam(law, naive_law=True, loading=early), meshes), tmp_path / "other")
