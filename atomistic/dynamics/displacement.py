"""Diffusion by the mean square displacement."""

from dataclasses import dataclass

import numpy as np

from atomistic.dynamics.blocks import jackknifed
from atomistic.dynamics.state import State
from atomistic.properties.measurement import Measurement
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import ANGSTROM

_FEWEST_STRETCHES = 16


@dataclass(frozen=True)
class Diffusion:
    """How fast atoms leave their places.

    Attributes:
        coefficient: D = d⟨|Δr|²⟩/dt / 6, m²/s (Einstein).
        lag: (m,) s.
        displacement: (m,) mean square displacement, Å².
    """

    coefficient: Measurement
    lag: FloatArray
    displacement: FloatArray


def unwrapped_positions(state: State) -> FloatArray:
    """(R, N, 3) Å, relative to the centre of mass and not wrapped into the cell; for `Keep.observe`."""
    weights = state.masses / state.masses.sum()
    return state.positions - np.einsum("a,rai->ri", weights, state.positions)[:, None]


def diffusion(positions: FloatArray, interval: float, *, ballistic: float) -> Diffusion:
    """D of a cell that does not move, by the slope between two lags, which leaves out the vibrations about a place.

    The standard error is a jackknife over stretches of each replica, each as long as the longest lag, which is a sixteenth of the
    trajectory, or all of it where there are replicas enough.

    Args:
        positions: (n, R, N, 3) Å, as `unwrapped_positions` observes them.
        interval: Between samples, s.
        ballistic: Time, s, within which an atom has forgotten how it moved; the first lag.

    Raises:
        InputError: the trajectory is too short for two lags and an error bar.
    """
    count, replicas = positions.shape[:2]
    stretches = -(-_FEWEST_STRETCHES // replicas)
    length, first = count // stretches, max(1, round(ballistic / interval))
    longest = length // 2
    if longest < 2 * first:
        raise InputError(
            f"{count} samples of {replicas} replicas are too few for lags from {first} samples on; sample for longer, or more replicas."
        )
    parts = positions[: length * stretches].reshape(stretches, length, *positions.shape[1:])
    parts = np.swapaxes(parts, 1, 2).reshape(stretches * replicas, length, *positions.shape[2:])
    lags = np.unique(np.linspace(first, longest, 9).astype(int))
    squares = np.array([((parts[:, lag:] - parts[:, :-lag]) ** 2).sum(-1).mean((1, 2)) for lag in lags])
    time = lags * interval
    scale = ANGSTROM**2 / 6
    slopes = np.polyfit(time, squares, 1)[0] * scale
    value, error = jackknifed(lambda one: float(one.mean()), slopes[None])
    return Diffusion(
        Measurement(value, "m^2/s", error, "jackknife over stretches of the trajectory"), time, squares.mean(axis=1)
    )
