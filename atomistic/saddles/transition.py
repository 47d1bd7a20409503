"""What a transition between two minima is, and how it is searched."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ase import Atoms

from atomistic.rates.harmonic import HarmonicRate
from atomistic.saddles.band import Band, require_images
from atomistic.saddles.landscape import Landscape
from atomistic.saddles.stationary import StationaryPoint
from coupling.contracts import Cost, FloatArray
from coupling.errors import InputError, unknown_choice


@dataclass(frozen=True)
class Settings:
    """How transitions are searched.

    Attributes:
        images: Of a band between its ends, three or more.
        force: Largest force that may remain at minima and saddles, eV/Å.
        band_force: Largest force across the band at which the search for the saddle takes over, eV/Å.
        spring: Of the band, eV/Å².
        path_step: Å that the atom that moves farthest moves in a step of the reaction path at the saddle.
        steps: Most steps of each search.
        relax_ends: Whether ends are relaxed; else they must be minima as they are.
        frequencies: Whether whole Hessians are made, which rates need; else the order alone is found, by Lanczos.
    """

    images: int = 7
    force: float = 1e-3
    band_force: float = 0.05
    spring: float = 0.5
    path_step: float = 0.05
    steps: int = 500
    relax_ends: bool = True
    frequencies: bool = True

    def __post_init__(self) -> None:
        require_images(self.images)
        lengths = (self.force, self.band_force, self.spring, self.path_step)
        if not all(value > 0 for value in lengths) or self.steps < 1:
            raise InputError(
                f"Forces, spring, step and steps of {lengths} and {self.steps} must all be positive; leave them at their defaults."
            )


DEFAULT = Settings()


def settings_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options by name, as they are.

    Raises:
        InputError: one is no field of `Settings`.
    """
    known = [one.name for one in fields(Settings)]
    for name in options:
        if name not in known:
            raise unknown_choice("option of a transition", name, known)
    return dict(options)


@dataclass(frozen=True)
class ReactionPath:
    """The intrinsic reaction coordinate from the first minimum over the saddle to the last.

    Attributes:
        lengths: (n,) from the saddle, negative towards the first minimum, Å√u.
        energies: (n,) eV.
        structures: n structures, without results.
    """

    lengths: FloatArray
    energies: FloatArray
    structures: list[Atoms]


@dataclass(frozen=True)
class Transition:
    """A saddle and the minima at its sides.

    Attributes:
        first: The minimum that it leads from.
        saddle: The saddle of first order.
        last: The minimum that it leads to.
        path: Down from the saddle to both.
        band: The band that led to it; None where there was none.
        landscape: What could move.
        cost: Computational cost, of analytic Hessians none.
    """

    first: StationaryPoint
    saddle: StationaryPoint
    last: StationaryPoint
    path: ReactionPath
    band: Band | None
    landscape: Landscape
    cost: Cost

    @property
    def barrier(self) -> float:
        """Of the saddle above the first minimum, eV."""
        return self.saddle.energy - self.first.energy

    @property
    def backward_barrier(self) -> float:
        """Of the saddle above the last minimum, eV."""
        return self.saddle.energy - self.last.energy

    def rate(self, *, backward: bool = False, ways: int = 1) -> HarmonicRate:
        """The harmonic rate of it.

        Args:
            backward: From the last minimum to the first.
            ways: Number of equivalent transitions out of the minimum, by which the rate is multiplied.

        Raises:
            InputError: it was searched without frequencies.
        """
        start = self.last if backward else self.first
        if start.angular is None or self.saddle.angular is None:
            raise InputError("This transition was searched without frequencies; search it with frequencies=True.")
        barrier = self.backward_barrier if backward else self.barrier
        return HarmonicRate(barrier, start.angular, self.saddle.angular[1:], float(-self.saddle.angular[0]), ways)
