"""Bodies joined by cohesive interfaces: one block system, its residual, tangent and energies."""

from collections.abc import Mapping, Sequence

import numpy as np

from continuum.fenics import MPI, PETSc, dolfinx, ufl
from continuum.interface import InterfaceResponse, Kinematics, kinematics, respond
from continuum.materials import LinearElastic
from continuum.mesh import SpecimenMesh
from continuum.model import COMPONENTS, Bond, Control, Energies, Prescribed
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice


class CohesiveProblem:
    """Equilibrium of elastic bodies joined by cohesive interfaces.

    The unknowns x are one displacement field a body and, last, the load parameter λ. The equations
    are equilibrium at the free degrees of freedom, u = λ factor at the prescribed ones, and the
    `control`; following the opening instead of the load passes through any snap-back. The bodies'
    stiffness is assembled once; the interfaces at each iteration, with their consistent tangent.

    Args:
        mesh: The specimen.
        materials: The material of each body.
        bonds: Laws on interfaces; facets between bodies without a law are free surfaces.
        prescribed: Supports and loads.
        order: Polynomial order of the displacement.
        reference: Direction of tangential 1 on interfaces (3D).

    Raises:
        InputError: unknown bodies, groups or components; nothing prescribed; nothing loaded.
    """

    def __init__(
        self,
        mesh: SpecimenMesh,
        materials: Mapping[str, LinearElastic],
        bonds: Sequence[Bond],
        prescribed: Sequence[Prescribed],
        *,
        order: int = 1,
        reference: FloatArray = np.array([1.0, 0.0, 0.0]),
    ) -> None:
        self.mesh, self.comm = mesh, mesh.mesh.comm
        self.names = list(mesh.bodies)
        for name in materials:
            if name not in mesh.bodies:
                raise unknown_choice("body", name, mesh.bodies)
        missing = [name for name in self.names if name not in materials]
        if missing:
            raise InputError(f"No material is given for {', '.join(missing)}; give one for each body.")
        shape = (mesh.dimension,)
        self.spaces = {n: dolfinx.fem.functionspace(b.mesh, ("P", order, shape)) for n, b in mesh.bodies.items()}
        self.displacements = {n: dolfinx.fem.Function(v, name="u") for n, v in self.spaces.items()}
        self.bonds = tuple(bonds)
        self.interfaces = [self._kinematics(bond, reference) for bond in self.bonds]
        self.largest = [np.zeros(k.weights.shape) for k in self.interfaces]
        self.control = Control("load", 0.0)
        self._number()
        self._constrain(prescribed)
        self._assemble_bulk(materials)

    def _kinematics(self, bond: Bond, reference: FloatArray) -> Kinematics:
        sides = []
        for name in (bond.plus, bond.minus):
            if name not in self.mesh.bodies:
                raise unknown_choice("body", name, self.mesh.bodies)
            sides.append((self.mesh.bodies[name], self.spaces[name]))
        return kinematics(self.mesh, self.mesh.facet_group(bond.group), sides[0], sides[1], reference)

    # -- numbering ---------------------------------------------------------------------------

    def _number(self) -> None:
        """Global numbers of every local (owned, then ghost) degree of freedom, body by body."""
        dim = self.mesh.dimension
        owned = {n: v.dofmap.index_map.size_local * dim for n, v in self.spaces.items()}
        last = self.comm.rank == self.comm.size - 1
        self.x = PETSc.Vec().createMPI((sum(owned.values()) + last, None), comm=self.comm)
        self.size = self.x.getSize()
        self.load_number = self.size - 1
        self._owns_load = last
        start, _ = self.x.getOwnershipRange()
        self.numbers: dict[str, np.ndarray] = {}
        for name, space in self.spaces.items():
            number = dolfinx.fem.Function(space)
            number.x.array[: owned[name]] = start + np.arange(owned[name])
            number.x.scatter_forward()
            self.numbers[name] = np.rint(number.x.array).astype(PETSc.IntType).reshape(-1, dim)
            start += owned[name]
        self._bond_numbers = []
        for bond, kin in zip(self.bonds, self.interfaces, strict=True):
            plus, minus = self.numbers[bond.plus][kin.plus.dofs], self.numbers[bond.minus][kin.minus.dofs]
            self._bond_numbers.append(np.concatenate([plus, minus], axis=1).reshape(len(plus), -1))

    def _constrain(self, prescribed: Sequence[Prescribed]) -> None:
        """Global numbers and load factors of the prescribed degrees of freedom this rank owns."""
        if not any(p.factor for p in prescribed):
            raise InputError("No load has a factor other than 0, so nothing would happen; give a load.")
        factors: dict[int, float] = {}
        for item in prescribed:
            if item.component not in list(COMPONENTS)[: self.mesh.dimension]:
                raise unknown_choice("component", item.component, list(COMPONENTS)[: self.mesh.dimension])
            facets = self.mesh.facet_group(item.group)
            for name in self.names:
                for number in self._trace_numbers(name, facets)[:, COMPONENTS[item.component]]:
                    if factors.setdefault(int(number), item.factor) != item.factor:
                        raise InputError(f"The group {item.group!r} prescribes a node that another group moves otherwise.")
        self.fixed = np.array(sorted(factors), dtype=PETSc.IntType)
        self.factors = np.array([factors[int(n)] for n in self.fixed])
        if self.comm.allreduce(len(self.fixed)) == 0:
            raise InputError("The supports and loads touch no node; check their groups.")
        self.all_fixed = np.concatenate(self.comm.allgather(self.fixed))

    def _trace_numbers(self, name: str, facets: np.ndarray) -> np.ndarray:
        """(n, dim) global numbers of the owned nodes of one body on facets of the parent mesh."""
        body, space, dim = self.mesh.bodies[name], self.spaces[name], self.mesh.mesh.topology.dim
        topology = self.mesh.mesh.topology
        topology.create_connectivity(dim - 1, dim)
        sub = body.mesh.topology
        sub.create_connectivity(dim, dim - 1)
        sub.create_connectivity(dim - 1, dim)
        wanted = {tuple(sorted(v)) for v in dolfinx.mesh.entities_to_geometry(self.mesh.mesh, dim - 1, facets).tolist()}
        nodes = self._parent_nodes(name)
        outer = dolfinx.mesh.exterior_facet_indices(sub)
        ghosts = np.arange(sub.index_map(dim - 1).size_local, sub.index_map(dim - 1).size_local + sub.index_map(dim - 1).num_ghosts)
        candidates = np.concatenate([outer, ghosts]).astype(np.int32)
        geometry = nodes[dolfinx.mesh.entities_to_geometry(body.mesh, dim - 1, candidates)]
        chosen = candidates[[tuple(sorted(g)) in wanted for g in geometry.tolist()]] if len(candidates) else candidates
        dofs = dolfinx.fem.locate_dofs_topological(space, dim - 1, chosen)
        dofs = dofs[dofs < space.dofmap.index_map.size_local]
        return self.numbers[name][dofs]

    def _parent_nodes(self, name: str) -> np.ndarray:
        """Parent geometry node of each geometry node of a body's submesh."""
        body = self.mesh.bodies[name]
        sub, parent = body.mesh.geometry.dofmaps[0], self.mesh.mesh.geometry.dofmaps[0][body.parent_cells]
        nodes = np.empty(len(body.mesh.geometry.x), dtype=np.int64)
        nodes[sub] = parent
        return nodes

    # -- assembly ----------------------------------------------------------------------------

    def _assemble_bulk(self, materials: Mapping[str, LinearElastic]) -> None:
        self._energy_forms, forms = {}, []
        for name, space in self.spaces.items():
            u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
            stress = materials[name].stress
            bilinear = ufl.inner(stress(ufl.sym(ufl.grad(u))), ufl.sym(ufl.grad(v))) * ufl.dx
            forms.append(dolfinx.fem.form(bilinear))
            field = self.displacements[name]
            strain = ufl.sym(ufl.grad(field))
            self._energy_forms[name] = dolfinx.fem.form(0.5 * ufl.inner(stress(strain), strain) * ufl.dx)
        blocks = [[form if i == j else None for j in range(len(forms))] for i, form in enumerate(forms)]
        self._bulk = self._create_matrix()
        dolfinx.fem.petsc.assemble_matrix(self._bulk, blocks)
        self._bulk.assemble()
        self.stiffness_scale = self._bulk.getDiagonal().sum() / self.size
        self._constrained = self._bulk.duplicate(copy=True)
        self._constrained.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
        self._constrained.zeroRows(self.fixed, diag=self.stiffness_scale)
        for number, factor in zip(self.fixed, self.factors, strict=True):
            self._constrained.setValue(number, self.load_number, -self.stiffness_scale * factor)
        self._constrained.assemble()
        self.jacobian = self._constrained.duplicate(copy=True)
        self.force = self._bulk.createVecLeft()

    def _create_matrix(self) -> "PETSc.Mat":
        """A matrix that takes any entry until it is first assembled (PETSc hashes them)."""
        local = self.x.getLocalSize()
        matrix = PETSc.Mat().create(self.comm)
        matrix.setSizes(((local, None), (local, None)))
        matrix.setType(PETSc.Mat.Type.AIJ)
        mapping = PETSc.LGMap().create(np.concatenate([self.numbers[n].ravel() for n in self.names]), comm=self.comm)
        matrix.setLGMap(mapping, mapping)
        matrix.setUp()
        add, load = PETSc.InsertMode.ADD_VALUES, self.load_number
        for numbers in self._bond_numbers:
            matrix.setValuesRCV(numbers, numbers, np.zeros((len(numbers), numbers.shape[1] ** 2)), addv=add)
            everyone = np.unique(numbers).astype(PETSc.IntType)
            matrix.setValues([load], everyone, np.zeros(len(everyone)), addv=add)
        for row, column in [(load, load)] * self._owns_load + [(n, load) for n in self.fixed]:
            matrix.setValue(row, column, 0.0, addv=add)
        return matrix

    def _responses(self, x: "PETSc.Vec") -> list[InterfaceResponse]:
        self.update(x)
        responses = []
        for bond, kin, largest in zip(self.bonds, self.interfaces, self.largest, strict=True):
            responses.append(respond(bond.law, self._jump(bond, kin), largest))
        return responses

    def update(self, x: "PETSc.Vec") -> None:
        """Copy x into the bodies' displacement fields, ghosts included."""
        start = 0
        for field in self.displacements.values():
            owned = field.function_space.dofmap.index_map.size_local * self.mesh.dimension
            field.x.array[:owned] = x.array_r[start : start + owned]
            field.x.scatter_forward()
            start += owned

    def prescribe(self, load: float, x: "PETSc.Vec") -> None:
        """Put a load parameter and its prescribed displacements into x."""
        x.setValues(self.fixed, load * self.factors)
        if self._owns_load:
            x.setValue(self.load_number, load)
        x.assemble()

    def load_parameter(self, x: "PETSc.Vec") -> float:
        """λ of a state."""
        return float(self.comm.bcast(x.array_r[-1] if self._owns_load else None, root=self.comm.size - 1))

    def _jump(self, bond: Bond, kin: Kinematics) -> FloatArray:
        plus, minus = (self.displacements[n].x.array.reshape(-1, self.mesh.dimension) for n in (bond.plus, bond.minus))
        return kin.jump(plus, minus)

    def internal_force(self, x: "PETSc.Vec", out: "PETSc.Vec") -> None:
        """Bodies' and interfaces' forces on every degree of freedom, N (3D) or N/m (2D)."""
        self._bulk.mult(x, out)
        for kin, numbers, response in zip(self.interfaces, self._bond_numbers, self._responses(x), strict=True):
            traction = np.einsum("fq,fqki,fqk->fqi", kin.weights, kin.frame, response.traction)
            plus = np.einsum("fqa,fqi->fai", kin.plus.shape, traction)
            minus = -np.einsum("fqa,fqi->fai", kin.minus.shape, traction)
            local = np.concatenate([plus, minus], axis=1).reshape(numbers.shape)
            out.setValues(numbers.ravel(), local.ravel(), addv=PETSc.InsertMode.ADD_VALUES)
        out.assemble()

    def residual(self, snes, x: "PETSc.Vec", out: "PETSc.Vec") -> None:  # type: ignore[no-untyped-def]
        """Equilibrium, prescribed displacements and control, all in force units (SNES callback)."""
        self.internal_force(x, out)
        load = self.load_parameter(x)
        out.setValues(self.fixed, self.stiffness_scale * (x.getValues(self.fixed) - load * self.factors))
        reached = load if self.control.kind == "load" else self.broken_area(x)
        if self._owns_load:
            out.setValue(self.load_number, self._control_scale * (reached - self.control.target))
        out.assemble()

    @property
    def _control_scale(self) -> float:
        return self.stiffness_scale if self.control.kind == "load" else max(b.law.peak_traction for b in self.bonds)

    def tangent(self, snes, x: "PETSc.Vec", matrix: "PETSc.Mat", _) -> None:  # type: ignore[no-untyped-def]
        """The consistent tangent (SNES callback)."""
        self._constrained.copy(matrix, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        add = PETSc.InsertMode.ADD_VALUES
        for kin, numbers, response in zip(self.interfaces, self._bond_numbers, self._responses(x), strict=True):
            shape = np.concatenate([kin.plus.shape, -kin.minus.shape], axis=2)
            stiffness = np.einsum(
                "fq,fqki,fqkl,fqlj->fqij", kin.weights, kin.frame, response.tangent, kin.frame, optimize=True
            )
            local = np.einsum("fqa,fqij,fqb->faibj", shape, stiffness, shape, optimize=True)
            rows = np.where(np.isin(numbers, self.all_fixed), -1, numbers).astype(PETSc.IntType)
            matrix.setValuesRCV(rows, numbers, local.reshape(len(numbers), -1), addv=add)
        if self.control.kind == "opening":
            self._add_opening_row(matrix)
        elif self._owns_load:
            matrix.setValue(self.load_number, self.load_number, self._control_scale, addv=add)
        matrix.assemble()

    def _add_opening_row(self, matrix: "PETSc.Mat") -> None:
        """The derivative of `broken_area`, scaled to force units."""
        for bond, kin, numbers in zip(self.bonds, self.interfaces, self._bond_numbers, strict=True):
            final, opening = bond.law.final_opening, self._jump(bond, kin)[..., 0]
            rate = kin.weights * ((opening > 0) & (opening < final)) / final
            shape = np.concatenate([kin.plus.shape, -kin.minus.shape], axis=2)
            row = self._control_scale * np.einsum("fq,fqi,fqa->fai", rate, kin.frame[..., 0, :], shape)
            matrix.setValues(
                [self.load_number], numbers.ravel(), row.ravel(), addv=PETSc.InsertMode.ADD_VALUES
            )

    # -- results -----------------------------------------------------------------------------

    def commit(self, x: "PETSc.Vec") -> None:
        """Make the damage of an equilibrium state permanent."""
        self.update(x)
        for index, (bond, kin) in enumerate(zip(self.bonds, self.interfaces, strict=True)):
            opening = self._jump(bond, kin)[..., 0]
            self.largest[index] = np.maximum(self.largest[index], opening)

    def energies(self, x: "PETSc.Vec") -> Energies:
        """Elastic, stored and dissipated energies at x, over all ranks."""
        responses = self._responses(x)
        bodies = {n: self.comm.allreduce(dolfinx.fem.assemble_scalar(f)) for n, f in self._energy_forms.items()}
        sums = np.zeros(2)
        for kin, r in zip(self.interfaces, responses, strict=True):
            sums += np.sum(kin.weights * r.stored), np.sum(kin.weights * r.dissipated)
        sums = self.comm.allreduce(sums)
        return Energies(bodies, float(sums[0]), float(sums[1]))

    def reaction(self, x: "PETSc.Vec") -> float:
        """Force conjugate to the load parameter: Σ factor × reaction, N (3D) or N/m (2D)."""
        self.internal_force(x, self.force)
        return float(self.comm.allreduce(self.factors @ self.force.getValues(self.fixed)))

    @property
    def interface_area(self) -> float:
        """Area of all interfaces, m² (3D) or m (2D)."""
        return float(self.comm.allreduce(sum(float(kin.weights.sum()) for kin in self.interfaces)))

    def broken_area(self, x: "PETSc.Vec") -> float:
        """∫ min(δ/δ_f, 1) over the interfaces: grows by the area that the crack tip sweeps.

        δ is the normal opening (from 0), δ_f the law's final one. A travelling process zone of
        constant shape adds a constant, so that increments of this measure are increments of crack
        area; it knows no energy.
        """
        self.update(x)
        area = sum(
            float(np.sum(kin.weights * np.clip(opening, 0.0, 1.0)))
            for kin, opening in zip(self.interfaces, self._relative_openings(), strict=True)
        )
        return float(self.comm.allreduce(area))

    def _relative_openings(self) -> list[FloatArray]:
        """(f, q) δ/δ_f of each interface at the state that `update` last saw."""
        return [
            self._jump(bond, kin)[..., 0] / bond.law.final_opening
            for bond, kin in zip(self.bonds, self.interfaces, strict=True)
        ]

    def zone(self, x: "PETSc.Vec") -> tuple[float, int]:
        """The state of the process zone.

        Returns:
            The largest normal opening over the final one; the number of facets whose opening lies
            between that of the peak traction and the final one.
        """
        self.update(x)
        most, facets = 0.0, 0
        for bond, opening in zip(self.bonds, self._relative_openings(), strict=True):
            mean = opening.mean(axis=1)
            most = max(most, float(opening.max(initial=0.0)))
            facets += int(np.sum((mean > bond.law.opening_at_peak / bond.law.final_opening) & (mean < 1)))
        return self.comm.allreduce(most, MPI.MAX), self.comm.allreduce(facets)

    def profiles(self, x: "PETSc.Vec") -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
        """Points (n, dim) m, jumps (n, 3) m and tractions (n, 3) Pa of each interface, on rank 0."""
        profiles = {}
        for bond, kin, response in zip(self.bonds, self.interfaces, self._responses(x), strict=True):
            local = (kin.points.reshape(-1, self.mesh.dimension), self._jump(bond, kin).reshape(-1, 3), response.traction.reshape(-1, 3))
            parts = self.comm.gather(local) or [local]
            profiles[bond.group] = tuple(np.concatenate(column) for column in zip(*parts, strict=True))
        return profiles
