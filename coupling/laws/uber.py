"""The universal binding energy relation (UBER)."""

from dataclasses import dataclass
from math import factorial
from typing import ClassVar, Self

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.closed_form import ClosedForm, FitTarget
from coupling.laws.law import FELT, check_gap, check_positive, decaying

_SMALL = 1e-2
"""δ/l below which the energy is summed as a series."""


@dataclass(frozen=True)
class Uber(ClosedForm):
    """ψ = W[1 − (1+z)e^−z] + ½ k e^−z |δt|², z = δn/l (Rose, Ferrante & Smith, PRL 47 (1981) 675).

    The shear term is a small-slip expansion: exact as δt → 0. Below z = −1 the tractions are linear.

    Args:
        work_of_separation: W, J/m².
        length: l, the opening at the peak, m.
        shear_stiffness: k, at zero opening, Pa/m; 0 is a law without shear resistance.
        gap: Who owns the layer spacing across the interface.

    Raises:
        InputError: a parameter is not positive (the shear stiffness: negative).
    """

    work_of_separation: float
    length: float
    shear_stiffness: float = 0.0
    gap: GapOwner = "in law"

    kind: ClassVar[str] = "uber"
    units: ClassVar = {"work_of_separation": "J/m^2", "length": "m", "shear_stiffness": "Pa/m"}

    def __post_init__(self) -> None:
        check_positive(self, "work_of_separation", "length")
        check_gap(self.gap)
        if not (np.isfinite(self.shear_stiffness) and self.shear_stiffness >= 0):
            raise InputError(f"shear_stiffness = {self.shear_stiffness} Pa/m of a uber law must be 0 or positive.")

    @classmethod
    def matching(cls, target: FitTarget, unknowns: FloatArray) -> Self:
        """The law of this work, peak and shear stiffness: nothing is left to fit."""
        length = target.work / (np.e * target.peak)
        return cls(target.work, length, max(target.shear_stiffness, 0.0), target.gap)

    @property
    def peak_traction(self) -> float:
        """W/(e l), Pa."""
        return self.work_of_separation / (np.e * self.length)

    @property
    def opening_at_peak(self) -> float:
        """l, m."""
        return self.length

    @property
    def final_opening(self) -> float:
        """Where the traction has fallen to 1e-6 of the peak, m."""
        return -self.length * float(scipy.special.lambertw(-FELT / np.e, -1).real)

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        jump = np.asarray(jump, dtype=float)
        z, slip = jump[:, 0] / self.length, jump[:, 1:]
        bond, bond_slope, bond_curvature = decaying(z, 1.0, 1.0)
        shear, shear_slope, shear_curvature = (self.shear_stiffness * f for f in decaying(z, 1.0, 0.0))
        half_square = 0.5 * np.sum(slip**2, axis=1)
        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        work, length = self.work_of_separation, self.length
        traction[:, 0] = (-work * bond_slope + shear_slope * half_square) / length
        traction[:, 1:] = shear[:, None] * slip
        tangent[:, 0, 0] = (-work * bond_curvature + shear_curvature * half_square) / length**2
        tangent[:, 0, 1:] = tangent[:, 1:, 0] = shear_slope[:, None] * slip / length
        tangent[:, [1, 2], [1, 2]] = shear[:, None]
        broken = np.where(np.abs(z) < _SMALL, _broken(z), 1.0 - bond)
        return LawValue(work * broken + shear * half_square, traction, tangent)


def _broken(z: FloatArray) -> FloatArray:
    """1 − (1 + z) e^−z near zero, Σ (−1)^k (k − 1)/k! z^k: without the rounding of 1, which a chain of many planes adds up."""
    z = np.clip(z, -_SMALL, _SMALL)
    return np.asarray(sum((-1) ** k * (k - 1) / factorial(k) * z**k for k in range(2, 10)))
