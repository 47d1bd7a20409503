"""Load stepping with automatic cutting and growing: every equilibrium state recorded."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from continuum.fenics import PETSc
from continuum.model import Control
from continuum.solver.checkpoint import Checkpoint, Kept
from continuum.solver.course import Course
from continuum.solver.dead_end import DeadEnd
from continuum.solver.diagnostics import BALANCE, PEAK, adrift, check_resolvable, out_of_plane, unresolved
from continuum.solver.follower import Follower
from continuum.solver.interfaces import unexplained
from continuum.solver.mending import Mending
from continuum.solver.newton import LinearSolver, NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, Step
from continuum.solver.supports import broken, check_held, free_motions
from coupling.contracts import Progress, silent
from coupling.errors import InputError
from coupling.findings import refute


def pull(
    problem: CohesiveProblem,
    final: float | Sequence[float],
    steps: int,
    *,
    closing: bool = False,
    growth: float = 0.02,
    rate: float | None = None,
    linear: LinearSolver = "auto",
    balance: float = BALANCE,
    peak: float = PEAK,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    on_step: Callable[[Step, "PETSc.Vec"], None] | None = None,
    kept: Kept | None = None,
    stop: Callable[[Loading], bool] = lambda record: False,
) -> Loading:
    """Load from 0 to `final`: by the load at first, by the interfaces' opening once they give way.

    Steps that do not converge are cut, easy ones grow; those of the load beyond the nominal one as long as neither the
    curve, nor the work, nor the opened area shows it (`continuum.solver.mending.Mending.doubt`). Under opening control the load may fall
    (snap-back). A falling leg of the load is always load-controlled. A step that converged is repeated
    at half its size if the trapezoid of its work strays from the energies, or if it may step over the
    largest load; what shorter steps do not cure is left to `continuum.solver.diagnostics.assess`.
    A loading ends where interfaces have broken so that a part of the specimen moves freely.

    Args:
        problem: The specimen.
        final: Load parameter at which the loading ends, or its turning points.
        steps: Nominal steps from 0 to the largest |load|.
        closing: The load brings the faces together (adhesive contact): instabilities are followed by
            the closing of the interfaces.
        growth: Largest step of the opening control, over the area of all interfaces.
        rate: Load parameter per second, for viscous and activated interfaces; the load then stays the control.
        linear: See `NewtonSolver`.
        balance: Largest part of the work by which work and energies may differ; each step keeps its share.
        peak: Largest difference between the largest load and the states beside it, over it.
        checkpoint: Folder of a checkpoint, written after every step; a loading that was interrupted
            goes on from it (same specimen, same number of ranks).
        progress: Told after each step.
        on_step: Called with each converged step and its solution vector, before the step is committed.
        kept: What `on_step` has seen: part of the checkpoint, and restored from it.
        stop: Asked after each step whether the loading is done before `final`.

    Returns:
        All equilibrium states, the unloaded one first.

    Raises:
        NotConverged: the smallest step failed; what had converged has been handed to `on_step`, and
            stands in the checkpoint.
        Refuted: an interface opens by less than double precision resolves, a law pulls across the plane of a plane
            analysis, or a body that broke off is adrift.
        InputError: no steps, no load, or viscosity without a rate; bodies that nothing holds; an opening that no
            step can resolve.
        Exception: whatever a law, a material or `on_step` raised.
    """
    turns = _turning_points(problem, final, steps, rate)
    check_held(problem)
    check_resolvable(problem, max(abs(t) for t in turns) / steps)
    solver, x = NewtonSolver(problem, linear=linear), problem.vector()
    follower = Follower(problem, turns, steps, growth, closing, rate, Mending(balance, peak))
    saved = Checkpoint(checkpoint, problem, (turns, steps, closing, balance, peak)) if checkpoint else None
    previous, record = x.duplicate(), Loading()
    committed = saved.read() if saved is not None else None
    if saved is not None and committed is not None and (kept is None or kept.restore(committed.kept)):
        saved.restore(committed, x, previous)
        record = committed.record
        follower.restore(committed.follower)
    else:
        solver.rest(x)
        x.copy(previous)
        problem.commit(x)
        record.steps.append(state_of(problem, solver, x, None, 0))
        follower.start(record.steps[0])
    problem.aim(previous, x)
    gone = _note_apart(problem, record, x, ())
    while not follower.is_done and not record.apart and not stop(record):
        last = record.steps[-1]
        control = follower.next(last)
        guess = _predicted(record, control, problem.course, previous, x)
        if rate is not None:
            problem.begin(abs(control.target - last.load) / rate)
        try:
            step = _tried(problem, solver, follower, record, control, x, guess)
        except DeadEnd:
            record.apart = free_motions(problem, x)
            if not record.apart:
                raise
            break
        if step is None:
            continue
        x.copy(previous)
        guess.copy(x)
        problem.aim(previous, x)
        refute((*adrift(problem, x), *unresolved(problem, x), *out_of_plane(problem, x)))
        record.steps.append(step)
        follower.converged(last, step)
        if on_step is not None:
            on_step(step, x)
        if saved is not None:
            saved.save(x, previous, record, follower.state, kept.state if kept is not None else {})
            solver.forget()  # as does who goes on from here
        unit = "N/m" if problem.kind in ("plane strain", "plane stress") else "N"
        gone = _note_apart(problem, record, x, gone)
        progress("loading", int(1000 * follower.part(step)), 1000, f"force {step.force:.4g} {unit}")
    return record


def _note_apart(problem: CohesiveProblem, record: Loading, x: "PETSc.Vec", before: tuple[str, ...]) -> tuple[str, ...]:
    """The interfaces that are broken at x; where there are more than before, what can move now is noted in the record."""
    gone = broken(problem, x)
    if gone != before:
        record.apart = free_motions(problem, x)
    return gone


def _turning_points(
    problem: CohesiveProblem, final: float | Sequence[float], steps: int, rate: float | None
) -> tuple[float, ...]:
    turns = tuple(float(t) for t in np.atleast_1d(np.asarray(final, dtype=float)))
    if steps < 1 or not turns or not np.all(np.isfinite(turns)) or not any(turns):
        raise InputError(f"A loading to {final} in {steps} steps is none; give a final load and 1 step or more.")
    if any(a == b for a, b in zip((0.0, *turns), turns, strict=False)):
        raise InputError(
            f"The turning points {list(turns)} of the load repeat one; each must differ from the one before, the first from 0."
        )
    timed = "A viscous or activated interface" if any(b.viscosity or b.activation for b in problem.bonds) else ""
    timed = timed or next(
        (f"The body {n!r}" for n, m in problem.bulk.memories.items() if m.material.depends_on_rate), ""
    )
    if timed and not (rate is not None and rate > 0):
        raise InputError(f"{timed} needs the loading's rate: give rate, in load per second.")
    return turns


def _predicted(record: Loading, control: Control, course: Course, previous: "PETSc.Vec", x: "PETSc.Vec") -> "PETSc.Vec":
    """Linear extrapolation of the last two states to the next target."""
    guess, ratio = x.copy(), 0.0
    values = record.column("load" if control.kind == "load" else "broken_area")
    if control.kind == "path":
        ratio = control.target / course.length
    elif control.kind == "damage":
        ratio = control.target / course.grown if course.grown > 0 else 0.0
    elif len(values) > 2 and values[-1] != values[-2]:
        ratio = (control.target - values[-1]) / (values[-1] - values[-2])
    if 0 < ratio <= 2:
        guess.axpby(-ratio, 1.0 + ratio, previous)
    return guess


def _tried(
    problem: CohesiveProblem,
    solver: NewtonSolver,
    follower: Follower,
    record: Loading,
    control: Control,
    x: "PETSc.Vec",
    guess: "PETSc.Vec",
) -> Step | None:
    """The next state after x, which is then part of the interfaces' history; None if it is to be tried again otherwise."""
    before, past = [interface.history.copy() for interface in problem.interfaces], problem.bulk.past
    iterations = solver.solve(control, guess, lambda found: not follower.strays(problem.load_parameter(found), record))
    if iterations is None:
        follower.cut(record, solver.reason)
        return None
    problem.commit(guess)
    step = replace(state_of(problem, solver, guess, record.steps[-1], iterations), factorised=solver.left_multigrid)
    step = problem.comm.bcast(step)  # one for all: the ranks decide by it
    last = record.steps[-1]
    if follower.mending.lost(record, step) > 1:
        step = replace(
            step, no_potential=unexplained(problem.comm, problem.interfaces, before, *problem.jumps_of(x, guess))
        )
    if follower.accepts(record, step):
        return replace(step, jump=step.lost_since(last) - step.no_potential) if follower.loses else step
    for interface, history in zip(problem.interfaces, before, strict=True):
        interface.history = history
    problem.bulk.return_to(past)
    return None


def state_of(
    problem: CohesiveProblem, solver: NewtonSolver, x: "PETSc.Vec", last: Step | None, iterations: int
) -> Step:
    """The record of an equilibrium state after `last`. Collective."""
    load, force, displaced, work = problem.load_parameter(x), problem.reaction(x), problem.displaced(x), 0.0
    if last is not None:
        work = last.work + 0.5 * (force + last.force) * (load - last.load)
        work += 0.5 * (load + last.load) * (displaced - last.displaced)
    energies, area = problem.energies(x), problem.broken_area(x)
    opened, facets, zone, doubt = problem.zone(x)
    rounding = solver.rounding(x)
    return Step(load, force, displaced, work, energies, area, opened, facets, iterations, rounding, zone, doubt)
