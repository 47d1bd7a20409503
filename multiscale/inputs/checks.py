"""Checks against the world outside the input file: potentials, elements, mesh files. Nothing heavy."""

from collections.abc import Iterable
from pathlib import Path

from coupling.errors import InputError, unknown_choice


def check_potential(name: str) -> None:
    """Check that a potential is known and its library installed, without importing that.

    Args:
        name: A name of `multiscale potentials`, the path of a file, or "module:Class".

    Raises:
        InputError: it is unknown, or its file is missing.
        MissingBackend: its library is not installed.
    """
    from atomistic.potentials.registry import find_potential

    find_potential(name)


def is_potential_file(name: str) -> bool:
    """Whether a potential is read from a file, known by its suffix or by a prefix such as "mace:"."""
    from atomistic.potentials.registry import potential_file

    return bool(potential_file(name))


def is_program(name: str) -> bool:
    """Whether a potential's file is a program as well as weights, so that reading it runs what it contains."""
    from atomistic.potentials.registry import is_program

    return is_program(name)


def check_crystal(species: str, structure: str) -> None:
    """Raise `InputError` unless the element exists and has this crystal structure's name known."""
    from ase.data import chemical_symbols

    symbols = chemical_symbols[1:]
    if species not in symbols:
        raise InputError(f"Unknown element {species!r}; give a chemical symbol such as {_near(species, symbols)}.")
    if structure not in STRUCTURES:
        raise unknown_choice("crystal structure", structure, STRUCTURES)


STRUCTURES = ("fcc", "bcc", "sc", "diamond")
"""Crystals of one element, cubic, as `ase.build.bulk` names them."""


def _near(species: str, symbols: list[str]) -> str:
    guesses = [species.capitalize(), species[:2].capitalize(), species[:1].upper()]
    return repr(next((guess for guess in guesses if guess in symbols), "Ni"))


def check_groups(path: Path, *, cells: Iterable[str], facets: Iterable[str], dimension: int) -> None:
    """Check that a mesh has its groups: it is read as the run reads it, without FEniCSx.

    Args:
        path: A file that `continuum.mesh.specimen_mesh.read_mesh` reads.
        cells: The bodies.
        facets: Groups needed one dimension lower.
        dimension: Dimension of the bodies.

    Raises:
        InputError: the file cannot be read, has another dimension, lacks a group, or has cells in no body.
    """
    from continuum.mesh.file import check_owned, read_file

    mesh = read_file(path, list(cells))
    if mesh.dimension != dimension:
        raise InputError(
            f"The mesh file {path.name} has dimension {mesh.dimension}, and the study needs one of dimension {dimension}."
        )
    for name in facets:
        if name not in mesh.facets and name in mesh.refused:
            raise InputError(mesh.refused[name])
        if name not in mesh.facets:
            raise unknown_choice(
                f"boundary or interface (group of dimension {dimension - 1} in {path.name})", name, mesh.facets
            )
    check_owned(mesh)
