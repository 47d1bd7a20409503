"""Flow stresses: what an isotropic plastic body carries at an equivalent plastic strain and rate."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.upscale.flow import GlideLaw

if TYPE_CHECKING:
    from scipy.interpolate import CubicHermiteSpline

_NEWTON = 60
_ROUNDING = 1e-14
_LOW, _HIGH, _TABLE = (
    1e-14,
    1e3,
    6000,
)  # of the table of a glide law: its stresses, over those of the law, and their number


class FlowValue(NamedTuple):
    """A flow stress and its slopes.

    Attributes:
        stress: (n,) Pa.
        by_strain: (n,) its derivative by the equivalent plastic strain, Pa.
        by_rate: (n,) by the rate of that, Pa s.
    """

    stress: FloatArray
    by_strain: FloatArray
    by_rate: FloatArray


class Flow(Protocol):
    """A flow stress that falls neither with the strain nor with its rate."""

    @property
    def depends_on_rate(self) -> bool:
        """Whether the rate matters."""

    def at(self, strain: FloatArray, rate: FloatArray) -> FlowValue:
        """Its value at equivalent plastic strains (n,) and their rates (n,), 1/s."""


def _positive(owner: str, **values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value} of {owner} must be positive and finite.")


def _not_negative(owner: str, **values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value >= 0):
            raise InputError(
                f"{name} = {value} of {owner} must be 0 or more, and finite: a softening body has no width of its own."
            )


@dataclass(frozen=True)
class LinearHardening:
    """σ_y + H p.

    Attributes:
        yield_stress: σ_y, Pa.
        modulus: H, Pa.

    Raises:
        InputError: no yield stress, or a softening body.
    """

    yield_stress: float
    modulus: float = 0.0
    depends_on_rate = False

    def __post_init__(self) -> None:
        _positive("a linear hardening", yield_stress=self.yield_stress)
        _not_negative("a linear hardening", modulus=self.modulus)

    def at(self, strain: FloatArray, rate: FloatArray) -> FlowValue:
        """See `Flow.at`."""
        return FlowValue(
            self.yield_stress + self.modulus * strain, np.full_like(strain, self.modulus), np.zeros_like(strain)
        )


@dataclass(frozen=True)
class VoceHardening:
    """σ_y + (σ_∞ − σ_y)(1 − exp(−p/p₀)), which saturates (Voce, J. Inst. Met. 74 (1948) 537).

    Attributes:
        yield_stress: σ_y, Pa.
        saturation: σ_∞, Pa.
        strain: p₀.

    Raises:
        InputError: a stress or strain that is not positive, or saturation below the yield stress.
    """

    yield_stress: float
    saturation: float
    strain: float
    depends_on_rate = False

    def __post_init__(self) -> None:
        _positive("a Voce hardening", yield_stress=self.yield_stress, strain=self.strain)
        _not_negative("a Voce hardening", saturation_less_yield_stress=self.saturation - self.yield_stress)

    def at(self, strain: FloatArray, rate: FloatArray) -> FlowValue:
        """See `Flow.at`."""
        left = (self.saturation - self.yield_stress) * np.exp(-strain / self.strain)
        return FlowValue(self.saturation - left, left / self.strain, np.zeros_like(strain))


@dataclass(frozen=True)
class PowerHardening:
    """The uniaxial curve ε = σ/E up to σ_y, and ε = (σ_y/E)(σ/σ_y)^(1/N) beyond, in plastic strain p = ε − σ/E.

    The hardening of Tvergaard & Hutchinson, J. Mech. Phys. Solids 40 (1992) 1377.

    Attributes:
        yield_stress: σ_y, Pa.
        exponent: N, 0 ≤ N < 1; 0 is perfectly plastic.
        young: E, Pa.

    Raises:
        InputError: constants that are not positive, or an exponent outside of [0, 1).
    """

    yield_stress: float
    exponent: float
    young: float
    depends_on_rate = False

    def __post_init__(self) -> None:
        _positive("a power hardening", yield_stress=self.yield_stress, young=self.young)
        if not 0 <= self.exponent < 1:
            raise InputError(f"The exponent N = {self.exponent} of a power hardening must lie in 0 ≤ N < 1.")

    def at(self, strain: FloatArray, rate: FloatArray) -> FlowValue:
        """See `Flow.at`."""
        ratio, slope = self._ratio(strain), np.zeros_like(strain)
        if self.exponent:
            slope = self.young / (ratio ** (1 / self.exponent - 1) / self.exponent - 1)
        return FlowValue(self.yield_stress * ratio, slope, np.zeros_like(strain))

    def _ratio(self, strain: FloatArray) -> FloatArray:
        """(n,) r = σ/σ_y ≥ 1 of r^(1/N) − r = E p/σ_y, by Newton's method from above, where it is monotone."""
        found, flowed = np.ones_like(strain), strain > 0
        if self.exponent and flowed.any():
            found[flowed] = self._solved(self.young * strain[flowed] / self.yield_stress)
        return found

    def _solved(self, wanted: FloatArray) -> FloatArray:
        power = 1 / self.exponent
        ratio = (1 + wanted / (1 - self.exponent)) ** self.exponent
        ratio = np.maximum(ratio, (1 + wanted) ** self.exponent)
        for _ in range(_NEWTON):
            step = (ratio**power - ratio - wanted) / (power * ratio ** (power - 1) - 1)
            ratio = np.maximum(ratio - step, 1.0)
            if np.abs(step).max(initial=0.0) < _ROUNDING * ratio.max(initial=1.0):
                break
        return ratio


@dataclass(frozen=True)
class RatePower:
    """Another flow stress times 1 + (ṗ/ṗ₀)^m (Perzyna, Adv. Appl. Mech. 9 (1966) 243).

    Attributes:
        slow: The flow stress at rest.
        rate: ṗ₀, 1/s, at which it is twice as high.
        exponent: m, 0 < m ≤ 1.

    Raises:
        InputError: a rate that is not positive, or an exponent outside of (0, 1].
    """

    slow: Flow
    rate: float
    exponent: float
    depends_on_rate = True

    def __post_init__(self) -> None:
        _positive("a rate-dependent flow stress", rate=self.rate)
        if not 0 < self.exponent <= 1:
            raise InputError(f"The exponent m = {self.exponent} of the rate must lie in 0 < m ≤ 1.")

    def at(self, strain: FloatArray, rate: FloatArray) -> FlowValue:
        """See `Flow.at`."""
        slow = self.slow.at(strain, rate)
        ratio = np.maximum(rate / self.rate, np.finfo(float).tiny)
        factor = 1 + (rate / self.rate) ** self.exponent
        by_rate = slow.stress * self.exponent * ratio ** (self.exponent - 1) / self.rate
        return FlowValue(slow.stress * factor, slow.by_strain * factor, by_rate)


@dataclass(frozen=True)
class GlideFlow:
    """What dislocations carry: M (τ(T, M ṗ) + α G b √ρ), ρ evolving with the strain.

    The lattice's own friction τ is that of a `coupling.upscale.flow.GlideLaw`; the forest's is Taylor's, and its density
    follows dρ/dε = M (k₁ √ρ − k₂ ρ) (Kocks & Mecking, Prog. Mater. Sci. 48 (2003) 171), which has the closed form
    √ρ = √ρ_∞ + (√ρ₀ − √ρ_∞) exp(−M k₂ p/2), √ρ_∞ = k₁/k₂. The mobile density of Orowan's law stays that of the glide law.

    Attributes:
        glide: The kinetics of a dislocation.
        temperature: K.
        taylor_factor: M of the texture; 3.06 of a random fcc polycrystal.
        interaction: α of the forest; 0: no hardening.
        shear_modulus: G, Pa.
        density: ρ₀, 1/m², at the start.
        storage: k₁, 1/m.
        recovery: k₂.

    Raises:
        InputError: constants that are not positive, or a density that falls with the strain.
    """

    glide: GlideLaw
    temperature: float
    taylor_factor: float = 3.06
    interaction: float = 0.0
    shear_modulus: float = 0.0
    density: float = 1e12
    storage: float = 0.0
    recovery: float = 1.0
    depends_on_rate = True

    def __post_init__(self) -> None:
        owner = "a dislocations' flow stress"
        _positive(owner, temperature=self.temperature, taylor_factor=self.taylor_factor, density=self.density,
                  recovery=self.recovery)  # fmt: skip
        _not_negative(owner, interaction=self.interaction, shear_modulus=self.shear_modulus, storage=self.storage)
        if self.interaction and not self.shear_modulus:
            raise InputError("A forest's interaction needs the shear modulus: give shear_modulus in Pa.")
        if self.interaction and self.storage and self.storage / self.recovery < np.sqrt(self.density):
            raise InputError(
                f"The density {self.density:.3g}/m² is above the {(self.storage / self.recovery) ** 2:.3g}/m² at which storage and "
                "recovery balance, so that the body would soften; start with less, or store more."
            )

    @property
    def _forest(self) -> float:
        return self.taylor_factor * self.interaction * self.shear_modulus * self.glide.burgers

    def _root(self, strain: FloatArray) -> tuple[FloatArray, FloatArray]:
        """√ρ, 1/m, and its derivative by the strain."""
        start = np.sqrt(self.density)
        if not self.storage:
            return np.full_like(strain, start), np.zeros_like(strain)
        end, decay = self.storage / self.recovery, 0.5 * self.taylor_factor * self.recovery
        left = (start - end) * np.exp(-decay * strain)
        return end + left, -decay * left

    def at(self, strain: FloatArray, rate: FloatArray) -> FlowValue:
        """See `Flow.at`."""
        root, slope = self._root(strain)
        moving = np.maximum(rate, np.finfo(float).tiny)
        by_rate = self.taylor_factor * self._friction_slope(self._friction(moving), moving)
        return FlowValue(self.taylor_factor * self._friction(rate) + self._forest * root, self._forest * slope, by_rate)

    def _friction(self, rate: FloatArray) -> FloatArray:
        """(n,) τ, Pa; proportional to the rate below the table, where drag alone is left."""
        known, below = self._within(rate)
        return np.exp(self._logarithm(known)) * below

    def _friction_slope(self, friction: FloatArray, rate: FloatArray) -> FloatArray:
        """(n,) dτ/dṗ, Pa s."""
        known, below = self._within(rate)
        return friction / rate * np.where(below < 1, 1.0, self._logarithm.derivative()(known))

    def _within(self, rate: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n,) ln of the rate, kept within the table, and the rate over the table's least, at most 1."""
        least = np.exp(self._logarithm.x[0])
        return np.log(np.clip(rate, least, np.exp(self._logarithm.x[-1]))), np.minimum(rate / least, 1.0)

    @cached_property
    def _logarithm(self) -> "CubicHermiteSpline":
        """ln τ of ln ṗ, from velocities and their slopes at stresses from far below to far above the Peierls stress."""
        from scipy.interpolate import CubicHermiteSpline

        glide = self.glide
        running = glide.fastest * glide.drag / glide.burgers  # Pa; far above it a dislocation is as fast as it can be
        stress = np.geomspace(_LOW * glide.peierls_stress, _HIGH * max(glide.peierls_stress, running), _TABLE)
        rate = glide.mobile_density * glide.burgers * glide.velocity(stress, self.temperature) / self.taylor_factor
        sensitivity = glide.rate_sensitivity(stress, self.temperature)
        told = np.concatenate([[True], np.diff(np.log(rate)) > _ROUNDING]) & np.isfinite(np.log(rate))
        return CubicHermiteSpline(np.log(rate[told]), np.log(stress[told]), 1 / sensitivity[told])
