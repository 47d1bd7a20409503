"""One point of a sweep, as a worker computes it."""

import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from coupling.errors import InputError, MultiscaleError, own_words
from multiscale.inputs.base import Study
from multiscale.runtime.disk import disk_full, full_disk
from multiscale.runtime.locks import exclusive
from multiscale.runtime.results import FILE, Results
from multiscale.sweeps.inputs import Mpi

POINTS = "points"
DONE, FAILED, FULL = "done", "failed", "disk full"
_LAST_WORDS = 400

Values = dict[str, tuple[Any, str, str, float | None, bool]]
"""By name: value, unit, description, standard deviation or None, whether it is a headline."""


@dataclass(frozen=True)
class Found:
    """What came out of a point.

    Attributes:
        values: The quantities.
        potentials: Fingerprint by the potential's name.
        inputs: SHA-256 by the input file's name.
    """

    values: Values
    potentials: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)


class Task(Protocol):
    """A point: where its result belongs, and how it is made."""

    @property
    def address(self) -> str:
        """Hash of all that determines the result."""
        ...

    def compute(self, folder: Path) -> Found:
        """The quantities of the point and what they depend on; `folder` is the sweep's."""
        ...


@dataclass(frozen=True)
class FunctionTask:
    """A call of a Python function; nothing is written."""

    address: str
    environment: str
    function: Callable[..., Any] | str
    arguments: dict[str, Any]
    where: Path | None = None

    def compute(self, folder: Path) -> Found:
        """The numbers that the function returns, all of them headlines.

        Raises:
            MultiscaleError: this process has other code or libraries than the one that planned the sweep.
        """
        _require(self.environment)
        from multiscale.studies.function.run import call
        from multiscale.studies.function.schema import find_function

        function = find_function(self.function, self.where) if isinstance(self.function, str) else self.function
        found = call(function, self.arguments)
        return Found({name: (value, unit, name.replace("_", " "), None, True) for name, (value, unit) in found.items()})


@dataclass(frozen=True)
class StudyTask:
    """A study; its run's folder is `points/<address>`."""

    address: str
    environment: str
    study: Study
    mpi: Mpi | None = None

    def compute(self, folder: Path) -> Found:
        """The quantities of the finished run, which is computed unless it lies there already and can be read.

        The lock makes a driver that starts again wait for a worker of the one before, still at this point.

        Raises:
            MultiscaleError: this process has other code or libraries than the one that planned the sweep.
        """
        _require(self.environment)
        place = folder / POINTS / self.address
        with exclusive(place.with_name(f".{self.address}.lock")):
            found = _finished(place)
            if found is None:
                self._run(place)
                found = Results.load(place)
        values = {
            name: (q.value, q.unit, q.description, q.uncertainty, q.headline) for name, q in found.quantities.items()
        }
        return Found(values, found.provenance["potentials"], found.provenance["inputs"])

    def _run(self, place: Path) -> None:
        from multiscale.studies.runs import run_study

        if self.mpi is None:
            run_study(self.study, place)
        else:
            _launch(self.study, place, self.mpi)


def perform(task: Task, folder: Path) -> dict[str, Any]:
    """Compute a point and return its line of the journal, which holds the error if it failed.

    Args:
        task: The point.
        folder: The sweep's folder.

    Returns:
        The point's line of the journal.
    """
    start = time.perf_counter()
    record: dict[str, Any] = {"point": task.address}
    try:
        found = task.compute(folder)
        record |= {"status": DONE, "values": found.values, "potentials": found.potentials, "inputs": found.inputs}
    except (Exception, SystemExit) as error:
        if full_disk(error, folder):
            record |= {"status": FULL, "error": str(disk_full(folder, "sweep", error))}
        else:
            record |= {"status": FAILED, "error": _said(error)}
    return record | {"seconds": round(time.perf_counter() - start, 6)}


def _finished(place: Path) -> Results | None:
    """The run that lies in a folder; None without one that can be read."""
    try:
        return Results.load(place)
    except InputError:
        return None


def _require(planned: str) -> None:
    """Raise unless this process computes with what the sweep was planned with: results are kept under that."""
    from multiscale.runtime.addresses import environment

    if environment().address != planned:
        raise MultiscaleError(
            "This worker has other code, or other versions of libraries, than the process that planned the sweep; "
            "install the same on all nodes, leave the code alone while a sweep runs, and start it again."
        )


def _launch(study: Study, place: Path, mpi: Mpi) -> None:
    """Run a study under the MPI launcher, through the command line, which ends all ranks if one fails."""
    from multiscale.studies.runs import keep_input

    with tempfile.TemporaryDirectory(prefix=".input-", dir=_made(place.parent)) as scratch:
        folder = Path(scratch) / "input"
        keep_input(study, folder)
        program = "from multiscale.cli import main; main()"
        command = [*shlex.split(mpi.launcher.format(ranks=mpi.ranks)), sys.executable, "-m", "mpi4py", "-c", program]
        command += ["run", str(folder / "study.yaml"), "--output", str(place), "--quiet", *study.consent.flags]
        said, complained = Path(scratch) / "stdout", Path(scratch) / "stderr"
        try:  # into files: who waits for the end of a pipe waits for all that the launcher leaves behind
            with said.open("wb") as out, complained.open("wb") as err:
                done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False)
        except OSError as error:
            raise MultiscaleError(
                f"The launcher {command[0]!r} cannot be started ({error.strerror}); see engine.mpi.launcher."
            ) from error
        words = " ".join(
            next((t for f in (complained, said) if (t := f.read_text(errors="replace").strip())), "").split()
        )
    if done.returncode or not (place / FILE).is_file():
        words = words[-_LAST_WORDS:]
        raise MultiscaleError(
            f"The {mpi.ranks} ranks ended with status {done.returncode}: {words or 'they said nothing'}"
        )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, MultiscaleError) else f"unexpected {own_words(error)}"
