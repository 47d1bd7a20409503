"""Maxwell elements fitted to a relaxation modulus: E_∞ + Σ E_i exp(−t/τ_i), none negative."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from continuum.inelastic import Viscoelastic
from coupling.contracts import FloatArray
from coupling.errors import InputError

_NOTHING = 1e-12  # of the modulus: rounding
_A_DECADE = 2.0
"""Relaxation times per decade of time: more are hardly told apart by data."""


@dataclass(frozen=True)
class Prony:
    """A relaxation modulus.

    Attributes:
        long_term: E_∞, Pa.
        moduli: (m,) E_i, Pa, positive.
        times: (m,) τ_i, s, rising.
        error: Root of the mean square relative error of the fit.
    """

    long_term: float
    moduli: FloatArray
    times: FloatArray
    error: float = 0.0

    def modulus(self, time: FloatArray) -> FloatArray:
        """(n,) Pa at times in s."""
        return self.long_term + np.exp(-np.asarray(time, dtype=float)[:, None] / self.times) @ self.moduli

    def material(self, poisson: float, shift: float = 1.0) -> Viscoelastic:
        """The body with this modulus.

        Args:
            poisson: Poisson's ratio, at all times.
            shift: a_T of its temperature.

        Raises:
            InputError: a modulus that falls to nothing, which no static specimen bears.
        """
        if not self.long_term > 0:
            raise InputError(
                "The modulus relaxes to nothing: the body is a liquid. Measure for longer, or give its last modulus."
            )
        times = tuple((shift * self.times).tolist())
        return Viscoelastic(self.long_term, tuple(self.moduli.tolist()), times, poisson)


def relaxation_times(time: FloatArray) -> FloatArray:
    """(m,) relaxation times that cover measured times (n,), s."""
    low, high = np.log10(np.min(time)), np.log10(np.max(time))
    return np.logspace(low, high, max(2, round(_A_DECADE * (high - low)) + 1))


def fit_prony(time: FloatArray, modulus: FloatArray, times: FloatArray | None = None) -> Prony:
    """Least squares of relative errors under E_i ≥ 0 (Lawson & Hanson's NNLS, in scipy).

    Args:
        time: (n,) s.
        modulus: (n,) Pa.
        times: (m,) relaxation times, s; None: two a decade of the data. Those that get nothing are left out.

    Raises:
        InputError: columns that differ in length, or a value that is not positive.
    """
    time, modulus = np.asarray(time, dtype=float), np.asarray(modulus, dtype=float)
    if time.shape != modulus.shape or time.ndim != 1 or len(time) < 2 or not (np.min(time) > 0 and np.min(modulus) > 0):
        raise InputError("A Prony series is fitted to two or more positive times and as many positive moduli.")
    times = relaxation_times(time) if times is None else np.sort(np.asarray(times, dtype=float))
    basis = np.column_stack([np.ones_like(time), np.exp(-time[:, None] / times)])
    found, left = nnls(basis / modulus[:, None], np.ones_like(modulus))
    kept = found[1:] > _NOTHING * found.sum()
    return Prony(float(found[0]), found[1:][kept], times[kept], float(left / np.sqrt(len(time))))
