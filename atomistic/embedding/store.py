"""Stored results by content: nothing is computed twice, in this run or after it."""

from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms

from coupling.contracts import FloatArray, Potential, Structure
from coupling.files import read_arrays, write_arrays
from coupling.identity.addresses import Environment, Request, arrays_hash, is_finite

_LIBRARIES = ("ase", "matscipy", "numpy", "scipy", "torch")


def address(fingerprint: str, atoms: Atoms, charges: FloatArray | None, places: FloatArray | None) -> str:
    """SHA-256 of a request: the engine, the atoms, the cell, the charges, to the last bit; and the code that computes."""
    asked = arrays_hash(atoms.numbers.astype(np.int64), atoms.positions, atoms.cell.array, atoms.pbc, charges, places)
    return Request("energy and forces", {"structure": asked}, environment(), (("", fingerprint),)).address


def has_stress(potential: Potential, structure: Structure) -> bool:
    """Whether a stress is due: the potential gives one, and the structure is periodic in a cell that spans space."""
    spans = np.any(structure.pbc) and np.linalg.matrix_rank(np.array(structure.cell, dtype=float)) == 3
    return potential.capabilities.stress and bool(spans)


@cache
def environment() -> Environment:
    """The code and the libraries that stand between a calculator and its stored results; no finite elements."""
    return Environment.of(("coupling", "atomistic"), _LIBRARIES)


class Store:
    """Results by address, in memory and, where a folder is given, on disk; none that is not finite.

    Args:
        folder: Where they are kept for later runs; None keeps them for this process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._memory: dict[str, dict[str, np.ndarray]] = {}

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """The result, or None; a file that is damaged, or holds a number that is not finite, counts as none."""
        if key in self._memory:
            return self._memory[key]
        if self.folder is None:
            return None
        found = read_arrays(self._path(key))
        if found is None or not is_finite(found):
            return None
        self._memory[key] = found
        return found

    def put(self, key: str, value: dict[str, np.ndarray]) -> None:
        """Keep a result; the file is whole or not there. What is not finite is not kept, and asked for again."""
        if not is_finite(value):
            return
        self._memory[key] = value
        if self.folder is not None:
            write_arrays(self._path(key), value)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"
