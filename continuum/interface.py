"""A cohesive interface between two bodies, or of one on a rigid foundation, at quadrature points.

The jump is u(plus) − u(minus) in the local frame (normal from minus to plus, tangential 1, 2), so
that opening is positive. Displacements are read and forces are returned through the trace
degrees of freedom of the two bodies' own spaces. The frame is that of the undeformed interface.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import MPI, basix, dolfinx
from continuum.history import History, Response, separation, separation_gradient
from continuum.mesh import Body, SpecimenMesh
from continuum.model import Bond
from coupling.contracts import FloatArray
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


def kinematics(
    mesh: SpecimenMesh,
    facets: NDArray[np.int32],
    plus: "tuple[Body, dolfinx.fem.FunctionSpace]",
    minus: "tuple[Body, dolfinx.fem.FunctionSpace] | None",
    reference: FloatArray,
) -> Kinematics:
    """Quadrature points, frames and traces of an interface, curved ones included.

    Args:
        mesh: The specimen.
        facets: Facets of the parent mesh; those of other ranks are skipped.
        plus: Body and function space that the normal points into.
        minus: The same on the other side; None: a rigid foundation outside the mesh.
        reference: (3,) direction whose projection on the interface is tangential 1 (3D only; in 2D
            it is the normal turned by −90°).

    Raises:
        InputError: a facet does not lie between the two bodies, or not on the surface of the one.
    """
    surface = _surface(mesh, facets, plus[0], minus and minus[0], reference)
    nothing = Side(np.empty((len(surface.facets), 0), dtype=np.int32), np.empty((*surface.points.shape[:2], 0)))
    other = nothing if minus is None else _trace(*minus, surface.minus_cells, surface.points)
    return Kinematics(_trace(*plus, surface.plus_cells, surface.points), other, surface.frame, surface.weights, surface.points)


def mean_frame(
    mesh: SpecimenMesh, group: str | None, plus: str, minus: str | None, reference: FloatArray = np.array([1.0, 0.0, 0.0])
) -> tuple[FloatArray, float]:
    """The frame of an interface as a whole, over all ranks.

    Args:
        mesh: The specimen.
        group: Physical group of its facets; None: all facets between the two bodies.
        plus: Body that the normal points into.
        minus: Body on the other side; None: a rigid foundation.
        reference: See `kinematics`.

    Returns:
        (3, 3) rows tangential 1, tangential 2 and the mean normal in mesh axes, right-handed; the largest angle
        between a facet's normal and the mean one, rad.

    Raises:
        InputError: as in `kinematics`.
    """
    facets = mesh.between(plus, minus or "") if group is None else mesh.facet_group(group)
    body = mesh.bodies[plus], None if minus is None else mesh.bodies[minus]
    surface = _surface(mesh, facets, *body, reference)
    rows = np.zeros((2, 3))
    for row, axis in enumerate((0, 1)):  # normal, tangential 1
        rows[row, : mesh.dimension] = np.einsum("fq,fqi->i", surface.weights, surface.frame[:, :, axis, :])
    normal, first = mesh.mesh.comm.allreduce(rows)
    normal = normal / np.linalg.norm(normal)
    first = first - (first @ normal) * normal
    first = first / np.linalg.norm(first)
    cosine = np.clip(surface.frame[:, :, 0, :] @ normal[: mesh.dimension], -1.0, 1.0)
    spread = float(np.arccos(mesh.mesh.comm.allreduce(float(cosine.min(initial=1.0)), MPI.MIN)))
    return np.array([first, np.cross(normal, first), normal]), spread


@dataclass(frozen=True)
class _Surface:
    """The facets of an interface that this rank owns, with the cells on either side and their quadrature."""

    facets: NDArray[np.int32]
    plus_cells: NDArray[np.int32]
    minus_cells: NDArray[np.int32] | None
    points: FloatArray
    frame: FloatArray
    weights: FloatArray


def _surface(mesh: SpecimenMesh, facets: NDArray[np.int32], plus: Body, minus: Body | None, reference: FloatArray) -> _Surface:
    parent = mesh.mesh
    dimension = parent.topology.dim
    parent.topology.create_connectivity(dimension - 1, dimension)
    owned = facets[facets < parent.topology.index_map(dimension - 1).size_local]
    first = _cells_of(parent, plus, owned)
    second = None if minus is None else _cells_of(parent, minus, owned)
    _check_sides(parent, owned, plus, minus, first, second)
    points, tangents, weights = _quadrature(parent, owned, plus.parent_cells[first])
    toward = _centres(plus, first)
    toward = toward - (points.mean(axis=1) if minus is None else _centres(minus, second))
    frame, measure = _frames(tangents, toward, reference)
    return _Surface(owned, first, second, points, frame, measure * weights)


def _cells_of(parent, body: Body, facets: NDArray[np.int32]) -> NDArray[np.int32]:  # type: ignore[no-untyped-def]
    """The body's cell at each facet of the parent mesh; −1 where it has none."""
    dimension = parent.topology.dim
    index = parent.topology.index_map(dimension)
    lookup = np.full(index.size_local + index.num_ghosts, -1, dtype=np.int32)
    lookup[body.parent_cells] = np.arange(len(body.parent_cells), dtype=np.int32)
    to_cells = parent.topology.connectivity(dimension - 1, dimension)
    return np.array([lookup[to_cells.links(f)].max() for f in facets], dtype=np.int32)


def _check_sides(parent, facets, plus: Body, minus: Body | None, first, second) -> None:  # type: ignore[no-untyped-def]
    dimension = parent.topology.dim
    if second is not None:
        stray = np.flatnonzero((first < 0) | (second < 0))
        meaning = f"the interface between {plus.name!r} and {minus.name!r} do not separate the two"  # type: ignore[union-attr]
    else:
        to_cells = parent.topology.connectivity(dimension - 1, dimension)
        stray = np.array([i for i, f in enumerate(facets) if first[i] < 0 or len(to_cells.links(f)) > 1], dtype=int)
        meaning = f"the interface of {plus.name!r} with a rigid foundation do not lie on its surface"
    problem = None
    if len(stray):
        where = dolfinx.mesh.compute_midpoints(parent, dimension - 1, facets[stray[:1]])[0][:dimension]
        problem = (len(stray), np.array2string(where, precision=4))
    for found in parent.comm.allgather(problem):
        if found is not None:
            raise InputError(f"{found[0]} facets of {meaning}, the first at {found[1]} m; check the group and the bodies.")


def _quadrature(parent, facets, cells):  # type: ignore[no-untyped-def]
    """Points (f, q, dim), tangents (f, q, dim−1, dim) and weights (q,) by the cells' own geometry."""
    dimension, geometry = parent.topology.dim, parent.geometry
    shape = basix.CellType[parent.topology.cell_type.name]
    facet_shape = basix.CellType[dolfinx.cpp.mesh.cell_entity_type(parent.topology.cell_type, dimension - 1, 0).name]
    rule, weights = basix.make_quadrature(facet_shape, _QUADRATURE_DEGREE)
    corner, entities = basix.geometry(shape), basix.topology(shape)[dimension - 1]
    element = basix.create_element(basix.ElementFamily.P, shape, geometry.cmaps[0].degree, geometry.cmaps[0].variant)
    parent.topology.create_connectivity(dimension, dimension - 1)
    to_facets = parent.topology.connectivity(dimension, dimension - 1)
    points = np.empty((len(facets), len(rule), geometry.dim))
    tangents = np.empty((len(facets), len(rule), dimension - 1, geometry.dim))
    local = np.array([np.flatnonzero(to_facets.links(c) == f)[0] for f, c in zip(facets, cells, strict=True)], dtype=int)
    for number, vertices in enumerate(entities):
        chosen = np.flatnonzero(local == number)
        origin = corner[vertices[0]]
        axes = corner[vertices[1:dimension]] - origin
        table = element.tabulate(1, origin + rule @ axes)[:, :, :, 0]
        nodes = geometry.x[geometry.dofmaps[0][cells[chosen]]][:, :, : geometry.dim]
        points[chosen] = np.einsum("qa,fai->fqi", table[0], nodes)
        tangents[chosen] = np.einsum("td,dqa,fai->fqti", axes, table[1:], nodes)
    return points, tangents, weights


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
        present = np.flatnonzero(np.abs(values).max(axis=0) > 1e-9)
        dofs.append(space.dofmap.cell_dofs(cell)[present])
        shapes.append(values[:, present])
    if not dofs:
        return Side(np.empty((0, 1), dtype=np.int32), np.empty((0, points.shape[1], 1)))
    return Side(np.array(dofs), np.array(shapes))


class Interface:
    """A bond on its facets: what it adds to forces, stiffness, energies and the opening's measure.

    Args:
        bond: The law and its options.
        kinematics: The interface's quadrature.
        numbers: (n_facets, n) global numbers of the trace degrees of freedom, plus then minus.
    """

    def __init__(self, bond: Bond, kinematics: Kinematics, numbers: NDArray) -> None:  # type: ignore[type-arg]
        self.bond, self.kinematics, self.numbers = bond, kinematics, numbers
        self.weights = kinematics.weights
        self.shape = np.concatenate([kinematics.plus.shape, -kinematics.minus.shape], axis=2)
        self._gap = self._initial_gap()
        self.history = History.new(self.flat_jump(None))

    def _initial_gap(self) -> FloatArray:
        points = self.kinematics.points
        if self.bond.gap is None:
            return np.zeros(points.shape[:2])
        gap = np.asarray(self.bond.gap(points.reshape(-1, points.shape[-1])), dtype=float)
        if gap.shape != (points.shape[0] * points.shape[1],) or not np.all(np.isfinite(gap)):
            raise InputError(f"The gap of interface {self.bond.name!r} must give one finite number in m for each point.")
        return gap.reshape(points.shape[:2])

    def flat_jump(self, displacements: "Mapping[str, dolfinx.fem.Function] | None") -> FloatArray:
        """(points, 3) local jumps in m, initial gap included; None: undeformed."""
        jump = np.zeros((*self.weights.shape, 3))
        if displacements is not None:
            dim = self.kinematics.points.shape[-1]
            plus = displacements[self.bond.plus].x.array.reshape(-1, dim)
            minus = np.zeros((1, dim)) if self.bond.minus is None else displacements[self.bond.minus].x.array.reshape(-1, dim)
            jump = self.kinematics.jump(plus, minus)
        jump[..., 0] += self._gap
        return jump.reshape(-1, 3)

    def forces(self, response: Response) -> FloatArray:
        """(n_facets, n) forces on the trace degrees of freedom."""
        traction = response.traction.reshape(*self.weights.shape, 3)
        force = np.einsum("fq,fqki,fqk->fqi", self.weights, self.kinematics.frame, traction)
        return np.einsum("fqa,fqi->fai", self.shape, force).reshape(self.numbers.shape)

    def stiffness(self, response: Response) -> FloatArray:
        """(n_facets, n²) consistent tangent, row-major."""
        tangent, frame = response.tangent.reshape(*self.weights.shape, 3, 3), self.kinematics.frame
        turned = np.einsum("fq,fqki,fqkl,fqlj->fqij", self.weights, frame, tangent, frame, optimize=True)
        local = np.einsum("fqa,fqij,fqb->faibj", self.shape, turned, self.shape, optimize=True)
        return local.reshape(len(self.numbers), self.numbers.shape[1] ** 2)

    def opened(self, jump: FloatArray) -> FloatArray:
        """(points,) separation over the final one: 0 closed, 1 broken, unclipped."""
        return separation(self.bond.law, jump) / self.bond.law.final_opening

    def opened_area(self, jump: FloatArray) -> float:
        """∫ min(separation over final, 1)."""
        return float(self.weights.ravel() @ np.minimum(self.opened(jump), 1.0))

    def opened_area_gradient(self, jump: FloatArray) -> FloatArray:
        """(n_facets, n) derivative of `opened_area`."""
        rate = separation_gradient(self.bond.law, jump) / self.bond.law.final_opening
        rate[self.opened(jump) >= 1] = 0.0
        rate = rate.reshape(*self.weights.shape, 3)
        return np.einsum(
            "fq,fqk,fqki,fqa->fai", self.weights, rate, self.kinematics.frame, self.shape, optimize=True
        ).reshape(self.numbers.shape)
