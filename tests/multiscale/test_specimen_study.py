"""The specimen study: against the script route, from law files, through interruptions; and what it refuses."""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from coupling.errors import InputError, NotConverged
from coupling.exchange.storage import save_law
from coupling.laws.bilinear import Bilinear
from coupling.laws.rigid import InitiallyRigid
from multiscale import Results, run_study
from multiscale.cli import app
from multiscale.studies import load_study, parse_study
from multiscale.studies.specimen.interface_input import Gap

LAW = Bilinear(1e3, 20e6, 1e13)
DCB = {
    "study": "specimen",
    "mesh": "dcb.msh",
    "mesh_unit": "mm",
    "kind": "plane strain",
    "order": 2,
    "bodies": {"upper": {"young": "70 GPa", "poisson": 0.33}, "lower": {"young": "70 GPa", "poisson": 0.33}},
    "interfaces": {
        "bond": {
            "plus": "upper",
            "minus": "lower",
            "law": {
                "kind": "bilinear",
                "work_of_separation": "1 kJ/m^2",
                "peak_traction": "20 MPa",
                "stiffness": "1e4 MPa/mm",
            },
        }
    },
    "supports": [{"group": "end", "component": "x"}],
    "loads": [
        {"group": "load_upper", "component": "y", "factor": 0.5},
        {"group": "load_lower", "component": "y", "factor": -0.5},
    ],
    "loading": {"opening": "2.2 mm", "steps": 20, "growth": 0.04},
}


@pytest.fixture(scope="module")
def meshes(tmp_path_factory):
    from continuum.specimens.butt_joint import ButtJoint
    from continuum.specimens.dcb import DoubleCantileverBeam
    from continuum.specimens.flat_contact import SphereOnFlat

    folder = tmp_path_factory.mktemp("meshes")
    DoubleCantileverBeam(60, 3, 20, 25, fine=1.0, coarse=2.0, element="quadrilateral").write(folder / "dcb.msh")
    ButtJoint(1, 1, 1, 0.5, thickness=0.5, element="hexahedron").write(folder / "joint3d.msh")
    ButtJoint(1, 1, 1, 0.5).write(folder / "joint.msh")
    SphereOnFlat(reach=2, extent=8, fine=0.1, coarse=2, grading=0.3).write(folder / "sphere.msh")
    return folder


@pytest.fixture
def case(tmp_path, meshes):
    """A study in a folder of its own, changed as told, as an input file."""

    def write(base=DCB, name="case", **changes):
        for mesh in meshes.glob("*.msh"):
            if not (tmp_path / mesh.name).exists():
                (tmp_path / mesh.name).symlink_to(mesh)
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(json.loads(json.dumps(base | changes)), sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def whole(tmp_path_factory, meshes):
    """The study run once."""
    folder = tmp_path_factory.mktemp("whole")
    ring = {"inner": "8 mm", "outer": "12 mm"}
    return run_study(parse_study(DCB | {"j_integral": ring}, meshes), folder / "run")


def joint(kind="plane strain", **changes):
    """A butt joint that is pulled apart as a whole."""
    study = copy.deepcopy(DCB) | {"mesh": "joint3d.msh" if kind == "3D" else "joint.msh", "kind": kind, "order": 1}
    study["supports"] = [{"group": "bottom", "component": c} for c in ("x", "y")] + [{"group": "top", "component": "x"}]
    if kind == "3D":
        study["supports"].append({"group": "bottom", "component": "z"})
    study["loads"] = [{"group": "top", "component": "y"}]
    study["loading"] = {"opening": "130 µm", "steps": 6, "growth": 0.2}
    return study | changes


def test_study_equals_the_script_route(whole, meshes):
    from continuum.fenics import MPI
    from continuum.materials import LinearElastic
    from continuum.mesh.specimen_mesh import read_mesh
    from continuum.model import Bond, Prescribed
    from continuum.post.fracture import released_energy_per_area
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.stepping import pull

    mesh = read_mesh(meshes / "dcb.msh", unit=1e-3, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    loads = [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
    material = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(70e9, 0.33))
    problem = CohesiveProblem(mesh, material, [Bond("bond", "upper", "lower", LAW)], loads, order=2)
    record = pull(problem, 2.2e-3, 20, growth=0.04)
    assert whole["peak_load"] == pytest.approx(record.column("force").max(), rel=1e-9)
    assert whole["gc_from_fe"] == pytest.approx(released_energy_per_area(record), rel=1e-9)
    assert whole.curves["load_displacement"].values["load"] == pytest.approx(record.column("force"), rel=1e-9, abs=1e-6)


def test_what_the_study_reports_is_physics(whole):
    assert whole["gc_relative_error"] < 0.01
    assert whole["energy_balance_relative_error"] < 0.005
    assert whole["j_integral"] == pytest.approx(1e3, rel=0.03)
    late = whole.curves["r_curve"].values["resistance"][-3:]
    np.testing.assert_allclose(late, 1e3, rtol=0.05)
    front, zone = whole.curves["front_bond"].values, whole.curves["zone_bond"].values
    assert np.all(np.diff(front["x"]) >= 0) and front["x"][-1] > front["x"][0] >= 0.02
    np.testing.assert_allclose(front["y"], 0, atol=1e-9)
    assert 2e-3 < zone["length"][-1] < 1e-2
    counted = sum(row.energy for row in whole.ledger)
    final = {name: values[-1] for name, values in whole.curves["load_displacement"].values.items()}
    assert counted == pytest.approx(final["elastic"] + final["interface_stored"] + final["dissipated"], rel=1e-12)
    assert counted == pytest.approx(final["external_work"], rel=0.005)


def test_what_the_study_leaves_in_its_folder(whole):
    again = Results.load(whole.folder)
    assert again["peak_load"] == whole["peak_load"]
    page = (whole.folder / "report.html").read_text(encoding="utf-8")
    for word in (
        "Who counts what",
        "Cohesive law",
        "Load and displacement",
        "R-curve",
        "Energies at the end",
        "Deformed",
    ):
        assert word in page
    assert {p.name for p in (whole.folder / "fields").iterdir()} >= {"upper.xdmf", "lower.h5"}
    assert not (whole.folder.parent / ".cache" / "unfinished").exists()
    kept = load_study(whole.folder / "input" / "study.yaml")
    assert kept.model_dump(exclude={"output", "mesh"}) == parse_study(
        DCB | {"j_integral": {"inner": "8 mm", "outer": "12 mm"}}
    ).model_dump(exclude={"output", "mesh"})


def test_a_law_from_a_file_is_the_law_written_out(case, tmp_path):
    save_law(LAW, tmp_path / "law.json")
    inline = run_study(case(joint()), tmp_path / "inline")
    changed = joint()
    changed["interfaces"]["bond"]["law"] = "law.json"
    stored = run_study(case(changed), tmp_path / "stored")
    for name, values in inline.curves["load_displacement"].values.items():
        np.testing.assert_array_equal(stored.curves["load_displacement"].values[name], values)
    assert (tmp_path / "stored" / "input" / "law.json").is_file()
    rerun = load_study(tmp_path / "stored" / "input" / "study.yaml")
    assert rerun.interfaces["bond"].stored_law() == LAW


def test_an_interrupted_run_goes_on(whole, case, tmp_path):
    def interrupt(stage, done, total, text=""):
        seen.append(done)
        if len(seen) == 12:
            raise KeyboardInterrupt

    seen = []
    path = case(j_integral={"inner": "8 mm", "outer": "12 mm"})
    with pytest.raises(KeyboardInterrupt):
        run_study(path, tmp_path / "run", progress=interrupt)
    assert not (tmp_path / "run").exists()
    resumed = run_study(path, tmp_path / "run")
    assert resumed.reused == ["the first 12 steps of the loading, from an interrupted run"]
    for curve in ("load_displacement", "r_curve", "front_bond", "zone_bond"):
        for name, values in whole.curves[curve].values.items():
            np.testing.assert_array_equal(resumed.curves[curve].values[name], values)
    assert not (tmp_path / ".cache" / "unfinished").exists()


def test_a_run_interrupted_after_its_loading_only_reports_again(case, tmp_path, monkeypatch):
    import multiscale.studies.specimen.run as module

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "report", interrupt)
        run_study(case(joint()), tmp_path / "run")
    results = run_study(case(joint()), tmp_path / "run")
    states = results.curves["load_displacement"].values
    assert results.reused == [f"the first {len(states['load']) - 1} steps of the loading, from an interrupted run"]
    profile = results.curves["profile_bond"].values
    np.testing.assert_allclose(
        profile["opening"], states["opening"][-1], rtol=1e-6
    )  # the last state is the reported one


def test_a_loading_that_fails_leaves_its_curve(case, tmp_path, monkeypatch):
    from continuum.solver.newton import NewtonSolver

    solve, calls = NewtonSolver.solve, []

    def tired(self, control, *rest):
        calls.append(control)
        return solve(self, control, *rest) if len(calls) < 20 else None

    monkeypatch.setattr(NewtonSolver, "solve", tired)
    with pytest.raises(NotConverged, match="No equilibrium"):
        run_study(case(joint()), tmp_path / "run")
    lines = (tmp_path / "run.failed" / "load_displacement_so_far.csv").read_text().splitlines()
    assert lines[0] == "load [m],force [N/m],work [J/m],broken_area [m]"
    monkeypatch.undo()
    loads = run_study(case(joint()), tmp_path / "whole").curves["load_displacement"].values["opening"]
    assert 5 < len(lines) < len(loads)
    np.testing.assert_array_equal([float(line.split(",")[0]) for line in lines[1:]], loads[1 : len(lines)])


@pytest.mark.parametrize(
    ("kind", "area"), [("plane strain", 1e-3), ("plane stress", 1e-3), ("3D", 0.5e-6), ("axisymmetric", np.pi * 1e-6)]
)
def test_a_joint_of_rigid_blocks_is_its_law_in_every_kind_of_analysis(kind, area, case, tmp_path):
    """The load is σ(opening) A at every state, and the joint costs G A."""
    study = joint(kind, bodies={body: {"young": "1e6 GPa", "poisson": 0.0} for body in ("upper", "lower")})
    if kind == "axisymmetric":
        study["supports"] = [{"group": "bottom", "component": "y"}, {"group": "left", "component": "x"}]
    results = run_study(case(study), tmp_path / "run")
    states = results.curves["load_displacement"].values
    np.testing.assert_allclose(states["load"], area * LAW.normal(states["opening"])[1], atol=1e-4 * area * 20e6)
    assert states["dissipated"][-1] == pytest.approx(1e3 * area, rel=1e-6)
    assert results.quantities["peak_load"].unit == ("N/m" if kind.startswith("plane") else "N")


def test_a_load_that_comes_back_leaves_all_its_fields(case, tmp_path, capfd):
    """Turning points repeat loads, and the fields of all saved states are there, numbered by step."""
    study = joint(loading={"opening": ["30 µm", "0 µm", "60 µm"], "steps": 6})
    del study["interfaces"]["bond"]["plus"], study["interfaces"]["bond"]["minus"]
    study["interfaces"] = {"upper|lower": study["interfaces"]["bond"]}
    results = run_study(case(study), tmp_path / "run")
    load, opening = (results.curves["load_displacement"].values[name] for name in ("load", "opening"))
    first, second = 1 + np.flatnonzero(np.abs(np.diff(np.sign(np.diff(opening)))) == 2)
    assert opening[first] == pytest.approx(30e-6) and load[first] > 0 and abs(load[second]) < 1e-6 * load.max()
    times = re.findall(r'Time Value="([^"]+)"', (tmp_path / "run" / "fields" / "upper.xdmf").read_text())
    saved = np.unique([float(t) for t in times])
    assert set(saved) <= set(range(1, len(load))) and saved[-1] == len(load) - 1
    legs = np.histogram(saved, bins=[0, first + 0.5, second + 0.5, np.inf])[0]
    assert min(legs) >= 2 and len(times) == 2 * len(saved)  # the loads of one leg do not overwrite those of another
    assert "HDF5" not in capfd.readouterr().err
    assert results["energy_balance_relative_error"] < 0.001 and not any(
        "external work" in text for text in results.warnings
    )


def test_tractions_are_followed_past_their_largest_multiple(case, tmp_path):
    study = joint(tractions=[{"group": "top", "component": "y", "traction": "4 MPa"}])
    del study["loads"]
    study["loading"] = {"final": 8, "steps": 20, "growth": 0.03, "stop_at_area": 0.5}
    study["interfaces"]["bond"]["law"] = {"kind": "uber", "work_of_separation": "1 kJ/m^2", "length": "18 µm"}
    results = run_study(case(study), tmp_path / "run")
    peak = 1e3 / (np.e * 18e-6)
    assert results["peak_load_factor"] == pytest.approx(peak / 4e6, rel=0.01)
    assert results.curves["load_displacement"].values["load_factor"][-1] < results["peak_load_factor"]
    assert results["energy_balance_relative_error"] < 0.01


def test_materials_written_in_different_ways_are_the_same(case, tmp_path):
    """An isotropic solid by moduli, by cubic constants, by its matrix in any grain; and unstrained by no heat."""
    from coupling.elasticity import isotropic_stiffness
    from multiscale.inputs.material import MaterialInput
    from multiscale.studies.specimen.bodies import typed_material as material

    stiffness = isotropic_stiffness(70e9, 0.33)
    cubic = {f"C{i}{j}": f"{float(stiffness[i - 1, j - 1])!r} Pa" for i, j in ((1, 1), (1, 2), (4, 4))}
    matrix = {"matrix": (stiffness / 1e9).tolist(), "unit": "GPa"}
    grain = {"x": [1, 1, -2], "y": [1, 1, 1]}
    for given in ({"stiffness": cubic}, {"stiffness": matrix, "grain": grain}):
        np.testing.assert_allclose(material(MaterialInput(**given)).stiffness_voigt, stiffness, atol=1.0)
    nickel = {"C11": "250 GPa", "C12": "150 GPa", "C44": "120 GPa"}
    turned = material(MaterialInput(stiffness=nickel, grain=grain)).stiffness_voigt
    assert turned[1, 1] == pytest.approx((250e9 + 2 * 150e9 + 4 * 120e9) / 3)  # along [111]
    heated = material(MaterialInput(young="70 GPa", poisson=0.3, expansion="23 ppm/K", temperature_difference="-100 K"))
    np.testing.assert_allclose(heated.thermal_strain_voigt, [-2.3e-3] * 3 + [0] * 3)
    for strain, name in (("finite", "StVenantKirchhoff"), ("neo-hookean", "NeoHookean")):
        made = material(MaterialInput(young="70 GPa", poisson=0.33, strain=strain))
        assert type(made).__name__ == name
        np.testing.assert_allclose(made.stiffness_voigt, stiffness)


def test_the_gap_is_that_of_a_sphere():
    gap = Gap(radius="2 mm", normal="y", centre=["1 mm", "0 mm", "0 mm"], overlap="1 µm").distance()
    points = np.array([[1e-3, 5.0, 0.0], [1e-3, 0.0, 2e-3], [4e-3, 0.0, 4e-3]])
    np.testing.assert_allclose(gap(points), [-1e-6, 1e-3 - 1e-6, 25e-6 / 4e-3 - 1e-6])
    np.testing.assert_allclose(Gap(radius="2 mm", standoff="1 µm").distance()(np.array([2e-3, 7.0])), 1e-3 + 1e-6)


def test_a_sphere_is_pulled_off_a_rigid_flat(case, tmp_path):
    """Rigid against its adhesion, the sphere is pulled off with 2 π w R, and the force balances what attracts it."""
    study = {
        "study": "specimen", "mesh": "sphere.msh", "mesh_unit": "µm", "kind": "axisymmetric",
        "bodies": {"block": {"young": "1000 GPa", "poisson": 0.3}},
        "interfaces": {
            "bond": {
                "plus": "block", "history": "reversible", "gap": {"radius": "20 µm"},
                "law": {"kind": "uber", "work_of_separation": "50 mJ/m^2", "length": "12 nm"},
            }
        },
        "supports": [{"group": "axis", "component": "x"}],
        "loads": [{"group": "base", "component": "y", "factor": -1}],
        "loading": {"opening": "60 nm", "steps": 24},
    }  # fmt: skip
    results = run_study(case(study), tmp_path / "run")
    assert results["peak_load"] == pytest.approx(2 * np.pi * 0.05 * 20e-6, rel=0.02)
    assert results["energy_balance_relative_error"] < 0.01


def test_a_process_zone_that_is_not_resolved_is_told_with_the_way_out(case, tmp_path):
    study = joint()
    study["interfaces"]["bond"]["law"] = {"kind": "uber", "work_of_separation": "1 J/m^2", "length": "20 nm"}
    study["loading"] = {"opening": "20 nm", "steps": 2}
    results = run_study(case(study), tmp_path / "fine")
    (warning,) = [text for text in results.warnings if "Irwin" in text]
    planes = int(warning.rpartition("coarsen: ")[2].rstrip("."))
    assert 100 < planes < 200
    study["interfaces"]["bond"]["coarsen"] = planes
    coarse = run_study(case(study), tmp_path / "coarse")
    assert not [text for text in coarse.warnings if "Irwin" in text]
    assert coarse["work_of_separation"] == pytest.approx(1.0)
    assert coarse["peak_traction"] == pytest.approx(np.sqrt(2 * 1.0 * results["initial_stiffness"] / planes), rel=0.1)
    assert [note for note in coarse.notes if "compliance" in note]


def failed(case, tmp_path, study):
    """A run that the command line ends with status 1: its last words and what it left."""
    done = CliRunner().invoke(app, ["run", str(case(study)), "--output", str(tmp_path / "run"), "--quiet"])
    assert done.exit_code == 1 and done.stderr.startswith("Error: ") and "lies in" in done.stderr, done.output
    assert not (tmp_path / "run").exists()
    return done.stderr, Results.load(tmp_path / "run.failed")


def test_a_result_that_its_own_balance_refutes_fails_with_everything_written(case, tmp_path):
    """Faces that attract jump into contact under load control: most of the energy is lost on the way."""
    study = joint(
        supports=[{"group": "bottom", "component": c} for c in ("x", "y")] + [{"group": "top", "component": "x"}]
    )
    study["loads"] = [{"group": "top", "component": "y", "factor": -1.0}]
    study["interfaces"]["bond"] |= {
        "history": "reversible", "gap": {"radius": "1e6 m", "standoff": "1.5 µm"},
        "law": {"kind": "uber", "work_of_separation": "100 J/m^2", "length": "0.1 µm"},
    }  # fmt: skip
    study["loading"] = {"opening": "2.5 µm", "steps": 40}
    said, results = failed(case, tmp_path, study)
    assert (
        "external work differs from the energies" in said
        and "and 0.01 is allowed" in said
        and "between the loads" in said
    )
    (finding,) = [one for one in results.findings if one.fatal]
    assert finding.size == pytest.approx(results["energy_balance_relative_error"]) and finding.size > 0.1
    page = (tmp_path / "run.failed" / "report.html").read_text(encoding="utf-8")
    assert page.index("Refuted, this result does not stand.") < page.index(
        "critical energy" if "gc_from_fe" in results.quantities else "peak load"
    )
    assert (tmp_path / "run.failed" / "curves" / "load_displacement.csv").is_file()
    study["loading"]["closing"] = True
    assert run_study(case(study), tmp_path / "mended").refuted == []


def test_loads_that_do_no_work_fail(case, tmp_path):
    study = joint(loads=[{"group": group, "component": "y"} for group in ("top", "bottom")])
    study["supports"] = [{"group": group, "component": "x"} for group in ("top", "bottom")]
    said, results = failed(case, tmp_path, study)
    assert "The loads do no work" in said and [one.fatal for one in results.findings] == [True]


def test_a_specimen_that_nothing_holds_is_refused_with_its_free_motion(case, tmp_path):
    with pytest.raises(
        InputError, match="Nothing holds the specimen: the body 'upper' and the body 'lower' together can move along x"
    ):
        run_study(case(joint(supports=[{"group": "bottom", "component": "y"}])), tmp_path / "run")
    assert not list(tmp_path.glob("run*"))


def test_rings_that_do_not_fit_fail_or_are_left_out_with_a_warning(case, tmp_path):
    """In the process zone at all states: an error. Into the end of the beam at the last ones: those are left out."""
    said, results = failed(case, tmp_path, DCB | {"j_integral": {"inner": "2 mm", "outer": "3 mm"}})
    assert "lies in the process zone" in said and "j_integral" not in results.quantities
    needed = re.findall(r"a ring with inner of ([\d.e-]+) m or more", said)
    assert 0.008 < float(needed[0]) < 0.012
    path = case(DCB | {"j_integral": {"inner": "12 mm", "outer": "20 mm"}})
    done = CliRunner().invoke(app, ["run", str(path), "--output", str(tmp_path / "late")])
    assert done.exit_code == 0
    (warning,) = [line for line in done.stdout.splitlines() if line.startswith("WARNING")]
    assert "states have no J-integral" in warning and "from the tip" in warning
    kept = json.loads((tmp_path / "late" / "results.json").read_text())
    assert kept["warnings"] == [warning.removeprefix("WARNING: ")] and [one["fatal"] for one in kept["findings"]] == [
        False
    ]
    late = Results.load(tmp_path / "late")
    assert late["j_integral"] == pytest.approx(1e3, rel=0.01)
    assert "<strong>Warning.</strong> " in (tmp_path / "late" / "report.html").read_text(encoding="utf-8")


def test_findings_on_rings_outlive_an_interruption(case, tmp_path):
    def interrupt(stage, done, total, text=""):
        seen.append(done)
        if len(seen) == 20:
            raise KeyboardInterrupt

    seen, path = [], case(DCB | {"j_integral": {"inner": "12 mm", "outer": "20 mm"}})
    with pytest.raises(KeyboardInterrupt):
        run_study(path, tmp_path / "run", progress=interrupt)
    resumed, whole = run_study(path, tmp_path / "run"), run_study(path, tmp_path / "whole")
    assert resumed.findings == whole.findings != []


def bond(**changes):
    return {"bond": DCB["interfaces"]["bond"] | changes}


RING = {"inner": "2 mm", "outer": "3 mm"}
STEEL = {"young": "200 GPa", "poisson": 0.3}
BAD = {
    "unknown group": ({"supports": [{"group": "ende", "component": "x"}]}, "'ende'", "Did you mean 'end'?"),
    "unknown body": ({"bodies": {"uper": STEEL, "lower": STEEL}, "interfaces": {"bond": bond()["bond"] | {"plus": "uper"}}}, "'uper'", "upper"),
    "side is no body": ({"interfaces": bond(plus="uper")}, "interfaces.bond", "'uper'", "Did you mean 'upper'?"),
    "one side twice": ({"interfaces": bond(minus="upper")}, "both 'upper'"),
    "no plus": ({"interfaces": bond(plus=None)}, "interfaces.bond", "plus is missing"),
    "pair with sides": ({"interfaces": {"upper|lower": bond()["bond"]}}, "leave out plus and minus"),
    "no law": ({"interfaces": bond(law="nope.json")}, "nope.json", "cannot be read"),
    "unknown law": ({"interfaces": bond(law={"kind": "bilinea"})}, "'bilinea'", "Did you mean 'bilinear'?"),
    "law without units": ({"interfaces": bond(law={"kind": "uber", "work_of_separation": 3, "length": "1 Å"})}, "J/m^2"),
    "law is a number": ({"interfaces": bond(law=3)}, "3 is not a law"),
    "law with an unknown key": (
        {"interfaces": bond(law={"kind": "uber", "work_of_separation": "3 J/m^2", "lenght": "1 Å"})}, "Did you mean 'length'?"),
    "law that snaps back": (
        {"interfaces": bond(law={"kind": "bilinear", "work_of_separation": "1 J/m^2", "peak_traction": "20 MPa", "stiffness": "1 GPa/m"})},
        "interfaces.bond"),
    "negative friction": ({"interfaces": bond(friction=-0.1)}, "friction"),
    "viscosity without time": ({"interfaces": bond(viscosity="1 MPa*s/mm")}, "loading.duration"),
    "unknown history": ({"interfaces": bond(history="elastic")}, "'elastic'", "'damage'"),
    "contact without stiffness": ({"interfaces": bond(contact={})}, "contact.stiffness is missing"),
    "gap in the wrong dimension": ({"interfaces": bond(gap={"radius": "1 mm", "centre": ["0 mm"] * 3})}, "give 2 lengths"),
    "gap with both shifts": ({"interfaces": bond(gap={"radius": "1 mm", "standoff": "1 nm", "overlap": "1 nm"})}, "not both"),
    "one plane": ({"interfaces": bond(coarsen=1)}, "coarsen", "2"),
    "no mesh": ({"mesh": "nope.msh"}, "'nope.msh'", "dcb.msh"),
    "wrong dimension": ({"kind": "3D"}, "dimension 3"),
    "unknown kind": ({"kind": "plane"}, "'plane'", "plane strain"),
    "z in the plane": ({"supports": [{"group": "end", "component": "z"}]}, "supports.0.component", "x, y"),
    "two materials": ({"bodies": {"upper": STEEL | {"stiffness": {"matrix": [[1.0]], "unit": "GPa"}}, "lower": STEEL}}, "matrix"),
    "half a material": ({"bodies": {"upper": {"young": "1 GPa"}, "lower": STEEL}}, "bodies.upper", "young and poisson"),
    "incompressible": ({"bodies": {"upper": STEEL | {"poisson": 0.5}, "lower": STEEL}}, "bodies.upper.poisson", "0.5"),
    "half a stiffness": ({"bodies": {"upper": {"stiffness": {"C11": "1 GPa"}}, "lower": STEEL}}, "C11, C12 and C44"),
    "half a heat": ({"bodies": {"upper": STEEL | {"expansion": "1 ppm/K"}, "lower": STEEL}}, "temperature_difference"),
    "hot and finite": (
        {"bodies": {"upper": STEEL | {"expansion": "1 ppm/K", "temperature_difference": "1 K", "strain": "finite"}, "lower": STEEL}},
        "strain: small"),
    "finite in plane stress": ({"kind": "plane stress", "bodies": {"upper": STEEL | {"strain": "finite"}, "lower": STEEL}}, "plane stress"),
    "grain without stiffness": ({"bodies": {"upper": STEEL | {"grain": {"x": [1, 0, 0], "y": [0, 1, 0]}}, "lower": STEEL}}, "isotropic"),
    "no load": ({"loads": []}, "loads (displacements) or tractions"),
    "two loads": ({"tractions": [{"group": "end", "component": "x", "traction": "1 MPa"}]}, "one of the two"),
    "zero load": ({"loads": [{"group": "end", "component": "y", "factor": 0.0}]}, "factor 0"),
    "multiples of displacements": ({"loading": {"final": 2}}, "'opening'"),
    "nowhere to go": ({"loading": {"opening": ["1 mm", "1 mm"]}}, "turning point"),
    "both ends": ({"loading": {"opening": "1 mm", "final": 2}}, "one of the two"),
    "no unit": ({"loading": {"opening": 3}}, "loading.opening", "mm"),
    "more than all": ({"loading": {"opening": "1 mm", "stop_at_area": 2.0}}, "stop_at_area"),
    "ring inside out": ({"j_integral": {"inner": "3 mm", "outer": "2 mm"}}, "inner < outer"),
    "ring around no crack": ({"j_integral": RING | {"interface": "bnd"}}, "'bnd'", "bond"),
    "ring in a solid of revolution": ({"j_integral": RING, "kind": "axisymmetric"}, "j_integral", "axisymmetric"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_leaves_nothing(name, case, tmp_path):
    changes, *words = BAD[name]
    path = case(**changes)
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_an_initially_rigid_law_is_refused_with_its_way_out(case, tmp_path):
    opening = np.linspace(0, 1e-4, 30)
    rigid = InitiallyRigid(opening, 2e3 * (opening / 1e-4 - (opening / 1e-4) ** 2 / 2) / 2, 1e7 * (1 - opening / 1e-4))
    save_law(rigid, tmp_path / "rigid.json")
    path = case(interfaces=bond(law="rigid.json"))
    with pytest.raises(InputError, match=r"interfaces\.bond: .*zero jump.*spring.*on_spring"):
        run_study(path, tmp_path / "run")
    save_law(rigid.on_spring(1e13), tmp_path / "rigid.json")
    assert load_study(path).stored_bond("bond").law.gap == "in bulk"
    save_law(rigid, tmp_path / "rigid.json")
    sprung = load_study(case(interfaces=bond(law="rigid.json", spring="1e13 Pa/m"))).stored_bond("bond").law
    np.testing.assert_array_equal(sprung.traction, rigid.on_spring(1e13).traction)


def test_an_unstable_stiffness_is_refused_before_anything_is_written(case, tmp_path):
    unstable = {"stiffness": {"C11": "100 GPa", "C12": "150 GPa", "C44": "50 GPa"}}
    with pytest.raises(InputError, match="not positive definite"):
        run_study(case(bodies={"upper": unstable, "lower": STEEL}), tmp_path / "run")
    assert not list(tmp_path.glob("run*"))


def test_the_schema_offers_what_the_study_takes():
    schema = json.loads(CliRunner().invoke(app, ["schema", "specimen"]).stdout)
    assert set(DCB) <= set(schema["properties"])


@pytest.mark.parametrize(
    ("supports", "status", "words"), [("xy", 1, "The loads do no work"), ("", 2, "together can move along x,")]
)
def test_two_ranks_end_with_the_same_refutation(case, tmp_path, supports, status, words):
    study = joint(
        loads=[{"group": "top", "component": "y"}, {"group": "bottom", "component": "y"}][: 2 if supports else 1]
    )
    study["supports"] = [{"group": "top", "component": "x"}, {"group": "bottom", "component": "x"}] if supports else []
    launcher = Path(sys.executable).with_name("mpiexec")
    program = [sys.executable, "-c", "from multiscale.cli import main; main()"]
    command = [launcher, "-n", "2", *program, "run", case(study), "--output", tmp_path / "run", "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, timeout=200, capture_output=True, text=True)
    assert done.returncode == status and words in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "run.failed" / "results.json").exists() is (status == 1) and not (tmp_path / "run").exists()
