"""The exponential potential of Xu and Needleman."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.closed_form import ClosedForm, FitTarget
from coupling.laws.law import FELT, check_gap, check_positive, decaying


@dataclass(frozen=True)
class XuNeedleman(ClosedForm):
    """Xu & Needleman, Modelling Simul. Mater. Sci. Eng. 1 (1993) 111, with general q and r.

    `ψ = φ + φ e^−z {[1−r+z] (1−q)/(r−1) − [q + z (r−q)/(r−1)] e^(−|δt|²/δ_t²)}`, z = δn/δ_n. At zero slip
    it is the UBER. Below z = −1 the normal traction is linear.

    Args:
        work_of_separation: φ, the work of normal separation, J/m².
        normal_length: δ_n, the opening at the peak, m.
        tangential_length: δ_t, √2 times the slip at the largest shear traction, m.
        q: Work of shear over work of normal separation.
        r: Normal opening after complete shear at zero normal traction, over δ_n; not 1.
        gap: Who owns the layer spacing across the interface.

    Raises:
        InputError: a length, the work or q is not positive, or r is 1.
    """

    work_of_separation: float
    normal_length: float
    tangential_length: float
    q: float = 1.0
    r: float = 0.0
    gap: GapOwner = "in law"

    kind: ClassVar[str] = "xu-needleman"
    units: ClassVar = {
        "work_of_separation": "J/m^2",
        "normal_length": "m",
        "tangential_length": "m",
        "q": "1",
        "r": "1",
    }

    def __post_init__(self) -> None:
        check_positive(self, "work_of_separation", "normal_length", "tangential_length", "q")
        check_gap(self.gap)
        if not np.isfinite(self.r) or self.r == 1.0:
            raise InputError(
                f"r = {self.r} of a xu-needleman law must be finite and not 1; with q = 1 any other r serves."
            )

    @property
    def work_in_shear(self) -> float:
        """q φ, J/m²."""
        return self.q * self.work_of_separation

    @classmethod
    def matching(cls, target: FitTarget, unknowns: FloatArray) -> Self:
        """Stiffness 2 q φ/δt² at zero slip; without one, that of the normal opening. Nothing is left to fit."""
        length = target.work / (np.e * target.peak)
        stiffness = target.shear_stiffness if target.shear_stiffness > 0 else target.work / length**2
        return cls(target.work, length, float(np.sqrt(2.0 * target.work / stiffness)), gap=target.gap)

    @property
    def peak_traction(self) -> float:
        """φ/(e δ_n), Pa."""
        return self.work_of_separation / (np.e * self.normal_length)

    @property
    def opening_at_peak(self) -> float:
        """δ_n, m."""
        return self.normal_length

    @property
    def final_opening(self) -> float:
        """Where the traction has fallen to 1e-6 of the peak, m."""
        return -self.normal_length * float(scipy.special.lambertw(-FELT / np.e, -1).real)

    @property
    def final_slip(self) -> float:
        """Where the shear traction has fallen to 1e-6 of its peak, m."""
        return self.tangential_length * float(np.sqrt(-0.5 * scipy.special.lambertw(-(FELT**2) / np.e, -1).real))

    @property
    def shear_peak_traction(self) -> float:
        """Largest shear traction at zero opening, √(2/e) q φ/δ_t, Pa."""
        return float(np.sqrt(2.0 / np.e)) * self.q * self.work_of_separation / self.tangential_length

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        jump = np.asarray(jump, dtype=float)
        z, slip = jump[:, 0] / self.normal_length, jump[:, 1:]
        open_, open_slope, open_curvature = decaying(z, -(1.0 - self.q), (1.0 - self.q) / (self.r - 1.0))
        hold, hold_slope, hold_curvature = decaying(z, self.q, (self.r - self.q) / (self.r - 1.0))
        work, length, inverse = self.work_of_separation, self.normal_length, 2.0 / self.tangential_length**2
        contact = np.exp(-0.5 * inverse * np.sum(slip**2, axis=1))
        shear = work * inverse * hold * contact
        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        traction[:, 0] = work * (open_slope - hold_slope * contact) / length
        traction[:, 1:] = shear[:, None] * slip
        tangent[:, 0, 0] = work * (open_curvature - hold_curvature * contact) / length**2
        coupling = work * inverse * hold_slope * contact / length
        tangent[:, 0, 1:] = tangent[:, 1:, 0] = coupling[:, None] * slip
        outer = slip[:, :, None] * slip[:, None, :]
        tangent[:, 1:, 1:] = shear[:, None, None] * (np.eye(2) - inverse * outer)
        return LawValue(work * (1.0 + open_ - hold * contact), traction, tangent)
