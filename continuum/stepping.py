"""Load stepping with automatic cutting and growing: every equilibrium state recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from continuum.checkpoint import Checkpoint
from continuum.fenics import PETSc
from continuum.model import Control, Energies
from continuum.newton import LinearSolver, NewtonSolver
from continuum.problem import CohesiveProblem
from coupling.contracts import Progress, silent
from coupling.errors import InputError, NotConverged

_SEPARATED = 0.98  # part of what can open (or close) that did, from which on the load is the control again
_FEW, _MANY = 7, 12  # Newton iterations up to which a step grows, from which on it shrinks
_SMALLEST = 2.0**-12  # of the nominal step


@dataclass(frozen=True)
class Step:
    """One equilibrium state.

    Attributes:
        load: Load parameter λ: m of a displacement, or a number of unit tractions.
        force: Its conjugate force on prescribed displacements, N (3D, axisymmetric) or N/m.
        displaced: Work of the unit tractions, J or J/m per unit of λ.
        work: External work since the start (trapezoidal), J or J/m.
        energies: Where the work went.
        broken_area: See `CohesiveProblem.broken_area`, m² or m.
        most_opened: Largest separation over the law's final one.
        zone_facets: Facets between peak traction and final opening: the resolution of the zone.
        iterations: Newton iterations.
    """

    load: float
    force: float
    displaced: float
    work: float
    energies: Energies
    broken_area: float
    most_opened: float
    zone_facets: int
    iterations: int


@dataclass
class Loading:
    """The record of a loading: its equilibrium states, first to last."""

    steps: list[Step] = field(default_factory=list)

    def column(self, name: str) -> np.ndarray:
        """One attribute of all steps as an array."""
        return np.array([getattr(step, name) for step in self.steps])


def pull(
    problem: CohesiveProblem,
    final: float | Sequence[float],
    steps: int,
    *,
    closing: bool = False,
    growth: float = 0.02,
    rate: float | None = None,
    linear: LinearSolver = "auto",
    checkpoint: Path | None = None,
    progress: Progress = silent,
    on_step: Callable[[Step, "PETSc.Vec"], None] | None = None,
    stop: Callable[[Loading], bool] = lambda record: False,
) -> Loading:
    """Load from 0 to `final`: by the load at first, by the interfaces' opening once they give way.

    Steps that do not converge are cut, easy ones grow. Under opening control the load may fall
    (snap-back). A falling leg of the load is always load-controlled.

    Args:
        problem: The specimen.
        final: Load parameter at which the loading ends, or its turning points.
        steps: Steps at least from 0 to the largest |load|; that gives the nominal step.
        closing: The load brings the faces together (adhesive contact): instabilities are followed by
            the closing of the interfaces.
        growth: Largest step of the opening control, over the area of all interfaces.
        rate: Load parameter per second, for viscous interfaces; the load then stays the control.
        linear: See `NewtonSolver`.
        checkpoint: Folder of a checkpoint, written after every step; a loading that was interrupted
            goes on from it (same specimen, same number of ranks).
        progress: Told after each step.
        on_step: Called with each converged step and its solution vector.
        stop: Asked after each step whether the loading is done before `final`.

    Returns:
        All equilibrium states, the unloaded one first.

    Raises:
        NotConverged: the smallest step failed; what had converged has been handed to `on_step`, and
            stands in the checkpoint.
        InputError: no steps, no load, or viscosity without a rate.
    """
    turns = _turning_points(problem, final, steps, rate)
    solver, x = NewtonSolver(problem, linear=linear), problem.vector()
    follower = _Follower(problem, max(abs(t) for t in turns) / steps, growth, closing, rate)
    saved = Checkpoint(checkpoint, problem, (turns, steps, closing)) if checkpoint else None
    previous, record = x.duplicate(), Loading()
    if saved is not None and saved.exists():
        record, follower.state = saved.load(x, previous)
    else:
        solver.rest(x)
        x.copy(previous)
        problem.commit(x)
        record.steps.append(_step(problem, x, None, 0))
        follower.start(record.steps[0])
    while follower.leg < len(turns) and not stop(record):
        last, goal = record.steps[-1], turns[follower.leg]
        control = follower.next(last, goal)
        guess = _predicted(record, follower.kind, previous, x, control.target)
        if rate is not None:
            problem.duration = abs(control.target - last.load) / rate
        iterations = solver.solve(control, guess, lambda found: not follower.strays(problem.load_parameter(found), record))
        if iterations is None:
            follower.cut(last, len(record.steps), goal)
            continue
        x.copy(previous)
        guess.copy(x)
        problem.commit(x)
        record.steps.append(_step(problem, x, last, iterations))
        follower.converged(iterations, record.steps[-1], goal)
        if saved is not None:
            saved.save(x, previous, record, follower.state)
        if on_step is not None:
            on_step(record.steps[-1], x)
        done = (follower.leg + min(1.0, abs(record.steps[-1].load / goal) if goal else 0.0)) / len(turns)
        progress("loading", min(1000, int(1000 * done)), 1000, f"force {record.steps[-1].force:.4g}")
    return record


def _turning_points(problem: CohesiveProblem, final, steps: int, rate) -> tuple[float, ...]:  # type: ignore[no-untyped-def]
    turns = tuple(float(t) for t in np.atleast_1d(np.asarray(final, dtype=float)))
    if steps < 1 or not turns or not np.all(np.isfinite(turns)) or not any(turns):
        raise InputError(f"A loading to {final} in {steps} steps is none; give a final load and 1 step or more.")
    if any(a == b for a, b in zip((0.0, *turns), turns, strict=False)):
        raise InputError(f"The turning points {list(turns)} of the load repeat one; each must differ from the one before, the first from 0.")
    if any(b.viscosity for b in problem.bonds) and not (rate is not None and rate > 0):
        raise InputError("A viscous interface needs the loading's rate: give rate, in load per second.")
    return turns


class _Follower:
    """Chooses the control and the size of the next step."""

    def __init__(self, problem: CohesiveProblem, nominal: float, growth: float, closing: bool, rate: float | None) -> None:
        self.kind: Literal["load", "opening"] = "load"
        self.area = problem.interface_area
        self.sign = -1.0 if closing else 1.0
        self.may_open = rate is None and bool(problem.interfaces)
        self.largest = {"load": nominal, "opening": growth * self.area}
        self.size, self.leg, self.first = nominal, 0, 0.0

    @property
    def state(self) -> dict:  # type: ignore[type-arg]
        """What a restart needs."""
        return {"kind": self.kind, "size": self.size, "leg": self.leg, "first": self.first}

    @state.setter
    def state(self, value: dict) -> None:  # type: ignore[type-arg]
        self.kind, self.size, self.leg, self.first = (value[k] for k in ("kind", "size", "leg", "first"))

    def start(self, step: Step) -> None:
        self.first = step.broken_area

    def _changed(self, area: float) -> float:
        """Part of what can open (or close) that did."""
        left = self.first if self.sign < 0 else self.area - self.first
        return self.sign * (area - self.first) / left if left > 0 else 1.0

    def next(self, last: Step, goal: float) -> Control:
        if self.kind == "opening" and self._changed(last.broken_area + self.sign * self.size) > _SEPARATED:
            self._to_load()  # nothing is left to open
        if self.kind == "load":
            step = min(self.size, abs(goal - last.load))
            return Control("load", last.load + np.copysign(step, goal - last.load))
        return Control("opening", last.broken_area + self.sign * self.size)

    def _to_load(self) -> None:
        self.kind, self.size = "load", self.largest["load"]

    def converged(self, iterations: int, step: Step, goal: float) -> None:
        if iterations <= _FEW:
            self.size = min(self.size * 1.5, self.largest[self.kind])
        elif iterations >= _MANY:
            self.size /= 2
        reached = abs(step.load - goal) <= 1e-12 * abs(goal) if self.kind == "load" else step.load >= goal
        if reached:
            self.leg += 1
            self._to_load()

    def strays(self, load: float, record: Loading) -> bool:
        """Whether opening control found a branch far away: a load that jumps by more than any load before."""
        loads = record.column("load")
        return self.kind == "opening" and abs(load - loads[-1]) > max(np.abs(loads).max(), self.largest["load"])

    def cut(self, last: Step, count: int, goal: float) -> None:
        """Halve the step; on a rising leg go over to the opening instead of the load."""
        changed = self._changed(last.broken_area)
        if self.kind == "load" and self.may_open and goal > last.load and 0 < changed < 0.5:
            self.kind = "opening"
            self.size = min(0.1 * abs(last.broken_area - self.first), self.largest["opening"])
            return
        self.size /= 2
        if self.size < self.largest[self.kind] * _SMALLEST:
            raise NotConverged(
                f"No equilibrium was found beyond a load of {last.load:.6g} (step {count}), down to a step of "
                f"{self.size:.3g} in {self.kind} control; the states before it are saved. Refine the mesh along "
                "the crack until several elements lie in the law's process zone."
            )


def _predicted(record: Loading, kind: str, previous, x, target: float):  # type: ignore[no-untyped-def]
    """Linear extrapolation of the last two states to the next target."""
    guess = x.copy()
    values = record.column("load" if kind == "load" else "broken_area")
    if len(values) > 2 and values[-1] != values[-2]:
        ratio = (target - values[-1]) / (values[-1] - values[-2])
        if 0 < ratio <= 2:
            guess.axpby(-ratio, 1.0 + ratio, previous)
    return guess


def _step(problem: CohesiveProblem, x, last: Step | None, iterations: int) -> Step:  # type: ignore[no-untyped-def]
    load, force, displaced, work = problem.load_parameter(x), problem.reaction(x), problem.displaced(x), 0.0
    if last is not None:
        work = last.work + 0.5 * (force + last.force) * (load - last.load)
        work += 0.5 * (load + last.load) * (displaced - last.displaced)
    return Step(
        load, force, displaced, work, problem.energies(x), problem.broken_area(x), *problem.zone(x), iterations
    )
