"""Hessians, from the model or by differences of forces, and the modes of vibration that they have."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from atomistic.properties.phonon import ATOMIC_MASS
from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import Search, drive, evaluated, together
from coupling.capabilities import require
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.units import ANGSTROM, EV

_SQUARES = EV / ANGSTROM**2 / ATOMIC_MASS
"""(rad/s)² per (eV/Å²)/u."""
_STEP = 0.01
"""Å of the outer differences; the inner ones are half of it."""
_CHUNK = 16
"""Coordinates that are displaced in one batch."""


class Hessian(NamedTuple):
    """Second derivatives by the free coordinates.

    Attributes:
        matrix: (m, m) eV/Å², symmetric.
        error: Largest change of an entry from the outer differences to those of fourth order, eV/Å²; 0 where analytic.
    """

    matrix: FloatArray
    error: float


class Vibrations(NamedTuple):
    """Modes at a stationary point, rigid motions left out.

    Attributes:
        angular: (k,) ω rising, rad/s; of unstable modes −|ω|.
        softest: (m,) displacement in the first mode, of unit norm.
    """

    angular: FloatArray
    softest: FloatArray


def hessians(
    potential: Potential, landscapes: Sequence[Landscape], points: Sequence[FloatArray], progress: Progress = silent
) -> tuple[list[Hessian], Cost]:
    """Of each landscape at its point: analytic where the potential declares it, else by differences, all in one batch."""
    if potential.capabilities.hessian:
        asked, found = require(potential, "hessian"), []
        for number, (landscape, point) in enumerate(zip(landscapes, points, strict=True), 1):
            whole = asked.hessian(landscape.structure(point))
            found.append(Hessian(whole[np.ix_(landscape.moving, landscape.moving)], 0.0))
            progress("Hessians", number, len(points))
        return found, Cost()
    searches = [by_differences(landscape, point) for landscape, point in zip(landscapes, points, strict=True)]
    return drive(potential, together(searches), "Hessians by differences", progress)


def by_differences(landscape: Landscape, point: FloatArray, step: float = _STEP) -> Search[Hessian]:
    """Central differences of the gradient at two steps, extrapolated to fourth order."""
    rows, coarse = [], []
    for start in range(0, len(point), _CHUNK):
        chosen = np.eye(len(point))[start : start + _CHUNK]
        moved = [point + share * step * chosen for share in (1, -1, 0.5, -0.5)]
        values = yield from evaluated(landscape, np.concatenate(moved))
        up, down, near_up, near_down = np.split(values.gradients, 4)
        coarse.append((up - down) / (2 * step))
        rows.append((4 * (near_up - near_down) / step - coarse[-1]) / 3)
    matrix, outer = np.concatenate(rows), np.concatenate(coarse)
    return Hessian((matrix + matrix.T) / 2, float(np.abs(matrix - outer).max()))


def vibrations(landscape: Landscape, point: FloatArray, hessian: FloatArray) -> Vibrations:
    """Frequencies of the free coordinates, the others held.

    Args:
        landscape: The landscape.
        point: (m,) a stationary point, Å.
        hessian: (m, m) eV/Å².
    """
    roots = np.sqrt(landscape.masses)
    rigid = landscape.rigid(point, roots)
    basis = np.linalg.svd(rigid, full_matrices=True)[2][len(rigid) :] if len(rigid) else np.eye(len(point))
    squares, modes = np.linalg.eigh(basis @ (hessian / np.outer(roots, roots)) @ basis.T)
    softest = basis.T @ modes[:, 0] / roots
    return Vibrations(np.sign(squares) * np.sqrt(np.abs(squares) * _SQUARES), softest / np.linalg.norm(softest))
