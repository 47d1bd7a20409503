"""What a specimen's own checks say against its result: errors, warnings, and what is left of the run."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from coupling.errors import InputError
from coupling.exchange.storage import save_law
from coupling.laws.bilinear import Bilinear
from multiscale import Results, run_study
from multiscale.cli import app
from tests.multiscale.specimen_cases import DCB, joint

LATE = {"j_integral": {"inner": "12 mm", "outer": "20 mm"}}
"""A ring that runs into the end of the beam at the last states."""


@pytest.fixture(scope="module")
def late(tmp_path_factory, meshes):
    """The run of a beam with that ring by the command line: what it said, and its folder."""
    folder = tmp_path_factory.mktemp("late")
    (folder / "dcb.msh").symlink_to(meshes / "dcb.msh")
    (folder / "case.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(DCB | LATE))), encoding="utf-8")
    done = CliRunner().invoke(app, ["run", str(folder / "case.yaml"), "--output", str(folder / "run")])
    assert done.exit_code == 0, done.output
    return done.stdout, folder / "run"


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
        "history": "reversible", "initial_gap": {"radius": "1e6 m", "standoff": "1.5 µm"},
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


def test_rings_that_do_not_fit_fail_or_are_left_out_with_a_warning(late, case, tmp_path):
    """In the process zone at all states: an error. Into the end of the beam at the last ones: those are left out."""
    said, results = failed(case, tmp_path, DCB | {"j_integral": {"inner": "2 mm", "outer": "3 mm"}})
    assert "lies in the process zone" in said and "j_integral" not in results.quantities
    needed = re.findall(r"a ring with inner of ([\d.]+) mm or more", said)
    assert 8 < float(needed[0]) < 12
    told, folder = late
    (warning,) = [line for line in told.splitlines() if line.startswith("WARNING")]
    assert "states have no J-integral" in warning and "from the tip" in warning
    kept = json.loads((folder / "results.json").read_text())
    assert kept["warnings"] == [warning.removeprefix("WARNING: ")] and [one["fatal"] for one in kept["findings"]] == [
        False
    ]
    assert Results.load(folder)["j_integral"] == pytest.approx(1e3, rel=0.01)
    assert "<strong>Warning.</strong> " in (folder / "report.html").read_text(encoding="utf-8")


def test_findings_on_rings_outlive_an_interruption(late, case, tmp_path):
    def interrupt(stage, done, total, text=""):
        seen.append(done)
        if len(seen) == 20:
            raise KeyboardInterrupt

    seen, path = [], case(DCB | LATE)
    with pytest.raises(KeyboardInterrupt):
        run_study(path, tmp_path / "run", progress=interrupt)
    assert run_study(path, tmp_path / "run").findings == Results.load(late[1]).findings != []


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


def test_an_interface_that_is_opened_beyond_its_law_s_equilibrium_is_named(case, tmp_path):
    """A joint pulled apart as a whole passes it everywhere; one that is held short of it passes it nowhere."""
    law = Bilinear(1000.0, 2e7, 1e13)
    said = "beyond, Fe bcc parts first"
    for until, share in ((1e-5, 1.0), (2e-4, None)):
        count = replace(law.count, equilibrium_until=until, equilibrium_traction=1.9e7, beyond=said)
        save_law(law.counted(count), tmp_path / "law.json")
        study = joint()
        study["interfaces"]["bond"]["law"] = "law.json"
        results = run_study(case(study), tmp_path / f"run{until}")
        found = [one for one in results.findings if one.change == said]
        assert [one.size for one in found] == ([] if share is None else [pytest.approx(share)])
        assert all("100 % of it was opened beyond 10 µm" in one.what and not one.fatal for one in found)
