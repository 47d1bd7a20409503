"""The softest modes at a point without the whole Hessian: Rayleigh-Ritz on products by central differences of gradients.

Lanczos' subspace, with all vectors kept and the residuals as the new ones (Davidson without a preconditioner).
"""

from typing import NamedTuple

import numpy as np

from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import Search, evaluated
from coupling.contracts import FloatArray

_STEP = 0.005
"""Å that the atom that moves farthest is displaced."""


class Modes(NamedTuple):
    """Softest modes.

    Attributes:
        curvatures: (k,) eV/Å², rising.
        vectors: (k, m) of unit norm.
        residuals: (k,) ‖H v − κ v‖, eV/Å².
        basis: (j, m) orthonormal vectors that were multiplied with the Hessian.
        products: (j, m) these products, eV/Å².
    """

    curvatures: FloatArray
    vectors: FloatArray
    residuals: FloatArray
    basis: FloatArray
    products: FloatArray


def softest_modes(
    landscape: Landscape,
    point: FloatArray,
    start: FloatArray,
    *,
    count: int = 1,
    tolerance: float = 0.02,
    most: int = 40,
) -> Search[Modes]:
    """The modes of least curvature, rigid motions left out.

    Args:
        landscape: The landscape.
        point: (m,) Å.
        start: (m,) guess of the softest; it must not be orthogonal to it by symmetry.
        count: How many.
        tolerance: Largest residual, of the largest curvature that was seen or of the mode's own, whichever is less.
        most: Most products with the Hessian.
    """
    rigid = landscape.rigid(point)
    room = min(most, len(point) - len(rigid))
    basis, products = np.zeros((0, len(point))), np.zeros((0, len(point)))
    vector = start
    while True:
        vector = _independent(vector, rigid, basis)
        product = yield from _product(landscape, point, vector)
        basis = np.vstack([basis, vector])
        products = np.vstack([products, product - rigid.T @ (rigid @ product)])
        inner = basis @ products.T
        curvatures, mixed = np.linalg.eigh((inner + inner.T) / 2)
        vectors = mixed.T @ basis
        left = mixed.T @ products - curvatures[:, None] * vectors
        found = Modes(curvatures[:count], vectors[:count], np.linalg.norm(left[:count], axis=1), basis, products)
        bad = found.residuals > tolerance * np.maximum(np.abs(found.curvatures), 1e-3 * np.abs(curvatures).max())
        if len(basis) >= room or (len(basis) >= count and not bad.any()):
            return found
        vector = left[int(np.argmax(bad))]


def _independent(vector: FloatArray, rigid: FloatArray, basis: FloatArray) -> FloatArray:
    """The part of a vector that is orthogonal to all these, of unit norm; of a vector that has none, a random one's."""
    rng = np.random.default_rng(len(basis))
    size = np.linalg.norm(vector)
    for trial in (vector / size if size > 0 else vector, *rng.normal(size=(3, len(vector)))):
        for _ in range(2):  # twice is enough for rounding (Parlett)
            for rows in (rigid, basis):
                trial = trial - rows.T @ (rows @ trial)
        if np.linalg.norm(trial) > 1e-10:
            break
    return trial / np.linalg.norm(trial)


def _product(landscape: Landscape, point: FloatArray, vector: FloatArray) -> Search[FloatArray]:
    """H v of a unit vector, eV/Å²."""
    step = _STEP / landscape.largest(vector)
    values = yield from evaluated(landscape, np.array([point + step * vector, point - step * vector]))
    return (values.gradients[0] - values.gradients[1]) / (2 * step)
