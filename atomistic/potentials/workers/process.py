"""A worker process and its handle: started when needed, started again when it dies, ended when it takes too long."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np

from atomistic.potentials.workers import served
from coupling.contracts import FloatArray, Structure
from coupling.errors import InputError, one_line, unknown_choice

TIME_LIMIT = 24 * 3600.0
"""Seconds for one answer, unless another limit is given."""
_GRACE = 5.0  # seconds that a worker has to end by itself
_LONGEST_WAIT = 2e6  # s, what a socket takes
_MOST_WORDS = 1 << 20  # bytes that a worker may say before it is forgotten
_OF_MPI = ("PMI_", "PMI2_", "PMIX_", "OMPI_", "HYDI_", "HYDRA_", "MPIR_", "MPICH_")
"""Begins of variables by which a launcher tells a rank what it is: a worker is no rank."""


class WorkerError(Exception):
    """There is no answer for a structure.

    Args:
        words: Why.
        at: Which structure of the request.
    """

    def __init__(self, words: str, at: int) -> None:
        super().__init__(words)
        self.at = at


class WorkerDied(WorkerError):
    """The process ended without an answer."""


class TooLong(WorkerError):
    """There was no answer in time."""


class Failed(WorkerError):
    """The calculator raised an error; its own words."""


class NoNumber(Failed):
    """The calculator's energy, a force or the stress is no number."""


class Unmade(Exception):
    """The calculator could not be made; its own words."""


@dataclass(frozen=True)
class Maker:
    """How a calculator is made.

    Attributes:
        where: The module of a class or function, or the path of the Python file that holds it.
        name: Of the class or function.
        options: Its keyword arguments.
    """

    where: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def message(self) -> np.ndarray:
        """Where, name and options as the worker reads them."""
        return np.frombuffer(pickle.dumps((self.where, self.name, dict(self.options)), protocol=4), np.uint8)


@dataclass(frozen=True)
class WorkerRequest:
    """What is asked of a calculator.

    Attributes:
        structures: The structures, n.
        stress: (n,) whether each has a stress.
        sites: Whether site energies are wanted.
        charges: (Q,) e, of point charges around the one structure; None for none.
        places: (Q, 3) Å, where they are.
    """

    structures: Sequence[Structure] = ()
    stress: Sequence[bool] = ()
    sites: bool = False
    charges: FloatArray | None = None
    places: FloatArray | None = None

    def arrays_from(self, first: int) -> dict[str, Any]:
        """The numbers of all structures from one on."""
        rest, shapes = self.structures[first:], (-1, 3)
        arrays = {
            "counts": np.array([len(one.numbers) for one in rest], dtype=np.int64),
            "numbers": np.concatenate([[], *(one.numbers for one in rest)]).astype(np.int64),
            "positions": np.concatenate([np.empty((0, 3)), *(np.reshape(one.positions, shapes) for one in rest)]),
            "cells": np.array([np.asarray(one.cell) for one in rest], dtype=float).reshape(-1, 3, 3),
            "pbc": np.array([one.pbc for one in rest], dtype=bool).reshape(shapes),
            "stress": np.array(self.stress[first:], dtype=bool),
        }
        if self.charges is None:
            return arrays
        return arrays | {"charges": np.array(self.charges, float), "places": np.array(self.places, float)}


class Worker:
    """One process that computes for us.

    Args:
        python: The Python that it runs under; None for this one.
        time_limit: Seconds for the answer of one structure; then the process and all that it started are ended.
        deaths: A structure is given up when the process has died of it so many times.

    Attributes:
        starts: How often it was started.
    """

    def __init__(self, python: Path | None = None, *, time_limit: float = TIME_LIMIT, deaths: int = 3) -> None:
        self.python, self.time_limit, self.deaths, self.starts = python, time_limit, deaths, 0
        self._process: subprocess.Popen[bytes] | None = None
        self._close: weakref.finalize[..., Any] | None = None
        self._lock = Lock()

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def facts(self, maker: Maker) -> dict[str, Any]:
        """What a calculator declares and the environment that it runs in, see `atomistic.potentials.workers.served.facts_of`.

        Raises:
            InputError: it would ignore an option.
            Unmade: it cannot be made.
            WorkerDied: the process died of making it.
            TooLong: it was not made in time.
        """
        return self._asked(maker, WorkerRequest(), facts=True)[0]

    def answers(self, maker: Maker, request: WorkerRequest) -> list[dict[str, FloatArray]]:
        """Of each structure `energy`, `forces`, and `stress`, `sites` and `charge_forces` where they were asked for.

        A dead process is started again and asked for what is missing. Errors are as those of `facts`, and

        Raises:
            Failed: the calculator failed on a structure.
        """
        return self._asked(maker, request, facts=False)

    def stop(self) -> None:
        """End the process."""
        if self._close is not None:
            self._close()
        self._process = None

    def _asked(self, maker: Maker, request: WorkerRequest, *, facts: bool) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        died = 0
        with self._lock:
            while True:
                before = len(found)
                if self.pid is None:
                    self._start()
                try:
                    self._exchange(maker, request, facts, found)
                    return found
                except (EOFError, OSError, served.Garbled) as error:
                    words = self._buried(kill=isinstance(error, TimeoutError | served.Garbled))
                    if isinstance(error, TimeoutError):
                        raise TooLong(f"no answer came in {self.time_limit:g} s", len(found)) from None
                    died = 1 if len(found) > before else died + 1
                    if died >= self.deaths:
                        raise WorkerDied(f"its process died {died} times, {words}", len(found)) from None
                except BaseException as error:
                    if not isinstance(error, WorkerError | Unmade | InputError):
                        self._buried(kill=True)  # an answer that nobody waits for would be taken for the next one
                    raise

    def _exchange(self, maker: Maker, request: WorkerRequest, facts: bool, found: list[dict[str, Any]]) -> None:
        if os.fstat(self._said.fileno()).st_size > _MOST_WORDS:
            os.ftruncate(self._said.fileno(), 0)
        self._pipe.settimeout(min(self.time_limit, _LONGEST_WAIT))
        first, due = len(found), 1 if facts else len(request.structures)
        arrays = request.arrays_from(first) | {"maker": maker.message}
        served.send(self._pipe, {"facts": facts, "sites": request.sites}, arrays)
        while len(found) < due:
            head, numbers = served.receive(self._pipe)
            if "unread" in head:
                raise unknown_choice(
                    f"option of calculator '{maker.where}:{maker.name}'", head["unread"], head["known"]
                )
            if "unmade" in head:
                raise Unmade(one_line(str(head["unmade"])))
            if "failed" in head:
                kind = Failed if head.get("finite", True) else NoNumber
                raise kind(one_line(str(head["failed"])), len(found))
            if not facts and (fault := _misshapen(numbers, request, len(found))):
                self._buried(kill=True)  # what else it would send fits as little
                raise Failed(fault, len(found))
            found.append(head["facts"] if facts else numbers)

    def _start(self) -> None:
        self.stop()
        ours, theirs = socket.socketpair()
        self._pipe, self._said = ours, tempfile.TemporaryFile("a+b")
        environment = {name: text for name, text in os.environ.items() if not name.startswith(_OF_MPI)}
        if self.python is None:
            environment["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
        else:
            environment.pop("PYTHONHOME", None)
        command = [self.python or sys.executable, served.__file__, str(theirs.fileno()), str(os.getpid())]
        with theirs:
            self._process = subprocess.Popen(
                command, pass_fds=(theirs.fileno(),), env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._said,
            )  # fmt: skip
        self._close = weakref.finalize(self, _end, self._process, self._pipe, self._said)
        self.starts += 1

    def _buried(self, *, kill: bool) -> str:
        """How the process ended, which is over; killed first, if it would not end by itself."""
        process = self._process
        if kill:
            _kill(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        words = _last_words(self._said)
        self.stop()
        return f"the last time with status {process.returncode}" + (f" ({words})" if words else "")


def _misshapen(numbers: dict[str, Any], request: WorkerRequest, at: int) -> str:
    """What is wrong with the shapes of an answer; "" for nothing."""
    count = len(request.structures[at].numbers)
    shapes = {"energy": (), "forces": (count, 3), "stress": (3, 3), "sites": (count,)}
    shapes["charge_forces"] = np.shape(request.places)
    due = {"energy", "forces"} | ({"sites"} if request.sites else set())
    if due <= set(numbers) and all(shapes.get(name) == array.shape for name, array in numbers.items()):
        return ""
    shown = ", ".join(f"{name} {array.shape}" for name, array in numbers.items())
    return f"its answer for {count} atoms is {shown or 'empty'}"


def _end(process: subprocess.Popen[bytes], pipe: socket.socket, said: BinaryIO) -> None:
    """Let a process go: asked first, by its pipe and a signal, and then killed with all that it started."""
    pipe.close()
    said.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it started, which are a group of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_words(said: BinaryIO) -> str:
    """The last line that a process wrote to its standard error."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 4096))
    lines = [line.strip() for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return one_line(lines[-1])[:300] if lines else ""
