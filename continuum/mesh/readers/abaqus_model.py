"""What an Abaqus input file defines: nodes, elements, sets and surfaces of a part, an instance, or the model."""

from dataclasses import dataclass, field, replace

import numpy as np

from continuum.mesh.readers.abaqus_blocks import AbaqusBlock, is_number
from continuum.mesh.readers.abaqus_types import ElementType
from continuum.mesh.readers.reading import IntArray
from coupling.contracts import FloatArray


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
class AbaqusSurface:
    """A surface; one that cannot be a group of facets has the reason in `refused`."""

    name: str
    line: int
    of_nodes: bool
    faces: tuple[Face, ...]
    refused: str = ""


@dataclass(frozen=True)
class AbaqusTie:
    """A constraint that ties surfaces: the names of two on each line, as written."""

    name: str
    line: int
    pairs: tuple[tuple[str, str], ...]


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
    surfaces: dict[str, AbaqusSurface] = field(default_factory=dict)
    sections: list[tuple[str, int]] = field(default_factory=list)
    ties: dict[str, AbaqusTie] = field(default_factory=dict)

    def copied(self, name: str, line: int) -> "Scope":
        """The same content as an instance of this part."""
        sets = (
            {key: replace(of, members=list(of.members)) for key, of in sets.items()}
            for sets in (self.node_sets, self.element_sets)
        )
        node_sets, element_sets = sets
        return Scope(
            *(name, line, self.file, list(self.nodes), list(self.elements), node_sets, element_sets),
            *(dict(self.surfaces), list(self.sections), dict(self.ties)),
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

    def scopes(self) -> list[tuple[str, Scope]]:
        """The model's own scope, under "", and those of the instances by name in capitals."""
        return [("", self.root), *((key, of.scope) for key, of in self.instances.items())]


def add_to_set(
    block: AbaqusBlock, sets: dict[str, NamedSet], name: str, members: list[Members], internal: bool = False
) -> None:
    """Put members into a set, made when it is first named."""
    if is_number(name):
        raise block.fault(f"the name {name!r} of a set is a number; let it begin with a letter.")
    if name.upper() not in sets:
        sets[name.upper()] = NamedSet(name, block.line, internal)
    sets[name.upper()].members.extend(members)


def generated(block: AbaqusBlock, line: int, entries: list[str], scope: str) -> Members:
    """The members of a line of a set with GENERATE: first, last, step.

    Raises:
        MeshError: no such three numbers, or a step that does not lead from the first to the last.
    """
    if len(entries) not in (1, 2, 3):
        raise block.fault(
            f"a line of *{block.keyword}, GENERATE has {len(entries)} entries; give first, last and step.", line
        )
    first = block.integer(entries[0], line)
    last = block.integer(entries[1], line) if len(entries) > 1 else first
    step = block.integer(entries[2], line) if len(entries) > 2 and entries[2].strip("0") else 1
    if last < first or (last - first) % step:
        raise block.fault(
            f"GENERATE does not lead from {first} to {last} by steps of {step}; give first <= last, whole steps apart.",
            line,
        )
    return Members(scope, np.empty(0, dtype=np.int64), (first, last, step), line)


def listed(line: int, numbers: list[str], scope: str) -> list[Members]:
    """Members given by their numbers; nothing without one."""
    if not numbers:
        return []
    return [Members(scope, np.array([int(number) for number in numbers], dtype=np.int64), None, line)]
