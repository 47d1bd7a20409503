"""Small meshes in files, each with one fault, and the error that names it."""

import meshio
import numpy as np

from continuum.mesh.checks import (
    BadNode,
    DegenerateElement,
    InvertedElement,
    OverlappingBodies,
    StrayFacets,
)
from continuum.mesh.joints import NonConforming
from continuum.mesh.readers.reading import EmptyMesh, MixedCells, NoGroups, UnownedCells, WrongDimension
from continuum.specimens.butt_joint import ButtJoint
from coupling.errors import InputError

SQUARES = np.array([[x, y, 0.0] for y in range(3) for x in range(3)])
"""The nodes of two by two unit squares, row by row."""
LOW = [(0, 1, 4), (0, 4, 3), (1, 2, 5), (1, 5, 4)]
HIGH = [(3, 4, 7), (3, 7, 6), (4, 5, 8), (4, 8, 7)]


def write(path, points, bodies, lines=(), kind="triangle"):
    """A .msh of cells by body and a group `bond` of lines; a body's kind may differ."""
    cells, tags, names = [], [], {}
    for name, nodes in (*bodies.items(), *([("bond", lines)] if len(lines) else [])):
        of = "line" if name == "bond" else kind if isinstance(kind, str) else kind[name]
        dimension = {"line": 1, "triangle": 2, "quad": 2, "tetra": 3}[of]
        number = names.setdefault(name, (len(names) + 1, dimension))[0]
        cells.append((of, np.array(nodes)))
        tags.append(np.full(len(nodes), number))
    fields = {name: np.array(value) for name, value in names.items()}
    data = {"gmsh:physical": tags, "gmsh:geometrical": tags}
    meshio.write(path, meshio.Mesh(np.array(points), cells, cell_data=data, field_data=fields), "gmsh22", binary=False)


def moved(node, to):
    points = SQUARES.copy()
    points[node] = to
    return points


def good(path):
    write(path, SQUARES, {"a": LOW, "b": HIGH}, [(3, 4), (4, 5)])


def turned(path):
    write(path, SQUARES, {"a": [(0, 4, 1), *LOW[1:]], "b": HIGH})


def pushed_through(path):
    write(path, moved(4, (1.2, 2.5, 0)), {"a": LOW, "b": HIGH})


def bow_tie(path):
    write(path, SQUARES, {"a": [(0, 1, 3, 4), (1, 2, 5, 4)], "b": [(3, 4, 7, 6), (4, 5, 8, 7)]}, kind="quad")


def flat_cell(path):
    write(path, moved(4, (0.5, 0, 0)), {"a": [(0, 4, 1), (1, 2, 5)], "b": [(3, 7, 6)]})


def not_a_number(path):
    write(path, moved(4, (np.nan, 1, 0)), {"a": LOW, "b": HIGH})


def separate_nodes(path):
    points = np.vstack([SQUARES, SQUARES[3:6]])
    write(path, points, {"a": LOW, "b": [[n + 6 if n in (3, 4, 5) else n for n in t] for t in HIGH]})


def hanging(path):
    """Below two triangles end at (1, 1); above one triangle spans from (0, 1) to (2, 1)."""
    write(path, SQUARES, {"a": LOW, "b": [(3, 5, 7)]})


def hanging_in_a_face(path):
    points = [(0, 0, 0), (4, 0, 0), (0, 4, 0), (1, 1, 2), (1, 1, 0), (2, 1, 0), (1, 2, 0), (1, 1, -1)]
    write(path, np.array(points, float), {"a": [(0, 1, 2, 3)], "b": [(4, 6, 5, 7)]}, kind="tetra")


def in_two_bodies(path):
    write(path, SQUARES, {"a": [*LOW, HIGH[0]], "b": HIGH})


def over_one_another(path):
    write(path, np.vstack([SQUARES, (0.5, 1.5, 0)]), {"a": LOW, "b": [*HIGH, (3, 4, 9)]})


def uncovered(path):
    write(path, SQUARES, {"a": LOW, "b": HIGH[:2], "rest": HIGH[2:]})


def stray(path):
    write(path, SQUARES, {"a": LOW, "b": HIGH}, [(3, 4), (3, 5)])


def no_groups(path):
    meshio.write(path, meshio.Mesh(SQUARES, [("triangle", np.array(LOW + HIGH))]), "gmsh22", binary=False)


def in_space(path):
    write(path, moved(4, (1, 1, 0.3)), {"a": LOW, "b": HIGH})


def lines_only(path):
    write(path, SQUARES, {}, [(3, 4), (4, 5)])


def two_kinds(path):
    write(path, SQUARES, {"a": LOW, "b": [(3, 4, 7, 6), (4, 5, 8, 7)]}, kind={"a": "triangle", "b": "quad"})


def wedges(path):
    points = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1)], dtype=float)
    meshio.write(path, meshio.Mesh(points, [("wedge", np.arange(6)[None])]), "gmsh22", binary=False)


def solid(path):
    ButtJoint(1, 1, 1, 1, thickness=1, element="tetrahedron").write(path)


def no_cells(path):
    meshio.write(path, meshio.Mesh(SQUARES, []), "gmsh22", binary=False)


BAD = [
    (lambda path: path.write_text(""), {}, EmptyMesh, "is empty"),
    (no_cells, {}, EmptyMesh, "no nodes and cells"),
    (no_groups, {}, NoGroups, "no named groups; make a group"),
    (
        turned,
        {},
        InvertedElement,
        r"triangle 1 of body 'a', centred at \(0.666667, 0.333333\), is numbered .* negative",
    ),
    (
        pushed_through,
        {},
        InvertedElement,
        r"triangle [14] of body 'b', centred at .* lies over its neighbours.* negative",
    ),
    (bow_tie, {}, InvertedElement, "quad 1 of body 'a'.* is folded"),
    (flat_cell, {}, DegenerateElement, "triangle 1 of body 'a'.* has no area"),
    (not_a_number, {}, BadNode, r"Node 5 .*\(nan, 1\)"),
    (separate_nodes, {}, NonConforming, "'a' and 'b' 3 nodes lie at the same places.*merge them"),
    (hanging, {}, NonConforming, r"hangs at \(1, 1\), inside a facet"),
    (hanging_in_a_face, {}, NonConforming, r"hangs at \([12], [12], 0\), inside a facet"),
    (in_two_bodies, {}, OverlappingBodies, "1 cells are in the bodies 'a' and 'b'"),
    (over_one_another, {}, OverlappingBodies, r"3 cells share the facet at \(0.5, 1\)"),
    (uncovered, {}, UnownedCells, r"2 cells .* none of the bodies a, b, the first centred at"),
    (stray, {}, StrayFacets, r"1 facets of the group 'bond' belong to no cell, the first at \(1, 1\)"),
    (in_space, {}, WrongDimension, "surface in space"),
    (lines_only, {}, WrongDimension, "lines or points only"),
    (solid, {"bodies": ["upper", "lower"], "dimension": 2}, WrongDimension, "has dimension 3, and the study .* 2"),
    (good, {"bodies": ["a", "bond"]}, WrongDimension, "'bond' in .* has dimension 1, .*valid: a, b"),
    (two_kinds, {}, MixedCells, "mixes quad and triangle"),
    (wedges, {}, InputError, "Unknown kind of cell .* 'wedge'; valid: .*hexahedron"),
    (good, {"bodies": ["a", "c"]}, InputError, "Unknown body .*'c'; valid: a, b"),
    (good, {"bodies": ["a", "b", "a"]}, InputError, "one of them twice"),
    (good, {"bodies": []}, InputError, "No bodies are named"),
    (good, {"unit": 0.0}, InputError, "must be a positive length"),
]
