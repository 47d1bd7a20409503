"""The shape of a law between coverages: a sum of the laws' own, each stretched to the length at the coverage."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coupling.contracts import FloatArray
from coupling.laws.law import Law


class CoverageWeights(NamedTuple):
    """L_k(θ) and its first two derivatives, each (n, laws)."""

    value: FloatArray
    slope: FloatArray
    curvature: FloatArray


class CoverageShape(NamedTuple):
    """G(δ, θ): value, ∂θ, ∂θθ each (n,); ∂δ (n, 3), ∂δθ (n, 3), ∂δδ (n, 3, 3)."""

    value: FloatArray
    slope: FloatArray
    curvature: FloatArray
    gradient: FloatArray
    mixed: FloatArray
    hessian: FloatArray


def stretched_shape(
    laws: Sequence[Law],
    works: FloatArray,
    lengths: FloatArray,
    scaled: FloatArray,
    jump: FloatArray,
    weights: CoverageWeights,
) -> CoverageShape:
    """G = Σ_k L_k g_k(δ + (a_k − 1) u) with a_k = ℓ_k/ℓ and u the components of the jump that are scaled.

    Args:
        laws: One at each of n coverages.
        works: (n,) W_k, J/m².
        lengths: (n,) ℓ_k, m.
        scaled: (3,) 1 for the components that are scaled with the length.
        jump: (m, 3) m.
        weights: L_k at the m coverages.
    """
    length, slope, curvature = (one @ lengths for one in weights)
    rate, total = slope / length, None
    for k, law in enumerate(laws):
        a = lengths[k] / length
        a1, a2 = -a * rate, a * (2 * rate**2 - curvature / length)
        part = _stretched(law, works[k], jump, scaled, a)
        total = part.added(total, [one[:, k] for one in weights], a1, a2)
    assert total is not None  # there are laws
    return total


class _Part(NamedTuple):
    """One g_k at x = S δ, S = 1 + (a − 1) c: value (n,), gradient ∂x (n, 3), hessian; scales S (n, 3), u = c δ, c."""

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray
    scale: FloatArray
    along: FloatArray
    scaled: FloatArray

    def added(
        self, total: CoverageShape | None, weights: list[FloatArray], a1: FloatArray, a2: FloatArray
    ) -> CoverageShape:
        """G with L_k g_k added; a1 and a2 are the derivatives of the scale by θ."""
        w, w1, w2 = weights
        pull = np.einsum("ni,ni->n", self.gradient, self.along)
        turned = np.einsum("nij,nj->ni", self.hessian, self.along)
        bent = np.einsum("ni,ni->n", self.along, turned)
        slanted = self.scale * self.gradient
        own = CoverageShape(
            w * self.value,
            w1 * self.value + w * a1 * pull,
            w2 * self.value + 2 * w1 * a1 * pull + w * (a1**2 * bent + a2 * pull),
            w[:, None] * slanted,
            w1[:, None] * slanted + (w * a1)[:, None] * (self.scaled * self.gradient + self.scale * turned),
            w[:, None, None] * self.scale[:, :, None] * self.hessian * self.scale[:, None, :],
        )
        return own if total is None else CoverageShape(*(a + b for a, b in zip(total, own, strict=True)))


def _stretched(law: Law, work: float, jump: FloatArray, scaled: FloatArray, a: FloatArray) -> _Part:
    scale = 1.0 + (a[:, None] - 1.0) * scaled
    energy, traction, tangent = law.evaluate(scale * jump)
    return _Part(energy / work, traction / work, tangent / work, scale, scaled * jump, scaled)
