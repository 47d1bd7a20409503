"""How probable it is that a phase is stable, where its energy is known with an error."""

from dataclasses import dataclass

import numpy as np

from atomistic.phases.hull import ON_HULL, ConvexHull
from coupling.contracts import FloatArray
from coupling.errors import InputError


@dataclass(frozen=True)
class Stability:
    """What draws of all energies say of each phase.

    Attributes:
        probability: (n,) share of the draws in which it lies on the hull.
        error: (n,) standard deviation of that share, from the number of draws.
        above: (n,) mean energy above the hull, eV per atom.
        above_deviation: (n,) its standard deviation over the draws.
    """

    probability: FloatArray
    error: FloatArray
    above: FloatArray
    above_deviation: FloatArray


def stability(fractions: FloatArray, draws: FloatArray, *, tolerance: float = ON_HULL) -> Stability:
    """The hulls of all draws.

    Args:
        fractions: (n, k) atomic fractions.
        draws: (m, n) energies of all phases drawn together, eV per atom: what is known of one bears on its neighbours'.
        tolerance: Height above the hull up to which a phase counts as stable, eV per atom.

    Raises:
        InputError: there are fewer than two draws, or an end member is missing.
    """
    if draws.ndim != 2 or len(draws) < 2:
        raise InputError(f"Draws of shape {draws.shape} give no probability; give (m, n) with m of two or more.")
    above = np.array([ConvexHull(fractions, energies).above for energies in draws])
    share = np.mean(above <= tolerance, axis=0)
    m = len(draws)
    laplace = (share * m + 1) / (m + 2)  # so that a share of 0 or 1 is not taken for certain
    return Stability(share, np.sqrt(laplace * (1 - laplace) / m), above.mean(axis=0), above.std(axis=0, ddof=1))
