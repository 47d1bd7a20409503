"""Split conformal prediction: radii with a stated coverage, whatever the model's errors look like.

Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005). The atoms of one structure, and the
structures of one path, are no independent draws: blocks of them are taken as the exchangeable things
(Lee, Barber, Willett, arXiv:2306.06342).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from atomistic.trust.labels import LabelSet
from atomistic.trust.posterior import Posterior
from coupling.contracts import FloatArray, Structure
from coupling.errors import InputError


def conformal_factor(
    scores: Sequence[FloatArray | float], coverage: float = 0.9, weights: Sequence[float] | None = None
) -> float:
    """The factor q such that a score of a new block is at most q with at least the stated probability.

    Args:
        scores: Of each of K calibration blocks: errors over their predicted deviations. A single number
            is a block of one.
        coverage: Wanted probability.
        weights: (K,) positive, where new blocks are drawn as if block k were w_k times as frequent; the new
            one is given the largest of them. By default all are equal.

    Raises:
        InputError: the blocks are too few for this coverage, or a weight is not positive.
    """
    blocks = [np.atleast_1d(np.asarray(one, dtype=float)) for one in scores]
    if not 0 < coverage < 1:
        raise InputError(f"A coverage of {coverage} is not a probability between 0 and 1.")
    shares = np.ones(len(blocks)) if weights is None else np.asarray(weights, dtype=float)
    if len(shares) != len(blocks) or not np.all(shares > 0):
        raise InputError(f"Give one positive weight for each of the {len(blocks)} blocks.")
    total = shares.sum() + (shares.max() if len(shares) else 1.0)
    if not blocks or shares.sum() < coverage * total * (1 - 1e-12):
        raise InputError(
            f"{len(blocks)} calibration blocks cannot promise a coverage of {coverage:g}; with equal weights it "
            f"takes at least {ceil(coverage / (1 - coverage) - 1e-9)}."
        )
    values = np.concatenate(blocks)
    if np.isnan(values).any():
        raise InputError("A calibration score is not a number; predicted deviations must be positive.")
    mass = np.concatenate([np.full(len(one), share / len(one)) for one, share in zip(blocks, shares, strict=True)])
    order = np.argsort(values)
    reached = np.cumsum(mass[order]) >= coverage * total * (1 - 1e-12)
    return float(values[order][np.argmax(reached)])


@dataclass(frozen=True)
class ForceRadii:
    """Balls around predicted forces that hold the true ones with the stated probability.

    Attributes:
        posterior: Gives the predicted deviation of each atom's force.
        factor: Radius over that deviation.
        coverage: The probability.
        noise: Whether the deviation includes what the readout cannot learn.
    """

    posterior: Posterior
    factor: float
    coverage: float
    noise: bool = True

    def radii(self, structures: Sequence[Structure]) -> tuple[FloatArray, ...]:
        """n arrays (N_i,), eV/Å."""
        return tuple(self.factor * one for one in self.posterior.predict(structures, noise=self.noise).force_sigmas)

    def covered(self, labels: LabelSet) -> NDArray[np.bool_]:
        """(atoms,) whether each true force of labels lies in its ball."""
        return np.concatenate(force_scores(self.posterior, labels, noise=self.noise)) <= self.factor


def conformal_forces(
    posterior: Posterior,
    labels: LabelSet,
    coverage: float = 0.9,
    *,
    blocks: Sequence[Hashable] | None = None,
    weights: Mapping[str, float] | None = None,
) -> ForceRadii:
    """Radii for forces from labels that the posterior has not seen.

    Args:
        posterior: The posterior.
        labels: For calibration only.
        coverage: Wanted probability that an atom's force lies within its radius.
        blocks: What block each label belongs to, its path for one; by default each label is one.
        weights: How much more often a group of labels will occur than it does here.

    Raises:
        InputError: the posterior has seen a label, or the blocks are too few.
    """
    known = {label.identity for label in posterior.labels}
    if any(label.identity in known for label in labels):
        raise InputError("Labels that the posterior was fitted to cannot calibrate its radii; hold some back.")
    names = list(range(len(labels))) if blocks is None else list(blocks)
    scores = force_scores(posterior, labels)
    gathered: dict[Hashable, list[FloatArray]] = {name: [] for name in names}
    for name, score in zip(names, scores, strict=True):
        gathered[name].append(score)
    shares = {name: (weights or {}).get(group, 1.0) for name, group in zip(names, labels.groups, strict=True)}
    joined = [np.concatenate(one) for one in gathered.values()]
    return ForceRadii(posterior, conformal_factor(joined, coverage, [shares[name] for name in gathered]), coverage)


def force_scores(posterior: Posterior, labels: LabelSet, *, noise: bool = True) -> list[FloatArray]:
    """Of each label (N,): the length of a force's error over its predicted deviation, with what the readout cannot learn or not."""
    found = posterior.predict(labels.structures, noise=noise)
    return [
        np.linalg.norm(label.forces - force, axis=1) / sigma
        for label, force, sigma in zip(labels, found.forces, found.force_sigmas, strict=True)
    ]


def conformal_radius(
    predicted: FloatArray, sigmas: FloatArray, true: FloatArray, sigma: float, coverage: float = 0.9
) -> float:
    """Radius of a new scalar, of a work of separation for one, from cases whose true value is known.

    Args:
        predicted: (n,) predictions of comparable cases.
        sigmas: (n,) their predicted deviations.
        true: (n,) true values.
        sigma: Predicted deviation of the new case.
        coverage: Wanted probability that the new true value lies within the radius.

    Raises:
        InputError: the cases are too few for this coverage.
    """
    scores = np.abs(np.asarray(predicted) - np.asarray(true)) / np.asarray(sigmas)
    return conformal_factor(list(scores), coverage) * sigma
