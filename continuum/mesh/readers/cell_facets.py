"""The facets of cells, with all their nodes: which cells share one, and which facet given nodes are.

Facets are counted as Abaqus counts them (Abaqus Analysis User's Guide, "Two-dimensional" and "Three-dimensional
solid element library", faces S1 to S6); nodes are in VTK's order.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from continuum.mesh.readers.reading import IntArray

_CORNERS = {
    "triangle": ((0, 1), (1, 2), (2, 0)),
    "quad": ((0, 1), (1, 2), (2, 3), (3, 0)),
    "tetra": ((0, 1, 2), (0, 3, 1), (1, 3, 2), (2, 3, 0)),
    "hexahedron": ((0, 1, 2, 3), (4, 7, 6, 5), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0)),
}
_EDGES = {  # in the order of the nodes on their middles
    "triangle": ((0, 1), (1, 2), (2, 0)),
    "quad": ((0, 1), (1, 2), (2, 3), (3, 0)),
    "tetra": ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)),
    "hexahedron": (
        *((0, 1), (1, 2), (2, 3), (3, 0)),
        *((4, 5), (5, 6), (6, 7), (7, 4)),
        *((0, 4), (1, 5), (2, 6), (3, 7)),
    ),
}
_FACE_MIDDLES = {"hexahedron27": (24, 25, 22, 21, 23, 20)}
_KINDS = {  # kind of cell: shape, order, kind of its facets
    "triangle": ("triangle", 1, "line"),
    "triangle6": ("triangle", 2, "line3"),
    "quad": ("quad", 1, "line"),
    "quad8": ("quad", 2, "line3"),
    "quad9": ("quad", 2, "line3"),
    "tetra": ("tetra", 1, "triangle"),
    "tetra10": ("tetra", 2, "triangle6"),
    "hexahedron": ("hexahedron", 1, "quad"),
    "hexahedron20": ("hexahedron", 2, "quad8"),
    "hexahedron27": ("hexahedron", 2, "quad9"),
}


def facet_kind(kind: str) -> str:
    """meshio's name of the facets of a kind of cell."""
    return _KINDS[kind][2]


def has_facets(kind: str) -> bool:
    """Whether the facets of a kind of cell are known."""
    return kind in _KINDS


def facets_a_cell(kind: str) -> int:
    """Number of facets of a kind of cell."""
    return len(_CORNERS[_KINDS[kind][0]])


def facet_nodes(kind: str) -> IntArray:
    """(facets, nodes) places in a cell of the nodes of its facets: corners, middles of edges, middle of the facet."""
    shape, order, _ = _KINDS[kind]
    corners, edges = _CORNERS[shape], _EDGES[shape]
    if order == 1:
        return np.array(corners)
    first = 1 + max(map(max, edges))
    middle = {frozenset(edge): first + i for i, edge in enumerate(edges)}
    rows = []
    for facet in corners:
        around = list(zip(facet, (*facet[1:], facet[0]), strict=True)) if len(facet) > 2 else [facet]
        rows.append([*facet, *(middle[frozenset(edge)] for edge in around)])
    inner = [[node] for node in _FACE_MIDDLES.get(kind, ())] or [[] for _ in corners]
    return np.array([row + inside for row, inside in zip(rows, inner, strict=True)])


@dataclass(frozen=True)
class CellFacets:
    """The facets of all cells of one kind.

    Attributes:
        kind: meshio's name of the kind of cell.
        cells: (n, nodes) nodes of the cells.
    """

    kind: str
    cells: IntArray

    @cached_property
    def nodes(self) -> IntArray:
        """(n · facets a cell, nodes) nodes of the facets, cell after cell."""
        local = facet_nodes(self.kind)
        return self.cells[:, local].reshape(-1, local.shape[1])

    @property
    def corners(self) -> int:
        """Corners of a facet."""
        return len(_CORNERS[_KINDS[self.kind][0]][0])

    @cached_property
    def first(self) -> IntArray:
        """For each facet, the first one with the same corners."""
        return _first_equal(np.sort(self.nodes[:, : self.corners], axis=1))

    @cached_property
    def counts(self) -> IntArray:
        """For each facet, the cells at it."""
        return np.bincount(self.first, minlength=len(self.first))[self.first]

    def cell_of(self, facet: IntArray) -> IntArray:
        """The cells to which facets belong."""
        return facet // facets_a_cell(self.kind)

    def found(self, nodes: IntArray) -> IntArray:
        """The first facet with these nodes, in any order: all its nodes, or its corners; −1 where there is none."""
        own = self.nodes if nodes.shape[1] == self.nodes.shape[1] else self.nodes[:, : self.corners]
        if nodes.shape[1] != own.shape[1]:
            return np.full(len(nodes), -1, dtype=np.int64)
        first = _first_equal(np.sort(np.vstack([own, nodes]), axis=1))[len(own) :]
        return np.where(first < len(own), first, -1)


def _first_equal(rows: IntArray) -> IntArray:
    """For each row, the first row that is equal to it."""
    order = np.lexsort(rows.T)  # stable: equal rows stay in their order
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = np.any(rows[order[1:]] != rows[order[:-1]], axis=1)
    first = np.empty(len(rows), dtype=np.int64)
    first[order] = order[fresh][np.cumsum(fresh) - 1]
    return first
