"""Nodes and elements of a .msh file, as each version writes them."""

from dataclasses import dataclass

import numpy as np

from continuum.mesh.readers.gmsh_kinds import KINDS
from continuum.mesh.readers.gmsh_stream import Damaged, Numbers, Sections
from continuum.mesh.readers.reading import IntArray
from coupling.contracts import FloatArray


@dataclass(frozen=True)
class GmshBlock:
    """Elements of one kind.

    Attributes:
        kind: meshio's name.
        nodes: (n, nodes) numbers of the nodes, in Gmsh's order.
        rows: Element of each membership in a physical group.
        tags: Its group; 0: none.
    """

    kind: str
    nodes: IntArray
    rows: IntArray
    tags: IntArray


def _kind(number: int) -> tuple[str, int]:
    if number not in KINDS:
        raise Damaged(f"it holds elements of Gmsh's type {number}, which are not among those that can be read")
    return KINDS[number]


def read_blocks_2(sections: Sections) -> tuple[IntArray, FloatArray, list[GmshBlock]]:
    """Numbers and coordinates of the nodes, and the elements, of version 2.2."""
    if "ParametricNodes" in sections.names:
        nodes = _parametric_nodes(*sections.announced("ParametricNodes"))
    else:
        count, stream = sections.announced("Nodes")
        nodes = stream.mixed("iddd", count)
    count, stream = sections.announced("Elements")
    return (
        nodes[:, 0].astype(np.int64),
        nodes[:, 1:],
        (_elements_binary if sections.binary else _elements_text)(count, stream),
    )


def _parametric_nodes(count: int, stream: Numbers) -> FloatArray:
    """(n, 4) number and coordinates; the entity and the parameters on it are left out."""
    rows = []
    for _ in range(count):
        record = stream.mixed("idddii", 1)[0]
        rows.append(record[:4])
        stream.doubles({1: 1, 2: 2}.get(int(record[4]), 0))
    return np.array(rows).reshape(-1, 4)


def _elements_text(count: int, stream: Numbers) -> list[GmshBlock]:
    values, at = stream.rest(), 0
    nodes: dict[str, list[list[int]]] = {}
    tags: dict[str, list[int]] = {}
    for _ in range(count):
        if at + 3 > len(values):
            break
        kind, width = _kind(values[at + 1])
        first = at + 3 + values[at + 2]
        nodes.setdefault(kind, []).append(values[first : first + width])
        tags.setdefault(kind, []).append(values[at + 3] if first > at + 3 else 0)
        at = first + width
    if at != len(values) or sum(map(len, tags.values())) != count:
        raise Damaged(f"$Elements announces {count} elements and holds others")
    return [
        GmshBlock(kind, np.array(of), np.arange(len(of)), np.array(tags[kind], dtype=np.int64))
        for kind, of in nodes.items()
    ]


def _elements_binary(count: int, stream: Numbers) -> list[GmshBlock]:
    blocks: list[GmshBlock] = []
    read = 0
    while read < count:
        number, following, further = (int(x) for x in stream.ints(3))
        kind, width = _kind(number)
        if following < 1 or further < 0:
            raise Damaged(f"$Elements announces {following} elements with {further} tags each")
        data = stream.ints(following * (1 + further + width)).reshape(following, -1)
        tags = data[:, 1] if further else np.zeros(following, dtype=np.int64)
        blocks.append(GmshBlock(kind, data[:, 1 + further :], np.arange(following), tags))
        read += following
    return blocks


def read_blocks_4(sections: Sections) -> tuple[IntArray, FloatArray, list[GmshBlock]]:
    """Numbers and coordinates of the nodes, and the elements, of versions 4.0 and 4.1."""
    old = sections.version < 4.1
    tags = _entity_tags(sections.numbers("Entities"), old) if "Entities" in sections.names else {}
    numbers, points = (_nodes_40 if old else _nodes_41)(sections.numbers("Nodes"))
    return numbers, points, _elements_4(sections.numbers("Elements"), old, tags)


def _entity_tags(stream: Numbers, old: bool) -> dict[tuple[int, int], IntArray]:
    """Tags of the physical groups of each entity, by its dimension and tag."""
    found = {}
    for dimension, count in enumerate(stream.sizes(4)):
        for _ in range(int(count)):
            tag = stream.one()
            stream.doubles(6 if dimension or old else 3)
            found[dimension, tag] = stream.ints(stream.count())
            if dimension:
                stream.ints(stream.count())  # the entities around it
    return found


def _nodes_40(stream: Numbers) -> tuple[IntArray, FloatArray]:
    rows = []
    for _ in range(int(stream.sizes(2)[0])):
        _, dimension, parametric = (int(x) for x in stream.ints(3))
        width = 4 + ({1: 1, 2: 2}.get(dimension, 0) if parametric else 0)
        rows.append(stream.doubles(stream.count() * width).reshape(-1, width)[:, :4])
    nodes = np.vstack([np.empty((0, 4)), *rows])
    return nodes[:, 0].astype(np.int64), nodes[:, 1:]


def _nodes_41(stream: Numbers) -> tuple[IntArray, FloatArray]:
    numbers, points = [np.empty(0, dtype=np.int64)], [np.empty((0, 3))]
    for _ in range(int(stream.sizes(4)[0])):
        dimension, _, parametric = (int(x) for x in stream.ints(3))
        count = stream.count()
        numbers.append(stream.sizes(count))
        width = 3 + (dimension if parametric else 0)
        points.append(stream.doubles(count * width).reshape(-1, width)[:, :3])
    return np.concatenate(numbers), np.vstack(points)


def _elements_4(stream: Numbers, old: bool, tags: dict[tuple[int, int], IntArray]) -> list[GmshBlock]:
    blocks = []
    for _ in range(int(stream.sizes(2 if old else 4)[0])):
        first, second, number = (int(x) for x in stream.ints(3))
        entity = (second, first) if old else (first, second)
        kind, width = _kind(number)
        count = stream.count()
        nodes = stream.sizes(count * (1 + width)).reshape(-1, 1 + width)[:, 1:]
        groups = tags.get(entity, np.empty(0, dtype=np.int64))
        blocks.append(GmshBlock(kind, nodes, np.tile(np.arange(count), len(groups)), np.repeat(groups, count)))
    return blocks
