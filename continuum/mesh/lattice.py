"""Meshes of triangles or tetrahedra whose vertices are all sites of a Bravais lattice.

Tagged bisection (Maubach, SIAM J. Sci. Comput. 16 (1995) 210) of a grid of Kuhn's simplices: in lattice
coordinates the finest elements are the simplices of the unit cell, so that at full refinement every
site is a vertex and every vertex a site, and the coarsening is conforming wherever it is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations, permutations, product
from math import factorial

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.errors import InputError

IntArray = NDArray[np.int64]
SizeFunction = Callable[[FloatArray], FloatArray]
"""Lattice coordinates (n, d) to the wanted size of elements there, in lattice units."""

_SPAN = 1 << 20
"""Lattice coordinates stay below half of this."""


@dataclass(frozen=True)
class LatticeMesh:
    """A conforming mesh on sites of a lattice.

    Attributes:
        sites: (n, d) lattice coordinates of the vertices, d = 2 or 3.
        simplices: (m, d + 1) vertices of each element.
        boundary: (n,) True on the faces of the box.
        lower: (d,) lower corner of the box.
        upper: (d,) upper corner.
    """

    sites: IntArray
    simplices: IntArray = field(repr=False)
    boundary: NDArray[np.bool_] = field(repr=False)
    lower: IntArray
    upper: IntArray

    @property
    def dimension(self) -> int:
        """Dimension of space."""
        return self.sites.shape[1]

    def vertices_of(self, sites: IntArray) -> IntArray:
        """(k,) the vertex at each of k sites; -1 where there is none."""
        return rows_of(self.sites, sites)

    @property
    def shares(self) -> FloatArray:
        """(n,) sites that each vertex stands for: its share of the elements' volumes."""
        volumes = _volumes(self.sites, self.simplices)
        corners = self.simplices.shape[1]
        return np.bincount(self.simplices.ravel(), np.repeat(volumes / corners, corners), len(self.sites))


def rows_of(known: IntArray, sites: IntArray) -> IntArray:
    """(k,) the row of each of k sites (k, d) among those that are known (n, d), each once; -1 where there is none."""
    if not len(known):
        return np.full(len(sites), -1)
    keys, wanted = _keys(known), _keys(sites)
    order = np.argsort(keys)
    found = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[found] == wanted, found, -1)


def lattice_mesh(cells: tuple[int, ...], level: int, size: SizeFunction) -> LatticeMesh:
    """A mesh of a box of lattice cells, refined until no element is larger than wanted.

    Args:
        cells: (d,) coarsest elements' cells along each lattice vector, d = 2 or 3.
        level: The coarsest cells are 2**level lattice cells wide.
        size: Wanted size in lattice units; 1 or less gives all sites.

    Returns:
        The mesh; the box is centred on the site 0.

    Raises:
        InputError: the box is empty, or not of two or three dimensions.
    """
    if len(cells) not in (2, 3) or min(cells) < 1 or not 0 <= level <= 16:
        raise InputError(f"A box of {cells} cells of width 2**{level} cannot be meshed; give 2 or 3 counts from 1.")
    width = 1 << level
    extent = np.array(cells) * width
    if (extent % 2).any():
        raise InputError(f"A box of {extent.tolist()} lattice cells has no site at its centre; give even numbers.")
    sites, simplices = _kuhn(cells, width)
    mesh = _Bisection(sites - extent // 2, simplices)
    while True:
        coarse = mesh.coarser_than(size)
        if not coarse.any():
            break
        mesh.bisect(coarse)
        mesh.conform()
    lower, upper = -extent // 2, extent // 2
    on_faces = ((mesh.sites == lower) | (mesh.sites == upper)).any(axis=1)
    return LatticeMesh(mesh.sites, mesh.simplices, on_faces, lower, upper)


def _kuhn(cells: tuple[int, ...], width: int) -> tuple[IntArray, IntArray]:
    """Kuhn's simplices of each cell, mirrored from cell to cell, in the order that bisection wants."""
    d = len(cells)
    corners, paths = [], list(permutations(range(d)))
    for cell in product(*map(range, cells)):
        mirrored = np.array(cell) % 2
        step = 1 - 2 * mirrored
        for path in paths:
            walk = np.zeros((d + 1, d), dtype=np.int64)
            for k, axis in enumerate(path):
                walk[k + 1 :, axis] += 1
            corners.append((np.array(cell) + mirrored + walk * step) * width)
    points = np.array(corners).reshape(-1, d)
    sites, where = np.unique(points, axis=0, return_inverse=True)
    return sites, where.reshape(-1, d + 1)


class _Bisection:
    """Simplices (x_0 … x_d) with tags k; the edge x_0 x_k is the next to be halved."""

    def __init__(self, sites: IntArray, simplices: IntArray) -> None:
        self.sites, self.simplices = sites, simplices
        self.d = sites.shape[1]
        self.tags = np.full(len(simplices), self.d)

    def coarser_than(self, size: SizeFunction) -> NDArray[np.bool_]:
        """Elements that are larger than wanted at a corner or at the centre, and not yet the finest."""
        corners = self.sites[self.simplices].astype(float)
        points = np.concatenate([corners, corners.mean(axis=1, keepdims=True)], axis=1)
        own = np.round(_volumes(self.sites, self.simplices) * factorial(self.d)) ** (1 / self.d)
        wanted = np.full(len(own), np.inf)
        large = own > 1.0 + 1e-9
        wanted[large] = size(points[large].reshape(-1, self.d)).reshape(-1, self.d + 2).min(axis=1)
        return large & (own > np.maximum(wanted, 1.0) + 1e-9)

    def bisect(self, marked: NDArray[np.bool_]) -> None:
        """Halve the marked elements."""
        old, tags = self.simplices[marked], self.tags[marked]
        rows = np.arange(len(old))
        middle = self._middles(old[:, 0], old[rows, tags])
        first, second = old.copy(), old.copy()
        first[rows, tags] = middle
        columns = np.arange(self.d + 1)
        shifted = np.where(columns < tags[:, None], columns + 1, columns)
        second = np.take_along_axis(old, np.minimum(shifted, self.d), axis=1)
        second[rows, tags] = middle
        lower = np.where(tags > 1, tags - 1, self.d)
        self.simplices = np.concatenate([self.simplices[~marked], first, second])
        self.tags = np.concatenate([self.tags[~marked], lower, lower])

    def conform(self) -> None:
        """Halve elements until no vertex lies in the middle of another element's edge."""
        while True:
            hanging = self._hanging()
            if not hanging.any():
                return
            self.bisect(hanging)

    def _middles(self, a: IntArray, b: IntArray) -> IntArray:
        """Vertices in the middles of edges, made where they are missing."""
        points = (self.sites[a] + self.sites[b]) // 2
        keys, first, where = np.unique(_keys(points), return_index=True, return_inverse=True)
        known = _keys(self.sites)
        order = np.argsort(known)
        place = np.minimum(np.searchsorted(known, keys, sorter=order), len(known) - 1)
        ids = order[place]
        new = known[ids] != keys
        ids[new] = len(known) + np.arange(new.sum())
        self.sites = np.concatenate([self.sites, points[first[new]]])
        return ids[where]

    def _hanging(self) -> NDArray[np.bool_]:
        known = np.sort(_keys(self.sites))
        found = np.zeros(len(self.simplices), dtype=bool)
        for i, j in combinations(range(self.d + 1), 2):
            total = self.sites[self.simplices[:, i]] + self.sites[self.simplices[:, j]]
            even = ~(total % 2).any(axis=1)
            keys = _keys(total[even] // 2)
            place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            found[np.flatnonzero(even)[known[place] == keys]] = True
        return found


def _keys(sites: IntArray) -> IntArray:
    """One number for each site."""
    return (sites + _SPAN // 2) @ (_SPAN ** np.arange(sites.shape[1], dtype=np.int64))


def _volumes(sites: IntArray, simplices: IntArray) -> FloatArray:
    """(m,) volumes in lattice cells."""
    corners = sites[simplices].astype(float)
    d = sites.shape[1]
    return np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / factorial(d)
