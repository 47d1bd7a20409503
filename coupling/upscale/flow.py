"""Velocity of a dislocation that nucleates kink pairs, and the flow stress τ(T, strain rate); SI units.

The velocity of Cereceda et al. (Int. J. Plasticity 78 (2016) 242), a waiting and a running time in series:

    1/v = exp(ΔH(τ)/kT) b/(h ω L) + B/(b τ)

with ΔH by Kocks' law, and the strain rate of Orowan, ρ b v. Hardening by other dislocations is the next
scale's: the stress here is the lattice's own friction.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN

_BISECTIONS = 70

DRAG_PLACEHOLDER = 1e-4
"""Pa s. A PLACEHOLDER for the drag coefficient, of the order found for pure metals, where none was computed or given."""
ATTEMPT_ASSUMED = 1e12
"""1/s. An ASSUMED attempt frequency of kink pairs, where none was computed or given."""

UNITS: dict[str, str] = {
    "activation_enthalpy": "J", "peierls_stress": "Pa", "p": "1", "q": "1", "burgers": "m", "kink_height": "m",
    "segment_length": "m", "attempt_frequency": "1/s", "drag": "Pa*s", "mobile_density": "1/m^2",
}  # fmt: skip
"""Unit of each parameter of `GlideLaw`."""


@dataclass(frozen=True)
class GlideLaw:
    """Thermally activated glide.

    Attributes:
        activation_enthalpy: ΔH₀ of a kink pair, J.
        peierls_stress: τ_P, Pa.
        p: Kocks' exponent.
        q: Kocks' exponent.
        burgers: b, m.
        kink_height: h, distance of neighbouring Peierls valleys, m.
        segment_length: L, free length of a segment, m: of the microstructure, not of the potential.
        attempt_frequency: ω, 1/s; by default assumed.
        drag: B, Pa s; by default a placeholder.
        mobile_density: ρ, 1/m²: of the microstructure, not of the potential.

    Raises:
        InputError: a parameter that is not positive.
    """

    activation_enthalpy: float
    peierls_stress: float
    p: float
    q: float
    burgers: float
    kink_height: float
    segment_length: float = 1e-6
    attempt_frequency: float = ATTEMPT_ASSUMED
    drag: float = DRAG_PLACEHOLDER
    mobile_density: float = 1e12

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not np.all(np.isfinite(value) & (np.asarray(value) > 0)):
                raise InputError(f"{name} = {value} of a glide law must be positive and finite (unit {UNITS[name]}).")

    @property
    def drag_is_placeholder(self) -> bool:
        """Whether the drag coefficient is the placeholder and not a computed one."""
        return self.drag == DRAG_PLACEHOLDER

    @property
    def attempt_is_assumed(self) -> bool:
        """Whether the attempt frequency is the assumed one and not a computed one."""
        return self.attempt_frequency == ATTEMPT_ASSUMED

    def enthalpy(self, stress: FloatArray | float) -> FloatArray:
        """ΔH at stresses, J; zero beyond the Peierls stress."""
        ratio = np.clip(np.asarray(stress, dtype=float) / self.peierls_stress, 0.0, 1.0)
        return np.asarray(self.activation_enthalpy * (1 - ratio**self.p) ** self.q)

    def velocity(self, stress: FloatArray | float, temperature: FloatArray | float) -> FloatArray:
        """v in m/s at stresses in Pa and temperatures in K, broadcast; zero at zero stress."""
        stress, temperature = np.asarray(stress, dtype=float), np.asarray(temperature, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            activation = self.enthalpy(stress) / (BOLTZMANN * temperature)
            waiting = np.exp(np.where(np.isnan(activation), 0.0, activation)) / self.fastest
            return 1 / (waiting + self.drag / (self.burgers * stress))

    def rate_sensitivity(self, stress: FloatArray, temperature: float) -> FloatArray:
        """d ln v/d ln τ at positive stresses in Pa and a temperature in K."""
        ratio = np.clip(np.asarray(stress, dtype=float) / self.peierls_stress, 0.0, 1.0)
        left = np.maximum(1 - ratio**self.p, np.finfo(float).tiny)
        falls = (
            self.activation_enthalpy
            / (BOLTZMANN * temperature)
            * self.p
            * self.q
            * ratio**self.p
            * left ** (self.q - 1)
        )
        drag = self.drag / (self.burgers * stress)
        waiting = 1 / self.velocity(stress, temperature) - drag
        return np.asarray((waiting * np.where(ratio < 1, falls, 0.0) + drag) * self.velocity(stress, temperature))

    def flow_stress(self, temperature: FloatArray | float, strain_rate: FloatArray | float) -> FloatArray:
        """τ in Pa at temperatures in K and shear strain rates in 1/s, broadcast.

        Raises:
            InputError: a temperature or a rate that is not positive, or a rate that no stress reaches.
        """
        temperature, rate, _ = np.broadcast_arrays(
            np.asarray(temperature, dtype=float),
            np.asarray(strain_rate, dtype=float),
            np.asarray(self.fastest + self.peierls_stress),
        )
        if not (np.all(temperature > 0) and np.all(rate > 0)):
            raise InputError("Temperatures (K) and strain rates (1/s) of a flow stress must be positive.")
        velocity = rate / (self.mobile_density * self.burgers)
        if not np.all(velocity < self.fastest):
            raise InputError(
                f"A strain rate of {rate.max():.3g}/s asks for {np.max(velocity):.3g} m/s of each dislocation, more than "
                f"the {np.min(self.fastest):.3g} m/s of the law; raise the mobile density."
            )
        waiting = 1 / velocity - 1 / self.fastest
        low = np.full(velocity.shape, np.log(self.drag / self.burgers) + np.log(velocity))
        high = np.maximum(np.log(self.peierls_stress), np.log(self.drag / self.burgers / waiting)) + 1e-12
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            fast = self.velocity(np.exp(middle), temperature) > velocity
            low, high = np.where(fast, low, middle), np.where(fast, middle, high)
        return np.asarray(np.exp(0.5 * (low + high)))

    def athermal_temperature(self, strain_rate: float) -> float:
        """Temperature in K above which waiting for kink pairs costs no stress: ΔH₀ = kT ln(v_max/v)."""
        velocity = strain_rate / (self.mobile_density * self.burgers)
        return float(self.activation_enthalpy / (BOLTZMANN * np.log(self.fastest / velocity)))

    @property
    def fastest(self) -> float:
        """Velocity without a barrier and without drag, m/s."""
        return self.kink_height * self.attempt_frequency * self.segment_length / self.burgers


def flow_stress_std(
    law: GlideLaw,
    relative: dict[str, float],
    temperature: FloatArray | float,
    strain_rate: FloatArray | float,
    samples: int = 200,
    seed: int = 0,
) -> FloatArray:
    """Standard deviation of τ(T, rate) from those of the parameters, by log-normal samples.

    Args:
        law: The law.
        relative: Relative standard deviations by name of a parameter, taken as independent.
        temperature: K.
        strain_rate: 1/s.
        samples: How many.
        seed: Of the samples.

    Raises:
        InputError: a name that is no parameter, or a negative deviation.
    """
    for name, value in relative.items():
        if name not in UNITS or not value >= 0:
            raise InputError(
                f"{name} = {value} is not a relative standard deviation of a glide law; valid names: {', '.join(UNITS)}."
            )
    shape = np.broadcast_shapes(np.shape(temperature), np.shape(strain_rate))
    draws = np.random.default_rng(seed).standard_normal((len(relative), samples, *[1] * len(shape)))
    drawn = {name: getattr(law, name) * np.exp(s * z) for (name, s), z in zip(relative.items(), draws, strict=True)}
    found = replace(law, **drawn).flow_stress(temperature, strain_rate)
    return np.std(np.broadcast_to(found, (samples, *shape)), axis=0, ddof=1)
