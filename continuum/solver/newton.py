"""Newton's method by PETSc SNES on a cohesive problem, with a direct or an iterative linear solver."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from continuum.fenics import MPI, PETSc
from continuum.model import Control
from continuum.solver.bordered import Bordered, reason_name, ways
from continuum.solver.callbacks import finite
from continuum.solver.dead_end import DeadEnd
from continuum.solver.problem import CohesiveProblem
from coupling.errors import unknown_choice

LinearSolver = Literal["auto", "direct", "iterative"]
_SOLVERS = ("auto", "direct", "iterative")
_DIRECT_UP_TO = 20_000  # unknowns in 3D; in 2D a factorisation stays cheap
_ITERATIONS = 25
_CORRECTIONS = 30  # of the augmented Lagrangian's multipliers
_ROUNDING = 1e-13  # of stiffness × displacement, and of peak traction × area: forces below are not resolved
_EPSILON = 2.0**-52  # of the stiffest interface × displacement: the same
_WEAK = 1e-4  # part of the interfaces' tractions with which a first equilibrium starts
_NOT_FINITE = -4  # SNES: called DIVERGED_FNORM_NAN or DIVERGED_FUNCTION_NANORINF, depending on the version
_RESIDUAL, _REFINEMENTS = {"direct": 1e-10, "iterative": 1e-5}, 30  # of Newton's linear equations


@dataclass
class _Convergence:
    """The residual's norm against the internal force and against what rounding leaves of it.

    It knows nothing of the solver, which holds it through PETSc: a circle through PETSc is never collected.

    Attributes:
        resolution: Norm of the residual that rounding leaves, over that of the displacements.
        comm: All ranks.
        displacements: How many of this rank's unknowns are displacements: the load parameter is none.
        wanted: Norm of the residual.
    """

    resolution: float
    comm: "MPI.Comm"
    displacements: int
    wanted: float = np.inf

    def __call__(self, snes: "PETSc.SNES", iteration: int, norms: tuple[float, float, float]) -> int:
        reasons = PETSc.SNES.ConvergedReason
        moved, residual = self.moved(snes.getSolution()), norms[2]
        if not np.isfinite(residual):
            return _NOT_FINITE
        if residual <= max(self.wanted, self.resolution * moved):
            return reasons.CONVERGED_FNORM_ABS
        return reasons.DIVERGED_MAX_IT if iteration >= _ITERATIONS else reasons.ITERATING

    def moved(self, x: "PETSc.Vec") -> float:
        """Norm of the displacements."""
        own = x.array_r[: self.displacements]
        return float(np.sqrt(self.comm.allreduce(float(own @ own))))


class NewtonSolver:
    """PETSc SNES on a `CohesiveProblem`; converges, or says that it did not.

    Newton's steps are whole, but for a control by the damage and for plastic bodies: there points change again and again between
    growing and unloading, and whole steps can go round in circles. With damage each is as long as makes the residual least (PETSc's
    "l2"), with plasticity as long as makes the potential of the step least along it ("cp").

    Args:
        problem: The problem.
        relative: Norm of the residual over the norm of the internal force at convergence.
        linear: "direct": MUMPS, LDLᵀ without friction and LU with it; "iterative": conjugate gradients with
            smoothed-aggregation multigrid (GAMG, rigid motions as near-null space), and a factorisation where they
            fail; "auto": direct in 2D and for small 3D problems.

    Attributes:
        reason: Why the last solve found no equilibrium.

    Raises:
        InputError: an unknown linear solver.
    """

    def __init__(self, problem: CohesiveProblem, relative: float = 1e-9, linear: LinearSolver = "auto") -> None:
        if linear not in _SOLVERS:
            raise unknown_choice("linear solver", linear, _SOLVERS)
        if linear == "auto":
            linear = "iterative" if problem.mesh.dimension == 3 and problem.size > _DIRECT_UP_TO else "direct"
        self.problem, self.relative, self.linear, self.reason = problem, relative, linear, ""
        self._ways = ways(problem.tangent, linear)
        self._way = self._ways[0]
        resolution = max(_ROUNDING * problem.stiffness_scale, _EPSILON * problem.stiffest)
        self._convergence = _Convergence(resolution, problem.comm, sum(problem.unknowns.owned.values()))
        self._unfelt = (
            _ROUNDING * problem.interface_area * max((b.law.peak_traction for b in problem.bonds), default=0.0)
        )
        self.snes, self._is_spoiled, self._is_unsolved = self._made(), False, False

    @property
    def left_multigrid(self) -> bool:
        """Whether the last solution took a factorisation, as multigrid did not solve its equations."""
        return self.linear == "iterative" and self._way != "multigrid"

    def _made(self) -> "PETSc.SNES":
        problem = self.problem
        snes = PETSc.SNES().create(problem.comm)
        snes.setFunction(finite(problem.residual), problem.vector())
        operator = PETSc.Mat().createPython([problem.unknowns.x.getSizes()] * 2, problem.tangent, comm=problem.comm)
        operator.setUp()
        snes.setJacobian(problem.linearise, operator)
        snes.setType("newtonls")
        snes.getLineSearch().setType("basic")
        snes.setConvergenceTest(self._convergence)
        ksp = snes.getKSP()
        ksp.setType("fgmres")
        ksp.setTolerances(rtol=_RESIDUAL[self.linear], max_it=_REFINEMENTS)
        ksp.getPC().setType("python")
        self._bordered = Bordered(problem.tangent, problem.bulk, problem.unknowns, self._way)
        ksp.getPC().setPythonContext(self._bordered)
        return snes

    def solve(
        self, control: Control, x: "PETSc.Vec", accepted: Callable[["PETSc.Vec"], bool] = lambda x: True
    ) -> int | None:
        """Equilibrium under a control from the guess x, in place.

        Args:
            control: What the last equation prescribes.
            x: The guess, and then the solution.
            accepted: Asked whether a solution is one that is wanted.

        Returns:
            The Newton iterations, or None when it did not converge or was not accepted (x is then meaningless, and
            `reason` says why).

        Raises:
            Exception: whatever a law or a material raised while it was evaluated, KeyboardInterrupt too.
        """
        kept = [interface.history.pressure.copy() for interface in self.problem.interfaces]
        total = 0
        for _ in range(_CORRECTIONS):
            iterations = self._solve(control, x)
            if iterations is None:
                break
            total += iterations
            if self.problem.correct_contact(x) <= 1:
                if accepted(x):
                    return total
                self.reason = "the state found lies on a branch far away"
                break
        else:
            self.reason = (
                f"after {_CORRECTIONS} corrections of the contact pressure faces penetrate by more than is allowed"
            )
        for interface, pressure in zip(self.problem.interfaces, kept, strict=True):
            interface.history.pressure = pressure
        return None

    def rounding(self, x: "PETSc.Vec") -> float:
        """Work at a state that rounding leaves: of unresolved forces over the largest displacement, J or J/m."""
        own = np.abs(x.array_r[: self._convergence.displacements]).max(initial=0.0)
        force = self._convergence.resolution * self._convergence.moved(x) + self._unfelt
        return force * float(self.problem.comm.allreduce(own, MPI.MAX))

    def rest(self, x: "PETSc.Vec") -> None:
        """Equilibrium without load, in place: thermal strains, gaps, adhesion, overlapping faces.

        Where Newton's method does not find it at once, the interfaces' tractions grow from a small
        part of theirs to the whole.

        Raises:
            DeadEnd: there is none, or none on that way.
        """
        start = x.copy()
        if self.solve(Control("load", 0.0), x) is not None:
            return
        start.copy(x)
        logarithm, step = np.log10(_WEAK), -np.log10(_WEAK) / 8
        while logarithm < 0:
            self.problem.intensity = 10.0 ** min(0.0, logarithm + step)
            guess = x.copy()
            if self.solve(Control("load", 0.0), guess) is None:
                step /= 2
                if step < 1e-3:
                    self.problem.intensity = 1.0
                    raise DeadEnd(
                        f"No equilibrium was found without load: {self.reason}. Check thermal strains, gaps and laws, which alone "
                        "act on it."
                    )
                continue
            guess.copy(x)
            logarithm, step = logarithm + step, 1.5 * step
        self.problem.intensity = 1.0

    def _solve(self, control: Control, x: "PETSc.Vec") -> int | None:
        """Newton's method with the first way of solving linear equations that does."""
        start, last = x.copy(), self._way
        for way in self._ways:
            if way == "lu" and last == "cholesky" and not self.problem.tangent.has_skew:
                break  # it would not do better
            if way != self._way:
                self._way = way
                self._renew()
            last = way
            start.copy(x)
            iterations = self._iterated(control, x)
            if iterations is not None or not self._is_unsolved:
                return iterations
        return None

    def _iterated(self, control: Control, x: "PETSc.Vec") -> int | None:
        self.problem.control, self._is_unsolved = control, False
        self.snes.getLineSearch().setType(self._search(control))
        self._bordered.renew()
        load = control.target if control.kind == "load" else self.problem.load_parameter(x)
        self.problem.prescribe(load, x)
        self.problem.internal_force(x, self.problem.force)
        self._convergence.wanted = max(self.relative * self.problem.force.norm(), self._unfelt, 1e-300)
        if (failure := self._failure(x)) is not None:
            if failure.__cause__ is not None:  # what Python raised in a callback, or on the way into one
                self._is_spoiled = True  # not renewed now: this rank may be alone with the error
                raise failure.__cause__
            self.reason = f"PETSc failed: {' '.join(str(failure).split())}"  # the step is cut like any other failure
            self._renew()
            return None
        code = self.snes.getConvergedReason()
        if code > 0:
            return int(self.snes.getIterationNumber())
        self.reason = self._said()
        self._is_unsolved = code == PETSc.SNES.ConvergedReason.DIVERGED_LINEAR_SOLVE
        if self._is_unsolved:
            self._renew()
        return None

    def _search(self, control: Control) -> str:
        """PETSc's line search."""
        if control.kind == "damage":
            return "l2"
        return "cp" if any(memory.material.isochoric for memory in self.problem.bulk.memories.values()) else "basic"

    def forget(self) -> None:
        """Let later solutions depend on their state alone: an ordering or an interpolation would be that of the first ones."""
        self._renew()

    def _failure(self, x: "PETSc.Vec") -> "PETSc.Error | None":
        """Solve; the error that PETSc raises. It is handed out, as what it hands on must not know it in turn."""
        if self._is_spoiled:
            self._renew()
        try:
            self.snes.solve(None, x)
        except PETSc.Error as error:
            return error
        return None

    def _renew(self) -> None:
        """After an error: it leaves vectors locked, and a factorisation that is taken for a good one. Collective."""
        self.snes.destroy()
        self.snes, self._is_spoiled = self._made(), False

    def _said(self) -> str:
        """Why SNES diverged, in words."""
        code, reasons = self.snes.getConvergedReason(), PETSc.SNES.ConvergedReason
        if code == reasons.DIVERGED_MAX_IT:
            return (
                f"Newton's method did not converge in {_ITERATIONS} iterations (forces out of balance by "
                f"{self.snes.getFunctionNorm():.3g}, allowed {self._convergence.wanted:.3g})"
            )
        if code == _NOT_FINITE:
            return "Newton's method came to a state at which the forces are not finite"
        if code != reasons.DIVERGED_LINEAR_SOLVE:
            return f"Newton's method diverged ({reason_name(reasons, code)})"
        ksp = self.snes.getKSP()
        said = reason_name(PETSc.KSP.ConvergedReason, ksp.getConvergedReason())
        return self._bordered.failure or f"the linear system was not solved ({said})"
