"""Gmsh's .msh of versions 2.2, 4.0 and 4.1, in text and binary, with every physical group of every element.

Format: Gmsh Reference Manual, "MSH file format" and "Legacy formats". Elements may lie in several physical groups;
what Mesh.SaveAll and Mesh.SaveParametric add is read too, except that version 2.2 with SaveAll drops the groups.
"""

import re
from pathlib import Path

import numpy as np

from continuum.mesh.readers.gmsh_blocks import GmshBlock, read_blocks_2, read_blocks_4
from continuum.mesh.readers.gmsh_kinds import TO_VTK
from continuum.mesh.readers.gmsh_stream import Damaged, Sections, open_sections
from continuum.mesh.readers.reading import IntArray, MeshError, NoGroups, Reading, dimension_of
from coupling.contracts import FloatArray
from coupling.errors import InputError

_NAME = re.compile(rb'^\s*(\d+)\s+(-?\d+)\s+"(.*)"\s*$')
_USED = {"MeshFormat", "PhysicalNames", "Entities", "Nodes", "ParametricNodes", "Elements", "Periodic", "Comments"}


def read_gmsh(path: Path) -> Reading:
    """Read a Gmsh mesh.

    Raises:
        InputError: it is none, of another version, cut short, damaged, or partitioned.
        NoGroups: it was saved so that its physical groups are lost.
    """
    try:
        sections = open_sections(path)
        if "PartitionedEntities" in sections.names:
            raise MeshError(
                f"The mesh file {path} is partitioned; save it whole (gmsh.model.mesh.unpartition, or Mesh > Unpartition)."
            )
        names = _physical_names(sections.lines("PhysicalNames"))
        numbers, points, blocks = (read_blocks_2 if sections.version < 4 else read_blocks_4)(sections)
        return _reading(path, sections, names, numbers, points, blocks)
    except Damaged as error:
        raise MeshError(f"The mesh file {path} is damaged: {error}; write it again with Gmsh.") from error
    except OSError as error:
        raise InputError(f"The mesh file {path} cannot be read ({error.strerror}).") from error


def _physical_names(lines: list[bytes]) -> dict[tuple[int, int], str]:
    """Names of physical groups by dimension and tag."""
    found = {}
    for line in lines:
        if match := _NAME.match(line):
            found[int(match[1]), int(match[2])] = match[3].decode(errors="replace")
    return found


def _reading(
    path: Path,
    sections: Sections,
    names: dict[tuple[int, int], str],
    numbers: IntArray,
    points: FloatArray,
    blocks: list[GmshBlock],
) -> Reading:
    tables, owners = _tables(path, numbers, blocks)
    groups: dict[str, dict[str, IntArray]] = {}
    ungrouped = 0
    for kind, (row_of, tags) in owners.items():
        ungrouped += int(np.count_nonzero(np.bincount(row_of[tags != 0], minlength=len(tables[kind])) == 0))
        for tag in np.unique(np.abs(tags[tags != 0])):
            name = names.get((dimension_of(kind), int(tag)), str(tag))
            rows = np.unique(row_of[np.abs(tags) == tag])
            known = groups.setdefault(kind, {})
            known[name] = np.union1d(known[name], rows) if name in known else rows
    if names and tables and not groups:
        raise NoGroups(_lost(path, sections))
    notes = [f"${name} is not used." for name in sections.names if name not in _USED]
    if ungrouped and groups:
        notes.append(f"{ungrouped} elements are in no physical group (Mesh.SaveAll = 1 writes them).")
    return Reading(points, tables, groups, notes=tuple(notes))


def _lost(path: Path, sections: Sections) -> str:
    """Why the file names physical groups and no element is in one."""
    if sections.version < 4:
        return (
            f"The mesh file {path} names physical groups, but its elements are in none: with Mesh.SaveAll = 1 Gmsh writes elements "
            "without their physical group in version 2.2; set Mesh.SaveAll = 0, or save as version 4.1."
        )
    return (
        f"The mesh file {path} names physical groups, but its elements are in none"
        + ("" if "Entities" in sections.names else ", as it has no $Entities")
        + "; save it again with Gmsh, with elements in the groups."
    )


def _tables(
    path: Path, numbers: IntArray, blocks: list[GmshBlock]
) -> tuple[dict[str, IntArray], dict[str, tuple[IntArray, IntArray]]]:
    """Nodes by kind of element, each element once; and per kind the rows with the tags of their groups."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    if (ordered[1:] == ordered[:-1]).any():
        raise Damaged(f"it has two nodes of number {ordered[1:][ordered[1:] == ordered[:-1]][0]}")
    parts: dict[str, list[tuple[IntArray, IntArray, IntArray]]] = {}
    for block in blocks:
        if len(block.nodes):
            place = np.minimum(np.searchsorted(ordered, block.nodes), len(ordered) - 1)
            if not len(ordered) or (ordered[place] != block.nodes).any():
                raise MeshError(
                    f"A {block.kind} in the mesh file {path} names a node that the file does not have; write it again."
                )
            rows = order[place]
            parts.setdefault(block.kind, []).append(
                (rows[:, TO_VTK[block.kind]] if block.kind in TO_VTK else rows, block.rows, block.tags)
            )
    tables, owners = {}, {}
    for kind, of in parts.items():
        starts = np.cumsum([0, *(len(nodes) for nodes, _, _ in of)])
        nodes = np.vstack([part for part, _, _ in of])
        row_of = np.concatenate([start + rows for start, (_, rows, _) in zip(starts, of, strict=False)])
        tags = np.concatenate([part for _, _, part in of])
        tables[kind], owners[kind] = _once(nodes, row_of, tags)
    return tables, owners


def _once(nodes: IntArray, row_of: IntArray, tags: IntArray) -> tuple[IntArray, tuple[IntArray, IntArray]]:
    """Version 2.2 repeats an element for each of its groups; the same element twice in one group stays a fault."""
    order = np.lexsort(nodes.T)
    fresh = np.ones(len(nodes), dtype=bool)
    fresh[1:] = np.any(nodes[order[1:]] != nodes[order[:-1]], axis=1)
    first = np.empty(len(nodes), dtype=np.int64)
    first[order] = order[fresh][np.cumsum(fresh) - 1]
    pairs = np.unique(np.column_stack([first[row_of], tags]), axis=0)
    if fresh.all() or len(pairs) < len(tags):
        return nodes, (row_of, tags)
    kept = np.flatnonzero(first == np.arange(len(nodes)))
    number = np.empty(len(nodes), dtype=np.int64)
    number[kept] = np.arange(len(kept))
    return nodes[kept], (number[first[row_of]], tags)
