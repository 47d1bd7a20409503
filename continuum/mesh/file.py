"""The content of a mesh file: nodes, one kind of cell, and named groups of cells and of their facets."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from continuum.mesh.readers.abaqus import read_abaqus
from continuum.mesh.readers.cell_facets import CellFacets, facet_kind, has_facets
from continuum.mesh.readers.default_bodies import default_bodies
from continuum.mesh.readers.gmsh import read_gmsh
from continuum.mesh.readers.med import read_med
from continuum.mesh.readers.meshio_formats import read_by_meshio
from continuum.mesh.readers.node_sets import facets_of_nodes
from continuum.mesh.readers.reading import (
    CELLS,
    EmptyMesh,
    IntArray,
    MeshError,
    MixedCells,
    NoGroups,
    Reading,
    UnownedCells,
    WrongDimension,
    dimension_of,
)
from continuum.mesh.serendipity import SERENDIPITY, completed
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

_OWN_READERS = {".inp": read_abaqus, ".msh": read_gmsh, ".med": read_med}
_NAMING = (".xdmf", ".xmf")
_NAMED = re.compile(r">\s*([^<>]+?\.(?:h5|hdf5|hdf)):")
_FLAT = 1e-9  # largest relative out-of-plane coordinate of a plane mesh


@dataclass(frozen=True)
class FileMesh:
    """A mesh as in its file.

    Attributes:
        points: (n, dim) coordinates in the file's unit.
        cell: meshio's name of the kind of cell.
        cells: (n, nodes) nodes in VTK's order, by body.
        facet: meshio's name of the kind of facet; "" without groups of facets.
        facets: (n, nodes) nodes by group of facets.
        others: (n, nodes) cells in no body.
        refused: Names in the file that are no groups of facets, and why.
        notes: What the file says and what is not used.
    """

    points: FloatArray
    cell: str
    cells: dict[str, IntArray]
    facet: str
    facets: dict[str, IntArray]
    others: IntArray
    refused: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def dimension(self) -> int:
        """Dimension of space, 2 or 3."""
        return self.points.shape[1]

    def without_unused_nodes(self) -> "FileMesh":
        """The same mesh with the nodes of its cells alone."""
        used = np.unique(np.concatenate([nodes.ravel() for nodes in (*self.cells.values(), self.others)]))
        number = np.zeros(len(self.points), dtype=np.int64)
        number[used] = np.arange(len(used))
        cells, facets = ({name: number[nodes] for name, nodes in of.items()} for of in (self.cells, self.facets))
        return replace(self, points=self.points[used], cells=cells, facets=facets, others=number[self.others])


def read_file(path: Path, bodies: list[str] | None = None) -> FileMesh:
    """Read a mesh file.

    Args:
        path: A file of Abaqus, of Gmsh, or any that meshio reads; see `continuum.mesh.specimen_mesh.read_mesh` for its groups.
        bodies: Groups of cells that are the bodies; None: those that the file makes bodies, else all that are
            not made of others nor parts of others.

    Raises:
        InputError: the file cannot be read, is empty, has no groups, no such bodies, several kinds of cell,
            or is a surface in space.
    """
    reading = read_source(path)
    kind, dimension = _kind_of_cell(path, reading)
    points = _coordinates(path, reading.points, reading.tables[kind], dimension)
    if not any(reading.groups.values()):
        raise NoGroups(
            f"The mesh file {path} has no named groups; make a group of each body, interface and boundary "
            "(physical groups in Gmsh, cell sets or integer tags elsewhere)."
        )
    table, groups = reading.tables[kind], reading.groups.get(kind, {})
    notes = list(reading.notes)
    if bodies is None:
        named = {name: rows for name, rows in groups.items() if name not in reading.internal} or groups
        bodies, left = (list(reading.bodies), []) if reading.bodies else default_bodies(named, len(table))
        notes += left
    _check_bodies(path, bodies, groups, reading, dimension)
    cells = {name: table[groups[name]] for name in bodies}
    owned = np.zeros(len(table), dtype=bool)
    owned[np.concatenate([groups[name] for name in bodies])] = True
    facet, facets, refused = _facets(reading, kind, {name: groups[name] for name in bodies}, points)
    mesh = FileMesh(points, kind, cells, facet if facets else "", facets, table[~owned], refused, tuple(notes))
    return _completed(mesh) if kind in SERENDIPITY else mesh


def read_source(path: Path) -> Reading:
    """The content of a mesh file, read by the reader of its suffix.

    Raises:
        InputError: it does not exist, is empty, or cannot be read.
    """
    if not path.is_file():
        near = (
            sorted(file.name for file in path.parent.glob(f"*{path.suffix}") if file.is_file())
            if path.parent.is_dir()
            else []
        )
        found = f"holds {', '.join(near[:8])}" if near else f"holds no {path.suffix or 'such'} file"
        raise InputError(
            f"There is no mesh file {path.name!r}: it does not exist in {path.parent.absolute()}, and that folder {found}."
        )
    if not path.stat().st_size:
        raise EmptyMesh(f"The mesh file {path} is empty; write it again.")
    return _OWN_READERS.get(path.suffix.lower(), read_by_meshio)(path)


def mesh_files(path: Path) -> tuple[Path, ...]:
    """The files that a mesh is in: an XDMF file keeps its numbers in HDF5 files that it names."""
    if path.suffix.lower() not in _NAMING or not path.is_file():
        return (path,)
    named = _NAMED.findall(path.read_text(encoding="utf-8", errors="replace"))
    return (path, *dict.fromkeys(path.parent / name for name in named if (path.parent / name).is_file()))


def check_owned(mesh: FileMesh) -> None:
    """Check that each cell is in a body.

    Raises:
        UnownedCells: some are in none.
    """
    if len(mesh.others):
        centre = ", ".join(f"{x:.6g}" for x in mesh.points[mesh.others[0, : mesh.dimension + 1]].mean(axis=0))
        raise UnownedCells(
            f"{len(mesh.others)} cells of the mesh file are in none of the bodies {', '.join(mesh.cells)}, the first "
            f"centred at ({centre}); name their group as a body, or save the mesh without them."
        )


def _kind_of_cell(path: Path, reading: Reading) -> tuple[str, int]:
    """The bodies' kind of cell and its dimension, once it is one and supported."""
    tables = {kind: nodes for kind, nodes in reading.tables.items() if len(nodes)}
    if not tables or not len(reading.points):
        raise EmptyMesh(f"The mesh file {path} has no nodes and cells; mesh the geometry and save all its elements.")
    dimension = max(dimension_of(kind) for kind in tables)
    if dimension < 2:
        raise WrongDimension(
            f"The mesh file {path} holds lines or points only; mesh the surfaces (2D) or volumes (3D) of the bodies."
        )
    kinds = sorted(kind for kind in tables if dimension_of(kind) == dimension)
    if len(kinds) > 1:
        raise MixedCells(f"The mesh file {path} mixes {' and '.join(kinds)}; use one kind of cell.")
    if not has_facets(kinds[0]):
        choices = [kind for kind, of in (CELLS | {k: CELLS[v] for k, v in SERENDIPITY.items()}).items() if of[2] > 1]
        raise unknown_choice(f"kind of cell in the mesh file {path}", kinds[0], choices)
    for kind, nodes in tables.items():
        if nodes.min() < 0 or nodes.max() >= len(reading.points):
            raise MeshError(
                f"A {kind} in the mesh file {path} names a node that the file does not have; write it again."
            )
    return kinds[0], dimension


def _coordinates(path: Path, points: FloatArray, cells: IntArray, dimension: int) -> FloatArray:
    if points.shape[1] < dimension:
        raise WrongDimension(
            f"The mesh file {path} has cells of dimension {dimension} and {points.shape[1]} coordinates."
        )
    if dimension == 2 and points.shape[1] == 3:
        used = points[np.unique(cells)]
        finite = used[np.isfinite(used).all(axis=1)]
        if len(finite) and np.ptp(finite[:, 2]) > _FLAT * np.ptp(finite[:, :2], axis=0).max():
            raise WrongDimension(
                f"The mesh file {path} is a surface in space; a plane mesh must have one z coordinate, "
                "and a solid must be meshed in its volume."
            )
        points = points[:, :2]
    return points


def _facets(
    reading: Reading, kind: str, bodies: dict[str, IntArray], points: FloatArray
) -> tuple[str, dict[str, IntArray], dict[str, str]]:
    """The kind of facet, the facets' nodes by group, and names that are no groups of facets, with the reason."""
    facet, refused = facet_kind(kind), dict(reading.refused)
    for other, groups in reading.groups.items():
        if other not in (kind, facet):
            what = f"is of elements of kind {other}, and a facet of a {kind} is a {facet}"
            refused |= {name: f"The group {name!r} {what}; make a group of these." for name in groups}
    found = {name: reading.tables[facet][rows] for name, rows in reading.groups.get(facet, {}).items()}
    if reading.node_sets:
        every = CellFacets(kind, reading.tables[kind])
        numbers, reasons = facets_of_nodes(every, bodies, reading.node_sets, points)
        refused |= {name: reason for name, reason in reasons.items() if name not in found}
        for name, rows in numbers.items():
            if name not in found:
                found[name] = every.nodes[rows]
            elif set(every.found(found[name]).tolist()) != set(rows.tolist()):
                del found[name]
                refused[name] = (
                    f"The name {name!r} is a group of facets and a set of nodes of other facets; rename one of them."
                )
    return facet, found, {name: reason for name, reason in refused.items() if name not in found}


def _completed(mesh: FileMesh) -> FileMesh:
    """A mesh of serendipity cells with the nodes that complete them."""
    chosen, others = list(mesh.cells.values()), mesh.others
    tables = [(mesh.cell, nodes) for nodes in (*chosen, others)] + [
        (mesh.facet, nodes) for nodes in mesh.facets.values()
    ]
    points, full = completed(mesh.points, tables)
    cells, others = dict(zip(mesh.cells, full, strict=False)), full[len(chosen)]
    facets = dict(zip(mesh.facets, full[len(chosen) + 1 :], strict=True))
    facet = SERENDIPITY.get(mesh.facet, mesh.facet)
    return replace(
        mesh, points=points, cell=SERENDIPITY[mesh.cell], cells=cells, facet=facet, facets=facets, others=others
    )


def _check_bodies(path: Path, bodies: list[str], cells: dict[str, IntArray], reading: Reading, dimension: int) -> None:
    of_any = {name: dimension_of(kind) for kind, of in reading.groups.items() for name in of}
    for name in bodies:
        if name not in cells and name in of_any:
            raise WrongDimension(
                f"The group {name!r} in {path.name} has dimension {of_any[name]}, and bodies have dimension {dimension}; "
                f"valid: {', '.join(sorted(cells)) or '(none)'}."
            )
        if name not in cells and name in reading.refused:
            raise MeshError(reading.refused[name])
        if name not in cells:
            raise unknown_choice(f"body (group of dimension {dimension} in {path.name})", name, cells)
    if len(set(bodies)) != len(bodies):
        raise InputError(f"The bodies {', '.join(bodies)} name one of them twice.")
    if not bodies:
        raise NoGroups(f"The mesh file {path} has no group of dimension {dimension}; make a group of each body.")
