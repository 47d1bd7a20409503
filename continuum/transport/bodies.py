"""What a body adds to the transport equations: how much it holds, and what flows in it.

The unknown is the activity a = exp(μ/RT): c = S a with the capacity S = N_L exp(−E/RT + s), s = V_H σ_h/RT, and
J = −D ∇c + D c ∇s = −D S ∇a. So the flux vanishes where μ is uniform, to rounding, whatever the stress; the equations are
symmetric; and a is the same on both sides of an interface in equilibrium. The amounts are lumped to the nodes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import dolfinx, ufl
from continuum.mesh.specimen_mesh import SpecimenMesh
from continuum.model import Kind
from continuum.solver.unknowns import boundary_facets
from continuum.transport.model import Flux, Medium
from continuum.transport.numbers import Numbers
from coupling.contracts import FloatArray
from coupling.units import GAS_CONSTANT

_DEGREE = 2
"""Of the quadrature of exp(s)."""


class TransportBody:
    """One body: linear elements, a node an amount.

    Args:
        mesh: The specimen.
        name: The body.
        medium: How the solute is in it.
        space: Continuous linear functions on it.
        kind: See `continuum.model.Kind`.
        temperature: K.

    Attributes:
        volumes: (owned,) of the nodes, m³ (3D, axisymmetric) or m² a metre of thickness.
        activity: a at the nodes (dolfinx `Function`).
        drift: s at the nodes (dolfinx `Function`).
        size: Owned nodes.
    """

    def __init__(
        self, mesh: SpecimenMesh, name: str, medium: Medium, space: Any, kind: Kind, temperature: float
    ) -> None:
        self.mesh, self.name, self.medium, self.space, self.temperature = mesh, name, medium, space, temperature
        self.size = space.dofmap.index_map.size_local
        self._thickness = 2 * np.pi * ufl.SpatialCoordinate(space.mesh)[0] if kind == "axisymmetric" else 1
        self.unstressed = medium.concentration_at(0.0, temperature)
        self.activity, self.drift = dolfinx.fem.Function(space), dolfinx.fem.Function(space)
        test, trial = ufl.TestFunction(space), ufl.TrialFunction(space)
        self.volumes = self._owned(dolfinx.fem.form(self._thickness * test * ufl.dx))
        conductivity = dolfinx.fem.Constant(space.mesh, medium.diffusivity * self.unstressed)
        weight = self._thickness * conductivity * ufl.exp(self.drift)
        dx = ufl.dx(metadata={"quadrature_degree": _DEGREE})
        self._flow = dolfinx.fem.form(weight * ufl.dot(ufl.grad(self.activity), ufl.grad(test)) * dx)
        self._slope = dolfinx.fem.form(weight * ufl.dot(ufl.grad(trial), ufl.grad(test)) * dx)
        self._matrix = dolfinx.fem.create_matrix(self._slope)

    def _owned(self, form: "dolfinx.fem.Form") -> FloatArray:
        vector = dolfinx.fem.assemble_vector(form)
        vector.scatter_reverse(dolfinx.la.InsertMode.add)
        return vector.array[: self.size].copy()

    def capacities(self) -> FloatArray:
        """S (n,) at the local nodes, mol/m³."""
        return self.unstressed * np.exp(self.drift.x.array)

    def drift_at(self, stress: FloatArray) -> FloatArray:
        """s at hydrostatic stresses in Pa."""
        return self.medium.partial_molar_volume / (GAS_CONSTANT * self.temperature) * stress

    def amounts(self, activity: FloatArray) -> tuple[FloatArray, FloatArray]:
        """mol (or mol/m) at the owned nodes, lattice and traps, and their derivatives, at activities (owned,)."""
        capacity = self.capacities()[: self.size]
        total, slope = held(self.medium, capacity * activity, self.temperature)
        return self.volumes * total, self.volumes * slope * capacity

    def flow(self) -> FloatArray:
        """(owned,) mol/s (or mol/(s m)) that leaves each node, at `activity` and `drift`. Collective."""
        return self._owned(self._flow)

    def flow_slope(self, numbers: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """Rows, columns (numbers of the problem) and values of the derivative of `flow`. Collective."""
        matrix = self._matrix
        matrix.set_value(0.0)
        dolfinx.fem.assemble_matrix(matrix, self._slope)
        matrix.scatter_reverse()
        starts = matrix.indptr[: self.size + 1].astype(np.int64)
        columns = matrix.index_map(1).local_to_global(matrix.indices[: starts[-1]])
        rows = numbers.nodes[self.name][: self.size]
        return np.repeat(rows, np.diff(starts)), numbers.ours(self.name, columns), matrix.data[: starts[-1]]

    def through(self, flux: Flux) -> FloatArray:
        """(owned,) mol/s (or mol/(s m)) into each node by a flux at a boundary. Collective."""
        facets = boundary_facets(self.mesh, self.name, self.mesh.facet_group(flux.group))
        body = self.space.mesh
        tags = dolfinx.mesh.meshtags(body, body.topology.dim - 1, np.sort(facets), np.ones(len(facets), dtype=np.int32))
        ds = ufl.Measure("ds", domain=body, subdomain_data=tags)(1)
        inward = dolfinx.fem.Constant(body, flux.inward)
        return self._owned(dolfinx.fem.form(self._thickness * inward * ufl.TestFunction(self.space) * ds))

    def inner_on(self, group: str) -> int:
        """How many facets of a group lie within the body, between two of its cells; those of this rank."""
        facets = boundary_facets(self.mesh, self.name, self.mesh.facet_group(group))
        topology = self.space.mesh.topology
        links = topology.connectivity(topology.dim - 1, topology.dim)
        return int(np.count_nonzero(np.diff(links.offsets)[facets] > 1))

    def nodes_on(self, group: str) -> NDArray[np.int32]:
        """Owned nodes on a group of facets. Collective."""
        facets = boundary_facets(self.mesh, self.name, self.mesh.facet_group(group))
        found = dolfinx.fem.locate_dofs_topological(self.space, self.mesh.dimension - 1, facets)
        return found[found < self.size]


def held(medium: Medium, concentration: FloatArray, temperature: float) -> tuple[FloatArray, FloatArray]:
    """Concentration in lattice and traps together, mol/m³, and its derivative, at lattice concentrations (n,).

    Below zero, where an iteration may come, the traps go on linearly.
    """
    total, slope = concentration.copy(), np.ones_like(concentration)
    inside = np.maximum(concentration, 0.0)
    for trap in medium.traps:
        strength = np.exp(trap.binding_energy / (GAS_CONSTANT * temperature))
        free = medium.reference + strength * inside
        total += trap.density * strength * np.where(concentration > 0, inside / free, concentration / medium.reference)
        slope += trap.density * strength * medium.reference / free**2
    return total, slope
