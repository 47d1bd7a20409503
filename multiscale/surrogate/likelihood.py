"""Hyperparameters of the largest marginal likelihood."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from coupling.contracts import FloatArray
from coupling.errors import MultiscaleError

_SCREENED = 24
"""Random starts that are looked at, for each from which the search goes on."""
_STEPS = 600
_WANTED = 0.25
"""Share of steps that are taken."""


@dataclass(frozen=True)
class Search:
    """A search from the best of many random starts: the likelihood of few labels has several maxima.

    Attributes:
        restarts: From how many of them it goes on, besides from the kernel as it is.
        seed: Of the random starts.
    """

    restarts: int
    seed: int

    def fitted(self, kernel: Any, points: FloatArray, values: FloatArray, noise: FloatArray, *, known: int = 0) -> Any:
        """scikit-learn's regressor of a kernel, its hyperparameters found.

        Args:
            kernel: With the values from which the search begins.
            points: (n, d).
            values: (n,) of mean 0.
            noise: (n,) variances of their errors.
            known: How many of the first hyperparameters keep their values in the random starts.

        Raises:
            MultiscaleError: labels lie so close that their covariance is singular.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        def optimise(minus: Callable[..., Any], first: FloatArray, bounds: FloatArray) -> tuple[FloatArray, float]:
            return self._best(minus, first, bounds, known)

        regressor = GaussianProcessRegressor(kernel, alpha=noise, optimizer=optimise)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # that a hyperparameter is at its bound
                return regressor.fit(points, values)
        except np.linalg.LinAlgError as error:
            raise MultiscaleError(
                f"The covariance of {len(points)} labels is singular: some lie too close to each other; leave one of such a "
                "pair out, or give labels their errors."
            ) from error

    def _best(
        self, minus: Callable[..., Any], first: FloatArray, bounds: FloatArray, known: int
    ) -> tuple[FloatArray, float]:
        """What makes −ln p least, and its value there."""
        random = np.random.default_rng(self.seed)
        starts = random.uniform(bounds[:, 0], bounds[:, 1], (_SCREENED * self.restarts, len(first)))
        starts[:, :known] = first[:known]
        order = np.argsort([minus(start, eval_gradient=False) for start in starts])[: self.restarts]
        found = [
            minimize(minus, start, jac=True, bounds=bounds, method="L-BFGS-B") for start in (first, *starts[order])
        ]
        least = min(found, key=lambda one: float(one.fun))
        return least.x, float(least.fun)


def possible(regressor: Any, known: int, count: int, seed: int) -> tuple[Any, ...]:
    """Regressors with hyperparameters drawn in proportion to their likelihood, within their bounds.

    By a Metropolis walk from those of the largest likelihood, whose steps adapt to what it has seen (Haario, Saksman and
    Tamminen, Bernoulli 7 (2001) 223) in its first third, which is left out.

    Args:
        regressor: With those of the largest likelihood.
        known: How many of the first ones keep their values.
        count: How many are drawn; 0: none.
        seed: Of the walk.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor

    if not count:
        return ()
    best = regressor.kernel_.theta.copy()
    walk = _walk(regressor, known, np.random.default_rng(seed))
    regressor.kernel_.theta = best
    chosen = walk[np.linspace(0, len(walk) - 1, count).round().astype(int)]
    return tuple(
        GaussianProcessRegressor(regressor.kernel_.clone_with_theta(theta), alpha=regressor.alpha, optimizer=None).fit(
            regressor.X_train_, regressor.y_train_
        )
        for theta in chosen
    )


def _walk(regressor: Any, known: int, random: np.random.Generator) -> FloatArray:
    """(steps, p) hyperparameters, the first third left out; those of the regressor's kernel are left where the walk ends."""
    lower, upper = regressor.kernel_.bounds.T
    here = regressor.kernel_.theta.copy()
    size = len(here) - known
    root, scale, walk = np.eye(size), 0.5, np.empty((_STEPS, len(here)))
    level = regressor.log_marginal_likelihood(here)
    for step in range(_STEPS):
        there = here.copy()
        there[known:] += scale * root @ random.standard_normal(size)
        inside = bool(np.all(there >= lower) and np.all(there <= upper))
        new = regressor.log_marginal_likelihood(there, clone_kernel=False) if inside else -np.inf
        taken = bool(np.log(random.random()) < new - level)
        here, level = (there, new) if taken else (here, level)
        walk[step] = here
        if step < _STEPS // 3:
            scale *= np.exp((taken - _WANTED) / np.sqrt(1 + step / 10))
            if step and step % 100 == 0:
                seen = np.atleast_2d(np.cov(walk[step // 2 : step, known:].T))
                root = np.linalg.cholesky(seen + 1e-6 * np.eye(size))
                scale = 2.4 / np.sqrt(size)
    return walk[_STEPS // 3 :]
