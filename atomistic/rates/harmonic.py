"""Rates by harmonic transition-state theory, classical and quantum.

Classical: k = Πω / Π'ω‡ / 2π · exp(−ΔE/kT), Π' over the stable modes of the saddle (Vineyard, J. Phys. Chem. Solids 3
(1957) 121). Quantum: each ω/kT becomes 2 sinh(ħω/2kT)/ħ, zero-point energies included. Tunnelling: a factor of
1 + (ħ|ω‡|/kT)²/24 (Wigner, Z. phys. Chem. B 19 (1932) 203), or (u/2)/sin(u/2), u = ħ|ω‡|/kT, of the inverted parabola.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import constants as physics

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.units import BOLTZMANN_EV, EV

Statistics = Literal["classical", "quantum"]
Tunnelling = Literal["none", "wigner", "parabola"]
STATISTICS: tuple[Statistics, ...] = ("classical", "quantum")
TUNNELLING: tuple[Tunnelling, ...] = ("none", "wigner", "parabola")
_HBAR_EV: float = physics.hbar / EV


@dataclass(frozen=True)
class HarmonicRate:
    """The rate from a minimum over a saddle.

    Attributes:
        barrier: Energy of the saddle above the minimum, eV.
        minimum: (k,) ω of the minimum, rad/s.
        saddle: (k - 1,) ω of the saddle's stable modes, rad/s.
        unstable: |ω‡| of its unstable mode, rad/s.
        ways: Number of equivalent ways out of the minimum, by which the rate is multiplied.
    """

    barrier: float
    minimum: FloatArray
    saddle: FloatArray
    unstable: float
    ways: int = 1

    def __post_init__(self) -> None:
        modes = np.concatenate([self.minimum, self.saddle, [self.unstable]])
        if len(self.saddle) != len(self.minimum) - 1 or not (modes > 0).all():
            raise InputError(
                f"A rate needs n frequencies of the minimum and n - 1 of the saddle, all above zero, not {len(self.minimum)} "
                f"and {len(self.saddle)} with a smallest of {modes.min():.3g} rad/s; use the same free atoms at both, and "
                "a minimum and a saddle of first order."
            )
        if self.ways < 1:
            raise InputError(
                f"{self.ways} ways over the saddle are none; count those that symmetry makes equal, 1 or more."
            )

    @property
    def prefactor(self) -> float:
        """Vineyard's, of all ways together, 1/s."""
        return self.ways * float(np.exp(np.log(self.minimum).sum() - np.log(self.saddle).sum()) / (2 * np.pi))

    @property
    def zero_point(self) -> float:
        """Change of the barrier by zero-point energies, eV."""
        return float(_HBAR_EV * (self.saddle.sum() - self.minimum.sum()) / 2)

    @property
    def crossover(self) -> float:
        """ħ|ω‡|/2πk, K: below it tunnelling is no correction, and the parabola's factor is infinite."""
        return float(_HBAR_EV * self.unstable / (2 * np.pi * BOLTZMANN_EV))

    def logarithm(
        self, temperatures: FloatArray, *, statistics: Statistics = "classical", tunnelling: Tunnelling = "none"
    ) -> FloatArray:
        """(n,) ln(k s), at temperatures (n,) in K.

        Raises:
            InputError: a temperature is not positive, or below the crossover with the parabola; a choice is unknown.
        """
        temperatures = np.atleast_1d(np.asarray(temperatures, dtype=float))
        if not (temperatures > 0).all():
            raise InputError(f"A rate at {temperatures.min():g} K is not defined; give temperatures above 0 K.")
        if statistics not in STATISTICS:
            raise unknown_choice("statistics", statistics, STATISTICS)
        thermal = BOLTZMANN_EV * temperatures
        found = np.log(self.prefactor) - self.barrier / thermal + self._tunnelling(temperatures, tunnelling)
        if statistics == "quantum":
            of_minimum = _quantum_over_classical(self.minimum, thermal)
            found += _quantum_over_classical(self.saddle, thermal) - of_minimum
        return found

    def at(
        self, temperatures: FloatArray, *, statistics: Statistics = "classical", tunnelling: Tunnelling = "none"
    ) -> FloatArray:
        """(n,) rates in 1/s at temperatures (n,) in K; see `logarithm`."""
        return np.exp(self.logarithm(temperatures, statistics=statistics, tunnelling=tunnelling))

    def activation(
        self, temperatures: FloatArray, *, statistics: Statistics = "classical", tunnelling: Tunnelling = "none"
    ) -> FloatArray:
        """(n,) −d ln k/d(1/kT) in eV at temperatures (n,) in K: the slope of the Arrhenius plot."""
        beta = 1 / (BOLTZMANN_EV * np.atleast_1d(np.asarray(temperatures, dtype=float)))
        up, down = (
            self.logarithm(1 / (BOLTZMANN_EV * share * beta), statistics=statistics, tunnelling=tunnelling)
            for share in (1 + 1e-5, 1 - 1e-5)
        )
        return -(up - down) / (2e-5 * beta)

    def _tunnelling(self, temperatures: FloatArray, tunnelling: Tunnelling) -> FloatArray:
        """(n,) ln of the factor."""
        if tunnelling not in TUNNELLING:
            raise unknown_choice("tunnelling", tunnelling, TUNNELLING)
        u = _HBAR_EV * self.unstable / (BOLTZMANN_EV * temperatures)
        if tunnelling == "none":
            return np.zeros_like(u)
        if tunnelling == "wigner":
            return np.log1p(u**2 / 24)
        if (u >= 2 * np.pi).any():
            raise InputError(
                f"At {temperatures.min():g} K the inverted parabola transmits without bound; stay above the crossover at "
                f"{self.crossover:.4g} K, or use tunnelling='wigner' as a lower bound."
            )
        return np.log((u / 2) / np.sin(u / 2))


def _quantum_over_classical(angular: FloatArray, thermal: FloatArray) -> FloatArray:
    """(n,) Σ ln of the oscillators' partition functions, (x/2)/sinh(x/2) with x = ħω/kT, at kT (n,) in eV."""
    half = _HBAR_EV * angular[None] / thermal[:, None] / 2
    return np.sum(np.log(2 * half) - half - np.log(-np.expm1(-2 * half)), axis=1)
