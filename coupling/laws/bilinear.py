"""The bilinear mixed-mode law of Camanho and Dávila."""

from dataclasses import dataclass
from typing import ClassVar, Self, cast

import numpy as np

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.closed_form import ClosedForm, FitTarget
from coupling.laws.law import check_gap, check_positive

_AS_NORMAL = cast(float, None)
"""Stands for the normal value until the law is made."""


@dataclass(frozen=True)
class Bilinear(ClosedForm):
    """Camanho & Dávila, NASA/TM-2002-211737: linear rise and linear softening.

    Onset by the quadratic stress criterion, propagation by Benzeggagh & Kenane (1996): the critical
    energy is G_I + (G_II − G_I) B^η with B = |δt|²/λ² and λ² = ⟨δn⟩² + |δt|². This is the response to
    a first loading: the damage is that of the current jump. In mixed mode it has no potential (the
    tangent is not symmetric once softening): `energy` is the work along the straight path from the
    closed interface to the jump, and the traction is its derivative along that path alone.

    Args:
        work_of_separation: G_I, J/m².
        peak_traction: Normal strength, Pa.
        stiffness: K before the peak, the same in all directions and in contact, Pa/m.
        shear_work: G_II, J/m²; None takes G_I.
        shear_peak_traction: Shear strength, Pa; None takes the normal strength.
        exponent: η of Benzeggagh and Kenane, at least 1.
        gap: Who owns the layer spacing across the interface.

    Raises:
        InputError: a parameter is outside its range, or the law would snap back at some mixity.
    """

    work_of_separation: float
    peak_traction: float
    stiffness: float
    shear_work: float = _AS_NORMAL
    shear_peak_traction: float = _AS_NORMAL
    exponent: float = 2.0
    gap: GapOwner = "in law"

    kind: ClassVar[str] = "bilinear"
    free: ClassVar = ("stiffness",)
    starts: ClassVar = ((-3.0,), (-1.0,), (0.0,))
    units: ClassVar = {
        "work_of_separation": "J/m^2",
        "peak_traction": "Pa",
        "stiffness": "Pa/m",
        "shear_work": "J/m^2",
        "shear_peak_traction": "Pa",
        "exponent": "1",
    }

    def __post_init__(self) -> None:
        if self.shear_work is None:
            object.__setattr__(self, "shear_work", self.work_of_separation)
        if self.shear_peak_traction is None:
            object.__setattr__(self, "shear_peak_traction", self.peak_traction)
        check_positive(self, *self.units)
        check_gap(self.gap)
        if self.exponent < 1.0:
            raise InputError(f"exponent = {self.exponent} of a bilinear law must be at least 1.")
        onset, final = self._onset_and_final(np.linspace(0.0, 1.0, 201))[:2]
        if np.any(final <= onset):
            least = self.stiffness * float(np.max(onset / final))
            raise InputError(
                f"stiffness = {self.stiffness:.4g} Pa/m of a bilinear law is too low for its works and strengths: "
                f"it would snap back; take more than {least:.4g} Pa/m."
            )

    @classmethod
    def matching(cls, target: FitTarget, unknowns: FloatArray) -> Self:
        """Opening at the peak = final opening / (1 + e^−u), so that any u makes a law."""
        rise = 2.0 * target.work / target.peak / (1.0 + float(np.exp(-np.clip(unknowns[0], -12.0, 12.0))))
        return cls(target.work, target.peak, target.peak / rise, gap=target.gap)

    @property
    def opening_at_peak(self) -> float:
        """Peak over stiffness, m."""
        return self.peak_traction / self.stiffness

    @property
    def final_opening(self) -> float:
        """2 G_I over peak, m."""
        return 2.0 * self.work_of_separation / self.peak_traction

    @property
    def work_in_shear(self) -> float:
        """G_II, J/m²."""
        return self.shear_work

    @property
    def final_slip(self) -> float:
        """2 G_II over shear peak, m."""
        return 2.0 * self.shear_work / self.shear_peak_traction

    def _onset_and_final(self, mixity: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """λ at onset and at failure at B (n,), and their derivatives with respect to B."""
        normal, shear = self.peak_traction / self.stiffness, self.shear_peak_traction / self.stiffness
        inverse_square = (1.0 - mixity) / normal**2 + mixity / shear**2
        onset = inverse_square**-0.5
        onset_slope = -0.5 * onset**3 * (shear**-2 - normal**-2)
        extra = self.shear_work - self.work_of_separation
        work = self.work_of_separation + extra * mixity**self.exponent
        work_slope = extra * self.exponent * mixity ** (self.exponent - 1.0)
        final = 2.0 * work / (self.stiffness * onset)
        return onset, final, onset_slope, final * (work_slope / work - onset_slope / onset)

    def evaluate(self, jump: FloatArray) -> LawValue:
        """Work along the straight path (n,), traction (n, 3) and its derivative (n, 3, 3) at jumps (n, 3); SI."""
        jump = np.asarray(jump, dtype=float)
        active = jump.copy()
        active[:, 0] = np.maximum(jump[:, 0], 0.0)
        length = np.linalg.norm(active, axis=1)
        safe = np.where(length > 0, length, 1.0)
        mixity = np.sum((active[:, 1:] / safe[:, None]) ** 2, axis=1)
        onset, final, onset_slope, final_slope = self._onset_and_final(mixity)
        ratio, range_ = np.where(length > 0, final / safe, 0.0), final - onset
        broken, softening = length >= final, (length > onset) & (length < final)
        damage = np.where(softening, ratio * (length - onset) / range_, np.where(broken, 1.0, 0.0))
        by_length = softening * ratio * onset / (safe * range_)
        by_mixity = softening * (
            ratio * (length - final) / range_**2 * onset_slope
            - (length - onset) * onset / (safe * range_**2) * final_slope
        )
        mixity_gradient = 2.0 * ((np.arange(3) > 0) - mixity[:, None]) * active / safe[:, None] ** 2
        damage_gradient = by_length[:, None] * active / safe[:, None] + by_mixity[:, None] * mixity_gradient
        whole = 1.0 - damage
        traction = self.stiffness * whole[:, None] * active
        tangent = self.stiffness * (whole[:, None, None] * np.eye(3) - active[:, :, None] * damage_gradient[:, None, :])
        below = np.minimum(jump[:, 0], 0.0)
        tangent[below < 0, 0, :] = self.stiffness * np.array([1.0, 0.0, 0.0])
        tangent[below < 0, 1:, 0] = 0.0
        traction[:, 0] += self.stiffness * below
        critical = 0.5 * self.stiffness * onset * final
        energy = np.where(
            length <= onset,
            0.5 * self.stiffness * length**2,
            critical - 0.5 * self.stiffness * onset * np.maximum(final - length, 0.0) ** 2 / range_,
        )
        return LawValue(energy + 0.5 * self.stiffness * below**2, traction, tangent)
