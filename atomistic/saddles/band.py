"""The nudged elastic band with improved tangents, and with a climbing image.

Henkelman and Jónsson, J. Chem. Phys. 113 (2000) 9978; Henkelman, Uberuaga and Jónsson, J. Chem. Phys. 113 (2000) 9901.
"""

from dataclasses import dataclass

import numpy as np

from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import Search, evaluated
from atomistic.saddles.quasi_newton import LARGEST_STEP, QuasiNewton
from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged

FEWEST_IMAGES = 3
_CLIMB_BELOW = 0.5
"""eV/Å: the largest force across the band below which an image begins to climb."""


@dataclass(frozen=True)
class Band:
    """A relaxed band of n images, its ends among them.

    Attributes:
        points: (n, m) Å.
        energies: (n,) eV.
        gradients: (n, m) eV/Å.
        tangents: (n - 2, m) of the images between the ends, of unit norm.
        residual: Largest force that is left on an image, eV/Å.
        steps: Evaluations of the whole band.
    """

    points: FloatArray
    energies: FloatArray
    gradients: FloatArray
    tangents: FloatArray
    residual: float
    steps: int

    @property
    def top(self) -> int:
        """The image of largest energy between the ends, which climbs if one does."""
        return 1 + int(np.argmax(self.energies[1:-1]))

    @property
    def path(self) -> FloatArray:
        """(n,) length along the band, Å."""
        return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(self.points, axis=0), axis=1))])


def require_images(images: int) -> None:
    """Refuse a band that shows nothing.

    Raises:
        InputError: too few images between the ends.
    """
    if images < FEWEST_IMAGES:
        raise InputError(f"{images} images do not show a barrier; use {FEWEST_IMAGES} or more.")


def tangents(points: FloatArray, energies: FloatArray) -> FloatArray:
    """(n - 2, m) unit vectors along a band, towards the neighbour of higher energy; at extrema a mean of both."""
    ahead, behind = points[2:] - points[1:-1], points[1:-1] - points[:-2]
    rise, fall = energies[2:] - energies[1:-1], energies[:-2] - energies[1:-1]
    more, less = np.maximum(np.abs(rise), np.abs(fall)), np.minimum(np.abs(rise), np.abs(fall))
    up = np.where(energies[2:] > energies[:-2], more, less), np.where(energies[2:] > energies[:-2], less, more)
    forward = np.where((rise > 0) & (fall < 0), 1.0, np.where((rise < 0) & (fall > 0), 0.0, up[0]))
    backward = np.where((rise > 0) & (fall < 0), 0.0, np.where((rise < 0) & (fall > 0), 1.0, up[1]))
    found = forward[:, None] * ahead + backward[:, None] * behind
    size = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(size > 0, size, 1.0)


def band_forces(
    points: FloatArray, energies: FloatArray, gradients: FloatArray, spring: float, climbing: int | None
) -> tuple[FloatArray, FloatArray]:
    """Forces (n - 2, m) on the images between the ends, eV/Å, and their tangents.

    Args:
        points: (n, m) Å.
        energies: (n,) eV.
        gradients: (n - 2, m) of the images between the ends, eV/Å.
        spring: eV/Å².
        climbing: Number of the image whose force along the band is turned round and has no springs; None for none.
    """
    along = tangents(points, energies)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    pull = -np.einsum("im,im->i", gradients, along)
    wanted = spring * np.diff(lengths)
    if climbing is not None:
        wanted[climbing - 1] = -pull[climbing - 1]
    return -gradients + (wanted - pull)[:, None] * along, along


def relaxed_band(
    landscape: Landscape,
    points: FloatArray,
    *,
    spring: float,
    climbs: bool,
    force: float,
    steps: int,
    what: str = "the band",
) -> Search[Band]:
    """Relax a band; its ends stay.

    Args:
        landscape: The landscape.
        points: (n, m) from where.
        spring: eV/Å².
        climbs: Whether the highest image becomes the saddle.
        force: Largest force that may remain on an image, eV/Å.
        steps: Most evaluations.
        what: Is named if it fails.

    Raises:
        NotConverged: more steps are needed.
    """
    points, optimizer, climbing = points.copy(), QuasiNewton(landscape.largest, LARGEST_STEP), False
    values = yield from evaluated(landscape, points)
    energies, gradients = values.energies.copy(), values.gradients.copy()
    for step in range(steps):
        top = 1 + int(np.argmax(energies[1:-1]))
        pulls, along = band_forces(points, energies, gradients[1:-1], spring, top if climbing else None)
        residual = landscape.largest(pulls)
        if climbs and not climbing and residual < max(_CLIMB_BELOW, force):
            climbing = True
            optimizer.forget()
            pulls, along = band_forces(points, energies, gradients[1:-1], spring, top)
            residual = landscape.largest(pulls)
        if residual < force:
            return Band(points, energies, gradients, along, residual, step + 1)
        points[1:-1] += optimizer.step(points[1:-1], -pulls)
        values = yield from evaluated(landscape, points[1:-1])
        energies[1:-1], gradients[1:-1] = values
    raise NotConverged(
        f"{what[0].upper()}{what[1:]} of {len(points) - 2} images did not relax to {force:.2g} eV/Å in {steps} steps; "
        "use more steps, or more images."
    )


def straight(first: FloatArray, last: FloatArray, images: int) -> FloatArray:
    """(images + 2, m) Points from one end to the other, evenly on a line."""
    share = np.linspace(0.0, 1.0, images + 2)[:, None]
    return (1 - share) * first + share * last
