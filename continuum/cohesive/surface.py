"""The facets of an interface: cells on either side, quadrature points, local frames, and their mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import MPI, basix, dolfinx
from continuum.mesh.specimen_mesh import Body, SpecimenMesh
from coupling.contracts import FloatArray
from coupling.errors import InputError

_QUADRATURE_DEGREE = 5
_CLOSED = 0.1  # of the area: a mean normal below it is of a surface that closes on itself
_NEARLY_PARALLEL = 1e-6
_STEEP = np.sqrt(0.5)  # cosine between mean normal and z, above which frames turn about another axis


@dataclass(frozen=True)
class Surface:
    """The facets of an interface that this rank owns, with the cells on either side and their quadrature.

    Attributes:
        facets: (n_facets,) of the parent mesh.
        plus_cells: (n_facets,) cells of the plus body's submesh.
        minus_cells: The same of the minus body; None: a rigid foundation.
        points: (n_facets, n_points, dim) m.
        frame: (n_facets, n_points, 3, dim) rows: normal, tangential 1, tangential 2.
        weights: (n_facets, n_points) m (2D, per unit thickness) or m².
    """

    facets: NDArray[np.int32]
    plus_cells: NDArray[np.int32]
    minus_cells: NDArray[np.int32] | None
    points: FloatArray
    frame: FloatArray
    weights: FloatArray


def surface_of(
    mesh: SpecimenMesh, facets: NDArray[np.int32], plus: Body, minus: Body | None, tangential: Sequence[float] | None
) -> Surface:
    """The surface of an interface; see `continuum.cohesive.interface.kinematics` for the arguments.

    Raises:
        InputError: a facet does not lie between the two bodies, or not on the surface of the one; or tangential 1 is not
            defined somewhere.
    """
    parent = mesh.mesh
    dimension = parent.topology.dim
    parent.topology.create_connectivity(dimension - 1, dimension)
    owned = facets[facets < parent.topology.index_map(dimension - 1).size_local]
    first = _cells_of(parent, plus, owned)
    second = None if minus is None else _cells_of(parent, minus, owned)
    if minus is plus:
        first, second = _cells_of_grains(parent, plus, owned)
    _check_sides(parent, owned, plus, minus, first, second)
    points, tangents, weights = _quadrature(parent, owned, plus.parent_cells[first])
    toward = _centres(plus, first)
    toward = toward - (points.mean(axis=1) if minus is None else _centres(minus, second))
    normal, measure = _normals(tangents, toward)
    frame = _frames(parent.comm, normal, measure * weights, tangential, alone=minus is plus)
    return Surface(owned, first, second, points, frame[..., :dimension], measure * weights)


def _cells_of(parent: "dolfinx.mesh.Mesh", body: Body, facets: NDArray[np.int32]) -> NDArray[np.int32]:
    """The body's cell at each facet of the parent mesh; −1 where it has none."""
    dimension = parent.topology.dim
    index = parent.topology.index_map(dimension)
    lookup = np.full(index.size_local + index.num_ghosts, -1, dtype=np.int32)
    lookup[body.parent_cells] = np.arange(len(body.parent_cells), dtype=np.int32)
    to_cells = parent.topology.connectivity(dimension - 1, dimension)
    return np.array([lookup[to_cells.links(f)].max() for f in facets], dtype=np.int32)


def _cells_of_grains(
    parent: "dolfinx.mesh.Mesh", body: Body, facets: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The body's cells at each facet, that of the grain of the lower number first; −1 where two of one grain, or no two, meet."""
    index, dimension = parent.topology.index_map(parent.topology.dim), parent.topology.dim
    lookup = np.full(index.size_local + index.num_ghosts, -1, dtype=np.int32)
    lookup[body.parent_cells] = np.arange(len(body.parent_cells), dtype=np.int32)
    to_cells, found = parent.topology.connectivity(dimension - 1, dimension), np.full((2, len(facets)), -1, np.int32)
    for number, facet in enumerate(facets):
        cells = lookup[to_cells.links(facet)]
        grains = body.grain[cells] if cells.min() >= 0 else cells
        if len(np.unique(grains)) == 2:
            found[:, number] = cells[np.argsort(grains)]
    return found[0], found[1]


def _check_sides(
    parent: "dolfinx.mesh.Mesh",
    facets: NDArray[np.int32],
    plus: Body,
    minus: Body | None,
    first: NDArray[np.int32],
    second: NDArray[np.int32] | None,
) -> None:
    dimension = parent.topology.dim
    if minus is not None and second is not None:
        stray = np.flatnonzero((first < 0) | (second < 0))
        meaning = f"the interface between {plus.name!r} and {minus.name!r} do not separate the two"
        if minus is plus:
            meaning = f"the boundaries of the polycrystal {plus.name!r} do not separate two of its grains"
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
            raise InputError(
                f"{found[0]} facets of {meaning}, the first at {found[1]} m; check the group and the bodies."
            )


def _quadrature(
    parent: "dolfinx.mesh.Mesh", facets: NDArray[np.int32], cells: NDArray[np.int32]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points (f, q, dim), tangents (f, q, dim−1, dim) and weights (q,) by the cells' own geometry."""
    dimension = parent.topology.dim
    geometry: Any = parent.geometry
    shape = basix.CellType[parent.topology.cell_type.name]
    facet_shape = basix.CellType[dolfinx.cpp.mesh.cell_entity_type(parent.topology.cell_type, dimension - 1, 0).name]
    rule, weights = basix.make_quadrature(facet_shape, _QUADRATURE_DEGREE)
    corner, entities = basix.geometry(shape), basix.topology(shape)[dimension - 1]
    element: Any = basix.create_element(
        basix.ElementFamily.P, shape, geometry.cmaps[0].degree, geometry.cmaps[0].variant
    )
    parent.topology.create_connectivity(dimension, dimension - 1)
    to_facets = parent.topology.connectivity(dimension, dimension - 1)
    points = np.empty((len(facets), len(rule), geometry.dim))
    tangents = np.empty((len(facets), len(rule), dimension - 1, geometry.dim))
    local = np.array(
        [np.flatnonzero(to_facets.links(c) == f)[0] for f, c in zip(facets, cells, strict=True)], dtype=int
    )
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


def _normals(tangents: FloatArray, toward: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unit normals (n_facets, n_points, 3) into the plus body, and the length or area element."""
    if tangents.shape[-1] == 2:
        along = tangents[..., 0, :]
        normal = np.stack([-along[..., 1], along[..., 0], np.zeros_like(along[..., 0])], axis=-1)
    else:
        normal = np.cross(tangents[..., 0, :], tangents[..., 1, :])
    measure = np.linalg.norm(normal, axis=-1)
    sign = np.sign(np.einsum("fqi,fi->fq", normal[..., : toward.shape[-1]], toward))
    return normal * (sign / measure)[..., None], measure


def _frames(
    comm: "MPI.Comm", normal: FloatArray, weights: FloatArray, tangential: Sequence[float] | None, alone: bool
) -> FloatArray:
    """(n_facets, n_points, 3, 3) rows: normal, tangential 1, tangential 2, right-handed; if alone, each facet has its own axis."""
    if tangential is None:
        axis = _axes(normal) if alone else _axis(comm, normal, weights)
        first = np.cross(normal, axis)
    else:
        wanted = np.asarray(tangential, dtype=float)
        first = wanted - (normal @ wanted)[..., None] * normal
    length = np.linalg.norm(first, axis=-1)
    if comm.allreduce(float(length.min(initial=np.inf)), MPI.MIN) < _NEARLY_PARALLEL:
        raise InputError(
            "Somewhere the normal of an interface is along its tangential direction, or along the axis about which its frame "
            "turns, so that tangential 1 is not defined; give the interface another tangential direction, or divide it."
        )
    first = first / length[..., None]
    return np.stack([normal, first, np.cross(normal, first)], axis=-2)


def _axis(comm: "MPI.Comm", normal: FloatArray, weights: FloatArray) -> FloatArray:
    """The axis a of t₁ = n × a: z, as in a plane mesh; −y where the mean normal is nearer to z than 45°."""
    mean = np.asarray(comm.allreduce(np.einsum("fq,fqi->i", weights, normal)))
    steep = abs(mean[2]) > _STEEP * np.linalg.norm(mean)
    return np.array([0.0, -1.0, 0.0]) if steep else np.array([0.0, 0.0, 1.0])


def _axes(normal: FloatArray) -> FloatArray:
    """As `_axis`, for each normal (..., 3) its own: boundaries of grains lie in all directions."""
    steep = np.abs(normal[..., 2:]) > _STEEP
    return np.where(steep, [0.0, -1.0, 0.0], [0.0, 0.0, 1.0])


def averaged(comm: "MPI.Comm", frame: FloatArray, weights: FloatArray) -> tuple[FloatArray, float]:
    """The mean of an interface's frames over all ranks, and how far they spread.

    Args:
        comm: The ranks.
        frame: (n_facets, n_points, 3, dim) as in `Kinematics`.
        weights: (n_facets, n_points).

    Returns:
        As `continuum.cohesive.interface.mean_frame`; of an interface that closes on itself, or has no facets, the mesh axes and π.
    """
    dimension, rows = frame.shape[-1], np.zeros((2, 3))
    rows[:, :dimension] = np.einsum("fq,fqki->ki", weights, frame[:, :, :2, :])
    normal, first = comm.allreduce(rows)
    if np.linalg.norm(normal) <= _CLOSED * comm.allreduce(float(weights.sum())):
        return np.eye(3), float(np.pi)
    normal = normal / np.linalg.norm(normal)
    first = first - (first @ normal) * normal
    first = first / np.linalg.norm(first)
    cosine = np.clip(frame[:, :, 0, :] @ normal[:dimension], -1.0, 1.0)
    spread = float(np.arccos(comm.allreduce(float(cosine.min(initial=1.0)), MPI.MIN)))
    return np.array([first, np.cross(normal, first), normal]), spread
