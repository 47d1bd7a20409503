"""Positions of the partials from a disregistry, computed or measured: one definition for both."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged


@dataclass(frozen=True)
class Partials:
    """Two arctangents of half a Burgers vector each, fitted to a disregistry.

    Attributes:
        separation: Distance of their centres; 0 for a core that is one arctangent.
        width: Half width w of each, at which a quarter and three quarters of its slip are reached.
        centre: Midway between the centres.
        residual: Root mean square of the residuals, in Burgers vectors.
    """

    separation: float
    width: float
    centre: float
    residual: float


def partials(position: FloatArray, slip: FloatArray, burgers: float) -> Partials:
    """Fit u(x) = b/2 ∓ (b/2π)[atan((x − x₁)/w) + atan((x − x₂)/w)] to a disregistry.

    Args:
        position: (n,) rising.
        slip: (n,) disregistry along the Burgers vector, falling from b to 0 or rising from 0 to b.
        burgers: b.

    Raises:
        InputError: the slip does not go from one plateau to the other.
        NotConverged: the fit does not settle.
    """
    position, share = np.asarray(position, dtype=float), np.asarray(slip, dtype=float) / burgers
    if len(position) < 8 or np.any(np.diff(position) <= 0) or abs(abs(share[0] - share[-1]) - 1.0) > 0.3:
        raise InputError("A disregistry must go from 0 to b (or back) at 8 or more rising positions; widen the window.")
    falling = share if share[0] > share[-1] else 1.0 - share
    quarter = [float(np.interp(-level, -np.minimum.accumulate(falling), position)) for level in (0.75, 0.5, 0.25)]
    start = [quarter[1], max(quarter[2] - quarter[0], 1e-3) / 2, max(quarter[2] - quarter[0], 1e-3) / 4]

    def residual(p: FloatArray) -> FloatArray:
        tail = np.arctan((position - p[0] + p[1]) / p[2]) + np.arctan((position - p[0] - p[1]) / p[2])
        return 0.5 - tail / (2 * np.pi) - falling

    found = least_squares(
        residual, start, x_scale=np.maximum(start, 1e-2 * np.ptp(position)), xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    if not found.success:
        raise NotConverged("Two arctangents do not fit the disregistry; look at its plot.")
    rms = float(np.sqrt(np.mean(found.fun**2)))
    return Partials(2 * abs(float(found.x[1])), abs(float(found.x[2])), float(found.x[0]), rms)


def force_balance_separation(prefactor: FloatArray, first: FloatArray, second: FloatArray, fault: float) -> float:
    """Distance at which two partials' repulsion b₁·K·b₂/(2πd) balances the fault between them.

    Args:
        prefactor: (m, m) K, where the energy of a line is b·K·b ln(R/r₀)/(4π).
        first: (m,) Burgers vector of one partial.
        second: (m,) of the other.
        fault: Energy of the fault per area.

    Raises:
        InputError: the fault's energy is not positive, or the partials attract.
    """
    repulsion = float(np.asarray(first) @ np.asarray(prefactor) @ np.asarray(second)) / (2 * np.pi)
    if not (fault > 0 and repulsion > 0):
        raise InputError(
            f"A fault of {fault:.3g} and a repulsion of {repulsion:.3g} have no balance; both must be positive."
        )
    return repulsion / fault
