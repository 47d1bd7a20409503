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
    owner, shares = np.full(len(sites), -1), np.zeros((len(sites), d + 1))
    corners = vertices[simplices]
    boxes = np.ptp(corners, axis=1)
    for box in np.unique(boxes, axis=0):
        members = np.flatnonzero((boxes == box).all(axis=1))
        offsets = np.array(list(product(*(range(width + 1) for width in box))))
        _locate(corners, members, offsets, (low, span, strides, keys[order], order), owner, shares)
    found = owner >= 0
    rows = np.repeat(np.flatnonzero(found), d + 1)
    columns, values = simplices[owner[found]].ravel(), shares[found].ravel()
    keep = np.abs(values) > _INSIDE
    shape = (len(sites), len(vertices))
    return Transfer(csr_matrix((values[keep], (rows[keep], columns[keep])), shape=shape))


def _locate(
    corners: IntArray,
    members: IntArray,
    offsets: IntArray,
    index: tuple[IntArray, IntArray, IntArray, IntArray, IntArray],
    owner: IntArray,
    shares: FloatArray,
) -> None:
    """Enter the sites in elements of one bounding box: which element owns them, and with which coordinates."""
    low, span, strides, sorted_keys, order = index
    origin = corners[members].min(axis=1)
    points = origin[:, None] + offsets
    inverse = np.linalg.inv((corners[members, 1:] - corners[members, :1]).transpose(0, 2, 1).astype(float))
    local = np.einsum("mij,mkj->mki", inverse, points - corners[members, :1])
    coordinates = np.concatenate([1 - local.sum(axis=2, keepdims=True), local], axis=2)
    within = (coordinates > -_INSIDE).all(axis=2) & ((points >= low) & (points < low + span)).all(axis=2)
    element, point = np.nonzero(within)
    wanted = (points[element, point] - low) @ strides
    place = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    hit = sorted_keys[place] == wanted
    chosen = order[place[hit]]
    owner[chosen] = members[element[hit]]
    shares[chosen] = coordinates[element[hit], point[hit]]
