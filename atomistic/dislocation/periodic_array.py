"""A row of equal edge dislocations on one glide plane, between two plates: the cell in which one glides for ever.

The upper half has one Burgers vector more of crystal than the lower one on the same length (Daw, Foiles & Baskes; Osetsky &
Bacon, Modelling Simul. Mater. Sci. Eng. 11 (2003) 427). The outermost atoms are plates without any trace of the line,
so that no place along the row is better than another.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.dislocation.cylinder import OrientedCrystal
from coupling.errors import InputError

_ALONG = 1e-6
_LEAST_FREE = 4.0
"""Free planes' height over the cutoff that is left between the plates."""


@dataclass(frozen=True)
class PeriodicArray:
    """A periodic cell with one edge dislocation; x along its Burgers vector, y along its line, z normal to its glide plane.

    Attributes:
        atoms: Periodic along x and y, each half strained to the same length; not relaxed.
        lower: (N,) True for the atoms of the lower plate.
        upper: (N,) True for those of the upper one.
        burgers: b, Å.
        length: Period along x, Å: the plates have moved by b against each other when the line has moved by this.
    """

    atoms: Atoms
    lower: NDArray[np.bool_]
    upper: NDArray[np.bool_]
    burgers: float
    length: float


def periodic_array(
    crystal: OrientedCrystal, periods: int, height: float, *, plate: float, lines: int = 1
) -> PeriodicArray:
    """One edge dislocation in a cell.

    Args:
        crystal: The oriented crystal of an edge dislocation.
        periods: Burgers vectors of crystal below the glide plane; above there is one more.
        height: Of the cell, plates included, Å.
        plate: Thickness of a plate, Å; the range of the forces on an atom.
        lines: Periods of the crystal along the line.

    Raises:
        InputError: the dislocation is no edge, or the cell has no room for it.
    """
    b = float(crystal.burgers[0])
    if abs(crystal.burgers[2]) > _ALONG or not b > 0:
        raise InputError(
            f"The {crystal.system.name} dislocation of {crystal.system.structure} is no edge, and a row of it does not close; take "
            "an edge dislocation."
        )
    if height < 2 * plate + _LEAST_FREE * b or periods < 2 * _LEAST_FREE or lines < 1:
        raise InputError(
            f"A cell of {periods} Burgers vectors and {height:.4g} Å, of which two plates take {2 * plate:.4g} Å, has no room for a core; "
            f"give at least {2 * _LEAST_FREE:.0f} Burgers vectors, {2 * plate + _LEAST_FREE * b:.4g} Å, and one period of line."
        )
    points, sites = crystal.fill(1.1 * np.hypot((periods + 1) * b, height))
    length = (periods + 0.5) * b
    halves, numbers = [], []
    for above, count in ((False, periods), (True, periods + 1)):
        rise = points[:, 1] - crystal.plane_height
        inside = (points[:, 0] > -_ALONG) & (points[:, 0] < count * b - _ALONG) & (np.abs(rise) < height / 2)
        kept = inside & ((rise > 0) == above)
        halves.append(points[kept] * [length / (count * b), 1.0, 1.0])
        numbers.append(crystal.numbers[sites[kept]])
    places = np.concatenate(halves)
    turned = np.column_stack([places[:, 0], -places[:, 2], places[:, 1]])
    turned[:, 2] -= turned[:, 2].min()
    atoms = Atoms(
        np.concatenate(numbers), turned, cell=[length, crystal.length, np.ptp(turned[:, 2]) + height], pbc=[1, 1, 0]
    )
    atoms = atoms.repeat((1, lines, 1))
    top = atoms.positions[:, 2].max()
    return PeriodicArray(atoms, atoms.positions[:, 2] < plate, atoms.positions[:, 2] > top - plate, b, length)
