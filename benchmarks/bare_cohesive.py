"""Two elastic bodies and a cohesive interface in dolfinx and petsc4py alone: what one would write without this package.

One field a body on its submesh, the law's potential on the parent mesh's facets between them, UFL's derivatives, every form
assembled at each iteration, MUMPS's LDLᵀ with prescribed rows and columns taken out by dolfinx.
"""

import time

import numpy as np

from continuum.fenics import PETSc, dolfinx, ufl
from continuum.mesh.specimen_mesh import SpecimenMesh
from coupling.laws.xu_needleman import XuNeedleman

_ITERATIONS, _RELATIVE = 25, 1e-9


class BareNewton:
    """A joint pulled along y: held along x at both ends.

    Args:
        mesh: Its bodies `upper` and `lower`, facets `top`, `bottom` and `bond`.
        law: With q = 1 and r = 0.
        young: Pa.
        poisson: Poisson's ratio.
    """

    def __init__(self, mesh: SpecimenMesh, law: XuNeedleman, young: float, poisson: float) -> None:
        parent, tdim = mesh.mesh, mesh.mesh.topology.dim
        cells = [mesh.bodies[name].parent_cells for name in ("upper", "lower")]
        made = [dolfinx.mesh.create_submesh(parent, tdim, np.sort(one)) for one in cells]
        self.maps = [one[1] for one in made]
        self.spaces = [dolfinx.fem.functionspace(one[0], ("P", 1, (2,))) for one in made]
        self.u = [dolfinx.fem.Function(space) for space in self.spaces]
        ds = ufl.Measure("dS", domain=parent, subdomain_data=[(1, _sides(mesh, cells[0]))])(1)
        lame, shear = young * poisson / (1 + poisson) / (1 - 2 * poisson), young / 2 / (1 + poisson)
        dx = ufl.Measure("dx", domain=parent, subdomain_data=list(enumerate(map(np.sort, cells))))
        energy = sum(_elastic(u, lame, shear) * dx(number) for number, u in enumerate(self.u))
        jump = self.u[0]("+") - self.u[1]("-")  # the interface is normal to y
        z, slip = jump[1] / law.normal_length, jump[0] / law.tangential_length
        energy += law.work_of_separation * (1 - (1 + z) * ufl.exp(-z - slip**2)) * ds
        tests, trials = ([make(v) for v in self.spaces] for make in (ufl.TestFunction, ufl.TrialFunction))
        forces = [ufl.derivative(energy, u, v) for u, v in zip(self.u, tests, strict=True)]
        tangents = [[ufl.derivative(f, u, w) for u, w in zip(self.u, trials, strict=True)] for f in forces]
        self._force = dolfinx.fem.form(forces, entity_maps=self.maps)
        self._tangent = dolfinx.fem.form(tangents, entity_maps=self.maps)
        self._held = [_held(mesh, number, name, self.spaces) for number, name in enumerate(("top", "bottom"))]
        self._matrix = dolfinx.fem.petsc.create_matrix(self._tangent)
        self._matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        self._solver = PETSc.KSP().create(parent.comm)
        self._solver.setType("preonly")
        self._solver.getPC().setType("cholesky")
        self._solver.getPC().setFactorSolverType("mumps")

    def solve(self, load: float) -> tuple[int, float]:
        """Equilibrium at a displacement of the top in m: Newton iterations, and CPU seconds of one."""
        free = np.concatenate([np.ones(len(u.x.array), dtype=bool) for u in self.u])
        first = len(self.u[0].x.array)
        for number, dofs in enumerate(self._held):
            free[dofs + (first if number else 0)] = False
            self.u[number].x.array[dofs] = 0.0
        self.u[0].x.array[self._held[0][1::2]] = load
        start, largest = time.process_time(), 0.0
        zero = [np.zeros(2)] * 2
        fixed = [
            dolfinx.fem.dirichletbc(value, np.unique(dofs // 2).astype(np.int32), space)
            for value, dofs, space in zip(zero, self._held, self.spaces, strict=True)
        ]
        for iteration in range(_ITERATIONS):
            force = dolfinx.fem.petsc.assemble_vector(self._force, kind="mpi")
            largest = max(largest, float(np.linalg.norm(force.array[~free])))
            force.array[~free] = 0.0
            if force.norm() <= _RELATIVE * largest:
                return iteration, (time.process_time() - start) / max(iteration, 1)
            self._matrix.zeroEntries()
            dolfinx.fem.petsc.assemble_matrix(self._matrix, self._tangent, bcs=fixed)
            self._matrix.assemble()
            self._solver.setOperators(self._matrix)
            step = force.duplicate()
            self._solver.solve(force, step)
            self.u[0].x.array[:] -= step.array[:first]
            self.u[1].x.array[:] -= step.array[first:]
        raise RuntimeError("the bare Newton's method did not converge")

    def opening(self) -> float:
        """Largest |u| of the upper body less that of the lower one along y, m."""
        return float(np.abs(self.u[0].x.array[1::2]).max() - np.abs(self.u[1].x.array[1::2]).max())


def _elastic(u: "dolfinx.fem.Function", lame: float, shear: float):
    strain = ufl.sym(ufl.grad(u))
    return 0.5 * lame * ufl.tr(strain) ** 2 + shear * ufl.inner(strain, strain)


def _sides(mesh: SpecimenMesh, upper: np.ndarray) -> np.ndarray:
    """The interface's facets as dolfinx integrates them: cell and local facet of `+`, here the upper body, then of `-`."""
    topology, dim = mesh.mesh.topology, mesh.mesh.topology.dim
    topology.create_connectivity(dim - 1, dim)
    topology.create_connectivity(dim, dim - 1)
    to_cells, to_facets = topology.connectivity(dim - 1, dim), topology.connectivity(dim, dim - 1)
    inside, found = set(upper.tolist()), []
    for facet in mesh.facet_group("bond"):
        for cell in sorted(to_cells.links(facet), key=lambda c: c not in inside):
            found += [cell, int(np.flatnonzero(to_facets.links(cell) == facet)[0])]
    return np.array(found, dtype=np.int32)


def _held(mesh: SpecimenMesh, number: int, group: str, spaces: list) -> np.ndarray:  # type: ignore[type-arg]
    """All degrees of freedom of a body at one end."""
    height = {"top": 1.0, "bottom": -1.0}[group]
    ends = height * np.max(height * mesh.mesh.geometry.x[:, 1])
    nodes = dolfinx.fem.locate_dofs_geometrical(spaces[number], lambda x: np.isclose(x[1], ends, rtol=0, atol=1e-12))
    return np.column_stack([2 * nodes, 2 * nodes + 1]).ravel()
