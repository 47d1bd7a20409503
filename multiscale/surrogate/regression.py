"""Predictions with error bars of a quantity that is known at some points: by one source, or by a cheap and an accurate one."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.surrogate.kernels import Smoothness, TwoFidelity, process
from multiscale.surrogate.labels import Labels
from multiscale.surrogate.likelihood import Search, possible

Fidelity = Literal["cheap", "accurate"]
LEAST = 3
"""Accurate labels: fewer do not tell a factor, an offset and a spread apart."""
_JITTER = 1e-9  # variance, of the values' own: for exact labels whose covariance is nearly singular


@dataclass(frozen=True)
class GaussianProcess:
    """A fitted Gaussian process.

    Attributes:
        regressor: scikit-learn's `GaussianProcessRegressor`, over values of mean 0 and spread 1.
        centres: Mean of the values: of the accurate ones, and of the cheap ones where there are two sources.
        scales: Their standard deviations.
        accurate: The accurate labels.
        cheap: The cheap ones; None: there is one source.
        members: The same with other hyperparameters, drawn from what the labels leave possible; what is predicted is
            their mixture. Empty: with those of the largest likelihood alone.
    """

    regressor: Any = field(repr=False)
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    accurate: Labels = field(repr=False)
    cheap: Labels | None = field(default=None, repr=False)
    members: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def factor(self) -> float:
        """ρ of accurate = ρ cheap + difference.

        Raises:
            InputError: there is one source.
        """
        self._index("cheap")
        return float(self.regressor.kernel_.factor * self.scales[0] / self.scales[1])

    @property
    def log_likelihood(self) -> float:
        """ln p of the scaled values given the hyperparameters that were found."""
        return float(self.regressor.log_marginal_likelihood_value_)

    def predict(self, points: FloatArray, fidelity: Fidelity = "accurate") -> tuple[FloatArray, FloatArray]:
        """Means (n,) and standard deviations (n,) at points (n, d).

        Args:
            points: Where.
            fidelity: Of which source.
        """
        which, inputs = self._index(fidelity), self._inputs(points, fidelity)
        means, deviations = map(
            np.array, zip(*(one.predict(inputs, return_std=True) for one in self._all), strict=True)
        )
        deviation = np.sqrt(np.mean(deviations**2, axis=0) + means.var(axis=0))
        return self.centres[which] + self.scales[which] * means.mean(axis=0), self.scales[which] * deviation

    def joint(self, points: FloatArray, fidelity: Fidelity = "accurate") -> tuple[FloatArray, FloatArray]:
        """Means (n,) and covariances (n, n) at points (n, d)."""
        which = self._index(fidelity)
        mean, covariance = self._moments(self._inputs(points, fidelity))
        return self.centres[which] + self.scales[which] * mean, self.scales[which] ** 2 * covariance

    def covariance(
        self, points: FloatArray, fidelity: Fidelity, others: FloatArray, other: Fidelity = "accurate"
    ) -> FloatArray:
        """(n, m) posterior covariances of one source at points (n, d) with another at others (m, d)."""
        stacked = np.vstack([self._inputs(points, fidelity), self._inputs(others, other)])
        scale = self.scales[self._index(fidelity)] * self.scales[self._index(other)]
        return scale * self._moments(stacked)[1][: len(points), len(points) :]

    def sample(self, points: FloatArray, count: int, seed: int = 0) -> FloatArray:
        """(count, n) functions drawn from the posterior of the accurate source, at points (n, d)."""
        inputs, parts = self._inputs(points, "accurate"), np.array_split(np.arange(count), len(self._all))
        draws = []
        for number, (one, part) in enumerate(zip(self._all, parts, strict=True)):
            mean, covariance = one.predict(inputs, return_cov=True)
            draws.append(drawn(mean, covariance, len(part), seed + number))
        return self.centres[0] + self.scales[0] * np.vstack(draws)

    @property
    def _all(self) -> tuple[Any, ...]:
        return self.members or (self.regressor,)

    def _moments(self, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and covariance of the mixture, scaled."""
        means, covariances = map(
            np.array, zip(*(one.predict(inputs, return_cov=True) for one in self._all), strict=True)
        )
        apart = means - means.mean(axis=0)
        return means.mean(axis=0), covariances.mean(axis=0) + apart.T @ apart / len(apart)

    def _index(self, fidelity: Fidelity) -> int:
        if fidelity == "cheap" and self.cheap is None:
            raise InputError("This surrogate has one source, so it has no cheap values; use co_kriging for two.")
        return int(fidelity == "cheap")

    def _inputs(self, points: FloatArray, fidelity: Fidelity) -> FloatArray:
        points = np.asarray(points, dtype=float)
        dimension = self.accurate.points.shape[1]
        if points.ndim != 2 or points.shape[1] != dimension:
            raise InputError(f"Points of shape {points.shape} do not fit labels in {dimension} coordinates.")
        return points if self.cheap is None else _marked(points, fidelity == "accurate")


def drawn(mean: FloatArray, covariance: FloatArray, count: int, seed: int) -> FloatArray:
    """(count, n) draws of a normal distribution whose covariance may be singular.

    Args:
        mean: (n,).
        covariance: (n, n).
        count: How many.
        seed: Of the random numbers.
    """
    sizes, basis = np.linalg.eigh(covariance)
    root = basis * np.sqrt(np.clip(sizes, 0, None))
    normal = np.random.default_rng(seed).standard_normal((count, len(mean)))
    return np.asarray(mean + normal @ root.T)


def kriging(
    labels: Labels,
    *,
    smoothness: Smoothness = "twice",
    isotropic: bool = True,
    rough: bool = False,
    restarts: int = 4,
    seed: int = 0,
) -> GaussianProcess:
    """A Gaussian process through the values of one source; its hyperparameters have the largest marginal likelihood.

    Args:
        labels: The known values.
        smoothness: "smooth" (squared exponential) or "twice" (Matérn 5/2).
        isotropic: One correlation length for all coordinates.
        rough: Allow for a part of the values that neighbours do not tell.
        restarts: From how many of the best random starts the search goes on.
        seed: Of these.

    Raises:
        InputError: there are fewer than three different points.
    """
    _check_enough(labels, "labels")
    kernel = process(
        labels.points.shape[1], _spread(labels.points), smoothness, isotropic=isotropic, rough=rough, offset=True
    )
    search = Search(restarts, seed)
    fitted = search.fitted(kernel, labels.points, *_scaled(labels, labels.scale))
    return GaussianProcess(fitted, (labels.centre,), (labels.scale,), labels)


def co_kriging(
    cheap: Labels,
    accurate: Labels,
    *,
    smoothness: Smoothness = "twice",
    isotropic: bool = True,
    rough: bool = False,
    restarts: int = 4,
    average: int = 0,
    seed: int = 0,
) -> GaussianProcess:
    """accurate = ρ cheap + difference (Kennedy and O'Hagan, Biometrika 87 (2000) 1), each an independent Gaussian process.

    The values of both sources are conditioned on together, so that no accurate point need be a cheap one; where all
    are, this is the recursion of Le Gratiet, Int. J. Uncertain. Quantif. 4 (2014) 365. ρ and the hyperparameters have
    the largest marginal likelihood, or are averaged over: few accurate labels leave many possible, and the best alone
    is too sure of itself.

    Args:
        cheap: Many values of the cheap source.
        accurate: Few of the accurate one.
        smoothness: "smooth" (squared exponential) or "twice" (Matérn 5/2).
        isotropic: One correlation length for all coordinates.
        rough: Allow for a part of the values that neighbours do not tell.
        restarts: From how many of the best random starts the search goes on.
        average: Number of hyperparameters of the difference, and ρ, that are averaged over; 0 takes the best ones.
        seed: Of all that is random.

    Raises:
        InputError: a source has fewer than three different points, or the points of both differ in their number of
            coordinates.
    """
    _check_enough(cheap, "cheap labels")
    _check_enough(accurate, "accurate labels")
    d, e = accurate.points.shape[1], cheap.points.shape[1]
    if d != e:
        raise InputError(f"The cheap points have {e} coordinates and the accurate ones {d}; describe both alike.")
    spread, search = _spread(np.vstack([cheap.points, accurate.points])), Search(restarts, seed)
    first, second = (
        process(d, spread, smoothness, isotropic=isotropic, rough=rough, offset=offset) for offset in (False, True)
    )
    alone = search.fitted(first, cheap.points, *_scaled(cheap, cheap.scale))
    scale = accurate.scale / (float(alone.predict(accurate.points).std()) or 1.0)  # so that ρ is some 1
    points = np.vstack([_marked(accurate.points, True), _marked(cheap.points, False)])
    both = zip(_scaled(accurate, scale), _scaled(cheap, cheap.scale), strict=True)
    values, noise = (np.concatenate(parts) for parts in both)
    fitted = search.fitted(TwoFidelity(alone.kernel_, second), points, values, noise, known=first.n_dims)
    members = possible(fitted, first.n_dims, average, seed)
    return GaussianProcess(fitted, (accurate.centre, cheap.centre), (scale, cheap.scale), accurate, cheap, members)


def _check_enough(labels: Labels, what: str) -> None:
    if labels.distinct < LEAST:
        raise InputError(
            f"There are {what} at {labels.distinct} point{'s' * (labels.distinct != 1)}, which do not determine a scale, an offset and "
            f"a spread; give {LEAST} or more."
        )


def _scaled(labels: Labels, scale: float) -> tuple[FloatArray, FloatArray]:
    """Values about their mean, and the variances of their errors, in units of a scale."""
    assert labels.errors is not None  # set when made
    return (labels.values - labels.centre) / scale, (labels.errors / scale) ** 2 + _JITTER


def _spread(points: FloatArray) -> float:
    return float(np.ptp(points, axis=0).max()) or 1.0


def _marked(points: FloatArray, accurate: bool) -> FloatArray:
    return np.column_stack([points, np.full(len(points), float(accurate))])
