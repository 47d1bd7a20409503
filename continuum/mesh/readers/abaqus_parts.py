"""Parts, instances and the assembly of an Abaqus input file, from its blocks.

Rules: Abaqus Analysis User's Guide, "Assembly definition"; Keywords Guide, *INSTANCE, *ELSET, *NSET, *SURFACE.
"""

from collections.abc import Iterable

import numpy as np

from continuum.mesh.readers.abaqus_blocks import AbaqusBlock, is_number
from continuum.mesh.readers.abaqus_entries import read_elements, read_nodes
from continuum.mesh.readers.abaqus_model import (
    AbaqusSurface,
    AbaqusTie,
    Face,
    Instance,
    Members,
    Model,
    Scope,
    add_to_set,
    generated,
    listed,
)
from continuum.mesh.readers.reading import MeshError
from coupling.contracts import FloatArray

_FACES = {f"S{i}" for i in range(1, 7)}


class ModelReader:
    """Takes the blocks one after the other.

    Args:
        file: Name of the file, for messages.
    """

    def __init__(self, file: str) -> None:
        self.model = Model(Scope("", 0, file))
        self._scope = self.model.root
        self._open: list[AbaqusBlock] = []

    def read(self, blocks: Iterable[AbaqusBlock]) -> Model:
        """The model.

        Raises:
            MeshError: with the line of what cannot be read.
        """
        takers = {
            **{"PART": self._part, "ENDPART": self._leave, "ASSEMBLY": self._assembly, "ENDASSEMBLY": self._leave},
            **{"INSTANCE": self._instance, "ENDINSTANCE": self._leave, "SOLIDSECTION": self._section},
            **{
                "NODE": self._node,
                "ELEMENT": self._element,
                "NSET": self._nset,
                "ELSET": self._elset,
                "SURFACE": self._surface,
                "TIE": self._tie,
            },
        }
        for block in blocks:
            takers[block.key](block)
        if self._open:
            raise self._open[-1].fault(
                f"*{self._open[-1].keyword} has no *END {self._open[-1].keyword}; the file is cut short, or misses that line."
            )
        if self.model.parts and not self.model.instances:
            first = next(iter(self.model.parts.values()))
            raise MeshError(
                f"{first.file}, line {first.line}: the part {first.name!r} has no instance, so nothing places it; write *ASSEMBLY with an "
                "*INSTANCE of each part, or a file without parts."
            )
        return self.model

    def _enter(self, block: AbaqusBlock, within: str) -> None:
        outer = self._open[-1].key if self._open else ""
        if outer != within:
            where = f"inside *{self._open[-1].keyword} (line {self._open[-1].line})" if outer else "outside of any"
            raise block.fault(
                f"*{block.keyword} stands {where}{'' if outer else ' *' + within}; correct the order of the file."
            )
        self._open.append(block)

    def _leave(self, block: AbaqusBlock) -> None:
        key = block.key.removeprefix("END")
        if not self._open or self._open[-1].key != key:
            raise block.fault(f"*{block.keyword} ends no *{key}; correct the order of the file.")
        self._open.pop()
        self._scope = self.model.root

    def _part(self, block: AbaqusBlock) -> None:
        block.allow("NAME")
        self._enter(block, "")
        name = block.needed("NAME")
        if name.upper() in self.model.parts:
            raise block.fault(
                f"there is a part {name!r} before (line {self.model.parts[name.upper()].line}); give each a name of its own."
            )
        self._scope = self.model.parts[name.upper()] = Scope(name, block.line, block.file)

    def _assembly(self, block: AbaqusBlock) -> None:
        block.allow("NAME")
        self._enter(block, "")

    def _instance(self, block: AbaqusBlock) -> None:
        if "INSTANCE" in block.parameters or "LIBRARY" in block.parameters:
            raise block.fault(
                "the instance comes from another analysis, which is not read; write its part into this file."
            )
        block.allow("NAME", "PART")
        self._enter(block, "ASSEMBLY")
        name, part = block.needed("NAME"), block.needed("PART")
        if part.upper() not in self.model.parts:
            known = ", ".join(of.name for of in self.model.parts.values()) or "(none)"
            raise block.fault(f"there is no part {part!r} before; valid: {known}.")
        if name.upper() in self.model.instances:
            raise block.fault(f"there is an instance {name!r} before; give each a name of its own.")
        self._scope = self.model.parts[part.upper()].copied(name, block.line)
        self.model.used.add(part.upper())
        self.model.instances[name.upper()] = Instance(self._scope, *_placement(block))

    def _node(self, block: AbaqusBlock) -> None:
        read_nodes(block, self._scope)

    def _element(self, block: AbaqusBlock) -> None:
        read_elements(block, self._scope)

    def _section(self, block: AbaqusBlock) -> None:
        if "ELSET" in block.parameters:
            self._scope.sections.append((block.needed("ELSET"), block.line))

    def _nset(self, block: AbaqusBlock) -> None:
        self._set(block, "node", "NSET")

    def _elset(self, block: AbaqusBlock) -> None:
        self._set(block, "element", "ELSET")

    def _set(self, block: AbaqusBlock, kind: str, parameter: str) -> None:
        if kind == "node" and "ELSET" in block.parameters:
            raise block.fault(
                "a node set made of the nodes of an element set is not read; list its nodes, or name the element set."
            )
        block.allow(parameter, "GENERATE", "INSTANCE", "INTERNAL", "UNSORTED")
        scope = (
            self._instance_key(block, block.parameters["INSTANCE"], block.line)
            if "INSTANCE" in block.parameters
            else ""
        )
        members: list[Members] = []
        for line, entries in block.fields():
            if "GENERATE" in block.parameters:
                members.append(generated(block, line, entries, scope))
                continue
            members += listed(line, [entry for entry in entries if is_number(entry)], scope)
            for entry in entries:
                if entry and not is_number(entry):
                    members += self._named(block, kind, entry, line, scope)
        add_to_set(block, self._scope.sets(kind), block.needed(parameter), members, "INTERNAL" in block.parameters)

    def _instance_key(self, block: AbaqusBlock, name: str, line: int) -> str:
        if name.upper() not in self.model.instances:
            known = ", ".join(of.scope.name for of in self.model.instances.values()) or "(none)"
            raise block.fault(f"there is no instance {name!r} before; valid: {known}.", line)
        return name.upper()

    def _named(self, block: AbaqusBlock, kind: str, entry: str, line: int, scope: str = "") -> list[Members]:
        """What a name, or INSTANCE.name, or INSTANCE.number stands for: sets that were defined before."""
        owner, dot, rest = entry.partition(".")
        if not scope and dot and owner.upper() in self.model.instances:
            scope, entry = owner.upper(), rest
            if is_number(entry):
                return listed(line, [entry], scope)
        sets = (self.model.instances[scope].scope if scope else self._scope).sets(kind)
        if entry.upper() not in sets:
            known = ", ".join(of.name for of in list(sets.values())[:12]) or "(none)"
            raise block.fault(f"there is no {kind} set {entry!r} before; valid: {known}.", line)
        members = sets[entry.upper()].members
        return [Members(of.scope or scope, of.numbers, of.span, of.line) for of in members]

    def _surface(self, block: AbaqusBlock) -> None:
        name = block.needed("NAME")
        kind = block.parameters.get("TYPE", "ELEMENT").upper() or "ELEMENT"
        further = [word for word in block.parameters if word not in ("NAME", "TYPE", "INTERNAL")]
        reason = ""
        if kind not in ("ELEMENT", "NODE"):
            reason = f"is of TYPE={kind}, and facets are of TYPE=ELEMENT or NODE"
        elif further and not (further == ["TRIM"] and block.parameters["TRIM"].upper() == "NO"):
            reason = f"has the parameter {further[0]}, which is not read"
        faces = (
            []
            if reason
            else [face for line, entries in block.fields() for face in self._face(block, kind, line, entries)]
        )
        if not reason and (
            odd := next((f for f in faces if kind == "ELEMENT" and f.face and f.face not in _FACES), None)
        ):
            reason = f"takes the side {odd.face} (line {odd.line}), and the faces of cells are S1 to S6"
        if reason:
            reason = (
                f"The surface {name!r} (line {block.line}) {reason}; name the faces S1 to S6 of the bodies' elements."
            )
        if name.upper() in self._scope.surfaces:
            raise block.fault(
                f"there is a surface {name!r} before (line {self._scope.surfaces[name.upper()].line}); give each a name of its own."
            )
        self._scope.surfaces[name.upper()] = AbaqusSurface(name, block.line, kind == "NODE", tuple(faces), reason)

    def _face(self, block: AbaqusBlock, kind: str, line: int, entries: list[str]) -> list[Face]:
        of = "node" if kind == "NODE" else "element"
        members = listed(line, entries[:1], "") if is_number(entries[0]) else self._named(block, of, entries[0], line)
        return [Face(tuple(members), entries[1].upper() if len(entries) > 1 and kind == "ELEMENT" else "", line)]

    def _tie(self, block: AbaqusBlock) -> None:
        name = block.needed("NAME")
        pairs = []
        for line, entries in block.fields():
            if len(entries) < 2 or not all(entries[:2]):
                raise block.fault("a line of *TIE names two surfaces, the secondary and the main one; give both.", line)
            pairs.append((entries[0], entries[1]))
        if name.upper() in self._scope.ties:
            raise block.fault(
                f"there is a tie {name!r} before (line {self._scope.ties[name.upper()].line}); give each a name of its own."
            )
        self._scope.ties[name.upper()] = AbaqusTie(name, block.line, tuple(pairs))


def _placement(block: AbaqusBlock) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shift, then rotation about the axis through two points by an angle in degrees: its matrix and a point on it."""
    rows = list(block.fields())
    if len(rows) > 2:
        raise block.fault("*INSTANCE has more than two data lines: a translation, and a rotation.", rows[2][0])
    given = []
    for line, entries in rows:
        try:
            given.append([float(entry.upper().replace("D", "E") or 0) for entry in entries])
        except ValueError:
            raise block.fault(
                f"{', '.join(entries)!r} are not numbers that place an instance; give x, y, z.", line
            ) from None
    shift = np.zeros(3)
    if given:
        if len(given[0]) > 3 or not np.isfinite(given[0]).all():
            raise block.fault("the translation of an instance is not x, y, z.", rows[0][0])
        shift[: len(given[0])] = given[0]
    if len(given) < 2:
        return shift, np.eye(3), np.zeros(3)
    if len(given[1]) != 7 or not np.isfinite(given[1]).all():
        raise block.fault(
            "the rotation of an instance is not seven numbers: two points of the axis, and the angle in degrees.",
            rows[1][0],
        )
    start, end, angle = np.array(given[1][:3]), np.array(given[1][3:6]), np.radians(given[1][6])
    length = np.linalg.norm(end - start)
    if length == 0:
        raise block.fault("the two points of an instance's axis of rotation are the same; give two.", rows[1][0])
    x, y, z = (end - start) / length
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross  # Rodrigues
    return shift, rotation, start
