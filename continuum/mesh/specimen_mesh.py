"""Mesh files into bodies: one submesh per body, named groups, distributed over the ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import MPI, basix, dolfinx, ufl
from continuum.mesh.broken import broken_mesh
from continuum.mesh.checks import check_mesh
from continuum.mesh.file import FileMesh, read_file
from continuum.mesh.readers.reading import CELLS, IntArray, WrongDimension
from coupling.errors import InputError, unknown_choice


@dataclass(frozen=True)
class Body:
    """One solid part.

    Attributes:
        name: Its physical group.
        mesh: Its own submesh.
        parent_cells: (n,) cells of the parent mesh, by cell of the submesh.
        grains: Groups of its grains, of a polycrystal; its mesh is then broken between them (`continuum.mesh.broken`).
        grain: (n,) number of each cell's grain among them.
    """

    name: str
    mesh: "dolfinx.mesh.Mesh"
    parent_cells: NDArray[np.int32]
    grains: tuple[str, ...] = ()
    grain: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))


@dataclass(frozen=True)
class SpecimenMesh:
    """A distributed mesh with named bodies and named facets, coordinates in metres.

    Attributes:
        mesh: The parent mesh of all bodies.
        bodies: The bodies by name.
        facets: Facets of the parent mesh by group name; owned and ghost ones of this rank.
        refused: Names in the file that are no groups of facets, and why.
    """

    mesh: "dolfinx.mesh.Mesh"
    bodies: dict[str, Body]
    facets: dict[str, NDArray[np.int32]]
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        """Dimension of space, 2 or 3."""
        return self.mesh.geometry.dim

    def facet_group(self, name: str) -> NDArray[np.int32]:
        """The facets of a physical group.

        Raises:
            InputError: the mesh has no such group of facets.
        """
        if name not in self.facets and name in self.refused:
            raise InputError(self.refused[name])
        if name not in self.facets:
            raise unknown_choice("physical group of facets", name, self.facets)
        return self.facets[name]

    def grain_boundaries(self, name: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The facets between the grains of a polycrystal, those that this rank owns.

        Returns:
            (n,) facets of the parent mesh, and (n, 2) the numbers of the two grains at each, the lower one first.
        """
        topology, body = self.mesh.topology, self.bodies[name]
        topology.create_connectivity(self.dimension - 1, self.dimension)
        index, links = topology.index_map(self.dimension), topology.connectivity(self.dimension - 1, self.dimension)
        grain = np.full(index.size_local + index.num_ghosts, -1, dtype=np.int32)
        grain[body.parent_cells] = body.grain
        owned = topology.index_map(self.dimension - 1).size_local
        first = links.offsets[:owned]
        inner = np.flatnonzero(np.diff(links.offsets[: owned + 1]) == 2)
        pairs = np.sort(grain[links.array[first[inner, None] + np.arange(2)]], axis=1)
        apart = (pairs[:, 0] >= 0) & (pairs[:, 0] != pairs[:, 1])
        return inner[apart].astype(np.int32), pairs[apart]

    def between(self, plus: str, minus: str) -> NDArray[np.int32]:
        """The facets that two bodies share; owned and ghost ones of this rank.

        Raises:
            InputError: an unknown body, twice the same one that has no grains, or bodies that share no facet. Collective.
        """
        for name in (plus, minus):
            if name not in self.bodies:
                raise unknown_choice("body", name, self.bodies)
        if plus == minus and self.bodies[plus].grains:
            return self.grain_boundaries(plus)[0]
        if plus == minus:
            raise InputError(f"An interface lies between two bodies, and both were given as {plus!r}.")
        topology = self.mesh.topology
        index = topology.index_map(self.dimension - 1)
        touched = np.ones(index.size_local, dtype=bool)
        for name in (plus, minus):
            mark = np.zeros(index.size_local + index.num_ghosts, dtype=bool)
            mark[
                dolfinx.mesh.compute_incident_entities(
                    topology, self.bodies[name].parent_cells, self.dimension, self.dimension - 1
                )
            ] = True
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


def read_mesh(
    path: str | Path,
    *,
    unit: float,
    bodies: list[str],
    grains: Mapping[str, Sequence[str]] | None = None,
    dimension: int | None = None,
    comm: "MPI.Comm" = MPI.COMM_WORLD,
) -> SpecimenMesh:
    """Read a mesh file with named groups of cells (the bodies) and of facets (interfaces, boundaries).

    Names are kept by Gmsh .msh 2.2, 4.0 and 4.1 (physical groups), Abaqus .inp (element sets, instances,
    surfaces; sets of nodes that are the nodes of facets) and Salome .med (groups). Formats with integer tags
    alone (.vtk, .vtu, .xdmf, medit .mesh) name a group by its number, "1", "2" …: the array `gmsh:physical` if
    there is one, else the only integer array of the cells.
    Cells are triangles, quads, tetrahedra or hexahedra of first or second order; serendipity ones
    (8 and 20 nodes) get the nodes that complete them, at no change of geometry.

    Args:
        path: A file of Gmsh, of Abaqus, or any that meshio reads.
        unit: Metres per unit of the file's coordinates.
        bodies: Names of the groups of cells that are the bodies; together they are the mesh.
        grains: The groups of the grains of those bodies that are polycrystals, and no groups themselves.
        dimension: What the study needs, 2 or 3; None: either.
        comm: The ranks to distribute over.

    Raises:
        InputError: on all ranks; the file cannot be read or has no such bodies (the message lists what
            it has), or one of the classes of `continuum.mesh.file` and `continuum.mesh.checks`.
    """
    data, failure, grains = None, None, grains or {}
    groups = [group for name in bodies for group in grains.get(name, (name,))]
    if comm.rank == 0:
        try:
            _check_grains(grains, bodies)
            data = _read(Path(path), unit, groups, dimension)
        except Exception as error:
            failure = error
    told = comm.bcast(failure)
    if told is not None:
        raise failure or told
    kinds = comm.bcast(
        None if data is None else (data.cell, data.facet, list(data.facets), data.dimension, data.refused)
    )
    cell, facet, facet_names, dimension, refused = kinds
    cells = _Cells.of(data, cell, dimension, unit, groups)
    mesh, tags = cells.distributed(comm)
    facets = {name: _facets(mesh, data.facets[name] if data else None, facet) for name in facet_names}
    made = {
        name: _polycrystal(mesh, tags, cells, groups, name, tuple(grains[name]))
        if name in grains
        else _body(mesh, tags, groups.index(name), name)
        for name in bodies
    }
    return SpecimenMesh(mesh, made, facets, refused)


def _check_grains(grains: Mapping[str, Sequence[str]], bodies: Sequence[str]) -> None:
    for name, its in grains.items():
        if name not in bodies:
            raise unknown_choice("body that has grains", name, bodies)
        if len(its) < 2:
            raise InputError(
                f"The polycrystal {name!r} has {len(its)} grain{'s' * (len(its) != 1)}; it needs 2 or more, each a group of cells."
            )


def _read(path: Path, unit: float, bodies: list[str], dimension: int | None) -> FileMesh:
    if not (np.isfinite(unit) and unit > 0):
        raise InputError(f"The unit of the mesh is {unit} m; it must be a positive length, such as 1e-3 for mm.")
    if not bodies:
        raise InputError("No bodies are named; name the groups of cells that are the bodies.")
    data = read_file(path, bodies)
    if dimension not in (None, data.dimension):
        raise WrongDimension(
            f"The mesh file {path} has dimension {data.dimension}, and the study is of dimension {dimension}; "
            "use another mesh, or another kind of study."
        )
    check_mesh(data)
    return data.without_unused_nodes()


@dataclass(frozen=True)
class _Cells:
    """All cells as they are distributed; none away from rank 0.

    Attributes:
        element: Of the coordinates.
        raw: (n, nodes) in VTK's order.
        nodes: (n, nodes) in dolfinx's order.
        points: (m, dim) m.
        owners: (n,) number of each cell's group.
    """

    element: "ufl.Mesh"
    raw: IntArray
    nodes: IntArray
    points: NDArray[np.float64]
    owners: NDArray[np.int32]

    @classmethod
    def of(cls, data: FileMesh | None, cell: str, dimension: int, unit: float, groups: Sequence[str]) -> "_Cells":
        """The cells of a file's groups."""
        shape, order, _ = CELLS[cell]
        element = basix.ufl.element("Lagrange", shape, order, shape=(dimension,))
        count = element.basix_element.dim
        if data is None:
            none = np.empty((0, count), dtype=np.int64)
            return cls(ufl.Mesh(element), none, none, np.empty((0, dimension)), np.empty(0, dtype=np.int32))
        permutation = dolfinx.cpp.io.perm_vtk(dolfinx.mesh.to_type(shape), count)
        raw = np.vstack([data.cells[name] for name in groups])
        owners = np.repeat(np.arange(len(groups)), [len(data.cells[name]) for name in groups]).astype(np.int32)
        return cls(ufl.Mesh(element), raw, raw[:, permutation], data.points * unit, owners)

    def distributed(self, comm: "MPI.Comm") -> "tuple[dolfinx.mesh.Mesh, dolfinx.mesh.MeshTags]":
        """The distributed mesh, and the number of each local cell's group."""
        ghosts = dolfinx.mesh.create_cell_partitioner(dolfinx.mesh.GhostMode.shared_facet, 2)
        mesh = dolfinx.mesh.create_mesh(comm, self.nodes, self.element, self.points, partitioner=ghosts)
        tdim = mesh.topology.dim
        mesh.topology.create_connectivity(tdim - 1, tdim)
        entities, values = dolfinx.io.distribute_entity_data(mesh, tdim, self.raw, self.owners)
        mesh.topology.create_connectivity(tdim, tdim)
        return mesh, dolfinx.mesh.meshtags_from_entities(mesh, tdim, dolfinx.graph.adjacencylist(entities), values)


def _facets(mesh: "dolfinx.mesh.Mesh", nodes: IntArray | None, facet: str) -> NDArray[np.int32]:
    """The local facets of one group from its nodes in the file (None away from rank 0)."""
    shape, order, dimension = CELLS[facet]
    if nodes is None:
        nodes = np.empty((0, basix.ufl.element("Lagrange", shape, order).basix_element.dim), dtype=np.int64)
    entities, values = dolfinx.io.distribute_entity_data(mesh, dimension, nodes, np.ones(len(nodes), dtype=np.int32))
    tags = dolfinx.mesh.meshtags_from_entities(mesh, dimension, dolfinx.graph.adjacencylist(entities), values)
    return tags.indices


def _body(mesh: "dolfinx.mesh.Mesh", tags: "dolfinx.mesh.MeshTags", index: int, name: str) -> Body:
    submesh, entity_map, _, _ = dolfinx.mesh.create_submesh(mesh, mesh.topology.dim, tags.find(index))
    topology = submesh.topology.index_map(submesh.topology.dim)
    cells = np.arange(topology.size_local + topology.num_ghosts, dtype=np.int32)
    return Body(name, submesh, entity_map.sub_topology_to_topology(cells, False))


def _polycrystal(
    mesh: "dolfinx.mesh.Mesh", tags: "dolfinx.mesh.MeshTags", cells: _Cells, groups: Sequence[str], name: str,
    grains: tuple[str, ...],
) -> Body:  # fmt: skip
    numbers = np.full(len(groups), -1, dtype=np.int32)
    numbers[[groups.index(grain) for grain in grains]] = np.arange(len(grains))
    broken, parent_cells = broken_mesh(mesh, cells.element, cells.nodes, cells.points, numbers[cells.owners])
    index = mesh.topology.index_map(mesh.topology.dim)
    group = np.empty(index.size_local + index.num_ghosts, dtype=np.int32)
    group[tags.indices] = tags.values
    return Body(name, broken, parent_cells, grains, numbers[group[parent_cells]])
