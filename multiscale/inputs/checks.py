"""Checks against the world outside the input file: potentials, elements, mesh files. Nothing heavy."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

if TYPE_CHECKING:
    from ase import Atoms


def check_potential(name: str, python: str | None = None) -> None:
    """Check that a potential is known and its library installed, without importing that.

    Args:
        name: A name of `multiscale potentials`, the path of a file, or "module:Class".
        python: The interpreter of another environment that is to compute, which is not run; None for this one.

    Raises:
        InputError: it is unknown, or its file or the interpreter is missing.
        MissingBackend: its library is not installed.
    """
    from atomistic.potentials.registry import find_potential

    find_potential(name, python)


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


def check_cut(
    crystal: "Atoms", conventional: FloatArray, miller: tuple[int, int, int], layers: int = 2,
    x: tuple[int, int, int] | None = None, termination: str | None = None,
) -> None:  # fmt: skip
    """Raise `InputError` unless a crystal can be cut so: shape alone decides, so that no potential is needed."""
    from atomistic.decohesion.slab import cleavage_slab

    along = None if x is None else np.array(x) @ conventional
    try:
        cleavage_slab(crystal, miller, layers, conventional=conventional, x=along, termination=termination)
    except InputError as error:
        if x is not None and "does not lie in the plane" in str(error):
            raise InputError(
                f"The direction x = {list(x)} does not lie in the plane {miller}: give hu + kv + lw = 0."
            ) from None
        raise


def check_planes(species: str, structure: str, planes: Iterable[tuple[int, int, int]]) -> None:
    """Raise `InputError` unless there is such a crystal, and it has these planes."""
    from atomistic.decohesion.slab import conventional_cell
    from atomistic.properties.crystals import Crystal

    check_crystal(species, structure)
    named = Crystal.named(species, structure)
    crystal = named.build(named.lengths(named.guess()))
    for miller in planes:
        check_cut(crystal, conventional_cell(crystal), miller)


STRUCTURES = ("fcc", "bcc", "sc", "diamond")
"""Crystals of one element, cubic, as `ase.build.bulk` names them."""


def _near(species: str, symbols: list[str]) -> str:
    guesses = [species.capitalize(), species[:2].capitalize(), species[:1].upper()]
    return repr(next((guess for guess in guesses if guess in symbols), "Ni"))


def check_groups(
    path: Path, *, cells: Iterable[str], facets: Iterable[str], dimension: int, outer: Iterable[str] = ()
) -> None:
    """Check that a mesh has its groups: it is read as the run reads it, without FEniCSx.

    Args:
        path: A file that `continuum.mesh.specimen_mesh.read_mesh` reads.
        cells: The bodies.
        facets: Groups needed one dimension lower.
        dimension: Dimension of the bodies.
        outer: Those of the facets that must lie in the outer boundary of the bodies.

    Raises:
        InputError: the file cannot be read, has another dimension, lacks a group, has cells in no body, or a facet
            between bodies where an outer one is needed.
    """
    from continuum.mesh.file import check_owned, read_file
    from continuum.mesh.readers.cell_facets import CellFacets

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
    for name in outer:
        found = [CellFacets(mesh.cell, nodes).found(mesh.facets[name]) >= 0 for nodes in mesh.cells.values()]
        if np.any(np.sum(found, axis=0) > 1):
            sides = " and ".join(body for body, some in zip(mesh.cells, found, strict=True) if some.any())
            raise InputError(
                f"{name!r} has facets between the bodies {sides}, and supports, loads and tractions act on outer boundaries; "
                "take another group."
            )
