"""The multistate Bennett acceptance ratio: samples of many biases put together (Shirts & Chodera, J. Chem. Phys. 129 (2008) 124105).

It is the weighted histogram analysis method (Kumar, Bouzida, Swendsen, Kollman & Rosenberg, J. Comput. Chem. 13 (1992) 1011) with
cells so fine that none has more than one sample.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged

_CLOSE = 1e-9
_MOST = 200
_APART = 1e-5
"""Spectral gap of the overlap matrix below which biases have nothing in common."""


@dataclass(frozen=True)
class Mbar:
    """What K biases and N samples say of each other.

    Attributes:
        free_energies: (K,) of the biased states in kT, the first one 0.
        log_weights: (N,) of the samples in the state without bias; their exponentials sum to 1.
        overlap: 1 less the second eigenvalue of the overlap matrix: 0 where the biases fall apart into groups, 1 where all
            are alike (Klimovich, Shirts & Mobley, J. Comput.-Aided Mol. Des. 29 (2015) 397).
    """

    free_energies: FloatArray
    log_weights: FloatArray
    overlap: float


def mbar(reduced: FloatArray, counts: NDArray[np.int64], *, start: FloatArray | None = None) -> Mbar:
    """Solve f_k = −ln Σ_n exp(−b_kn)/Σ_j N_j exp(f_j − b_jn) (Shirts & Chodera 2008, equation 11).

    Newton's method on the equations' gradient (appendix C there), and the self-consistent step where that is the better one.

    Args:
        reduced: (K, N) b, the energy of each bias at each sample in kT.
        counts: (K,) N_k, how many of the samples are of each bias.
        start: (K,) to begin from; None is 0.

    Raises:
        InputError: the numbers do not fit, or the biases have no samples in common.
        NotConverged: the equations are not solved.
    """
    reduced, counts = np.asarray(reduced, dtype=float), np.asarray(counts)
    if reduced.ndim != 2 or counts.shape != reduced.shape[:1] or counts.sum() != reduced.shape[1] or np.any(counts < 1):
        raise InputError(
            f"Energies of shape {reduced.shape} and {counts.tolist()} samples do not fit; give (K, N), and K counts from 1 that "
            "sum to N."
        )
    energies = np.zeros(len(counts)) if start is None else np.asarray(start, dtype=float)
    logs = np.log(counts)
    for _ in range(_MOST):
        shares = _shares(energies, reduced, logs)
        error = counts * (1 - shares.sum(axis=1))
        if np.abs(error / counts).max() < _CLOSE:
            break
        energies = _better(energies, shares, reduced, counts)
    else:
        raise NotConverged(
            f"{_MOST} steps do not bring {len(counts)} biases together; let neighbouring ones overlap more."
        )
    eigenvalues = np.sort(np.linalg.eigvals(counts * (shares @ shares.T)).real)
    overlap = 1.0 if len(counts) == 1 else float(1 - eigenvalues[-2])
    if overlap < _APART:
        raise InputError(
            f"The {len(counts)} biases have no samples in common (overlap {overlap:.1g}); put windows closer together, or make them "
            "softer."
        )
    denominator = logsumexp(logs[:, None] + energies[:, None] - reduced, axis=0)
    weights = -denominator
    return Mbar(energies - energies[0], weights - logsumexp(weights), overlap)


def _shares(energies: FloatArray, reduced: FloatArray, logs: FloatArray) -> FloatArray:
    """(K, N) W: normalised weights of the samples in each biased state."""
    exponent = energies[:, None] - reduced
    return np.asarray(np.exp(exponent - logsumexp(logs[:, None] + exponent, axis=0)))


def _better(
    energies: FloatArray, shares: FloatArray, reduced: FloatArray, counts: NDArray[np.int64]
) -> FloatArray:  # fmt: skip
    """The next estimate: of Newton's and the self-consistent one that with the smaller gradient."""
    logs, sums = np.log(counts), shares.sum(axis=1)
    plain = energies - np.log(sums)
    weighted = counts[:, None] * shares
    hessian = np.diag(weighted.sum(axis=1)) - weighted @ weighted.T
    step = np.zeros(len(energies))
    step[1:] = np.linalg.lstsq(hessian[1:, 1:], (counts * (1 - sums))[1:], rcond=None)[0]
    candidates = [plain - plain[0], energies - energies[0] + step]
    sizes = [np.abs(counts * (1 - _shares(one, reduced, logs).sum(axis=1))).max() for one in candidates]
    sizes = [size if np.isfinite(size) else np.inf for size in sizes]
    return candidates[int(np.argmin(sizes))]
