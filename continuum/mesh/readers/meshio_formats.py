"""Mesh files that meshio reads (VTK, XDMF, medit, …), with what it prints kept as the reason or as notes."""

import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from continuum.mesh.readers.reading import IntArray, NodeSet, NoGroups, Reading, dimension_of
from coupling.errors import InputError

if TYPE_CHECKING:
    import meshio

_TAGS = ("gmsh:physical", "medit:ref")
_NO_TAGS = ("gmsh:geometrical", "vtkGhostType")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def read_by_meshio(path: Path) -> Reading:
    """Read a file in any format that meshio knows by the suffix.

    Raises:
        InputError: meshio cannot read it; its own reason is given.
        NoGroups: several arrays of integers could number the groups.
    """
    source, said = _source(path)
    starts: dict[str, int] = {}
    parts: dict[str, list[IntArray]] = {}
    firsts = []
    for block in source.cells:
        firsts.append(starts.get(block.type, 0))
        parts.setdefault(block.type, []).append(np.asarray(block.data, dtype=np.int64))
        starts[block.type] = firsts[-1] + len(block.data)
    tables = {kind: np.vstack(of) for kind, of in parts.items() if starts[kind]}
    groups, array = _groups(path, source, firsts)
    return Reading(
        np.asarray(source.points, dtype=float),
        tables,
        groups,
        _node_sets(source),
        refused=_refused(source, array),
        notes=said,
    )


def _source(path: Path) -> "tuple[meshio.Mesh, tuple[str, ...]]":
    """meshio's mesh, and what it printed."""
    import meshio

    printed = StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            source = meshio.read(path)
    except (Exception, SystemExit) as error:  # meshio's readers raise what they like, or print the reason and exit
        own = "" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
        reason = "; ".join(part for part in (_words(printed.getvalue()), " ".join(own.split())) if part)
        raise InputError(
            f"The mesh file {path} cannot be read ({reason or 'meshio gives no reason'}); write it again, best as Gmsh .msh 4.1."
        ) from error
    said = _words(printed.getvalue())
    return source, (f"meshio says of the file: {said}.",) if said else ()


def _words(printed: str) -> str:
    """What was printed, in one line."""
    lines = [line.strip() for line in _ANSI.sub("", printed).splitlines()]
    text = " ".join(line for line in lines if line)
    text = re.sub(r"(?<=.)\s*Error: Couldn't read file .*", "", text)  # repeats what a reason before it says
    return re.sub(r"^(Error|Warning): ", "", text).rstrip(".")


def _groups(path: Path, source: "meshio.Mesh", firsts: list[int]) -> tuple[dict[str, dict[str, IntArray]], str | None]:
    """Rows by kind and name: cell sets, then tags; and the array that was taken for these."""
    found: dict[str, dict[str, list[IntArray]]] = {}

    def add(kind: str, name: str, rows: IntArray) -> None:
        if len(rows):
            found.setdefault(kind, {}).setdefault(name, []).append(np.asarray(rows, dtype=np.int64))

    for name, per_block in source.cell_sets.items():
        if not name.startswith("gmsh:"):
            for block, first, rows in zip(source.cells, firsts, per_block, strict=False):
                add(block.type, name, first + np.asarray([] if rows is None else rows, dtype=np.int64))
    array = _tag_array(path, source)
    if array is not None:
        names = {
            (int(value[0]), int(value[1])): name for name, value in source.field_data.items() if np.size(value) == 2
        }
        for block, first, tags in zip(source.cells, firsts, source.cell_data[array], strict=True):
            for tag in map(int, np.unique(tags)):
                if tag > 0 or (tag == 0 and array not in _TAGS):  # others stand for no group
                    name = names.get((tag, dimension_of(block.type)), str(tag))
                    add(block.type, name, first + np.flatnonzero(np.ravel(tags) == tag))
    rows_of = {kind: {name: np.unique(np.concatenate(rows)) for name, rows in of.items()} for kind, of in found.items()}
    return rows_of, array


def _integer(parts: Sequence[NDArray[Any]]) -> bool:
    """Whether an array has one integer per cell."""
    return all(np.issubdtype(np.asarray(p).dtype, np.integer) and np.size(p) == len(p) for p in parts)


def _tag_array(path: Path, source: "meshio.Mesh") -> str | None:
    """The array of integers that numbers the groups."""
    integer = [name for name, parts in source.cell_data.items() if name not in _NO_TAGS and _integer(parts)]
    preferred = [name for name in _TAGS if name in integer]
    if preferred:
        return preferred[0]
    if source.cell_sets:
        return None
    if len(integer) > 1:
        raise NoGroups(
            f"The mesh file {path} has several integer arrays of its cells ({', '.join(sorted(integer))}); "
            f"keep the one that numbers the groups, or call it {_TAGS[0]!r}."
        )
    if integer:
        return integer[0]
    others = sorted(name for name in source.cell_data if name not in _NO_TAGS)
    if others:
        raise NoGroups(
            f"The mesh file {path} has no integer array of its cells that could number the groups, only {', '.join(others)}; "
            "write the numbers of the groups as integers, one a cell."
        )
    return None


def _node_sets(source: "meshio.Mesh") -> dict[str, NodeSet]:
    return {name: NodeSet(np.unique(np.asarray(nodes, dtype=np.int64))) for name, nodes in source.point_sets.items()}


def _refused(source: "meshio.Mesh", array: str | None) -> dict[str, str]:
    """Arrays of integers that are taken for no groups."""
    return {
        name: f"The array {name!r} is not taken for groups, as {array or 'the cell sets'} names them; keep the one that does."
        for name, parts in source.cell_data.items()
        if name not in (array, *_NO_TAGS) and _integer(parts)
    }
