"""Every example runs: with a cheap potential where it allows one."""

import importlib.util
import runpy
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from multiscale.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(*words: object) -> str:
    """What the command line answers, which must succeed; in this process."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def beam():
    """The beam of the fracture example: its crack may grow by less, in elements of a seventh of its process zone."""
    return replace(load(EXAMPLES / "fracture_ni111" / "make_mesh.py").SPECIMEN, growth=12.0, fine=0.2, coarse=40.0)


def test_the_committed_mesh_is_the_script_s(tmp_path):
    import meshio

    load(EXAMPLES / "fracture_ni111" / "make_mesh.py").SPECIMEN.write(tmp_path / "dcb.msh")
    made, committed = meshio.read(tmp_path / "dcb.msh"), meshio.read(EXAMPLES / "fracture_ni111" / "dcb.msh")
    assert set(made.field_data) == set(committed.field_data)
    np.testing.assert_allclose(np.ptp(made.points, axis=0), np.ptp(committed.points, axis=0))
    assert len(made.points) == pytest.approx(len(committed.points), rel=0.02)


def test_fracture_script_gives_the_work_of_separation_back(beam, tmp_path):
    """On the smaller mesh; the script takes the one that lies beside it."""
    beam.write(tmp_path / "dcb.msh")
    shutil.copyfile(EXAMPLES / "fracture_ni111" / "script.py", tmp_path / "script.py")
    law, record = load(tmp_path / "script.py").main("emt", 6)
    assert record.energy_release_rate == pytest.approx(law.work_of_separation, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("potential", "work", "atoms"), [("emt", 3.41, {"layers": 6}), ("7net-0", 3.38, {"layers": 4, "path": "rigid"})]
)
def test_fracture_study_from_the_command_line(potential, work, atoms, beam, tmp_path):
    """The demo: as it is with a cheap potential, on the rigid path with the network; the report is whole."""
    from multiscale import Results

    study = yaml.safe_load((EXAMPLES / "fracture_ni111" / "study.yaml").read_text(encoding="utf-8"))
    law = study["interfaces"]["bond"]["law"]["atoms"]
    law |= {"openings": {"max": "4 Å", "points": 16}, **atoms}
    if law["path"] == "rigid":
        del law["relaxation"]
    study["potential"] = potential
    beam.write(tmp_path / "dcb.msh")
    del study["output"], study["naive_law"]  # the naive law has tests of its own, by a cheap potential
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    said = told("run", tmp_path / "study.yaml", "--output", tmp_path / "run")
    assert "report.html" in said
    results = Results.load(tmp_path / "run")
    assert results["work_of_separation"] == pytest.approx(work, rel=0.02)
    assert results["gc_relative_error"] < 0.02
    assert results["energy_balance_relative_error"] < 0.005
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for word in ("Who counts what", "Cohesive law", "Load and displacement", "Deformed specimen"):
        assert word in page
    assert (tmp_path / "run" / "curves" / "law.csv").read_text().startswith("opening [m],")


@pytest.mark.parametrize(
    ("example", "work", "route"),
    [("law_ni111", 3.408, "traction_route_difference"), ("law_cu_ni111", 2.756, "law_consistency")],
)
def test_cohesive_law_studies_with_a_cheap_potential(example, work, route, tmp_path):
    """The examples with effective medium theory: law, fits, exports, the law read back without atoms."""
    from coupling.exchange.storage import load_law
    from multiscale import run_study

    study = yaml.safe_load((EXAMPLES / example / "study.yaml").read_text(encoding="utf-8"))
    study["potential"] = "emt"
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    results = run_study(tmp_path / "study.yaml", tmp_path / "run")
    assert results["work_of_separation"] == pytest.approx(work, rel=1e-3)
    assert results[route] < 0.005
    law = load_law(tmp_path / "run" / "law.json")
    assert law.work_of_separation == pytest.approx(results["work_of_separation"], rel=1e-12)
    assert law.normal(law.opening_at_peak)[1] == pytest.approx(results["peak_traction"], rel=1e-12)
    assert "Closed-form fits" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_distil_study_with_a_cheap_teacher(tmp_path):
    """The example, tiny: effective medium theory, few paths, seconds of training; the second run trains nothing."""
    from atomistic import load_potential
    from multiscale import Results

    study = yaml.safe_load((EXAMPLES / "distil_ni111" / "study.yaml").read_text(encoding="utf-8"))
    study |= {
        "potential": "emt",
        "thickness": "6 Å",
        "training": {"epochs": 16, "batch": 8},
        "network": {"channels": 8, "cutoff": "4 Å"},
    }
    study["paths"] = {"relaxed": 0, "faults": 0, "vacancies": 0, "frames": 3, "strains": 6, "rattles": 6}
    study["paths"] |= {"openings": 3, "slips": 3, "surfaces": 3}
    del study["output"]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    command = ("distil", tmp_path / "study.yaml", "--output", tmp_path / "run")
    told(*command)
    results = Results.load(tmp_path / "run")
    assert results["train_structures"] > results["test_structures"] > 0
    assert results["Ni_lattice_parameter_relative_error"] < 0.03
    assert results["epochs"] == 16
    potential = load_potential(str(tmp_path / "run" / "student.pth"), device="cpu")
    assert potential.elements == {28} and potential.cutoff == pytest.approx(4.0)
    assert "reused from an earlier run: labelled paths" in told(*command)
    again = Results.load(tmp_path / "run")
    assert again["force_rmse"] == results["force_rmse"]
    assert again.reused == ["labelled paths"]
    assert "What matters" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crystals": []}, "crystals"),
        ({"crystals": [{"species": "Xx", "structure": "fcc", "planes": [[1, 1, 1]]}]}, "Unknown element"),
        ({"paths": {"openings": 1, "relaxed": 0, "slips": 0, "faults": 0, "strains": 0, "rattles": 0, "surfaces": 0,
                    "vacancies": 0}}, "held out"),
        ({"network": {"channels": 10}}, "multiple of 4"),
        ({"temperature": "-3 K"}, "greater than zero"),
        ({"study": "cohesive_law"}, "unknown key"),
    ],
)  # fmt: skip
def test_distil_inputs_that_make_no_student_are_refused(change, message, tmp_path):
    from coupling.errors import InputError
    from multiscale.studies import check_study, load_study

    study = yaml.safe_load((EXAMPLES / "distil_ni111" / "study.yaml").read_text(encoding="utf-8")) | change
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        check_study(load_study(tmp_path / "study.yaml"))


def test_the_distil_command_takes_distil_studies_alone(tmp_path):
    answer = CliRunner().invoke(app, ["distil", str(EXAMPLES / "law_ni111" / "study.yaml")])
    assert answer.exit_code == 2
    assert "'cohesive_law' study, not 'distil'" in " ".join(answer.output.split())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lower": None}, "either plane"),
        ({"plane": {"species": "Ni", "structure": "fcc", "miller": [1, 1, 1]}}, "either plane"),
        ({"matching": {"largest_strain": 0.001}}, "no common cell"),
    ],
)
def test_cohesive_law_inputs_that_make_no_interface_are_refused(change, message, tmp_path):
    from coupling.errors import InputError
    from multiscale import run_study

    study = yaml.safe_load((EXAMPLES / "law_cu_ni111" / "study.yaml").read_text(encoding="utf-8")) | {
        "potential": "emt"
    }
    study |= change
    study = {key: value for key, value in study.items() if value is not None}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        run_study(tmp_path / "study.yaml", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_specimen_study_on_a_coarser_loading(tmp_path):
    """The example, not pulled as far: G_c, J and the beam's peak come back; the committed mesh is the script's."""
    import meshio

    from continuum.reference.analytic import dcb_beam
    from coupling.laws.bilinear import Bilinear
    from multiscale import run_study

    folder = EXAMPLES / "specimen_dcb"
    load(folder / "make_mesh.py").SPECIMEN.write(tmp_path / "dcb.msh")
    np.testing.assert_allclose(
        meshio.read(tmp_path / "dcb.msh").points, meshio.read(folder / "dcb.msh").points, atol=1e-9
    )
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    study["loading"] |= {"opening": "2.6 mm", "steps": 13, "growth": 0.03}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    results = run_study(tmp_path / "study.yaml", tmp_path / "run")
    assert results["gc_relative_error"] < 0.01
    assert results["j_integral"] == pytest.approx(1e3, rel=0.01)
    beam = dcb_beam(Bilinear(1e3, 20e6, 1e13), 70e9 / (1 - 0.33**2), 6e-3, 40e-3, np.linspace(5e-5, 1.6e-3, 32))
    assert results["peak_load"] == pytest.approx(beam.max(), rel=0.02)


def test_a_stiff_sphere_is_pulled_off_as_maugis_says():
    ((parameter, force, theory),) = load(EXAMPLES / "adhesion_sphere" / "script.py").main((20e9,))
    assert parameter < 0.1
    assert force == pytest.approx(theory, rel=0.01)
    assert force == pytest.approx(2.0, rel=0.02)


def test_the_script_of_the_readme_runs_as_printed(beam, tmp_path, monkeypatch, capfd):
    """With effective medium theory in the network's place."""
    text = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    script = text.split("```python\n", 1)[1].split("```", 1)[0]
    assert script.count('"7net-0"') == 1
    beam.write(tmp_path / "dcb.msh")
    (tmp_path / "script.py").write_text(script.replace('"7net-0"', '"emt"'), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("script.py", run_name="__main__")
    said = capfd.readouterr().out
    assert "slab of bond" in said and (tmp_path / "loading.png").stat().st_size > 3000
    assert float(said.split()[-1]) == pytest.approx(3.4, rel=0.02)  # J/m²: of effective medium theory


def test_phases_by_a_cheap_potential(tmp_path):
    """The example without the network: the hull of copper and gold, and the labels that it would ask for."""
    from multiscale import run_study

    study = yaml.safe_load((EXAMPLES / "phases_cuau" / "study.yaml").read_text(encoding="utf-8"))
    assert study.pop("accurate")["potential"] == "7net-0"
    del study["output"]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    results = run_study(tmp_path / "study.yaml", tmp_path / "run")
    assert results["phases"] == 30 and results["lowest_formation_energy"] == pytest.approx(-0.0106, abs=2e-4)
    assert results["stable_phases"] == "fcc Cu, fcc Au, L1_0 AuCu, D0_22 AuCu3"
