"""Jumps without equilibrium on a grid: what relaxation changes there is interpolated between those that have one."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from coupling.contracts import FloatArray
from coupling.errors import NotConverged

_FEWEST = 0.4  # of the jumps must have an equilibrium


def bridged(
    relaxed: FloatArray, rigid: FloatArray, openings: FloatArray, period: FloatArray
) -> tuple[FloatArray, np.ndarray]:
    """Fill a grid of relaxed samples with those of rigid halves and the interpolated difference of the two.

    Where the slab in series has no equilibrium (its bulk would part or slip first) the rigid halves still have an
    energy. What relaxation takes from it is small and smooth: it is continued into the missing jumps harmonically
    (∇²Δ = 0 over opening and periodic slip, no flux through the first and the last opening), so that it lies
    between its values at the jumps around. The tractions are those of the rigid halves and of this difference.

    Args:
        relaxed: (n, p, q, 4) energy per area and traction (normal, x, y); NaN where there is no equilibrium.
        rigid: (n, p, q, 4) the same of rigid halves.
        openings: (n,) Å.
        period: (2, 2) Å.

    Returns:
        (n, p, q, 4) without NaN, and (n, p, q) what was missing.

    Raises:
        NotConverged: most jumps have no equilibrium.
    """
    missing = np.isnan(relaxed).any(axis=-1)
    if not missing.any():
        return relaxed, missing
    if missing.mean() > 1 - _FEWEST:
        raise NotConverged(
            f"{missing.sum()} of {missing.size} jumps have no relaxed equilibrium: the crystals part or slip before the interface "
            "does nearly everywhere. Begin the openings at less compression, or take path: rigid."
        )
    change = harmonic(relaxed[..., 0] - rigid[..., 0], openings, period)
    filled = rigid + np.concatenate([change[..., None], slopes(change, openings, period)], axis=-1)
    return np.where(missing[..., None], filled, relaxed), missing


def slopes(values: FloatArray, openings: FloatArray, period: FloatArray) -> FloatArray:
    """(n, p, q, 3) central differences of values (n, p, q) along the opening and, a period apart alike, along x and y."""
    across = [0.5 * values.shape[axis] * (np.roll(values, -1, axis) - np.roll(values, 1, axis)) for axis in (1, 2)]
    along = np.gradient(values, openings, axis=0)
    return np.concatenate([along[..., None], np.stack(across, axis=-1) @ np.linalg.inv(period).T], axis=-1)


def harmonic(values: FloatArray, openings: FloatArray, period: FloatArray) -> FloatArray:
    """Values (n, p, q) with those that are NaN replaced by the solution of the discrete Laplace equation."""
    missing = np.isnan(values)
    values = np.where(missing, 0.0, values)
    shape, number = values.shape, np.arange(values.size).reshape(values.shape)
    lengths = np.linalg.norm(period, axis=1) / shape[1:]
    width = np.gradient(openings)[:, None, None]
    links = [
        (
            number[1:],
            number[:-1],
            np.broadcast_to((lengths.prod() / np.diff(openings))[:, None, None], (shape[0] - 1, *shape[1:])),
        )
    ]
    for axis in (1, 2):
        weight = width * lengths[2 - axis] / lengths[axis - 1]
        links.append((number, np.roll(number, 1, axis), np.broadcast_to(weight, shape)))
    first, second, weights = (np.concatenate([link[k].ravel() for link in links]) for k in range(3))
    off = coo_array(
        (-np.tile(weights, 2), (np.append(first, second), np.append(second, first))), shape=2 * (values.size,)
    ).tocsr()
    unknown = np.flatnonzero(missing.ravel())
    rows, known = off[unknown], np.flatnonzero(~missing.ravel())
    matrix = rows[:, unknown].tolil()
    matrix.setdiag(-np.asarray(rows.sum(axis=1)).ravel())
    solved = values.ravel().copy()
    solved[unknown] = spsolve(matrix.tocsc(), -(rows[:, known] @ solved[known]))
    return solved.reshape(shape)
