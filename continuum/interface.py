"""A cohesive interface between two bodies: kinematics at quadrature points, law, history.

The jump is u(plus) − u(minus) in the local frame (normal from minus to plus, tangential 1, 2), so
that opening is positive. Displacements are read and forces are returned through the trace
degrees of freedom of the two bodies' own spaces.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import basix, dolfinx
from continuum.mesh import Body, SpecimenMesh
from coupling.contracts import CohesiveLaw, FloatArray
from coupling.errors import InputError

_QUADRATURE_DEGREE = 5


@dataclass(frozen=True)
class Side:
    """The trace of one body on the interface.

    Attributes:
        dofs: (n_facets, n_trace) blocked degrees of freedom of the body's space.
        shape: (n_facets, n_points, n_trace) basis functions at the quadrature points.
    """

    dofs: NDArray[np.int32]
    shape: FloatArray


@dataclass(frozen=True)
class Kinematics:
    """Quadrature on the facets of one interface that this rank owns.

    Attributes:
        plus: Trace of the body that the normal points into.
        minus: Trace of the other body.
        frame: (n_facets, n_points, 3, dim) rows: normal, tangential 1, tangential 2.
        weights: (n_facets, n_points) m (2D, per unit thickness) or m².
        points: (n_facets, n_points, dim) m.
    """

    plus: Side
    minus: Side
    frame: FloatArray
    weights: FloatArray
    points: FloatArray

    def jump(self, plus: FloatArray, minus: FloatArray) -> FloatArray:
        """(n_facets, n_points, 3) local jumps from the two bodies' displacements (n_dofs, dim)."""
        difference = np.einsum("fqa,fai->fqi", self.plus.shape, plus[self.plus.dofs]) - np.einsum(
            "fqa,fai->fqi", self.minus.shape, minus[self.minus.dofs]
        )
        return np.einsum("fqki,fqi->fqk", self.frame, difference)


def kinematics(mesh: SpecimenMesh, facets: NDArray[np.int32], plus, minus, reference: FloatArray) -> Kinematics:  # type: ignore[no-untyped-def]
    """Quadrature points, frames and traces of an interface.

    Args:
        mesh: The specimen.
        facets: Facets of the parent mesh; those of other ranks are skipped.
        plus: (Body, function space) that the normal points into.
        minus: (Body, function space) on the other side.
        reference: (3,) direction whose projection on the interface is tangential 1 (3D only; in 2D
            it is the normal turned by −90°).

    Raises:
        InputError: a facet does not lie between the two bodies.
    """
    parent = mesh.mesh
    dimension = parent.topology.dim
    parent.topology.create_connectivity(dimension - 1, dimension)
    to_cells = parent.topology.connectivity(dimension - 1, dimension)
    owned = facets[facets < parent.topology.index_map(dimension - 1).size_local]
    cells = {}
    for key, (body, _) in (("plus", plus), ("minus", minus)):
        count = parent.topology.index_map(dimension).size_local + parent.topology.index_map(dimension).num_ghosts
        lookup = np.full(count, -1, dtype=np.int32)
        lookup[body.parent_cells] = np.arange(len(body.parent_cells), dtype=np.int32)
        cells[key] = np.array([lookup[to_cells.links(f)].max() for f in owned], dtype=np.int32)
    stray = np.flatnonzero((cells["plus"] < 0) | (cells["minus"] < 0))
    if len(stray):
        where = dolfinx.mesh.compute_midpoints(parent, dimension - 1, owned[stray[:1]])[0][:dimension]
        raise InputError(
            f"{len(stray)} facets of the interface between {plus[0].name!r} and {minus[0].name!r} do not separate "
            f"the two, the first at {np.array2string(where, precision=4)} m; check the group and the bodies."
        )
    corners = dolfinx.mesh.entities_to_geometry(parent, dimension - 1, owned)
    return _tabulate(parent, corners, cells, plus, minus, reference)


def _tabulate(parent, corners, cells, plus, minus, reference) -> Kinematics:  # type: ignore[no-untyped-def]
    dimension = parent.topology.dim
    facet_cell = dolfinx.cpp.mesh.cell_entity_type(parent.topology.cell_type, dimension - 1, 0)
    rule, weights = basix.make_quadrature(basix.CellType[facet_cell.name], _QUADRATURE_DEGREE)
    linear = basix.create_element(basix.ElementFamily.P, basix.CellType[facet_cell.name], 1)
    table = linear.tabulate(1, rule)[:, :, :, 0]
    vertices = parent.geometry.x[corners][:, : linear.dim, :dimension]
    points = np.einsum("qa,fai->fqi", table[0], vertices)
    tangents = np.einsum("dqa,fai->fqdi", table[1:], vertices)
    sides = [_trace(body, space, cells[key], points) for key, (body, space) in (("plus", plus), ("minus", minus))]
    toward = _centres(plus[0], cells["plus"]) - _centres(minus[0], cells["minus"])
    frame, measure = _frames(tangents, toward, reference)
    return Kinematics(sides[0], sides[1], frame, measure * weights, points)


def _centres(body: Body, cells: NDArray[np.int32]) -> FloatArray:
    dimension = body.mesh.topology.dim
    if not len(cells):
        return np.empty((0, dimension))
    return dolfinx.mesh.compute_midpoints(body.mesh, dimension, cells)[:, :dimension]


def _frames(tangents: FloatArray, toward: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Local frames (n_facets, n_points, 3, dim) and the length or area element."""
    dimension = tangents.shape[-1]
    if dimension == 2:
        normal = np.stack([-tangents[..., 0, 1], tangents[..., 0, 0]], axis=-1)
    else:
        normal = np.cross(tangents[..., 0, :], tangents[..., 1, :])
    measure = np.linalg.norm(normal, axis=-1)
    normal = normal / measure[..., None]
    normal *= np.sign(np.einsum("fqi,fi->fq", normal, toward))[..., None]
    if dimension == 2:
        first = np.stack([normal[..., 1], -normal[..., 0]], axis=-1)
        second = np.zeros_like(first)
    else:
        first = reference - np.einsum("fqi,i->fq", normal, reference)[..., None] * normal
        length = np.linalg.norm(first, axis=-1)
        if length.size and length.min() < 1e-6:
            raise InputError("The tangential reference direction is normal to the interface; give another one.")
        first = first / length[..., None]
        second = np.cross(normal, first)
    return np.stack([normal, first, second], axis=-2), measure


def _trace(body: Body, space, cells: NDArray[np.int32], points: FloatArray) -> Side:  # type: ignore[no-untyped-def]
    """The body's basis functions that do not vanish on the facets, at the physical points."""
    geometry, coordinates = body.mesh.geometry, body.mesh.geometry.x
    element = space.element.basix_element
    dofs, shapes = [], []
    for cell, where in zip(cells, points, strict=True):
        nodes = coordinates[geometry.dofmaps[0][cell]][:, : geometry.dim]
        values = element.tabulate(0, geometry.cmaps[0].pull_back(where, nodes))[0, :, :, 0]
        present = np.flatnonzero(np.abs(values).max(axis=0) > 1e-10)
        dofs.append(space.dofmap.cell_dofs(cell)[present])
        shapes.append(values[:, present])
    if not dofs:
        return Side(np.empty((0, 1), dtype=np.int32), np.empty((0, points.shape[1], 1)))
    return Side(np.array(dofs), np.array(shapes))


@dataclass(frozen=True)
class InterfaceResponse:
    """The interface at quadrature points (f facets, q points).

    Attributes:
        traction: (f, q, 3) Pa, local frame.
        tangent: (f, q, 3, 3) Pa/m.
        stored: (f, q) recoverable energy, J/m².
        dissipated: (f, q) energy lost to damage, J/m².
    """

    traction: FloatArray
    tangent: FloatArray
    stored: FloatArray
    dissipated: FloatArray


def respond(law: CohesiveLaw, jump: FloatArray, largest: FloatArray) -> InterfaceResponse:
    """The law with damage: unloading to the origin, contact by the law's own compressive branch.

    With κ the largest normal opening so far and δ the present one, s the slip, the recoverable
    energy for 0 ≤ δ ≤ κ is U = ψ(κ, s) − ½ T_n(κ, s)(κ − δ²/κ) − D(κ), of which the traction is the
    derivative; D(κ) = ψ(κ, 0) − ½ κ T_n(κ, 0) is dissipated. On first loading δ = κ and T = dψ/dδ.

    Args:
        law: The cohesive law.
        jump: (f, q, 3) local jumps, m.
        largest: (f, q) κ before this step, m.
    """
    shape = jump.shape[:-1]
    flat = jump.reshape(-1, 3)
    opening = flat[:, 0]
    kappa = np.maximum(np.maximum(largest.ravel(), opening), 0.0)
    damaged = (kappa > opening) & (opening >= 0) & (kappa > 0)
    contact = opening < 0
    at = flat.copy()
    at[:, 0] = np.where(contact, opening, kappa)
    value = law.evaluate(at)
    traction, tangent, energy = value.traction.copy(), value.tangent.copy(), value.energy.copy()
    opened = np.column_stack([kappa, np.zeros((len(kappa), 2))])
    pure = law.evaluate(opened)
    dissipated = pure.energy - 0.5 * kappa * pure.traction[:, 0]
    _contact(law, flat, kappa, contact & (kappa > 0), traction, tangent, energy, dissipated)
    if damaged.any():
        d, k = opening[damaged], kappa[damaged]
        closing = 0.5 * (d**2 / k - k)
        normal, coupling = value.traction[damaged, 0], value.tangent[damaged, 0, 1:]
        energy[damaged] += closing * normal
        traction[damaged, 0] = normal * d / k
        traction[damaged, 1:] += closing[:, None] * coupling
        tangent[damaged, 0, 0] = normal / k
        tangent[damaged, 0, 1:] = tangent[damaged, 1:, 0] = coupling * (d / k)[:, None]
    return InterfaceResponse(
        traction.reshape(*shape, 3),
        tangent.reshape(*shape, 3, 3),
        (energy - dissipated).reshape(shape),
        dissipated.reshape(shape),
    )


def _contact(law, flat, kappa, where, traction, tangent, energy, dissipated) -> None:  # type: ignore[no-untyped-def]
    """Closed again after damage: the intact compressive branch, the shear resistance that is left."""
    if not where.any():
        return
    closed = np.column_stack([flat[where, 0], np.zeros((where.sum(), 2))])
    slipped = flat[where].copy()
    slipped[:, 0] = kappa[where]
    compression, shear = law.evaluate(closed), law.evaluate(slipped)
    at_zero_slip = law.evaluate(np.column_stack([kappa[where], np.zeros((where.sum(), 2))]))
    lost = 0.5 * kappa[where]
    traction[where, 0] = compression.traction[:, 0]
    traction[where, 1:] = shear.traction[:, 1:] - lost[:, None] * shear.tangent[:, 0, 1:]
    tangent[where] = 0.0
    tangent[where, 0, 0] = compression.tangent[:, 0, 0]
    tangent[np.ix_(where, [1, 2], [1, 2])] = shear.tangent[:, 1:, 1:]
    energy[where] = (
        compression.energy + shear.energy - at_zero_slip.energy
        - lost * (shear.traction[:, 0] - at_zero_slip.traction[:, 0]) + dissipated[where]
    )
