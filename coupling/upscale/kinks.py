"""Kink pairs by the line-tension model: an elastic string in the Peierls potential, tilted by the stress.

A line at rest at x₀ escapes over the saddle that reaches from x₀ to x₁ with U(x₁) = U(x₀), U = V − τ b x:

    ΔH(τ) = 2 ∫_{x₀}^{x₁} √(2 Γ [U(x) − U(x₀)]) dx        (Dorn & Rajnak 1964, at small slopes)

ΔH(0) is two kinks, ΔH(τ_P) = 0, and near τ_P ΔH ∝ (1 − τ/τ_P)^{5/4} for a smooth barrier. Kinks that
attract each other elastically, which lowers ΔH at small stresses, are not in it. Of a barrier with two humps
the first alone counts once the stress has pulled the dip between them below the valley: ΔH drops there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq, least_squares

from coupling.contracts import FloatArray
from coupling.errors import InputError

_GRID = 2001
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


@dataclass(frozen=True)
class PeierlsBarrier:
    """V(x) of a straight line over one period, with a valley at x = 0; consistent units, such as SI.

    Attributes:
        period: Distance of neighbouring valleys.
        energy: V(x), energy per length.
        slope: dV/dx.
    """

    period: float
    energy: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]

    @classmethod
    def sampled(cls, position: FloatArray, energy: FloatArray, period: float) -> "PeierlsBarrier":
        """The periodic cubic spline through samples, its lowest point moved to 0.

        Args:
            position: (n,) rising from one valley towards the next, within one period.
            energy: (n,) per length.
            period: Distance of neighbouring valleys.

        Raises:
            InputError: the positions do not rise within a period, or there are under 5.
        """
        position, energy = np.asarray(position, dtype=float), np.asarray(energy, dtype=float)
        span = float(np.ptp(position)) if len(position) else 0.0
        if len(position) < 5 or np.any(np.diff(position) <= 0) or span > period * (1 + 1e-6):
            raise InputError(f"A barrier needs 5 or more positions that rise within one period of {period:.4g}.")
        if span > period * (1 - 1e-6):
            position, energy = position[:-1], np.append(0.5 * (energy[0] + energy[-1]), energy[1:-1])
        spline = CubicSpline(
            np.append(position, position[0] + period), np.append(energy, energy[0]), bc_type="periodic"
        )
        dense = np.linspace(position[0], position[0] + period, _GRID)
        roots = np.append(spline.derivative().roots(extrapolate=False), dense[np.argmin(spline(dense))])
        valley = float(roots[np.argmin(spline(roots))])
        lowest = float(spline(valley))
        return cls(float(period), lambda x: spline(x + valley) - lowest, lambda x: spline(x + valley, 1))

    @cached_property
    def height(self) -> float:
        """Peierls barrier."""
        return float(self.energy(self._grid).max() - self.energy(self._grid).min())

    @cached_property
    def steepest(self) -> tuple[float, float]:
        """Where the slope is largest before the next valley, and how large: τ_P b."""
        slopes = self.slope(self._grid)
        k = int(np.argmax(slopes))
        if 0 < k < len(slopes) - 1:
            a, b, _ = np.polyfit(self._grid[k - 1 : k + 2] - self._grid[k], slopes[k - 1 : k + 2], 2)
            if a < 0:
                return float(self._grid[k] - b / (2 * a)), float(slopes[k] - b * b / (4 * a))
        return float(self._grid[k]), float(slopes[k])

    @property
    def humps(self) -> int:
        """Maxima between two valleys: 1 for a single hump, 2 for a camel's back."""
        values = self.energy(self._grid)
        inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
        return int(np.sum(inner & (values[1:-1] > values.min() + 1e-3 * np.ptp(values))))

    @cached_property
    def _grid(self) -> FloatArray:
        return np.linspace(0.0, self.period, _GRID)


@dataclass(frozen=True)
class KinkPair:
    """Kink pairs of a line in its Peierls potential.

    Attributes:
        barrier: V(x), energy per length.
        tension: Line tension Γ, energy per length.
        burgers: b.
    """

    barrier: PeierlsBarrier
    tension: float
    burgers: float

    def __post_init__(self) -> None:
        if not (self.tension > 0 and self.burgers > 0 and self.barrier.height > 0):
            raise InputError(
                f"A kink pair needs a positive line tension ({self.tension:.4g}), Burgers vector ({self.burgers:.4g}) "
                f"and barrier ({self.barrier.height:.4g})."
            )

    @property
    def peierls_stress(self) -> float:
        """τ_P = max dV/dx / b."""
        return self.barrier.steepest[1] / self.burgers

    def enthalpy(self, stress: FloatArray | float) -> FloatArray:
        """ΔH (n,) of a kink pair at resolved shear stresses (n,); zero at and beyond the Peierls stress.

        Raises:
            InputError: a negative stress.
        """
        stresses = np.atleast_1d(np.asarray(stress, dtype=float))
        if not stresses.min() >= 0:
            raise InputError(
                "Stresses of a kink pair must not be negative; turn the barrier round for the other direction."
            )
        return np.array([self._enthalpy(value) for value in stresses])

    def width(self) -> float:
        """Width of a kink: the period over its steepest slope."""
        return float(self.barrier.period / np.sqrt(2 * self.barrier.height / self.tension))

    def _enthalpy(self, stress: float) -> float:
        barrier, (steepest, slope) = self.barrier, self.barrier.steepest
        force = stress * self.burgers
        if force >= slope:
            return 0.0
        rest = 0.0
        if steepest > 0 and float(barrier.slope(np.array(0.0))) < force:
            rest = brentq(
                lambda x: float(barrier.slope(np.array(x))) - force, 0.0, steepest, xtol=1e-15 * barrier.period
            )

        def above(x: FloatArray) -> FloatArray:
            return barrier.energy(np.asarray(x)) - barrier.energy(np.array(rest)) - force * (np.asarray(x) - rest)

        end = barrier.period
        if force > 0:
            grid = np.linspace(max(steepest, rest), barrier.period, _GRID)
            below = np.flatnonzero(above(grid) <= 0)
            below = below[below > 0]
            k = int(below[0]) if len(below) else len(grid) - 1
            end = float(grid[k])
            if above(grid[k]) < 0 < above(grid[k - 1]):
                end = brentq(lambda x: float(above(np.array(x))), grid[k - 1], grid[k], xtol=1e-15 * barrier.period)
        angle = 0.5 * np.pi * (_NODES + 1)
        x = rest + (end - rest) * np.sin(angle / 2) ** 2
        measure = 0.5 * (end - rest) * np.sin(angle) * 0.5 * np.pi * _WEIGHTS
        return float(2 * np.sum(np.sqrt(2 * self.tension * np.maximum(above(x), 0.0)) * measure))


@dataclass(frozen=True)
class Kocks:
    """ΔH(τ) = ΔH₀ [1 − (τ/τ_P)^p]^q (Kocks, Argon & Ashby 1975).

    Attributes:
        enthalpy: ΔH₀, at no stress.
        peierls_stress: τ_P.
        p: Exponent; theory has 0 < p ≤ 1.
        q: Exponent; theory has 1 ≤ q ≤ 2.
        residual: Root mean square of the fit's residuals over ΔH₀.
    """

    enthalpy: float
    peierls_stress: float
    p: float
    q: float
    residual: float = 0.0

    def __call__(self, stress: FloatArray | float) -> FloatArray:
        """ΔH (n,) at stresses (n,); zero beyond τ_P."""
        ratio = np.clip(np.asarray(stress, dtype=float) / self.peierls_stress, 0.0, 1.0)
        return np.asarray(self.enthalpy * (1 - ratio**self.p) ** self.q)


def fit_kocks(stress: FloatArray, enthalpy: FloatArray) -> Kocks:
    """Fit p and q to enthalpies; both ends are kept exactly.

    Args:
        stress: (n,) rising from 0 to the Peierls stress.
        enthalpy: (n,) falling from ΔH₀ to 0.

    Raises:
        InputError: the samples do not reach from zero stress to zero enthalpy, or are under 6.
    """
    stress, enthalpy = np.asarray(stress, dtype=float), np.asarray(enthalpy, dtype=float)
    if len(stress) < 6 or stress[0] != 0 or np.any(np.diff(stress) <= 0) or not enthalpy[0] > 0:
        raise InputError("A Kocks fit needs 6 or more rising stresses from 0 on, and a positive enthalpy there.")
    if abs(enthalpy[-1]) > 1e-6 * enthalpy[0]:
        raise InputError("A Kocks fit needs the last stress to be the Peierls stress, where the enthalpy is zero.")
    ratio, share = stress / stress[-1], enthalpy / enthalpy[0]

    def residual(logs: FloatArray) -> FloatArray:
        p, q = np.exp(logs)
        return (1 - ratio**p) ** q - share

    found = least_squares(residual, np.log([0.8, 1.4]), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    p, q = np.exp(found.x)
    rms = float(np.sqrt(np.mean(found.fun**2)))
    return Kocks(float(enthalpy[0]), float(stress[-1]), float(p), float(q), rms)


def kocks(pair: KinkPair, points: int = 41) -> Kocks:
    """The Kocks parameters of a kink pair."""
    stress = pair.peierls_stress * np.linspace(0.0, 1.0, points)
    return fit_kocks(stress, pair.enthalpy(stress))
