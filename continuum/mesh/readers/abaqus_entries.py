"""The data lines of *NODE and *ELEMENT in an Abaqus input file."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.mesh.readers.abaqus_blocks import AbaqusBlock
from continuum.mesh.readers.abaqus_model import Elements, Members, Nodes, Scope, add_to_set
from continuum.mesh.readers.abaqus_types import VALID, ElementType, element_type, why_not
from continuum.mesh.readers.reading import IntArray

_LARGEST = 2.0**53
"""Below it, whole numbers are kept by 64-bit floats."""
_SHORT = 15
"""Nodes up to which an element fits on one line, whose end is then the element's."""


def read_nodes(block: AbaqusBlock, scope: Scope) -> None:
    """Take the nodes of a *NODE block.

    Raises:
        MeshError: a number, coordinate or parameter that cannot be read.
    """
    block.allow("NSET", "SYSTEM", "INPUT")
    _refuse_file(block)
    if block.parameters.get("SYSTEM", "R").upper() not in ("R", ""):
        raise block.fault(
            f"the coordinates of SYSTEM={block.parameters['SYSTEM']} are not rectangular, which is not read; give x, y and z."
        )
    found = _regular_nodes(block) or _irregular_nodes(block)
    scope.nodes.append(found)
    if "NSET" in block.parameters:
        add_to_set(block, scope.node_sets, block.needed("NSET"), [Members("", found.numbers, None, block.line)])


def _regular(block: AbaqusBlock, of: Callable[[str], float]) -> NDArray[Any] | None:
    """All entries of a block whose lines have equally many, all numbers; None of any other, which is read line by line."""
    texts = [text for _, text in block.rows]
    commas = {text.count(",") for text in texts}
    joined = ",".join(texts)
    if len(commas) != 1 or any(text.endswith(",") for text in texts) or "_" in joined or not joined.isascii():
        return None
    try:
        values = np.array(list(map(of, joined.split(","))))
    except ValueError:
        return None
    return values.reshape(len(texts), -1)


def _lines(block: AbaqusBlock) -> IntArray:
    return np.array([line for line, _ in block.rows], dtype=np.int64)


def _regular_nodes(block: AbaqusBlock) -> Nodes | None:
    values = _regular(block, float)
    if values is None or values.shape[1] not in (3, 4) or not np.isfinite(values).all():
        return None
    if not ((values[:, 0] >= 1) & (values[:, 0] < _LARGEST)).all():
        return None
    numbers = values[:, 0].astype(np.int64)
    if (numbers != values[:, 0]).any():
        return None
    points = np.zeros((len(values), 3))
    points[:, : values.shape[1] - 1] = values[:, 1:]
    return Nodes(numbers, points, _lines(block))


def _irregular_nodes(block: AbaqusBlock) -> Nodes:
    numbers, points, lines = [], [], []
    for line, entries in block.fields():
        numbers.append(block.integer(entries[0], line))
        points.append([_coordinate(block, entry, line) for entry in (*entries[1:4], *["0"] * (4 - len(entries[:4])))])
        lines.append(line)
    return Nodes(
        np.array(numbers, dtype=np.int64), np.array(points, dtype=float).reshape(-1, 3), np.array(lines, dtype=np.int64)
    )


def _coordinate(block: AbaqusBlock, entry: str, line: int) -> float:
    try:
        value = float(entry.upper().replace("D", "E")) if entry else 0.0
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise block.fault(f"{entry!r} is not a finite coordinate of a node; write a number.", line)
    return value


def read_elements(block: AbaqusBlock, scope: Scope) -> None:
    """Take the elements of an *ELEMENT block.

    Raises:
        MeshError: a type that is not read, wrong numbers of nodes, or a parameter that cannot be read.
    """
    block.allow("TYPE", "ELSET", "INPUT", "OFFSET")
    _refuse_file(block)
    if "OFFSET" in block.parameters:
        raise block.fault(
            "OFFSET makes nodes of elements by a rule, which is not read; write all nodes of each element."
        )
    name = block.needed("TYPE")
    kind = element_type(name)
    if kind is None:
        raise block.fault(f"elements of type {name} {why_not(name)}; valid: {VALID}.")
    found = _regular_elements(block, kind) or _irregular_elements(block, kind)
    for of in found:
        again = np.sort(of.nodes, axis=1)
        twice = np.flatnonzero((again[:, 1:] == again[:, :-1]).any(axis=1))
        if len(twice):
            text = f"element {of.numbers[twice[0]]} of type {kind.name} names a node twice; a collapsed element is not read: mesh it anew."
            raise block.fault(text, int(of.lines[twice[0]]))
    scope.elements += found
    if "ELSET" in block.parameters:
        numbers = np.concatenate([np.empty(0, dtype=np.int64), *(of.numbers for of in found)])
        add_to_set(block, scope.element_sets, block.needed("ELSET"), [Members("", numbers, None, block.line)])


def _regular_elements(block: AbaqusBlock, kind: ElementType) -> list[Elements] | None:
    values = _regular(block, int)
    if values is None or values.dtype != np.int64 or values.shape[1] - 1 not in kind.widths or (values < 1).any():
        return None
    return [Elements(kind, values[:, 0], values[:, 1:], _lines(block))]


def _irregular_elements(block: AbaqusBlock, kind: ElementType) -> list[Elements]:
    rows: dict[int, list[tuple[int, int, list[int]]]] = {}
    for line, entries in _records(block, kind):
        values = [block.integer(entry, line) for entry in entries]
        rows.setdefault(len(values) - 1, []).append((values[0], line, values[1:]))
    found = []
    for of in rows.values():
        numbers, lines, nodes = (np.array(column, dtype=np.int64) for column in zip(*of, strict=True))
        found.append(Elements(kind, numbers, nodes, lines))
    return found


def _records(block: AbaqusBlock, kind: ElementType) -> Iterator[tuple[int, list[str]]]:
    """The line where each element begins, and its entries: those of long elements go on in further lines."""
    start = 0
    entries: list[str] = []
    widths = " or ".join(map(str, kind.widths))
    for line, text in block.rows:
        more = split_row(text)
        start, entries = (start, entries + more) if entries else (line, more)
        enough = len(entries) - 1 in kind.widths
        if not enough and (
            len(entries) - 1 > max(kind.widths) or not (text.endswith(",") or min(kind.widths) > _SHORT)
        ):
            raise block.fault(
                f"element {entries[0]} has {len(entries) - 1} nodes, and one of type {kind.name} has {widths}; correct it.",
                start,
            )
        if enough:
            yield start, entries
            entries = []
    if entries:
        raise block.fault(
            f"element {entries[0]} has {len(entries) - 1} nodes, and one of type {kind.name} has {widths}; correct it.",
            start,
        )


def split_row(text: str) -> list[str]:
    """The entries of a data line without an empty one at its end."""
    entries = [entry.strip() for entry in text.split(",")]
    return entries[:-1] if not entries[-1] else entries


def _refuse_file(block: AbaqusBlock) -> None:
    if "INPUT" in block.parameters:
        raise block.fault(
            f"INPUT={block.parameters['INPUT']} names another file, which is not followed; put its lines here."
        )
