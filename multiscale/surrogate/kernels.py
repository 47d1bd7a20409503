"""Covariances of two fidelities, as kernels of scikit-learn."""

from typing import Any, Literal

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Hyperparameter, Kernel, Matern, StationaryKernelMixin

from coupling.contracts import FloatArray

Smoothness = Literal["smooth", "twice"]
OFFSET = 100.0
"""Variance of an unknown constant, of the values' own: so wide that the data alone determine the constant."""
_LENGTHS = (1e-2, 1e2)  # of the spread of the points
_VARIANCES = (1e-5, 1e4)  # of the values' own
_ROUGH = (1e-7, 1.0)
_FACTORS = (-4.0, 4.0)


class SamePoint(StationaryKernelMixin, Kernel):
    """k(x, x') = v where x = x', else 0: what neighbours do not tell of a point, and a label of it does.

    Args:
        variance: v.
        variance_bounds: Between which it is searched, or "fixed".
    """

    def __init__(self, variance: float = 1e-3, variance_bounds: Any = _ROUGH) -> None:
        self.variance, self.variance_bounds = variance, variance_bounds

    @property
    def hyperparameter_variance(self) -> Any:
        """v, as scikit-learn asks for it."""
        return Hyperparameter("variance", "numeric", self.variance_bounds)

    def __call__(self, X: FloatArray, Y: FloatArray | None = None, eval_gradient: bool = False) -> Any:
        """(n, m) covariances, and with `eval_gradient` (n, n, 1) derivatives by log v."""
        same = self.variance * (cdist(X, X if Y is None else Y) == 0)
        if not eval_gradient:
            return same
        return same, same[:, :, None][:, :, : self.n_dims]

    def diag(self, X: FloatArray) -> FloatArray:
        """(n,) variances."""
        return np.full(len(X), self.variance)


class TwoFidelity(Kernel):
    """Kennedy and O'Hagan, Biometrika 87 (2000) 1: accurate = ρ cheap + difference, both Gaussian processes.

    The last coordinate of a point is its fidelity: 0 cheap, 1 accurate. With s = ρ for accurate points and 1 for cheap
    ones, k(x, x') = s s' k_cheap(x, x') + [both accurate] k_difference(x, x'). No design has to be nested.

    Args:
        cheap: k_cheap.
        difference: k_difference.
        factor: ρ.
    """

    def __init__(self, cheap: Kernel, difference: Kernel, factor: float = 1.0) -> None:
        self.cheap, self.difference, self.factor = cheap, difference, factor

    @property
    def hyperparameters(self) -> list[Any]:
        """Those of both kernels, then ρ, which is searched as it is, not by its logarithm."""
        own = Hyperparameter("factor", "numeric", np.array([_FACTORS]))
        return [*self.cheap.hyperparameters, *self.difference.hyperparameters, own]

    @property
    def theta(self) -> FloatArray:
        """What is searched: logarithms of the kernels' hyperparameters, then ρ."""
        return np.concatenate([self.cheap.theta, self.difference.theta, [self.factor]])

    @theta.setter
    def theta(self, theta: FloatArray) -> None:
        """Take all of them."""
        first, second = self.cheap.n_dims, self.cheap.n_dims + self.difference.n_dims
        self.cheap.theta, self.difference.theta = theta[:first], theta[first:second]
        self.factor = float(theta[second])

    @property
    def bounds(self) -> FloatArray:
        """(p, 2) of `theta`."""
        parts = [part for part in (self.cheap.bounds, self.difference.bounds) if len(part)]
        return np.vstack([*parts, [_FACTORS]])

    def __call__(self, X: FloatArray, Y: FloatArray | None = None, eval_gradient: bool = False) -> Any:
        """(n, m) covariances, and with `eval_gradient` (n, n, p) derivatives by `theta`."""
        here, there = X[:, -1], X[:, -1] if Y is None else Y[:, -1]
        others = None if Y is None else Y[:, :-1]
        s, t = self._scale(here), self._scale(there)
        both, scale = np.outer(here, there), np.outer(s, t)
        if not eval_gradient:
            return scale * self.cheap(X[:, :-1], others) + both * self.difference(X[:, :-1], others)
        cheap, by_cheap = self.cheap(X[:, :-1], eval_gradient=True)
        difference, by_difference = self.difference(X[:, :-1], eval_gradient=True)
        by_factor = (np.outer(here, t) + np.outer(s, there)) * cheap
        slopes = [scale[:, :, None] * by_cheap, both[:, :, None] * by_difference, by_factor[:, :, None]]
        return scale * cheap + both * difference, np.concatenate(slopes, axis=2)

    def diag(self, X: FloatArray) -> FloatArray:
        """(n,) variances."""
        points, accurate = X[:, :-1], X[:, -1]
        return self._scale(accurate) ** 2 * self.cheap.diag(points) + accurate * self.difference.diag(points)

    def is_stationary(self) -> bool:
        """Never."""
        return False

    def _scale(self, fidelity: FloatArray) -> FloatArray:
        return np.where(fidelity > 0, self.factor, 1.0)


def process(
    dimension: int, spread: float, smoothness: Smoothness, *, isotropic: bool, rough: bool, offset: bool
) -> Kernel:
    """The covariance of one unknown function of a spread of 1.

    Args:
        dimension: Of the points.
        spread: Of the points: the length with which the search begins is half of it.
        smoothness: "smooth" (squared exponential) or "twice" (Matérn 5/2, twice differentiable).
        isotropic: One length for all coordinates.
        rough: With what neighbours do not tell (`SamePoint`).
        offset: With an unknown constant.
    """
    bounds = (_LENGTHS[0] * spread, _LENGTHS[1] * spread)
    lengths: Any = 0.5 * spread if isotropic or dimension == 1 else np.full(dimension, 0.5 * spread)
    shape = RBF(lengths, bounds) if smoothness == "smooth" else Matern(lengths, bounds, nu=2.5)
    kernel: Any = ConstantKernel(1.0, _VARIANCES) * shape
    kernel = kernel + SamePoint() if rough else kernel
    return kernel + ConstantKernel(OFFSET, "fixed") if offset else kernel
