"""Candidate phases: named structures, their compositions, and how large an atom is before anything is relaxed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols, covalent_radii, reference_states

from atomistic.structure_files import read_images, stated
from coupling.contracts import FloatArray
from coupling.errors import InputError

_PER_CELL = {"fcc": 4.0, "bcc": 2.0, "diamond": 8.0, "sc": 1.0}


@dataclass(frozen=True)
class Phase:
    """A structure that may be stable.

    Attributes:
        name: What it is called; no two have the same.
        atoms: It, periodic in all directions.
        energy: Of all its atoms, eV, as its file states it; None where it does not.
    """

    name: str
    atoms: Atoms = field(repr=False)
    energy: float | None = None


def read_phases(path: Path | str) -> list[Phase]:
    """The structures of a file, named by `name` in its frames, else by file and number.

    Args:
        path: Any file that ASE reads.

    Raises:
        InputError: it cannot be read, two frames have one name, or a structure is not periodic in all directions.
    """
    path, phases = Path(path), []
    for number, image in enumerate(read_images(path)):
        name = str(image.info.get("name", f"{path.stem} {number + 1}"))
        energy = None if image.calc is None else image.calc.results.get("energy")
        phases.append(Phase(name, stated(image, f"{path.name}, {name}").atoms, energy))
    check_phases(phases)
    return phases


def check_phases(phases: Sequence[Phase]) -> None:
    """Refuse what cannot be compared.

    Raises:
        InputError: there is none, two have one name, or one is not periodic in all directions.
    """
    if not phases:
        raise InputError("There is no candidate phase; give structures by prototypes, enumeration or a file.")
    names = [phase.name for phase in phases]
    for phase in phases:
        if names.count(phase.name) > 1:
            raise InputError(
                f"{names.count(phase.name)} candidate phases are called {phase.name!r}; give each its own name."
            )
        if not phase.atoms.pbc.all() or phase.atoms.cell.rank < 3:
            raise InputError(
                f"The phase {phase.name!r} is not periodic in all three directions; give a crystal's cell."
            )


def composition(structures: Sequence[Atoms], elements: Sequence[str]) -> FloatArray:
    """(n, k) atomic fractions of k elements.

    Raises:
        InputError: a structure holds another element.
    """
    counts = np.array([[np.sum(atoms.numbers == atomic_numbers[one]) for one in elements] for atoms in structures])
    for atoms, row in zip(structures, counts, strict=True):
        if row.sum() != len(atoms):
            others = sorted(set(atoms.get_chemical_symbols()) - set(elements))
            raise InputError(
                f"{atoms.get_chemical_formula()} holds {', '.join(others)}, which is none of {', '.join(elements)}."
            )
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), dtype=float)


def elements_of(structures: Sequence[Atoms]) -> tuple[str, ...]:
    """All elements of structures, by atomic number."""
    numbers = sorted({int(number) for atoms in structures for number in atoms.numbers})
    return tuple(chemical_symbols[number] for number in numbers)


def at_guessed_volume(atoms: Atoms) -> Atoms:
    """The structure scaled to the sum of the volumes that its atoms have in their elements' own crystals."""
    volume = sum(_atomic_volume(int(number)) for number in atoms.numbers)
    scaled = atoms.copy()
    scaled.set_cell(atoms.cell.array * (volume / atoms.get_volume()) ** (1 / 3), scale_atoms=True)
    return scaled


def _atomic_volume(number: int) -> float:
    """Å³: of the element's reference crystal, or of close-packed spheres of covalent radius."""
    state = reference_states[number] or {}
    kind, a = state.get("symmetry"), state.get("a")
    if kind in _PER_CELL and a is not None:
        return float(a**3 / _PER_CELL[kind])
    if kind == "hcp" and a is not None:
        return float(np.sqrt(3) / 4 * a**3 * state["c/a"])
    return float((2 * covalent_radii[number]) ** 3 / np.sqrt(2))
