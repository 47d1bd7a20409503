"""A run is whole, or marked as failed, or not there; and it keeps what made it."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from coupling.errors import InputError, NotConverged
from multiscale import Results, run_study
from multiscale.cli import app
from multiscale.runtime.cache import Cache
from multiscale.runtime.context import RunContext
from multiscale.runtime.workspace import Workspace
from multiscale.studies import parse_study

pytestmark = pytest.mark.usefixtures("toy")


def toy_input(folder: Path, mode: str = "good", title: str = "Toy") -> Path:
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump({"study": "toy", "title": title, "mode": mode, "output": {"folder": "out"}}))
    return path


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_a_run_is_a_folder_with_all_in_it(tmp_path):
    results = run_study(toy_input(tmp_path))
    assert results.folder == tmp_path / "out"
    assert names(tmp_path) == [".cache", "case.yaml", "out"]
    assert {"curves", "deformed.png", "input", "log.txt", "report.html", "results.json"} <= set(names(results.folder))
    assert Results.load(results.folder).quantities == results.quantities
    log = (results.folder / "log.txt").read_text()
    assert "INFO" in log and "toy law: computed" in log and "finished" in log


def test_the_second_run_reuses_and_says_so(tmp_path):
    assert run_study(toy_input(tmp_path)).reused == []
    second = run_study(toy_input(tmp_path))
    assert second.reused == ["toy law"]
    assert Results.load(second.folder).reused == ["toy law"]
    assert "reused from an earlier run" in (second.folder / "log.txt").read_text()
    assert "Reused from an earlier run" in (second.folder / "report.html").read_text()


def test_what_this_run_computed_is_not_from_an_earlier_one(tmp_path):
    first, second = (RunContext(tmp_path, Cache(tmp_path / "store")) for _ in range(2))
    for _ in range(2):
        first.cached("toy law", {"a": 1}, lambda: {"x": 1.0})
    assert first.reused == []
    second.cached("toy law", {"a": 1}, lambda: {"x": 1.0})
    assert second.reused == ["toy law"]


def test_the_input_kept_with_a_run_runs_again(tmp_path):
    first = run_study(toy_input(tmp_path))
    again = run_study(first.folder / "input" / "study.yaml", tmp_path / "again")
    assert again.quantities == first.quantities and again.input == first.input


def test_files_of_the_input_are_kept(folder, write, good, monkeypatch):
    from multiscale import studies
    from tests.multiscale.conftest import toy_results

    class Module:
        @staticmethod
        def run(study, context):
            return toy_results(np.array([0.0, 1e-10]), context.folder)

    monkeypatch.setitem(sys.modules, studies.STUDIES["fracture"].module, Module)
    assert studies.STUDIES["fracture"].run is Module.run
    results = run_study(write(good))
    assert names(results.folder / "input") == ["study.yaml", "tiny.msh"]
    assert "tiny.msh" in results.input["mesh"]
    assert str(folder) not in (results.folder / "results.json").read_text()


def test_provenance_has_versions_and_seed_but_no_place(tmp_path):
    record = Results.load(run_study(toy_input(tmp_path)).folder).provenance
    assert record["seed"] == 0 and record["ranks"] == 1
    assert record["versions"]["torch"] and record["versions"]["python"]
    assert set(record["seconds"]) == {"total"}
    text = json.dumps(record)
    assert os.uname().nodename not in text.replace("Linux", "") and "/" not in record["platform"]
    assert str(Path.home()) not in text


@pytest.mark.parametrize(
    ("mode", "error"), [("diverges", NotConverged), ("bug", KeyError), ("interrupt", KeyboardInterrupt)]
)
def test_a_failed_run_is_kept_as_such_and_the_older_one_stays(mode, error, tmp_path):
    run_study(toy_input(tmp_path, title="old"))
    with pytest.raises(error) as caught:
        run_study(toy_input(tmp_path, mode, title="new"))
    assert names(tmp_path) == [".cache", "case.yaml", "out", "out.failed"]
    assert Results.load(tmp_path / "out").title == "old"
    assert (tmp_path / "out.failed" / "state.txt").read_text() == "new"
    assert "Traceback" in (tmp_path / "out.failed" / "log.txt").read_text()
    assert "out.failed" in caught.value.__notes__[0]
    run_study(toy_input(tmp_path, title="third"))
    assert names(tmp_path) == [".cache", "case.yaml", "out"]
    assert Results.load(tmp_path / "out").title == "third"


def test_of_an_impossible_input_nothing_stays(tmp_path):
    with pytest.raises(InputError):
        run_study(toy_input(tmp_path, "input"))
    assert names(tmp_path) == [".cache", "case.yaml"]


@pytest.mark.parametrize(
    ("mode", "status", "words"),
    [
        ("diverges", 1, ["Error: Newton stopped at step 3.", "out.failed"]),
        ("bug", 1, ["KeyError", "--debug", "out.failed"]),
        ("interrupt", 130, ["Interrupted.", "out.failed"]),
        ("input", 2, ["Error: The law does not fit the mesh."]),
    ],
)
def test_the_command_says_it_in_one_line(mode, status, words, tmp_path):
    done = CliRunner().invoke(app, ["run", str(toy_input(tmp_path, mode)), "--quiet"])
    assert done.exit_code == status
    assert done.stdout == "" and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    shown = CliRunner().invoke(app, ["run", str(toy_input(tmp_path, mode)), "--quiet", "--debug"])
    assert shown.exit_code == status and "Traceback" in shown.stderr


def test_the_command_sums_up(tmp_path):
    done = CliRunner().invoke(app, ["run", str(toy_input(tmp_path)), "--output", str(tmp_path / "other")])
    assert done.exit_code == 0, done.stderr
    assert "peak <traction>: 29.80 ± 0.40 GPa" in done.stdout
    assert "report.html" in done.stdout and (tmp_path / "other" / "report.html").is_file()
    assert "toy: 1 of 1" in done.stderr


def test_a_folder_that_is_not_a_run_s_is_left_alone(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(InputError, match="not a run's"):
        run_study(toy_input(tmp_path), tmp_path / "thesis")
    with pytest.raises(InputError, match="is a file"):
        run_study(toy_input(tmp_path), tmp_path / "case.yaml")
    assert names(tmp_path) == ["case.yaml", "thesis"]
    assert names(tmp_path / "thesis") == ["chapter.tex"]


def test_a_folder_that_cannot_be_made(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        run_study(toy_input(tmp_path), tmp_path / "case.yaml" / "under" / "a-file")


def test_two_runs_do_not_share_a_folder(tmp_path):
    other = Workspace(tmp_path / "out")
    other.claim()
    with pytest.raises(InputError, match="Another run"):
        run_study(toy_input(tmp_path))
    assert names(tmp_path / "out.partial") == [".multiscale", "log.txt"]
    other.release()
    assert run_study(toy_input(tmp_path))["steps"] == 7


def test_what_a_killed_run_left_is_cleared(tmp_path):
    killed = Workspace(tmp_path / "out")
    killed.claim()
    (killed.partial / "stale.csv").write_text("half")
    killed.release()
    run_study(toy_input(tmp_path, title="old"), tmp_path / "else").folder.rename(tmp_path / ".out.old")  # in `publish`
    with pytest.raises(NotConverged):
        run_study(toy_input(tmp_path, "diverges"))
    assert Results.load(tmp_path / "out").title == "old"
    results = run_study(toy_input(tmp_path))
    assert names(tmp_path) == [".cache", "case.yaml", "out"]
    assert "stale.csv" not in names(results.folder)


def test_the_user_s_logging_is_untouched(tmp_path, caplog):
    before = list(logging.getLogger().handlers), dict(logging.root.manager.loggerDict)
    run_study(toy_input(tmp_path))
    assert "multiscale" not in logging.root.manager.loggerDict
    assert not [record for record in caplog.records if record.name == "multiscale"]
    assert logging.getLogger().handlers == before[0]


def test_a_study_from_a_script_needs_no_file(tmp_path):
    study = parse_study({"study": "toy", "title": "from a script"}, tmp_path)
    assert run_study(study, tmp_path / "run")["steps"] == 7


RANKS = """
import sys, types
from coupling.errors import InputError
from multiscale.cli import app
from multiscale.runtime.results import Results
from multiscale.studies import STUDIES, StudyKind
from tests.multiscale.conftest import ToyStudy

def refuse():
    raise InputError("No good.")

def run(study, context):
    if study.title == "rank 1 fails" and context.comm.rank == 1:
        raise RuntimeError("only here")
    context.comm.Barrier()
    assert context.cached("law", {"a": 1}, lambda: {"x": 41.0 + 1}) == {"x": 42.0}
    if study.mode == "input":
        context.on_root(refuse)
    return Results("toy")

module = types.ModuleType("ranks")
module.run = run
sys.modules["ranks"] = module
STUDIES["toy"] = StudyKind(ToyStudy, "ranks")
app(sys.argv[1:])
"""


def on_two_ranks(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "ranks.py").write_text(RANKS)
    command = [Path(sys.executable).with_name("mpiexec"), "-n", "2", sys.executable, folder / "ranks.py", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)


def test_two_ranks_write_one_run(tmp_path):
    done = on_two_ranks(tmp_path, "run", str(toy_input(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report:") == 1
    assert Results.load(tmp_path / "out").provenance["ranks"] == 2


def test_an_error_on_one_rank_ends_all(tmp_path):
    path = toy_input(tmp_path, title="rank 1 fails")
    done = on_two_ranks(tmp_path, "run", str(path))
    assert done.returncode != 0
    assert "only here" in done.stderr and "Traceback" not in done.stderr
    assert "out.failed" in names(tmp_path) and "out" not in names(tmp_path)


def test_an_input_error_of_all_ranks_is_said_once(tmp_path):
    done = on_two_ranks(tmp_path, "run", str(toy_input(tmp_path, "input")))
    assert done.returncode == 2
    assert done.stderr.count("Error: No good.") == 1
    done = on_two_ranks(tmp_path, "run", str(tmp_path / "absent.yaml"))
    assert done.returncode == 2
    assert done.stderr.count("Error:") == 1
