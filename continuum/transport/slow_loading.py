"""Loading at a rate with a solute: steps in time, the record of both, and the checkpoint that an interrupted loading goes on from."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from continuum.fenics import PETSc
from continuum.solver.checkpoint import Checkpoint, Kept
from continuum.solver.record import Loading, Step
from continuum.transport.coupled import UNSOLVED, Coupled
from continuum.transport.problem import TransportStep
from continuum.transport.stepping import TOLERANCE, TransportRecord, TransportState, next_duration
from coupling.contracts import Progress, silent
from coupling.errors import InputError, NotConverged

_SMALLEST = 1e-6  # of the nominal step


@dataclass
class SlowCourse:
    """How far a loading has come.

    Attributes:
        previous: The solution before the present one.
        wanted: Duration that the next step should have, s.
        last: That of the last, s; 0 before the first.
        elapsed: s.
    """

    previous: "PETSc.Vec"
    wanted: float
    last: float = 0.0
    elapsed: float = 0.0

    def guess(self, x: "PETSc.Vec", duration: float) -> "PETSc.Vec":
        """The last two states carried on."""
        guess = x.copy()
        if self.last:
            guess.axpby(-duration / self.last, 1.0 + duration / self.last, self.previous)
        return guess

    def take(self, x: "PETSc.Vec", duration: float) -> None:
        """Note that a step from x was taken."""
        self.previous, self.last, self.elapsed = x, duration, self.elapsed + duration


class SlowLog:
    """The states of mechanics and solute so far, and their checkpoint.

    Args:
        coupled: The problems.
        folder: Of the checkpoint; None writes none.
        loading: What identifies the loading.
        kept: See `continuum.solver.stepping.pull`.
    """

    def __init__(self, coupled: Coupled, folder: Path | None, loading: Any, kept: Kept | None) -> None:
        self.coupled, self.kept = coupled, kept
        self.record, self.solute = Loading(), TransportRecord()
        self._saved = None if folder is None else Checkpoint(folder, coupled.mechanics, loading)

    def begin(self, wanted: float) -> SlowCourse:
        """The first state, or that of an interrupted loading. Collective."""
        coupled, saved = self.coupled, self._saved
        committed = saved.read() if saved is not None else None
        if saved is None or committed is None or not (self.kept is None or self.kept.restore(committed.kept)):
            self.record.steps.append(coupled.begin())
            self.solute.begin(coupled.transport)
            return SlowCourse(coupled.x.copy(), wanted)
        course = SlowCourse(coupled.x.duplicate(), **committed.follower["course"])
        saved.restore(committed, coupled.x, course.previous)
        coupled.resume(committed.arrays)
        self.record.steps[:] = committed.record.steps
        self.solute.states[:] = [TransportState(**one) for one in committed.follower["solute"]]
        return course

    def add(self, step: Step, solute: TransportStep) -> None:
        """Take down a step that was accepted. Collective."""
        self.record.steps.append(step)
        self.solute.add(self.coupled.transport, solute)

    def commit(self, course: SlowCourse) -> None:
        """Write the present state, if that is wanted."""
        if self._saved is None:
            return
        coupled = self.coupled
        follower = {
            "course": {name: getattr(course, name) for name in ("wanted", "last", "elapsed")},
            "solute": [asdict(state) for state in self.solute.states],
        }
        kept = self.kept.state if self.kept is not None else {}
        self._saved.save(coupled.x, course.previous, self.record, follower, kept, coupled.state)
        coupled.solver.forget()  # as does who goes on from here


def pull_slowly(
    coupled: Coupled,
    final: float,
    duration: float,
    steps: int,
    *,
    hold: float = 0.0,
    tolerance: float = TOLERANCE,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    on_step: Callable[[Step, "PETSc.Vec"], None] = lambda step, x: None,
    kept: Kept | None = None,
    stop: Callable[[Loading], bool] = lambda record: False,
) -> tuple[Loading, TransportRecord]:
    """Load from 0 to `final` at a constant rate, the solute moving meanwhile, and then hold the load.

    The load is the control: a specimen that snaps under it is not followed.

    Args:
        coupled: The problems; the transport has been started.
        final: Load parameter at the end.
        duration: s in which it is reached.
        steps: Nominal steps up to it; shorter ones where the solute's error or the equilibrium asks for them.
        hold: s at the final load.
        tolerance: See `continuum.transport.stepping.diffuse`.
        checkpoint: Folder of a checkpoint, written after every step, from which an interrupted loading goes on.
        progress: Told after each step.
        on_step: Called with each step and its solution vector, before the step is committed.
        kept: What `on_step` has seen: part of the checkpoint, and restored from it.
        stop: Asked after each step whether the loading is done.

    Returns:
        The equilibrium states, and the solute's at the same times.

    Raises:
        InputError: no load, no time or no steps; a flux takes out more solute than there is.
        NotConverged: the smallest step failed; what had converged has been handed to `on_step`.
    """
    if not (np.isfinite(final) and final and np.isfinite(duration) and duration > 0 and steps >= 1 and hold >= 0):
        raise InputError(
            f"A loading to {final} in {duration} s and {steps} steps, held for {hold} s, is none; the load must not be 0, the "
            "duration positive, and steps at least 1."
        )
    log = SlowLog(coupled, checkpoint, (final, duration, steps, hold, tolerance, coupled.scheme), kept)
    course, end, nominal = log.begin(duration / steps), duration + hold, duration / steps
    while end - course.elapsed > 1e-12 * end and not stop(log.record):
        limit = duration if course.elapsed < duration * (1 - 1e-12) else end
        taken = min(course.wanted, limit - course.elapsed)
        trial = coupled.attempt(
            course.guess(coupled.x, taken), final * min((course.elapsed + taken) / duration, 1.0), taken
        )
        if trial is None or trial.solute.error > tolerance:
            course.wanted = 0.25 * taken if trial is None else next_duration(taken, trial.solute.error, tolerance)
            if course.wanted < _SMALLEST * nominal:
                if trial is not None:
                    coupled.reason = f"the error of the solute's step stayed above {tolerance:g} of the amounts"
                raise NotConverged(_lost(coupled, log.record.steps[-1]))
            continue
        course.take(coupled.x, taken)
        log.add(coupled.accept(trial, log.record.steps[-1]), trial.solute)
        most = nominal if course.elapsed < duration * (1 - 1e-12) else max(nominal, hold / steps)
        course.wanted = min(next_duration(taken, trial.solute.error, tolerance), most)
        on_step(log.record.steps[-1], coupled.x)
        log.commit(course)
        progress("loading", int(1000 * course.elapsed / end), 1000, f"load {log.record.steps[-1].load:.4g}")
    return log.record, log.solute


def _lost(coupled: Coupled, last: Step) -> str:
    reason = coupled.reason
    if last.load == 0 or reason == UNSOLVED:
        place = f"beyond the load {last.load:.6g}" if last.load else "in the first step"
        return (
            f"No equilibrium with the solute was found {place} ({reason}); check what it starts with and what is "
            "held or driven in at the boundaries against the sites, or take more steps."
        )
    return (
        f"No equilibrium with the solute was found beyond the load {last.load:.6g} ({reason}); the specimen may snap there, which a load "
        "in time does not follow: load it where it breaks stably, by displacements near the crack."
    )
