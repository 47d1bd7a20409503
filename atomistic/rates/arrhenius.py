"""Rates over temperatures, with bands: the table of an Arrhenius plot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atomistic.rates.harmonic import HarmonicRate, Statistics, Tunnelling
from coupling.contracts import FloatArray
from coupling.units import BOLTZMANN_EV

_HEADING = ("T (K)", "1000/T (1/K)", "k (1/s)", "least", "most", "slope (eV)")


@dataclass(frozen=True)
class Arrhenius:
    """Rates at n temperatures.

    Attributes:
        temperatures: (n,) K.
        rates: (n,) 1/s.
        lower: (n,) ends of the bands, 1/s; without error bars the rates themselves.
        upper: (n,) 1/s.
        activation: (n,) −d ln k/d(1/kT), eV.
        coverage: Probability with which the band holds the rate; None without error bars.
    """

    temperatures: FloatArray
    rates: FloatArray
    lower: FloatArray
    upper: FloatArray
    activation: FloatArray
    coverage: float | None = None

    @property
    def prefactors(self) -> FloatArray:
        """(n,) where the tangent to the plot meets 1/T = 0, 1/s."""
        return self.rates * np.exp(self.activation / (BOLTZMANN_EV * self.temperatures))

    @property
    def decades(self) -> FloatArray:
        """(n,) half widths of the bands, in powers of ten."""
        return np.log10(self.upper / self.lower) / 2

    def __str__(self) -> str:
        columns = (self.temperatures, 1000 / self.temperatures, self.rates, self.lower, self.upper, self.activation)
        rows = ["  ".join(f"{value:12.5g}" for value in row) for row in zip(*columns, strict=True)]
        return "\n".join(["  ".join(f"{name:>12}" for name in _HEADING), *rows])


def arrhenius(
    rate: HarmonicRate,
    temperatures: Sequence[float] | FloatArray,
    *,
    statistics: Statistics = "classical",
    tunnelling: Tunnelling = "none",
    bars: FloatArray | None = None,
    coverage: float | None = None,
) -> Arrhenius:
    """The table of a rate.

    Args:
        rate: The rate.
        temperatures: (n,) K.
        statistics: Of the vibrations.
        tunnelling: Through the barrier.
        bars: (n,) half widths of bands of ln k; None for none.
        coverage: Probability with which they hold the rate.

    Raises:
        InputError: as `HarmonicRate.logarithm`.
    """
    at = np.atleast_1d(np.asarray(temperatures, dtype=float))
    logarithms = rate.logarithm(at, statistics=statistics, tunnelling=tunnelling)
    width = np.zeros_like(at) if bars is None else bars
    activation = rate.activation(at, statistics=statistics, tunnelling=tunnelling)
    return Arrhenius(
        at, np.exp(logarithms), np.exp(logarithms - width), np.exp(logarithms + width), activation, coverage
    )
