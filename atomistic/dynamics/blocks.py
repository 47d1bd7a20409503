"""Standard errors of correlated samples."""

from collections.abc import Callable

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError

_FEWEST_BLOCKS = 16


def block_error(series: FloatArray) -> float:
    """Standard error of the mean of a correlated series (Flyvbjerg & Petersen, J. Chem. Phys. 91 (1989) 461).

    The largest over blocks of 1, 2, 4 … samples, as long as there are 16 blocks.
    """
    series, errors = np.asarray(series, dtype=float), []
    while len(series) >= _FEWEST_BLOCKS:
        errors.append(series.std(ddof=1) / np.sqrt(len(series)))
        even = len(series) // 2 * 2
        series = 0.5 * (series[0:even:2] + series[1:even:2])
    if not errors:
        raise InputError(f"{len(series)} samples give no error bar; take {_FEWEST_BLOCKS} or more.")
    return float(max(errors))


def jackknifed(estimate: Callable[..., float], *series: FloatArray) -> tuple[float, float]:
    """A figure of whole series, such as a variance, with its standard error.

    Each replica's series is cut into as many blocks as give at least 16 in all; the figure is calculated without each block
    in turn, and freed of its bias of first order (Quenouille; Efron). Replicas are independent; where a replica is cut, its
    blocks must be longer than its correlations.

    Args:
        estimate: Gives the figure of series (m,), one for each of `series`.
        series: (n, R) each, of n samples of R replicas; (n,) is one replica.

    Returns:
        The figure and its standard error.

    Raises:
        InputError: there are too few samples.
    """
    columns = [np.asarray(one, dtype=float).reshape(len(one), -1) for one in series]
    count, replicas = columns[0].shape
    cuts = -(-_FEWEST_BLOCKS // replicas)
    length = count // cuts
    if length < 1 or (cuts > 1 and length < 2):
        raise InputError(
            f"{count} samples of {replicas} replicas give no error bar; take {_FEWEST_BLOCKS} blocks or more."
        )
    blocks = [
        one[: length * cuts].reshape(cuts, length, replicas).swapaxes(1, 2).reshape(-1, length) for one in columns
    ]
    total = len(blocks[0])
    whole = estimate(*(one.ravel() for one in blocks))
    left = np.array([estimate(*(np.delete(one, k, axis=0).ravel() for one in blocks)) for k in range(total)])
    value = total * whole - (total - 1) * left.mean()
    return float(value), float(np.sqrt((total - 1) * left.var()))
