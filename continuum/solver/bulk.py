"""The bodies: displacement fields, energies, internal forces and stiffness."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import PETSc, dolfinx, ufl
from continuum.inelastic import Inelastic, Loss, PointState
from continuum.materials import BodyMaterial, Material, Polycrystalline
from continuum.mesh.specimen_mesh import Body, SpecimenMesh
from continuum.model import COMPONENTS, Kind, Traction
from continuum.solver.memory import Memory, with_memory
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

_UNCOUPLED = 1e-3  # of the largest stiffness: noise of computed constants, whose effect is of second order


class Bulk:
    """The bodies of a specimen, each with its own displacement field.

    Args:
        mesh: The specimen.
        materials: The material of each body.
        kind: See `continuum.model.Kind`.
        order: Polynomial order of the displacement.

    Attributes:
        linear: Whether all bodies' energies are quadratic.
        memories: Of the bodies whose stress depends on their past.

    Raises:
        InputError: a body without a material, a material that the kind does not allow, or isochoric flow in elements of order 1.
    """

    def __init__(self, mesh: SpecimenMesh, materials: Mapping[str, BodyMaterial], kind: Kind, order: int) -> None:
        for name in materials:
            if name not in mesh.bodies:
                raise unknown_choice("body", name, mesh.bodies)
        missing = [name for name in mesh.bodies if name not in materials]
        if missing:
            raise InputError(f"No material is given for {', '.join(missing)}; give one for each body.")
        self.mesh, self.kind, self.dimension = mesh, kind, mesh.dimension
        self.materials = {name: _in_plane(materials[name], kind, name) for name in mesh.bodies}
        self.linear = all(material.linear for material in self.materials.values())
        shape = (mesh.dimension,)
        self.spaces = {n: dolfinx.fem.functionspace(b.mesh, ("P", order, shape)) for n, b in mesh.bodies.items()}
        self.displacements = {n: dolfinx.fem.Function(v, name="u") for n, v in self.spaces.items()}
        self.values = {name: _values(mesh.bodies[name], material) for name, material in self.materials.items()}
        self.memories: dict[str, Memory] = {}
        self._duration = 0.0
        self._compile(order)

    def _compile(self, order: int) -> None:
        self._energies, self._forces, tangents = {}, {}, []
        for name, space in self.spaces.items():
            u = self.displacements[name]
            if grains := with_memory(self.materials[name]):
                memory = self._remembering(name, grains, order)
                self.memories[name], self._forces[name] = memory, memory.force
                tangents.append(memory.tangent)
                continue
            density = self.elastic(name).energy(self.gradient(name), self.values[name])
            energy = density * self.thickness(name) * ufl.dx
            force = ufl.derivative(energy, u, ufl.TestFunction(space))
            self._energies[name] = dolfinx.fem.form(energy)
            self._forces[name] = dolfinx.fem.form(force)
            tangents.append(dolfinx.fem.form(ufl.derivative(force, u, ufl.TrialFunction(space))))
        self._tangent = [[form if i == j else None for j in range(len(tangents))] for i, form in enumerate(tangents)]

    def elastic(self, name: str) -> Material:
        """The material of a body without a memory."""
        return cast(Material, self.materials[name])

    def _remembering(self, name: str, grains: Sequence[Inelastic], order: int) -> Memory:
        body = self.mesh.bodies[name]
        if order == 1 and any(grain.isochoric for grain in grains):
            raise InputError(
                f"The body {name!r} flows at constant volume, for which elements of order 1 are far too stiff; set order: 2."
            )
        cells = body.mesh.topology.index_map(body.mesh.topology.dim)
        of_cell = body.grain if len(grains) > 1 else np.zeros(cells.size_local + cells.num_ghosts, dtype=np.int32)
        degree = 2 * order
        if body.mesh.topology.cell_name() in (
            "triangle",
            "tetrahedron",
        ):  # whose strain is a polynomial of the order less one
            degree = max(2 * (order - 1), 1) + (self.kind == "axisymmetric")
        return Memory(grains, of_cell, self.displacements[name], self.gradient(name), self.thickness(name), degree)

    def thickness(self, name: str) -> Any:
        """What a point of a body's mesh stands for out of the plane: 1, or 2πr (UFL)."""
        return 2 * np.pi * ufl.SpatialCoordinate(self.mesh.bodies[name].mesh)[0] if self.kind == "axisymmetric" else 1

    def gradient(self, name: str) -> Any:
        """The 3×3 displacement gradient of a body's field (UFL)."""
        u = self.displacements[name]
        if self.dimension == 3:
            return ufl.grad(u)
        h = ufl.grad(u)
        hoop = u[0] / ufl.SpatialCoordinate(self.mesh.bodies[name].mesh)[0] if self.kind == "axisymmetric" else 0
        return ufl.as_tensor([[h[0, 0], h[0, 1], 0], [h[1, 0], h[1, 1], 0], [0, 0, hoop]])

    def energies(self) -> dict[str, float]:
        """Recoverable energy of each body over all ranks, J (3D, axisymmetric) or J/m."""
        comm = self.mesh.mesh.comm
        found = {n: float(comm.allreduce(dolfinx.fem.assemble_scalar(f))) for n, f in self._energies.items()}
        remembered = {name: self._answered(memory).energies()[0] for name, memory in self.memories.items()}
        return {name: (found | remembered)[name] for name in self.spaces}

    def losses(self) -> dict[Loss, dict[str, float]]:
        """What bodies have dissipated since the start over all ranks, J (3D, axisymmetric) or J/m, by its kind."""
        found: dict[Loss, dict[str, float]] = {"plastic": {}, "viscous": {}}
        for name, memory in self.memories.items():
            found[memory.material.loss][name] = self._answered(memory).energies()[1]
        return found

    def _answered(self, memory: Memory) -> Memory:
        """A body's points, which have answered the present displacement."""
        memory.update(self._duration)
        return memory

    def cell_stress(self, name: str) -> FloatArray:
        """(cells, 3, 3) Pa, mean of each cell of a body with memory, ghosts included."""
        return self._answered(self.memories[name]).cell_stress

    def begin(self, duration: float) -> None:
        """Begin a step of a duration (s) from the committed state."""
        self._duration = duration
        for memory in self.memories.values():
            memory.begin()

    def commit(self) -> None:
        """Make the present displacements part of the bodies' past."""
        for memory in self.memories.values():
            self._answered(memory).commit()

    @property
    def past(self) -> dict[str, PointState]:
        """The points of each body with memory at the last state that was committed."""
        return {name: memory.committed for name, memory in self.memories.items()}

    def return_to(self, states: Mapping[str, PointState]) -> None:
        """Let the bodies' past be an earlier one, as `past` gave it."""
        for name, memory in self.memories.items():
            memory.return_to(states[name])

    def forces(self) -> FloatArray:
        """Internal forces on this rank's owned degrees of freedom, body after body."""
        for memory in self.memories.values():
            self._answered(memory)
        return self._owned(self._forces)

    def add_stiffness(self, matrix: "PETSc.Mat") -> None:
        """Add the tangent at the present displacements."""
        for memory in self.memories.values():
            self._answered(memory).differentiate()
        dolfinx.fem.petsc.assemble_matrix(matrix, self._tangent)

    def couplings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(n,) with how many nodes of this rank, and of others, each of its nodes shares a cell; body after body."""
        own, other = [], []
        for row, space in enumerate(self.spaces.values()):
            pattern = dolfinx.fem.create_sparsity_pattern(self._tangent[row][row])
            pattern.finalize()
            columns, offsets = pattern.graph
            count = space.dofmap.index_map.size_local
            inside = np.concatenate([[0], np.cumsum(columns < count)])[offsets]
            own.append(np.diff(inside)[:count])
            other.append(np.diff(offsets)[:count] - own[-1])
        return np.concatenate(own), np.concatenate(other)

    def load(self, tractions: "list[tuple[Traction, dict[str, np.ndarray]]]") -> FloatArray:
        """Forces per load parameter on the owned degrees of freedom.

        Args:
            tractions: Each with the boundary facets of each body that it acts on.
        """
        total: Any = 0.0
        for item, by_body in tractions:
            forms = {}
            for name, space in self.spaces.items():
                body = self.mesh.bodies[name].mesh
                facets = np.sort(by_body[name])
                tags = dolfinx.mesh.meshtags(body, body.topology.dim - 1, facets, np.ones(len(facets), dtype=np.int32))
                ds = ufl.Measure("ds", domain=body, subdomain_data=tags)(1)
                v = ufl.TestFunction(space)
                along = (
                    -ufl.dot(ufl.FacetNormal(body), v)
                    if item.component == "pressure"
                    else v[COMPONENTS[item.component]]
                )
                forms[name] = dolfinx.fem.form(
                    dolfinx.fem.Constant(body, item.factor) * self.thickness(name) * along * ds
                )
            total = total + self._owned(forms)
        return total

    def _owned(self, forms: "Mapping[str, dolfinx.fem.Form]") -> FloatArray:
        parts = []
        for name, form in forms.items():
            vector = dolfinx.fem.assemble_vector(form)
            vector.scatter_reverse(dolfinx.la.InsertMode.add)
            parts.append(vector.array[: self.spaces[name].dofmap.index_map.size_local * self.dimension])
        return np.concatenate(parts)


def _values(body: Body, material: BodyMaterial) -> dict[str, Any]:
    """The constants of a body's form; of a polycrystal's grains, one a cell."""
    if not isinstance(material, Polycrystalline):
        return {key: dolfinx.fem.Constant(body.mesh, array) for key, array in material.parameters.items()}
    if len(material.grains) != len(body.grains):
        raise InputError(
            f"The body {body.name!r} has {len(body.grains) or 'no'} grains, and the polycrystal of its material "
            f"{len(material.grains)}; give each grain one."
        )
    return {key: _cellwise(body, array) for key, array in material.parameters.items()}


def _cellwise(body: Body, array: FloatArray) -> "dolfinx.fem.Function":
    """A constant of each grain, (grains, ...), as a field."""
    space = dolfinx.fem.functionspace(body.mesh, ("DG", 0, array.shape[1:]))
    found = dolfinx.fem.Function(space)
    found.x.array.reshape(-1, array[0].size)[space.dofmap.list[:, 0]] = array[body.grain].reshape(len(body.grain), -1)
    return found


def _in_plane(material: BodyMaterial, kind: Kind, body: str) -> BodyMaterial:
    """The material to use in the mesh's plane."""
    if kind == "3D":
        return material
    if isinstance(material, Polycrystalline):
        each = enumerate(material.grains, 1)
        return Polycrystalline(tuple(_in_plane(grain, kind, f"{body}, grain {number}") for number, grain in each))
    stiffness = material.stiffness_voigt
    coupling = np.abs(stiffness[np.ix_([0, 1, 2, 5], [3, 4])]).max()
    if coupling > _UNCOUPLED * np.abs(stiffness).max():
        raise InputError(
            f"The material of {body!r} couples the plane with shear out of it (C_i4, C_i5 up to {coupling / 1e9:.3g} GPa): "
            f"a mesh in {kind} cannot follow; turn the crystal so that z is normal to a mirror plane, or use a 3D mesh."
        )
    return material.plane_stress() if kind == "plane stress" else material
