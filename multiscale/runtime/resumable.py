"""Long calculations that resume in the middle: every batch that a potential evaluated is kept on disk."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coupling.contracts import Cost, Evaluation, Potential, Structure
from coupling.files import read_arrays, write_arrays
from coupling.identity.addresses import Request, arrays_hash, is_finite
from coupling.wrapped import Wrapped
from multiscale.runtime.addresses import environment
from multiscale.runtime.scratch import scratch


class ResumablePotential(Wrapped):
    """A potential that remembers what it evaluated, by the content of the structures.

    A calculation that is the same each time asks for the same batches in the same order; what was
    evaluated before an interruption is then read, bit for bit, and the rest computed.

    Args:
        potential: The potential.
        folder: Where its results are stored, one file per batch; made when the first one is written.

    Attributes:
        bare: The potential itself, for trajectories, whose steps are cheaper to repeat than to keep.
        reused: Structures that were not evaluated again, but read from what an interrupted run left.
    """

    def __init__(self, potential: Potential, folder: Path) -> None:
        super().__init__(potential)
        self._folder = folder
        self._own: set[Path] = set()
        self.reused = 0

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """As the potential's own; energies, forces and stresses are kept where they are finite, nothing else is."""
        if site_energies or features:
            return super().evaluate(structures, site_energies=site_energies, features=features)
        path = self._folder / f"{_address(self.fingerprint, structures)}.npz"
        stored = _read(path, [len(s.numbers) for s in structures])
        if stored is not None:
            self.reused += 0 if path in self._own else len(structures)
            return stored
        found = self.bare.evaluate(structures)
        kept = _kept(self.bare, structures, found)
        if is_finite(kept):
            write_arrays(path, kept)
            self._own.add(path)
        return found


@contextmanager
def resumable(potential: Potential, folder: Path, say: Callable[..., Any]) -> Iterator[ResumablePotential]:
    """A potential that remembers until the work inside is done; an interruption leaves what there is.

    Args:
        potential: The potential.
        folder: For this work alone; where another process is at it, one beside it (`multiscale.runtime.scratch`).
        say: Told, once and as a logger is, how many structures were not evaluated again.
    """
    with scratch(folder) as place:
        remembering = ResumablePotential(potential, place)
        yield remembering
        if remembering.reused:
            say("%d structures were reused from an interrupted run", remembering.reused)


def _address(fingerprint: str, structures: Sequence[Structure]) -> str:
    parts = (part for one in structures for part in (one.numbers, one.positions, one.cell, one.pbc))
    asked = arrays_hash(*(np.asarray(part, dtype=float) for part in parts))
    return Request("batch", {"structures": asked}, environment(), (("", fingerprint),)).address


def _kept(potential: Potential, structures: Sequence[Structure], found: Evaluation) -> dict[str, np.ndarray]:
    """What is written to disk; undefined stresses are marked, since only finite numbers are kept."""
    from atomistic.embedding.store import has_stress

    rows = zip(found.stresses, structures, strict=True)
    absent = np.array([np.isnan(row).all() and not has_stress(potential, structure) for row, structure in rows])
    stresses = np.where(absent[:, None, None], 0.0, found.stresses)
    return {"energies": found.energies, "forces": np.concatenate(found.forces), "stresses": stresses, "absent": absent}


def _read(path: Path, atoms: list[int]) -> Evaluation | None:
    """The stored evaluation; None if there is none that is whole and finite."""
    found = read_arrays(path)
    if found is None:
        return None
    energies, forces, stresses, absent = (found[name] for name in ("energies", "forces", "stresses", "absent"))
    if not is_finite(energies, forces, stresses):
        return None
    stresses[absent] = np.nan
    return Evaluation(energies, tuple(np.split(forces, np.cumsum(atoms)[:-1])), stresses, Cost())
