"""Mesh files into bodies: one submesh a body, named groups, distributed over the ranks."""

from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import MPI, basix, dolfinx, ufl
from coupling.errors import InputError, unknown_choice

_CELLS = {  # meshio name: (basix cell, order, topological dimension)
    "line": ("interval", 1, 1),
    "line3": ("interval", 2, 1),
    "triangle": ("triangle", 1, 2),
    "triangle6": ("triangle", 2, 2),
    "quad": ("quadrilateral", 1, 2),
    "quad9": ("quadrilateral", 2, 2),
    "tetra": ("tetrahedron", 1, 3),
    "tetra10": ("tetrahedron", 2, 3),
    "hexahedron": ("hexahedron", 1, 3),
    "hexahedron27": ("hexahedron", 2, 3),
}
_FLAT = 1e-9  # largest relative out-of-plane coordinate of a plane mesh


@dataclass(frozen=True)
class Body:
    """One solid part.

    Attributes:
        name: Its physical group.
        mesh: Its own submesh.
        parent_cells: (n,) cells of the parent mesh, by cell of the submesh.
    """

    name: str
    mesh: "dolfinx.mesh.Mesh"
    parent_cells: NDArray[np.int32]


@dataclass(frozen=True)
class SpecimenMesh:
    """A distributed mesh with named bodies and named facets, coordinates in metres.

    Attributes:
        mesh: The parent mesh of all bodies.
        bodies: The bodies by name.
        facets: Facets of the parent mesh by group name; owned and ghost ones of this rank.
    """

    mesh: "dolfinx.mesh.Mesh"
    bodies: dict[str, Body]
    facets: dict[str, NDArray[np.int32]]

    @property
    def dimension(self) -> int:
        return self.mesh.geometry.dim

    def facet_group(self, name: str) -> NDArray[np.int32]:
        """The facets of a physical group.

        Raises:
            InputError: the mesh has no such group of facets.
        """
        if name not in self.facets:
            raise unknown_choice("physical group of facets", name, self.facets)
        return self.facets[name]

    def between(self, plus: str, minus: str) -> NDArray[np.int32]:
        """The facets that two bodies share; owned and ghost ones of this rank.

        Raises:
            InputError: an unknown body, twice the same one, or bodies that share no facet. Collective.
        """
        for name in (plus, minus):
            if name not in self.bodies:
                raise unknown_choice("body", name, self.bodies)
        if plus == minus:
            raise InputError(f"An interface lies between two bodies, and both were given as {plus!r}.")
        topology = self.mesh.topology
        index = topology.index_map(self.dimension - 1)
        touched = np.ones(index.size_local, dtype=bool)
        for name in (plus, minus):
            mark = np.zeros(index.size_local + index.num_ghosts, dtype=bool)
            mark[dolfinx.mesh.compute_incident_entities(
                topology, self.bodies[name].parent_cells, self.dimension, self.dimension - 1
            )] = True
            touched &= mark[: index.size_local]
        shared = dolfinx.la.vector(index, 1, dtype=np.int32)
        shared.array[: index.size_local] = touched
        shared.scatter_forward()
        if not self.mesh.comm.allreduce(int(touched.sum())):
            raise InputError(
                f"The bodies {plus!r} and {minus!r} share no facet; they do not touch, or the mesh has separate nodes "
                "on the two sides (in Gmsh, join them with a boolean fragment)."
            )
        return np.flatnonzero(shared.array).astype(np.int32)


@dataclass(frozen=True)
class _FileMesh:
    """What the file says, on rank 0: nodes, and for each dimension entities by group name."""

    points: NDArray[np.float64]
    cell: str
    cells: dict[str, NDArray[np.int64]]
    facet: str
    facets: dict[str, NDArray[np.int64]]


def read_mesh(
    path: str | Path, *, unit: float, bodies: list[str], comm: "MPI.Comm" = MPI.COMM_WORLD
) -> SpecimenMesh:
    """Read a mesh file with named groups (Gmsh physical groups, cell sets of other formats).

    Args:
        path: Any file that meshio reads.
        unit: Metres per unit of the file's coordinates.
        bodies: Names of the groups of cells that are the bodies; together they are the mesh.
        comm: The ranks to distribute over.

    Raises:
        InputError: the file cannot be read, or has no such bodies; the message lists what it has.
    """
    data, failure = None, None
    if comm.rank == 0:
        try:
            data = _read_file(Path(path), bodies)
        except InputError as error:
            failure = str(error)
    failure = comm.bcast(failure)
    if failure is not None:
        raise InputError(failure)
    kinds = comm.bcast(None if data is None else (data.cell, data.facet, list(data.facets), data.points.shape[1]))
    cell, facet, facet_names, dimension = kinds
    mesh, tags = _distribute(comm, data, cell, dimension, unit, bodies)
    facets = {name: _facets(mesh, data.facets[name] if data else None, facet) for name in facet_names}
    return SpecimenMesh(mesh, {name: _body(mesh, tags, i, name) for i, name in enumerate(bodies)}, facets)


def _read_file(path: Path, bodies: list[str]) -> _FileMesh:
    import meshio

    if not path.is_file():
        raise InputError(f"The mesh file {path} does not exist; give the path relative to the study file.")
    try:
        with redirect_stdout(StringIO()):  # meshio prints an empty line
            source = meshio.read(path)
    except (Exception, SystemExit) as error:  # meshio's readers raise what they like on a broken file
        raise InputError(f"The mesh file {path} cannot be read: {error or type(error).__name__}.") from error
    known = {c.type for c in source.cells if c.type in _CELLS}
    if not known or not len(source.points):
        raise InputError(f"The mesh file {path} has no cells of the supported kinds: {', '.join(_CELLS)}.")
    dimension = max(_CELLS[kind][2] for kind in known)
    groups = _groups(source)
    parts: list[tuple[str, dict[str, NDArray[np.int64]]]] = []
    for d in (dimension, dimension - 1):
        kinds = [kind for kind in known if _CELLS[kind][2] == d]
        if len(kinds) > 1:
            raise InputError(f"The mesh file {path} mixes {' and '.join(sorted(kinds))}; use one kind of cell.")
        found = groups.get(kinds[0], {}) if kinds else {}
        parts.append((kinds[0] if kinds else "", found))
    (cell, cells), (facet, facets) = parts
    for name in bodies:
        if name not in cells:
            raise unknown_choice(f"body (physical group of dimension {dimension} in {path.name})", name, cells)
    points = np.asarray(source.points, dtype=float)
    if dimension == 2 and points.shape[1] == 3:
        if np.ptp(points[:, 2]) > _FLAT * np.ptp(points[:, :2], axis=0).max():
            raise InputError(f"The mesh file {path} is a surface in space; a plane mesh must have one z coordinate.")
        points = points[:, :2]
    return _FileMesh(points, cell, {name: cells[name] for name in bodies}, facet, facets)


def _groups(source) -> dict[str, dict[str, NDArray[np.int64]]]:  # type: ignore[no-untyped-def]
    """Entities' nodes by cell type and group name: cell sets, or the physical tags of MSH 2."""
    groups: dict[str, dict[str, NDArray[np.int64]]] = {}
    nodes = {kind: np.asarray(data, dtype=np.int64) for kind, data in source.cells_dict.items()}
    for name, by_type in source.cell_sets_dict.items():
        for kind, indices in by_type.items() if not name.startswith("gmsh:") else ():
            groups.setdefault(kind, {})[name] = nodes[kind][np.asarray(indices, dtype=int)]
    if not groups and "gmsh:physical" in source.cell_data:
        names = {(int(tag), int(dim)): name for name, (tag, dim) in source.field_data.items()}
        for kind, tags in source.cell_data_dict["gmsh:physical"].items():
            for tag in np.unique(tags):
                name = names.get((int(tag), _CELLS[kind][2] if kind in _CELLS else 0), str(tag))
                groups.setdefault(kind, {})[name] = nodes[kind][tags == tag]
    return groups


def _distribute(comm, data, cell, dimension, unit, bodies):  # type: ignore[no-untyped-def]
    """The distributed mesh, and the index of each local cell's body."""
    shape, order, tdim = _CELLS[cell]
    element = basix.ufl.element("Lagrange", shape, order, shape=(dimension,))
    nodes = element.basix_element.dim
    if data is not None:
        permutation = dolfinx.cpp.io.perm_vtk(dolfinx.mesh.to_type(shape), nodes)
        raw = np.vstack([data.cells[name] for name in bodies])
        owners = np.repeat(np.arange(len(bodies)), [len(data.cells[name]) for name in bodies]).astype(np.int32)
        cells, points = raw[:, permutation], data.points * unit
    else:
        raw = cells = np.empty((0, nodes), dtype=np.int64)
        owners, points = np.empty(0, dtype=np.int32), np.empty((0, dimension))
    ghosts = dolfinx.mesh.create_cell_partitioner(dolfinx.mesh.GhostMode.shared_facet, 2)
    mesh = dolfinx.mesh.create_mesh(comm, cells, ufl.Mesh(element), points, partitioner=ghosts)
    mesh.topology.create_connectivity(tdim - 1, tdim)
    entities, values = dolfinx.io.distribute_entity_data(mesh, tdim, raw, owners)
    mesh.topology.create_connectivity(tdim, tdim)
    return mesh, dolfinx.mesh.meshtags_from_entities(mesh, tdim, dolfinx.graph.adjacencylist(entities), values)


def _facets(mesh, nodes, facet):  # type: ignore[no-untyped-def]
    """The local facets of one group from its nodes in the file (None away from rank 0)."""
    shape, order, dimension = _CELLS[facet]
    if nodes is None:
        nodes = np.empty((0, basix.ufl.element("Lagrange", shape, order).basix_element.dim), dtype=np.int64)
    entities, values = dolfinx.io.distribute_entity_data(
        mesh, dimension, nodes, np.ones(len(nodes), dtype=np.int32)
    )
    tags = dolfinx.mesh.meshtags_from_entities(mesh, dimension, dolfinx.graph.adjacencylist(entities), values)
    return tags.indices


def _body(mesh, tags, index: int, name: str) -> Body:  # type: ignore[no-untyped-def]
    submesh, entity_map, _, _ = dolfinx.mesh.create_submesh(mesh, mesh.topology.dim, tags.find(index))
    topology = submesh.topology.index_map(submesh.topology.dim)
    cells = np.arange(topology.size_local + topology.num_ghosts, dtype=np.int32)
    return Body(name, submesh, entity_map.sub_topology_to_topology(cells, False))
