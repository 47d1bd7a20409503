"""The potential of Park, Paulino and Roesler (PPR)."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.closed_form import ClosedForm, FitTarget
from coupling.laws.law import check_gap, check_positive


@dataclass(frozen=True)
class _Bond:
    """(1 − x)^shape (exponent/shape + x)^exponent, scaled to 1 at x = 0; it falls to 0 at x = 1."""

    shape: float
    exponent: float

    def value(self, x: FloatArray) -> FloatArray:
        ratio = self.exponent / self.shape
        return np.asarray((1.0 - x) ** self.shape * (1.0 + x / ratio) ** self.exponent)

    def secant_and_curvature(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First derivative over x, and second derivative; both are finite at 0 and zero from 1 on."""
        ratio = self.exponent / self.shape
        inside = np.where(x < 1.0, x, 0.0)
        scale = -(self.shape + self.exponent) / ratio
        secant = scale * (1.0 - inside) ** (self.shape - 1.0) * (1.0 + inside / ratio) ** (self.exponent - 1.0)
        growth = (self.exponent - 1.0) / (ratio + inside) - (self.shape - 1.0) / (1.0 - inside)
        curvature = secant * (1.0 + inside * growth)
        return np.where(x < 1.0, secant, 0.0), np.where(x < 1.0, curvature, 0.0)


@dataclass(frozen=True)
class ParkPaulinoRoesler(ClosedForm):
    """Park, Paulino & Roesler, JMPS 57 (2009) 891: polynomial potential in a failure box.

    `ψ = min(φn, φt) + [Γn (1−x)^α (m/α+x)^m + ⟨φn−φt⟩] [Γt (1−y)^β (n/β+y)^n + ⟨φt−φn⟩]`, x = δn/δn_f,
    y = |δt|/δt_f. Each traction is zero beyond its final and its conjugate final opening; where φn ≠ φt
    the cut at the conjugate opening is not a derivative of ψ (there ψ is the potential, uncut). In
    compression the normal traction is linear and the shear response is that of the closed interface.

    Args:
        work_of_separation: φn, J/m².
        peak_traction: Normal strength, Pa.
        shear_work: φt, J/m².
        shear_peak_traction: Shear strength, Pa.
        alpha: Normal shape, above 1; 2 is nearly linear softening, larger is concave upward.
        beta: Shear shape, above 1.
        normal_slope: λn, opening at the peak over the final one, between 0 and 1/√α.
        tangential_slope: λt, the same in shear, between 0 and 1/√β.
        gap: Who owns the layer spacing across the interface.

    Raises:
        InputError: a parameter is outside its range.
    """

    work_of_separation: float
    peak_traction: float
    shear_work: float
    shear_peak_traction: float
    alpha: float = 3.0
    beta: float = 3.0
    normal_slope: float = 0.1
    tangential_slope: float = 0.1
    gap: GapOwner = "in law"

    kind: ClassVar[str] = "ppr"
    free: ClassVar = ("alpha", "normal_slope")
    starts: ClassVar = tuple((u, v) for u in (0.0, 1.5, 3.0) for v in (-3.0, -1.0, 0.5))
    units: ClassVar = {
        "work_of_separation": "J/m^2",
        "peak_traction": "Pa",
        "shear_work": "J/m^2",
        "shear_peak_traction": "Pa",
        "alpha": "1",
        "beta": "1",
        "normal_slope": "1",
        "tangential_slope": "1",
    }

    def __post_init__(self) -> None:
        check_positive(self, *self.units)
        check_gap(self.gap)
        for shape, slope in (("alpha", "normal_slope"), ("beta", "tangential_slope")):
            exponent, indicator = getattr(self, shape), getattr(self, slope)
            if exponent <= 1.0:
                raise InputError(f"{shape} = {exponent} of a ppr law must be above 1.")
            if indicator >= exponent**-0.5:
                raise InputError(
                    f"{slope} = {indicator} of a ppr law must be below 1/√{shape} = {exponent**-0.5:.4g}; "
                    f"lower it or lower {shape}."
                )

    @classmethod
    def matching(cls, target: FitTarget, unknowns: FloatArray) -> Self:
        """α = 1 + e^u and λn = α^−½ / (1 + e^−v), so that any u, v make a law; the shear takes their shape.

        An exponential tail is the limit of an endless α: it stops at 1 + e⁴.
        """
        alpha = 1.0 + float(np.exp(np.clip(unknowns[0], -6.0, 4.0)))
        slope = float(alpha**-0.5 / (1.0 + np.exp(-np.clip(unknowns[1], -10.0, 10.0))))
        return cls(target.work, target.peak, target.work, target.peak, alpha, alpha, slope, slope, gap=target.gap)

    def as_stiff_in_shear(self, target: FitTarget) -> Self:
        """The law whose shear strength gives the target's shear stiffness, where that has one."""
        if target.shear_stiffness <= 0:
            return self
        own = self.evaluate(np.zeros((1, 3))).tangent[0, 1, 1]
        return replace(self, shear_peak_traction=target.peak * float(np.sqrt(target.shear_stiffness / own)))

    @property
    def work_in_shear(self) -> float:
        """φt, J/m²."""
        return self.shear_work

    @cached_property
    def _bonds(self) -> tuple[_Bond, _Bond]:
        """The normal and the tangential bond function, with the paper's exponents m and n."""
        pairs = (self.alpha, self.normal_slope), (self.beta, self.tangential_slope)
        normal, shear = (_Bond(a, a * (a - 1.0) * s**2 / (1.0 - a * s**2)) for a, s in pairs)
        return normal, shear

    @cached_property
    def final_opening(self) -> float:
        """δn_f, where the normal traction ends, m."""
        return _final(self._bonds[0], self.work_of_separation, self.peak_traction, self.normal_slope)

    @cached_property
    def final_slip(self) -> float:
        """δt_f, where the tangential traction ends, m."""
        return _final(self._bonds[1], self.shear_work, self.shear_peak_traction, self.tangential_slope)

    @property
    def opening_at_peak(self) -> float:
        """λn δn_f, m."""
        return self.normal_slope * self.final_opening

    @cached_property
    def conjugate_opening(self) -> float:
        """Normal opening beyond which the tangential traction is zero, m."""
        return self.final_opening * _conjugate(self._bonds[0], self.shear_work / self.work_of_separation)

    @cached_property
    def conjugate_slip(self) -> float:
        """Slip beyond which the normal traction is zero, m."""
        return self.final_slip * _conjugate(self._bonds[1], self.work_of_separation / self.shear_work)

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        jump = np.asarray(jump, dtype=float)
        opening, slip = np.maximum(jump[:, 0], 0.0), jump[:, 1:]
        distance = np.linalg.norm(slip, axis=1)
        x, y = opening / self.final_opening, np.minimum(distance / self.final_slip, 1.0)
        normal_scale = self.work_of_separation if self.work_of_separation >= self.shear_work else 1.0
        shear_scale = 1.0 if self.work_of_separation >= self.shear_work else self.shear_work
        f, f_secant, f_curvature = _factor(
            self._bonds[0], x, self.final_opening, normal_scale, max(self.work_of_separation - self.shear_work, 0.0)
        )
        g, g_secant, g_curvature = _factor(
            self._bonds[1], y, self.final_slip, -shear_scale, -max(self.shear_work - self.work_of_separation, 0.0)
        )
        in_normal = (x < 1.0) & (distance < self.conjugate_slip)
        in_shear = (y < 1.0) & (opening < self.conjugate_opening)
        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        traction[:, 0] = in_normal * f_secant * opening * g
        tangent[:, 0, 0] = in_normal * f_curvature * g
        tangent[:, 0, 1:] = (in_normal * f_secant * opening * g_secant)[:, None] * slip
        secant = in_shear * f * g_secant
        traction[:, 1:] = secant[:, None] * slip
        tangent[:, 1:, 0] = (in_shear * f_secant * opening * g_secant)[:, None] * slip
        direction = slip / np.where(distance > 0, distance, 1.0)[:, None]
        outer = direction[:, :, None] * direction[:, None, :]
        stretch = in_shear * f * (g_curvature - g_secant)
        tangent[:, 1:, 1:] = secant[:, None, None] * np.eye(2) + stretch[:, None, None] * outer
        energy = min(self.work_of_separation, self.shear_work) + f * g
        return self._in_compression(LawValue(energy, traction, tangent), jump[:, 0])

    def _in_compression(self, value: LawValue, opening: FloatArray) -> LawValue:
        """Add the contact ½ K δn² of the closed interface where the opening is negative."""
        closed, below = opening < 0.0, np.minimum(opening, 0.0)
        curvature = float(self._bonds[0].secant_and_curvature(np.zeros(1))[1][0])
        stiffness = -self.work_of_separation * curvature / self.final_opening**2
        value.traction[:, 0] += stiffness * below
        value.tangent[closed, 0, 0] = stiffness
        return value._replace(energy=value.energy + 0.5 * stiffness * below**2)


def _final(bond: _Bond, work: float, strength: float, slope: float) -> float:
    """Final opening from the work, the strength and the slope indicator."""
    a, m = bond.shape, bond.exponent
    return work / strength * a * slope * (1 - slope) ** (a - 1) * (a / m + 1) * (a * slope / m + 1) ** (m - 1)


def _conjugate(bond: _Bond, other_over_own: float) -> float:
    """Where the bond function has fallen to 1 − other/own, over the final opening; at most 1."""
    if other_over_own >= 1.0:
        return 1.0
    return float(
        scipy.optimize.brentq(lambda x: float(bond.value(np.array(x))) - (1.0 - other_over_own), 0.0, 1.0, xtol=1e-15)
    )


def _factor(
    bond: _Bond, x: FloatArray, final: float, scale: float, constant: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """constant − scale bond(x), its first derivative over the opening, and its second derivative; x up to 1."""
    secant, curvature = bond.secant_and_curvature(x)
    value = constant - scale * bond.value(np.minimum(x, 1.0))
    return value, -scale * secant / final**2, -scale * curvature / final**2
