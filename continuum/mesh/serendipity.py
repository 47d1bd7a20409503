"""Serendipity cells as full second-order ones of exactly the same geometry.

The serendipity map of a quad8 or a hexahedron20 lies in the full biquadratic space, so the nodes in
the middle of faces and cells are where that map puts them.
"""

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray

SERENDIPITY = {"quad8": "quad9", "hexahedron20": "hexahedron27"}

_FACES: dict[str, list[tuple[int, ...]]] = {  # corners, then middles of edges, in the order of VTK's face nodes
    "quad8": [tuple(range(8))],
    "hexahedron20": [
        (0, 3, 7, 4, 11, 19, 15, 16),
        (1, 2, 6, 5, 9, 18, 13, 17),
        (0, 1, 5, 4, 8, 17, 12, 16),
        (3, 2, 6, 7, 10, 18, 14, 19),
        (0, 1, 2, 3, 8, 9, 10, 11),
        (4, 5, 6, 7, 12, 13, 14, 15),
    ],
}


def completed(
    points: FloatArray, tables: list[tuple[str, NDArray[np.int64]]]
) -> tuple[FloatArray, list[NDArray[np.int64]]]:
    """Add the nodes inside faces and cells; faces with the same corners share theirs.

    Args:
        points: (n, dim) coordinates.
        tables: meshio's kind and the (n, nodes) nodes of each group of cells or facets; other kinds
            than serendipity ones stay as they are.

    Returns:
        The coordinates with the further nodes, and the nodes of each table.
    """
    points, faces = np.asarray(points), [nodes[:, face] for kind, nodes in tables for face in _FACES.get(kind, [])]
    every = np.vstack(faces)
    _, first, inverse = np.unique(np.sort(every[:, :4], axis=1), axis=0, return_index=True, return_inverse=True)
    numbers = iter(np.split(len(points) + inverse.ravel(), np.cumsum([len(face) for face in faces])[:-1]))
    corners, middles = points[every[first, :4]], points[every[first, 4:]]
    points = np.vstack([points, 0.5 * middles.sum(axis=1) - 0.25 * corners.sum(axis=1)])
    full = []
    for kind, nodes in tables:
        further = [next(numbers)[:, None] for _ in _FACES.get(kind, [])]
        if kind == "hexahedron20":
            further.append(len(points) + np.arange(len(nodes))[:, None])
            at = points[nodes]
            points = np.vstack([points, 0.25 * at[:, 8:].sum(axis=1) - 0.25 * at[:, :8].sum(axis=1)])
        full.append(np.hstack([nodes, *further]))
    return points, full
