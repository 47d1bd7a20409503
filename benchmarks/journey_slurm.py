"""A sweep of laws in SLURM's queue, which Ctrl-C ends once its first law is there, and which the same command continues.

The atoms of all laws but the first wait (`waiting.py`) until the interruption is over, so that it meets a law in the making
however fast or busy the machine is.

`computed_again` counts laws that were computed twice, `undone` those that are not there at the end, `jobs_left` the jobs that
the interruption left in the queue, `different` is the largest relative difference of a work of separation from the same
sweep's on this machine's own cores.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.journey import Held
from benchmarks.local_slurm import local_slurm
from multiscale import sweep
from multiscale.sweeps.journal import Journal

WAITING = '''"""Effective medium theory that waits, in all turns but the first to come, while there is a file `hold` beside this one."""

import os
import time
from contextlib import suppress
from pathlib import Path

from ase.calculators.emt import EMT

HERE = Path(__file__).parent


class Waiting(EMT):
    def __init__(self, turn):
        super().__init__()
        self.turn = str(turn)

    def calculate(self, *given, **wanted):
        with suppress(FileExistsError):
            os.symlink(self.turn, HERE / "first")
        while (HERE / "hold").exists() and os.readlink(HERE / "first") != self.turn:
            time.sleep(0.05)
        super().calculate(*given, **wanted)
'''
LAW: dict[str, Any] = {
    "study": "cohesive_law", "potential": {"name": "waiting:Waiting", "turn": 0}, "path": "relaxed",
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 6},
    "openings": {"max": "5 Å", "points": 12},
}  # fmt: skip
OVER = [{"design": "paired", "keys": {"plane.layers": [4, 5, 6], "potential.turn": [0, 1, 2]}}]
ENGINE = {"kind": "slurm", "workers": 1, "memory": "500 MB", "queue": "test", "walltime": "00:10:00"}
SAID = "Interrupted. What is done is kept in"
_CLI = [sys.executable, "-c", "from multiscale.cli import main; main()"]
_PATIENCE = 240.0  # s


def journey(folder: Path) -> dict[str, Held]:
    """Interrupted, continued, and compared with an undisturbed sweep.

    Raises:
        MissingBackend: no SLURM can be started here.
    """
    (folder / "sweep.yaml").write_text(
        yaml.safe_dump({"base": LAW, "over": OVER, "engine": ENGINE}, allow_unicode=True)
    )
    (folder / "waiting.py").write_text(WAITING, encoding="utf-8")
    (folder / "hold").touch()
    journal = Journal(folder / "queued")
    with local_slurm(folder / "slurm"):
        first = _started(folder)
        _until_done(journal, first)
        os.killpg(first.pid, signal.SIGINT)
        said = first.communicate(timeout=_PATIENCE)[1]
        before, left = len(_done(journal)), _jobs_left()
        (folder / "hold").unlink()
        second = _started(folder)
        second.communicate(timeout=_PATIENCE)
    counted = Counter(_done(journal))
    with _on_path(folder):
        own = sweep(LAW, OVER, folder / "own", engine={"workers": 1}, allow_code=True)
    return {
        "interrupted_status_off": Held(abs(first.returncode - 130), 0),
        "sentence_missing": Held(float(SAID not in said), 0),
        "interrupted_too_late": Held(float(before in (0, own.status.total)), 0),
        "jobs_left": Held(float(left), 0),
        "continued_status": Held(float(abs(second.returncode)), 0),
        "undone": Held(float(own.status.total - len(counted)), 0),
        "computed_again": Held(float(counted.total() - len(counted)), 0),
        "different": Held(_different(folder), 0),
    }


def _started(folder: Path) -> "subprocess.Popen[str]":
    command = [*_CLI, "sweep", "sweep.yaml", "--output", "queued", "--allow-code"]
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _done(journal: Journal) -> list[str]:
    """The points that are done, as often as they were."""
    return [line["point"] for line in journal.lines() if line.get("status") == "done"]


def _until_done(journal: Journal, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + _PATIENCE
    while not _done(journal) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)


def _jobs_left() -> int:
    """Jobs in the queue, those that are ending left out."""
    listed = subprocess.run(["squeue", "--noheader", "--states=PD,R"], capture_output=True, text=True, check=True)
    return len(listed.stdout.splitlines())


def _different(folder: Path) -> float:
    import xarray

    queued, own = (
        xarray.load_dataset(folder / name / "results.nc")["work_of_separation"].values for name in ("queued", "own")
    )
    return float(np.abs(queued / own - 1).max())
