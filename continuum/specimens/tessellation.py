"""Voronoi tessellations of a rectangle or a box: regularised by Lloyd's steps, without edges too short to mesh.

A Voronoi cell of random seeds has edges as short as one likes, which would either be meshed by slivers or by far more
elements than the grains want. Lloyd's steps move each seed to its cell's centroid (Lloyd, IEEE Trans. Inf. Theory 28 (1982)
129), which makes grains alike in size and edges long; those that are still too short are collapsed to points, so that more
than three grains (in 3D more than four) may meet there (Quey, Dawson & Barbe, Comput. Methods Appl. Mech. Engng 200 (2011)
1729, remove them likewise).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, Voronoi

from coupling.contracts import FloatArray
from coupling.errors import InputError

IntArray = NDArray[np.int64]
_ON_SIDE = 1e-9  # of the box: how near a vertex is to a side that it is on
_SAME = 1e-9  # of the box: vertices nearer than that are one


@dataclass(frozen=True)
class Tessellation:
    """Grains that fill a rectangle or a box.

    Attributes:
        vertices: (n, dim) corners of all grains.
        faces: The polygons of corners between two grains, or of one on a side of the box; in 2D edges of two corners.
        grains: The faces of each grain, by number.
        box: (dim,) size of the box, whose lowest corner is the origin.
    """

    vertices: FloatArray
    faces: tuple[tuple[int, ...], ...]
    grains: tuple[tuple[int, ...], ...]
    box: FloatArray

    def side(self, face: int) -> tuple[int, int] | None:
        """Axis and end (0 or 1) of the side of the box that a face is on; None: it lies between two grains."""
        points = self.vertices[list(self.faces[face])]
        for axis, size in enumerate(self.box):
            for end in (0, 1):
                if np.abs(points[:, axis] - end * size).max() < _ON_SIDE * self.box.max():
                    return axis, end
        return None


def voronoi(box: Sequence[float], number: int, seed: int, *, lloyd: int, shortest: float) -> Tessellation:
    """Grains about random seeds in a rectangle or a box.

    Args:
        box: Its size along each axis, 2 or 3 of them.
        number: Of grains.
        seed: Of the random numbers.
        lloyd: Lloyd's steps.
        shortest: Edges shorter than that are collapsed.

    Raises:
        InputError: collapsing leaves a grain without area or volume.
    """
    size = np.array(box, dtype=float)
    seeds = np.random.default_rng(seed).random((number, len(size))) * size
    for _ in range(lloyd):
        seeds = np.array([_centroid(corners) for corners in _cells(seeds, size)])
    diagram = _diagram(seeds, size)
    return _collapsed(diagram, size, number, shortest)


def _diagram(seeds: FloatArray, size: FloatArray) -> Voronoi:
    """The diagram of the seeds and of their images beyond each side, so that the sides are faces of it."""
    images = [seeds]
    for axis, length in enumerate(size):
        for end in (0.0, length):
            image = seeds.copy()
            image[:, axis] = 2 * end - image[:, axis]
            images.append(image)
    return Voronoi(np.concatenate(images))


def _cells(seeds: FloatArray, size: FloatArray) -> list[FloatArray]:
    diagram = _diagram(seeds, size)
    return [diagram.vertices[diagram.regions[diagram.point_region[k]]] for k in range(len(seeds))]


def _centroid(corners: FloatArray) -> FloatArray:
    """Of the convex hull of some points."""
    hull, middle = ConvexHull(corners), corners.mean(axis=0)
    simplices = corners[hull.simplices]
    volumes = np.abs(np.linalg.det(simplices - middle))
    centres = (simplices.sum(axis=1) + middle) / (corners.shape[1] + 1)
    return volumes @ centres / volumes.sum()


def _collapsed(diagram: Voronoi, size: FloatArray, number: int, shortest: float) -> Tessellation:
    """The faces of the first cells of a diagram, their short edges collapsed."""
    pairs, ridges = [], []
    for (first, second), ridge in zip(diagram.ridge_points, diagram.ridge_vertices, strict=True):
        if min(first, second) < number:
            pairs.append((first, second))
            ridges.append(ridge)
    used, inverse = np.unique(np.concatenate([np.array(ridge) for ridge in ridges]), return_inverse=True)
    ends = np.cumsum([0, *(len(ridge) for ridge in ridges)])
    loops = [tuple(inverse[a:b].tolist()) for a, b in pairwise(ends)]
    points = np.clip(diagram.vertices[used], 0.0, size)
    groups = _groups(points, loops, size, max(shortest, _SAME * size.max()))
    vertices = np.array([_middle(points[groups == group], size) for group in range(groups.max() + 1)])
    faces: list[tuple[int, ...]] = []
    grains: list[list[int]] = [[] for _ in range(number)]
    for pair, loop in zip(pairs, loops, strict=True):
        left = _without_repeats([int(groups[corner]) for corner in loop])
        if len(left) < len(size):
            continue
        for grain in pair:
            if grain < number:
                grains[grain].append(len(faces))
        faces.append(tuple(left))
    for grain, its in enumerate(grains):
        if len(its) <= len(size):
            raise InputError(
                f"Grain {grain} is no larger than the shortest edge that is meshed ({shortest:g}); take a smaller element size, "
                "fewer grains, or more steps of Lloyd's."
            )
    return Tessellation(vertices, tuple(faces), tuple(map(tuple, grains)), size)


def _groups(points: FloatArray, loops: Sequence[tuple[int, ...]], size: FloatArray, shortest: float) -> IntArray:
    """(n,) number of the vertex that each vertex becomes: short edges collapse, the shortest first."""
    edges = np.unique([sorted(edge) for loop in loops for edge in _edges(loop)], axis=0)
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    groups = np.arange(len(points))
    for edge in np.argsort(lengths, kind="stable"):
        if lengths[edge] >= shortest:
            break
        first, second = groups[edges[edge]]
        both = (groups == first) | (groups == second)
        if _may_join(points[both], size, shortest):
            groups[both] = first
    return np.unique(groups, return_inverse=True)[1]


def _may_join(points: FloatArray, size: FloatArray, shortest: float) -> bool:
    """Whether vertices may become one: a chain of short edges must not eat a grain, nor join opposite sides of the box."""
    apart = np.ptp(points, axis=0)
    return bool(np.linalg.norm(apart) < 2 * shortest and (apart < 0.5 * size).all())


def _edges(loop: Sequence[int]) -> list[tuple[int, int]]:
    return [(loop[0], loop[1])] if len(loop) == 2 else list(zip(loop, (*loop[1:], loop[0]), strict=True))


def _middle(points: FloatArray, size: FloatArray) -> FloatArray:
    """The mean of vertices that become one; on the sides of the box that any of them is on."""
    middle = points.mean(axis=0)
    for axis, length in enumerate(size):
        for end in (0.0, length):
            if (np.abs(points[:, axis] - end) < _ON_SIDE * size.max()).any():
                middle[axis] = end
    return middle


def _without_repeats(loop: list[int]) -> list[int]:
    """A polygon's corners, or an edge's, those that became one once."""
    if len(loop) == 2:
        return list(dict.fromkeys(loop))
    return [one for one, before in zip(loop, [loop[-1], *loop[:-1]], strict=True) if one != before]
