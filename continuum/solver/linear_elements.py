"""Linear elements in numpy: displacement gradients, forces and stiffness, in any consistent units.

In two dimensions the displacement still has three components and does not depend on z.
"""

from dataclasses import dataclass, field
from functools import cached_property
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from coupling.contracts import FloatArray
from coupling.errors import InputError

_TRIANGLE = (
    np.array([0.223381589678011, 0.109951743655322]),
    np.array([0.445948490915965, 0.091576213509771]),
)
"""Dunavant's six points of degree 4: weights, and the coordinate that two corners share."""


@dataclass(frozen=True)
class LinearElements:
    """A mesh of triangles or tetrahedra with one gradient an element.

    Attributes:
        points: (n, 3) vertices; for triangles z is ignored.
        simplices: (m, d + 1).
        depth: Of a mesh of triangles along z.
        volumes: (m,) of the elements.
        shape_gradients: (m, d + 1, d) gradients of the shape functions.
    """

    points: FloatArray = field(repr=False)
    simplices: NDArray[np.int64] = field(repr=False)
    depth: float = 1.0
    volumes: FloatArray = field(init=False, repr=False)
    shape_gradients: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        d = self.simplices.shape[1] - 1
        corners = self.points[self.simplices][:, :, :d]
        edges = corners[:, 1:] - corners[:, :1]
        measure = np.linalg.det(edges)
        if np.abs(measure).min() < 1e-12 * np.abs(measure).max():
            raise InputError("An element of the mesh has no volume; remove it.")
        inner = np.linalg.inv(edges).transpose(0, 2, 1)
        gradients = np.concatenate([-inner.sum(axis=1, keepdims=True), inner], axis=1)
        object.__setattr__(self, "volumes", np.abs(measure) / factorial(d) * (self.depth if d == 2 else 1.0))
        object.__setattr__(self, "shape_gradients", gradients)

    @property
    def dimension(self) -> int:
        """Dimension of space."""
        return self.simplices.shape[1] - 1

    @cached_property
    def _differences(self) -> csr_matrix:
        """(m d, n) what takes nodal values to their gradients."""
        m, d = len(self.simplices), self.dimension
        values = self.shape_gradients.transpose(0, 2, 1).ravel()
        columns = np.repeat(self.simplices, d, axis=0).ravel()
        begin = np.arange(0, len(values) + 1, d + 1)
        return csr_matrix((values, columns, begin), shape=(m * d, len(self.points)))

    def gradients(self, displacement: FloatArray) -> FloatArray:
        """(m, 3, 3) ∂u_i/∂x_j of nodal displacements (n, 3)."""
        found = np.zeros((len(self.simplices), 3, 3))
        inner = (self._differences @ displacement).reshape(-1, self.dimension, 3)
        found[:, :, : self.dimension] = inner.transpose(0, 2, 1)
        return found

    def forces(self, stress: FloatArray) -> FloatArray:
        """(n, 3) −Σ_T P_T : ∂∇u_T/∂u of volume-weighted stresses (m, 3, 3): what the elements pull with."""
        columns = stress.transpose(0, 2, 1)[:, : self.dimension].reshape(-1, 3)
        return -(self._differences.T @ columns)

    def stiffness(self, tangent: FloatArray, volumes: FloatArray | None = None) -> csr_matrix:
        """(3n, 3n) of one tangent (3, 3, 3, 3) or one an element, ∂P_ij/∂F_kl."""
        volumes = self.volumes if volumes is None else volumes
        d, m = self.dimension, len(self.simplices)
        tangent = np.asarray(tangent)[..., :, :d, :, :d]
        order = "ijkl" if tangent.ndim == 4 else "mijkl"
        blocks = np.einsum(
            f"m,maj,{order},mbl->maibk", volumes, self.shape_gradients, tangent, self.shape_gradients, optimize=True
        )
        dofs = (3 * self.simplices[:, :, None] + np.arange(3)).reshape(m, -1)
        width = dofs.shape[1]
        rows, columns = np.repeat(dofs, width, axis=1), np.tile(dofs, (1, width))
        size = 3 * len(self.points)
        return csr_matrix((blocks.ravel(), (rows.ravel(), columns.ravel())), shape=(size, size))

    def quadrature(self) -> tuple[FloatArray, FloatArray]:
        """Points (m, q, 3) and weights (q,) that sum to one; degree 4 in triangles, 3 in tetrahedra."""
        if self.dimension == 2:
            shares = [_shares(a, 3) for a in _TRIANGLE[1]]
            weights = np.repeat(_TRIANGLE[0], 3)
            coordinates = np.concatenate(shares)
        else:
            coordinates = np.concatenate([np.full((1, 4), 0.25), _shares(1 / 6, 4)])
            weights = np.array([-0.8, *[0.45] * 4])
        return np.einsum("qa,mai->mqi", coordinates, self.points[self.simplices]), weights


def _shares(shared: float, corners: int) -> FloatArray:
    """Barycentric coordinates of the points at which all corners but one have the same share."""
    points = np.full((corners, corners), shared)
    np.fill_diagonal(points, 1 - (corners - 1) * shared)
    return points
