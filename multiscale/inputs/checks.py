"""Checks against the world outside the input file: potentials, elements, mesh files. Nothing heavy."""

import re
from collections.abc import Iterable
from pathlib import Path

from coupling.errors import InputError, unknown_choice

_GROUP = re.compile(rb'^\s*(\d+)\s+\d+\s+"(.*)"\s*$')
_VERSIONS = ("2.2", "4.1")
_TAIL = 200
_LAST_LINES = {
    b"$End" + section
    for section in (b"Elements", b"Periodic", b"GhostElements", b"Parametrizations", b"Comments")
    + (b"NodeData", b"ElementData", b"ElementNodeData", b"InterpolationScheme")
}


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
    """Check that a mesh has its groups; of a Gmsh file the header alone is read.

    Args:
        path: A Gmsh .msh file, or another that `continuum.mesh.read_mesh` reads.
        cells: Groups needed in the dimension of the bodies.
        facets: Groups needed one dimension lower.
        dimension: Dimension of the bodies.

    Raises:
        InputError: the file cannot be read, has another dimension, or lacks a group.
    """
    groups = physical_groups(path) if path.suffix.lower() == ".msh" or not path.is_file() else _groups_of(path)
    highest = max((of for _, of in groups), default=dimension)
    if highest > dimension:
        raise InputError(f"The mesh file {path.name} has dimension {highest}, and the study needs one of dimension {dimension}.")
    for wanted, dim, what in ((cells, dimension, "body"), (facets, dimension - 1, "boundary or interface")):
        names = [name for name, of in groups if of == dim]
        for name in wanted:
            if name not in names:
                raise unknown_choice(f"{what} (physical group of dimension {dim} in {path.name})", name, names)


def _groups_of(path: Path) -> list[tuple[str, int]]:
    """Names and dimensions of the groups of a mesh that is not Gmsh's."""
    from continuum.mesh_file import read_file

    mesh = read_file(path)
    return [(name, mesh.dimension) for name in mesh.cells] + [(name, mesh.dimension - 1) for name in mesh.facets]


def physical_groups(path: Path) -> list[tuple[str, int]]:
    """Names and dimensions of the physical groups of a Gmsh mesh, from its header.

    Raises:
        InputError: the file is missing, not a Gmsh mesh of a known version, or cut short.
    """
    if not path.is_file():
        near = sorted(file.name for file in path.parent.glob("*.msh")) if path.parent.is_dir() else []
        found = f"that folder holds {', '.join(near[:8])}" if near else "no .msh file lies in that folder"
        raise InputError(f"There is no mesh file {path.name!r} where it was looked for, in {path.parent}; {found}.")
    try:
        with path.open("rb") as file:
            _check_format(path, file.readline(), file.readline())
            groups = _read_groups(file)
            file.seek(max(0, path.stat().st_size - _TAIL))
            complete = file.read().rstrip().rpartition(b"\n")[2].strip() in _LAST_LINES
    except OSError as error:
        raise InputError(f"The mesh file {path} cannot be read ({error.strerror}).") from error
    if not complete:
        raise InputError(f"The mesh file {path} is cut short; write it again with Gmsh.")
    return groups


def _check_format(path: Path, first: bytes, second: bytes) -> None:
    version = second.split()[:1]
    if first.strip() != b"$MeshFormat" or not version:
        raise InputError(f"{path} is not a Gmsh mesh; save it as .msh, version {' or '.join(_VERSIONS)}.")
    if version[0].decode(errors="replace") not in _VERSIONS:
        raise InputError(
            f"{path} is a Gmsh mesh of version {version[0].decode(errors='replace')}; "
            f"save it as version {' or '.join(_VERSIONS)} (gmsh -save -format msh41)."
        )


def _read_groups(lines: Iterable[bytes]) -> list[tuple[str, int]]:
    groups: list[tuple[str, int]] = []
    inside = False
    for line in lines:
        if line.startswith(b"$PhysicalNames"):
            inside = True
        elif line.startswith(b"$EndPhysicalNames"):
            break
        elif inside and (match := _GROUP.match(line)):
            groups.append((match[2].decode(errors="replace"), int(match[1])))
    return groups
