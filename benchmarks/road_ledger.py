"""Does the ledger of a specimen bear load? Ten wrong models must be named before a solution, twenty right ones pass.

Run as `python -m benchmarks.road_ledger [--json]`; under a minute on two CPU cores.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.output import report
from benchmarks.road_models import RIGHT, WRONG, Build
from continuum.fenics import PETSc
from continuum.model import Control
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from coupling.errors import CountingError, NotConverged

_LOAD = 1e-12  # m: one Newton solution of the right models
_STAGES: list[PETSc.Log.Stage] = []


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """How many Newton solutions (SNES) begin within, as PETSc counts them in a stage of its own.

    In the main stage a solution that an error of a callback broke off before stays open, and hides those after it.
    """
    first = len(_STAGES)
    _STAGES.append(PETSc.Log.Stage(f"counted {first}"))
    _STAGES[-1].push()
    event = PETSc.Log.Event("SNESSolve")
    try:
        yield lambda: sum(int(event.getPerfInfo(stage.id)["count"]) for stage in _STAGES[first:])
    finally:
        _STAGES[first].pop()


def _mismatches(problem: CohesiveProblem) -> str:
    return " ".join(v.message for v in problem.counting.verdicts if v.kind == "mismatch" and v.size)


def told(build: Build) -> str:
    """What a model's constructor says of its counting: the error, or its mismatches.

    Raises:
        AssertionError: something was solved on the way.
    """
    with counted() as solves, tempfile.TemporaryDirectory() as folder:
        try:
            problem = build(Path(folder))
        except CountingError as error:
            text = str(error)
        else:
            text = _mismatches(problem)
        if solves():
            raise AssertionError("A wrong model was solved before its ledger was made.")
    return text


def refused(build: Build) -> str:
    """Why a right model was refused, or said to be a mismatch; "" where it was not and a first step was solved.

    Raises:
        NotConverged: the step was not.
        AssertionError: PETSc did not count it.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            problem = build(Path(folder))
        except CountingError as error:
            return str(error)
    with counted() as solves:
        if NewtonSolver(problem).solve(Control("load", _LOAD), problem.vector()) is None:
            raise NotConverged("The first step of a right model was not solved.")
        if not solves():
            raise AssertionError("PETSc did not count a solution, so that the count of the wrong models says nothing.")
    return _mismatches(problem)


def measure(progress: Callable[[str], object] = lambda text: None) -> dict[str, int]:
    """How many wrong models are named, and how many right ones refused.

    Args:
        progress: Told what was said of each model.
    """
    PETSc.Log.begin()
    named, stopped = 0, 0
    for name, (build, words) in WRONG.items():
        text = told(build)
        found = all(word in text for word in words)
        named += found
        progress(f"{'named' if found else 'NOT NAMED'}: {name}: {text}")
    for name, build in RIGHT.items():
        text = refused(build)
        stopped += bool(text)
        progress(f"{'REFUSED' if text else 'passed'}: {name} {text}".rstrip())
    return {
        "wrong_models": len(WRONG),
        "wrong_models_named": named,
        "right_models": len(RIGHT),
        "right_models_refused": stopped,
    }


if __name__ == "__main__":
    report(measure(lambda text: sys.stdout.write(text + "\n")), "--json" in sys.argv)
