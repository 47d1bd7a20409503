"""Salome's .med files: HDF5 with families of nodes and elements, each of which is in named groups.

Format: MED data model, groups ENS_MAA (meshes) and FAS (families).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from continuum.mesh.readers.reading import IntArray, MeshError, NodeSet, Reading
from coupling.contracts import FloatArray
from coupling.errors import InputError

if TYPE_CHECKING:
    import h5py

_KINDS = {
    **{"PO1": ("vertex", 1), "SE2": ("line", 2), "SE3": ("line3", 3), "TR3": ("triangle", 3), "TR6": ("triangle6", 6)},
    **{"QU4": ("quad", 4), "QU8": ("quad8", 8), "QU9": ("quad9", 9), "TE4": ("tetra", 4), "T10": ("tetra10", 10)},
    **{"HE8": ("hexahedron", 8), "H20": ("hexahedron20", 20), "H27": ("hexahedron27", 27)},
    **{"PE6": ("wedge", 6), "P15": ("wedge15", 15), "PY5": ("pyramid", 5), "P13": ("pyramid13", 13)},
}
_FACES = {"hexahedron27": [*range(20), 24, 22, 21, 23, 20, 25, 26]}  # in VTK's order, of nodes in MED's


def read_med(path: Path) -> Reading:
    """Read a MED file of one mesh.

    Raises:
        InputError: it is no HDF5 file, or holds no mesh, several, or one that cannot be read.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _reading(path, file)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:  # h5py's, on what is no MED file
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split()).strip("'\"")
        raise InputError(
            f"The mesh file {path} cannot be read as MED ({type(error).__name__}: {reason}); write it again with Salome."
        ) from error


def _reading(path: Path, file: "h5py.File") -> Reading:
    names = sorted(file["ENS_MAA"]) if "ENS_MAA" in file else []
    if len(names) != 1:
        raise MeshError(
            f"The mesh file {path} holds {len(names)} meshes ({', '.join(names) or 'none'}); write a file of the one to be used."
        )
    mesh = file["ENS_MAA"][names[0]]
    dimension = int(mesh.attrs["ESP"])
    if "NOE" not in mesh:
        steps = sorted(mesh)
        if len(steps) != 1:
            raise MeshError(
                f"The mesh {names[0]} in {path} has {len(steps)} time steps; write a file of the one to be used."
            )
        mesh = mesh[steps[0]]
    if "MAI" not in mesh:
        raise MeshError(f"The mesh {names[0]} in {path} has no elements; write it with its elements.")
    points = _columns(mesh["NOE"]["COO"], dimension).astype(float)
    families = mesh["FAS"] if "FAS" in mesh else file["FAS"][names[0]]
    tables, groups = _tables(path, mesh["MAI"], _named(families.get("ELEME")))
    return Reading(
        points, tables, groups, _node_sets(mesh["NOE"], _named(families.get("NOEUD"))), notes=tuple(_unused(file))
    )


def _columns(data: "h5py.Dataset", width: int) -> FloatArray:
    """(n, width) entries of a dataset that is written column after column."""
    values = np.asarray(data[()])
    if values.size % width:
        raise ValueError(f"{data.name} has {values.size} entries, no multiple of {width}")
    return values.reshape(-1, width, order="F")


def _named(families: "h5py.Group | None") -> dict[int, list[str]]:
    """Names of the groups of each family, by its number."""
    found: dict[int, list[str]] = {}
    for family in () if families is None else families.values():
        if "GRO" in family:
            texts = (bytes(np.asarray(letters, dtype=np.int8)) for letters in family["GRO"]["NOM"][()])
            found[int(family.attrs["NUM"])] = [
                text.partition(b"\0")[0].decode(errors="replace").strip() for text in texts
            ]
    return found


def _tables(
    path: Path, elements: "h5py.Group", families: dict[int, list[str]]
) -> tuple[dict[str, IntArray], dict[str, dict[str, IntArray]]]:
    tables: dict[str, IntArray] = {}
    groups: dict[str, dict[str, IntArray]] = {}
    for word, block in elements.items():
        if word not in _KINDS:
            raise MeshError(f"The mesh file {path} has elements of MED's type {word}; valid: {', '.join(_KINDS)}.")
        kind, width = _KINDS[word]
        nodes = _columns(block["NOD"], width).astype(np.int64) - 1
        tables[kind] = nodes[:, _FACES[kind]] if kind in _FACES else nodes
        if "FAM" in block:  # left out where no element of a type is in a group
            groups[kind] = dict(_in_groups(np.asarray(block["FAM"][()]), families))
    return tables, {kind: of for kind, of in groups.items() if of}


def _in_groups(numbers: IntArray, families: dict[int, list[str]]) -> Iterator[tuple[str, IntArray]]:
    """Names of groups, and the entities whose families are in them."""
    for name in dict.fromkeys(name for names in families.values() for name in names):
        rows = np.flatnonzero(np.isin(numbers, [number for number, names in families.items() if name in names]))
        if len(rows):
            yield name, rows


def _node_sets(nodes: "h5py.Group", families: dict[int, list[str]]) -> dict[str, NodeSet]:
    if "FAM" not in nodes:
        return {}
    return {name: NodeSet(rows) for name, rows in _in_groups(np.asarray(nodes["FAM"][()]), families)}


def _unused(file: "h5py.File") -> Iterator[str]:
    if file.get("CHA"):
        yield f"The fields in the file are not used: {', '.join(sorted(file['CHA']))}."
