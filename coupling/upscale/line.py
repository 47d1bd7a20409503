"""Energy and tension of a dislocation line against its character, from the elastic prefactor K(θ)."""

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.upscale.periodic import Periodic


class LineEnergy:
    """E(θ) = K(θ) b²/(4π) ln(R/r₀) and the tension T = E + E'' that resists bending (de Wit & Koehler 1959).

    Args:
        prefactor: (n,) K = b̂·K·b̂ at n ≥ 8 characters, equally spaced from 0 over π (0 screw, π/2 edge), energy
            per volume.
        burgers: b.
        log_ratio: ln(R/r₀). Elasticity does not give it: it is a choice, and the results depend on it.

    Raises:
        InputError: too few characters, or a prefactor, a Burgers vector or a logarithm that is not positive.
    """

    def __init__(self, prefactor: FloatArray, burgers: float, log_ratio: float) -> None:
        prefactor = np.asarray(prefactor, dtype=float)
        if prefactor.ndim != 1 or len(prefactor) < 8 or not prefactor.min() > 0:
            raise InputError(
                "A line energy needs positive prefactors at 8 or more characters, equally spaced from 0 over π."
            )
        if not (burgers > 0 and log_ratio > 0):
            raise InputError(f"The Burgers vector {burgers:.4g} and ln(R/r0) = {log_ratio:.4g} must be positive.")
        self.burgers, self.log_ratio = float(burgers), float(log_ratio)
        self._prefactor = Periodic(np.pi, prefactor)

    def prefactor(self, angle: FloatArray | float) -> FloatArray:
        """K at characters (n,), rad."""
        return self._prefactor.evaluate(np.atleast_1d(angle)).value

    def energy(self, angle: FloatArray | float) -> FloatArray:
        """E (n,), energy per length, at characters (n,), rad."""
        return self.prefactor(angle) * self._scale

    def tension(self, angle: FloatArray | float) -> FloatArray:
        """T (n,) = E + d²E/dθ², a force; where it is negative the straight line zigzags."""
        found = self._prefactor.evaluate(np.atleast_1d(angle))
        return (found.value + found.hessian[:, 0, 0]) * self._scale

    @property
    def _scale(self) -> float:
        return self.burgers**2 / (4 * np.pi) * self.log_ratio


def isotropic_prefactor(angle: FloatArray, shear_modulus: float, poisson: float) -> FloatArray:
    """K(θ) = μ (cos²θ + sin²θ/(1 − ν)) of an isotropic medium, in the unit of μ."""
    return shear_modulus * (np.cos(angle) ** 2 + np.sin(angle) ** 2 / (1 - poisson))
