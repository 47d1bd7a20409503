"""Leave-one-out in closed form: residuals, leverages and scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray

ROUNDING = 1e-11
Block = tuple[list[FloatArray], list[FloatArray], FloatArray]
"""Rows and residuals of energy, force and stress in units of their noise, and these noises (3,)."""


@dataclass(frozen=True)
class LeaveOneOut:
    """What each of n labels is, less what the others predict of it.

    Attributes:
        energies: (n,) eV per atom.
        forces: n arrays (N_i, 3), eV/Å.
        stresses: n arrays (6,) in eV/Å³, Voigt order xx yy zz yz xz xy; empty where there is no stress.
        scores: (n, 3) root mean square of energy, force and stress residuals in units of their predicted
            standard deviation: about 1 for a label that fits; NaN where there is no stress.
        leverages: (n,) how many parameters each label settles.
        force_scores: n arrays (N_i,), the length of an atom's force residual over its predicted deviation.
        parameter_ratio: Root mean square of the force residuals over the parameters' standard deviation.
    """

    energies: FloatArray
    forces: tuple[FloatArray, ...]
    stresses: tuple[FloatArray, ...]
    scores: FloatArray
    leverages: FloatArray
    force_scores: tuple[FloatArray, ...]
    parameter_ratio: float


def leave_one_out(blocks: Sequence[Block], factor: FloatArray) -> LeaveOneOut:
    """Leave out each label with all its rows.

    With H the label's block of the hat matrix A Σ Aᵀ and r its residuals in the fit, the residuals without
    it are (1 - H)⁻¹ r, and (1 - H)⁻¹ is their predicted covariance (Cook and Weisberg, Residuals and
    Influence in Regression, 1982, §3.2).

    Args:
        blocks: Of each label.
        factor: (P, P) whose square is the covariance Σ of the parameters.
    """
    energies, forces, stresses, scores, leverages, atoms, ratios = [], [], [], [], [], [], []
    for rows, residuals, noises in blocks:
        half = np.vstack(rows) @ factor
        hat = half @ half.T
        values, vectors = np.linalg.eigh(hat)
        kept = np.maximum(1 - values, ROUNDING)  # zero where this label alone settles a combination of parameters
        left = vectors @ (vectors.T @ np.concatenate(residuals) / kept)
        spread = (vectors / kept) @ vectors.T
        places = _places(residuals)
        parts = [left[k] for k in places]
        scores.append([_score(left[k], spread[np.ix_(k, k)]) for k in places])
        energies.append(parts[0][0] * noises[0])
        forces.append(parts[1].reshape(-1, 3) * noises[1])
        stresses.append(parts[2] * noises[2])
        leverages.append(np.trace(hat))
        deviations = np.sqrt(np.diag(spread)[places[1]].reshape(-1, 3).sum(axis=1))
        atoms.append(np.linalg.norm(parts[1].reshape(-1, 3), axis=1) / deviations)
        ratios.append((parts[1] @ parts[1], np.trace(spread[np.ix_(places[1], places[1])]) - len(parts[1])))
    errors, variances = np.sum(ratios, axis=0)
    return LeaveOneOut(
        np.array(energies), tuple(forces), tuple(stresses), np.array(scores), np.array(leverages), tuple(atoms),
        float(np.sqrt(errors / variances)),
    )  # fmt: skip


def predicted_scores(blocks: Sequence[Block], factor: FloatArray) -> FloatArray:
    """(n, 3) scores of labels that are not among those of the fit: their residuals have covariance 1 + H."""
    found = []
    for rows, residuals, _ in blocks:
        half, left = np.vstack(rows) @ factor, np.concatenate(residuals)
        spread = np.eye(len(half)) + half @ half.T
        found.append([_score(left[k], spread[np.ix_(k, k)]) for k in _places(residuals)])
    return np.array(found)


def _places(parts: Sequence[FloatArray]) -> list[FloatArray]:
    ends = np.cumsum([len(one) for one in parts])
    return np.split(np.arange(ends[-1]), ends[:-1])


def _score(residual: FloatArray, covariance: FloatArray) -> float:
    if len(residual) == 0:
        return float("nan")
    return float(np.sqrt(residual @ np.linalg.solve(covariance, residual) / len(residual)))
