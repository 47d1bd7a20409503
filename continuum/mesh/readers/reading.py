"""What a reader found in a mesh file, and the errors of a mesh."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.errors import InputError

IntArray = NDArray[np.int64]

CELLS = {  # meshio name: (basix cell, order, topological dimension)
    "line": ("interval", 1, 1),
    "line3": ("interval", 2, 1),
    "triangle": ("triangle", 1, 2),
    "triangle6": ("triangle", 2, 2),
    "quad": ("quadrilateral", 1, 2),
    "quad9": ("quadrilateral", 2, 2),
    "tetra": ("tetrahedron", 1, 3),
    "tetra10": ("tetrahedron", 2, 3),
    "hexahedron": ("hexahedron", 1, 3),
    "hexahedron27": ("hexahedron", 2, 3),
}
_FOREIGN = {"vertex": 0, "line4": 1, "triangle10": 2, "quad16": 2}  # read to say what is wrong; those unnamed are solid
_DIMENSIONS = {kind: of[2] for kind, of in CELLS.items()} | {"quad8": 2, "hexahedron20": 3} | _FOREIGN


def dimension_of(kind: str) -> int:
    """Topological dimension of a kind of cell, by meshio's name."""
    return _DIMENSIONS.get(kind, 3)


class MeshError(InputError):
    """A mesh that cannot be computed on; the message says what is wrong, and where."""


class EmptyMesh(MeshError):
    """The file has no nodes, or no cells of a kind that is supported."""


class NoGroups(MeshError):
    """The file names no groups, so that nothing tells bodies, interfaces and boundaries."""


class WrongDimension(MeshError):
    """The mesh, or a group, has another dimension than it is used with."""


class UnownedCells(MeshError):
    """Some cells of the file are in no body."""


class MixedCells(MeshError):
    """The bodies are not all of one kind of cell."""


@dataclass(frozen=True)
class NodeSet:
    """A named set of nodes.

    Attributes:
        nodes: Their indices.
        place: Where the file names it, for messages, such as "line 12".
    """

    nodes: IntArray
    place: str = ""


@dataclass(frozen=True)
class Reading:
    """The whole content of a mesh file.

    Attributes:
        points: (n, 2 or 3) coordinates in the file's unit.
        tables: By meshio's name of a kind of cell, the (n, nodes) nodes of all elements, in VTK's order.
        groups: By kind and by name, the rows of that kind's table.
        node_sets: Named sets of nodes, by name.
        bodies: Groups that the file itself makes the bodies; None: it does not say.
        internal: Groups that a program made for itself, which are bodies only if they are named.
        refused: Names that are no groups, and why: a sentence each.
        notes: What the file says and what is not used: a sentence each.
    """

    points: FloatArray
    tables: dict[str, IntArray]
    groups: dict[str, dict[str, IntArray]]
    node_sets: dict[str, NodeSet] = field(default_factory=dict)
    bodies: tuple[str, ...] | None = None
    internal: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
