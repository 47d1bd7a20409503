"""A mesh that is broken between grains: each grain has its own nodes, on the ranks that its cells are on already.

With one body a grain a polycrystal would have a submesh, a function space and forms for each of its hundreds of grains.
Broken, all grains are one body with one displacement field, which jumps across every boundary between two of them; a node
at which three grains or more meet is there once for each.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import dolfinx, ufl
from continuum.mesh.readers.reading import IntArray
from coupling.contracts import FloatArray

_OWNER, _GHOST = 2, 1


def broken_mesh(
    parent: "dolfinx.mesh.Mesh", element: "ufl.Mesh", cells: IntArray, points: FloatArray, grain: NDArray[np.int32]
) -> "tuple[dolfinx.mesh.Mesh, NDArray[np.int32]]":
    """The cells of grains as a mesh of their own, in which no two grains share a node. Collective.

    Args:
        parent: The distributed mesh; each rank keeps its cells, ghosts included.
        element: Of its coordinates.
        cells: (n, nodes) all cells as they were distributed; none away from rank 0.
        points: (m, dim) m, likewise.
        grain: (n,) number of each cell's grain, −1: in none; likewise.

    Returns:
        The mesh, and (k,) cells of the parent by its own cells on this rank.
    """
    comm = parent.comm
    chosen = np.flatnonzero(grain >= 0)
    held = _held(parent, len(cells))[chosen]

    def stay(*_: Any) -> Any:
        """The ranks of each cell, its owner first (dolfinx's partitioner)."""
        counts = np.count_nonzero(held, axis=1)
        order = np.argsort(-held, axis=1, kind="stable").astype(np.int32)
        offsets = np.append(0, np.cumsum(counts)).astype(np.int32)
        return dolfinx.graph.adjacencylist(order[np.arange(comm.size) < counts[:, None]], offsets)._cpp_object

    pairs = np.stack(np.broadcast_arrays(cells[chosen], grain[chosen, None]), axis=-1).reshape(-1, 2)
    used, nodes = np.unique(pairs, axis=0, return_inverse=True)
    own = nodes.reshape(-1, cells.shape[1]).astype(np.int64)
    mesh = dolfinx.mesh.create_mesh(comm, own, element, points[used[:, 0]], partitioner=stay)
    at = np.full(comm.bcast(len(cells)), -1, dtype=np.int32)
    at[parent.topology.original_cell_index] = np.arange(len(parent.topology.original_cell_index))
    return mesh, at[comm.bcast(chosen)[mesh.topology.original_cell_index]]


def _held(parent: "dolfinx.mesh.Mesh", count: int) -> NDArray[np.int8]:
    """(count, ranks) whether a rank owns a cell, or has it as a ghost; none away from rank 0. Collective."""
    comm, index = parent.comm, parent.topology.index_map(parent.topology.dim)
    held = np.zeros((count, comm.size), dtype=np.int8)
    for rank, (cells, owned) in enumerate(
        comm.gather((np.asarray(parent.topology.original_cell_index), index.size_local)) or []
    ):
        held[cells, rank] = _GHOST
        held[cells[:owned], rank] = _OWNER
    return held
