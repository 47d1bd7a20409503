"""Diffusion of an interstitial that hops by turns between two kinds of sites, from the rates of one hop and of the hop back.

D = l² ⟨Γ⟩/6 of uncorrelated hops of length l, whose mean rate is ⟨Γ⟩ = 2/(1/Γ + 1/Γ') where Γ of all hops from a site of
the first kind and Γ' of all from the second alternate: the time in each is its share of the whole. In the fcc lattice these are
eight hops from an octahedral to the tetrahedral sites, and four back, of l = a√3/4: where the tetrahedral sites are
left at once, D = a² k/2 with the rate k of one hop (Wert & Zener, Phys. Rev. 76 (1949) 1169, give such geometries).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from atomistic.rates.harmonic import HarmonicRate, Statistics, Tunnelling
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import ANGSTROM, BOLTZMANN_EV
from coupling.upscale.diffusion import DiffusionCoefficient

HARMONIC: tuple[tuple[str, Statistics, Tunnelling], ...] = (
    ("classical", "classical", "none"),
    ("wigner", "classical", "wigner"),
    ("harmonic quantum", "quantum", "wigner"),
)
"""Treatments by harmonic rates: name, vibrations, tunnelling."""


@dataclass(frozen=True)
class AlternatingHops:
    """The hop from a site of the first kind to one of the second, and back.

    Attributes:
        there: Its rate, of one way.
        back: That of the way back.
        ways: Number of equivalent hops from a site of the first kind.
        ways_back: The same of the second kind.
        length: Of a hop, Å.
    """

    there: HarmonicRate
    back: HarmonicRate
    ways: int
    ways_back: int
    length: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.length) and self.length > 0) or min(self.ways, self.ways_back) < 1:
            raise InputError(
                f"Hops of {self.length} Å, {self.ways} there and {self.ways_back} back, do not lead anywhere; give a positive length "
                "and one way or more."
            )

    def log_diffusivity(self, there: FloatArray, back: FloatArray) -> FloatArray:
        """(n,) ln D in m²/s from ln of one hop's rates (n,) in 1/s."""
        waiting = np.logaddexp(-there - np.log(self.ways), -back - np.log(self.ways_back))
        return 2 * np.log(self.length * ANGSTROM) - np.log(3.0) - waiting

    def harmonic(
        self,
        temperatures: Sequence[float] | FloatArray,
        *,
        rate_std: FloatArray | None = None,
        barrier_std: float = 0.0,
        coverage: float = 0.9,
    ) -> list[DiffusionCoefficient]:
        """By harmonic rates: classical, with Wigner's factor, and with quantum vibrations and Wigner's factor.

        Args:
            temperatures: (n,) K.
            rate_std: (n,) standard deviations of ln of the rate, such as `RateSpread.logarithms.std`.
            barrier_std: Standard deviation of the barrier that is known otherwise, eV.
            coverage: Probability with which the bars hold D.

        Raises:
            InputError: as `HarmonicRate.logarithm`.
        """
        at = np.sort(np.atleast_1d(np.asarray(temperatures, dtype=float)))
        spread = np.hypot(0.0 if rate_std is None else rate_std, barrier_std / (BOLTZMANN_EV * at))
        found = []
        for name, statistics, tunnelling in HARMONIC:
            there, back = (
                one.logarithm(at, statistics=statistics, tunnelling=tunnelling) for one in (self.there, self.back)
            )
            found.append(with_bars(name, at, self.log_diffusivity(there, back), spread, coverage))
        return found


def with_bars(
    treatment: str, temperatures: FloatArray, logarithms: FloatArray, spread: FloatArray, coverage: float
) -> DiffusionCoefficient:
    """A curve whose bars hold ln D with a probability, if it is normal.

    Args:
        treatment: One of `coupling.upscale.diffusion.TREATMENTS`.
        temperatures: (n,) K.
        logarithms: (n,) ln D in m²/s.
        spread: (n,) standard deviations of them; where all are zero, nothing is known.
        coverage: The probability.
    """
    if not 0 < coverage < 1:
        raise InputError(f"A coverage of {coverage} is not a probability between 0 and 1.")
    width = float(norm.ppf(0.5 + coverage / 2)) * np.asarray(spread) * np.ones_like(logarithms)
    ends = (np.exp(logarithms - width), np.exp(logarithms + width))
    return DiffusionCoefficient(treatment, temperatures, np.exp(logarithms), *ends, coverage if width.any() else 0.0)
