"""ASE's effective medium theory with a compiled neighbour search in place of ASE's, which takes most of its time."""

import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT

from atomistic.potentials.neighbours import IntArray, neighbour_images


class EffectiveMedium(EMT):
    """ASE's EMT; energies, forces and stresses are its own to rounding."""

    def initialize(self, atoms: Atoms) -> None:
        """As ASE's, whose neighbour list is replaced."""
        super().initialize(atoms)
        self.nl = _Neighbours(self.rc_list)


class _Neighbours:
    """What EMT needs of a neighbour list: `update`, then the neighbours of one atom after another."""

    def __init__(self, cutoff: float) -> None:
        self._cutoff = cutoff

    def update(self, atoms: Atoms) -> None:
        """Search the pairs of a structure."""
        first, self._second, self._images = neighbour_images(atoms, self._cutoff)
        self._starts = np.searchsorted(first, np.arange(len(atoms) + 1))

    def get_neighbors(self, atom: int) -> tuple[IntArray, IntArray]:
        """Indices (n,) of an atom's neighbours, and the cells (n, 3) that they are in."""
        own = slice(self._starts[atom], self._starts[atom + 1])
        return self._second[own], self._images[own]
