"""A periodic cell of two crystals with two equal interfaces, for relaxed paths of A on B.

Both interfaces open together and both are counted, so each has half of the cell's excess. Grips (end
layers held at the bulk spacing of the current traction, vacuum beyond) would take as many atoms, and
their free surfaces have an excess energy of their own that changes with the strain at which they are
held; in the periodic cell there is nothing but bulk and interfaces, and the virial is that of a crystal.
The price: the crystals must be symmetric, so that the interface of A on B and that of B on A are one.
"""

from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from atomistic.decohesion.bulk_path import bulk_structures
from atomistic.decohesion.hetero import HeteroInterface
from atomistic.decohesion.layered import closed_gap
from atomistic.decohesion.slab import CleavageSlab
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError

_SAME_SITE = 0.02  # Å: how well a symmetry must map atoms onto atoms


@dataclass(frozen=True)
class Bicrystal:
    """An upper crystal on a lower one, periodic along z; a `Layered` cell of two bodies.

    Attributes:
        atoms: Both crystals, closed and free of forces and of normal stress, in-plane cell held.
        area: Area of each interface, Å².
        spacing: Distance of the facing planes, Å.
        bodies: Atoms of the lower and of the upper crystal.
        faces: Atoms of the lowest and of the highest plane of each.
        crystals: Lattice repeats and strained bulk reference of each.
        inverted: The interfaces are images of each other by inversion, so that one slip is the same at both; else by a
            mirror, which turns the slip of one into the opposite slip of the other.
    """

    atoms: Atoms
    area: float
    spacing: float
    bodies: tuple[np.ndarray, np.ndarray]
    faces: tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    crystals: tuple[tuple[float, CleavageSlab], tuple[float, CleavageSlab]]
    inverted: bool = True

    def opened(self, opening: float, slip: tuple[float, float] = (0.0, 0.0)) -> Atoms:
        """At both interfaces the upper crystal moved rigidly by `opening` and along x, y by `slip`, Å."""
        atoms, jump = self.atoms.copy(), np.array([*slip, opening])
        atoms.positions[self.bodies[1]] += jump
        cell = atoms.cell.array.copy()
        cell[2] += 2 * jump
        atoms.set_cell(cell, scale_atoms=False)
        return atoms


def bicrystal(
    potential: Potential,
    interface: HeteroInterface,
    *,
    tolerance: float = 5e-6,
    progress: Progress = silent,
) -> Bicrystal:
    """Close a hetero-interface to a periodic cell with two equal interfaces, and relax it.

    The in-plane cell and the registry stay; a shear traction that the registry leaves is the same at
    both interfaces and stays, too.

    Args:
        potential: The interatomic potential.
        interface: The interface in its registry, see `hetero.close`.
        tolerance: Largest remaining normal traction, and force over the area, eV/Å³.
        progress: Told after each sweep.

    Raises:
        InputError: the crystals have no symmetry that makes the two interfaces equal.
        NotConverged: the closed cell did not relax.
    """
    atoms = interface.atoms.copy()
    bodies = np.flatnonzero(~interface.upper), np.flatnonzero(interface.upper)
    cell = atoms.cell.array.copy()
    tilt, inverted = image_tilt(atoms[bodies[0]], atoms[bodies[1]])
    cell[2] = (*tilt, np.ptp(atoms.positions[:, 2]) + interface.gap)
    atoms.set_cell(cell, scale_atoms=False)
    faces = _faces(atoms, bodies[0]), _faces(atoms, bodies[1])
    planes = sum(interface.spacings) + 2
    whole = CleavageSlab(atoms, interface.area, planes, 1, interface.gap, np.eye(3))  # one crystal, under no traction
    (relaxed,) = bulk_structures(potential, whole, np.zeros(1), tolerance=tolerance, progress=progress)
    made = Bicrystal(relaxed, interface.area, 0.0, bodies, faces, interface.crystals)
    return replace(made, spacing=closed_gap(made, relaxed), inverted=inverted)


def _faces(atoms: Atoms, body: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    levels = atoms.positions[body, 2]
    return body[levels < levels.min() + _SAME_SITE], body[levels > levels.max() - _SAME_SITE]


def image_tilt(lower: Atoms, upper: Atoms) -> tuple[FloatArray, bool]:
    """(2,) in-plane part of the third cell vector that makes the upper interface the lower one's image; by inversion or not.

    Raises:
        InputError: there is none.
    """
    centres = inversion_centre(lower), inversion_centre(upper)
    if centres[0] is not None and centres[1] is not None:
        return 2.0 * (centres[1] - centres[0]), True
    if _has_mirror(lower) and _has_mirror(upper):
        return np.zeros(2), False
    raise InputError(
        "The crystals have neither an inversion centre nor a mirror plane in the middle of their slabs, so the two "
        "interfaces of a periodic cell differ; choose other terminations or numbers of layers, or path: rigid."
    )


def inversion_centre(atoms: Atoms) -> FloatArray | None:
    """(2,) in-plane position of an inversion centre of a slab, Å; None if there is none."""
    levels = atoms.positions[:, 2]
    bottom = int(np.argmin(levels))
    for partner in np.flatnonzero(levels > levels.max() - _SAME_SITE):
        centre = 0.5 * (atoms.positions[bottom, :2] + atoms.positions[partner, :2])
        if _maps(atoms, 2.0 * centre - atoms.positions[:, :2]):
            return np.asarray(centre)
    return None


def _has_mirror(atoms: Atoms) -> bool:
    return _maps(atoms, atoms.positions[:, :2])


def _maps(atoms: Atoms, in_plane: FloatArray) -> bool:
    """Whether the slab, turned upside down with these in-plane positions, is the slab."""
    levels, lattice = atoms.positions[:, 2], atoms.cell.array[:2, :2]
    turned = levels.min() + levels.max() - levels
    offsets = (in_plane[:, None] - atoms.positions[None, :, :2]) @ np.linalg.inv(lattice)
    distances = np.linalg.norm((offsets - np.round(offsets)) @ lattice, axis=2)
    near = np.hypot(distances, turned[:, None] - levels[None, :]) < _SAME_SITE
    return bool(np.all((near & (atoms.numbers[:, None] == atoms.numbers[None, :])).any(axis=1)))
