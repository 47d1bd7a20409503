"""A body with memory on the mesh: its points' states, stresses and tangents between assemblies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import MPI, basix, dolfinx, ufl
from continuum.inelastic import Inelastic, PointResponse, PointState
from continuum.materials import BodyMaterial, Polycrystalline
from continuum.materials.material import voigt_strain
from coupling.contracts import FloatArray
from coupling.elasticity import VOIGT


def with_memory(material: BodyMaterial) -> tuple[Inelastic, ...]:
    """The grains of a material with memory, the material itself being one; none of another material."""
    grains = material.grains if isinstance(material, Polycrystalline) else (material,)
    return tuple(grain for grain in grains if isinstance(grain, Inelastic))


class Memory:
    """The quadrature points of one body, on this rank's cells, ghosts included.

    Args:
        grains: The material of each grain of the body, all of one kind; of a body without grains its one material.
        of_cell: (cells,) grain of each cell of this rank, ghosts included.
        u: Its displacement.
        gradient: The (3, 3) displacement gradient of u (UFL).
        thickness: What a point of the mesh stands for out of the plane (UFL).
        degree: Of the quadrature, and of the polynomial that it integrates exactly.

    Attributes:
        committed: The points at the last state that was committed.
        force: Form of the internal forces.
        tangent: Form of the stiffness.
    """

    def __init__(
        self,
        grains: Sequence[Inelastic],
        of_cell: NDArray[np.integer],
        u: "dolfinx.fem.Function",
        gradient: Any,
        thickness: Any,
        degree: int,
    ) -> None:
        mesh = u.function_space.mesh
        self.material, self._comm = grains[0], mesh.comm
        cell = mesh.basix_cell()
        spaces = [
            dolfinx.fem.functionspace(mesh, basix.ufl.quadrature_element(cell, value_shape=shape, degree=degree))
            for shape in ((6,), (6, 6))
        ]
        self._stress, self._stiffness = (dolfinx.fem.Function(space) for space in spaces)
        points, weights = basix.make_quadrature(cell, degree)
        self._per_cell, self._weights = len(weights), weights
        index = mesh.topology.index_map(mesh.topology.dim)
        self._cells = np.arange(index.size_local + index.num_ghosts, dtype=np.int32)
        self._owned = index.size_local * self._per_cell
        self._strain = dolfinx.fem.Expression(voigt_strain(ufl.sym(gradient)), points)
        self._mesh = mesh
        dx = ufl.dx(metadata={"quadrature_degree": degree, "quadrature_scheme": "default"})
        test, trial = ufl.TestFunction(u.function_space), ufl.TrialFunction(u.function_space)
        changes = [voigt_strain(ufl.sym(ufl.derivative(gradient, u, way))) for way in (test, trial)]
        self.force = dolfinx.fem.form(ufl.inner(self._stress, changes[0]) * thickness * dx)
        self.tangent = dolfinx.fem.form(ufl.dot(changes[0], ufl.dot(self._stiffness, changes[1])) * thickness * dx)
        self._volumes = self._measured(thickness, dx)
        of_point = np.repeat(of_cell, self._per_cell)
        self._grains = [(grain, np.flatnonzero(of_point == number)) for number, grain in enumerate(grains)]
        self._free = np.array([grain.stress_free_strain_voigt for grain in grains])[of_point]
        self.committed = self.material.unloaded(len(of_point))
        self._now, self._is_fresh = self.committed, False
        self.update(0.0)

    def _measured(self, thickness: Any, dx: Any) -> FloatArray:
        """(owned points,) volume of each: m³ (3D, axisymmetric) or m²."""
        space = dolfinx.fem.functionspace(
            self._mesh, basix.ufl.quadrature_element(self._mesh.basix_cell(), degree=dx.metadata()["quadrature_degree"])
        )
        vector = dolfinx.fem.assemble_vector(dolfinx.fem.form(ufl.TestFunction(space) * thickness * dx))
        return vector.array[: self._owned].copy()

    def update(self, duration: float) -> None:
        """Let the points answer the present displacement, at the end of a step of this duration (s).

        A state that has been committed stays as it is until a step begins or the displacement changes.
        """
        strain = self._strain.eval(self._mesh, self._cells).reshape(-1, 6) - self._free
        if self._is_fresh and np.array_equal(strain, self._now.strain):
            return
        self._answer, self._is_fresh = self._answered(strain, duration), True
        self._now = self._answer.state
        self._stress.x.array[:] = self._now.stress.ravel()

    def differentiate(self) -> None:
        """Let `tangent` be that of the present state."""
        self._stiffness.x.array[:] = self._answer.tangent.ravel()

    def _answered(self, strain: FloatArray, duration: float) -> PointResponse:
        if len(self._grains) == 1:
            return self.material.respond(strain, self.committed, duration)
        state = {name: array.copy() for name, array in vars(self.committed).items()}
        parts = [(p, grain.respond(strain[p], self.committed.at(p), duration)) for grain, p in self._grains if len(p)]
        for points, found in parts:
            for name, array in vars(found.state).items():
                state[name][points] = array

        def derivative() -> FloatArray:
            tangent = np.empty((len(strain), 6, 6))
            for points, found in parts:
                tangent[points] = found.tangent
            return tangent

        return PointResponse(PointState(**state), derivative)

    def commit(self) -> None:
        """Make the present state the points' past."""
        self.committed = self._now

    def begin(self) -> None:
        """Begin a step from the committed state."""
        self._is_fresh = False

    def return_to(self, state: PointState) -> None:
        """Let the points' past be an earlier one."""
        self.committed, self._is_fresh = state, False

    def energies(self) -> tuple[float, float]:
        """Stored and dissipated energy of the present state over all ranks, J (3D, axisymmetric) or J/m. Collective."""
        own = [float(self._volumes @ density[: self._owned]) for density in (self._now.stored, self._now.lost)]
        stored, lost = self._comm.allreduce(np.array(own), MPI.SUM)
        return float(stored), float(lost)

    def cell_mean(self, values: FloatArray) -> FloatArray:
        """(cells, ...) means over each cell of values (points, ...), by quadrature weight."""
        each = values.reshape(-1, self._per_cell, *values.shape[1:])
        return np.einsum("cq...,q->c...", each, self._weights / self._weights.sum())

    @property
    def cell_stress(self) -> FloatArray:
        """(cells, 3, 3) Pa, mean of each cell, ghosts included."""
        mean, found = self.cell_mean(self._now.stress), np.zeros((len(self._cells), 3, 3))
        for number, (i, j) in enumerate(VOIGT):
            found[:, i, j] = found[:, j, i] = mean[:, number]
        return found

    def cell_variable(self, name: str) -> FloatArray:
        """(cells,) or (cells, m) a variable of the material, mean of each cell, ghosts included."""
        return self.cell_mean(self.material.variable(self._now, name))
