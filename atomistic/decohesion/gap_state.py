"""What is imposed on the facing planes of a slab, and the equilibrium that answers."""

from dataclasses import dataclass
from typing import NamedTuple

from ase import Atoms

from coupling.contracts import FloatArray


class GapControl(NamedTuple):
    """What is imposed on the facing planes (see the module).

    Attributes:
        follow: (3, 3) M, along x, y, z.
        layers: (crystals,) λ.
    """

    follow: FloatArray
    layers: FloatArray


@dataclass(frozen=True)
class State:
    """A slab and its bulk references in equilibrium; vectors along normal, tangential 1, 2.

    Attributes:
        unknown: The state as the solver knows it, to start another from.
        slab: The slab, with its results.
        bulks: One lattice repeat of each crystal.
        gap: (3,) of the facing planes beyond the closed ones, Å.
        traction: (3,) eV/Å³.
        energy: Of the slab, eV.
        bulk_energies: (crystals,) of the repeats, eV.
    """

    unknown: FloatArray
    slab: Atoms
    bulks: tuple[Atoms, ...]
    gap: FloatArray
    traction: FloatArray
    energy: float
    bulk_energies: FloatArray
