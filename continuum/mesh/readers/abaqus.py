"""Abaqus input files (.inp), flat or in parts and instances: nodes, elements, sets, surfaces, ties.

Groups are element sets, by the cells and by the facets in them, instances, surfaces, and ties; a set of nodes is a
group of facets where it is the nodes of facets (`continuum.mesh.readers.node_sets`).
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from continuum.mesh.readers.abaqus_blocks import read_blocks
from continuum.mesh.readers.abaqus_keywords import checked, ignored
from continuum.mesh.readers.abaqus_mesh import AbaqusMesh, assembled
from continuum.mesh.readers.abaqus_model import AbaqusSurface, AbaqusTie, Model, NamedSet, Scope
from continuum.mesh.readers.abaqus_parts import ModelReader
from continuum.mesh.readers.abaqus_surfaces import places, surface_nodes, surface_rows, tie_rows, tied
from continuum.mesh.readers.cell_facets import facet_kind
from continuum.mesh.readers.reading import IntArray, NodeSet, Reading


def read_abaqus(path: Path) -> Reading:
    """Read an Abaqus input file.

    Raises:
        MeshError: with the line of what cannot be read.
    """
    blocks = read_blocks(path)
    model = ModelReader(path.name).read(checked(blocks))
    mesh = tied(model, assembled(model))
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
        ties: Ties that are interfaces, in words.
    """

    def __init__(self, model: Model, mesh: AbaqusMesh) -> None:
        self._model, self._mesh = model, mesh
        self.cells: dict[str, IntArray] = {}
        self.facets: dict[str, IntArray] = {}
        self.node_sets: dict[str, NodeSet] = {}
        self.refused: dict[str, str] = {}
        self.internal: set[str] = set()
        self.ties: list[str] = []
        self.in_sets = np.empty(0, dtype=np.int64)
        for name, key, found in self._visible("element set", lambda scope: scope.element_sets):
            what = f"element set {found.name!r}"
            self._add_elements(name, places(model, mesh, mesh.elements, key, found.members, what), found)
        self.cells = self._instances() | self.cells
        for name, key, surface in self._visible("surface", lambda scope: scope.surfaces):
            self._add_surface(name, key, surface)
        for name, key, tie in self._visible("tie", lambda scope: scope.ties):
            self._add_tie(name, key, tie)
        for name, key, found in self._visible("node set", lambda scope: scope.node_sets):
            nodes = places(model, mesh, mesh.nodes, key, found.members, f"node set {found.name!r}")
            self._add_nodes(name, nodes, found.line)

    def _instances(self) -> dict[str, IntArray]:
        """The cells of each instance, by its name."""
        found = {}
        for key, instance in self._model.instances.items():
            cells = self._mesh.rows[0][self._mesh.elements[key].places]
            if (cells >= 0).any():
                found[instance.scope.name] = np.sort(cells[cells >= 0])
        return found

    def _visible[Named: (NamedSet, AbaqusSurface, AbaqusTie)](
        self, what: str, of: Callable[[Scope], Mapping[str, Named]]
    ) -> Iterator[tuple[str, str, Named]]:
        """Name as a group, scope, and definition: the model's own, and those of instances by their short name if it is one."""
        scopes = self._model.scopes()
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
                there = f"There is {'an' if what[0] in 'aeiou' else 'a'} {what}"
                self.refused[full[0].partition(".")[2]] = (
                    f"{there} {full[0].partition('.')[2]!r} in each of {len(keys)} instances; name one: {', '.join(full)}."
                )

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
            self._add_nodes(name, surface_nodes(self._model, self._mesh, key, surface), surface.line)
        elif isinstance(rows := surface_rows(self._model, self._mesh, key, surface), str):
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

    def _add_tie(self, name: str, key: str, tie: AbaqusTie) -> None:
        rows = tie_rows(self._model, self._mesh, key, tie)
        if not len(rows):
            self.refused[name] = (
                f"The tie {name!r} (line {tie.line}) joins no facets: none of its two surfaces have their nodes at the same "
                "places; mesh both sides with the same nodes, or merge the instances in Abaqus/CAE."
            )
        elif name in self.facets and not np.array_equal(self.facets[name], rows):
            del self.facets[name]
            self.refused[name] = (
                f"The name {name!r} is a tie (line {tie.line}) and a group of other facets; rename one of them."
            )
        else:
            self.facets[name] = rows
            self.ties.append(f"{name!r} (line {tie.line}), {len(rows)} facets")

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
        for _, scope in self._model.scopes():
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
    if groups.ties:
        yield (
            f"Ties are interfaces of their name, where the nodes of their surfaces lie at the same places: {'; '.join(groups.ties)}. "
            "The law is the study's; without one they are free surfaces."
        )
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
