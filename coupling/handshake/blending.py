"""Blending functions: 0 where atoms count alone, 1 where the continuum does.

The error of a blended energy is governed by the curvature of its blending function: ‖∇²β‖ in L² (Van Koten and
Luskin, SIAM J. Numer. Anal. 49 (2011) 2182; Luskin, Ortner and Van Koten, CMAME 253 (2013) 160).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, vstack
from scipy.sparse.linalg import splu

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

BLENDINGS = ("cubic", "optimised")


def cubic(distance: FloatArray, core: float, width: float) -> FloatArray:
    """β = 3s² − 2s³ with s = (distance − core) / width, held to [0, 1].

    Args:
        distance: From the defect, any shape, Å.
        core: Where β leaves 0, Å.
        width: Over which it rises to 1, Å.

    Raises:
        InputError: the width is not positive, or the core's radius negative.
    """
    if not (width > 0 and core >= 0):
        raise InputError(
            f"A blending of width {width} Å around a core of {core} Å is impossible; give positive lengths."
        )
    s = np.clip((np.asarray(distance) - core) / width, 0.0, 1.0)
    return s * s * (3 - 2 * s)


def optimised(
    sites: NDArray[np.int64], distance: FloatArray, core: float, width: float, steps: NDArray[np.int64]
) -> FloatArray:
    """β of least summed squared second differences between the core and the continuum.

    Args:
        sites: (n, d) lattice coordinates.
        distance: (n,) of each site from the defect, Å.
        core: β is 0 up to there, Å.
        width: β is 1 from core + width on, Å.
        steps: (k, d) lattice directions along which β is differenced.

    Returns:
        (n,) β, in [0, 1].
    """
    start = cubic(distance, core, width)
    free = (distance > core) & (distance < core + width)
    if not free.any():
        return start
    rows = [_second_difference(sites, step) for step in steps]
    curvature = vstack(rows).tocsr()
    normal = (curvature.T @ curvature).tocsr()
    inner = normal[free][:, free].tocsc()
    beta = np.where(free, 0.0, start)
    beta[free] = splu(inner).solve(-(normal[free] @ beta))
    return np.clip(beta, 0.0, 1.0)


def blending(name: str, sites: NDArray[np.int64], distance: FloatArray, core: float, width: float) -> FloatArray:
    """β at lattice sites by a blending's name; see `cubic` and `optimised`.

    Raises:
        InputError: there is no such blending.
    """
    if name not in BLENDINGS:
        raise unknown_choice("blending", name, BLENDINGS)
    if name == "cubic":
        return cubic(distance, core, width)
    d = sites.shape[1]
    axes = np.eye(d, dtype=np.int64)
    diagonals = [axes[i] - axes[j] for i in range(d) for j in range(i)] + [
        axes[i] + axes[j] for i in range(d) for j in range(i)
    ]
    return optimised(sites, distance, core, width, np.array([*axes, *diagonals]))


def curvature(sites: NDArray[np.int64], beta: FloatArray) -> float:
    """(Σ |second differences of β along the lattice vectors|²)^½ over sites that have both neighbours."""
    rows = [_second_difference(sites, step) for step in np.eye(sites.shape[1], dtype=np.int64)]
    return float(np.sqrt(sum(np.sum((row @ beta) ** 2) for row in rows)))


def _second_difference(sites: NDArray[np.int64], step: NDArray[np.int64]) -> csr_matrix:
    """(m, n) β(x+s) − 2β(x) + β(x−s) at the sites that have both neighbours."""
    low, span = sites.min(axis=0) - 2, np.ptp(sites, axis=0) + 5
    strides = np.concatenate([[1], np.cumprod(span)[:-1]])
    keys = (sites - low) @ strides
    order = np.argsort(keys)
    sides = []
    for sign in (1, -1):
        wanted = (sites + sign * step - low) @ strides
        place = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
        sides.append(np.where(keys[order[place]] == wanted, order[place], -1))
    centre = np.flatnonzero((sides[0] >= 0) & (sides[1] >= 0))
    rows = np.tile(np.arange(len(centre)), 3)
    columns = np.concatenate([sides[0][centre], centre, sides[1][centre]])
    values = np.repeat([1.0, -2.0, 1.0], len(centre))
    return coo_matrix((values, (rows, columns)), shape=(len(centre), len(sites))).tocsr()
