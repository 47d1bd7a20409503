"""The queues of clusters: how a job is submitted, how jobs are listed, and which of ours are left."""

import asyncio
import getpass
import re
import shlex
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coupling.errors import InputError, MultiscaleError

SUBMITTING = 120.0
"""Seconds that a queue has to answer to a submission."""
_ASKING = 30.0  # seconds that it has to list the jobs
_LAST_WORDS = 400


@dataclass(frozen=True)
class Queue:
    """A batch system.

    Attributes:
        cluster: Its class in `dask_jobqueue`.
        submit: Its command that submits a job.
        listing: Its command that lists a user's waiting and running jobs, one per line, each beginning with the number; the
            state and the reason for it may follow.
        memory: How the directive that requests memory begins; empty where the queue has none.
        partitions: Its command that lists the queues or partitions, one per line; empty where it is not asked.
    """

    cluster: str
    submit: str
    listing: str
    memory: str = ""
    partitions: str = ""


QUEUES = {
    "slurm": Queue(
        "SLURMCluster",
        "sbatch",
        "squeue --noheader --format='%A %T %r' --user={user}",
        "--mem=",
        "sinfo --noheader --format=%R",
    ),
    "pbs": Queue("PBSCluster", "qsub", "qstat -u {user}"),
    "lsf": Queue("LSFCluster", "bsub", "bjobs -noheader -u {user}", "-M "),
    "sge": Queue("SGECluster", "qsub", "qstat -u {user}"),
}
"""By the name in the block `engine`."""


@dataclass
class Jobs:
    """The jobs of a sweep.

    Attributes:
        queue: Where they are.
        logs: Folder of their output.
        submitted: Their numbers.
        refused: The queue's messages about those that it did not accept.
        states: State and reason of those that wait or run, as last listed, by number.
    """

    queue: Queue
    logs: Path
    submitted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)

    def watched(self, job: Any) -> Any:
        """A class of jobs of `dask_jobqueue`, each of which notes here how its submission went."""
        from distributed.core import Status

        jobs = self

        class Watched(job):
            async def start(self) -> None:
                try:
                    await asyncio.wait_for(super().start(), SUBMITTING)
                except Exception as error:
                    late = isinstance(error, TimeoutError)
                    jobs.refused.append(f"no answer in {SUBMITTING:g} s" if late else _words(error))
                    self.status = Status.failed  # or the cluster cannot be closed
                    raise
                jobs.submitted.append(str(self.job_id))

        return Watched

    def listed(self) -> list[str] | None:
        """Those of the jobs that wait or run; None where the queue cannot be asked."""
        found = asked(self.queue.listing.format(user=getpass.getuser()))
        if found is None:
            return None
        matches = [match for line in found.splitlines() if (match := _LISTED.match(line))]
        states = {match[1]: " ".join(_state(*match.groups()[1:])) for match in matches}
        mine = {job: match[0] for job in self.submitted if (match := re.match(r"\d+", job)) and match[0] in states}
        self.states = {number: states[number] for number in mine.values()}
        return list(mine)

    def told(self) -> str:
        """How those stand that wait or run, as last listed: "2 jobs pending (Priority), 1 running"."""
        counts = Counter(state for state in self.states.values() if state)
        said = ", ".join(f"{number} {state}" for state, number in counts.most_common())
        return f"{len(self.states)} {'job' if len(self.states) == 1 else 'jobs'}" + (f": {said}" if said else "")

    def check_submitted(self) -> None:
        """Raise `InputError`, with the queue's own words, if it took no job."""
        if self.refused and not self.submitted:
            raise InputError(
                f"{self.queue.submit} refuses the jobs ({self.refused[-1]}); check the block engine: directives that a "
                "site does not take can be left out with skip_directives."
            )

    def ended(self) -> MultiscaleError:
        """The message when no job is left."""
        logs = sorted(self.logs.glob("*"), key=lambda file: file.stat().st_mtime) if self.logs.is_dir() else []
        words = next((text for file in reversed(logs) if (text := file.read_text(errors="replace").strip())), "")
        said = f", and the last lines in {self.logs} are: {' '.join(words.split())[-_LAST_WORDS:]}" if words else ""
        return MultiscaleError(
            f"All {len(self.submitted)} jobs have ended and points are left{said}. What is done is kept: correct the block "
            "engine, and start the same sweep again."
        )


_LISTED = re.compile(r"\s*(\d+)(?: ([A-Z]+) (\S+)$)?")


def _state(state: str | None, reason: str | None) -> list[str]:
    return [] if state is None else [state.lower()] + ([f"({reason})"] if reason not in (None, "None") else [])


def asked(command: str) -> str | None:
    """What a queue's command prints; None where it is not here, fails, or does not answer."""
    try:
        return subprocess.run(shlex.split(command), capture_output=True, text=True, check=True, timeout=_ASKING).stdout
    except (OSError, subprocess.SubprocessError):
        return None


def _words(error: Exception) -> str:
    """What a queue's command complained of: dask_jobqueue's message has it after the command and its status."""
    said = str(error)
    complaint = said.rpartition("stderr:")[2] if "stderr:" in said else said
    if not complaint.strip() and "stdout:" in said:
        complaint = said.rpartition("stdout:")[2].partition("stderr:")[0]
    return " ".join(complaint.split())[-_LAST_WORDS:] or type(error).__name__
