"""What has been computed, by content: nothing is computed twice, in this run or after it."""

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
from ase import Atoms

from coupling.contracts import FloatArray


def address(fingerprint: str, atoms: Atoms, charges: FloatArray | None, places: FloatArray | None) -> str:
    """SHA-256 of a request: the engine, the atoms, the cell, the charges; to the last bit."""
    digest = hashlib.sha256(fingerprint.encode())
    for array in (atoms.numbers.astype(np.int64), atoms.positions, atoms.cell.array, atoms.pbc, charges, places):
        digest.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
        digest.update(b"|")
    return digest.hexdigest()


class Store:
    """Results by address, in memory and, where a folder is given, on disk.

    Args:
        folder: Where they are kept for later runs; None keeps them for this process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._memory: dict[str, dict[str, np.ndarray]] = {}

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """The result, or None; a damaged file counts as none."""
        if key in self._memory:
            return self._memory[key]
        if self.folder is None:
            return None
        try:
            with np.load(self._path(key), allow_pickle=False) as file:
                self._memory[key] = {name: file[name] for name in file.files}
        except Exception:  # absent, or damaged in any way: it is computed again
            return None
        return self._memory[key]

    def put(self, key: str, value: dict[str, np.ndarray]) -> None:
        """Keep a result; the file is whole or not there."""
        self._memory[key] = value
        if self.folder is None:
            return
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **value)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"
