"""A worker process and its handle: started when needed, started again when it dies, ended when it takes too long."""

import os
import pickle
import signal
import subprocess
import sys
import weakref
from contextlib import suppress
from threading import Event, Timer
from typing import Any

CRASHES = 3
"""A request is given up after it has killed its worker this many times."""
TIME_LIMIT = 24 * 3600.0
"""Seconds for one answer, unless another limit is given."""
_GRACE = 5.0  # seconds that a worker has to end by itself


class WorkerDied(Exception):
    """The process ended without an answer."""


class TooLong(Exception):
    """There was no answer in time."""


class Worker:
    """One process that computes for us.

    Args:
        time_limit: Seconds for one answer; then the process and all that it started are ended.

    Attributes:
        starts: How often it was started.
    """

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self.time_limit, self.starts = time_limit, 0
        self._process: subprocess.Popen[bytes] | None = None
        self._close: weakref.finalize[..., Any] | None = None

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for the answer; a dead worker is started again and asked again.

        Raises:
            WorkerDied: it died of this request every time.
            TooLong: it did not answer in time.
        """
        for _ in range(CRASHES):
            if self.pid is None:
                self._start()
            process, late = self._process, Event()
            clock = Timer(self.time_limit, _kill_late, (process, late))
            clock.daemon = True
            clock.start()
            try:
                pickle.dump(request, self._write)
                self._write.flush()
                return pickle.load(self._read)
            except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                clock.cancel()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE)
                self.stop()
                status = process.returncode
                if late.is_set():
                    raise TooLong(f"no answer came in {self.time_limit:g} s") from None
            finally:
                clock.cancel()
        raise WorkerDied(f"its process died {CRASHES} times, the last time with status {status}")

    def stop(self) -> None:
        """End the process."""
        if self._close is not None:
            self._close()
        self._process = None

    def _start(self) -> None:
        self.stop()
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
        command = [sys.executable, "-m", "atomistic.embedding.worker", str(theirs_in), str(theirs_out)]
        self._process = subprocess.Popen(
            command, pass_fds=(theirs_in, theirs_out), env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._read, self._write = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
        self._close = weakref.finalize(self, _end, self._process, self._read, self._write)
        self.starts += 1


def _end(process: subprocess.Popen[bytes], read: Any, write: Any) -> None:
    """Let a process go: asked first, by its pipes and a signal, and then killed with all that it started."""
    for pipe in (write, read):
        with suppress(OSError):  # unsent bytes for a process that has died
            pipe.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()


def _kill_late(process: subprocess.Popen[bytes], late: Event) -> None:
    """Kill a process whose time is over, and note that."""
    late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it started, which are a group of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
