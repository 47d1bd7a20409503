"""What every engine requires of its structures, checked once, in one place."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from atomistic.potentials.neighbours import effective_cell, neighbour_pairs
from coupling.contracts import Structure
from coupling.errors import InputError

CLOSEST = 0.1
"""Å. No two nuclei of a meaningful structure are nearer to each other."""


def checked(
    structures: Sequence[Structure], elements: frozenset[int], name: str, *, overlap: bool = True
) -> list[Atoms]:
    """Copies of the structures that a potential can evaluate.

    Args:
        structures: At least one; anything with numbers, positions, cell and pbc.
        elements: Atomic numbers that the potential knows.
        name: The potential's name, for the message.
        overlap: Whether to look for atoms that lie on each other; False for a potential that finds its nearest atoms itself
            and then asks `refuse_overlap`.

    Returns:
        One bare `ase.Atoms` each, sharing no memory with the input.

    Raises:
        InputError: there is nothing to evaluate, or a structure is not physical, or it holds
            an element that the potential lacks; the message says which structure and why.
    """
    if hasattr(structures, "positions"):
        raise InputError("One structure was given where a list of structures is needed; write [structure].")
    if len(structures) == 0:
        raise InputError("The list of structures is empty; give at least one structure.")
    atoms = [_bare(structure) for structure in structures]
    for index, one in enumerate(atoms):
        where = place_of(index, len(atoms))
        _check_numbers(one, where)
        _check_elements(one, elements, name, where)
        _check_cell(one, where)
        if overlap:
            _check_overlap(one, where)
    return atoms


def place_of(index: int, count: int) -> str:
    """What a structure among others is called in messages."""
    return f"Structure {index} of {count}"


def has_volume(atoms: Atoms) -> bool:
    """Whether a stress is defined: the cell spans space."""
    return bool(np.linalg.matrix_rank(atoms.cell.array) == 3)


def _bare(structure: Structure) -> Atoms:
    return Atoms(
        numbers=np.array(structure.numbers),
        positions=np.array(structure.positions, dtype=float).reshape(-1, 3),
        cell=np.array(structure.cell, dtype=float),
        pbc=np.array(structure.pbc, dtype=bool),
    )


def _check_numbers(atoms: Atoms, where: str) -> None:
    if len(atoms) == 0:
        raise InputError(f"{where} has no atoms; give at least one.")
    if not np.isfinite(atoms.positions).all():
        atom = int(np.argmin(np.isfinite(atoms.positions).all(axis=1)))
        raise InputError(f"{where}: atom {atom} has position {atoms.positions[atom]}, which is not finite.")
    if not np.isfinite(atoms.cell.array).all():
        raise InputError(f"{where}: its cell has an entry that is not finite.")


def _check_elements(atoms: Atoms, elements: frozenset[int], name: str, where: str) -> None:
    unknown = sorted(set(atoms.numbers.tolist()) - elements)
    if unknown:
        known = " ".join(chemical_symbols[number] for number in sorted(elements))
        lacking = " ".join(chemical_symbols[number] for number in unknown)
        raise InputError(f"{where}: potential {name!r} lacks {lacking}; it knows {known}.")


def _check_cell(atoms: Atoms, where: str) -> None:
    if not atoms.pbc.any():
        return
    lengths = np.linalg.norm(atoms.cell.array[atoms.pbc], axis=1)
    if lengths.min() == 0:
        raise InputError(f"{where} is periodic along a cell vector of length zero; give it a cell or pbc=False.")
    refuse_overlap(0, 0, float(lengths.min()), where)  # before anyone lists its many neighbours
    cell = effective_cell(atoms.cell.array, atoms.pbc)
    if abs(np.linalg.det(cell / np.linalg.norm(cell, axis=1, keepdims=True))) < 1e-6:
        raise InputError(f"{where}: its cell is singular (two vectors are parallel, or all lie in one plane).")


def _check_overlap(atoms: Atoms, where: str) -> None:
    i, j, vectors = neighbour_pairs(atoms, 1.0)
    if len(i) == 0:
        return
    distances = np.linalg.norm(vectors, axis=1)
    nearest = int(np.argmin(distances))
    refuse_overlap(int(i[nearest]), int(j[nearest]), float(distances[nearest]), where)


def refuse_overlap(first: int, second: int, distance: float, where: str) -> None:
    """Raise `InputError` if the two nearest atoms of a structure are nearer than `CLOSEST`.

    Args:
        first: One of them.
        second: The other, or the same one, whose image is meant.
        distance: Å.
        where: "Structure 0 of 2", for the message.
    """
    if distance < CLOSEST:
        other = "its image" if first == second else f"atom {second}"
        raise InputError(
            f"{where}: atom {first} and {other} are {distance:.2g} Å apart; move them, or correct cell or periodicity."
        )
