"""Graded tensor-product grids of boxes: quads or triangles, hexahedra or tetrahedra, order 1 or 2."""

from collections.abc import Mapping, Sequence
from itertools import pairwise, permutations, product
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

Element = Literal["triangle", "quadrilateral", "tetrahedron", "hexahedron"]
Box = Sequence[tuple[float, float]]
"""Least and largest coordinate along each axis; a facet's box has no extent along its normal."""

_SIMPLICES = ("triangle", "tetrahedron")
_MESHIO = {  # (simplices, dimension): name by order
    (True, 1): ("line", "line3"),
    (False, 1): ("line", "line3"),
    (True, 2): ("triangle", "triangle6"),
    (False, 2): ("quad", "quad9"),
    (True, 3): ("tetra", "tetra10"),
    (False, 3): ("hexahedron", "hexahedron27"),
}
_EDGES = {
    "line": [(0, 1)],
    "triangle": [(0, 1), (1, 2), (2, 0)],
    "quad": [(0, 1), (1, 2), (2, 3), (3, 0)],
    "tetra": [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)],
    "hexahedron": [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)],
}
_INNER: dict[str, list[Sequence[int]]] = {  # corners whose means are the further nodes of second order
    "quad": [range(4)],
    "hexahedron": [(0, 3, 4, 7), (1, 2, 5, 6), (0, 1, 4, 5), (2, 3, 6, 7), range(4), range(4, 8), range(8)],
}


def graded(
    breaks: Sequence[float], *, near: tuple[float, float], fine: float, coarse: float, grading: float
) -> FloatArray:
    """Ends of graded intervals along one axis.

    Args:
        breaks: Increasing coordinates that are to be among them, the first and the last included.
        near: The part where the size is `fine` (at most, if its ends are breaks).
        fine: Size there.
        coarse: Largest size.
        grading: Growth of the size per distance from that part.
    """
    limit = (coarse - fine) / grading

    def count(x: float) -> float:
        """Intervals from near[0] to x."""
        distance = max(x - near[1], near[0] - x, 0.0)
        number = np.log1p(grading * min(distance, limit) / fine) / grading + max(distance - limit, 0.0) / coarse
        return -number if x < near[0] else (min(x, near[1]) - near[0]) / fine + number

    def place(number: FloatArray) -> FloatArray:
        length = (near[1] - near[0]) / fine
        beyond = np.maximum(np.maximum(number - length, -number), 0.0)
        most = np.log1p(grading * limit / fine) / grading
        distance = fine * np.expm1(grading * np.minimum(beyond, most)) / grading + np.maximum(beyond - most, 0) * coarse
        return np.where(number < 0, near[0] - distance, near[0] + np.clip(number, 0, length) * fine + distance)

    parts = [np.array(breaks[:1], dtype=float)]
    for a, b in pairwise(breaks):
        start, end = count(a), count(b)
        points = place(np.linspace(start, end, max(1, int(np.ceil(end - start - 1e-6))) + 1))
        parts.append(np.append(points[1:-1], b))
    return np.concatenate(parts)


def write_grid(
    path: str | Path,
    axes: Sequence[FloatArray],
    bodies: Mapping[str, Box],
    facets: Mapping[str, Box | Sequence[Box]],
    *,
    element: Element,
    order: int = 1,
) -> None:
    """Mesh boxes by the cells of a grid and write a Gmsh file with named physical groups.

    Args:
        path: The .msh file.
        axes: Increasing coordinates of the grid's corners along x, y and, in 3D, z.
        bodies: Boxes of the bodies; the grid's cells in none of them are left out.
        facets: Boxes of the groups of facets; several boxes may make one group.
        element: Kind of element of the grid's dimension; simplices cut each cell along the diagonal
            from its lowest to its highest corner (Kuhn).
        order: 1 or 2.

    Raises:
        InputError: the element does not fit the dimension, or the order is neither 1 nor 2.
    """
    check_element(element, order, len(axes))
    simplices, grid = element in _SIMPLICES, _Grid(axes, order)
    blocks: list[tuple[str, NDArray[np.int64]]] = []
    tags: list[NDArray[np.int64]] = []
    names: dict[str, tuple[int, int]] = {}
    every: list[tuple[str, Any]] = [(name, box) for name, box in bodies.items()]
    for name, boxes in facets.items():
        every += [(name, box) for box in (boxes if np.ndim(boxes) == 3 else (boxes,))]
    for name, box in every:
        dimension = len(axes) - (name in facets)
        number = names.setdefault(name, (len(names) + 1, dimension))[0]
        nodes = grid.cells(box, simplices)
        blocks.append((_MESHIO[simplices, dimension][order - 1], nodes))
        tags.append(np.full(len(nodes), number))
    _write(path, grid.points(), blocks, tags, names)


def check_element(element: str, order: int, dimension: int) -> None:
    """Raise `InputError` unless the kind of element has this dimension and the order is 1 or 2."""
    valid = get_args(Element)[2 * dimension - 4 : 2 * dimension - 2]
    if element not in valid:
        raise unknown_choice(f"kind of element of a specimen of dimension {dimension}", element, valid)
    if order not in (1, 2):
        raise InputError(f"Elements of order {order} are not offered; valid: 1, 2.")


class _Grid:
    """The lattice of nodes: corners, and with order 2 the points halfway."""

    def __init__(self, axes: Sequence[FloatArray], order: int) -> None:
        self.corners, self.order = axes, order
        self.axes = [np.sort(np.concatenate([x, 0.5 * (x[1:] + x[:-1])])) if order == 2 else x for x in axes]
        self.strides = np.cumprod([1, *(len(x) for x in self.axes[:-1])])

    def points(self) -> FloatArray:
        mesh = np.meshgrid(*self.axes[::-1], indexing="ij")[::-1]
        points = np.column_stack([x.ravel() for x in mesh])
        return np.pad(points, ((0, 0), (0, 3 - points.shape[1])))

    def cells(self, box: Box, simplices: bool) -> NDArray[np.int64]:
        """Nodes of the cells in a box; of the facets, where it has no extent along one axis."""
        first, open_axes = [], []
        for axis, (x, (low, high)) in enumerate(zip(self.corners, box, strict=True)):
            if low == high:
                first.append(np.array([np.argmin(np.abs(x - low))]))
            else:
                middle = 0.5 * (x[1:] + x[:-1])
                first.append(np.flatnonzero((middle > low) & (middle < high)))
                open_axes.append(axis)
        lattice = np.stack(np.meshgrid(*first, indexing="ij"), axis=-1).reshape(-1, len(box)) * self.order
        shapes = [self._offsets(corners) @ self.strides[open_axes] for corners in _shapes(len(open_axes), simplices)]
        return np.concatenate([(lattice @ self.strides)[:, None] + shape for shape in shapes])

    def _offsets(self, corners: NDArray[np.int64]) -> NDArray[np.int64]:
        """(nodes, dim) lattice steps from the cell's lowest corner."""
        if self.order == 1:
            return corners
        simplex = len(corners) == corners.shape[1] + 1
        name = _MESHIO[simplex, corners.shape[1]][0]
        further = [*_EDGES[name], *_INNER.get(name, [])]
        doubled: NDArray[np.int64] = 2 * corners
        return np.array([*doubled, *(2 * corners[list(group)].mean(axis=0) for group in further)]).astype(np.int64)


def _shapes(dimension: int, simplices: bool) -> list[NDArray[np.int64]]:
    """Corners, in {0, 1}, of the cells that one grid cell is cut into."""
    if dimension == 1:
        return [np.array([[0], [1]])]
    if not simplices:
        square = [(0, 0), (1, 0), (1, 1), (0, 1)]
        return [np.array(square if dimension == 2 else [(*c, z) for z, c in product((0, 1), square)])]
    shapes = []
    for walk in permutations(np.eye(dimension, dtype=np.int64)):
        corners = np.vstack([np.zeros(dimension, dtype=np.int64), np.cumsum(walk, axis=0)])
        if np.linalg.det(np.array(walk)) < 0:
            corners[[1, 2]] = corners[[2, 1]]
        shapes.append(corners)
    return shapes


def _write(
    path: str | Path,
    points: FloatArray,
    blocks: Sequence[tuple[str, NDArray[np.int64]]],
    tags: Sequence[NDArray[np.int64]],
    names: Mapping[str, Sequence[int]],
) -> None:
    import meshio

    used, inverse = np.unique(np.concatenate([nodes.ravel() for _, nodes in blocks]), return_inverse=True)
    ends = np.cumsum([nodes.size for _, nodes in blocks])
    cells = [
        (kind, part.reshape(nodes.shape)) for (kind, nodes), part in zip(blocks, np.split(inverse, ends), strict=False)
    ]
    data = {"gmsh:physical": tags, "gmsh:geometrical": tags}
    fields = {name: np.array(value) for name, value in names.items()}
    mesh = meshio.Mesh(points[used], cells, cell_data=data, field_data=fields)
    meshio.write(path, mesh, file_format="gmsh22", binary=False)
