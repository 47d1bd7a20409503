"""Sweeps that run: on a shared scheduler in this process, resumed, failing, killed."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray
import yaml

from coupling.errors import InputError, MultiscaleError
from multiscale import SweepResults, load, run_sweep, sweep
from multiscale.inputs.consent import Consent
from multiscale.runtime.cache import Cache
from multiscale.sweeps import engine as engines
from multiscale.sweeps.driver import _record
from multiscale.sweeps.inputs import SweepInput
from multiscale.sweeps.journal import Journal
from multiscale.sweeps.ranges import Axis
from multiscale.sweeps.record import SweepRecord
from multiscale.sweeps.report import page_of
from multiscale.sweeps.tasks import perform

SLURM = Path(__file__).parents[2] / "tools" / "slurm.sh"


@pytest.fixture(scope="module")
def engine():
    """A scheduler with two workers, threads of this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp", resources={"GPU": 1}
    ) as cluster:
        yield {"kind": "scheduler", "address": cluster.scheduler_address}


CALLS: list[float] = []
BROKEN = {"now": True}


def area(x: float, n: int, width: float) -> dict:
    CALLS.append(x)
    if n == 3 and x > 1e-9 and BROKEN["now"]:
        raise ValueError("too wide")
    return {"area": (x * width * n, "m^2"), "count": n}


OVER = {"x": ["1 nm", "20 Å"], "n": [1, 2, 3]}


@pytest.fixture(autouse=True)
def _fresh():
    CALLS.clear()
    BROKEN["now"] = True


def test_a_function_over_a_grid_is_a_dataset_with_units(engine, tmp_path):
    seen = []
    found = sweep(
        area, OVER, tmp_path / "s", engine=engine, width=2.0, title="Areas", progress=lambda *words: seen.append(words)
    )
    assert str(found.status) == "5 of 6 points done, 1 failed; finished."
    assert found.failures == [({"x": "20 Å", "n": 3}, "unexpected ValueError: too wide")]
    assert seen[0][:3] == ("points", 0, 6) and seen[-1][1:3] == (6, 6) and "left" in seen[-1][3]
    with xarray.open_dataset(tmp_path / "s" / "results.nc", engine="h5netcdf") as stored:
        stored.load()
    for data in (found.dataset, stored):
        assert data["area"].dims == ("x", "n") and data["area"].attrs["units"] == "m^2"
        assert data["x"].attrs["units"] == "nm" and data["x"].values.tolist() == [1.0, 2.0]
        np.testing.assert_allclose(data["area"].values, [[2e-9, 4e-9, 6e-9], [4e-9, 8e-9, np.nan]], rtol=1e-12)
        assert float(data["count"].sel(x=2.0, n=2)) == 2
        assert data["status"].values.tolist() == [["done"] * 3, ["done", "done", "failed"]]
    rows = (tmp_path / "s" / "results.csv").read_text().splitlines()
    assert rows[0] == "point,status,x [nm],n,area [m^2],count,error" and len(rows) == 7
    assert rows[6].endswith("failed,2.0,3,,,unexpected ValueError: too wide")
    page = (tmp_path / "s" / "report.html").read_text(encoding="utf-8")
    assert "too wide" in page and page.count("<svg") == 6 and "Areas" in page


def test_what_is_done_is_not_computed_again_and_failures_are_on_request(engine, tmp_path):
    first = sweep(area, OVER, tmp_path / "s", engine=engine, width=2.0)
    assert len(CALLS) == 6 and first.status.failed == 1
    files = {name: (tmp_path / "s" / name).read_bytes() for name in ("results.nc", "results.csv")}
    sweep(area, OVER, tmp_path / "s", engine=engine, width=2.0)
    assert len(CALLS) == 6
    assert files == {name: (tmp_path / "s" / name).read_bytes() for name in files}
    BROKEN["now"] = False
    mended = sweep(area, OVER, tmp_path / "s", engine=engine, retry_failed=True, width=2.0)
    assert len(CALLS) == 7 and mended.status.done == 6 and not mended.failures
    wider = sweep(area, {"x": ["1 nm", "20 Å", "3 nm"], "n": [1, 2, 3]}, tmp_path / "s", engine=engine, width=2.0)
    assert len(CALLS) == 10 and wider.status.done == 9
    sweep(area, OVER, tmp_path / "s", engine=engine, width=3.0)
    assert len(CALLS) == 16


def test_samples_share_a_dimension_and_equal_points_are_computed_once(engine, tmp_path):
    over = [{"design": "paired", "keys": {"x": [1.0, 2.0, 1.0], "n": [1, 2, 1]}}, {"keys": {"width": [1.0, 2.0]}}]
    found = sweep(area, over, tmp_path / "s", engine=engine)
    assert found["area"].dims == ("pair", "width") and found.dataset["n"].dims == ("pair",)
    np.testing.assert_array_equal(found["area"], [[1, 2], [4, 8], [1, 2]])
    assert len(CALLS) == 4 and found.status.total == 4
    with pytest.raises(InputError, match="Unknown quantity 'aera'.*Did you mean 'area'"):
        found["aera"]


def test_a_study_keeps_a_run_for_each_point(engine, tmp_path, toy):
    over = {"mode": ["good", "diverges", "bug"], "seed": [1, 2]}
    found = sweep({"study": "toy"}, over, tmp_path / "s", engine=engine, allow_code=True)
    assert (found.status.done, found.status.failed) == (2, 4)
    assert [error for _, error in found.failures] == ["Newton stopped at step 3."] * 2 + [
        "unexpected KeyError: 'lost'"
    ] * 2
    assert found["peak"].attrs == {"units": "Pa", "long_name": "peak <traction>"}
    assert found["peak"].sel(mode="good").values.tolist() == [29.8e9] * 2
    assert found["peak_std"].sel(mode="good").values.tolist() == [0.4e9] * 2
    runs = [load(tmp_path / "s" / "points" / address) for (_, address) in found if found.state(address) == "done"]
    assert sum("toy law" not in run.reused for run in runs) <= 1
    page = (tmp_path / "s" / "report.html").read_text(encoding="utf-8")
    assert "29.80 ± 0.40 GPa" in page
    for run in runs:
        assert f'<a href="points/{run.folder.name}/report.html">done</a>' in page
    assert ".failed/log.txt" in page
    stamps = [(run.folder / "results.json").stat().st_mtime_ns for run in runs]
    (tmp_path / "s" / "journal.jsonl").write_text("")
    again = sweep({"study": "toy"}, over, tmp_path / "s", engine=engine, allow_code=True)
    assert again.status.done == 2
    assert [(run.folder / "results.json").stat().st_mtime_ns for run in runs] == stamps


def test_error_bars_of_the_points_are_drawn_and_stand_in_the_table(tmp_path):
    axis = Axis("x", {"x": ["1 nm", "2 nm", "4 nm"]})
    values = {
        f"p{k}": {"status": "done", "values": {"load": [5.0 * (k + 1), "N", "load", 0.5, True]}} for k in range(3)
    }
    record = SweepRecord(tmp_path, "Loads", "toy", {}, [axis], list(values), values)
    page = page_of(record)
    (curve,) = page.curves.values()
    np.testing.assert_allclose(curve.values["y_upper"] - curve.values["y"], 0.5)
    assert [line.y for line in page.plots[0].series] == ["y", "y_upper", "y_lower"]
    assert page.plots[0].series[1].label == "± one standard deviation"
    (points,) = [one for one in page.tables if one.title == "Points"]
    assert [row[-1].uncertainty for row in points.rows] == [0.5] * 3


def test_resources_of_a_point_are_asked_for(engine, tmp_path):
    found = sweep(area, {"n": [1, 2]}, tmp_path / "s", engine=engine | {"resources": {"GPU": 1.0}}, x=1.0, width=1.0)
    assert found.status.done == 2


def test_a_function_s_answer_is_checked(engine, tmp_path):
    answers = [{"a": float("inf")}, {"a": "word"}, {}, 3.0]
    found = sweep(lambda n: answers[n], {"n": [0, 1, 2, 3]}, tmp_path / "s", engine=engine)
    assert [error.split(";")[0] for _, error in found.failures] == [
        "The function returned inf as 'a', which is not finite.",
        "The function returned 'word' as 'a'",
        "The function returned {}",
        "The function returned 3.0",
    ]


def test_a_line_cut_short_is_cut_off(tmp_path):
    journal = Journal(tmp_path)
    with journal.opened():
        journal.append([{"point": "a", "status": "done"}, {"point": "b", "status": "done"}])
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole)):
        journal.path.write_bytes(whole[:cut])
        kept = whole[:cut].count(b"\n")
        assert len(journal.records()) == kept
        with journal.opened():
            journal.append([{"point": "c", "status": "done"}])
        assert list(journal.records()) == ["a", "b"][:kept] + ["c"]


def test_a_full_disk_leaves_whole_lines_and_says_so(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    real = os.write

    def short(handle, data):
        if len(data) < 60:
            raise OSError(28, "No space left on device")
        return real(handle, data[:40])

    with journal.opened():
        journal.append([{"point": "a", "status": "done"}])
        before = journal.path.read_bytes()
        monkeypatch.setattr(os, "write", short)
        with pytest.raises(MultiscaleError, match="is full; what is done is kept"):
            journal.append([{"point": "b", "status": "done", "values": {"a": 1}}] * 2)
        monkeypatch.undo()
        assert journal.path.read_bytes() == before


@pytest.mark.parametrize(("number", "says"), [(28, "The disk of .* is full"), (27, r"limit on the size .*ulimit -f")])
def test_a_point_on_a_full_disk_has_not_failed(number, says, tmp_path):
    class Full:
        address = "a"

        def compute(self, folder):
            try:
                raise OSError(number, "no")
            except OSError as error:
                raise InputError("cannot be written") from error

    record = perform(Full(), tmp_path)
    assert record["status"] == "disk full" and re.search(says, record["error"])


def test_one_driver_at_a_time(engine, tmp_path):
    sweep(area, {"n": [1]}, tmp_path / "s", engine=engine, x=1.0, width=1.0)
    journal = Journal(tmp_path / "s")
    assert not journal.is_open
    with journal.opened():
        assert journal.is_open and SweepResults.load(tmp_path / "s").status.running
        with pytest.raises(InputError, match="Another process is driving"):
            sweep(area, {"n": [1]}, tmp_path / "s", engine=engine, x=1.0, width=1.0)


def test_other_people_s_files_stay(engine, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match="holds files that are not a sweep's"):
        sweep(area, {"n": [1]}, tmp_path, engine=engine, x=1.0, width=1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_of_many_who_ask_at_once_one_computes(tmp_path):
    calls, values = [], []

    def compute():
        calls.append(1)
        time.sleep(0.05)
        return {"a": np.arange(3)}

    def ask():
        values.append(Cache(tmp_path).get_or_compute({"k": 1}, compute))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1 and len(values) == 8 and sum(not value.reused for value in values) == 1
    assert not list(tmp_path.rglob("*.lock"))


def test_a_scheduler_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_CONNECT", "1s")
    with pytest.raises(InputError, match="tcp://127.0.0.1:9 cannot be reached"):
        sweep(
            area,
            {"n": [1]},
            tmp_path / "s",
            engine={"kind": "scheduler", "address": "tcp://127.0.0.1:9"},
            x=1.0,
            width=1.0,
        )


def test_the_command_line_status_and_report(engine, tmp_path):
    from typer.testing import CliRunner

    from multiscale.cli import app

    (tmp_path / "shapes.py").write_text("def side(x, n):\n    return {'side': (x / n, 'm')}\n")
    data = {"base": {"study": "function", "call": "shapes:side", "arguments": {"x": "1 nm"}}, "over": {"arguments.n": [0, 1, 2]},
            "engine": engine, "output": {"folder": "out"}}  # fmt: skip
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(data))
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "sweep.yaml")])
    assert (
        checked.exit_code == 0
        and "valid sweep of 3 points, arguments.n (3)" in checked.stdout
        and not (tmp_path / "out").exists()
    )
    answer = CliRunner().invoke(app, ["sweep", str(tmp_path / "sweep.yaml"), "--quiet", "--allow-code"])
    assert answer.exit_code == 0, answer.output
    told = CliRunner().invoke(app, ["status", str(tmp_path / "out")]).stdout
    assert "2 of 3 points done, 1 failed; finished." in told and "arguments.n = 0: unexpected ZeroDivisionError" in told
    (tmp_path / "out" / "report.html").unlink()
    assert CliRunner().invoke(app, ["report", str(tmp_path / "out")]).exit_code == 0
    assert "ZeroDivisionError" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert CliRunner().invoke(app, ["status", str(tmp_path)]).exit_code == 2
    assert load(tmp_path / "out")["side"].values.tolist()[1:] == [1e-9, 5e-10]


def test_a_point_under_the_mpi_launcher(tmp_path):
    """Two ranks through the launcher that the block names; a launcher that is not there is named."""
    study = {"study": "cohesive_law", "potential": "emt", "openings": {"points": 12},
             "plane": {"species": "Ni", "structure": "fcc", "miller": [1, 1, 1], "layers": 4}}  # fmt: skip

    def record(launcher):
        ready = SweepInput.parse(
            {"base": study, "over": {"seed": [1]}, "engine": {"mpi": {"ranks": 2, "launcher": launcher}}},
            consent=Consent(code=True),
        )
        from multiscale.sweeps.plan import plan_of

        return perform(plan_of(ready).tasks[0], tmp_path)

    missing = record("no-such-launcher {ranks}")
    assert missing["status"] == "failed" and "'no-such-launcher' cannot be started" in missing["error"]
    done = record(f"{Path(sys.executable).with_name('mpiexec')} -n {{ranks}}")
    assert done["status"] == "done", done
    assert load(tmp_path / "points" / done["point"]).provenance["ranks"] == 2


def test_a_point_that_takes_its_workers_down_fails_and_a_lost_scheduler_fails_none():
    from distributed.scheduler import KilledWorker

    class Future:
        key = "point-abc"

        def __init__(self, status):
            self.status = status

        def exception(self):
            return KilledWorker("point-abc", SimpleNamespace(address="tcp://1"), 3)

    record = _record(Future("error"), None)
    assert (record["point"], record["status"]) == (
        "abc",
        "failed",
    ) and "Every worker that computed this point was lost" in record["error"]
    for status in ("cancelled", "lost"):
        with pytest.raises(ConnectionError):
            _record(Future(status), None)


@pytest.mark.slow
def test_killed_and_gone_on_with_it_is_as_if_undisturbed(tmp_path):
    """The driver is killed; when it goes on, one of its workers is."""
    from benchmarks.sweep_kills import finish, kill_driver, kill_worker, losses, write_sweep

    path = write_sweep(tmp_path, sleep=0.1, points=(10, 8))  # of a length that a busy machine cannot miss
    assert finish(path, tmp_path / "undisturbed") == (0, "")
    assert kill_driver(path, tmp_path / "killed", 1, seed=1) == 1
    assert kill_worker(path, tmp_path / "killed") == (True, 0, "")
    assert losses(tmp_path / "killed", tmp_path / "undisturbed") == {"lost": 0, "duplicated": 0, "identical": True}


def _interrupted(tmp_path, block):
    """The exit status of a sweep at a queue that Ctrl-C ends while its points are computed; it says where they are kept."""
    (tmp_path / "slow.py").write_text("import time\n\n\ndef wait(n):\n    time.sleep(2)\n    return {'n': n}\n")
    data = {
        "base": {"study": "function", "call": "slow:wait"},
        "over": {"arguments.n": list(range(50))},
        "engine": block,
    }
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(data))
    command = [
        sys.executable,
        "-c",
        "from multiscale.cli import main; main()",
        "sweep",
        "sweep.yaml",
        "--allow-code",
        "--output",
        "cut",
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    journal, end = tmp_path / "cut" / "journal.jsonl", time.monotonic() + 100
    while not (journal.is_file() and '"done"' in journal.read_text()) and time.monotonic() < end:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=100)[1]
    assert "Interrupted. What is done is kept in" in said
    return process.returncode


@pytest.mark.slow
@pytest.mark.slurm
def test_a_real_slurm(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    made = subprocess.run([SLURM, "start", tmp_path / "slurm"], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no SLURM could be started: {made.stderr.strip()}")
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm" / "slurm.conf"))
    (tmp_path / "jobs.py").write_text(
        "import os\n\n\ndef job(n):\n    return {'job': int(os.environ['SLURM_JOB_ID'])}\n"
    )
    block = {"kind": "slurm", "workers": 2, "memory": "500 MB", "queue": "test", "walltime": "00:05:00"}
    data = {"base": {"study": "function", "call": "jobs:job"}, "over": {"arguments.n": [1, 2, 3, 4]}, "engine": block}
    try:
        found = run_sweep(SweepInput.parse(data, tmp_path), tmp_path / "out", allow_code=True)
        assert found.status.done == 4 and (found["job"] > 0).all()
        assert _interrupted(tmp_path, block) == 130
    finally:
        subprocess.run([SLURM, "stop", tmp_path / "slurm"], check=False)
