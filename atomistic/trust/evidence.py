"""Noise and prior widths of the linear model by maximum marginal likelihood.

MacKay, Neural Computation 4 (1992) 415; Bishop, Pattern Recognition and Machine Learning (2006), §3.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

from atomistic.trust.design import KINDS, Design
from coupling.contracts import FloatArray

SMALLEST = {"energy": 1e-4, "force": 1e-3, "stress": 1e-5}
"""Least noise: eV per atom, eV/Å, eV/Å³; no oracle and no single precision is better by much."""
_LEAST = 1e-5
_VANISHING = 1e-4  # of a row: its symmetry forbids it, and it says nothing of the noise
_STARTS = (np.zeros(4), np.array([-2.0, -3.0, -3.0, 3.0]))  # noise explains much, or the features do
RATIOS = (0.1, 0.02)
"""Typical noise of an energy per atom (Å) and of a stress (Å⁻²) over that of a force; few labels cannot tell."""
_LOOSE = 1.0  # standard deviation of the logarithm of such a ratio
_FLAT = 10.0  # spread of an element's energy zero over that of the labels about the least-squares zeros


@dataclass(frozen=True)
class Widths:
    """Standard deviations of the model; they are its only hyperparameters.

    Attributes:
        energy: Noise of an energy per atom, eV.
        force: Noise of a component, eV/Å.
        stress: Noise of a component, eV/Å³.
        weight: Prior of a feature's weight times the feature's scale, eV.
        scales: (F,) standard deviation of each feature over the labelled sites: the prior knows no units.
        zeros: (S,) centres of the elements' energy zeros, eV.
        zero: Prior of a zero about its centre, eV.
        evidence: Log marginal likelihood.
    """

    energy: float
    force: float
    stress: float
    weight: float
    scales: tuple[float, ...]
    zeros: tuple[float, ...]
    zero: float
    evidence: float = float("nan")

    @property
    def noises(self) -> FloatArray:
        """(3,) noise of energy, force and stress."""
        return np.array([self.energy, self.force, self.stress])


class Statistics(NamedTuple):
    """All that the likelihood knows of the labels, by kind: sums over weighted rows.

    Attributes:
        counts: (3,) of rows that symmetry does not forbid.
        squares: (3,) of the residuals.
        moments: (3, P) rows times residuals.
        grams: (3, P, P) rows times rows.
    """

    counts: FloatArray
    squares: FloatArray
    moments: FloatArray
    grams: FloatArray


class Estimate(NamedTuple):
    """The parameters about their centres.

    Attributes:
        mean: (P,).
        factor: (P, P), whose square factor @ factorᵀ is the covariance.
    """

    mean: FloatArray
    factor: FloatArray


class Solution(NamedTuple):
    """The posterior at given widths.

    Attributes:
        mean: (P,).
        factor: (P, P), whose square factor @ factorᵀ is the covariance.
        evidence: Log marginal likelihood.
        gradient: (4,) of the evidence by the logarithms of the three noises and the weight's prior.
    """

    mean: FloatArray
    factor: FloatArray
    evidence: float
    gradient: FloatArray


def statistics(designs: Sequence[Design], weights: Sequence[float], zeros: FloatArray) -> Statistics:
    """Sum the rows of labels; each label counts with its weight, its energy zeros taken off."""
    size = designs[0].rows.energy.shape[1]
    counts, squares = np.zeros(3), np.zeros(3)
    moments, grams = np.zeros((3, size)), np.zeros((3, size, size))
    for design, weight in zip(designs, weights, strict=True):
        for k, (rows, residual) in enumerate(zip(design.rows, shifted(design, zeros), strict=True)):
            counts[k] += weight * np.sum(np.abs(rows).max(axis=1, initial=0) > _VANISHING)
            squares[k] += weight * residual @ residual
            moments[k] += weight * rows.T @ residual
            grams[k] += weight * rows.T @ rows
    return Statistics(counts, squares, moments, grams)


def shifted(design: Design, zeros: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The residuals about the centres of the elements' energy zeros."""
    energy, force, stress = design.residuals
    return energy - design.counts @ zeros / design.counts.sum(), force, stress


def solve(known: Statistics, widths: Widths) -> Solution:
    """Mean and covariance of the parameters about their centres."""
    prior = np.append(widths.weight / np.array(widths.scales), np.full(len(widths.zeros), widths.zero))
    precision = 1 / widths.noises**2
    scaled = prior[:, None] * np.tensordot(precision, known.grams, 1) * prior
    values, vectors = np.linalg.eigh(scaled)  # a Cholesky factor fails where few labels are met to rounding
    values = 1 + np.maximum(values, 0)
    root = vectors / np.sqrt(values)
    factor = prior[:, None] * root
    mean = factor @ (factor.T @ (precision @ known.moments))
    residual = known.squares - 2 * known.moments @ mean + np.einsum("kij,i,j->k", known.grams, mean, mean)
    spread = np.einsum("kij,ij->k", known.grams, factor @ factor.T)
    evidence = -0.5 * (
        known.counts @ np.log(2 * np.pi / precision) + precision @ residual
        + np.sum((mean / prior) ** 2) + np.log(values).sum()
    )  # fmt: skip
    features = len(widths.scales)
    by_noise = precision * (residual + spread) - known.counts
    by_prior = np.sum((mean[:features] / prior[:features]) ** 2) + np.sum(root[:features] ** 2) - features
    return Solution(mean, factor, float(evidence), np.append(by_noise, by_prior))


def solve_rows(designs: Sequence[Design], weights: Sequence[float], widths: Widths) -> Estimate:
    """Mean and factor as `solve` finds them, but from the rows: sums of their squares keep half of the digits."""
    zeros = np.array(widths.zeros)
    prior = np.append(widths.weight / np.array(widths.scales), np.full(len(zeros), widths.zero))
    blocks = [np.eye(len(prior), len(prior) + 1)]
    for design, weight in zip(designs, weights, strict=True):
        for rows, residual, noise in zip(design.rows, shifted(design, zeros), widths.noises, strict=True):
            blocks.append(np.sqrt(weight) / noise * np.column_stack([rows * prior, residual]))
    triangle = np.linalg.qr(np.vstack(blocks), mode="r")[: len(prior)]
    inverse = solve_triangular(triangle[:, :-1], np.eye(len(prior)))
    return Estimate(prior * (inverse @ triangle[:, -1]), prior[:, None] * inverse)


def maximise(designs: Sequence[Design], weights: Sequence[float], noises: Sequence[float] | None = None) -> Widths:
    """The widths of the largest marginal likelihood.

    Args:
        designs: Rows and residuals of the labels.
        weights: By how much each label counts.
        noises: Of energy, force and stress where they are known; only the prior is found then.

    A wide log-normal density about `RATIOS` keeps the noises of few labels apart from zero: one energy is met
    by the energy zero alone, and says nothing of its noise.
    """
    zeros, spread = _zeros(designs)
    known = statistics(designs, weights, zeros)
    present = known.counts > 0
    sizes = np.sqrt(known.squares / np.where(present, known.counts, 1))
    floors = np.array([SMALLEST[kind] for kind in KINDS])
    scales = _scales(designs)
    rows = np.sqrt(np.diag(known.grams[1])[: len(scales)] @ scales**-2 / max(known.counts[1], 1))
    start = np.append(np.maximum(0.3 * sizes, 3 * floors), max(sizes[1], floors[1]) / max(rows, 1e-12))
    energy, force, stress, weight = start.tolist()
    widths = Widths(
        energy, force, stress, weight, tuple(scales.tolist()), tuple(zeros.tolist()), _FLAT * max(spread, 1e-3)
    )

    def objective(logarithms: FloatArray) -> tuple[float, FloatArray]:
        found, (unlikely, slope) = solve(known, _with(widths, logarithms)), _hyperprior(logarithms)
        return unlikely - found.evidence, slope - np.where(np.append(present, True), found.gradient, 0)

    bounds = [(np.log(low), np.log(max(1e2 * size, 1e2 * low))) for low, size in zip(floors, sizes, strict=True)]
    bounds.append((np.log(start[3]) - 12, np.log(start[3]) + 12))
    if noises is not None:
        start[:3] = noises
        bounds[:3] = [(np.log(one), np.log(one)) for one in noises]
    starts = [np.log(start) + (shift if noises is None else shift * [0, 0, 0, 1]) for shift in _STARTS]
    found = [minimize(objective, one, jac=True, method="L-BFGS-B", bounds=bounds) for one in starts]
    best = min(found, key=lambda one: one.fun)
    widths = _with(widths, best.x)
    return replace(widths, evidence=solve(known, widths).evidence)


def _hyperprior(logarithms: FloatArray) -> tuple[float, FloatArray]:
    """Minus the logarithm of a wide log-normal density of the noises' ratios, and its slope."""
    away = (logarithms[[0, 2]] - logarithms[1] - np.log(RATIOS)) / _LOOSE
    return 0.5 * float(away @ away), np.array([away[0], -away.sum(), away[1], 0.0]) / _LOOSE


def _with(widths: Widths, logarithms: FloatArray) -> Widths:
    energy, force, stress, weight = np.exp(logarithms).tolist()
    return replace(widths, energy=energy, force=force, stress=stress, weight=weight)


def _scales(designs: Sequence[Design]) -> FloatArray:
    """(F,) deviations of the features, none below what single precision resolves."""
    deviations = np.concatenate([one.sites for one in designs]).std(axis=0)
    return np.maximum(deviations, _LEAST * max(float(deviations.max()), _LEAST))


def _zeros(designs: Sequence[Design]) -> tuple[FloatArray, float]:
    """Least-squares energy zeros of the elements, eV, and what they leave, eV per atom."""
    shares = np.array([one.counts / one.counts.sum() for one in designs])
    energies = np.array([one.residuals[0][0] for one in designs])
    zeros = np.linalg.lstsq(shares, energies)[0]
    return zeros, float(np.sqrt(np.mean((energies - shares @ zeros) ** 2)))
