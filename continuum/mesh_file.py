"""What a mesh file says: nodes, one kind of cell, and named groups of cells and of their facets."""

from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from continuum.mesh_serendipity import SERENDIPITY, completed
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

IntArray = NDArray[np.int64]

CELLS = {  # meshio name: (basix cell, order, topological dimension)
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
_FOREIGN = {"vertex": 0, "line4": 1, "triangle10": 2, "quad16": 2}  # read to say what is wrong; those unnamed are solid
_DIMENSIONS = {kind: of[2] for kind, of in CELLS.items()} | {"quad8": 2, "hexahedron20": 3} | _FOREIGN
_TAGS = ("gmsh:physical", "cell_tags", "medit:ref")
_NO_TAGS = ("gmsh:geometrical", "vtkGhostType")
_FLAT = 1e-9  # largest relative out-of-plane coordinate of a plane mesh


class MeshError(InputError):
    """A mesh that cannot be computed on; the message says what is wrong, and where."""


class EmptyMesh(MeshError):
    """The file has no nodes, or no cells of a kind that is supported."""


class NoGroups(MeshError):
    """The file names no groups, so that nothing tells bodies, interfaces and boundaries."""


class WrongDimension(MeshError):
    """The mesh, or a group, has another dimension than it is used with."""


class MixedCells(MeshError):
    """The bodies are not all of one kind of cell."""


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
    """

    points: FloatArray
    cell: str
    cells: dict[str, IntArray]
    facet: str
    facets: dict[str, IntArray]
    others: IntArray

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
        return FileMesh(self.points[used], self.cell, cells, self.facet, facets, number[self.others])


def read_file(path: Path, bodies: list[str] | None = None) -> FileMesh:
    """Read a mesh file.

    Args:
        path: Any file that meshio reads; see `continuum.mesh.read_mesh` for the names of its groups.
        bodies: Groups of cells that are the bodies; None: all groups of cells.

    Raises:
        InputError: the file cannot be read, is empty, has no groups, no such bodies, several kinds of cell,
            or is a surface in space.
    """
    source = _source(path)
    blocks = [(block.type, np.asarray(block.data, dtype=np.int64)) for block in source.cells if len(block.data)]
    dimension = _dimension(path, blocks, len(source.points))
    points = _coordinates(path, np.asarray(source.points, dtype=float), dimension)
    groups = _groups(path, source)
    if not groups:
        raise NoGroups(
            f"The mesh file {path} has no named groups; make a group of each body, interface and boundary "
            "(physical groups in Gmsh, cell sets or integer tags elsewhere)."
        )
    kinds = [next((k for k, _ in blocks if _DIMENSIONS.get(k, 3) == d), "") for d in (dimension, dimension - 1)]
    cells, facets = (groups.get(kind, {}) for kind in kinds)
    bodies = list(cells) if bodies is None else bodies
    _check_bodies(path, bodies, cells, groups, dimension)
    chosen = {name: cells[name] for name in bodies}
    others = _without(np.vstack([data for kind, data in blocks if kind == kinds[0]]), np.vstack(list(chosen.values())))
    if kinds[0] not in SERENDIPITY:
        return FileMesh(points, kinds[0], chosen, kinds[1] if facets else "", facets, others)
    facet, of = (kinds[1], facets) if facets else ("", {})
    tables = [(kinds[0], nodes) for nodes in (*chosen.values(), others)] + [(facet, nodes) for nodes in of.values()]
    points, full = completed(points, tables)
    cells, others = dict(zip(chosen, full, strict=False)), full[len(chosen)]
    facets = dict(zip(of, full[len(chosen) + 1 :], strict=True))
    return FileMesh(points, SERENDIPITY[kinds[0]], cells, SERENDIPITY.get(facet, facet), facets, others)


def _source(path: Path):  # type: ignore[no-untyped-def]
    import meshio

    if not path.is_file():
        raise InputError(f"The mesh file {path} does not exist; give the path relative to the study file.")
    if not path.stat().st_size:
        raise EmptyMesh(f"The mesh file {path} is empty; write it again.")
    try:
        with redirect_stdout(StringIO()):  # meshio prints an empty line
            return meshio.read(path)
    except (Exception, SystemExit) as error:  # meshio's readers raise what they like on a broken file
        raise InputError(
            f"The mesh file {path} cannot be read ({type(error).__name__}: {error}); write it again, best as Gmsh .msh 4.1."
        ) from error


def _dimension(path: Path, blocks: list[tuple[str, IntArray]], nodes: int) -> int:
    """The dimension of the bodies, once their kind of cell is one and supported."""
    if not blocks or not nodes:
        raise EmptyMesh(f"The mesh file {path} has no nodes and cells; mesh the geometry and save all its elements.")
    known = {kind for kind, _ in blocks}
    dimension = max((_DIMENSIONS.get(kind, 3) for kind in known), default=0)
    if dimension < 2:
        raise WrongDimension(
            f"The mesh file {path} holds lines or points only; mesh the surfaces (2D) or volumes (3D) of the bodies."
        )
    kinds = sorted(kind for kind in known if _DIMENSIONS.get(kind, 3) == dimension)
    if len(kinds) > 1:
        raise MixedCells(f"The mesh file {path} mixes {' and '.join(kinds)}; use one kind of cell.")
    if kinds[0] not in CELLS and kinds[0] not in SERENDIPITY:
        choices = [kind for kind, of in (CELLS | {k: CELLS[v] for k, v in SERENDIPITY.items()}).items() if of[2] > 1]
        raise unknown_choice(f"kind of cell in the mesh file {path}", kinds[0], choices)
    for kind, nodes_of in blocks:
        if nodes_of.min() < 0 or nodes_of.max() >= nodes:
            raise MeshError(f"A {kind} in the mesh file {path} names a node that the file does not have; write it again.")
    return dimension


def _coordinates(path: Path, points: FloatArray, dimension: int) -> FloatArray:
    if points.shape[1] < dimension:
        raise WrongDimension(f"The mesh file {path} has cells of dimension {dimension} and {points.shape[1]} coordinates.")
    if dimension == 2 and points.shape[1] == 3:
        finite = points[np.isfinite(points).all(axis=1)]
        if len(finite) and np.ptp(finite[:, 2]) > _FLAT * np.ptp(finite[:, :2], axis=0).max():
            raise WrongDimension(
                f"The mesh file {path} is a surface in space; a plane mesh must have one z coordinate, "
                "and a solid must be meshed in its volume."
            )
        points = points[:, :2]
    return points


def _groups(path: Path, source) -> dict[str, dict[str, IntArray]]:  # type: ignore[no-untyped-def]
    """Entities' nodes by cell type and group name: cell sets, then families and tags."""
    found: dict[str, dict[str, list[IntArray]]] = {}
    for kind, name, nodes in (*_sets(source), *_tagged(path, source)):
        if len(nodes):
            found.setdefault(kind, {}).setdefault(name, []).append(np.asarray(nodes, dtype=np.int64))
    return {kind: {name: np.vstack(parts) for name, parts in of.items()} for kind, of in found.items()}


def _sets(source) -> Iterator[tuple[str, str, IntArray]]:  # type: ignore[no-untyped-def]
    for name, per_block in source.cell_sets.items():
        if not name.startswith("gmsh:"):
            for block, indices in zip(source.cells, per_block, strict=False):
                if indices is not None and len(indices):
                    yield block.type, name, block.data[np.asarray(indices, dtype=int)]


def _tagged(path: Path, source) -> Iterator[tuple[str, str, IntArray]]:  # type: ignore[no-untyped-def]
    """Groups by an integer a cell: Gmsh's tags with their names, MED families, else named by the number."""
    array = _tag_array(path, source)
    if array is None:
        return
    names = {(int(value[0]), int(value[1])): name for name, value in source.field_data.items() if np.size(value) == 2}
    families = getattr(source, "cell_tags", {}) if array == "cell_tags" else {}
    for block, tags in zip(source.cells, source.cell_data[array], strict=True):
        for tag in np.unique(tags):
            key = (int(tag), _DIMENSIONS.get(block.type, 3))
            if key in names and names[key] in source.cell_sets:
                continue
            if families:
                called = families.get(int(tag), [])
            else:
                unset = tag < 0 or (tag == 0 and array in _TAGS)
                called = [] if unset else [names.get(key, str(tag))]
            for name in called:
                yield block.type, name, block.data[np.asarray(tags) == tag]


def _tag_array(path: Path, source) -> str | None:  # type: ignore[no-untyped-def]
    integer = [
        name
        for name, parts in source.cell_data.items()
        if name not in _NO_TAGS and all(np.issubdtype(np.asarray(p).dtype, np.integer) and np.ndim(p) == 1 for p in parts)
    ]
    preferred = [name for name in _TAGS if name in integer]
    if preferred or len(integer) <= 1 or source.cell_sets:
        return next(iter(preferred), integer[0] if len(integer) == 1 and not source.cell_sets else None)
    raise NoGroups(
        f"The mesh file {path} has several integer arrays of its cells ({', '.join(sorted(integer))}); "
        f"keep the one that numbers the groups, or call it {_TAGS[0]!r}."
    )


def _check_bodies(path, bodies, cells, groups, dimension) -> None:  # type: ignore[no-untyped-def]
    of_any = {name: _DIMENSIONS.get(kind, 3) for kind, of in groups.items() for name in of}
    for name in bodies:
        if name not in cells and name in of_any:
            raise WrongDimension(
                f"The group {name!r} in {path.name} has dimension {of_any[name]}, and bodies have dimension {dimension}; "
                f"valid: {', '.join(sorted(cells)) or '(none)'}."
            )
        if name not in cells:
            raise unknown_choice(f"body (group of dimension {dimension} in {path.name})", name, cells)
    if len(set(bodies)) != len(bodies):
        raise InputError(f"The bodies {', '.join(bodies)} name one of them twice.")
    if not bodies:
        raise NoGroups(f"The mesh file {path} has no group of dimension {dimension}; make a group of each body.")


def _without(every: IntArray, chosen: IntArray) -> IntArray:
    """The cells that are not among the chosen ones."""
    if len(every) == len(chosen):
        return every[:0]
    rows = lambda nodes: np.ascontiguousarray(np.sort(nodes, axis=1)).view([("", np.int64)] * nodes.shape[1]).ravel()  # noqa: E731
    return every[~np.isin(rows(every), rows(chosen))]
