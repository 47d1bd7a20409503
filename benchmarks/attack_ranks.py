"""Errors on one rank of several, and many runs in one process.

Run as `python -m benchmarks.attack_ranks [--json]`; under three minutes on two cores. Each fault of `rank_probe` is made
on one rank of 2 or 3, all ranks in turn: the run must end, and say, and keep, what happened. Then one process runs a small
specimen again and again, which may leave nothing in it; `--runs 200` looks at that alone, over so many runs.
"""

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

from benchmarks.output import report
from benchmarks.rank_probe import FAULTS, INJECTED, Fault, write_study

SECONDS = 30.0
"""From an error on one rank to the end of all."""
RANKS = ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
"""Number of ranks, and the one that fails."""
RUNS, WARM = 30, 8
_LIMIT = 300.0  # s: for a run to reach its fault, however busy the machine is


def measure() -> dict[str, object]:
    """How many faults were made and how many ended as they must; what many runs left in a process."""
    ended = {f"{fault.place}, rank {rank} of {ranks}": outcome(fault, ranks, rank) for fault, ranks, rank in cases()}
    wrong = [f"{name}: {what}" for name, what in ended.items() if what]
    return {
        "rank_faults": len(ended),
        "rank_faults_ended": len(ended) - len(wrong),
        "rank_faults_named": "; ".join(wrong),
        **lived(RUNS),
    }


def lived(runs: int) -> dict[str, object]:
    """`long_life` in a process of its own, where nothing else takes memory."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(long_life, runs).result()


def cases() -> Iterator[tuple[Fault, int, int]]:
    """Each fault once, the ranks in turn."""
    for fault, (ranks, rank) in zip(FAULTS, cycle(RANKS), strict=False):
        yield fault, ranks, rank


def outcome(fault: Fault, ranks: int, rank: int, seconds: float = SECONDS) -> str:
    """What is wrong with the end of a run that fails on one rank; "" if nothing is.

    Args:
        fault: The error.
        ranks: How many there are.
        rank: The one that fails.
        seconds: What the end may take.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder)
        launcher = [str(Path(sys.executable).with_name("mpiexec")), "-n", str(ranks)]
        command = [*launcher, sys.executable, "-m", "benchmarks.rank_probe", fault.place, str(rank), str(folder)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return "the ranks waited for one another"
        took = time.time() - float((folder / INJECTED).read_text()) if (folder / INJECTED).is_file() else None
        return _judged(folder, fault.words(rank), done, took, seconds)


def _judged(
    folder: Path, words: str, done: "subprocess.CompletedProcess[str]", took: float | None, seconds: float
) -> str:
    log = folder / "run.failed" / "log.txt"
    if took is None:
        return "the fault was not reached"
    if took > seconds:
        return f"it took {took:.0f} s"
    if done.returncode != 1:
        return f"status {done.returncode}"
    if words not in done.stderr or done.stderr.count("\n") != 1:
        return f"it said {done.stderr!r}"
    if not log.is_file() or words not in log.read_text(encoding="utf-8"):
        return "the log does not tell"
    return "" if not (folder / "run").exists() and not (folder / "run.partial").exists() else "the folder is not failed"


def long_life(runs: int) -> dict[str, object]:
    """What a process has more of after many runs of a small specimen than after the first few.

    Args:
        runs: How many.
    """
    from multiscale import run_study

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder)
        modules, files, memory, free = set[str](), 0, 0.0, 0
        for number in range(1, runs + 1):
            run_study(folder / "study.yaml", folder / "run")
            if number == 1:
                modules = compiled()
            if number == min(WARM, runs):
                free, files, memory = free_communicators(), open_files(), resident()  # the first takes memory
        return {
            "long_life_runs": runs,
            "long_life_new_modules": len(compiled() - modules),
            "long_life_memory_growth_MiB": resident() - memory,
            "long_life_new_files": open_files() - files,
            "long_life_new_communicators": free - free_communicators(),
        }


def compiled() -> set[str]:
    """The C modules that forms were compiled into."""
    return {name for name in sys.modules if name.startswith("libffcx")}


def open_files() -> int:
    """Files that this process has open."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def free_communicators() -> int:
    """How many more communicators MPI can make; all that it has made are counted."""
    from continuum.fenics import MPI

    gc.collect()
    made = []
    try:
        while True:
            made.append(MPI.COMM_SELF.Dup())
    except MPI.Exception:
        return len(made)
    finally:
        for one in made:
            one.Free()


def resident() -> float:
    """Memory in use, MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


if __name__ == "__main__":
    if "--runs" in sys.argv:
        report(lived(int(sys.argv[sys.argv.index("--runs") + 1])), "--json" in sys.argv)
    else:
        report(measure(), "--json" in sys.argv)
