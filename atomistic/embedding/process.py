"""A worker process and its handle: started when needed, started again when it dies."""

import os
import pickle
import subprocess
import sys
import weakref
from typing import Any

CRASHES = 3
"""A request that kills its worker this often is given up."""


class WorkerDied(Exception):
    """The process ended without an answer."""


class Worker:
    """One process that computes for us.

    Attributes:
        starts: How often it was started.
    """

    def __init__(self) -> None:
        self.starts = 0
        self._process: subprocess.Popen | None = None
        self._close: weakref.finalize | None = None

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for the answer; a dead worker is started again and asked again.

        Raises:
            WorkerDied: it died of this request every time.
        """
        for _ in range(CRASHES):
            try:
                if self.pid is None:
                    self._start()
                pickle.dump(request, self._write)
                self._write.flush()
                return pickle.load(self._read)
            except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                status = self._process.wait() if self._process is not None else None
                self.stop()
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
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._read, self._write = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
        self._close = weakref.finalize(self, _end, self._process, self._read, self._write)
        self.starts += 1


def _end(process: subprocess.Popen, read: Any, write: Any) -> None:
    for pipe in (write, read):
        try:
            pipe.close()
        except OSError:  # unsent bytes for a process that has died
            pass
    if process.poll() is None:
        process.terminate()
    process.wait()
