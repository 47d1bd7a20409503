"""What every engine asks of a potential's answers, checked once, in one place."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from coupling.contracts import Evaluation
from coupling.errors import NotFinite


def finite(found: Evaluation, structures: Sequence[Atoms], name: str) -> Evaluation:
    """The evaluation, if its energies and forces are numbers; stresses are none where nothing is due.

    Args:
        found: The answer.
        structures: To these structures.
        name: The potential's name, for the message.

    Raises:
        NotFinite: an energy or a force is not finite; the message says of which structure.
    """
    if np.isfinite(found.energies).all() and all(np.isfinite(forces).all() for forces in found.forces):
        return found
    for index, (energy, forces, atoms) in enumerate(zip(found.energies, found.forces, structures, strict=True)):
        wrong = np.flatnonzero(~np.isfinite(forces).all(axis=1))
        if np.isfinite(energy) and not len(wrong):
            continue
        said = f"the energy {energy}" if not np.isfinite(energy) else f"the force {forces[wrong[0]]} on atom {wrong[0]}"
        raise NotFinite(
            f"Structure {index} of {len(structures)} ({atoms.get_chemical_formula()}, {_nearest(atoms)}): potential {name!r} gives {said}, "
            "which is not finite; look whether the potential is meant for such a structure and, if it iterates, whether it converged."
        )
    return found


def _nearest(atoms: Atoms) -> str:
    """The shortest distance of two atoms, images not counted."""
    distances = atoms.get_all_distances(mic=bool(atoms.pbc.any()))[np.triu_indices(len(atoms), 1)]
    return f"shortest distance {distances.min():.3g} Å" if len(distances) else "one atom"
