"""Isotropic plasticity of von Mises: isotropic and kinematic hardening, at any rate or none."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from continuum.inelastic.flow import Flow
from continuum.inelastic.point import Inelastic, Loss, PointResponse, PointState, joined
from coupling.contracts import FloatArray
from coupling.elasticity import isotropic_stiffness
from coupling.errors import InputError, NotConverged

_ITERATIONS = 80
_ROUNDING = 4e-15  # of the trial stress
_SMALL = 1e-6  # of the largest step that is possible: tried where none is known to be too small
_VOLUME = np.array([1.0, 1, 1, 0, 0, 0])
_HALF = np.array([1, 1, 1, 0.5, 0.5, 0.5])
_DEVIATOR = np.diag(_HALF) - np.outer(_VOLUME, _VOLUME) / 3
"""(6, 6): what makes of a strain (engineering shear) its deviator as a stress."""
_TWICE = np.array([1.0, 1, 1, 2, 2, 2])


@dataclass(frozen=True)
class Plastic(Inelastic):
    """J2 plasticity with an associated flow rule, by the closest-point return (Simo & Hughes, Computational Inelasticity (1998), ch. 3).

    The equivalent plastic strain p solves q − (3G + H) Δp = f(p + Δp, Δp/Δt), q of the trial stress less the back stress X, whose
    rate is 2/3 H ε̇_p (Prager). The dissipated energy is that of the flow stress, the trapezoid of f over p; the back stress stores
    3/(4H) X:X.

    Attributes:
        young: E, Pa.
        poisson: ν.
        flow: The flow stress.
        kinematic: H, Pa.

    Raises:
        InputError: elastic constants that are none, or a negative H.
    """

    young: float
    poisson: float
    flow: Flow
    kinematic: float = 0.0
    loss: ClassVar[Loss] = "plastic"
    isochoric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        isotropic_stiffness(self.young, self.poisson)
        if not (np.isfinite(self.kinematic) and self.kinematic >= 0):
            raise InputError(f"The kinematic hardening {self.kinematic} Pa must be 0 or more.")

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa."""
        return isotropic_stiffness(self.young, self.poisson)

    @property
    def variables(self) -> tuple[tuple[str, int], ...]:
        """Plastic strain (Voigt, engineering shear), back stress (Pa), equivalent plastic strain."""
        return (("plastic_strain", 6), ("back_stress", 6), ("equivalent_plastic_strain", 1))

    @property
    def depends_on_rate(self) -> bool:
        """Whether the flow stress does."""
        return self.flow.depends_on_rate

    @property
    def shear_modulus(self) -> float:
        """G, Pa."""
        return self.young / (2 * (1 + self.poisson))

    @property
    def bulk_modulus(self) -> float:
        """K, Pa."""
        return self.young / (3 * (1 - 2 * self.poisson))

    def respond(self, strain: FloatArray, before: PointState, duration: float) -> PointResponse:
        """See `Inelastic.respond`."""
        shear = self.shear_modulus
        plastic, back = self.variable(before, "plastic_strain"), self.variable(before, "back_stress")
        old = self.variable(before, "equivalent_plastic_strain")
        elastic = strain - plastic
        trial = 2 * shear * elastic @ _DEVIATOR - back
        norm = np.sqrt(np.sum(_TWICE * trial**2, axis=1))
        equivalent = np.sqrt(1.5) * norm
        instant = self.depends_on_rate and duration == 0
        duration = duration if self.depends_on_rate and not instant else np.inf
        resting = self.flow.at(old, np.zeros_like(old)).stress
        step = np.zeros_like(equivalent) if instant else self._steps(equivalent, old, resting, duration)
        normal = trial / np.where(norm > 0, norm, 1.0)[:, None]
        flowed = np.sqrt(1.5) * step[:, None] * normal * _TWICE  # engineering shear
        back = back + np.sqrt(2 / 3) * self.kinematic * step[:, None] * normal
        elastic = elastic - flowed
        volume = elastic @ _VOLUME
        stress = 2 * shear * elastic @ _DEVIATOR + self.bulk_modulus * volume[:, None] * _VOLUME
        stored = 0.5 * np.sum(stress * elastic, axis=1)
        if self.kinematic:
            stored += 0.75 / self.kinematic * np.sum(_TWICE * back**2, axis=1)
        first = self.flow.at(old, step / duration).stress if self.depends_on_rate else resting
        reached = equivalent - (3 * shear + self.kinematic) * step  # the flow stress, where it flows
        lost = before.lost + 0.5 * step * (first + reached)
        state = PointState(strain, stress, joined(plastic + flowed, back, old + step), stored, lost)
        return PointResponse(state, lambda: self._tangent(step, equivalent, normal, old, duration))

    def _steps(self, equivalent: FloatArray, old: FloatArray, resting: FloatArray, duration: float) -> FloatArray:
        """(n,) Δp, by Newton's method between brackets; `resting` is the flow stress of an endlessly slow step."""
        step = np.zeros_like(equivalent)
        flows = equivalent > resting * (1 + _ROUNDING)
        if flows.any():
            step[flows] = self._solved(equivalent[flows], old[flows], resting[flows], duration)
        return step

    def _solved(self, equivalent: FloatArray, old: FloatArray, resting: FloatArray, duration: float) -> FloatArray:
        stiffness = 3 * self.shear_modulus + self.kinematic
        low, high = np.zeros_like(old), equivalent / stiffness
        step = (equivalent - resting) / stiffness
        for _ in range(_ITERATIONS):
            flow = self.flow.at(old + step, step / duration)
            excess = equivalent - stiffness * step - flow.stress
            low, high = np.where(excess > 0, step, low), np.where(excess > 0, high, step)
            newton = step + excess / (stiffness + flow.by_strain + flow.by_rate / duration)
            between = np.sqrt(np.maximum(low, _SMALL * high) * high)  # it may be nearly logarithmic in its rate
            new = np.where((newton > low) & (newton < high), newton, between)
            moved = np.abs(new - step)
            done = (np.abs(excess) <= _ROUNDING * equivalent) | (moved <= _ROUNDING * new)
            step = np.where(done, step, new)
            if done.all():
                return step
        raise NotConverged(
            f"The flow stress was not met at {np.count_nonzero(~done)} points of a plastic body; its derivatives may be wrong."
        )

    def _tangent(
        self, step: FloatArray, equivalent: FloatArray, normal: FloatArray, old: FloatArray, duration: float
    ) -> FloatArray:
        shear, flows = self.shear_modulus, step > 0
        part, along = np.zeros_like(step), np.zeros_like(step)
        if flows.any():
            own = step[flows]
            flow = self.flow.at(old[flows] + own, own / duration)
            hardening = self.kinematic + flow.by_strain + flow.by_rate / duration
            part[flows] = 3 * shear * own / equivalent[flows]
            along[flows] = 3 * shear / (3 * shear + hardening) - part[flows]
        found = 2 * shear * (1 - part)[:, None, None] * _DEVIATOR
        found += self.bulk_modulus * np.outer(_VOLUME, _VOLUME)
        found -= 2 * shear * along[:, None, None] * normal[:, :, None] * normal[:, None, :]
        return found
