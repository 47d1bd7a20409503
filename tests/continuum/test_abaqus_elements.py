"""Abaqus's elements: their nodes, their faces, and which of them are cells or facets."""

import numpy as np
import pytest

from continuum.mesh.file import read_file
from continuum.mesh.readers.abaqus_types import element_type
from continuum.mesh.readers.reading import WrongDimension
from tests.continuum.abaqus_files import CUBE, PAIR, inp

EDGES = {  # pairs of corners with a node between, in Abaqus's order: Elements Guide, figures of the solid elements
    3: [(1, 2), (2, 3), (3, 1)],
    4: [(1, 2), (2, 3), (3, 4), (4, 1)],
    "tetra": [(1, 2), (2, 3), (3, 1), (1, 4), (2, 4), (3, 4)],
    8: [(1, 2), (2, 3), (3, 4), (4, 1), (5, 6), (6, 7), (7, 8), (8, 5), (1, 5), (2, 6), (3, 7), (4, 8)],
}
SHAPES = {  # corners; corners of the faces S1 to S6, from the same guide
    "CPE3": (CUBE[:2] + CUBE[3:4], EDGES[3], [(1, 2), (2, 3), (3, 1)]),
    "CPE4": (CUBE[:4], EDGES[4], [(1, 2), (2, 3), (3, 4), (4, 1)]),
    "C3D4": (CUBE[:2] + CUBE[3:5], EDGES["tetra"], [(1, 2, 3), (1, 4, 2), (2, 4, 3), (3, 4, 1)]),
    "C3D8": (
        CUBE,
        EDGES[8],
        [(1, 2, 3, 4), (5, 8, 7, 6), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 8, 4), (4, 8, 5, 1)],
    ),
}
SECOND = {"CPE3": "CPE6", "CPE4": "CPE8", "C3D4": "C3D10", "C3D8": "C3D20"}
KINDS = {
    **{
        "CPE3": ("triangle", "line"),
        "CPE4": ("quad", "line"),
        "C3D4": ("tetra", "triangle"),
        "C3D8": ("hexahedron", "quad"),
    },
    **{
        "CPE6": ("triangle6", "line3"),
        "CPE8": ("quad9", "line3"),
        "C3D10": ("tetra10", "triangle6"),
        "C3D20": ("hexahedron27", "quad9"),
    },
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", SHAPES)
def test_nodes_and_faces_of_solid_elements(tmp_path, kind, order):
    """One element: nodes of edges bulge by their own amounts, so that each must come to its place."""
    corners, edges, faces = SHAPES[kind]
    points = [np.array(corner, dtype=float) for corner in corners]
    if order == 2:
        kind = SECOND[kind]
        points += [
            (points[a - 1] + points[b - 1]) / 2 + 0.01 * (i + 1) * np.array([1.0, 1.0, 0.0])
            for i, (a, b) in enumerate(edges)
        ]
    lines = ["*NODE", *(f"{i + 11}, {x:.17g}, {y:.17g}, {z:.17g}" for i, (x, y, z) in enumerate(points))]
    lines += [f"*ELEMENT, TYPE={kind}, ELSET=one", "7, " + ", ".join(str(i + 11) for i in range(min(15, len(points))))]
    if len(points) > 15:
        lines[-1] += ",\n" + ", ".join(str(i + 11) for i in range(15, len(points)))
    for i in range(len(faces)):
        lines += [f"*SURFACE, NAME=side{i + 1}", f"7, S{i + 1}"]
    mesh = read_file(inp(tmp_path / "a.inp", *lines, "*SURFACE, NAME=skin", "one"))
    assert (mesh.cell, mesh.facet) == KINDS[kind]
    dimension = mesh.dimension
    np.testing.assert_array_equal(mesh.points[mesh.cells["one"][0]][: len(points)], np.array(points)[:, :dimension])
    between = {frozenset(edge): len(corners) + i for i, edge in enumerate(edges)}
    for i, face in enumerate(faces):
        (nodes,) = mesh.facets[f"side{i + 1}"]
        expected = {corner - 1 for corner in face}
        if order == 2:
            expected |= {between[edge] for edge in between if edge <= set(face)}
        own = {
            int(np.flatnonzero((mesh.points[: len(points)] == mesh.points[n]).all(axis=1))[0])
            for n in nodes
            if n < len(points)
        }
        assert own == expected
        assert len(nodes) == len(expected) + (kind == "C3D20")
    assert len(mesh.facets["skin"]) == len(faces)


TYPES = {
    **dict.fromkeys(("CPE3", "CPE3H", "CPS3", "CPS3T", "CAX3", "CAX3H"), "triangle"),
    **dict.fromkeys(
        (
            "CPE4",
            "CPE4R",
            "CPE4H",
            "CPE4I",
            "CPE4IH",
            "CPE4RH",
            "CPE4RHT",
            "CPS4R",
            "CPS4I",
            "CAX4",
            "CAX4RHT",
            "CAX4P",
        ),
        "quad",
    ),
    **dict.fromkeys(("CPE6", "CPE6M", "CPE6MH", "CPE6MHT", "CPS6", "CPS6M", "CAX6", "CAX6MH"), "triangle6"),
    **dict.fromkeys(("CPE8", "CPE8R", "CPE8RH", "CPE8RT", "CPS8R", "CAX8", "CAX8RHT"), "quad8"),
    **dict.fromkeys(("C3D4", "C3D4H", "c3d4t"), "tetra"),
    **dict.fromkeys(("C3D8", "C3D8R", "C3D8I", "C3D8IH", "C3D8RHT", "C3D8S", "C3D8HS"), "hexahedron"),
    **dict.fromkeys(("C3D10", "C3D10M", "C3D10MH", "C3D10HS", "C3D10MHT", "C3D10I"), "tetra10"),
    **dict.fromkeys(("C3D20", "C3D20R", "C3D20RH", "C3D20RHT", "C3D20RI"), "hexahedron20"),
}


def test_variants_have_the_shape_of_their_kind():
    for name, kind in TYPES.items():
        found = element_type(name)
        assert found is not None and found.role == "cell" and list(found.kinds.values()) == [kind], name
    for name in (
        "CPE5",
        "CPE4X",
        "CPE44",
        "C3D6",
        "C3D15",
        "CPEG4",
        "CGAX4",
        "AC2D4",
        "DC3D8",
        "CINPE4",
        "S5",
        "COH2D4P",
        "U1",
        "",
    ):
        assert element_type(name) is None, name


def test_facet_elements_of_any_order_and_kind(tmp_path):
    """Second order: the node in the middle is second in a beam, last in a truss of other programs; corners alone do, too."""
    nodes = ["*NODE", "1, 0, 0", "2, 1, 0", "3, 1, 1", "4, 0, 1", "5, .5, 0", "6, 1, .5", "7, .5, 1", "8, 0, .5"]
    lines = [
        *nodes,
        "*ELEMENT, TYPE=CPS8R, ELSET=a",
        "1, 1, 2, 3, 4, 5, 6, 7, 8",
        "*ELEMENT, TYPE=B22, ELSET=low",
        "2, 1, 5, 2",
    ]
    lines += ["*ELEMENT, TYPE=T3D3, ELSET=high", "3, 4, 3, 7", "*ELEMENT, TYPE=RB2D2, ELSET=right", "4, 2, 3"]
    mesh = read_file(inp(tmp_path / "a.inp", *lines))
    assert {name: nodes.tolist() for name, nodes in mesh.facets.items()} == {
        "low": [[0, 1, 4]],
        "high": [[2, 3, 6]],
        "right": [[1, 2, 5]],
    }


def test_plane_elements_on_the_faces_of_solids_are_facets(tmp_path):
    """As Gmsh writes faces; a set may hold cells and facets, which are two groups of one name."""
    lines = ["*NODE", *(f"{i + 1}, {x}, {y}, {z}" for i, (x, y, z) in enumerate(CUBE))]
    lines += [
        "*ELEMENT, TYPE=C3D8, ELSET=a",
        "1, 1, 2, 3, 4, 5, 6, 7, 8",
        "*ELEMENT, TYPE=CPS4, ELSET=top",
        "2, 7, 8, 5, 6",
    ]
    mesh = read_file(inp(tmp_path / "a.inp", *lines, "*ELSET, ELSET=both", "1, 2"), ["both"])
    assert (
        mesh.facets["top"].tolist() == mesh.facets["both"].tolist() == [[4, 7, 6, 5]] and len(mesh.cells["both"]) == 1
    )


def test_shells_without_solids_are_the_cells_of_a_plane_mesh(tmp_path):
    lines = [line.replace("CPE4", "S4R") for line in PAIR]
    mesh = read_file(
        inp(tmp_path / "a.inp", *lines, "*ELSET, ELSET=a", "1, 2", "*ELEMENT, TYPE=B21, ELSET=low", "3, 1, 2")
    )
    assert len(mesh.cells["a"]) == 2 and mesh.facets["low"].tolist() == [[0, 1]]
    assert any("S4R (shell) and its like are taken as cells of a plane mesh" in note for note in mesh.notes)
    lines[6] = "6, 2., 1., 0.3"
    with pytest.raises(WrongDimension, match="surface in space"):
        read_file(inp(tmp_path / "b.inp", *lines, "*ELSET, ELSET=a", "1, 2"))
