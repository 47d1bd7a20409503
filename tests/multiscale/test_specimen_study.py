"""The specimen study: against the script route, from law files, through interruptions."""

import re

import h5py
import numpy as np
import pytest

from coupling.errors import NotConverged
from coupling.exchange.storage import save_law
from multiscale import Results, run_study
from multiscale.studies import load_study, parse_study
from multiscale.studies.specimen.interface_input import InitialGap
from tests.multiscale.specimen_cases import DCB, LAW, joint


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
    assert (
        abs(whole["gc_from_fe"] - whole["work_of_separation"])
        <= whole["gc_from_fe_spread"]
        < 0.05 * whole["gc_from_fe"]
    )
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
    assert [one.file for one in again.files] == ["fields.vtkhdf", "film.npz"] and (
        whole.folder / "fields.vtkhdf"
    ).is_file()
    assert 'href="fields.vtkhdf"' in page
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
        return solve(self, control, *rest) if len(calls) < 30 else None

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
    study = joint(loading={"opening": ["30 µm", "0 µm", "60 µm"], "steps": 6}, output={"fields": "xdmf"})
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
    assert "HDF5" not in capfd.readouterr().err and len(results.files) == 3  # and the film
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
    from multiscale.studies.specimen.solids import typed_material as material

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
    gap = InitialGap(radius="2 mm", normal="y", centre=["1 mm", "0 mm", "0 mm"], overlap="1 µm").distance()
    points = np.array([[1e-3, 5.0, 0.0], [1e-3, 0.0, 2e-3], [4e-3, 0.0, 4e-3]])
    np.testing.assert_allclose(gap(points), [-1e-6, 1e-3 - 1e-6, 25e-6 / 4e-3 - 1e-6])
    np.testing.assert_allclose(
        InitialGap(radius="2 mm", standoff="1 µm").distance()(np.array([2e-3, 7.0])), 1e-3 + 1e-6
    )


def test_a_sphere_is_pulled_off_a_rigid_flat(case, tmp_path):
    """Rigid against its adhesion, the sphere is pulled off with 2 π w R, and the force balances what attracts it."""
    study = {
        "study": "specimen", "mesh": "sphere.msh", "mesh_unit": "µm", "kind": "axisymmetric",
        "bodies": {"block": {"young": "1000 GPa", "poisson": 0.3}},
        "interfaces": {
            "bond": {
                "plus": "block", "history": "reversible", "initial_gap": {"radius": "20 µm"},
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


def test_the_fields_of_each_saved_step_are_those_of_the_curves(case, tmp_path):
    """Of a joint that is uniform across: displacement of its end, traction, and what its interface has opened and lost."""
    results = run_study(case(joint()), tmp_path / "run")
    found = results.curves["load_displacement"].values
    with h5py.File(tmp_path / "run" / "fields.vtkhdf") as file:
        root = file["VTKHDF"]
        rows = root["Steps/Values"][()].astype(int)
        assert len(rows) > 3 and rows[-1] == len(found["load"]) - 1
        np.testing.assert_allclose(root["FieldData/load"][()], found["opening"][rows], rtol=1e-12)
        ends = root["upper/PointData/displacement"][()].reshape(len(rows), -1, 3)[..., 1].max(axis=1)
        np.testing.assert_allclose(ends, found["opening"][rows], rtol=1e-9)
        at_faces = {name: root[f"bond/CellData/{name}"][()] for name in root["bond/CellData"]}
        faces = len(root["bond/Types"])
        normal = at_faces["normal_traction"].reshape(len(rows), faces)
        np.testing.assert_allclose(normal, np.tile(found["load"][rows, None] / 1e-3, faces), rtol=1e-5, atol=20.0)
        damage, opening = (at_faces[name].reshape(len(rows), faces) for name in ("damage", "opening"))
        assert np.all(np.diff(damage, axis=0) >= 0) and np.allclose(damage[-1], 1.0)
        np.testing.assert_allclose(damage, np.clip(opening / LAW.final_opening, 0, 1), rtol=1e-9)
        np.testing.assert_allclose(at_faces["traction"][:, 1], at_faces["normal_traction"], rtol=1e-12)
        stress = root["upper/CellData/stress"][()].reshape(len(rows), -1, 3, 3)[:, :, 1, 1]
        np.testing.assert_allclose(stress.mean(axis=1), normal.mean(axis=1), rtol=1e-5, atol=20.0)


def test_no_fields_are_written_where_none_are_asked_for(case, tmp_path):
    results = run_study(case(joint(output={"fields": "none"})), tmp_path / "run")
    assert [one.file for one in results.files] == ["film.npz"] and not list((tmp_path / "run").glob("fields*"))
