"""Labelled structures in paths; a path stays together in the training, validation or test set."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.frames import Frames, with_results
from coupling.contracts import Cost, Evaluation, Potential, Progress, silent
from coupling.errors import InputError

REPULSION = "repulsion"
"""The family of structures that hold atoms apart; its errors are not part of a headline figure."""
SETS = ("train", "valid", "test")
_CHUNK = 32


@dataclass(frozen=True)
class StructurePath:
    """Structures along one path: an opening, a slip, a strain, one pattern of rattled atoms.

    Attributes:
        family: What kind of path it is.
        structures: n structures.
        origin: The crystal and plane that it belongs to.
        labels: The teacher's energies, forces and stresses; None before it was asked.
    """

    family: str
    structures: tuple[Atoms, ...]
    origin: str = ""
    labels: Evaluation | None = None

    def frames(self, said: Mapping[str, str]) -> Iterator[Frames]:
        """The structures with their labels, a part each, the same words said of all."""
        told = {"group": self.family, "origin": self.origin, **said}
        info = {name: np.array([word]) for name, word in told.items() if word}
        for atoms, energy, forces in zip(self.structures, self.labels.energies, self.labels.forces, strict=True):
            yield Frames.of([with_results(atoms.copy(), energy, forces)], info)


@dataclass(frozen=True)
class Dataset:
    """Three sets of paths that share no path.

    Attributes:
        train: Paths on which the student is trained.
        valid: Paths by which its weights are chosen.
        test: Paths on which its errors are measured.
    """

    train: tuple[StructurePath, ...]
    valid: tuple[StructurePath, ...]
    test: tuple[StructurePath, ...]

    def __post_init__(self) -> None:
        for name in SETS:
            if not any(path.structures for path in getattr(self, name)):
                raise InputError(f"The {name} set has no structures; draw more paths.")

    @classmethod
    def dealt(
        cls, paths: Sequence[StructurePath], *, valid: float = 0.1, test: float = 0.2, seed: int = 0
    ) -> "Dataset":
        """Split whole paths into the sets, by family and origin; the first of each is trained on.

        Args:
            paths: Any paths.
            valid: Share of validation paths, at least one of three or more.
            test: Share of test paths, likewise.
            seed: Of the random split.

        Raises:
            InputError: no family has the three paths that it takes to make three sets.
        """
        rng = np.random.default_rng(seed)
        sets: dict[str, list[StructurePath]] = {name: [] for name in SETS}
        for kind in dict.fromkeys((path.family, path.origin) for path in paths):
            members = [path for path in paths if (path.family, path.origin) == kind]
            order = [0, *(1 + rng.permutation(len(members) - 1)).tolist()]
            shares = [max(1, round(share * len(members))) if len(members) > 2 else 0 for share in (test, valid)]
            for index, name in zip(order[::-1], ["test"] * shares[0] + ["valid"] * shares[1], strict=False):
                sets[name].append(members[index])
            sets["train"] += [members[index] for index in sorted(order[: len(members) - sum(shares)])]
        return cls(*(tuple(sets[name]) for name in SETS))

    @property
    def is_labelled(self) -> bool:
        """Whether every path has its labels."""
        return all(path.labels is not None for path in self)

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers that occur, rising."""
        return tuple(sorted({int(z) for path in self for atoms in path.structures for z in atoms.numbers}))

    @property
    def fingerprint(self) -> str:
        """Hash of all structures and labels."""
        digest = hashlib.sha256()
        for name, array in self.arrays().items():
            digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def __iter__(self) -> Iterator[StructurePath]:
        yield from (*self.train, *self.valid, *self.test)

    def labelled(self, teacher: Potential, progress: Progress = silent) -> "Dataset":
        """The same paths with the teacher's energies, forces and stresses.

        Raises:
            InputError: the teacher cannot evaluate a structure.
        """
        structures = [atoms for path in self for atoms in path.structures]
        found = []
        for start in range(0, len(structures), _CHUNK):
            found.append(teacher.evaluate(structures[start : start + _CHUNK]))
            progress("labels", min(start + _CHUNK, len(structures)), len(structures))
        joined = Evaluation(
            np.concatenate([part.energies for part in found]),
            tuple(force for part in found for force in part.forces),
            np.concatenate([part.stresses for part in found]),
            sum((part.cost for part in found), Cost()),
        )
        return self._with(joined)

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it as plain arrays, for a cache; the inverse of `from_arrays`. A stress that is not there is marked."""
        structures = [atoms for path in self for atoms in path.structures]
        plain = {
            "paths": np.array([len(path.structures) for path in self]),
            "families": np.array([path.family for path in self]),
            "origins": np.array([path.origin for path in self]),
            "sets": np.array([len(getattr(self, name)) for name in SETS]),
            "sizes": np.array([len(atoms) for atoms in structures]),
            "numbers": np.concatenate([atoms.numbers for atoms in structures]),
            "positions": np.concatenate([atoms.positions for atoms in structures]),
            "cells": np.array([atoms.cell.array for atoms in structures]),
            "pbc": np.array([atoms.pbc for atoms in structures]),
        }
        if self.is_labelled:
            labels = [path.labels for path in self]
            plain["energies"] = np.concatenate([one.energies for one in labels])
            plain["forces"] = np.concatenate([force for one in labels for force in one.forces])
            stresses = np.concatenate([one.stresses for one in labels])
            plain["unstressed"] = np.isnan(stresses).all(axis=(1, 2))
            plain["stresses"] = np.where(plain["unstressed"][:, None, None], 0.0, stresses)
        return plain

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "Dataset":
        """Read back what `arrays` gave."""
        ends = np.cumsum(arrays["sizes"])[:-1]
        pieces = (np.split(arrays[name], ends) for name in ("numbers", "positions"))
        structures = iter(
            Atoms(numbers, positions, cell=cell, pbc=pbc)
            for numbers, positions, cell, pbc in zip(*pieces, arrays["cells"], arrays["pbc"], strict=True)
        )
        paths = iter(
            StructurePath(str(family), tuple(next(structures) for _ in range(count)), str(origin))
            for family, origin, count in zip(arrays["families"], arrays["origins"], arrays["paths"], strict=True)
        )
        plain = cls(*(tuple(next(paths) for _ in range(count)) for count in arrays["sets"]))
        if "energies" not in arrays:
            return plain
        forces = tuple(np.split(arrays["forces"], ends))
        stresses = np.where(arrays["unstressed"][:, None, None], np.nan, arrays["stresses"])
        return plain._with(Evaluation(arrays["energies"], forces, stresses, Cost()))

    def frames(self) -> tuple[Frames, ...]:
        """Labelled structures, a part each; `set`, `group` (the family) and `origin` say where they belong."""
        labelled = [(name, path) for name in SETS for path in getattr(self, name) if path.labels is not None]
        return tuple(frame for name, path in labelled for frame in path.frames({"set": name}))

    def _with(self, labels: Evaluation) -> "Dataset":
        position, sets = 0, []
        for name in SETS:
            paths = []
            for path in getattr(self, name):
                here = slice(position, position + len(path.structures))
                position = here.stop
                part = Evaluation(labels.energies[here], labels.forces[here], labels.stresses[here], Cost())
                paths.append(replace(path, labels=part))
            sets.append(tuple(paths))
        return Dataset(*sets)
