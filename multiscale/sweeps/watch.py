"""Watches what a sweep waits for: a worker that computes a point, or a job that may still become one."""

import time
from collections.abc import Callable
from typing import Any

from coupling.errors import MultiscaleError
from multiscale.sweeps.queues import Jobs

PERIOD = 5.0
"""Seconds between two looks."""
PATIENCE = 300.0
"""Seconds without a point in any worker's hands after which a sweep ends, unless jobs wait in a queue."""
GRACE = 30.0
"""The same where a queue no longer lists a job."""
BLIND = 24 * 3600.0
"""The same where a queue cannot be asked."""


class Watch:
    """Ends a sweep in which nothing can happen any more.

    Args:
        client: A `distributed.Client`.
        resources: What a point needs of a worker.
        jobs: Those of a queue; None without one.

    Attributes:
        tell: Called with what is waited for, while no worker has a point.
    """

    def __init__(self, client: Any, resources: dict[str, float], jobs: Jobs | None = None) -> None:
        self._client, self._resources, self._jobs = client, resources, jobs
        self._next, self._idle_since = 0.0, time.monotonic()
        self.tell: Callable[[str], object] = lambda text: None

    def wait(self, running: Any) -> None:
        """Wait until a future of a `distributed.as_completed` is done.

        Raises:
            InputError: a queue refuses the jobs.
            MultiscaleError: no worker has a point, and none will come.
        """
        while not running.has_ready():
            with running.thread_condition:
                running.thread_condition.wait(timeout=0.1)
            if time.monotonic() >= self._next:
                self._look()
                self._next = time.monotonic() + PERIOD

    def _look(self) -> None:
        if self._jobs is not None:
            self._jobs.check_submitted()
        if any(self._client.processing().values()):
            self._idle_since = time.monotonic()
            return
        patience = PATIENCE
        if self._jobs is not None:
            left = self._jobs.listed()
            if left:
                self._idle_since = time.monotonic()
            patience = BLIND if left is None else GRACE
            self.tell("the queue does not answer" if left is None else f"waiting for the queue, {self._jobs.told()}")
        else:
            self.tell("waiting for a worker")
        if time.monotonic() - self._idle_since > patience:
            raise self._jobs.ended() if self._jobs is not None else self._stuck()

    def _stuck(self) -> MultiscaleError:
        workers = len(self._client.nthreads())
        needed = ", ".join(f"{name}={amount:g}" for name, amount in self._resources.items())
        reason = (
            f"{workers} workers are there and take none; each needs --resources '{needed}'"
            if workers
            else "there is no worker"
        )
        return MultiscaleError(
            f"No worker has had a point for {PATIENCE:g} s: {reason}. What is done is kept: start workers, and the same "
            "sweep again."
        )
