"""Whether cells that touch share their nodes: coincident nodes, and nodes that hang inside a facet."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from continuum.mesh.readers.reading import IntArray, MeshError
from continuum.mesh.topology import Topology, place
from coupling.contracts import FloatArray

_TOUCHING = 1e-6  # distance over a facet's length below which a node lies on another, or on a facet


class NonConforming(MeshError):
    """Cells touch without sharing their nodes."""


def coincident(topology: Topology) -> tuple[IntArray, IntArray]:
    """Distinct nodes of outer facets at the same places.

    Returns:
        (n, 2) nodes, and (n, 2) a cell at each.
    """
    points, outer = topology.mesh.points, np.flatnonzero(topology.counts == 1)
    nodes, first = np.unique(topology.facets[outer].ravel(), return_index=True)
    length = _lengths(points, topology.facets[outer])
    at = first // topology.facets.shape[1]
    near = cKDTree(points[nodes]).query_pairs(_TOUCHING * length.max(), output_type="ndarray")
    apart = np.linalg.norm(points[nodes[near[:, 0]]] - points[nodes[near[:, 1]]], axis=1)
    near = near[apart < _TOUCHING * length[at[near]].min(axis=1)]
    return nodes[near], topology.cell_of(outer[at[near]])


def check_joints(topology: Topology) -> None:
    """Parts with nodes at the same places share facets: else they only seem to be joined."""
    parts, (nodes, cells) = _parts(topology), coincident(topology)
    joined = {frozenset(pair) for pair in np.unique(parts[topology.cell_of(topology.pairs)], axis=0).tolist()}
    for node, pair, owners in zip(nodes[:, 0], parts[cells].tolist(), topology.owner[cells], strict=True):
        if pair[0] != pair[1] and frozenset(pair) not in joined:
            names = [list(topology.mesh.cells)[owner] for owner in owners]
            what = (
                f"the bodies {names[0]!r} and {names[1]!r}"
                if names[0] != names[1]
                else f"two parts of body {names[0]!r}"
            )
            raise NonConforming(
                f"Between {what} {len(nodes)} nodes lie at the same places but are not the same, the first at "
                f"{place(topology.mesh.points[node])}; merge them (in Gmsh: a boolean fragment before meshing; in Abaqus/CAE: merge the "
                "instances and retain the boundaries between them)."
            )


def _parts(topology: Topology) -> IntArray:
    """A number for each cell, equal for cells of one body that are connected through facets."""
    cells = topology.cell_of(topology.pairs)
    cells = cells[topology.owner[cells[:, 0]] == topology.owner[cells[:, 1]]]
    size = len(topology.nodes)
    links = coo_array((np.ones(len(cells), dtype=np.int8), (cells[:, 0], cells[:, 1])), shape=(size, size))
    return connected_components(links, directed=False)[1].astype(np.int64)


def check_hanging(topology: Topology) -> None:
    """No node lies inside a facet of other cells."""
    points = topology.mesh.points
    facets = topology.facets[topology.counts == 1]
    nodes = np.unique(facets)
    corners = points[facets]
    centre = corners.mean(axis=1)
    radius = np.linalg.norm(corners - centre[:, None], axis=2).max(axis=1)
    close = cKDTree(points[nodes]).query_ball_point(centre, radius, return_sorted=False)
    facet = np.repeat(np.arange(len(facets)), [len(found) for found in close])
    node = nodes[np.concatenate([np.array(found, dtype=np.int64) for found in close])]
    length = _lengths(points, facets)[facet]
    apart = np.linalg.norm(corners[facet] - points[node][:, None], axis=2).min(axis=1)
    facet, node, length = (array[apart > _TOUCHING * length] for array in (facet, node, length))
    inside = _distance(corners[facet], points[node]) < _TOUCHING * length
    if inside.any():
        raise NonConforming(
            f"A node hangs at {place(points[node[inside][0]])}, inside a facet whose corners are others "
            f"({np.count_nonzero(inside)} such places); mesh both sides of the interface with the same nodes "
            "(in Gmsh: a boolean fragment before meshing)."
        )


def _distance(corners: FloatArray, point: FloatArray) -> FloatArray:
    """Distance of points to straight facets (n, corners, dim)."""
    if corners.shape[1] == 2:
        return _to_segment(corners[:, 0], corners[:, 1], point)
    triangles = [(0, 1, 2)] if corners.shape[1] == 3 else [(0, 1, 2), (0, 2, 3)]
    return np.array([_to_triangle(corners[:, list(t)], point) for t in triangles]).min(axis=0)


def _to_segment(a: FloatArray, b: FloatArray, point: FloatArray) -> FloatArray:
    along = b - a
    share = np.einsum("ni,ni->n", point - a, along) / np.einsum("ni,ni->n", along, along)
    return np.linalg.norm(a + np.clip(share, 0, 1)[:, None] * along - point, axis=1)


def _to_triangle(corners: FloatArray, point: FloatArray) -> FloatArray:
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    height = np.einsum("ni,ni->n", point - a, normal) / area
    foot = point - height[:, None] * normal / area[:, None]
    sides = [np.einsum("ni,ni->n", np.cross(q - p, foot - p), normal) for p, q in ((a, b), (b, c), (c, a))]
    edges = np.min([_to_segment(p, q, point) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    return np.where(np.min(sides, axis=0) >= 0, np.abs(height), edges)


def _lengths(points: FloatArray, facets: IntArray) -> FloatArray:
    """Shortest edge of each facet."""
    at = points[facets]
    return np.linalg.norm(at - np.roll(at, 1, axis=1), axis=2).min(axis=1)
