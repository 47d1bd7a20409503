"""Solutions of discretised problems, and the distance of one from another."""

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError, unknown_choice
from coupling.handshake import transfer
from multiscale.concurrent.method import Method
from multiscale.concurrent.newton_krylov import newton_krylov
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.solver import equilibrate
from multiscale.concurrent.threads import one_blas_thread

IntArray = NDArray[np.int64]
SOLVERS = {"lbfgs": equilibrate, "newton_krylov": newton_krylov}
"""Solvers by name, all preconditioned by the elastic stiffness."""


@dataclass(frozen=True)
class ConcurrentSolution:
    """An equilibrium.

    Attributes:
        method: What was solved.
        displacement: (n, 3) the corrector u at the vertices, Å.
        energy: E(u) less that of the perfect crystal in the homogeneous state, eV; None for bqcf, and where forces
            alone are known and the outer atoms of both do not have the same surface.
        force: Largest component left on a vertex, eV/Å.
        evaluations: Of the forces.
        seconds: What reaching equilibrium took, the building of the mesh not counted.
    """

    method: Method
    displacement: FloatArray = field(repr=False)
    energy: float | None
    force: float
    evaluations: int
    seconds: float

    @property
    def unknowns(self) -> int:
        """Displacement components solved for."""
        return self.method.unknowns

    def at(self, sites: IntArray) -> FloatArray:
        """(s, 3) the corrector at sites (s, d) of the box, Å."""
        mesh = self.method.mesh
        return transfer(mesh.sites, mesh.simplices, sites).to_sites(self.displacement)

    def at_sites(self) -> FloatArray:
        """(s, 3) the corrector at all sites of the box, Å."""
        return self.at(self.method.problem.sites)


def solve(
    method: Method,
    *,
    tolerance: float = 1e-5,
    start: ConcurrentSolution | None = None,
    evaluations: int = 400,
    solver: str = "lbfgs",
    progress: Progress = silent,
) -> ConcurrentSolution:
    """Bring a discretised problem to equilibrium, with one BLAS thread (`multiscale.concurrent.threads`).

    Args:
        method: The discretised problem.
        tolerance: Largest component of a force, eV/Å.
        start: Where to begin, on any mesh of the same box; None is a corrector of zero.
        evaluations: Most calls of the forces.
        solver: A name in `SOLVERS`.
        progress: Called after each call.

    Raises:
        InputError: there is no such solver.
        NotConverged: forces are left over.
    """
    if solver not in SOLVERS:
        raise unknown_choice("solver", solver, SOLVERS)
    with one_blas_thread():
        return _solved(method, tolerance, start, evaluations, solver, progress)


def _solved(
    method: Method,
    tolerance: float,
    start: ConcurrentSolution | None,
    evaluations: int,
    solver: str,
    progress: Progress,
) -> ConcurrentSolution:
    begun = time.perf_counter()
    free = method.free
    inverse = method.preconditioner()
    held = np.zeros((len(free), 3)) if start is None else np.where(free[:, None], start.at(method.mesh.sites), 0.0)

    def forces(unknowns: FloatArray) -> FloatArray:
        moved = held.copy()
        moved[free] = unknowns.reshape(-1, 3)
        return method.forces(moved)[free].ravel()

    found = SOLVERS[solver](
        forces, held[free].ravel(), inverse, tolerance=tolerance, evaluations=evaluations, progress=progress
    )
    displacement = held.copy()
    displacement[free] = found.unknowns.reshape(-1, 3)
    seconds = time.perf_counter() - begun
    energy = method.energy(displacement) - _perfect(method)[0] if method.has_energy else None
    return ConcurrentSolution(method, displacement, energy, found.force, found.evaluations, seconds)


def ghost_force(method: Method) -> float:
    """Largest force component on the perfect crystal in the homogeneous state, eV/Å: the patch test."""
    return float(np.abs(_perfect(method)[1]).max())


def _perfect(method: Method) -> tuple[float, FloatArray]:
    """Energy and forces of the method on the perfect crystal in the homogeneous state."""
    perfect = method.perfect()
    energy, forces = perfect.evaluate(np.zeros((len(perfect.free), 3)))
    return energy, np.where(perfect.free[:, None], forces, 0.0)


@dataclass(frozen=True)
class Difference:
    """How a solution differs from a reference on all sites of the box.

    Attributes:
        displacement: ‖u − u_ref‖ / ‖U_ref‖ over the sites, U the displacement from F₀X, predictor included.
        corrector: ‖u − u_ref‖ / ‖u_ref‖, the predictor left out.
        strain: ‖Du − Du_ref‖, (Σ |difference along a nearest-neighbour bond|²)^½, Å.
        relative_strain: strain / ‖Du_ref‖.
        largest: Largest |u − u_ref|, Å.
    """

    displacement: float
    corrector: float
    strain: float
    relative_strain: float
    largest: float


def difference(solution: ConcurrentSolution, reference: ConcurrentSolution) -> Difference:
    """Compare two solutions of the same problem, site by site, sites without an atom left out.

    Raises:
        InputError: the boxes are not the same.
    """
    problem, other = solution.method.problem, reference.method.problem
    if problem.cells != other.cells or problem.level != other.level:
        raise InputError("Two solutions can only be compared on the same box.")
    sites, present = problem.sites, ~problem.is_void(problem.sites)
    exact, error = reference.at_sites(), solution.at_sites() - reference.at_sites()
    whole = exact + problem.predicted(sites)
    size = {name: float(np.sqrt((x[present] ** 2).sum())) for name, x in (("u", exact), ("U", whole), ("e", error))}
    strain, scale = (_bond_norm(problem, sites, present, x) for x in (error, exact))
    return Difference(
        size["e"] / size["U"],
        size["e"] / size["u"],
        strain,
        strain / scale,
        float(np.linalg.norm(error[present], axis=1).max()),
    )


def _bond_norm(problem: Problem, sites: IntArray, present: NDArray[np.bool_], values: FloatArray) -> float:
    """(Σ |values(x + s) − values(x)|²)^½ over nearest neighbours s, both atoms in the box."""
    shape = tuple(2 * problem.half - 1)
    grid, there = values.reshape(*shape, 3), present.reshape(shape)
    total = 0.0
    for step in problem.lattice.neighbour_steps:
        here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, shape, strict=True))
        next_ = tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(step, shape, strict=True))
        both = there[here] & there[next_]
        total += float((((grid[next_] - grid[here]) ** 2).sum(axis=-1) * both).sum())
    return float(np.sqrt(total))
