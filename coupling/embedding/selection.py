"""Which atoms are in a region, from step to step: enter when near, leave when far."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coupling.contracts import FloatArray, Structure
from coupling.embedding.neighbours import IntArray, neighbours
from coupling.errors import InputError


@dataclass
class Hysteresis:
    """Selection with memory, so that an atom on the border does not flicker.

    Attributes:
        enter: An atom joins when its measure is at most this.
        leave: It leaves when its measure exceeds this; at least `enter`.
        changes: How many atoms have joined or left since the first selection.
        switches: At how many updates that happened.
    """

    enter: float
    leave: float
    changes: int = 0
    switches: int = 0
    _inside: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.leave >= self.enter:
            raise InputError(
                f"Atoms would leave at {self.leave} before they enter at {self.enter}; leave must be at least enter."
            )

    def update(self, measure: FloatArray) -> IntArray:
        """Indices of the atoms inside now.

        Args:
            measure: (N,) a distance, or anything that is small for atoms that belong in.
        """
        inside = np.asarray(measure) <= self.enter
        if self._inside is not None:
            inside |= self._inside & (np.asarray(measure) <= self.leave)
            moved = int((inside != self._inside).sum())
            self.changes += moved
            self.switches += moved > 0
        self._inside = inside
        return np.flatnonzero(inside)


def groups(structure: Structure, atoms: IntArray, apart: float) -> list[IntArray]:
    """Split atoms into groups that are at least `apart` Å from each other: regions of their own."""
    atoms = np.asarray(atoms, dtype=np.int64)
    if len(atoms) == 0:
        return []
    rows = np.full(len(structure.numbers), -1)
    rows[atoms] = np.arange(len(atoms))
    pairs = neighbours(structure, apart, atoms)
    near = rows[pairs.j] >= 0
    links = (np.ones(near.sum()), (rows[pairs.i[near]], rows[pairs.j[near]]))
    count, label = connected_components(coo_array(links, shape=(len(atoms), len(atoms))), directed=False)
    return [atoms[label == k] for k in range(count)]
