"""Solving Newton's equations of a cohesive problem with one factorisation, or one multigrid, of the stiffness K alone.

The border of load and control is eliminated by mixed block elimination (Govaerts, SIAM J. Matrix Anal. Appl. 12 (1991) 469),
which is stable where K is nearly singular, as it is at the largest load. What is left, by a part of K that is not
symmetric, by rounding, or because the factors are those of the Newton iteration before, is for the Krylov solver around it.
"""

from typing import Literal

import numpy as np

from continuum.fenics import MPI, PETSc
from continuum.solver.bulk import Bulk
from continuum.solver.tangent import Tangent
from continuum.solver.unknowns import Unknowns, rigid_motions

Way = Literal["multigrid", "cholesky", "lu"]
"""How K is solved: conjugate gradients with multigrid, MUMPS's LDLᵀ or its LU."""
_PREFIX = "cohesive_"  # of PETSc's options; those that a user sets go before these
_RESTART = 100  # of GMRES
_PATIENCE = 5  # solutions by the factors of the state before, after which the present one is factorised
_SINGULAR = -10  # INFOG(1) of MUMPS
_BY_PATTERN = {6: 0, 12: 1}  # ICNTL of MUMPS: it orders by the pattern alone, so that an ordering serves every state
_MULTIGRID = {
    "ksp_type": "cg",
    "ksp_rtol": 1e-6,
    "ksp_norm_type": "unpreconditioned",
    "ksp_max_it": 400,
    "pc_type": "gamg",
    "pc_gamg_threshold": 0.01,
    "pc_gamg_reuse_interpolation": True,
    "mg_levels_ksp_type": "chebyshev",
    "mg_levels_pc_type": "jacobi",
}


def ways(tangent: Tangent, linear: Literal["direct", "iterative"]) -> tuple[Way, ...]:
    """The ways of solving K, each for where the one before fails.

    A symmetric factorisation serves what friction does not make unsymmetric; the little that damage does is for the
    Krylov solver around it.
    """
    direct: tuple[Way, ...] = ("lu",) if tangent.has_friction else ("cholesky", "lu")
    return direct if linear == "direct" else ("multigrid", *direct)


def _factorisation(way: Way, comm: "MPI.Comm") -> "PETSc.KSP":
    """MUMPS on K."""
    ksp = PETSc.KSP().create(comm)
    ksp.setType("preonly")
    ksp.getPC().setType(way)
    ksp.getPC().setFactorSolverType("mumps")
    return ksp


def _multigrid(stiffness: "PETSc.Mat", bulk: Bulk, unknowns: Unknowns) -> "PETSc.KSP":
    """Smoothed aggregation on K, with the rigid motions as near-null space."""
    stiffness.setNearNullSpace(PETSc.NullSpace().create(vectors=rigid_motions(bulk, unknowns), comm=unknowns.comm))
    ksp = PETSc.KSP().create(unknowns.comm)
    ksp.setOptionsPrefix(_PREFIX)
    database = PETSc.Options(_PREFIX)
    for key, value in _MULTIGRID.items():
        if not database.hasName(key):
            database[key] = value
    ksp.setFromOptions()
    return ksp


class Bordered:
    """Solves [K −b; c d] [δu; δλ] = [r; ρ] with solutions of K alone (PETSc's preconditioner in Python).

    Args:
        tangent: K and its border; split for this way.
        bulk: The bodies.
        unknowns: Their numbers.
        way: How K is solved.
    """

    def __init__(self, tangent: Tangent, bulk: Bulk, unknowns: Unknowns, way: Way) -> None:
        self.tangent, self.way, self._unknowns = tangent, way, unknowns
        tangent.split(way != "lu")
        self.inner = (
            _multigrid(tangent.stiffness, bulk, unknowns) if way == "multigrid" else _factorisation(way, unknowns.comm)
        )
        self._type = self.inner.getType()
        self._state, self._applied, self._is_ready, self._is_present = -1, 0, False, False
        self._far = self._near = 1.0  # δ* and δ of the elimination
        self._across, self._along = tangent.column.duplicate(), tangent.column.duplicate()

    @property
    def failure(self) -> str:
        """Why K was not solved, or nothing."""
        ksp, pc = self.inner, self.inner.getPC()
        if self.way != "multigrid" and (info := pc.getFactorMatrix().getMumpsInfog(1)) < 0:
            said = "is singular" if info == _SINGULAR else "was not factorised"
            return f"the tangent {said} (MUMPS: INFOG(1) = {info})"
        if ksp.getConvergedReason() > 0 and not np.isfinite(self._far + self._near):
            return "the tangent is singular (no load changes what is prescribed)"
        if ksp.getConvergedReason() < 0:
            return f"the stiffness was not solved ({reason_name(PETSc.KSP.ConvergedReason, ksp.getConvergedReason())})"
        return ""

    def renew(self) -> None:
        """Forget the states so far, so that a solution depends on nothing but what it begins with."""
        self._is_ready = False

    def setUp(self, pc: "PETSc.PC") -> None:
        """Prepare for the present state, if it is a new one; after the first by what was factorised, or made, for that."""
        if self._state != self.tangent.state:
            self._prepare(anew=not self._is_ready)
            self._state, self._is_ready, self._applied = self.tangent.state, True, 0

    def _prepare(self, anew: bool) -> None:
        """Factorise K, or make its grids, if anew; find what the border needs of K."""
        tangent, inner = self.tangent, self.inner
        inner.setOperators(tangent.stiffness)
        inner.setType(self._type)
        inner.getPC().setReusePreconditioner(not anew)
        if self.way != "multigrid" and anew:
            inner.getPC().setFactorSetUpSolverType()
            for number, value in _BY_PATTERN.items():
                inner.getPC().getFactorMatrix().setMumpsIcntl(number, value)
        inner.setUp()
        self._is_present = anew
        if not tangent.follows_load:
            self._solve(tangent.column, self._across)  # w = K⁻¹ b
            self._solve(tangent.row, self._along, transposed=not tangent.is_symmetric)  # v = K⁻ᵀ c
            self._far = tangent.corner + self._along.dot(tangent.column) or np.nan
            self._near = tangent.corner + tangent.row.dot(self._across) or np.nan

    def _solve(self, right: "PETSc.Vec", out: "PETSc.Vec", transposed: bool = False) -> None:
        """K or Kᵀ; no number where that fails. A softening K is not positive, and then conjugate gradients may stop."""
        inner = self.inner
        solve = inner.solveTranspose if transposed else inner.solve
        solve(right, out)
        if inner.getConvergedReason() < 0 and inner.getType() == "cg":
            inner.getPC().setReusePreconditioner(False)
            inner.setType("gmres")
            inner.setGMRESRestart(_RESTART)
            solve(right, out)
        if inner.getConvergedReason() < 0:
            out.set(np.nan)

    def apply(self, pc: "PETSc.PC", right: "PETSc.Vec", out: "PETSc.Vec") -> None:
        """The step for a right-hand side, good enough for flexible GMRES; once it has asked too often, by a new factorisation."""
        tangent, unknowns = self.tangent, self._unknowns
        self._applied += 1
        if self._applied > _PATIENCE and not self._is_present and self.way != "multigrid":
            self._prepare(anew=True)
        force, control = unknowns.displacements(right), unknowns.load_parameter(right)
        load = control / tangent.corner if tangent.follows_load else (control - self._along.dot(force)) / self._far
        force.axpy(load, tangent.column)
        step = force.duplicate()
        self._solve(force, step)
        if not tangent.follows_load:
            left = (control - tangent.corner * load - tangent.row.dot(step)) / self._near
            step.axpy(left, self._across)
            load += left
        unknowns.join(step, load, out)


def reason_name(reasons: type, code: int) -> str:
    """What PETSc calls a reason."""
    return next(
        (name for name, value in vars(reasons).items() if value == code and not name.startswith("_")), str(code)
    )
