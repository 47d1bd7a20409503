"""Stationary points: energies, frequencies, and what kind they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from ase import Atoms

from atomistic.frames import with_results
from atomistic.saddles.curvature import hessians, vibrations
from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import Search, drive, together
from atomistic.saddles.minimum_mode import random_mode
from atomistic.saddles.modes import softest_modes
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged

_FLAT = 1e-3
"""Of the largest |ω|: a mode below it counts neither as stable nor as unstable."""


@dataclass(frozen=True)
class StationaryPoint:
    """A minimum or a saddle.

    Attributes:
        atoms: The structure, with its results.
        energy: eV.
        force: Largest that is left, eV/Å.
        order: Number of unstable modes; where the Hessian was not made, 2 stands for 2 or more.
        mode: (N, 3) displacement in the softest mode, of unit norm.
        angular: (k,) ω of all modes, rad/s, unstable ones negative; None where the Hessian was not made.
        hessian_error: Of an entry of the Hessian, eV/Å²; 0 where it is analytic.
    """

    atoms: Atoms
    energy: float
    force: float
    order: int
    mode: FloatArray
    angular: FloatArray | None
    hessian_error: float


class Place(NamedTuple):
    """Where a search ended: landscape, point (m,), energy in eV and gradient (m,) in eV/Å."""

    landscape: Landscape
    point: FloatArray
    energy: float
    gradient: FloatArray


def stationary_points(
    potential: Potential, places: Sequence[Place], *, whole: bool, progress: Progress = silent
) -> tuple[list[StationaryPoint], Cost]:
    """Of each place its modes, from the whole Hessian or the two softest alone.

    Args:
        potential: The potential.
        places: The places, of vanishing gradients.
        whole: Whether the whole Hessian is made, which rates need; else order and mode are found by Lanczos.
        progress: Called as they are found.
    """
    if whole:
        found, cost = hessians(potential, [one.landscape for one in places], [one.point for one in places], progress)
        modes = [vibrations(at.landscape, at.point, one.matrix) for at, one in zip(places, found, strict=True)]
        kinds = [_Kind(_unstable(one.angular), one.softest, one.angular) for one in modes]
        errors = [one.error for one in found]
    else:
        search = together([_by_lanczos(one) for one in places])
        kinds, cost = drive(potential, search, "softest modes", progress)
        errors = [0.0] * len(places)
    return [_point(*one) for one in zip(places, kinds, errors, strict=True)], cost


class _Kind(NamedTuple):
    """Number of unstable modes, the softest, and all frequencies."""

    order: int
    softest: FloatArray
    angular: FloatArray | None


def _by_lanczos(place: Place) -> Search[_Kind]:
    start = random_mode(place.landscape, 0)
    found = yield from softest_modes(place.landscape, place.point, start, count=2, tolerance=1e-3, most=200)
    return _Kind(int((found.curvatures < -_FLAT * np.abs(found.products).max()).sum()), found.vectors[0], None)


def _unstable(angular: FloatArray) -> int:
    return int((angular < -_FLAT * np.abs(angular).max()).sum())


def _point(place: Place, kind: _Kind, error: float) -> StationaryPoint:
    landscape = place.landscape
    atoms = landscape.structure(place.point)
    with_results(atoms, place.energy, -landscape.displacements(place.gradient))
    mode = landscape.displacements(kind.softest)
    force = landscape.largest(place.gradient)
    return StationaryPoint(atoms, place.energy, force, kind.order, mode, kind.angular, error)


def require_minimum(point: StationaryPoint, what: str) -> None:
    """Refuse an end with unstable modes.

    Raises:
        InputError: it has some.
    """
    if point.order:
        raise InputError(
            f"{what} is no minimum: {point.order} of its modes {'is' if point.order == 1 else 'are'} unstable; displace it "
            "along `mode` and relax it, or give another one."
        )


def require_saddle(point: StationaryPoint, what: str) -> None:
    """Refuse what is no saddle of first order.

    Raises:
        NotConverged: it has no unstable mode, or several.
    """
    if point.order != 1:
        raise NotConverged(
            f"{what} is no saddle of first order: {point.order} of its modes are unstable; use more images, or start from "
            "ends that are disturbed a little, so that no symmetry holds the path there."
        )
