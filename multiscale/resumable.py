"""Long calculations that go on in their middle: every batch that a potential evaluated is kept on disk."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coupling.contracts import Cost, Evaluation, Potential, Structure
from multiscale.files import atomic_write


class ResumablePotential:
    """A potential that remembers what it evaluated, by the content of the structures.

    A calculation that is the same each time asks for the same batches in the same order; what was
    evaluated before an interruption is then read, bit for bit, and the rest computed.

    Args:
        potential: The potential.
        folder: Where its answers lie, one file a batch; made when the first one is written.

    Attributes:
        bare: The potential itself, for trajectories, whose steps are cheaper to repeat than to keep.
        reused: Structures that were not evaluated again.
    """

    def __init__(self, potential: Potential, folder: Path) -> None:
        self.bare, self._folder = potential, folder
        self.name, self.elements = potential.name, potential.elements
        self.cutoff, self.fingerprint = potential.cutoff, potential.fingerprint
        self.reused = 0

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """As the potential's own; energies, forces and stresses are kept, more than those is not."""
        if site_energies or features:
            return self.bare.evaluate(structures, site_energies=site_energies, features=features)
        path = self._folder / f"{_address(self.fingerprint, structures)}.npz"
        stored = _read(path, [len(s.numbers) for s in structures])
        if stored is not None:
            self.reused += len(structures)
            return stored
        found = self.bare.evaluate(structures)
        with atomic_write(path) as file:
            np.savez(file, energies=found.energies, forces=np.concatenate(found.forces), stresses=found.stresses)
        return found


@contextmanager
def resumable(potential: Potential, folder: Path, say: Callable[..., Any]) -> Iterator[ResumablePotential]:
    """A potential that remembers until the work inside is done; an interruption leaves what there is.

    Args:
        potential: The potential.
        folder: For this work alone.
        say: Told, once and as a logger is, how many structures were not evaluated again.
    """
    remembering = ResumablePotential(potential, folder)
    yield remembering
    if remembering.reused:
        say("%d structures were reused from an interrupted run", remembering.reused)
    shutil.rmtree(folder, ignore_errors=True)


def _address(fingerprint: str, structures: Sequence[Structure]) -> str:
    digest = hashlib.sha256(fingerprint.encode())
    for structure in structures:
        for values in (structure.numbers, structure.positions, structure.cell, structure.pbc):
            array = np.ascontiguousarray(values, dtype=float)
            digest.update(repr(array.shape).encode() + array.tobytes())
    return digest.hexdigest()


def _read(path: Path, atoms: list[int]) -> Evaluation | None:
    """The stored evaluation; None if there is none that is whole."""
    try:
        with np.load(path, allow_pickle=False) as file:
            energies, forces, stresses = (file[name] for name in ("energies", "forces", "stresses"))
    except (OSError, ValueError, KeyError, EOFError):
        return None
    return Evaluation(energies, tuple(np.split(forces, np.cumsum(atoms)[:-1])), stresses, Cost())
