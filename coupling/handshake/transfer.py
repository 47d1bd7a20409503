"""Between atoms and a mesh: linear interpolation to lattice sites, and its adjoint for forces."""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from coupling.contracts import FloatArray
from coupling.errors import InputError

IntArray = NDArray[np.int64]
_INSIDE = 1e-9


@dataclass(frozen=True)
class Transfer:
    """Piecewise linear interpolation from the vertices of a mesh to sites.

    Attributes:
        weights: (s, n) sparse; each row sums to one, or is empty for a site outside the mesh.
    """

    weights: csr_matrix = field(repr=False)

    def to_sites(self, nodal: FloatArray) -> FloatArray:
        """(s, k) values at the sites of (n, k) values at the vertices; zero outside the mesh."""
        return self.weights @ nodal

    def to_vertices(self, forces: FloatArray) -> FloatArray:
        """(n, k) the adjoint: forces (s, k) on the sites as forces on the vertices, of equal work."""
        return self.weights.T @ forces

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(s,) the site lies in the mesh."""
        return np.diff(self.weights.indptr) > 0


def transfer(vertices: IntArray, simplices: IntArray, sites: IntArray) -> Transfer:
    """The interpolation from a mesh to sites, both in whole lattice coordinates.

    Args:
        vertices: (n, d) lattice coordinates of the mesh.
        simplices: (m, d + 1) its elements.
        sites: (s, d) lattice coordinates, each once.

    Raises:
        InputError: a site is given twice.
    """
    sites, d = np.asarray(sites), vertices.shape[1]
    low, span = sites.min(axis=0), np.ptp(sites, axis=0) + 1
    strides = np.concatenate([[1], np.cumprod(span)[:-1]])
    keys = (sites - low) @ strides
    order = np.argsort(keys)
    if (np.diff(keys[order]) == 0).any():
        raise InputError("A lattice site is listed twice among the sites of a transfer; list each once.")
    index = _Rows(low, span, strides, keys[order])
    owner, shares = np.full(len(sites), -1), np.zeros((len(sites), d + 1))
    corners = vertices[simplices]
    boxes = np.ptp(corners, axis=1)
    for box in np.unique(boxes, axis=0):
        members = np.flatnonzero((boxes == box).all(axis=1))
        held, place = index.within(corners[members].min(axis=1), box)
        chosen, element = order[place], members[held]
        inside, coordinates = _coordinates(corners[element], sites[chosen])
        owner[chosen[inside]], shares[chosen[inside]] = element[inside], coordinates[inside]
    found = owner >= 0
    rows = np.repeat(np.flatnonzero(found), d + 1)
    columns, values = simplices[owner[found]].ravel(), shares[found].ravel()
    keep = np.abs(values) > _INSIDE
    shape = (len(sites), len(vertices))
    return Transfer(csr_matrix((values[keep], (rows[keep], columns[keep])), shape=shape))


@dataclass(frozen=True)
class _Rows:
    """Sites by sorted keys, those of a row along the first axis one after another."""

    low: IntArray
    span: IntArray
    strides: IntArray
    keys: IntArray

    def within(self, origins: IntArray, widths: IntArray) -> tuple[IntArray, IntArray]:
        """Boxes with these lower corners (m, d) and widths (d,), and the sites in them: two indices a pair."""
        offsets = np.array(list(product(*(range(width + 1) for width in widths[1:]))))
        begin = np.clip(origins[:, 0] - self.low[0], 0, self.span[0])
        end = np.clip(origins[:, 0] - self.low[0] + widths[0] + 1, 0, self.span[0])
        others = origins[:, None, 1:] - self.low[1:] + offsets
        known = ((others >= 0) & (others < self.span[1:])).all(axis=2)
        box, row = np.nonzero(known)
        start = others[box, row] @ self.strides[1:]
        first, last = (np.searchsorted(self.keys, start + side[box]) for side in (begin, end))
        count = last - first
        place = np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count)
        return np.repeat(box, count), place


def _coordinates(corners: IntArray, points: IntArray) -> tuple[NDArray[np.bool_], FloatArray]:
    """Barycentric coordinates (p, d + 1) of points (p, d), each in its simplex (p, d + 1, d), and whether it lies inside."""
    inverse = np.linalg.inv((corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1).astype(float))
    local = np.einsum("pij,pj->pi", inverse, points - corners[:, 0])
    coordinates = np.concatenate([1 - local.sum(axis=1, keepdims=True), local], axis=1)
    return (coordinates > -_INSIDE).all(axis=1), coordinates
