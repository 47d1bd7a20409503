"""The cells of a mesh file with their facets: which cells share which."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from continuum.mesh.file import FileMesh
from continuum.mesh.readers.reading import CELLS, IntArray
from coupling.contracts import FloatArray

_FACETS: dict[str, list[tuple[int, ...]]] = {  # corners of the facets, outward if the cell is upright
    "triangle": [(0, 1), (1, 2), (2, 0)],
    "quadrilateral": [(0, 1), (1, 2), (2, 3), (3, 0)],
    "tetrahedron": [(0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)],
    "hexahedron": [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)],
}


@dataclass(frozen=True)
class Topology:
    """The cells of all bodies with their facets.

    Attributes:
        mesh: The mesh of the file.
        shape: basix's name of the kind of cell.
        nodes: (n, nodes) nodes of all cells, body after body.
        owner: (n,) index of each cell's body.
    """

    mesh: FileMesh
    shape: str
    nodes: IntArray
    owner: IntArray

    @classmethod
    def of(cls, mesh: FileMesh) -> "Topology":
        """The topology of a mesh's bodies."""
        sizes = [len(nodes) for nodes in mesh.cells.values()]
        return cls(
            mesh, CELLS[mesh.cell][0], np.vstack(list(mesh.cells.values())), np.repeat(np.arange(len(sizes)), sizes)
        )

    @cached_property
    def corners(self) -> IntArray:
        """(n_cells, corners) the nodes of the cells without those on edges, faces and insides."""
        return self.nodes[:, : 1 + max(map(max, _FACETS[self.shape]))]

    @cached_property
    def facets(self) -> IntArray:
        """(n_cells · facets a cell, corners) outward corners, cell after cell."""
        return self.corners[:, _FACETS[self.shape]].reshape(-1, len(_FACETS[self.shape][0]))

    @cached_property
    def numbers(self) -> IntArray:
        """Number of each of `facets`, equal for those with the same corners."""
        return matched(np.sort(self.facets, axis=1))

    @cached_property
    def counts(self) -> IntArray:
        """Cells at each of `facets`."""
        return np.bincount(self.numbers)[self.numbers]

    @cached_property
    def pairs(self) -> IntArray:
        """(n, 2) positions in `facets` of the facets that two cells share."""
        order = np.argsort(self.numbers, kind="stable")
        return order[self.counts[order] == 2].reshape(-1, 2)

    def cell_of(self, facet: IntArray) -> IntArray:
        """The cells to which facets belong, both by number."""
        return facet // len(_FACETS[self.shape])

    def called(self, cell: int) -> str:
        """The cell's number, body and position, for messages."""
        owner = int(self.owner[cell])
        number = cell - int(np.searchsorted(self.owner, owner)) + 1
        centre = self.mesh.points[self.corners[cell]].mean(axis=0)
        return f"{self.mesh.cell} {number} of body {list(self.mesh.cells)[owner]!r}, centred at {place(centre)},"


def matched(keys: IntArray) -> IntArray:
    """A number for each row, equal for equal rows."""
    order = np.lexsort(keys.T)
    fresh = np.any(keys[order[1:]] != keys[order[:-1]], axis=1)
    numbers = np.empty(len(keys), dtype=np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(fresh)])
    return numbers


def place(point: FloatArray) -> str:
    """A point as messages write it."""
    return "(" + ", ".join(f"{x:.6g}" for x in point) + ")"
