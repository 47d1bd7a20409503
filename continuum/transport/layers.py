"""A layer: the sites of an interface, what they exchange with the bodies beside them, and what diffuses along them.

At its nodes (those of the plus body) it has a coverage θ and two fluxes j₊, j₋ out of the bodies into it:
A Γ_max ∂θ/∂t = A (j₊ + j₋) − ∇·J_s, and j/(κ S) = a − a_Γ(δ, θ), where κ → ∞ is local equilibrium. Along it
J_s = −D_s Γ_max θ (1 − θ) ∇μ_Γ/RT, which of sites without interaction is −D_s ∇Γ.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.cohesive.interface import kinematics
from continuum.cohesive.surface import surface_of
from continuum.fenics import MPI, basix, dolfinx
from continuum.mesh.specimen_mesh import SpecimenMesh
from continuum.model import Kind, circumference
from continuum.transport.bodies import TransportBody
from continuum.transport.chemistry import DILUTE
from continuum.transport.linear import Entries
from continuum.transport.model import SoluteLayer
from coupling.contracts import FloatArray


class TransportLayer:
    """A layer on the facets that this rank owns, and at the nodes that it knows.

    Args:
        mesh: The specimen.
        layer: Its sites, and how they exchange.
        bodies: The bodies.
        kind: See `continuum.model.Kind`.

    Attributes:
        facets: (f,) of the parent mesh.
        on: (n,) local nodes of the plus body that lie on it.
        points: (f, q, dim) the quadrature points, m.
        areas: (nodes,) m² (3D, axisymmetric) or m, by local node of the plus body.
        state: (nodes, 3) coverage and fluxes, mol/(m² s).
        jumps: (nodes, 3) m.
    """

    def __init__(self, mesh: SpecimenMesh, layer: SoluteLayer, bodies: Mapping[str, TransportBody], kind: Kind) -> None:
        self.layer, self.temperature = layer, bodies[layer.plus].temperature
        self._plus, self._minus = bodies[layer.plus], None if layer.minus is None else bodies[layer.minus]
        self.chemistry = layer.chemistry(self.temperature)
        facets = mesh.between(layer.plus, layer.minus or "") if layer.group is None else mesh.facet_group(layer.group)
        plus = (mesh.bodies[layer.plus], self._plus.space)
        minus = None if self._minus is None else (mesh.bodies[str(layer.minus)], self._minus.space)
        kin = kinematics(mesh, facets, plus, minus)
        self.facets = kin.facets
        self.shape, self.dofs, self.points = kin.plus.shape, kin.plus.dofs, kin.points
        self.weights = kin.weights * circumference(kin.points, kind)
        self._across = None if self._minus is None else _paired(self._plus, self._minus, kin)
        self._shares = np.einsum("fq,fqa->fa", self.weights, self.shape)
        self._comm, self._index = mesh.mesh.comm, self._plus.space.dofmap.index_map
        self.areas = self._summed(self._shares[..., None])[:, 0]
        self.on = np.flatnonzero(self.areas > 0).astype(np.int32)
        self.state, self.jumps = np.zeros((len(self.areas), 3)), np.zeros((len(self.areas), 3))
        self._gradients = None
        if layer.diffusivity > 0:
            cells = surface_of(mesh, facets, plus[0], minus and minus[0], None).plus_cells
            self._gradients = _surface_gradients(plus[0].mesh, self._plus.space, kin, cells)
        self._resistances = [
            0.0 if body is None else layer.resistance(body.unstressed) for body in (self._plus, self._minus)
        ]

    def _summed(self, parts: FloatArray) -> FloatArray:
        """(nodes, k) sums over the facets of (f, a, k). Collective."""
        vector = dolfinx.la.vector(self._index, parts.shape[2], dtype=np.float64)
        values = vector.array.reshape(-1, parts.shape[2])
        np.add.at(values, self.dofs.ravel(), parts.reshape(-1, parts.shape[2]))
        vector.scatter_reverse(dolfinx.la.InsertMode.add)
        vector.scatter_forward()
        return vector.array.reshape(-1, parts.shape[2]).copy()

    def at_nodes(self, jumps: FloatArray) -> FloatArray:
        """(nodes, 3) means of jumps (points, 3) at the quadrature points. Collective."""
        at_points = jumps.reshape(*self.weights.shape, 3)
        sums = self._summed(np.einsum("fq,fqa,fqk->fak", self.weights, self.shape, at_points))
        return sums / np.where(self.areas > 0, self.areas, 1.0)[:, None]

    def coverage_at_points(self) -> FloatArray:
        """(points,) θ at the quadrature points."""
        return np.einsum("fqa,fa->fq", self.shape, self.state[self.dofs, 0]).ravel()

    def take(self, own: NDArray[np.int32], values: FloatArray) -> None:
        """The state (n, 3) of the owned nodes, spread to those of other ranks. Collective."""
        vector = dolfinx.la.vector(self._index, 3, dtype=np.float64)
        vector.array.reshape(-1, 3)[own] = values
        vector.scatter_forward()
        self.state = vector.array.reshape(-1, 3).copy()

    def start(self, own: NDArray[np.int32], coverage: float | None) -> FloatArray:
        """(n,) coverage of the owned nodes: that given, or in equilibrium with the plus body."""
        if coverage is not None:
            return np.full(len(own), coverage)
        return self.chemistry.coverage(self.jumps[own], self._plus.activity.x.array[own])

    def _activities(self) -> tuple[FloatArray, FloatArray]:
        """a_Γ (nodes,) and its derivative with θ; 0 away from the layer."""
        found, slope = np.zeros(len(self.areas)), np.zeros(len(self.areas))
        found[self.on], slope[self.on] = self.chemistry.activity(self.jumps[self.on], self.state[self.on, 0])
        return found, slope

    def residual(
        self, numbers: NDArray[np.int64], nodes: Mapping[str, NDArray[np.int64]], inner: float
    ) -> tuple[NDArray[np.int64], FloatArray]:
        """Rows and values of what the layer adds to the equations, whose amounts are balanced over `inner` seconds."""
        share, ours, at = self._shares, numbers[self.dofs], self.state[self.dofs]
        activity = self._activities()[0][self.dofs]
        out = [inner * share * at[..., 1], inner * share * at[..., 2]]
        rows = [nodes[self.layer.plus][self.dofs], ours[..., 0], ours[..., 1], ours[..., 2]]
        along = 0.0 if self._gradients is None else inner * self._along()[0]
        values = [out[0], along - out[0] - out[1], share * self._lacking(0, at[..., 1], activity)]
        values.append(share * self._lacking(1, at[..., 2], activity))
        if self._across is not None:
            rows.append(nodes[str(self.layer.minus)][self._across])
            values.append(out[1])
        return np.concatenate([r.ravel() for r in rows]), np.concatenate([v.ravel() for v in values])

    def _lacking(self, side: int, flux: FloatArray, activity: FloatArray) -> FloatArray:
        """j/(κS) − (a − a_Γ) of the plus (0) or the minus (1) side; nothing flows out of a foundation."""
        if side == 1 and self._minus is None:
            return flux
        body, dofs = (self._plus, self.dofs) if side == 0 else (self._minus, self._across)
        return self._resistances[side] * flux - body.activity.x.array[dofs] + activity

    def slopes(self, numbers: NDArray[np.int64], nodes: Mapping[str, NDArray[np.int64]], inner: float) -> Entries:
        """The derivative of `residual`."""
        share, ours = self._shares, numbers[self.dofs]
        slope = self._activities()[1][self.dofs]
        plus, (theta, first, second) = nodes[self.layer.plus][self.dofs], np.moveaxis(ours, -1, 0)
        held = [self._resistances[0], 1.0 if self._minus is None else self._resistances[1]]
        parts = [
            (plus, first, inner * share), (theta, first, -inner * share), (theta, second, -inner * share),
            (first, first, share * held[0]), (first, plus, -share), (first, theta, share * slope),
            (second, second, share * held[1]),
        ]  # fmt: skip
        if self._across is not None:
            minus = nodes[str(self.layer.minus)][self._across]
            parts += [(minus, second, inner * share), (second, minus, -share), (second, theta, share * slope)]
        if self._gradients is not None:
            matrix = inner * self._along()[1]
            ends = np.broadcast_arrays(theta[:, :, None], theta[:, None, :])
            parts.append((ends[0], ends[1], matrix))
        rows, columns, values = zip(*parts, strict=True)
        return (
            np.concatenate([r.ravel() for r in rows]), np.concatenate([c.ravel() for c in columns]),
            np.concatenate([v.ravel() for v in values]),
        )  # fmt: skip

    def _along(self) -> tuple[FloatArray, FloatArray]:
        """(f, a) mol/s that leave each node along the layer, and (f, a, c) the derivative with the coverages.

        J_s = −D_s Γ_max m ∇a_Γ with m = θ (1 − θ)/a_Γ, both interpolated: no flux where the potential is uniform.
        """
        activity, slope = self._activities()
        coverage = self.state[:, 0]
        free, with_free = _per_activity(coverage, activity, slope)
        mobility, turn = (1.0 - coverage) * free, (1.0 - coverage) * with_free - free
        strength = self.weights * self.layer.diffusivity * self.layer.capacity
        pull = np.einsum("fqai,fqci,fc->fqa", self._gradients, self._gradients, activity[self.dofs], optimize=True)
        eased = strength * np.einsum("fqa,fa->fq", self.shape, mobility[self.dofs])
        matrix = np.einsum("fq,fqa,fqc,fc->fac", strength, pull, self.shape, turn[self.dofs], optimize=True)
        stiff = np.einsum("fq,fqai,fqci->fac", eased, self._gradients, self._gradients, optimize=True)
        return np.einsum("fq,fqa->fa", eased, pull), matrix + stiff * slope[self.dofs][:, None, :]

    def is_exchanged(self, residual: FloatArray, own: NDArray[np.int32], tolerance: float) -> bool:
        """Whether the equations of the fluxes are solved: to this part of the largest activity on it and beside it. Collective."""
        bodies = [body.activity.x.array for body in (self._plus, self._minus) if body is not None]
        largest = max(float(one.max(initial=0.0)) for one in (self._activities()[0], *bodies))
        scale = self.areas[own, None] * self._comm.allreduce(largest, MPI.MAX)
        return bool(np.all(np.abs(residual[:, 1:]) <= tolerance * scale))


def _per_activity(coverage: FloatArray, activity: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
    """θ/a (n,) and its derivative with θ; where a is linear in θ, or where there is no layer, without a quotient."""
    curved = coverage > DILUTE
    quotient = np.divide(coverage, activity, out=1.0 / np.where(slope > 0, slope, 1.0), where=curved)
    change = np.divide(activity - coverage * slope, activity**2, out=np.zeros_like(activity), where=curved)
    return quotient, change


def _paired(plus: TransportBody, minus: TransportBody, kin: Any) -> NDArray[np.int32]:
    """(f, a) local nodes of the minus body at the places of the plus body's."""
    first = plus.space.tabulate_dof_coordinates()[kin.plus.dofs]
    second = minus.space.tabulate_dof_coordinates()[kin.minus.dofs]
    distance = np.linalg.norm(first[:, :, None] - second[:, None, :], axis=-1)
    return np.take_along_axis(kin.minus.dofs, distance.argmin(axis=2), axis=1) if len(distance) else kin.minus.dofs


def _surface_gradients(mesh: "dolfinx.mesh.Mesh", space: Any, kin: Any, cells: NDArray[np.int32]) -> FloatArray:
    """(f, q, a, dim) gradients along the surface of the basis functions at the quadrature points, 1/m."""
    geometry: Any = mesh.geometry
    shape = basix.CellType[mesh.topology.cell_type.name]
    own: Any = basix.create_element(basix.ElementFamily.P, shape, geometry.cmaps[0].degree, geometry.cmaps[0].variant)
    basis: Any = space.element.basix_element
    found = np.empty((*kin.plus.shape.shape, geometry.dim))
    for f, (cell, dofs) in enumerate(zip(cells, kin.plus.dofs, strict=True)):
        nodes = geometry.x[geometry.dofmaps[0][cell]][:, : geometry.dim]
        local = [list(space.dofmap.cell_dofs(cell)).index(d) for d in dofs]
        at = geometry.cmaps[0].pull_back(kin.points[f], nodes)
        jacobian = np.einsum("dqa,ai->qid", own.tabulate(1, at)[1:, :, :, 0], nodes)
        slopes = np.einsum("dqa,qdi->qai", basis.tabulate(1, at)[1:, :, :, 0], np.linalg.inv(jacobian))[:, local]
        normal = kin.frame[f, :, 0]
        found[f] = slopes - np.einsum("qai,qi,qj->qaj", slopes, normal, normal)
    return found
