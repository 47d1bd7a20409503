"""Labels that do not fit the others: flags that wrong labels can neither hide from nor hide each other from.

One label that is far off widens the noises of all until no label stands out. So the worst are set aside, the
rest is fitted again, and all are judged by it (Hadi, J. R. Stat. Soc. B 54 (1992) 761).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as ratio

from atomistic.trust.posterior import Posterior
from coupling.contracts import FloatArray

TAILS = 4
"""Degrees of freedom of the residuals' multivariate t (Lange, Little and Taylor, J. Am. Stat. Assoc. 84 (1989) 881).

What a readout cannot represent is no Gaussian; with these tails one energy and thirty force components weigh alike.
"""
_LEVEL = 0.05
_ASIDE = 0.2  # of the labels, at most
_ROUNDS = 10


def suspicion(posterior: Posterior) -> FloatArray:
    """(n,) minus the logarithm of the chance that a right label fits the others as badly.

    The least chance of a label's energy, forces and stress counts. Each is judged by its residual, predicted without
    the label and in units of its full covariance, over the median of its kind.
    """
    kept, parts = np.ones(len(posterior.designs), bool), posterior.designs
    sizes = np.array([[len(rows) for rows in one.rows] for one in parts])
    limit = -np.log(_LEVEL / sizes.astype(bool).sum())
    for _ in range(_ROUNDS):
        found = _chances(_scores(posterior, kept), sizes)
        bound = max(limit, float(np.quantile(found, 1 - _ASIDE)))
        before, kept = kept, found <= bound
        if (kept == before).all():
            break
    return found


def suspects(posterior: Posterior, count: int) -> NDArray[np.int64]:
    """Indices of the labels that fit the others least, the worst first."""
    return np.argsort(-suspicion(posterior))[:count]


def _scores(posterior: Posterior, kept: np.ndarray) -> FloatArray:
    """(n, 3) by a posterior that knows the kept labels alone: left out in turn, or not known to it."""
    others = [posterior.designs[k] for k in np.flatnonzero(~kept)]
    rest = posterior.of(np.flatnonzero(kept)).refitted()
    scores = np.empty((len(kept), 3))
    scores[kept] = rest.leave_one_out().scores
    if others:
        scores[~kept] = rest.scores_of(others)
    return scores


def _chances(scores: FloatArray, sizes: np.ndarray) -> FloatArray:
    """(n,) the largest of minus the logarithms of the tails; what symmetry forbids sets no scale."""
    found = np.zeros(scores.shape)
    for k, size in enumerate(sizes.T):
        there = size > 0
        squares, size = scores[there, k] ** 2, size[there]
        moved = squares > 1e-12
        if moved.any():
            scale = np.median(squares[moved] / ratio.median(size[moved], TAILS))
            found[there, k] = -ratio.logsf(squares / scale, size, TAILS)
    return found.max(axis=1)
