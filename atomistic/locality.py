"""How far forces reach: the distance beyond which moving an atom is not felt."""

from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError, NotConverged


@dataclass(frozen=True)
class ForceLocality:
    """Changes of forces against the distance of the atom that was moved.

    Attributes:
        radius: Distance beyond which no force changes by the threshold or more, Å.
        threshold: eV/Å.
        displacement: Of the moved atom, Å.
        distances: (n,) rising distances from the moved atom, Å.
        changes: (n,) lengths of the changes of the forces there, eV/Å.
        receptive_field: What the potential's layout allows: twice its interaction range, Å.
    """

    radius: float
    threshold: float
    displacement: float
    distances: FloatArray = field(repr=False)
    changes: FloatArray = field(repr=False)
    receptive_field: float


def force_locality(
    potential: Potential,
    structure: Atoms,
    *,
    atom: int = 0,
    displacement: float = 0.1,
    threshold: float = 1e-3,
) -> ForceLocality:
    """Move one atom of a periodic structure along each axis, and see which forces change.

    A potential with layers of messages may reach twice its layers times its cutoff; mostly it does not,
    and the pad of a concurrent calculation need not be so wide.

    Args:
        potential: The potential.
        structure: A supercell, periodic in three directions, wider than what is looked for.
        atom: The atom that is moved.
        displacement: Å.
        threshold: eV/Å.

    Raises:
        InputError: the structure is not periodic, or an argument is not positive.
        NotConverged: forces still change at the largest distance that the cell has; take a larger one.
    """
    if not np.all(structure.pbc) or not (displacement > 0 and threshold > 0):
        raise InputError(
            "The locality of forces needs a periodic supercell, and a positive displacement and threshold."
        )
    distance, change = _changes(potential, structure, atom, displacement)
    order = np.argsort(distance)
    felt = distance[order][change[order] >= threshold]
    radius = float(felt.max(initial=0.0))
    heights = 1 / np.linalg.norm(np.linalg.inv(structure.cell.array), axis=0)
    if radius > 0.9 * heights.min() / 2:
        raise NotConverged(
            f"Forces change by {threshold:g} eV/Å or more up to {radius:.1f} Å, nearly half of the cell's {heights.min():.1f} Å; "
            "give a larger supercell."
        )
    reach = 2 * potential.capabilities.interaction_range
    return ForceLocality(radius, threshold, displacement, distance[order], change[order], reach)


def _changes(potential: Potential, structure: Atoms, atom: int, displacement: float) -> tuple[FloatArray, FloatArray]:
    """(N,) distances from the moved atom, and the largest changes of forces by a move along x, y or z."""
    moved = []
    for axis in range(3):
        copy = structure.copy()
        copy.positions[atom, axis] += displacement
        moved.append(copy)
    before, *after = potential.evaluate([structure, *moved]).forces
    change = np.array([np.linalg.norm(forces - before, axis=1) for forces in after]).max(axis=0)
    return np.asarray(structure.get_distances(atom, range(len(structure)), mic=True)), change
