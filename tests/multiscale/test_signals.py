"""SIGTERM and SIGINT end a command with one sentence, its state kept, and the status that a shell expects."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.rank_probe import write_study
from multiscale import run_study

ENDS = [(signal.SIGTERM, 143, "Terminated. "), (signal.SIGINT, 130, "Interrupted. ")]
COMMAND = [sys.executable, "-c", "from multiscale.cli import main; main()"]
SLOW_DISK = """
import time
import coupling.files as files

def slow(*given, write=files.write_arrays, **named):
    write(*given, **named)
    time.sleep(2)

files.write_arrays = slow
from multiscale.cli import main
main()
"""


def stopped(command, number, ready):
    """Start a command, send the signal once it is ready: its exit status and what it said on stderr."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 600
    while not ready() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=600)[1]
    return process.returncode, said


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(("number", "status", "word"), ENDS)
def test_a_run_ends_and_goes_on(number, status, word, ranks, tmp_path):
    """PETSc's own handler answered SIGTERM with six lines and status 59. The disk is slow, so that no signal comes too late."""
    write_study(tmp_path)
    launcher = [str(Path(sys.executable).with_name("mpiexec")), "-n", "2"] if ranks == 2 else []
    run = [
        *launcher,
        sys.executable,
        "-c",
        SLOW_DISK,
        "run",
        str(tmp_path / "study.yaml"),
        "--output",
        str(tmp_path / "run"),
        "--quiet",
    ]
    found = stopped(run, number, lambda: list(tmp_path.glob(".cache/unfinished/*/[01]-0.npz")))
    assert found == (status, f"{word}What was done until then lies in {tmp_path / 'run.failed'}.\n")
    assert (tmp_path / "run.failed" / "log.txt").is_file() and not (tmp_path / "run").exists()
    if ranks == 1:
        assert "from an interrupted run" in run_study(tmp_path / "study.yaml", tmp_path / "run").reused[0]


@pytest.mark.parametrize(("number", "status", "word"), ENDS)
def test_a_sweep_ends_and_keeps_its_points(number, status, word, tmp_path):
    (tmp_path / "slow.py").write_text("import time\n\n\ndef wait(n):\n    time.sleep(0.2)\n    return {'n': n}\n")
    (tmp_path / "sweep.yaml").write_text(
        "base: {study: function, call: 'slow:wait'}\nover: {arguments.n: {min: 1, max: 500, points: 500}}\nengine: {workers: 1}\n"
    )
    journal = tmp_path / "sweep" / "journal.jsonl"
    command = [
        *COMMAND,
        "sweep",
        str(tmp_path / "sweep.yaml"),
        "--output",
        str(tmp_path / "sweep"),
        "--quiet",
        "--allow-code",
    ]
    found = stopped(command, number, lambda: journal.is_file() and '"done"' in journal.read_text())
    assert found == (
        status,
        f"{word}What is done is kept in {tmp_path / 'sweep'}; start the same sweep again to continue.\n",
    )


def test_a_second_signal_does_not_disturb_what_is_being_kept(tmp_path):
    """Launchers send several."""
    (tmp_path / "case.py").write_text(
        "import os, signal, sys\nfrom multiscale.cli import main\nfrom multiscale.runtime.workspace import Workspace\n"
        "fail = Workspace.fail\n\n\ndef disturbed(self):\n    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    return fail(self)\n\n\n"
        "Workspace.fail = disturbed\nsys.argv[1:] = ['run', 'case.yaml', '--output', 'run', '--quiet', '--allow-code']\nmain()\n"
    )
    (tmp_path / "ending.py").write_text(
        "import os, signal\n\n\ndef end(x):\n    os.kill(os.getpid(), signal.SIGTERM)\n    return {'x': x}\n"
    )
    (tmp_path / "case.yaml").write_text("study: function\ncall: ending:end\narguments: {x: 1}\n")
    environment = os.environ | {"PYTHONPATH": f"{Path(__file__).parents[2]}:{tmp_path}"}
    done = subprocess.run(
        [sys.executable, "case.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, done.stderr.count("\n")) == (143, 1)
    assert (
        done.stderr.startswith("Terminated. What was done until then lies in ") and (tmp_path / "run.failed").is_dir()
    )
