"""A load that is held: activated interfaces break by themselves, in steps of time from attempts of atoms to years."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from continuum.cohesive.history import History
from continuum.cohesive.separation import separation
from continuum.fenics import PETSc
from continuum.model import Control
from continuum.solver.checkpoint import Checkpoint, Kept
from continuum.solver.diagnostics import adrift, out_of_plane, unresolved
from continuum.solver.newton import LinearSolver, NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, Step
from continuum.solver.stepping import state_of
from continuum.solver.supports import broken, check_held, free_motions
from coupling.contracts import CohesiveLaw, FloatArray, Progress, silent
from coupling.errors import InputError, NotConverged
from coupling.findings import refute
from coupling.interface.activation import Activation, secant

TOLERANCE = 0.1
"""Error of the part of sites that breaks in a step, over that part."""
_SAFETY, _GROWTH, _CUT = 0.9, 4.0, 0.1
_LAST = 1e-4
"""Of the time so far (of a ramp: of its duration): a step below which no equilibrium goes on ends the life of a specimen."""
_ATTEMPTS = 1e-2
"""Of a time between attempts: the first step at the full load."""
_FELT = 0.1
"""Of kT/ΔG(0), over the process zone: a part of sites that changes no rate."""
_MOST = 50_000


@dataclass(frozen=True)
class HeldLoading:
    """What became of a specimen under a load that was held.

    Attributes:
        record: Its states; `Step.time` counts from the beginning of the ramp.
        lifetime: Time at the full load after which it broke, s; 0 where it broke on the way there; None: it held.
        reason: Why there is no equilibrium beyond; empty where it held.
    """

    record: Loading
    lifetime: float | None
    reason: str = ""

    @property
    def times(self) -> FloatArray:
        """(n,) s."""
        return self.record.column("time")


def hold_load(
    problem: CohesiveProblem,
    load: float,
    until: float,
    *,
    ramp: float,
    steps: int,
    tolerance: float = TOLERANCE,
    linear: LinearSolver = "auto",
    checkpoint: Path | None = None,
    progress: Progress = silent,
    on_step: Callable[[Step, "PETSc.Vec"], None] | None = None,
    kept: Kept | None = None,
    stop: Callable[[Loading], bool] = lambda record: False,
) -> HeldLoading:
    """Load from 0 to `load` at a constant rate, and hold it until the specimen breaks or the time is over.

    A dead load breaks it where no equilibrium goes on; under a held displacement the load relaxes.

    Args:
        problem: The specimen, one or more of whose bonds are activated.
        load: Load parameter.
        until: Time at the full load, s.
        ramp: Time in which it is reached, s.
        steps: Nominal steps of the ramp.
        tolerance: See `TOLERANCE`.
        linear: See `continuum.solver.newton.NewtonSolver`.
        checkpoint: As in `continuum.solver.stepping.pull`.
        progress: Told after each step.
        on_step: Called with each step and its solution vector.
        kept: As in `continuum.solver.stepping.pull`.
        stop: Asked after each step whether the loading is done.

    Raises:
        InputError: no load, time, steps, or no activated bond.
        NotConverged: no equilibrium on the way to the load, where it may break; or no end after a great many steps.
        Refuted: as in `continuum.solver.stepping.pull`.
    """
    _check(problem, load, until, ramp, steps, tolerance)
    check_held(problem)
    solver, x = NewtonSolver(problem, linear=linear), problem.vector()
    saved = Checkpoint(checkpoint, problem, ("hold", load, until, ramp, steps, tolerance)) if checkpoint else None
    previous, record, course = x.duplicate(), Loading(), _Course(ramp, until, 0.0, ramp / steps)
    committed = saved.read() if saved is not None else None
    if saved is not None and committed is not None and (kept is None or kept.restore(committed.kept)):
        saved.restore(committed, x, previous)
        record, course = committed.record, replace(course, **committed.follower)
    else:
        solver.rest(x)
        x.copy(previous)
        problem.commit(x)
        record.steps.append(state_of(problem, solver, x, None, 0))
    while not course.is_done and not record.apart and not stop(record):
        taken = course.step(problem)
        step, guess, error = _tried(problem, solver, record.steps[-1], course, load, x, previous, taken, tolerance)
        if step is None:
            course = course.shortened(taken, error, tolerance)
            if course.wanted < course.shortest(problem):
                if course.rises:
                    raise NotConverged(_on_the_way(record.steps[-1].load / load, solver.reason))
                return HeldLoading(record, course.lifetime, solver.reason or "the sites break ever faster")
            continue
        x.copy(previous)
        guess.copy(x)
        refute((*adrift(problem, x), *unresolved(problem, x), *out_of_plane(problem, x)))
        course = course.went_on(taken, error, tolerance)
        record.steps.append(replace(step, time=course.elapsed))
        if on_step is not None:
            on_step(record.steps[-1], x)
        if saved is not None:
            state = {"elapsed": course.elapsed, "wanted": course.wanted}
            saved.save(x, previous, record, state, kept.state if kept is not None else {})
            solver.forget()
        if broken(problem, x):
            record.apart = free_motions(problem, x)
        if len(record.steps) > _MOST:
            raise NotConverged(
                f"After {_MOST} steps the load was held for {course.held:.4g} s; allow a larger tolerance."
            )
        progress("loading", int(1000 * course.part(problem)), 1000, f"{course.elapsed:.3g} s")
    return HeldLoading(record, course.held if record.apart else None, "it came apart" if record.apart else "")


@dataclass(frozen=True)
class _Course:
    """Where a load stands in time.

    Attributes:
        ramp: s.
        until: At the full load, s.
        elapsed: Since the start, s.
        wanted: The next step, s; 0: the first at the full load.
    """

    ramp: float
    until: float
    elapsed: float
    wanted: float

    @property
    def rises(self) -> bool:
        """Whether the load is not yet reached."""
        return self.elapsed < self.ramp * (1 - 1e-12)

    @property
    def held(self) -> float:
        """Time at the full load, s."""
        return 0.0 if self.rises else max(self.elapsed - self.ramp, 0.0)

    @property
    def lifetime(self) -> float:
        """The same where the specimen breaks."""
        return self.held

    @property
    def is_done(self) -> bool:
        """Whether the time is over."""
        return self.elapsed >= (self.ramp + self.until) * (1 - 1e-12)

    def share(self, taken: float) -> float:
        """Part of the load after a step."""
        return min((self.elapsed + taken) / self.ramp, 1.0) if self.rises else 1.0

    def step(self, problem: CohesiveProblem) -> float:
        """The next step, s."""
        left = self.ramp - self.elapsed if self.rises else self.ramp + self.until - self.elapsed
        return min(self.wanted or _first(problem), left)

    def shortest(self, problem: CohesiveProblem) -> float:
        """Step below which there is no going on, s."""
        if self.rises:
            return _LAST * self.ramp
        return max(_LAST * self.held, _LAST * _first(problem), 4 * np.spacing(self.elapsed))

    def shortened(self, taken: float, error: float, tolerance: float) -> "_Course":
        """After a step that was not accepted; an error that is not finite: it was not solved."""
        share = 0.25 if not np.isfinite(error) else float(np.clip(_SAFETY * tolerance / error, _CUT, 0.7))
        return replace(self, wanted=share * taken)

    def went_on(self, taken: float, error: float, tolerance: float) -> "_Course":
        """After a step that was accepted."""
        longer = taken * float(np.clip(_SAFETY * tolerance / max(error, 1e-300), 0.5, _GROWTH))
        after = replace(self, elapsed=self.elapsed + taken, wanted=longer)
        return replace(after, wanted=0.0, elapsed=self.ramp) if self.rises and not after.rises else after

    def part(self, problem: CohesiveProblem) -> float:
        """Part of the way, in decades once the load is held."""
        if self.rises or self.held <= 0:
            return 0.2 * self.share(0.0)
        first = _first(problem)
        return 0.2 + 0.8 * float(
            np.clip(np.log(max(self.held / first, 1.0)) / np.log(max(self.until / first, 2.0)), 0, 1)
        )


def _on_the_way(share: float, reason: str) -> str:
    return (
        f"No equilibrium was found beyond {share:.4g} of the load, on the way to it ({reason or 'the sites break ever faster'}); the "
        "specimen may break there: take a lower load, a longer duration, or more steps."
    )


def _first(problem: CohesiveProblem) -> float:
    return _ATTEMPTS / max(b.activation.attempt_frequency for b in problem.bonds if b.activation is not None)


def _check(problem: CohesiveProblem, load: float, until: float, ramp: float, steps: int, tolerance: float) -> None:
    if not (np.isfinite(load) and load and np.isfinite(until) and until > 0 and np.isfinite(ramp) and ramp > 0):
        raise InputError(f"A load of {load} reached in {ramp} s and held for {until} s is none; neither may be 0.")
    if steps < 1 or not 0 < tolerance < 0.5:
        raise InputError(f"Give 1 step or more, not {steps}, and a tolerance between 0 and 0.5, not {tolerance}.")
    if not any(bond.activation for bond in problem.bonds):
        raise InputError(
            "No interface is activated, so that nothing happens while the load is held; give one an activation."
        )


def _tried(
    problem: CohesiveProblem,
    solver: NewtonSolver,
    last: Step,
    course: _Course,
    load: float,
    x: "PETSc.Vec",
    previous: "PETSc.Vec",
    taken: float,
    tolerance: float,
) -> "tuple[Step | None, PETSc.Vec, float]":
    """The state a step later, already part of the histories; or None, and the step's error."""
    target, guess = load * course.share(taken), x.copy()
    change = last.load - problem.load_parameter(previous)
    ratio = (target - last.load) / change if change else 0.0
    if 0 < ratio <= 2:
        guess.axpby(-ratio, 1.0 + ratio, previous)
    problem.begin(taken)
    iterations = solver.solve(Control("load", target), guess)
    if iterations is None:
        return None, guess, np.inf
    before, past = [interface.history.copy() for interface in problem.interfaces], problem.bulk.past
    problem.begin(taken)
    problem.commit(guess)
    error = _error(problem, before, taken, course.rises)
    if error > tolerance:
        for interface, history in zip(problem.interfaces, before, strict=True):
            interface.history = history
        problem.bulk.return_to(past)
        solver.reason = ""
        return None, guess, error
    step = state_of(problem, solver, guess, last, iterations)
    return problem.comm.bcast(replace(step, factorised=solver.left_multigrid)), guess, error


def _error(problem: CohesiveProblem, before: Sequence[History], taken: float, rises: bool) -> float:
    """Of the sites that broke in a step, the part by which Euler's rule may be wrong. Collective.

    While the load is held what breaks along the law counts, too: a step that leaps over an instability is none.
    """
    wrong, all_of = 0.0, 0.0
    for interface, old in zip(problem.interfaces, before, strict=True):
        bond, new, weights = interface.bond, interface.history, interface.weights.ravel()
        if bond.activation is None or not len(weights):
            continue
        speeds = [_speed(bond.activation, separation(bond.law, one.jump), one.largest) for one in (old, new)]
        along = np.maximum(old.largest, separation(bond.law, new.jump) if rises else 0.0)
        fastest = np.maximum(np.maximum(*speeds), 1e-300)
        broke = np.where(new.largest > along * (1 + 1e-12), _part(bond.law, new.largest) - _part(bond.law, along), 0.0)
        wrong += 0.5 * float(weights @ (broke * np.abs(speeds[1] - speeds[0]) / fastest))
        opened = np.minimum(interface.opened(new.jump), 1.0)
        least = _FELT * bond.activation.thermal / bond.activation.barrier.at_rest
        all_of += float(weights @ (broke + least * 6.0 * opened * (1.0 - opened)))
    wrong, all_of = problem.comm.allreduce(wrong), problem.comm.allreduce(all_of)
    return float(wrong / all_of) if all_of > 0 else 0.0


def _part(law: CohesiveLaw, largest: FloatArray) -> FloatArray:
    """Part of the sites that is broken."""
    return secant(law, np.maximum(largest, 1e-9 * law.opening_at_peak)).lost / law.work_of_separation


def _speed(activation: Activation, m: FloatArray, largest: FloatArray) -> FloatArray:
    """Part of all sites that break in a time, 1/s."""
    law = activation.law
    kappa = np.maximum(np.maximum(largest, m), 1e-9 * law.opening_at_peak)
    return activation.evaluate(m, kappa).rate * np.clip(1.0 - _part(law, kappa), 0.0, 1.0)
