"""The resistance of a crack against its growth, and the plateau at which it grows steadily."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError

_PART = 0.25  # of the growth: the end of the curve that must be flat
_FLAT = 0.02  # of the value: by how much it may vary there
_FEWEST = 4  # states of that end


@dataclass(frozen=True)
class Plateau:
    """Steady growth.

    Attributes:
        value: What the loads bring per area, J/m²: the mean over the last quarter of the growth.
        spread: Half of its range there, J/m².
    """

    value: float
    spread: float


def plateau(growth: FloatArray, resistance: FloatArray) -> Plateau:
    """The plateau of a resistance curve.

    Args:
        growth: (n,) swept area, m² or m, rising.
        resistance: (n,) what the loads bring per area there, J/m².

    Raises:
        InputError: too few states, or a curve that still rises or falls at its end.
    """
    growth, resistance = np.asarray(growth, dtype=float), np.asarray(resistance, dtype=float)
    end = growth >= growth[-1] - _PART * (growth[-1] - _first(growth, resistance))
    if np.count_nonzero(end) < _FEWEST:
        raise InputError("The crack grows in too few states for a plateau; load further, or take more steps.")
    low, high = float(resistance[end].min()), float(resistance[end].max())
    mean = float(np.trapezoid(resistance[end], growth[end]) / np.ptp(growth[end]))
    if high - low > 2 * _FLAT * mean:
        raise InputError(
            f"The resistance still changes from {low:.4g} to {high:.4g} J/m² over the last quarter of the growth: no plateau is "
            "reached; let the crack grow further."
        )
    return Plateau(mean, 0.5 * (high - low))


def _first(growth: FloatArray, resistance: FloatArray) -> float:
    """The growth at which the crack sets out: half of the largest resistance."""
    return float(growth[int(np.argmax(resistance >= 0.5 * resistance.max()))])
