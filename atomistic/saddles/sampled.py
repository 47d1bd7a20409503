"""Error bars of rates: the saddle and its minimum found again with each sample of the potential."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atomistic.rates.arrhenius import Arrhenius, arrhenius
from atomistic.rates.harmonic import HarmonicRate, Statistics, Tunnelling
from atomistic.saddles.lockstep import drive, together
from atomistic.saddles.minimum_mode import climb
from atomistic.saddles.quasi_newton import descent
from atomistic.saddles.stationary import Place, require_minimum, require_saddle, stationary_points
from atomistic.saddles.transition import DEFAULT, Settings, Transition
from atomistic.trust.propagate import Spread, propagate
from coupling.contracts import FloatArray, Potential, Progress, silent


@dataclass(frozen=True)
class RateSpread:
    """A rate over samples of the potential.

    Attributes:
        rate: With the potential itself.
        barrier: eV.
        prefactor: ln of it in 1/s.
        logarithms: (n,) ln of the rates in 1/s, at the temperatures.
        temperatures: (n,) K.
        statistics: Of the vibrations.
        tunnelling: Through the barrier.
    """

    rate: HarmonicRate
    barrier: Spread
    prefactor: Spread
    logarithms: Spread
    temperatures: FloatArray
    statistics: Statistics
    tunnelling: Tunnelling

    def arrhenius(self, coverage: float = 0.9) -> Arrhenius:
        """The table, with bands that hold the rate with this probability."""
        return arrhenius(
            self.rate, self.temperatures, statistics=self.statistics, tunnelling=self.tunnelling,
            bars=self.logarithms.bar(coverage), coverage=coverage,
        )  # fmt: skip


def sampled_rate(
    found: Transition,
    potential: Potential,
    samples: Sequence[Potential],
    temperatures: Sequence[float] | FloatArray,
    *,
    ways: int = 1,
    statistics: Statistics = "classical",
    tunnelling: Tunnelling = "none",
    settings: Settings = DEFAULT,
    progress: Progress = silent,
) -> RateSpread:
    """The rate with error bars: draws of a posterior, or members of a committee, in place of the potential.

    Args:
        found: The transition with the potential itself, forward.
        potential: The potential.
        samples: Two or more.
        temperatures: (n,) K.
        ways: Number of equivalent transitions out of the minimum.
        statistics: Of the vibrations.
        tunnelling: Through the barrier.
        settings: Of the searches, which start from the transition's own points.
        progress: Called after each sample.

    Raises:
        InputError: fewer than two samples, or a sample has no minimum there.
        NotConverged: a sample has no saddle there.
    """
    at = np.atleast_1d(np.asarray(temperatures, dtype=float))

    def quantities(one: Potential) -> dict[str, float | FloatArray]:
        rate = _again(found, one, settings, ways)
        logarithms = rate.logarithm(at, statistics=statistics, tunnelling=tunnelling)
        return {"barrier": rate.barrier, "prefactor": float(np.log(rate.prefactor)), "logarithms": logarithms}

    spread = propagate(quantities, potential, samples, progress=progress)
    return RateSpread(
        found.rate(ways=ways), spread["barrier"], spread["prefactor"], spread["logarithms"], at, statistics, tunnelling
    )


def _again(found: Transition, potential: Potential, settings: Settings, ways: int) -> HarmonicRate:
    """The rate of another potential, from the minimum and the saddle of the first."""
    landscape = found.landscape
    near = landscape.point(found.first.atoms)
    (low,), _ = drive(potential, together([
        descent(landscape, near, force=settings.force, steps=settings.steps, what="the minimum of a sample")
    ]), "minimum")  # fmt: skip
    start, mode = landscape.point(found.saddle.atoms), found.saddle.mode.ravel()[landscape.moving]
    top, _ = drive(
        potential, climb(landscape, start, mode, force=settings.force, steps=settings.steps, what="the saddle of a sample"),
        "saddle",
    )  # fmt: skip
    places = [Place(landscape, one.point, one.energy, one.gradient) for one in (low, top)]
    (minimum, saddle), _ = stationary_points(potential, places, whole=True)
    require_minimum(minimum, "The minimum of a sample")
    require_saddle(saddle, "What was found with a sample")
    return HarmonicRate(
        saddle.energy - minimum.energy, minimum.angular, saddle.angular[1:], float(-saddle.angular[0]), ways
    )
