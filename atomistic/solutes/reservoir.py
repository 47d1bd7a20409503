"""The energy that a solute atom is counted from, and the chemical potential that a bulk holds it at."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.build import molecule as known_molecule

from atomistic.relax import relax
from atomistic.solutes.placing import solute_number
from coupling.contracts import Potential
from coupling.errors import InputError

_BOX = 15.0  # Å around a molecule
_APART = 1.1  # Å: where two atoms start whose molecule nobody has listed


@dataclass(frozen=True)
class Reference:
    """What solution energies and chemical potentials are counted from.

    Attributes:
        energy: Of a solute atom, eV, on the potential's own scale.
        source: What it is, such as "half of H2".
    """

    energy: float
    source: str


def molecule(potential: Potential, solute: str) -> Reference:
    """Half the energy of the solute's molecule of two atoms, relaxed, without vibrations.

    Raises:
        InputError: the potential lacks the solute, or does not bind two atoms of it.
        NotConverged: the molecule does not relax.
    """
    number = solute_number(solute, potential)
    try:
        start = known_molecule(f"{solute}2")
    except (KeyError, NotImplementedError):
        start = Atoms([number] * 2, [[0, 0, 0], [0, 0, _APART]])
    start = Atoms(start.numbers, start.positions, cell=np.eye(3) * _BOX, pbc=True)
    alone = Atoms([number], cell=np.eye(3) * _BOX, pbc=True)
    free = float(potential.evaluate([alone]).energies[0])
    energy = float(relax(potential, [start], force=1e-3).energies[0])
    if energy >= 2 * free:
        raise InputError(
            f"Potential {potential.name!r} does not bind two atoms of {solute} ({energy - 2 * free:.3g} eV), so that their "
            "molecule is no reference; give the bulk, or an energy."
        )
    return Reference(energy / 2, f"half of {solute}2")


def given(energy: float) -> Reference:
    """An energy that is stated, eV per atom, on the potential's own scale.

    Raises:
        InputError: it is not finite.
    """
    if not np.isfinite(energy):
        raise InputError(f"A reference energy of {energy} eV is none; give a finite one.")
    return Reference(float(energy), "a stated energy")
