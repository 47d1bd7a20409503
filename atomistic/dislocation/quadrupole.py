"""A periodic quadrupole: two opposite dislocations in a sheared cell, a checkerboard with their images.

There is no boundary, and by symmetry no Peach-Koehler force on either line; but the lattice must hold
the lines in place, for glide towards each other lowers the energy.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.dislocation.cylinder import OrientedCrystal, easy_core, spread_field
from coupling.contracts import FloatArray
from coupling.errors import InputError

_IMAGES = 12
"""Cells on each side whose fields are summed."""
_SAMPLES = 400
_ROOM = 6.0
"""Å: least distance of the two lines."""


@dataclass(frozen=True)
class Quadrupole:
    """Two opposite dislocations in a periodic cell.

    Attributes:
        crystal: The oriented crystal.
        perfect: The undeformed crystal in its cell.
        atoms: With both dislocations, by their elastic fields; the cell sheared so that no mean stress is left.
        centres: (2, 2) x and y of the line with +b and of that with -b, Å.
    """

    crystal: OrientedCrystal
    perfect: Atoms
    atoms: Atoms
    centres: FloatArray


def quadrupole(crystal: OrientedCrystal, width: int, height: int, *, separation: float = 0.0) -> Quadrupole:
    """Lines +b and -b half a cell apart along x, in a cell whose second vector leads to the other one's column.

    Args:
        crystal: The oriented crystal.
        width: Glide periods along x; even.
        height: Lattice steps along y; made even where the cell asks for it.
        separation: Of the partials, Å.

    Raises:
        InputError: the cell is too small for two cores, or the width is odd.
    """
    if width < 2 or width % 2 or height < 1:
        raise InputError(
            f"A quadrupole of {width} × {height} cells does not close; use an even width and a height ≥ 1."
        )
    lattice = _cell(crystal, width, height)
    apart = width / 2 * crystal.glide_period
    least = _ROOM + separation
    if min(apart, lattice[1, 1]) < least:
        raise InputError(
            f"Lines {apart:.3g} Å apart along x and {lattice[1, 1]:.3g} Å along y leave no room for their cores; "
            f"use a cell with at least {least:.3g} Å each way."
        )
    perfect = _filled(crystal, lattice)
    second = np.array([apart, 0.0]) + opposite_site(crystal)
    centres = np.array([[0.0, 0.0], second])
    field = _periodic_field(crystal, perfect, centres, separation)
    slipped = separation * (crystal.partials[-1] - crystal.partials[0]) - second[0] * crystal.burgers
    jump = np.outer(slipped, [0.0, 1 / (lattice[0, 0] * lattice[1, 1]), 0.0])
    atoms = perfect.copy()
    atoms.positions += field + perfect.positions @ jump.T
    atoms.set_cell(lattice + lattice @ jump.T, scale_atoms=False)
    return Quadrupole(crystal, perfect, atoms, centres)


def opposite_site(crystal: OrientedCrystal) -> FloatArray:
    """(2,) from a line's place to the nearest one of its opposite: another triangle for the screw of bcc."""
    if (crystal.system.structure, crystal.system.name) != ("bcc", "screw"):
        return np.zeros(2)
    points, _ = crystal.fill(3 * crystal.nearest)
    place = easy_core(points, crystal.plane_height, -crystal.burgers[2], crystal.length)
    return place - [np.floor(place[0] / crystal.glide_period + 0.25) * crystal.glide_period, 0.0]


def _cell(crystal: OrientedCrystal, width: int, height: int) -> FloatArray:
    """Rows: along x, mostly along y, along z; the second ends half a width along x where the lattice allows."""
    steps = np.arange(-8, 9)
    vectors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3) @ crystal.lattice
    up = vectors[vectors[:, 1] > 1e-3]
    up = up[up[:, 1] < up[:, 1].min() + 1e-3]
    first = width * crystal.glide_vector
    shift = height * up + np.outer(np.arange(-width, width + 1), crystal.glide_vector)[:, None]
    shift = shift.reshape(-1, 3)
    line = np.array([0.0, 0.0, crystal.length])
    second = shift[np.argmin(np.abs(shift[:, 0] - first[0] / 2) + 1e-3 * np.abs(shift[:, 2]))]
    return np.array([v - np.round(v[2] / line[2]) * line for v in (first, second)] + [line])


def _filled(crystal: OrientedCrystal, lattice: FloatArray) -> Atoms:
    """The crystal's atoms in a cell of its lattice vectors, around the first line."""
    points, sites = crystal.fill(float(np.linalg.norm(lattice[:2, :2], axis=1).sum()))
    inside = points @ np.linalg.inv(lattice)
    inside[:, :2] += 0.25
    kept = ((inside[:, :2] > -1e-6) & (inside[:, :2] < 1 - 1e-6)).all(axis=1)
    return Atoms(crystal.numbers[sites[kept]], points[kept], cell=lattice, pbc=True)


def _periodic_field(crystal: OrientedCrystal, perfect: Atoms, centres: FloatArray, separation: float) -> FloatArray:
    """Sum of the dipoles' fields (N, 3), its linear part taken off so that it repeats with the cell.

    The sum over dipoles converges up to a uniform distortion (Cai et al., Philos. Mag. 83 (2003) 539),
    which the elastic distortion integrated along both cell vectors, clear of the slipped strip, tells.
    """
    lattice = perfect.cell.array[:2, :2]
    points = perfect.positions[:, :2]
    field = sum(spread_field(crystal, points - place, separation, sign) for sign, place in _lines(lattice, centres))
    width, rise = lattice[0, 0], lattice[1]
    starts = np.array([[0.0, rise[1] / 2], [(centres[1, 0] + width - rise[0]) / 2, -rise[1] / 2]])
    shares = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    climbed = []
    for start, vector in zip(starts, lattice, strict=True):
        path = start + shares[:, None] * vector
        distortion = sum(
            (
                sign * crystal.stroh.distortion(path - place, crystal.burgers)
                for sign, place in _lines(lattice, centres)
            ),
            np.zeros((len(path), 3, 3)),
        )
        climbed.append(distortion.mean(axis=0)[:, :2] @ vector)
    uniform = np.zeros((3, 3))
    uniform[:, :2] = np.linalg.solve(lattice, np.array(climbed)).T
    return field - perfect.positions @ uniform.T


def _lines(lattice: FloatArray, centres: FloatArray) -> list[tuple[int, FloatArray]]:
    """Sign and place (2,) of every line whose field is summed."""
    cells = range(-_IMAGES, _IMAGES + 1)
    return [
        (sign, centre + i * lattice[0] + j * lattice[1])
        for i in cells for j in cells for sign, centre in zip((1, -1), centres, strict=True)
    ]  # fmt: skip
