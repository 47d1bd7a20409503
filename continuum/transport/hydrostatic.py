"""The hydrostatic stress of a mechanical solution, smooth enough to have a gradient.

σ_h = tr σ/3 of the true stress jumps from cell to cell; its L2 projection on continuous linear elements is what drives the
solute, so that ∇σ_h is the gradient of that projection, constant in a simplex. A linear σ_h is kept exactly.
"""

from typing import Any

from continuum.fenics import PETSc, dolfinx, ufl
from continuum.materials.material import cauchy_stress
from continuum.solver.problem import CohesiveProblem
from coupling.contracts import FloatArray
from coupling.errors import InputError

_DEGREE = 4
"""Of the quadrature: exact for a quadratic stress, as far as the cells are straight."""


class HydrostaticStress:
    """Recovers σ_h at the nodes of each body, at the state that the mechanical problem last saw.

    Args:
        problem: The mechanical problem.
        spaces: Continuous linear functions on each body, as a transport problem has them.
    """

    def __init__(self, problem: CohesiveProblem, spaces: dict[str, Any]) -> None:
        self._solvers = {name: _projection(problem, name, space) for name, space in spaces.items()}

    def __call__(self) -> dict[str, FloatArray]:
        """(n,) Pa at each body's local nodes, owned and ghost. Collective."""
        return {name: _solved(*parts) for name, parts in self._solvers.items()}


def _projection(problem: CohesiveProblem, name: str, space: Any) -> "tuple[PETSc.KSP, Any, dolfinx.fem.Function]":
    trial, test = ufl.TrialFunction(space), ufl.TestFunction(space)
    dx = ufl.dx(metadata={"quadrature_degree": _DEGREE})
    weight = problem.bulk.thickness(name)
    if name in problem.bulk.memories:
        raise InputError(
            f"Transport in the body {name!r}, which has a memory, is not offered; give it an elastic material."
        )
    stress = cauchy_stress(problem.bulk.elastic(name), problem.bulk.gradient(name), problem.bulk.values[name])
    mass = dolfinx.fem.petsc.assemble_matrix(dolfinx.fem.form(weight * trial * test * dx))
    mass.assemble()
    solver = PETSc.KSP().create(problem.comm)
    solver.setOperators(mass)
    solver.setType("cg")
    solver.getPC().setType("jacobi")
    solver.setTolerances(rtol=1e-14, atol=0.0, max_it=1000)
    right = dolfinx.fem.form(weight * ufl.tr(stress) / 3 * test * dx)
    return solver, right, dolfinx.fem.Function(space)


def _solved(solver: "PETSc.KSP", right: Any, found: "dolfinx.fem.Function") -> FloatArray:
    load = dolfinx.fem.petsc.assemble_vector(right)
    load.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
    solver.solve(load, found.x.petsc_vec)
    load.destroy()
    found.x.scatter_forward()
    return found.x.array.copy()
