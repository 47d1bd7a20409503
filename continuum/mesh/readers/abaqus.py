"""Abaqus input files (.inp), flat or in parts and instances: nodes, elements, sets, surfaces.

Groups are element sets, by the cells and by the facets in them, instances, and surfaces; a set of nodes is a
group of facets where it is the nodes of facets (`continuum.mesh.readers.node_sets`).
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from continuum.mesh.readers.abaqus_blocks import read_blocks
from continuum.mesh.readers.abaqus_keywords import checked, ignored
from continuum.mesh.readers.abaqus_mesh import AbaqusMesh, Numbering, assembled
from continuum.mesh.readers.abaqus_model import AbaqusSurface, Members, Model, NamedSet, Scope
from continuum.mesh.readers.abaqus_parts import ModelReader
from continuum.mesh.readers.cell_facets import facet_kind, facets_a_cell
from continuum.mesh.readers.reading import IntArray, MeshError, NodeSet, Reading


def read_abaqus(path: Path) -> Reading:
    """Read an Abaqus input file.

    Raises:
        MeshError: with the line of what cannot be read.
    """
    blocks = read_blocks(path)
    model = ModelReader(path.name).read(checked(blocks))
    mesh = assembled(model)
    groups = _Groups(model, mesh)
    used = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *groups.facets.values()]))
    tables = {mesh.kind: mesh.cells.cells}
    found = {mesh.kind: groups.cells}
    if len(used):
        tables[facet_kind(mesh.kind)] = mesh.cells.nodes[used]
        found[facet_kind(mesh.kind)] = {name: np.searchsorted(used, rows) for name, rows in groups.facets.items()}
    notes = [*_said(mesh), *_unused(model, mesh, groups), *ignored(blocks)]
    internal = frozenset(groups.internal)
    return Reading(
        mesh.points, tables, found, groups.node_sets, groups.bodies(), internal, groups.refused, tuple(notes)
    )


class _Groups:
    """The groups of a file.

    Attributes:
        cells: Rows of cells by name.
        facets: Facets by name, each by its first cell's.
        node_sets: Sets of nodes by name.
        refused: Names that are no groups, and why.
        internal: Names of cells that Abaqus/CAE made for itself.
        in_sets: Elements of sets that hold facets.
    """

    def __init__(self, model: Model, mesh: AbaqusMesh) -> None:
        self._model, self._mesh = model, mesh
        self.cells: dict[str, IntArray] = {}
        self.facets: dict[str, IntArray] = {}
        self.node_sets: dict[str, NodeSet] = {}
        self.refused: dict[str, str] = {}
        self.internal: set[str] = set()
        self.in_sets = np.empty(0, dtype=np.int64)
        for name, key, found in self._visible("element set", lambda scope: scope.element_sets):
            self._add_elements(name, self._elements(key, found.members, found), found)
        self.cells = self._instances() | self.cells
        for name, key, surface in self._visible("surface", lambda scope: scope.surfaces):
            self._add_surface(name, key, surface)
        for name, key, found in self._visible("node set", lambda scope: scope.node_sets):
            nodes = self._places(mesh.nodes, key, found.members, f"node set {found.name!r}")
            self._add_nodes(name, nodes, found.line)

    def _instances(self) -> dict[str, IntArray]:
        """The cells of each instance, by its name."""
        found = {}
        for key, instance in self._model.instances.items():
            cells = self._mesh.rows[0][self._mesh.elements[key].places]
            if (cells >= 0).any():
                found[instance.scope.name] = np.sort(cells[cells >= 0])
        return found

    def _visible[Named: (NamedSet, AbaqusSurface)](
        self, what: str, of: Callable[[Scope], Mapping[str, Named]]
    ) -> Iterator[tuple[str, str, Named]]:
        """Name as a group, scope, and definition: the model's own, and those of instances by their short name if it is one."""
        scopes: list[tuple[str, Scope]] = [
            ("", self._model.root),
            *((key, i.scope) for key, i in self._model.instances.items()),
        ]
        owners: dict[str, list[str]] = {}
        for key, scope in scopes:
            for name in of(scope):
                owners.setdefault(name, []).append(key)
        for key, scope in scopes:
            for name, found in of(scope).items():
                short = len(owners[name]) == 1 or not key
                yield found.name if short else f"{scope.name}.{found.name}", key, found
        for name, keys in owners.items():
            if "" not in keys and len(keys) > 1:
                full = [
                    f"{self._model.instances[key].scope.name}.{of(self._model.instances[key].scope)[name].name}"
                    for key in keys
                ]
                self.refused[full[0].partition(".")[2]] = (
                    f"There is a {what} {full[0].partition('.')[2]!r} in each of {len(keys)} instances; name one: {', '.join(full)}."
                )

    def _places(
        self, numberings: dict[str, Numbering], key: str, members: list[Members] | tuple[Members, ...], what: str
    ) -> IntArray:
        parts = [np.empty(0, dtype=np.int64)]
        for of in members:
            found, missing = numberings[of.scope or key].members(of)
            if len(missing):
                kind = "node" if numberings is self._mesh.nodes else "element"
                raise MeshError(
                    f"{self._model.root.file}, line {of.line}: the {what} names the {kind} {missing[0]}, which is not defined; "
                    "add it, or take it "
                    "out of the set."
                )
            parts.append(found)
        return np.unique(np.concatenate(parts))

    def _elements(
        self, key: str, members: list[Members] | tuple[Members, ...], found: NamedSet | AbaqusSurface
    ) -> IntArray:
        what = "surface" if isinstance(found, AbaqusSurface) else "element set"
        return self._places(self._mesh.elements, key, members, f"{what} {found.name!r}")

    def _add_elements(self, name: str, elements: IntArray, found: NamedSet) -> None:
        cell, facet = (rows[elements] for rows in self._mesh.rows)
        if (cell >= 0).any():
            self.cells[name] = np.sort(cell[cell >= 0])
            if found.internal:
                self.internal.add(name)
        if (facet >= 0).any():
            self.facets[name] = np.unique(facet[facet >= 0])
            self.in_sets = np.union1d(self.in_sets, elements)
        if not len(elements):
            self.refused[name] = f"The element set {name!r} (line {found.line}) is empty."

    def _add_surface(self, name: str, key: str, surface: AbaqusSurface) -> None:
        if surface.refused:
            self.refused[name] = surface.refused
        elif surface.of_nodes:
            members = [of for face in surface.faces for of in face.members]
            self._add_nodes(
                name, self._places(self._mesh.nodes, key, members, f"surface {surface.name!r}"), surface.line
            )
        elif isinstance(rows := self._surface_rows(key, surface), str):
            self.refused[name] = (
                f"The surface {name!r} (line {surface.line}) {rows}; name faces of the bodies' elements."
            )
        elif name in self.facets and not np.array_equal(self.facets[name], rows):
            del self.facets[name]
            self.refused[name] = (
                f"The name {name!r} is a surface (line {surface.line}) and an element set of other facets; rename one of them."
            )
        else:
            self.facets[name] = rows

    def _surface_rows(self, key: str, surface: AbaqusSurface) -> IntArray | str:
        """The facets of a surface of elements, or why it has none."""
        facets = self._mesh.cells
        each = facets_a_cell(self._mesh.kind)
        found = [np.empty(0, dtype=np.int64)]
        for face in surface.faces:
            cells = self._mesh.rows[0][self._elements(key, face.members, surface)]
            if (cells < 0).any():
                return f"names elements that are no cells of bodies (line {face.line})"
            if not face.face:  # the faces at the model's outside
                every = (cells[:, None] * each + np.arange(each)).ravel()
                found.append(every[facets.counts[every] == 1])
            elif int(face.face[1:]) > each:
                return f"names the face {face.face} (line {face.line}), and a {self._mesh.kind} has S1 to S{each}"
            else:
                found.append(cells * each + int(face.face[1:]) - 1)
        rows = np.unique(facets.first[np.concatenate(found)])
        return rows if len(rows) else "has no faces"

    def _add_nodes(self, name: str, nodes: IntArray, line: int) -> None:
        """A set of nodes; a second one of its name must be the same."""
        if name in self.node_sets and not np.array_equal(self.node_sets[name].nodes, nodes):
            self.refused[name] = (
                f"The name {name!r} is a surface and a set (line {line}) of other nodes; rename one of them."
            )
            del self.node_sets[name]
        elif name not in self.refused:
            self.node_sets[name] = NodeSet(nodes, f"line {line}")

    def bodies(self) -> tuple[str, ...] | None:
        """The sets with solid sections, if they partition the cells."""
        count = len(self._mesh.cells.cells)
        sections = []
        for scope in (self._model.root, *(instance.scope for instance in self._model.instances.values())):
            for word, _ in scope.sections:
                found = scope.element_sets.get(word.upper())
                full = f"{scope.name}.{found.name}" if found else ""
                sections.append(full if full in self.cells else found.name if found else word)
        sections = [name for name in dict.fromkeys(sections) if name in self.cells]
        if sections and np.array_equal(
            np.sort(np.concatenate([self.cells[name] for name in sections])), np.arange(count)
        ):
            return tuple(sections)
        return None


def _said(mesh: AbaqusMesh) -> Iterator[str]:
    """Notes on the types of the elements and what the reader made of them."""
    types = {of.block.type.name: of.block.type for of in mesh.blocks if mesh.is_cell(of) and mesh.promoted is None}
    if types:
        names = ", ".join(f"{name} ({of.says})" for name, of in types.items())
        yield f"The types of the elements give their shape alone, {names}; the study's kind and order say what is computed."
    if mesh.promoted is not None:
        yield f"There are no solid elements: {mesh.promoted.name} ({mesh.promoted.says}) and its like are taken as cells of a plane mesh."
    facets = {
        of.block.type.name: of.block.type
        for of in mesh.blocks
        if of.block.type.role != "interface" and not mesh.is_cell(of)
    }
    if facets:
        yield (
            f"Elements of types {', '.join(f'{name} ({of.says})' for name, of in facets.items())} mark facets, and "
            "have no stiffness of their own."
        )
    if any(of.block.type.role == "interface" for of in mesh.blocks):
        yield "Cohesive elements are interfaces without thickness: the nodes of their two sides are one, and the law is the study's."


def _unused(model: Model, mesh: AbaqusMesh, groups: _Groups) -> Iterator[str]:
    for key, part in model.parts.items():
        if key not in model.used:
            yield f"The part {part.name!r} (line {part.line}) has no instance and is not used."
    lone = np.setdiff1d(np.flatnonzero(mesh.rows[1] >= 0), groups.in_sets)
    if len(lone):
        block = next(of for of in mesh.blocks if of.first <= lone[0] < of.first + len(of.nodes))
        yield (
            f"{len(lone)} elements on facets are in no element set and are not used, the first in line "
            f"{block.block.lines[lone[0] - block.first]}."
        )
