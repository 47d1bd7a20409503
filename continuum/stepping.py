"""Load stepping with automatic cutting: Newton by PETSc SNES, a direct solver, every step recorded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from continuum.fenics import PETSc
from continuum.model import Control, Energies
from continuum.problem import CohesiveProblem
from coupling.contracts import Progress, silent
from coupling.errors import InputError, NotConverged

_ITERATIONS = 20
_ROUNDING = 1e-13  # of stiffness × displacement: forces below cannot be resolved
_SEPARATED = 0.98  # part of the interfaces opened, from which on the load is the control again
_SWEEPS = 50  # steps at least in which all interfaces open
_FEW, _MANY = 7, 12  # Newton iterations up to which a step grows, from which on it shrinks
_SMALLEST = 2.0**-12  # of the nominal step


@dataclass(frozen=True)
class Step:
    """One equilibrium state.

    Attributes:
        load: Load parameter, m.
        force: Its conjugate force, N (3D) or N/m (2D).
        work: External work since the start (trapezoidal), J or J/m.
        energies: Where the work went.
        broken_area: See `CohesiveProblem.broken_area`, m² or m.
        most_opened: Largest opening over the law's final one.
        zone_facets: Facets between peak traction and final opening: the resolution of the zone.
        iterations: Newton iterations.
    """

    load: float
    force: float
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


class NewtonSolver:
    """PETSc SNES on a `CohesiveProblem`; converges, or says that it did not.

    Args:
        problem: The problem.
        relative: Norm of the residual over the norm of the internal force at convergence.
    """

    def __init__(self, problem: CohesiveProblem, relative: float = 1e-9) -> None:
        self.problem, self.relative = problem, relative
        snes = PETSc.SNES().create(problem.comm)
        snes.setFunction(problem.residual, problem.force.duplicate())
        snes.setJacobian(problem.tangent, problem.jacobian)
        snes.setType("newtonls")
        snes.getLineSearch().setType("basic")
        ksp = snes.getKSP()
        ksp.setType("preonly")
        ksp.getPC().setType("lu")
        ksp.getPC().setFactorSolverType("mumps")
        self.snes = snes

    def solve(self, control: Control, x: "PETSc.Vec") -> int | None:
        """Equilibrium under a control from the guess x, in place.

        Returns:
            The Newton iterations, or None when it did not converge (x is then meaningless).
        """
        self.problem.control = control
        if control.kind == "load":
            self.problem.prescribe(control.target, x)
        self.problem.internal_force(x, self.problem.force)
        force, rounding = self.problem.force.norm(), self.problem.stiffness_scale * x.norm()
        tolerance = max(self.relative * force, _ROUNDING * rounding, 1e-300)
        self.snes.setTolerances(rtol=0.0, atol=tolerance, stol=0.0, max_it=_ITERATIONS)
        try:
            self.snes.solve(None, x)
        except PETSc.Error:  # a singular tangent: the step is cut like any other failure
            return None
        return int(self.snes.getIterationNumber()) if self.snes.getConvergedReason() > 0 else None


def pull(
    problem: CohesiveProblem,
    final: float,
    steps: int,
    *,
    progress: Progress = silent,
    on_step: Callable[[Step, "PETSc.Vec"], None] | None = None,
    stop: Callable[[Loading], bool] = lambda record: False,
) -> Loading:
    """Load from 0 to `final`: by the load at first, by the interfaces' opening once they give way.

    Steps that do not converge are cut, easy ones grow. Under opening control the load may fall
    (snap-back); the crack never heals.

    Args:
        problem: The specimen.
        final: Load parameter at which the loading ends, m.
        steps: Steps at least; the nominal step is final/steps.
        progress: Told after each step.
        on_step: Called with each converged step and its solution vector.
        stop: Asked after each step whether the loading is done before `final`.

    Returns:
        All equilibrium states, the unloaded one first.

    Raises:
        NotConverged: the smallest step failed; what had converged has been handed to `on_step`.
        InputError: no steps, or no load.
    """
    if steps < 1 or not np.isfinite(final) or final <= 0:
        raise InputError(f"A loading to {final} m in {steps} steps is none; give a final load and 1 step or more.")
    solver, x = NewtonSolver(problem), problem.x.duplicate()
    x.set(0.0)
    record = Loading([_step(problem, x, None, 0)])
    follower = _Follower(problem, final / steps)
    previous = x.copy()
    while record.steps[-1].load < final * (1 - 1e-12) and not stop(record):
        last = record.steps[-1]
        control = follower.next(last, final)
        guess = _predicted(record, follower.kind, previous, x, control.target)
        iterations = solver.solve(control, guess)
        if iterations is None:
            follower.cut(last, len(record.steps))
            continue
        x.copy(previous)
        guess.copy(x)
        problem.commit(x)
        step = _step(problem, x, last, iterations)
        record.steps.append(step)
        if on_step is not None:
            on_step(step, x)
        progress("loading", min(1000, int(round(1000 * step.load / final))), 1000, f"force {step.force:.4g}")
        follower.converged(iterations)
    return record


class _Follower:
    """Chooses the control and the size of the next step."""

    def __init__(self, problem: CohesiveProblem, nominal: float) -> None:
        self.kind: Literal["load", "opening"] = "load"
        self.interface_area = problem.interface_area
        self.largest = {"load": nominal, "opening": self.interface_area / _SWEEPS}
        self.size = nominal

    def next(self, last: Step, final: float) -> Control:
        if self.kind == "opening" and last.broken_area + self.size > _SEPARATED * self.interface_area:
            self.kind, self.size = "load", self.largest["load"]  # nothing is left to open
        if self.kind == "load":
            return Control("load", min(last.load + self.size, final))
        return Control("opening", last.broken_area + self.size)

    def converged(self, iterations: int) -> None:
        if iterations <= _FEW:
            self.size = min(self.size * 1.5, self.largest[self.kind])
        elif iterations >= _MANY:
            self.size /= 2

    def cut(self, last: Step, count: int) -> None:
        """Halve the step; under load control go over to the opening instead."""
        if self.kind == "load" and 0 < last.broken_area < 0.5 * self.interface_area:
            self.kind, self.size = "opening", 0.1 * last.broken_area
            return
        self.size /= 2
        if self.size < self.largest[self.kind] * _SMALLEST:
            raise NotConverged(
                f"No equilibrium was found beyond a load of {last.load:.6g} m (step {count}), down to a step of "
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
    load, force, work = problem.load_parameter(x), problem.reaction(x), 0.0
    if last is not None:
        work = last.work + 0.5 * (force + last.force) * (load - last.load)
    return Step(load, force, work, problem.energies(x), problem.broken_area(x), *problem.zone(x), iterations)
