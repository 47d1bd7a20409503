"""Bodies joined by cohesive interfaces: one system of equations, its residual, tangent and energies."""

from collections.abc import Mapping, Sequence

import numpy as np

from continuum.cohesive.damage import Response
from continuum.cohesive.history import commit
from continuum.cohesive.interface import bonded
from continuum.fenics import MPI, PETSc, dolfinx
from continuum.materials import BodyMaterial
from continuum.mesh.specimen_mesh import SpecimenMesh
from continuum.model import Bond, Control, Energies, Kind, Prescribed, Traction, checked_kind
from continuum.solver.bulk import Bulk
from continuum.solver.counting import (
    Counting,
    count_specimen,
    facets_of,
    interface_energies,
    shared_parts,
    taken_energies,
)
from continuum.solver.course import Course, course_between, opened_area
from continuum.solver.interfaces import correct_contact, process_zone, profiles, responses
from continuum.solver.tangent import Tangent
from continuum.solver.unknowns import Unknowns, boundary_facets, prescribed
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.ledger import LedgerRow
from coupling.specimen.ledger import NEGLIGIBLE

_ADD = PETSc.InsertMode.ADD_VALUES


class CohesiveProblem:
    """Equilibrium of elastic bodies joined by cohesive interfaces.

    The unknowns x are one displacement field a body and, last, the load parameter λ. The equations
    are equilibrium at the free degrees of freedom, u = λ factor at the prescribed ones, and the
    `control`; following the opening instead of the load passes through any snap-back. Linear
    bodies' stiffness is assembled once; the interfaces at each iteration, with their consistent tangent.

    Args:
        mesh: The specimen.
        materials: The material of each body.
        bonds: Laws on interfaces; facets between bodies without a law are free surfaces.
        prescribed: Supports and displacement loads.
        tractions: Loads by dead tractions.
        kind: See `continuum.model.Kind`; by default plane strain in 2D.
        order: Polynomial order of the displacement, 1 or 2.
        counting: "strict": a joule that is counted twice, or by nobody, is refused before anything is solved;
            "reported": it is left in `counting.verdicts`, for models that are wrong on purpose.
        negligible: Share of the elastic energy across an interface up to which a closed spacing may be counted wrongly.

    Attributes:
        counting: The ledger, with its verdicts.
        course: Direction of a control by the path.
        tangent: Of the state that `linearise` last saw.

    Raises:
        InputError: unknown bodies, groups or components; nothing prescribed; nothing loaded.
        DoubleCounted, Uncounted: the ledger does not add up; the message says where, by how many J/m², and what helps.
    """

    def __init__(
        self,
        mesh: SpecimenMesh,
        materials: Mapping[str, BodyMaterial],
        bonds: Sequence[Bond],
        prescribed: Sequence[Prescribed],
        *,
        tractions: Sequence[Traction] = (),
        kind: Kind | None = None,
        order: int = 1,
        counting: Counting = "strict",
        negligible: float = NEGLIGIBLE,
    ) -> None:
        if order not in (1, 2):
            raise InputError(f"A displacement of order {order} is not offered; valid: 1, 2.")
        if not any([*(p.factor for p in prescribed), *(t.factor for t in tractions)]):
            raise InputError("No load has a factor other than 0, so nothing would happen; give a load.")
        self.mesh, self.comm = mesh, mesh.mesh.comm
        self.kind = checked_kind(kind, mesh.dimension)
        self.bulk = Bulk(mesh, materials, self.kind, order)
        self.unknowns = Unknowns(self.bulk)
        self.bonds = tuple(bonds)
        facets = [facets_of(mesh, bond) for bond in self.bonds]
        shared = shared_parts(mesh, self.bonds, facets, counting)
        self.interfaces = [
            bonded(mesh, self.bulk.spaces, self.unknowns.numbers, self.kind, bond, on)
            for bond, on in zip(self.bonds, facets, strict=True)
        ]
        self.counting = count_specimen(mesh, materials, self.interfaces, shared, negligible, counting)
        self.control, self._duration, self.intensity = Control("load", 0.0), np.inf, 1.0
        self.course = Course()
        self._constrain(prescribed, tractions)
        self._assemble_bulk()

    @property
    def displacements(self) -> "dict[str, dolfinx.fem.Function]":
        """The bodies' displacement fields, at the state that `update` last saw."""
        return self.bulk.displacements

    @property
    def duration(self) -> float:
        """Of the present step, s: what viscosity and rates see. Before the first step interfaces have all time, and bodies none."""
        return self._duration

    def begin(self, duration: float) -> None:
        """Begin a step of a duration, s."""
        self._duration = duration
        self.bulk.begin(duration)

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.unknowns.size

    def vector(self) -> "PETSc.Vec":
        """A new vector of unknowns: the unloaded, undeformed specimen."""
        return self.unknowns.x.duplicate()

    def _constrain(self, items: Sequence[Prescribed], tractions: Sequence[Traction]) -> None:
        self.fixed, self.factors = prescribed(self.bulk, self.unknowns, items)
        self.load_vector = self.vector()
        if tractions:
            by_body = []
            for item in tractions:
                facets = self.mesh.facet_group(item.group)
                by_body.append((item, {n: boundary_facets(self.mesh, n, facets) for n in self.mesh.bodies}))
            owned = self.bulk.load(by_body)
            self.load_vector.setArray(np.append(owned, np.zeros(int(self.unknowns.owns_load))))

    # -- assembly ----------------------------------------------------------------------------

    def _assemble_bulk(self) -> None:
        """The bodies' stiffness at rest, and the tangent's pattern."""
        self.tangent = Tangent(self.bulk, self.unknowns, self.interfaces, self.fixed, self.factors, self.load_vector)
        self._at_rest = self.bulk.forces()
        self.stiffness_scale, tangents = self.tangent.scale, [r.tangent for r in self._responses()]
        own = [np.abs(i.stiffness(t)).max(initial=0.0) for i, t in zip(self.interfaces, tangents, strict=True)]
        self.stiffest = self.comm.allreduce(max(own, default=0.0), MPI.MAX)
        self.force = self.vector()

    def _responses(self) -> list[Response]:
        return responses(self.interfaces, self.displacements, self.duration, self.intensity)

    def update(self, x: "PETSc.Vec") -> None:
        """Copy x into the bodies' displacement fields, ghosts included."""
        start = 0
        for name, field in self.displacements.items():
            owned = self.unknowns.owned[name]
            field.x.array[:owned] = x.array_r[start : start + owned]
            field.x.scatter_forward()
            start += owned

    @property
    def jumps(self) -> list[FloatArray]:
        """(points, 3) of each interface at the state that `update` last saw, m; on every rank its own."""
        return [i.flat_jump(self.displacements) for i in self.interfaces]

    def jumps_of(self, *states: "PETSc.Vec") -> list[list[FloatArray]]:
        """`jumps` of each state, the last of which `update` then saw. Collective."""
        found = []
        for x in states:
            self.update(x)
            found.append(self.jumps)
        return found

    def aim(self, before: "PETSc.Vec", x: "PETSc.Vec") -> None:
        """Let a control by the path go on from x as it came from the state before. Collective."""
        self.course = course_between(self.comm, self.interfaces, *self.jumps_of(before, x))

    def prescribe(self, load: float, x: "PETSc.Vec") -> None:
        """Put a load parameter and its prescribed displacements into x."""
        x.setValues(self.fixed, load * self.factors)
        if self.unknowns.owns_load:
            x.setValue(self.unknowns.load, load)
        x.assemble()

    def load_parameter(self, x: "PETSc.Vec") -> float:
        """λ of a state."""
        return self.unknowns.load_parameter(x)

    def internal_force(self, x: "PETSc.Vec", out: "PETSc.Vec") -> None:
        """Bodies' and interfaces' forces on every degree of freedom, N (3D, axisymmetric) or N/m."""
        self.update(x)
        if self.bulk.linear:
            force = self.unknowns.u.duplicate()
            force.setArray(self._at_rest)
            moved = self.unknowns.displacements(x)
            self.tangent.at_rest.multAdd(moved, force, force)
            self.unknowns.join(force, 0.0, out)
        else:
            out.setArray(np.append(self.bulk.forces(), np.zeros(int(self.unknowns.owns_load))))
        for interface, response in zip(self.interfaces, self._responses(), strict=True):
            out.setValues(interface.numbers.ravel(), interface.forces(response).ravel(), addv=_ADD)
        out.assemble()

    def residual(self, snes: "PETSc.SNES | None", x: "PETSc.Vec", out: "PETSc.Vec") -> None:
        """Equilibrium, prescribed displacements and control, all in force units (SNES callback)."""
        self.internal_force(x, out)
        load = self.load_parameter(x)
        out.axpy(-load, self.load_vector)
        out.setValues(self.fixed, self.stiffness_scale * (x.getValues(self.fixed) - load * self.factors))
        reached = load
        if self.control.kind != "load":
            reached = self.course.reached(self.control, self.comm, self.interfaces, self.jumps)
        if self.unknowns.owns_load:
            out.setValue(self.unknowns.load, self._control_scale * (reached - self.control.target))
        out.assemble()

    @property
    def _control_scale(self) -> float:
        return self.stiffness_scale if self.control.kind == "load" else max(b.law.peak_traction for b in self.bonds)

    def linearise(self, snes: "PETSc.SNES | None", x: "PETSc.Vec", *matrices: "PETSc.Mat") -> None:
        """Assemble the consistent tangent (SNES callback)."""
        self.update(x)
        gradients = None
        if self.control.kind != "load":
            gradients = self.course.gradients(self.control, self.interfaces, self.jumps)
        self.tangent.assemble(self._responses(), gradients, self._control_scale)
        for matrix in matrices:
            matrix.assemble()  # PETSc learns that it has changed

    # -- results -----------------------------------------------------------------------------

    def commit(self, x: "PETSc.Vec") -> None:
        """Make an equilibrium state part of the history of bodies and interfaces; for these no time goes by until a step begins."""
        self.update(x)
        self.bulk.commit()
        for i in self.interfaces:
            commit(i.bond, i.flat_jump(self.displacements), i.history, self.duration)
        self._duration = np.inf

    def correct_contact(self, x: "PETSc.Vec") -> float:
        """One step of the augmented Lagrangian.

        Returns:
            Largest penetration over what is allowed; the multipliers moved unless it is at most 1.
        """
        self.update(x)
        return correct_contact(self.comm, self.interfaces, self.displacements)

    def energies(self, x: "PETSc.Vec") -> Energies:
        """Where the work is at x, over all ranks."""
        self.update(x)
        losses = self.bulk.losses()
        interfaces = interface_energies(self.comm, self.interfaces, self._responses())
        return Energies(self.bulk.energies(), interfaces, losses["plastic"], losses["viscous"])

    def ledger_rows(self, x: "PETSc.Vec") -> tuple[LedgerRow, ...]:
        """Who counts what at x, J (3D, axisymmetric) or J/m: the ledger's lines, which add up to the energies' total.

        A law of atoms has two or three lines: its slab, and the bulk taken away at the present traction (`taken_energies`).
        """
        energies = self.energies(x)
        taken = taken_energies(self.comm, self.interfaces, self._responses())
        interfaces = {name: one.total for name, one in energies.interfaces.items()}
        return self.counting.rows(energies.bodies, interfaces, taken, energies.plastic | energies.relaxed)

    def reaction(self, x: "PETSc.Vec") -> float:
        """Force conjugate to the load parameter: Σ factor × reaction, N (3D, axisymmetric) or N/m."""
        self.internal_force(x, self.force)
        self.force.axpy(-self.load_parameter(x), self.load_vector)
        return float(self.comm.allreduce(self.factors @ self.force.getValues(self.fixed)))

    def displaced(self, x: "PETSc.Vec") -> float:
        """Work of the unit tractions on the displacements, conjugate to the load parameter: J or J/m a λ."""
        return float(self.load_vector.dot(x))

    @property
    def interface_area(self) -> float:
        """Area of all interfaces, m² (3D, axisymmetric) or m."""
        return float(self.comm.allreduce(sum(float(i.weights.sum()) for i in self.interfaces)))

    def broken_area(self, x: "PETSc.Vec") -> float:
        """∫ min(m/m_f, 1) over the interfaces: grows by the area that the crack tip sweeps.

        m is the separation (`continuum.cohesive.separation`), m_f the law's final opening. A travelling process
        zone of constant shape adds a constant, so that increments of this measure are increments of
        crack area; no energy enters it.
        """
        self.update(x)
        return opened_area(self.comm, self.interfaces, self.jumps)

    def zone(self, x: "PETSc.Vec") -> tuple[float, int, float, float]:
        """The state of the process zone at x: `most_opened`, `zone_facets`, `zone_area` and `zone_doubt` of a `Step`."""
        self.update(x)
        return process_zone(self.comm, self.interfaces, self.displacements)

    def profiles(self, x: "PETSc.Vec") -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
        """Points (n, dim) m, jumps (n, 3) m and tractions (n, 3) Pa of each interface, on rank 0."""
        self.update(x)
        return profiles(self.comm, self.interfaces, self.displacements, self._responses())
