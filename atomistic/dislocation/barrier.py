"""The Peierls barrier: the least-energy path of a straight line into the next valley."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from atomistic.dislocation.boundary import settled
from atomistic.dislocation.cylinder import Cylinder
from atomistic.dislocation.disregistry import core
from atomistic.dislocation.load import image_energy, work_position
from atomistic.frames import with_results
from atomistic.relax import Constraints, relax
from atomistic.saddles.band import relaxed_band, require_images
from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import drive
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import NotConverged
from coupling.units import EV_A3

_FINE = 400
_SPRING = 0.5
"""eV/Å²."""


@dataclass(frozen=True)
class Barrier:
    """Energy of the line on its path between two Peierls valleys.

    Attributes:
        path: (n,) length along the path of the atoms, Å.
        energies: (n,) above the first valley, eV per period of the line, less the shell's image energy.
        slopes: (n,) dE/d(path), eV/Å.
        positions: (n,) of the core by its disregistry, relative to the first, Å.
        work_positions: (n,) of the line, conjugate to the glide stress, relative to the first, Å.
        scale: Factor on them that makes the whole path one period; it differs from 1 because the shell is near.
        length: Of the line, Å.
        burgers: Length of the Burgers vector, Å.
        period: Distance of the valleys, Å.
        image: (n,) the image energy that was subtracted, eV per period of the line.
        residual_force: Largest force across the path, eV/Å.
        structures: The n images, with their results.
    """

    path: FloatArray
    energies: FloatArray
    slopes: FloatArray
    positions: FloatArray
    work_positions: FloatArray
    scale: float
    length: float
    burgers: float
    period: float
    image: FloatArray
    residual_force: float
    structures: list[Atoms]

    @property
    def height(self) -> float:
        """Largest energy of the path's interpolation, eV per Burgers vector's length of line."""
        return float(self._fine()[1].max()) * self.burgers / self.length

    @property
    def humps(self) -> int:
        """Maxima of the interpolated energy that rise by 5 % of the barrier over the dips at their sides."""
        energy = self._fine()[1]
        inner = np.flatnonzero((energy[1:-1] > energy[:-2]) & (energy[1:-1] >= energy[2:])) + 1
        humps, last = 0, -1
        for k in inner.tolist():
            dip = energy[last + 1 : k + 1].min()
            if energy[k] - dip > 0.05 * energy.max():
                humps, last = humps + 1, k
        return humps

    @property
    def peierls_stress(self) -> float:
        """Steepest ascent of the energy per length over the Burgers vector, Pa."""
        _, energy, position = self._fine()
        slope = np.gradient(energy, position)
        return float(slope[position <= position[energy.argmax()]].max() / (self.burgers * self.length) * EV_A3)

    def _fine(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Path, energy and conjugate position, interpolated."""
        fine = np.linspace(0, self.path[-1], _FINE)
        energy = CubicHermiteSpline(self.path, self.energies, self.slopes)(fine)
        return fine, energy, CubicSpline(self.path, self.work_positions)(fine)


def peierls_barrier(
    potential: Potential,
    cylinder: Cylinder,
    *,
    images: int = 7,
    force: float = 5e-3,
    perturbation: float = 0.02,
    steps: int = 400,
    progress: Progress = silent,
) -> Barrier:
    """Move the line to the next valley along +x by the nudged elastic band, all images in one batch.

    The shell holds the mean of the two valleys' elastic fields throughout.

    Args:
        potential: The potential.
        cylinder: The dislocation in its first valley.
        images: Between the two ends.
        force: Largest force across the path that may remain, eV/Å.
        perturbation: Å, random displacements that the first end relaxes from.
        steps: Most evaluations of the band.
        progress: Called after each step.

    Raises:
        InputError: too few images.
        NotConverged: an end or the band does not relax, or an end leaves its valley.
    """
    require_images(images)
    cylinder, first = settled(potential, cylinder, force=force / 5, perturbation=perturbation)
    ends = _ends(potential, cylinder, first, force)
    band = [ends[0], *(ends[0].copy() for _ in range(images)), ends[1]]
    for share, image in zip(np.linspace(0, 1, images + 2), band, strict=True):
        image.positions = (1 - share) * ends[0].positions + share * ends[1].positions
    return _relaxed_band(potential, cylinder, band, None, force, steps, progress)


def refined(
    potential: Potential,
    cylinder: Cylinder,
    barrier: Barrier,
    *,
    images: int = 7,
    force: float = 5e-3,
    steps: int = 400,
    progress: Progress = silent,
) -> Barrier:
    """The ascent from the first valley to the first maximum alone, with as many images, for its steepest slope.

    Args:
        potential: The potential.
        cylinder: The cylinder of `barrier`.
        barrier: The whole path.
        images: Between valley and top.
        force: Largest force across the path that may remain, eV/Å.
        steps: Most evaluations of the band.
        progress: Called after each step.

    Raises:
        NotConverged: the band does not relax.
    """
    energy = barrier.energies
    top = next(k for k in range(1, len(energy) - 1) if energy[k] >= energy[k + 1])
    places = CubicSpline(barrier.path, [image.positions for image in barrier.structures])
    band = [barrier.structures[0].copy() for _ in range(images + 2)]
    for length, image in zip(np.linspace(0, barrier.path[top], images + 2), band, strict=True):
        image.positions = places(length)
    return _relaxed_band(potential, cylinder, band, barrier.scale, force, steps, progress)


def _relaxed_band(
    potential: Potential,
    cylinder: Cylinder,
    band: list[Atoms],
    scale: float | None,
    force: float,
    steps: int,
    progress: Progress,
) -> Barrier:
    landscape = Landscape(band[0], cylinder.free)
    search = relaxed_band(
        landscape,
        np.array([landscape.point(image) for image in band]),
        spring=_SPRING,
        climbs=False,
        force=force,
        steps=steps,
    )
    found, _ = drive(potential, search, "nudged elastic band", progress)
    for image, point in zip(band, found.points, strict=True):
        image.positions = landscape.structure(point).positions
    return _measured(potential, cylinder, band, scale, found.residual)


def _ends(potential: Potential, cylinder: Cylinder, first: Atoms, force: float) -> list[Atoms]:
    """The relaxed core and its copy in the next valley, in a shell that holds the mean of both fields."""
    period = cylinder.crystal.glide_period
    held = Constraints(free=cylinder.free)
    shell = cylinder.perfect.positions + (cylinder.field() + cylinder.field(period)) / 2
    starts = [first, cylinder.advanced(first)]
    for start in starts:
        start.positions[~cylinder.free] = shell[~cylinder.free]
    ends = relax(potential, starts, held, force=force / 20, steps=1000).structures
    moved = core(cylinder, ends[1]).position - core(cylinder, ends[0]).position
    if abs(moved - period) > period / 4:
        raise NotConverged(
            f"The ends of the path relaxed to cores {moved:.3g} Å apart where the valleys are {period:.3g} Å apart; "
            "use a larger radius, or start from the stable core."
        )
    return ends


def _measured(
    potential: Potential, cylinder: Cylinder, band: list[Atoms], scale: float | None, residual: float
) -> Barrier:
    found = potential.evaluate(band)
    places = np.array([image.positions for image in band])
    lengths = np.linalg.norm(np.diff(places, axis=0), axis=(1, 2))
    path = np.concatenate([[0.0], np.cumsum(lengths)])
    tangents = CubicSpline(path, places)(path, 1)
    forces = np.array(found.forces) * cylinder.free[:, None]
    positions = np.array([core(cylinder, image).position for image in band])
    conjugate = work_position(cylinder.crystal, found.stresses, band[0].get_volume())
    conjugate -= conjugate[0]
    scale = cylinder.crystal.glide_period / float(conjugate[-1]) if scale is None else scale
    conjugate *= scale
    length = cylinder.crystal.length
    image, pull = image_energy(cylinder, conjugate - cylinder.crystal.glide_period / 2)
    image, pull = (image - image[0]) * length, pull * length * CubicSpline(path, conjugate)(path, 1)
    for atoms, energy, own in zip(band, found.energies, found.forces, strict=True):
        with_results(atoms, energy, own)
    return Barrier(
        path=path,
        energies=found.energies - found.energies[0] - image,
        slopes=-np.einsum("nij,nij->n", forces, tangents) - pull,
        positions=positions - positions[0],
        work_positions=conjugate,
        scale=scale,
        image=image,
        length=length,
        burgers=float(np.linalg.norm(cylinder.crystal.burgers)),
        period=cylinder.crystal.glide_period,
        residual_force=float(residual),
        structures=band,
    )
