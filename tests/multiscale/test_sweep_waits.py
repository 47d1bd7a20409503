"""Nothing that a sweep waits for is waited for without an end."""

import os
import subprocess
import sys

import pytest

from coupling.errors import InputError, MultiscaleError
from multiscale.inputs.consent import Consent
from multiscale.studies.load import parse_study
from multiscale.sweeps import queues, run_sweep, watch
from multiscale.sweeps.engine import check_queue
from multiscale.sweeps.inputs import EngineInput, Mpi, SweepInput
from multiscale.sweeps.tasks import _launch

SLURM = {"kind": "slurm", "workers": 1, "memory": "500 MB"}


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Writes the commands of a queue, as shell scripts."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def write(**scripts):
        for name, text in ({"squeue": "exit 0", "scancel": "exit 0"} | scripts).items():
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)

    return write


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(watch, "PERIOD", 0.1)
    monkeypatch.setattr(watch, "GRACE", 0.5)
    monkeypatch.setattr(watch, "PATIENCE", 1.0)


def start(tmp_path, engine):
    (tmp_path / "waits.py").write_text("def double(n):\n    return {'twice': 2 * n}\n")
    data = {"base": {"study": "function", "call": "waits:double"}, "over": {"arguments.n": [1, 2, 3]}, "engine": engine}
    return run_sweep(SweepInput.parse(data, tmp_path, consent=Consent(code=True)), tmp_path / "out", allow_code=True)


def test_a_queue_that_refuses_ends_the_sweep_with_its_words(tmp_path, commands, hasty):
    commands(sbatch="echo 'sbatch: error: Memory specification can not be satisfied' >&2; exit 1")
    with pytest.raises(InputError, match=r"sbatch refuses the jobs \(sbatch: error: Memory specification can not be"):
        start(tmp_path, SLURM)
    assert not (tmp_path / "out").exists()


def test_a_queue_that_does_not_answer_ends_the_sweep(tmp_path, commands, hasty, monkeypatch):
    monkeypatch.setattr(queues, "SUBMITTING", 1.0)
    commands(sbatch="exec sleep 600")
    with pytest.raises(InputError, match="sbatch refuses the jobs .no answer in 1 s"):
        start(tmp_path, SLURM)


def test_jobs_are_waited_for_while_the_queue_has_them(tmp_path, commands, hasty):
    log, asked = tmp_path / "out" / "logs" / "job.err", tmp_path / "asked"
    commands(
        sbatch=f"echo 'module: mpi is not here' > {log}; echo Submitted batch job 17",
        squeue=f"echo x >> {asked}; [ $(wc -l < {asked}) -lt 12 ] && echo '    17'; exit 0",
    )
    with pytest.raises(MultiscaleError, match=r"All 1 jobs have ended .* last lines in .*logs are: module: mpi is not"):
        start(tmp_path, SLURM)
    assert len(asked.read_text().split()) > 12


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("slurm", "17\n 19\n", ["17"]),
        ("pbs", "\nJob ID   Username\n------- ----\n17.head  me  batch\n", ["17.head.cluster"]),
        ("lsf", "17  me  RUN\n", ["17"]),
        ("sge", "job-ID prior\n-----\n     17 0.5 name me qw\n", ["17"]),
    ],
)
def test_jobs_are_found_in_the_lists_of_all_queues(kind, text, left, tmp_path, commands):
    (tmp_path / "list").write_text(text)
    commands(**dict.fromkeys(("squeue", "qstat", "bjobs"), f"cat {tmp_path}/list"))
    other = "18.head.cluster" if kind == "pbs" else "18"
    assert queues.Jobs(queues.QUEUES[kind], tmp_path, [*left, other]).listed() == left
    commands(**dict.fromkeys(("squeue", "qstat", "bjobs"), "exit 1"))
    assert queues.Jobs(queues.QUEUES[kind], tmp_path, left).listed() is None


def test_what_the_queue_says_of_its_jobs_is_told(tmp_path, commands):
    commands(squeue="printf '17 PENDING Priority\\n19 PENDING Priority\\n20 RUNNING None\\n21 RUNNING None\\n'")
    jobs = queues.Jobs(queues.QUEUES["slurm"], tmp_path, ["17", "19", "20"])
    assert jobs.listed() == ["17", "19", "20"]
    assert jobs.told() == "3 jobs: 2 pending (Priority), 1 running"


def test_a_partition_that_the_queue_does_not_have_is_refused(commands):
    commands(sinfo="printf 'short\\nlong\\n'")
    check_queue(EngineInput(kind="slurm", workers=1, queue="long"))
    with pytest.raises(InputError, match="'lon'; valid: long, short"):
        check_queue(EngineInput(kind="slurm", workers=1, queue="lon"))
    commands(sinfo="exit 1")  # no judgement without an answer
    check_queue(EngineInput(kind="slurm", workers=1, queue="lon"))


@pytest.mark.parametrize(
    ("workers", "reason"), [(0, "there is no worker"), (1, "1 workers are there and take none; .*'GPU=1'")]
)
def test_workers_that_take_nothing_end_the_sweep(workers, reason, tmp_path, hasty):
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        engine = {"kind": "scheduler", "address": cluster.scheduler_address, "resources": {"GPU": 1}}
        with pytest.raises(MultiscaleError, match=f"No worker has had a point for 1 s: {reason}"):
            start(tmp_path, engine)


def test_what_a_launcher_leaves_behind_is_not_waited_for(tmp_path):
    """Who reads a launcher's pipes to their end waits for all who hold them."""
    script, alive = tmp_path / "launcher", tmp_path / "alive"
    script.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {alive}\necho 'a rank was lost' >&2\nexit 3\n")
    script.chmod(0o755)
    study = parse_study({"study": "function", "call": "math:sqrt", "arguments": {}}, tmp_path)
    try:
        with pytest.raises(MultiscaleError, match="ended with status 3: a rank was lost"):
            _launch(study, tmp_path / "points" / "a", Mpi(ranks=2, launcher=f"{script} {{ranks}}"))
    finally:
        os.kill(int(alive.read_text()), 9)


def test_ctrl_c_interrupts_as_ever_once_a_queue_is_used():
    """dask_jobqueue answers SIGINT with `sys.exit()` from its import on: a sweep then ended with status 0 and silence."""
    script = (
        "import signal\nfrom multiscale.sweeps.engine import check_engine\nfrom multiscale.sweeps.inputs import EngineInput\n"
        "check_engine(EngineInput(kind='slurm', workers=1))\nimport dask_jobqueue\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
