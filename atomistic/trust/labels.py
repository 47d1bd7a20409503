"""Labelled structures: what an oracle says of them, under one set of settings."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.structure_files import read_images, stated
from coupling.contracts import FloatArray, Potential, Structure
from coupling.errors import InputError
from coupling.files import CHECKSUM, content_hash, write_text
from coupling.identity.addresses import arrays_hash

UNNAMED = "unnamed"
_COUNT = "labels"
_VIRIAL = "virial"
_PREFIXED = re.compile(r"(ref|dft|qm|mace|target)_(energy|energies|forces?)", re.IGNORECASE)
"""Labels under somebody's name: REF_energy, dft_forces."""
_STRESSLIKE = re.compile(r"stress|virial", re.IGNORECASE)
"""What is in the name of a stress or a virial, however it is spelled."""
_SAME_STRESS = 1e-5  # eV/Å³


@dataclass(frozen=True)
class Label:
    """One labelled structure.

    Attributes:
        structure: N atoms.
        energy: eV.
        forces: (N, 3) eV/Å.
        stress: (3, 3) eV/Å³, positive in tension; NaN where there is none.
        group: What kind of structure it is: bulk, surface, opened, slipped, defect, ...
        settings_hash: Of all that determines the oracle's numbers.
        path: Name of the path that it lies on, such as one opening; empty where it stands for itself.
    """

    structure: Atoms
    energy: float
    forces: FloatArray
    stress: FloatArray = field(default_factory=lambda: np.full((3, 3), np.nan))
    group: str = UNNAMED
    settings_hash: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        atoms, forces, stress = self.structure, np.asarray(self.forces, float), np.asarray(self.stress, float)
        what = f"The label of {atoms.get_chemical_formula()} in group {self.group!r}"
        if forces.shape != (len(atoms), 3) or stress.shape != (3, 3):
            raise InputError(
                f"{what} has forces {forces.shape} and a stress {stress.shape}; give ({len(atoms)}, 3) and (3, 3)."
            )
        if not (np.isfinite(self.energy) and np.isfinite(forces).all()):
            raise InputError(f"{what} has an energy or a force that is not finite; leave this structure out.")
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
        for name, value in {
            "structure": bare, "energy": float(self.energy), "forces": forces, "stress": stress
        }.items():  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def identity(self) -> str:
        """Hash of the structure; equal for structures equal to 1e-8 Å."""
        return structure_hash(self.structure)


@dataclass(frozen=True)
class LabelSet:
    """Labels under one set of settings.

    Attributes:
        labels: In the order in which they were made.

    Raises:
        InputError: two labels come from different settings.
    """

    labels: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        hashes = sorted({label.settings_hash for label in self.labels})
        if len(hashes) > 1:
            raise InputError(
                f"Labels of {len(hashes)} different settings ({', '.join(h[:12] or 'none' for h in hashes)}) "
                "cannot be mixed: their energies have no common zero; label all structures with one."
            )

    @classmethod
    def made(
        cls,
        oracle: Potential,
        structures: Sequence[Structure],
        groups: str | Sequence[str] = UNNAMED,
        paths: str | Sequence[str] = "",
    ) -> "LabelSet":
        """Labels of structures by a potential, whose fingerprint is the settings' hash."""
        names, ways = ([one] * len(structures) if isinstance(one, str) else list(one) for one in (groups, paths))
        found = oracle.evaluate(structures)
        rows = zip(structures, found.energies, found.forces, found.stresses, names, ways, strict=True)
        return cls(tuple(Label(bare(a), e, f, s, name, oracle.fingerprint, way) for a, e, f, s, name, way in rows))

    @property
    def settings_hash(self) -> str:
        """That of all labels; empty where there is none."""
        return self.labels[0].settings_hash if self.labels else ""

    @property
    def structures(self) -> list[Atoms]:
        """The structures, in order."""
        return [label.structure for label in self.labels]

    @property
    def groups(self) -> list[str]:
        """The group of each label."""
        return [label.group for label in self.labels]

    @property
    def paths(self) -> dict[str, list[int]]:
        """The places of the labels of each named path, in order."""
        found: dict[str, list[int]] = {}
        for place, label in enumerate(self.labels):
            if label.path:
                found.setdefault(label.path, []).append(place)
        return found

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers that occur, rising."""
        return tuple(sorted({int(z) for one in self.structures for z in one.numbers}))

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __getitem__(self, chosen: int | slice | Sequence[int] | np.ndarray) -> "LabelSet":
        """The labels at an index, in a slice, or at several indices, as a set."""
        if isinstance(chosen, slice):
            return LabelSet(self.labels[chosen])
        return LabelSet(tuple(self.labels[int(k)] for k in np.atleast_1d(np.arange(len(self))[chosen])))

    def __add__(self, other: "LabelSet") -> "LabelSet":
        """Both sets, without structures that are labelled already.

        Raises:
            InputError: their settings differ.
        """
        known = {label.identity for label in self.labels}
        new = []
        for label in other.labels:
            if label.identity not in known:
                known.add(label.identity)
                new.append(label)
        return LabelSet(self.labels + tuple(new))

    def save(self, path: Path | str) -> None:
        """Write extended XYZ, with energy, forces and stress as ASE names them.

        Each structure has a checksum of what is read of it, and the first says how many there are.
        """
        from ase.calculators.singlepoint import SinglePointCalculator
        from ase.io import read, write
        from ase.stress import full_3x3_to_voigt_6_stress

        images = []
        for label in self.labels:
            atoms = label.structure.copy()
            results = {"energy": label.energy, "forces": label.forces}
            if np.isfinite(label.stress).all():
                results["stress"] = full_3x3_to_voigt_6_stress(label.stress)
            atoms.calc = SinglePointCalculator(atoms, **results)
            atoms.info = {"group": label.group, "settings_hash": label.settings_hash}
            atoms.info |= {"path": label.path} if label.path else {}
            images.append(atoms)
        text = StringIO()
        write(text, images, format="extxyz", write_results=True, parallel=False)
        back = read(StringIO(text.getvalue()), index=":", format="extxyz", parallel=False) if images else []
        for image, written in zip(images, back, strict=True):
            image.info[CHECKSUM] = _checksum(_read(written, ""))
        if images:
            images[0].info[_COUNT] = len(images)
        text = StringIO()
        write(text, images, format="extxyz", write_results=True, parallel=False)
        write_text(Path(path), text.getvalue())

    @classmethod
    def load(cls, path: Path | str) -> "LabelSet":
        """Read any file of ASE's that has energies and forces; stress or virial, `group`, `path` and `settings_hash` are optional.

        Raises:
            InputError: the file cannot be read, is empty, or lacks energies or forces.
        """
        images, name = read_images(path), Path(path).name
        if len(images) < (count := int(images[0].info.get(_COUNT, 0))):
            raise InputError(
                f"File {str(path)!r} holds {len(images)} of the {count} structures that were written: it was cut short. If "
                f"that is meant, take {_COUNT}={count} out of its first structure."
            )
        return cls(tuple(_read(atoms, f"Structure {k} of {name!r}") for k, atoms in enumerate(images)))


def structure_hash(structure: Structure) -> str:
    """Hash of the atoms and the cell, to 1e-8 Å."""
    digest = hashlib.sha256(np.asarray(structure.numbers, dtype=np.int64).tobytes())
    for array in (structure.positions, np.asarray(structure.cell)):
        digest.update((np.round(np.asarray(array, dtype=float), 8) + 0.0).tobytes())
    digest.update(np.asarray(structure.pbc, dtype=bool).tobytes())
    return digest.hexdigest()


def bare(one: Structure) -> Atoms:
    """A copy of the atoms and the cell alone."""
    return Atoms(np.array(one.numbers), np.array(one.positions), cell=np.array(one.cell), pbc=np.array(one.pbc))


def _read(atoms: Atoms, where: str) -> Label:
    results = atoms.calc.results if atoms.calc is not None else {}
    _refuse_others(atoms, results, where)
    if stated(atoms.copy(), where).charge:  # without what the oracle found, such as charges and moments of the atoms
        raise InputError(f"{where} has a total charge, and labels are of neutral structures; leave it out.")
    info = atoms.info
    label = Label(
        atoms, results["energy"], results["forces"], _stress(atoms, results, where),
        str(info.get("group", UNNAMED)), str(info.get("settings_hash", "")), str(info.get("path", "")),
    )  # fmt: skip
    if info.get(CHECKSUM, checksum := _checksum(label)) != checksum:
        raise InputError(
            f"{where} does not match its {CHECKSUM}: it is damaged, or was changed since it was written; if that is meant, "
            f"take the {CHECKSUM} out."
        )
    return label


def _checksum(label: Label) -> str:
    """Hash of all that a label says, as text gives it back."""
    one = label.structure
    numbers = arrays_hash(
        one.numbers, one.positions, np.array(one.cell), one.pbc, label.energy, label.forces, label.stress
    )
    words = [label.group, label.settings_hash, *([label.path] if label.path else [])]
    return "sha256-" + content_hash(f"{numbers} {' '.join(words)}".encode())


def _refuse_others(atoms: Atoms, results: Mapping[str, Any], where: str) -> None:
    """Refuse labels that are missing, or called so that it is not known whose they are."""
    others = [str(key) for key in (*atoms.info, *atoms.arrays) if _PREFIXED.fullmatch(str(key))]
    others += [key for key, value in atoms.info.items() if key != _VIRIAL and _is_stress(key, value)]
    there = ", ".join([*results, *others, *(key for key in atoms.info if key not in others)]) or "none"
    for name in ("energy", "forces"):
        if name not in results:
            raise InputError(
                f"{where} has no {name}; every structure needs its energy and forces under these names, and it has: {there}."
            )
    if others:
        raise InputError(
            f"{where} has {', '.join(others)} beside energy and forces; leave one set in the file, under the names "
            "energy, forces, stress or virial."
        )


def _is_stress(key: str, value: Any) -> bool:
    return bool(_STRESSLIKE.search(key)) and np.size(value) in (6, 9)


def _stress(atoms: Atoms, results: Mapping[str, Any], where: str) -> FloatArray:
    """(3, 3) eV/Å³ from a stress or a virial, which is minus the stress times the volume (as QUIP has it); NaN without one."""
    from ase.stress import voigt_6_to_full_3x3_stress

    found = []
    if "stress" in results:
        stress = np.asarray(results["stress"], dtype=float)
        found.append(voigt_6_to_full_3x3_stress(stress) if stress.shape == (6,) else stress.reshape(3, 3))
    if _VIRIAL in atoms.info:
        if atoms.cell.rank < 3:
            raise InputError(f"{where} has a virial and no cell, in which it would be a stress; take it out.")
        found.append(-np.asarray(atoms.info[_VIRIAL], dtype=float).reshape(3, 3) / atoms.get_volume())
    if len(found) > 1 and not np.allclose(found[0], found[1], atol=_SAME_STRESS):
        raise InputError(
            f"{where} has a stress and a virial that differ (virial is minus stress times volume); leave one out."
        )
    return found[0] if found else np.full((3, 3), np.nan)
