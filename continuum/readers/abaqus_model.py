"""What an Abaqus input file defines: nodes, elements, sets and surfaces of a part, an instance, or the model."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from continuum.readers.abaqus_blocks import Block, is_number
from continuum.readers.abaqus_types import VALID, ElementType, element_type, why_not
from continuum.readers.reading import IntArray
from coupling.contracts import FloatArray

_SHORT = 15
"""Nodes up to which an element fits on one line, whose end is then the element's."""


@dataclass(frozen=True)
class Members:
    """Some members of a set: nodes or elements of one scope.

    Attributes:
        scope: Name of the instance in capitals; "" for the set's own scope.
        numbers: Listed numbers.
        span: First, last and step of generated numbers; None: they are listed.
        line: Where the file names them.
    """

    scope: str
    numbers: IntArray
    span: tuple[int, int, int] | None
    line: int


@dataclass
class NamedSet:
    """A set with its name as first written."""

    name: str
    line: int
    internal: bool = False
    members: list[Members] = field(default_factory=list)


@dataclass(frozen=True)
class Face:
    """A line of a surface: elements (or nodes), and the face of each; "" without one."""

    members: tuple[Members, ...]
    face: str
    line: int


@dataclass(frozen=True)
class Surface:
    """A surface; one that cannot be a group of facets has the reason in `refused`."""

    name: str
    line: int
    of_nodes: bool
    faces: tuple[Face, ...]
    refused: str = ""


@dataclass(frozen=True)
class Nodes:
    """Nodes of one block: numbers, (n, 3) coordinates, lines."""

    numbers: IntArray
    points: FloatArray
    lines: IntArray


@dataclass(frozen=True)
class Elements:
    """Elements of one type and number of nodes: numbers, (n, nodes) numbers of nodes, lines."""

    type: ElementType
    numbers: IntArray
    nodes: IntArray
    lines: IntArray


@dataclass
class Scope:
    """A part, an instance, or the model with its assembly (without a name): numbers count within it."""

    name: str
    line: int
    file: str
    nodes: list[Nodes] = field(default_factory=list)
    elements: list[Elements] = field(default_factory=list)
    node_sets: dict[str, NamedSet] = field(default_factory=dict)
    element_sets: dict[str, NamedSet] = field(default_factory=dict)
    surfaces: dict[str, Surface] = field(default_factory=dict)
    sections: list[tuple[str, int]] = field(default_factory=list)

    def copied(self, name: str, line: int) -> "Scope":
        """The same content as an instance of this part."""
        sets = ({key: replace(of, members=list(of.members)) for key, of in sets.items()} for sets in (self.node_sets, self.element_sets))
        node_sets, element_sets = sets
        return Scope(
            *(name, line, self.file, list(self.nodes), list(self.elements), node_sets, element_sets),
            *(dict(self.surfaces), list(self.sections)),
        )

    def sets(self, kind: str) -> dict[str, NamedSet]:
        """The sets of "node"s or "element"s, by name in capitals."""
        return self.node_sets if kind == "node" else self.element_sets


@dataclass
class Instance:
    """A part as placed: x → rotation (x + shift − origin) + origin."""

    scope: Scope
    shift: FloatArray
    rotation: FloatArray
    origin: FloatArray

    def placed(self, points: FloatArray) -> FloatArray:
        """(n, 3) coordinates in the assembly."""
        return (points + self.shift - self.origin) @ self.rotation.T + self.origin


@dataclass
class Model:
    """The whole file: the model's own scope, with what the assembly defines, and the instances by name in capitals."""

    root: Scope
    parts: dict[str, Scope] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def add_to_set(block: Block, sets: dict[str, NamedSet], name: str, members: list[Members], internal: bool = False) -> None:
    """Put members into a set, made when it is first named."""
    if is_number(name):
        raise block.fault(f"the name {name!r} of a set is a number; let it begin with a letter.")
    if name.upper() not in sets:
        sets[name.upper()] = NamedSet(name, block.line, internal)
    sets[name.upper()].members.extend(members)


def read_nodes(block: Block, scope: Scope) -> None:
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
    numbers, points, lines = [], [], []
    for line, entries in block.fields():
        numbers.append(block.integer(entries[0], line))
        points.append([_coordinate(block, entry, line) for entry in (*entries[1:4], *["0"] * (4 - len(entries[:4])))])
        lines.append(line)
    found = Nodes(np.array(numbers, dtype=np.int64), np.array(points, dtype=float).reshape(-1, 3), np.array(lines, dtype=np.int64))
    scope.nodes.append(found)
    if "NSET" in block.parameters:
        add_to_set(block, scope.node_sets, block.needed("NSET"), [Members("", found.numbers, None, block.line)])


def _coordinate(block: Block, entry: str, line: int) -> float:
    try:
        value = float(entry.upper().replace("D", "E")) if entry else 0.0
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise block.fault(f"{entry!r} is no finite coordinate of a node; write a number.", line)
    return value


def read_elements(block: Block, scope: Scope) -> None:
    """Take the elements of an *ELEMENT block.

    Raises:
        MeshError: a type that is not read, wrong numbers of nodes, or a parameter that cannot be read.
    """
    block.allow("TYPE", "ELSET", "INPUT", "OFFSET")
    _refuse_file(block)
    if "OFFSET" in block.parameters:
        raise block.fault("OFFSET makes nodes of elements by a rule, which is not read; write all nodes of each element.")
    name = block.needed("TYPE")
    kind = element_type(name)
    if kind is None:
        raise block.fault(f"elements of type {name} {why_not(name)}; valid: {VALID}.")
    found: dict[int, list[tuple[int, int, list[int]]]] = {}
    for line, entries in _records(block, kind):
        values = [block.integer(entry, line) for entry in entries]
        if len(set(values[1:])) < len(values) - 1:
            raise block.fault(f"element {values[0]} of type {kind.name} names a node twice; a collapsed element is not read: mesh it anew.", line)
        found.setdefault(len(values) - 1, []).append((values[0], line, values[1:]))
    for rows in found.values():
        numbers, lines, nodes = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
        scope.elements.append(Elements(kind, numbers, nodes, lines))
    if "ELSET" in block.parameters:
        numbers = np.array([row[0] for rows in found.values() for row in rows], dtype=np.int64)
        add_to_set(block, scope.element_sets, block.needed("ELSET"), [Members("", numbers, None, block.line)])


def _records(block: Block, kind: ElementType) -> Iterator[tuple[int, list[str]]]:
    """The line where each element begins, and its entries: those of long elements go on in further lines."""
    start = 0
    entries: list[str] = []
    widths = " or ".join(map(str, kind.widths))
    for line, text in block.rows:
        more = split_row(text)
        start, entries = (start, entries + more) if entries else (line, more)
        enough = len(entries) - 1 in kind.widths
        if not enough and (len(entries) - 1 > max(kind.widths) or not (text.endswith(",") or min(kind.widths) > _SHORT)):
            raise block.fault(f"element {entries[0]} has {len(entries) - 1} nodes, and one of type {kind.name} has {widths}; correct it.", start)
        if enough:
            yield start, entries
            entries = []
    if entries:
        raise block.fault(f"element {entries[0]} has {len(entries) - 1} nodes, and one of type {kind.name} has {widths}; correct it.", start)


def split_row(text: str) -> list[str]:
    """The entries of a data line without an empty one at its end."""
    entries = [entry.strip() for entry in text.split(",")]
    return entries[:-1] if not entries[-1] else entries


def _refuse_file(block: Block) -> None:
    if "INPUT" in block.parameters:
        raise block.fault(f"INPUT={block.parameters['INPUT']} names another file, which is not followed; put its lines here.")


def generated(block: Block, line: int, entries: list[str], scope: str) -> Members:
    """The members of a line of a set with GENERATE: first, last, step.

    Raises:
        MeshError: no such three numbers, or a step that does not lead from the first to the last.
    """
    if len(entries) not in (1, 2, 3):
        raise block.fault(f"a line of *{block.keyword}, GENERATE has {len(entries)} entries; give first, last and step.", line)
    first = block.integer(entries[0], line)
    last = block.integer(entries[1], line) if len(entries) > 1 else first
    step = block.integer(entries[2], line) if len(entries) > 2 and entries[2].strip("0") else 1
    if last < first or (last - first) % step:
        raise block.fault(f"GENERATE does not lead from {first} to {last} by steps of {step}; give first <= last, whole steps apart.", line)
    return Members(scope, np.empty(0, dtype=np.int64), (first, last, step), line)


def listed(line: int, numbers: list[str], scope: str) -> list[Members]:
    """Members given by their numbers; nothing without one."""
    if not numbers:
        return []
    return [Members(scope, np.array([int(number) for number in numbers], dtype=np.int64), None, line)]
