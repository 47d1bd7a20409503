"""The nodes and elements of an Abaqus input file in one numbering: instances placed, interfaces closed."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from continuum.mesh.readers.abaqus_model import Elements, Members, Model, Scope
from continuum.mesh.readers.abaqus_types import ElementType
from continuum.mesh.readers.cell_facets import CellFacets
from continuum.mesh.readers.reading import EmptyMesh, IntArray, MeshError, MixedCells, dimension_of
from coupling.contracts import FloatArray

_TOUCHING = 1e-6  # distance over an interface element's length below which it has no thickness


@dataclass(frozen=True)
class Numbering:
    """Where the numbers of a scope's nodes or elements stand in the whole mesh."""

    numbers: IntArray
    places: IntArray

    def of(self, numbers: IntArray) -> IntArray:
        """Their places; −1 for numbers that are not there."""
        if not len(self.numbers):
            return np.full(len(numbers), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        return np.where(self.numbers[at] == numbers, self.places[at], -1)

    def members(self, members: Members) -> tuple[IntArray, IntArray]:
        """The places of a set's members, and the listed numbers that are not there."""
        if members.span is None:
            found = self.of(members.numbers)
            return found[found >= 0], members.numbers[found < 0]
        first, last, step = members.span
        low, high = np.searchsorted(self.numbers, first), np.searchsorted(self.numbers, last, side="right")
        return self.places[low:high][(self.numbers[low:high] - first) % step == 0], np.empty(0, dtype=np.int64)


def _numbering(scope: Scope, what: str, blocks: list[tuple[IntArray, IntArray]], first: int) -> Numbering:
    """Of blocks of numbers and lines, which stand one after the other from a first place on."""
    numbers = np.concatenate([np.empty(0, dtype=np.int64), *(of for of, _ in blocks)])
    lines = np.concatenate([np.empty(0, dtype=np.int64), *(of for _, of in blocks)])
    order = np.argsort(numbers, kind="stable")
    twice = np.flatnonzero(numbers[order[1:]] == numbers[order[:-1]])
    if len(twice):
        before, after = order[twice[0]], order[twice[0] + 1]
        raise MeshError(
            f"{scope.file}, line {lines[after]}: there is {what} {numbers[after]} before (line {lines[before]}); give each number once."
        )
    return Numbering(numbers[order], first + order)


@dataclass(frozen=True)
class PlacedElements:
    """Elements of a block with their nodes in the whole mesh; `first` is the place of the first one."""

    scope: Scope
    block: Elements
    nodes: IntArray
    first: int

    @property
    def kind(self) -> str:
        """meshio's name of what the elements are."""
        return self.block.type.kinds[self.nodes.shape[1]]

    def fault(self, row: int, text: str) -> MeshError:
        """An error on one of the elements."""
        return MeshError(
            f"{self.scope.file}, line {self.block.lines[row]}: element {self.block.numbers[row]} of type {self.block.type.name} {text}"
        )


@dataclass
class AbaqusMesh:
    """All instances, or the one mesh of a file without parts, in one numbering.

    Attributes:
        points: (n, 3) coordinates.
        nodes: Numbering of the nodes of each scope, by its name in capitals.
        elements: The same of the elements.
        blocks: The elements, those of plane shells already as cells.
        kind: meshio's name of the kind of cell.
        promoted: The first type of shell, membrane or rigid face that was taken for a plane cell; None: there are solid elements.
        outside: For each facet of the cells whether it belonged to one cell alone before ties joined nodes.
    """

    points: FloatArray
    nodes: dict[str, Numbering] = field(default_factory=dict)
    elements: dict[str, Numbering] = field(default_factory=dict)
    blocks: list[PlacedElements] = field(default_factory=list)
    kind: str = ""
    promoted: ElementType | None = None
    outside: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))

    @cached_property
    def cells(self) -> CellFacets:
        """The cells with their facets, the sides of interfaces joined."""
        return CellFacets(self.kind, np.vstack([of.nodes for of in self.blocks if self.is_cell(of)]))

    def joined(self, pairs: IntArray) -> "AbaqusMesh":
        """The mesh with the nodes of each of (n, 2) pairs made one."""
        target = np.arange(len(self.points))
        for one, other in pairs.tolist():
            _join(target, one, other)
        while (target[target] != target).any():
            target = target[target]
        blocks = [replace(of, nodes=target[of.nodes]) for of in self.blocks]
        return replace(
            self, blocks=blocks, nodes={key: replace(of, places=target[of.places]) for key, of in self.nodes.items()}
        )

    def is_cell(self, of: PlacedElements) -> bool:
        """Whether elements are cells of bodies here: of the bodies' dimension, and solid unless no elements are."""
        return of.kind == self.kind and (
            of.block.type.role == "cell" or (self.promoted is not None and of.block.type.role == "facet")
        )

    @cached_property
    def rows(self) -> tuple[IntArray, IntArray]:
        """For each element its cell, and its facet; −1 for none.

        Raises:
            MeshError: an element that should be a facet of cells is none.
        """
        count = sum(len(of.nodes) for of in self.blocks)
        cell, facet = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
        row = 0
        for of in self.blocks:
            span = slice(of.first, of.first + len(of.nodes))
            if self.is_cell(of):
                cell[span] = np.arange(row, row + len(of.nodes))
                row += len(of.nodes)
            else:
                facet[span] = self._facets(of)
        return cell, facet

    def _facets(self, of: PlacedElements) -> IntArray:
        interface = of.block.type.role == "interface"
        found = self.cells.found(of.nodes[:, : of.nodes.shape[1] // 2] if interface else of.nodes)
        lone = np.flatnonzero(found < 0)
        if len(lone) and interface:
            raise of.fault(
                lone[0], "lies on no facet of the bodies; its nodes must be the bodies' own (*TIE joins bodies alone)."
            )
        if len(lone):
            raise of.fault(
                lone[0],
                f"({of.block.type.says}) is not a facet of the bodies' cells ({self.kind}), and cannot be given; take its "
                "block out of the file.",
            )
        single = np.flatnonzero(self.cells.counts[found] != 2) if interface else np.empty(0, dtype=np.int64)
        if len(single):
            raise of.fault(single[0], "does not lie between two cells; an interface has a body on each side.")
        return found


def assembled(model: Model) -> AbaqusMesh:
    """Place all instances, number nodes and elements through, and join the sides of interfaces.

    Raises:
        EmptyMesh: there are no nodes or elements.
        MixedCells: the bodies are of several kinds of cell.
        MeshError: elements with nodes that are not defined, or an interface with a thickness.
    """
    mesh = AbaqusMesh(np.empty((0, 3)))
    points = []
    nodes, elements = 0, 0
    for key, scope, placed in (
        *((k, i.scope, i.placed) for k, i in model.instances.items()),
        ("", model.root, lambda x: x),
    ):
        mesh.nodes[key] = _numbering(scope, "a node", [(of.numbers, of.lines) for of in scope.nodes], nodes)
        mesh.elements[key] = _numbering(
            scope, "an element", [(of.numbers, of.lines) for of in scope.elements], elements
        )
        points += [placed(of.points) for of in scope.nodes]
        nodes += sum(len(of.numbers) for of in scope.nodes)
        for block in scope.elements:
            mesh.blocks.append(_placed(scope, block, mesh.nodes[key], elements))
            elements += len(block.numbers)
    if not nodes or not elements:
        raise EmptyMesh(
            f"The mesh file {model.root.file} has no nodes and elements (*NODE, *ELEMENT); write it with its mesh."
        )
    mesh.points = np.vstack(points)
    _find_kind(mesh, model.root.file)
    mesh = mesh.joined(_sides(mesh))
    mesh.outside = mesh.cells.counts == 1
    return mesh


def _placed(scope: Scope, block: Elements, nodes: Numbering, first: int) -> PlacedElements:
    found = nodes.of(block.nodes.ravel()).reshape(block.nodes.shape)
    placed = PlacedElements(scope, block, found, first)
    missing = np.flatnonzero((found < 0).any(axis=1))
    if len(missing):
        row = missing[0]
        raise placed.fault(
            row,
            f"names the node {block.nodes[row][found[row] < 0][0]}, which is not defined; add it, or correct the element.",
        )
    return placed


def _find_kind(mesh: AbaqusMesh, file: str) -> None:
    """The kind of the cells; without solid elements, those of a plane mesh are its shells."""
    solid = [of for of in mesh.blocks if of.block.type.role == "cell"]
    if not solid:
        solid = [of for of in mesh.blocks if of.block.type.role == "facet" and dimension_of(of.kind) == 2]
        mesh.promoted = solid[0].block.type if solid else None
    if not solid:
        raise EmptyMesh(
            f"The mesh file {file} has no elements of bodies (CPE, CPS, CAX or C3D); mesh the surfaces (2D) or volumes (3D)."
        )
    dimension = max(dimension_of(of.kind) for of in solid)
    first: dict[str, PlacedElements] = {}
    says: dict[str, PlacedElements] = {}
    for of in solid:
        if dimension_of(of.kind) == dimension:
            first.setdefault(of.kind, of)
            says.setdefault("axisymmetric" if of.block.type.says == "axisymmetric" else "plane or solid", of)
    for unlike in (first, says):
        if len(unlike) > 1:
            named = " and ".join(f"{of.block.type.name} (line {of.block.lines[0]})" for of in unlike.values())
            raise MixedCells(
                f"The mesh file {file} mixes elements of types {named}; use one kind of cell (in Abaqus/CAE: mesh "
                "controls, element shape Quad or "
                "Tri, Hex or Tet)."
            )
    mesh.kind = next(iter(first))


def _sides(mesh: AbaqusMesh) -> IntArray:
    """(n, 2) nodes on the two sides of interface elements that lie on each other."""
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for of in mesh.blocks:
        if of.block.type.role == "interface":
            half = of.nodes.shape[1] // 2
            # The top of a plane element runs back: 4 is over 1, 3 over 2.
            low, high = of.nodes[:, :half], of.nodes[:, half:] if half > 2 else of.nodes[:, [3, 2]]
            apart = np.linalg.norm(mesh.points[low] - mesh.points[high], axis=2).max(axis=1)
            length = np.linalg.norm(mesh.points[low] - mesh.points[np.roll(low, 1, axis=1)], axis=2).max(axis=1)
            thick = np.flatnonzero(apart > _TOUCHING * length)
            if len(thick):
                raise of.fault(
                    thick[0],
                    f"has a thickness of {apart[thick[0]]:.4g}, and a law acts on an interface without one; put its upper "
                    "nodes on its lower ones "
                    "(its own thickness belongs to the law), or leave it out and let the bodies share nodes.",
                )
            pairs.append(np.stack([low.ravel(), high.ravel()], axis=1))
    return np.concatenate(pairs)


def _join(target: IntArray, one: int, other: int) -> None:
    """Let two nodes have one root, the lower of theirs."""
    while target[one] != one:
        one = int(target[one])
    while target[other] != other:
        other = int(target[other])
    target[max(one, other)] = min(one, other)
