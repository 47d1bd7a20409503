"""Abaqus input files: sets hold the elements that the file says, by hand-written expectation."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from continuum.mesh.checks import check_mesh
from continuum.mesh.file import read_file
from continuum.mesh.inspect import inspect_mesh
from continuum.mesh.joints import NonConforming
from continuum.mesh.readers.abaqus_types import element_type
from continuum.mesh.readers.reading import MeshError, MixedCells, UnownedCells, WrongDimension
from continuum.mesh.specimen_mesh import read_mesh
from coupling.errors import InputError
from multiscale.cli import app
from multiscale.inputs.checks import check_groups

DATA = Path(__file__).parent / "data" / "abaqus"


def inp(path, *lines):
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n")
    return path


def middles(mesh, nodes):
    """The middles of cells or facets, sorted."""
    return sorted(tuple(np.round(point, 9).tolist()) for point in mesh.points[nodes].mean(axis=1))


def of_grid(*elements):
    """The middles of the elements 1 to 16 of the cases: four by four, 1 wide and 0.5 high, from (0, −1)."""
    return sorted(((n - 1) % 4 + 0.5, -0.75 + 0.5 * ((n - 1) // 4)) for n in elements)


def row(y, columns=range(4)):
    """The middles of the facets at a height."""
    return [(x + 0.5, y) for x in columns]


LOWER, UPPER = of_grid(*range(1, 9)), of_grid(*range(9, 17))
BOUNDARIES = {"bottom": row(-1.0), "bond": row(0.0), "top": row(1.0)}
CASES = {
    "a_one_part": BOUNDARIES,
    "a_reference": BOUNDARIES,
    "b2_unnamed_between": BOUNDARIES,
    "b_two_equal_parts": BOUNDARIES,
    "d_set_of_sets": BOUNDARIES | {"E1": row(-1.0), "E2": row(0.0), "E3": row(1.0)},
    "e_generate": BOUNDARIES,
    "f_cae_flat": BOUNDARIES,
    "g_two_node_blocks": BOUNDARIES,
    "h_lower_case": BOUNDARIES,
    "silent_right": {"bottom": row(-1.0), "bond": row(0.0, range(1, 4)), "left": [(0.0, 0.25), (0.0, 0.75)]},
    "silent_wrong": {"bottom": row(-1.0), "bond": row(0.0, range(1, 4)), "left": [(0.0, 0.25), (0.0, 0.75)]},
}


@pytest.mark.parametrize("bodies", [["lower", "upper"], None], ids=["named", "unnamed"])
@pytest.mark.parametrize("case", CASES)
def test_sets_of_the_cases_element_by_element(case, bodies):
    mesh = read_file(DATA / f"{case}.inp", bodies)
    assert mesh.cell == "quad" and mesh.facet == "line"
    assert {name: middles(mesh, nodes) for name, nodes in mesh.cells.items()} == {"lower": LOWER, "upper": UPPER}
    assert {name: middles(mesh, nodes) for name, nodes in mesh.facets.items()} == CASES[case]
    assert not len(mesh.others)
    if case == "b_two_equal_parts":  # nothing in the file joins the two instances
        with pytest.raises(
            NonConforming, match="'lower' and 'upper' 5 nodes lie at the same places .* merge the instances"
        ):
            check_mesh(mesh)
    else:
        check_mesh(mesh)


def test_every_case_is_here():
    assert {path.stem for path in DATA.glob("*.inp")} - {"cae_parts"} == set(CASES)


def test_a_file_of_abaqus_cae_in_parts():
    """Solid sections are the bodies, surfaces and a node set the boundaries; the set of a reference point is none."""
    mesh = read_file(DATA / "cae_parts.inp")
    assert {name: middles(mesh, nodes) for name, nodes in mesh.cells.items()} == {
        "_PickedSet2": LOWER,
        "_PickedSet3": UPPER,
    }
    assert {name: middles(mesh, nodes) for name, nodes in mesh.facets.items()} == BOUNDARIES
    assert "its node at (9, 9)" in mesh.refused["RP"] and "(line 80)" in mesh.refused["RP"]
    said = " ".join(mesh.notes)
    assert (
        "given in the study's input instead: *SOLID SECTION (line 61), *MATERIAL (line 94), *ELASTIC (line 95)" in said
    )
    assert "*BOUNDARY (line 101), *DSLOAD (line 104)" in said and "CPE4R (plane strain)" in said
    assert read_file(DATA / "cae_parts.inp", ["bottom", "_PickedSet3"]).cells.keys() == {"bottom", "_PickedSet3"}


SQUARE = ("*NODE", "1, 0., 0.", "2, 1., 0.", "3, 1., 1.", "4, 0., 1.", "5, 2., 0.", "6, 2., 1.")
PAIR = (*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 4", "2, 2, 5, 6, 3")


def sets_of(tmp_path, *lines):
    """Middles of the bodies' cells by set, for a file of two squares with further lines."""
    path = inp(tmp_path / "a.inp", *PAIR, *lines)
    mesh = read_file(path)
    return {name: middles(mesh, nodes) for name, nodes in mesh.cells.items()}


@pytest.mark.parametrize(
    "lines",
    [
        ("*ELSET, ELSET=a", "1", "*ELSET, ELSET=b", "2,"),
        ("*elset,elset=a", "1", "** a comment", "*ElSet , Elset = b", "** 1", "2"),
        ("*ELSET, ELSET=a,", "GENERATE", "1, 1", "*ELSET, ELSET=b, GENERATE", "2, 2, 1"),
        ("*ELSET, ELSET=a, UNSORTED", "1, 1", "*ELSET, ELSET=x", "2", "*ELSET, ELSET=b", "X,"),
        ("*ELSET, ELSET=x", "1, 2", '*ELSET, ELSET="a"', "1", "*ELSET, ELSET=b", "2"),
        ("*ELSET, ELSET=c", "1", "*ELSET, ELSET=a", "c", "*ELSET, ELSET=b", "2", "*ELSET, ELSET=A", "1"),
        ("*ELSET, ELSET=_q, INTERNAL", "1, 2", "*ELSET, ELSET=a", "1", "*ELSET, ELSET=b", "2"),
        ("*ELSET, ELSET=all", "1, 2", "*ELSET, ELSET=a", "1", "*ELSET, ELSET=b, GENERATE", "2, 9"),
        (
            "*ELSET, ELSET=a",
            "1",
            "*ELSET, ELSET=b",
            "2",
            "*ELSET, ELSET=part of all",
            "2",
            "*SOLID SECTION, ELSET=a",
            "*SOLIDSECTION,ELSET=B",
        ),
    ],
)
def test_ways_to_write_two_sets(tmp_path, lines):
    assert sets_of(tmp_path, *lines) == {"a": [(0.5, 0.5)], "b": [(1.5, 0.5)]}


def test_steps_and_the_outside_of_a_set(tmp_path):
    """GENERATE by steps; a surface without faces is the outside of the model on the set's elements, not the set's own."""
    text = (DATA / "a_reference.inp").read_text()
    lines = [
        "*ELSET, ELSET=odd, GENERATE",
        "1, 15, 2",
        "*ELSET, ELSET=even, GENERATE",
        "2, 8, 2",
        "10, 16, 2",
        "*SURFACE, NAME=skin",
        "lower,",
    ]
    mesh = read_file(inp(tmp_path / "a.inp", text.strip(), *lines), ["odd", "even"])
    assert middles(mesh, mesh.cells["odd"]) == of_grid(*range(1, 17, 2))
    assert middles(mesh, mesh.cells["even"]) == of_grid(*range(2, 17, 2))
    sides = [(x, y) for x in (0.0, 4.0) for y in (-0.75, -0.25)]
    assert middles(mesh, mesh.facets["skin"]) == sorted([*row(-1.0), *sides])


def test_a_set_of_sets_is_what_these_were_then(tmp_path):
    path = inp(
        tmp_path / "a.inp", *PAIR, "*ELSET, ELSET=one", "1", "*ELSET, ELSET=then", "one", "*ELSET, ELSET=one", "2"
    )
    mesh = read_file(path, ["then", "one"])
    assert middles(mesh, mesh.cells["then"]) == [(0.5, 0.5)] and len(mesh.cells["one"]) == 2


def test_texts_as_other_programs_write_them(tmp_path):
    plain = inp(tmp_path / "plain.inp", *PAIR, "*ELSET, ELSET=a", "1, 2")
    expected = read_file(plain)
    text = plain.read_text()
    for name, data in {
        "crlf": text.replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "latin": b"** Gr\xf6\xdfe \x85 1, 2\n" + text.encode(),
        "old": text.replace("\n", "\r").encode(),
        "blank": text.replace("\n", "\n\n   \n").encode(),
        "tabs": text.replace(", ", ",\t ").encode(),
        "fortran": text.replace("2., 0.", "2.D0, 0.D+0").encode(),
        "continued": text.replace("1, 1, 2, 3, 4", "1, 1, 2,\n3, 4").encode(),
        "no end": text.rstrip("\n").encode(),
    }.items():
        (tmp_path / f"{name}.INP").write_bytes(data)
        found = read_file(tmp_path / f"{name}.INP")
        np.testing.assert_array_equal(found.points, expected.points)
        np.testing.assert_array_equal(found.cells["a"], expected.cells["a"])


# Parts and instances.

PART = (
    "*Part, name=P",
    *PAIR,
    "*Elset, elset=left",
    "1",
    "*Elset, elset=right",
    "2",
    "*Surface, name=end",
    "right, S2",
    "*End Part",
)


def assembly(*instances):
    """An assembly of the part, with the data lines of each instance."""
    lines = ["*Assembly, name=A"]
    for name, *rows in instances:
        lines += [f"*Instance, name={name}, part=p", *rows, "*End Instance"]
    return lines


def test_an_instance_is_shifted_and_then_turned(tmp_path):
    """Right-handed, about the axis from the first point to the second, after the translation."""
    rows = ("1., 0., 0.", "1., 0., 0., 1., 0., 5., 90.")
    mesh = read_file(inp(tmp_path / "a.inp", *PART, *assembly(("P-1", *rows)), "*End Assembly"))
    # (x, y) → (x + 1, y) → about (1, 0): (1 − y, x)
    assert middles(mesh, mesh.cells["left"]) == [(0.5, 0.5)] and middles(mesh, mesh.cells["right"]) == [(0.5, 1.5)]
    assert middles(mesh, mesh.facets["end"]) == [(0.5, 2.0)]
    np.testing.assert_allclose(mesh.points, [(1, 0), (1, 1), (0, 1), (0, 0), (1, 2), (0, 2)], atol=1e-12)


def test_a_turn_about_an_axis_in_space(tmp_path):
    """Cyclic exchange of the axes is a turn of 120° about (1, 1, 1): x → y → z → x."""
    cube = ["*NODE", *(f"{i + 1}, {x}, {y}, {z}" for i, (x, y, z) in enumerate(CUBE))]
    text = [
        "*PART, NAME=c",
        *cube,
        "*ELEMENT, TYPE=C3D8, ELSET=all",
        "1, 1, 2, 3, 4, 5, 6, 7, 8",
        "*END PART",
        "*ASSEMBLY, NAME=x",
    ]
    text += ["*INSTANCE, NAME=i, PART=c", "0.5, 0, 0", "0, 0, 0, 2, 2, 2, 120", "*END INSTANCE", "*END ASSEMBLY"]
    mesh = read_file(inp(tmp_path / "a.inp", *text))
    shifted = np.array(CUBE, dtype=float) + (0.5, 0, 0)
    np.testing.assert_allclose(mesh.points, shifted[:, [2, 0, 1]], atol=1e-12)


def test_a_part_used_twice(tmp_path):
    lines = [*PART, *assembly(("P-1",), ("P-2", "2., 0., 0."))]
    lines += [
        "*Elset, elset=outer, instance=P-1",
        "left",
        "*Elset, elset=outer, instance=p-2",
        "2",
        "*Elset, elset=inner",
        "P-1.right, P-2.1",
    ]
    mesh = read_file(inp(tmp_path / "a.inp", *lines, "*End Assembly"), ["outer", "inner"])
    assert {name: middles(mesh, nodes) for name, nodes in mesh.cells.items()} == {
        "outer": [(0.5, 0.5), (3.5, 0.5)],
        "inner": [(1.5, 0.5), (2.5, 0.5)],
    }
    assert {name: middles(mesh, nodes) for name, nodes in mesh.facets.items()} == {
        "P-1.end": [(2.0, 0.5)],
        "P-2.end": [(4.0, 0.5)],
    }
    one = read_file(tmp_path / "a.inp", ["P-1", "P-2.left", "P-2.right"])
    assert [middles(one, nodes) for nodes in one.cells.values()] == [
        [(0.5, 0.5), (1.5, 0.5)],
        [(2.5, 0.5)],
        [(3.5, 0.5)],
    ]
    with pytest.raises(MeshError, match=r"element set 'left' in each of 2 instances; name one: P-1\.left, P-2\.left"):
        read_file(tmp_path / "a.inp", ["left"])
    with pytest.raises(InputError, match=r"surface 'end' in each of 2 instances; name one: P-1\.end, P-2\.end"):
        check_groups(tmp_path / "a.inp", cells=["outer"], facets=["end"], dimension=2)


def test_sets_of_the_assembly_hide_those_of_parts(tmp_path):
    lines = [*PART, *assembly(("P-1",)), "*Elset, elset=left, instance=P-1", "2", "*End Assembly"]
    mesh = read_file(inp(tmp_path / "a.inp", *lines), ["left", "P-1.left"])
    assert [middles(mesh, nodes) for nodes in mesh.cells.values()] == [[(1.5, 0.5)], [(0.5, 0.5)]]


def test_a_part_without_an_instance_is_said(tmp_path):
    spare = ("*Part, name=spare", "*Node", "1, 0., 0.", "*End Part")
    mesh = read_file(inp(tmp_path / "a.inp", *spare, *PART, *assembly(("P-1",)), "*End Assembly"))
    assert any("part 'spare' (line 1) has no instance" in note for note in mesh.notes)


def test_names_in_quotation_marks(tmp_path):
    lines = [line.replace("name=P", 'name="the part"').replace("elset=left", 'elset="left, low"') for line in PART]
    lines += [
        "*Assembly, name=A",
        '*Instance, name="P 1", part="The Part"',
        "*End Instance",
        "*Elset, elset=one",
        '"P 1"."left, low"',
        "*End Assembly",
    ]
    mesh = read_file(inp(tmp_path / "a.inp", *lines), ["one", "right"])
    assert middles(mesh, mesh.cells["one"]) == [(0.5, 0.5)]
    assert (
        read_file(tmp_path / "a.inp", ["left, low", "right"]).cells["left, low"].tolist() == mesh.cells["one"].tolist()
    )


@pytest.mark.parametrize("case", ["cae_parts", "d_set_of_sets", "g_two_node_blocks", "silent_wrong"])
def test_inspect_check_and_run_see_the_same_groups(case):
    path = DATA / f"{case}.inp"
    found = inspect_mesh(path)
    bodies = [body.name for body in found.bodies]
    mesh = read_mesh(path, unit=1.0, bodies=bodies)
    assert set(mesh.facets) == {group.name for group in found.groups} and len(mesh.facets) >= 3
    for name, facets in mesh.facets.items():
        assert len(facets) == len(found.mesh.facets[name])
    check_groups(path, cells=bodies, facets=mesh.facets, dimension=2)
    for name, reason in found.mesh.refused.items():
        with pytest.raises(InputError) as raised:
            mesh.facet_group(name)
        assert (str(raised.value) == reason and f"no group: {reason}" in list(found.lines())) or name in bodies
    with pytest.raises(UnownedCells, match="8 cells of the mesh file are in none of the bodies"):
        check_groups(path, cells=bodies[:1], facets=[], dimension=2)


def test_the_command_says_what_is_not_used():
    done = CliRunner().invoke(app, ["mesh", "inspect", str(DATA / "cae_parts.inp")])
    assert done.exit_code == 0, done.stderr
    assert (
        "body _PickedSet2: 8 cells, area 4" in done.stdout
        and "group bond: 4 facets between _PickedSet2 and _PickedSet3" in done.stdout
    )
    assert (
        "note: Physics in the file is not used, and given in the study's input instead: *SOLID SECTION (line 61)"
        in done.stdout
    )
    assert "no group: The node set 'RP' (line 80)" in done.stdout


# Types of elements, their nodes and faces.

CUBE = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
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


# Interfaces of cohesive elements.

SPLIT = [
    "*NODE",
    "1, 0, 0",
    "2, 1, 0",
    "3, 2, 0",
    "4, 0, 1",
    "5, 1, 1",
    "6, 2, 1",
    "14, 0, 1",
    "15, 1, 1",
    "16, 2, 1",
    "7, 0, 2",
    "8, 1, 2",
    "9, 2, 2",
]
SPLIT += [
    "*ELEMENT, TYPE=CPE4, ELSET=lower",
    "1, 1, 2, 5, 4",
    "2, 2, 3, 6, 5",
    "*ELEMENT, TYPE=CPE4, ELSET=upper",
    "3, 14, 15, 8, 7",
    "4, 15, 16, 9, 8",
]


@pytest.mark.parametrize("kind", ["COH2D4", "coh2d4"])
def test_cohesive_elements_are_an_interface(tmp_path, kind):
    whole = [
        *SPLIT,
        f"*ELEMENT, TYPE={kind}, ELSET=bond",
        "5, 4, 5, 15, 14",
        "6, 5, 6, 16, 15",
        "*SURFACE, NAME=face",
        "lower, S3",
    ]
    mesh = read_file(inp(tmp_path / "a.inp", *whole, "*NSET, NSET=nodes", "14, 5, 16"))
    check_mesh(mesh)
    shared = {
        tuple(sorted(set(a) & set(b))) for a in mesh.cells["lower"].tolist() for b in mesh.cells["upper"].tolist()
    }
    assert {tuple(sorted(facet)) for facet in mesh.facets["bond"].tolist()} == {
        pair for pair in shared if len(pair) == 2
    }
    for name in ("bond", "face", "nodes"):
        assert middles(mesh, mesh.facets[name]) == [(0.5, 1.0), (1.5, 1.0)]
    assert any("the law is the study's" in note for note in mesh.notes)


def test_beyond_the_cohesive_elements_the_faces_stay_apart(tmp_path):
    part = [*SPLIT, "*ELEMENT, TYPE=COH2D4, ELSET=bond", "6, 5, 6, 16, 15", "*SURFACE, NAME=crack", "1, S3", "3, S1"]
    mesh = read_file(inp(tmp_path / "a.inp", *part))
    check_mesh(mesh)
    assert middles(mesh, mesh.facets["bond"]) == [(1.5, 1.0)]
    assert middles(mesh, mesh.facets["crack"]) == [(0.5, 1.0)] * 2


@pytest.mark.parametrize(("body", "kind", "corners"), [("C3D8", "COH3D8", [0, 1, 2, 3]), ("C3D4", "COH3D6", [0, 1, 2])])
def test_cohesive_elements_in_space(tmp_path, body, kind, corners):
    low = np.array(CUBE if body == "C3D8" else [CUBE[0], CUBE[3], CUBE[1], CUBE[4]], dtype=float)
    points = np.vstack([low, low * (1, 1, -1)])  # the mirror image below shares the face z = 0, with nodes of its own
    n = len(low)
    lines = ["*NODE", *(f"{i + 1}, {x}, {y}, {z}" for i, (x, y, z) in enumerate(points))]
    numbers = lambda start, chosen: ", ".join(str(start + c + 1) for c in chosen)  # noqa: E731
    lines += [
        f"*ELEMENT, TYPE={body}, ELSET=high",
        "1, " + numbers(0, range(n)),
        f"*ELEMENT, TYPE={body}, ELSET=low",
        "2, " + numbers(n, range(n)),
    ]
    lines += [f"*ELEMENT, TYPE={kind}, ELSET=bond", f"3, {numbers(n, corners)}, {numbers(0, corners)}"]
    mesh = read_file(inp(tmp_path / "a.inp", *lines))
    check_mesh(mesh)
    assert len(np.intersect1d(mesh.cells["high"], mesh.cells["low"])) == len(corners)
    assert mesh.points[mesh.facets["bond"]][..., 2].tolist() == [[0.0] * len(corners)]


# Sets of nodes.


def test_a_node_set_is_the_facets_whose_nodes_it_is(tmp_path):
    sets = [
        "*NSET, NSET=left",
        "1, 4",
        "*NSET, NSET=between",
        "2, 3",
        "*NSET, NSET=low",
        "1, 2, 5",
        "*NSET, NSET=frame",
        "1, 4, 2, 3",
    ]
    sets += [
        "*NSET, NSET=point",
        "4",
        "*NSET, NSET=ends",
        "5, 6, 4",
        "*SURFACE, TYPE=NODE, NAME=right",
        "5",
        "6, 0.5",
        "*NSET, NSET=none, GENERATE",
        "50, 60",
    ]
    two = ["*ELSET, ELSET=a", "1", "*ELSET, ELSET=b", "2"]
    mesh = read_file(inp(tmp_path / "a.inp", *PAIR, *two, *sets))
    found = {name: middles(mesh, nodes) for name, nodes in mesh.facets.items()}
    assert found == {
        "left": [(0.0, 0.5)],
        "between": [(1.0, 0.5)],
        "low": [(0.5, 0.0), (1.5, 0.0)],
        "frame": [(0.0, 0.5), (0.5, 0.0), (0.5, 1.0)],  # outer facets are enough: none within
        "right": [(2.0, 0.5)],
    }
    assert "(line 23) is no group of facets: its node at (0, 1)" in mesh.refused["point"]
    assert (
        "its node at (0, 1)" in mesh.refused["ends"]
        and "'none'" in mesh.refused["none"]
        and "empty" in mesh.refused["none"]
    )
    whole = read_file(
        inp(tmp_path / "b.inp", *PAIR, "*ELSET, ELSET=a", "1, 2", *sets)
    )  # one body: no facet lies between
    assert "between" in whole.refused
    with pytest.raises(InputError, match=r"'between' \(line 15\) is no group of facets"):
        check_groups(tmp_path / "b.inp", cells=["a"], facets=["between"], dimension=2)


def test_one_name_for_two_things(tmp_path):
    """The same facets by a surface and a node set, as Abaqus/CAE lets one write them, are one group; others are refused."""
    same = ["*ELSET, ELSET=a", "1, 2", "*NSET, NSET=left", "1, 4", "*SURFACE, NAME=left", "1, S4"]
    mesh = read_file(inp(tmp_path / "a.inp", *PAIR, *same))
    assert middles(mesh, mesh.facets["left"]) == [(0.0, 0.5)]
    mesh = read_file(inp(tmp_path / "b.inp", *PAIR, *same[:-1], "2, S2"))
    assert "left" not in mesh.facets and "a group of facets and a set of nodes of other facets" in mesh.refused["left"]
    lines = ["*ELEMENT, TYPE=T2D2, ELSET=left", "3, 1, 4"]
    mesh = read_file(inp(tmp_path / "c.inp", *PAIR, *same[:2], *lines, "*SURFACE, NAME=left", "2, S2"))
    assert (
        "left" not in mesh.facets and "a surface (line 15) and an element set of other facets" in mesh.refused["left"]
    )


def test_surfaces_that_are_no_facets_are_refused_when_used(tmp_path):
    lines = [
        "*ELSET, ELSET=a",
        "1, 2",
        "*ELEMENT, TYPE=T2D2, ELSET=edge",
        "3, 1, 2",
        "*SURFACE, NAME=up",
        "edge, SPOS",
        "*SURFACE, NAME=down",
        "a, SNEG",
    ]
    lines += [
        "*SURFACE, NAME=rigid, TYPE=SEGMENTS",
        "START, 0., 0.",
        "*SURFACE, NAME=sum, COMBINE=UNION",
        "up, down",
        "*SURFACE, NAME=odd",
        "a, S5",
    ]
    lines += ["*SURFACE, NAME=trimmed, TRIM=YES", "a", "*SURFACE, NAME=lines", "edge, S1"]
    path = inp(tmp_path / "a.inp", *PAIR, *lines)
    for name, words in {
        "up": r"surface 'up' \(line 15\) takes the side SPOS \(line 16\), and the faces of cells are S1 to S6",
        "down": r"takes the side SNEG \(line 18\)",
        "rigid": "is of TYPE=SEGMENTS",
        "sum": "has the parameter COMBINE",
        "odd": r"names the face S5 \(line 24\), and a quad has S1 to S4",
        "trimmed": "has the parameter TRIM",
        "lines": "names elements that are no cells",
    }.items():
        with pytest.raises(InputError, match=words):
            check_groups(path, cells=["a"], facets=[name], dimension=2)


# What cannot be read.

TWO = (*PAIR, "*ELSET, ELSET=a", "1, 2")
FAULTS = {
    "text before a keyword": (("1, 2, 3",), "line 1: '1, 2, 3' stands before any keyword"),
    "include": ((*TWO, "*INCLUDE, INPUT=more.inp"), r"line 13: \*INCLUDE names another file"),
    "input of nodes": (("*NODE, INPUT=nodes.txt",), "line 1: INPUT=nodes.txt names another file"),
    "generated nodes": ((*SQUARE, "*NGEN", "1, 2, 1"), r"line 8: \*NGEN makes nodes or elements by a rule.*Job > Write Input"),
    "generated elements": ((*PAIR, "*elgen", "1, 2"), r"line 11: \*ELGEN makes"),
    "axes": (("*SYSTEM", "1, 0, 0"), r"line 1: \*SYSTEM sets other axes"),
    "cylindrical": (("*NODE, SYSTEM=C", "1, 1., 20."), "line 1: the coordinates of SYSTEM=C are not rectangular"),
    "mistyped keyword": ((*PAIR, "*ELSETS, ELSET=a", "1, 2"), r"line 11: the keyword \*ELSETS is not known; did you mean \*ELSET\?"),
    "short keyword": ((*SQUARE, "*ELEM, TYPE=CPE4", "1, 1, 2, 3, 4"), r"line 8: the keyword \*ELEM is not known; did you mean \*ELEMENT\?"),
    "mistyped parameter": ((*SQUARE, "*ELEMENT, TYPE=CPE4, ELSETS=a", "1, 1, 2, 3, 4"), r"line 8: the parameter ELSETS of \*ELEMENT is not read; valid: TYPE, ELSET"),
    "no type": ((*SQUARE, "*ELEMENT, ELSET=a", "1, 1, 2, 3, 4"), r"line 8: \*ELEMENT has no TYPE"),
    "wedge": ((*SQUARE, "*ELEMENT, TYPE=C3D6", "1, 1, 2, 3, 4, 5, 6"), "line 8: elements of type C3D6 are wedges.*valid: CPE3, CPE4.*C3D20"),
    "spring": ((*TWO, "*ELEMENT, TYPE=SPRING1", "9, 1"), "line 13: elements of type SPRING1 are no parts or facets.*valid: CPE3"),
    "unknown type": ((*SQUARE, "*ELEMENT, TYPE=CPE7", "1, 1, 2"), "line 8: elements of type CPE7 are not known; valid: CPE3"),
    "offset": ((*TWO, "*ELEMENT, TYPE=COH2D4, OFFSET=10", "9, 1, 2"), "line 13: OFFSET makes nodes"),
    "word for a node": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, x, 4"), "line 9: 'x' in .ELEMENT is no number"),
    "negative node": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, -3, 4"), "line 9: '-3' in .ELEMENT is no number"),
    "huge number": ((*SQUARE, "*ELEMENT, TYPE=CPE4", f"1, 1, 2, {10**30}, 4"), "line 9: '1000"),
    "underscore": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 0_3, 4"), "line 9: '0_3' in .ELEMENT is no number"),
    "too few nodes": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3", "2, 2, 5, 6, 3"), "line 9: element 1 has 3 nodes, and one of type CPE4 has 4"),
    "too many nodes": ((*SQUARE, "*ELEMENT, TYPE=CPE3", "1, 1, 2, 3, 4"), "line 9: element 1 has 4 nodes, and one of type CPE3 has 3"),
    "cut short": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 4", "2, 2, 5,"), "line 10: element 2 has 2 nodes"),
    "collapsed": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 3"), "line 9: element 1 of type CPE4 names a node twice"),
    "unknown node": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 44"), "line 9: element 1 of type CPE4 names the node 44, which is not defined"),
    "node twice": ((*PAIR, "*NODE", "3, 7., 7."), r"line 12: there is a node 3 before \(line 4\)"),
    "element twice": ((*PAIR, "*ELEMENT, TYPE=CPE4", "1, 2, 5, 6, 3"), r"line 12: there is an element 1 before \(line 9\)"),
    "not finite": (("*NODE", "1, 0., nan"), "line 2: 'nan' is no finite coordinate"),
    "coordinate": (("*NODE", "1, 0., 1.2.3", "2, 1., 0."), "line 2: '1.2.3' is no finite coordinate"),
    "element missing in a set": ((*PAIR, "*ELSET, ELSET=a", "1, 2,", "77"), "line 13: the element set 'a' names the element 77, which is not defined"),
    "node missing in a set": ((*TWO, "*NSET, NSET=n", "1, 99"), "line 14: the node set 'n' names the node 99"),
    "set of an unknown set": ((*PAIR, "*ELSET, ELSET=a", "b"), "line 12: there is no element set 'b' before; valid: .none."),
    "a set that comes later": ((*PAIR, "*ELSET, ELSET=a", "b", "*ELSET, ELSET=b", "1, 2"), "line 12: there is no element set 'b' before"),
    "surface of an unknown set": ((*TWO, "*SURFACE, NAME=s", "b, S1"), "line 14: there is no element set 'b' before; valid: a"),
    "broken step": ((*PAIR, "*ELSET, ELSET=a, GENERATE", "1, 4, 2"), "line 12: GENERATE does not lead from 1 to 4 by steps of 2"),
    "backwards": ((*PAIR, "*ELSET, ELSET=a, GENERATE", "2, 1"), "line 12: GENERATE does not lead from 2 to 1"),
    "four entries": ((*PAIR, "*ELSET, ELSET=a, GENERATE", "1, 2, 1, 1"), "line 12: a line of .ELSET, GENERATE has 4 entries"),
    "node set of an element set": ((*TWO, "*NSET, NSET=n, ELSET=a"), "line 13: a node set made of the nodes of an element set"),
    "a number as name": ((*PAIR, "*ELSET, ELSET=12", "1"), "line 11: the name '12' of a set is a number"),
    "twice the same parameter": (("*NODE, NSET=a, NSET=b",), r"line 1: \*NODE gives NSET twice"),
    "beside a facet": ((*TWO, "*ELEMENT, TYPE=T2D2", "9, 1, 3"), r"line 14: element 9 of type T2D2 \(truss\) is no facet of the bodies' cells \(quad\)"),
    "beam with a third node": ((*TWO, "*ELEMENT, TYPE=B21", "9, 1, 2, 6"), "line 14: element 9 of type B21 .* is no facet"),
    "thick interface": ((*SPLIT[:7], "14, 0, 1.1", *SPLIT[8:], "*ELEMENT, TYPE=COH2D4", "9, 4, 5, 15, 14"), "line 21: element 9 of type COH2D4 has a thickness of 0.1, .* leave it out and let the bodies share nodes"),
    "interface on nothing": ((*TWO, "*NODE", "21, 0, 1", "22, 1, 1", "*ELEMENT, TYPE=COH2D4", "9, 21, 22, 3, 4"), "line 17: element 9 of type COH2D4 does not lie between two cells"),
    "interface of its own nodes": ((*TWO, "*NODE", "21, 7, 0", "22, 8, 0", "23, 8, 0", "24, 7, 0", "*ELEMENT, TYPE=COH2D4", "9, 21, 22, 23, 24"), "line 19: element 9 of type COH2D4 lies on no facet.*TIE"),
    "no assembly": ((*PART,), "line 1: the part 'P' has no instance"),
    "no end of a part": (PART[:-1], r"line 1: \*PART has no \*END PART"),
    "no end of an assembly": ((*PART, *assembly(("P-1",))), r"line 19: \*ASSEMBLY has no \*END ASSEMBLY"),
    "end of nothing": ((*TWO, "*END PART"), r"line 13: \*END PART ends no \*PART"),
    "instance outside": ((*PART, "*INSTANCE, NAME=i, PART=P"), r"line 19: \*INSTANCE stands outside of any \*ASSEMBLY"),
    "part within": (("*PART, NAME=a", "*PART, NAME=b"), r"line 2: \*PART stands inside \*PART \(line 1\)"),
    "unknown part": ((*PART, "*Assembly, name=A", "*Instance, name=i, part=Q"), "line 20: there is no part 'Q' before; valid: P"),
    "two parts of a name": ((*PART, "*Part, name=p"), r"line 19: there is a part 'p' before \(line 1\)"),
    "two instances of a name": ((*PART, *assembly(("i",), ("I",))), "line 22: there is an instance 'I' before"),
    "library": ((*PART, "*Assembly, name=A", "*Instance, library=old, instance=i"), "line 20: the instance comes from another analysis"),
    "turn by six numbers": ((*PART, *assembly(("i", "0, 0, 0", "0, 0, 0, 0, 0, 1"))), "line 22: the rotation of an instance is not seven numbers"),
    "turn about a point": ((*PART, *assembly(("i", "0, 0, 0", "0, 0, 0, 0, 0, 0, 90"))), "line 22: the two points .* are the same"),
    "shift by words": ((*PART, *assembly(("i", "a, b, c"))), "line 21: 'a, b, c' are no numbers"),
    "unknown instance": ((*PART, *assembly(("i",)), "*Elset, elset=s, instance=j", "1"), "line 22: there is no instance 'j' before; valid: i"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named_with_their_line(tmp_path, name):
    lines, words = FAULTS[name]
    path = inp(tmp_path / "bad.inp", *lines)
    with pytest.raises(MeshError, match=r"^bad\.inp, " + words) as raised:
        read_file(path)
    text = str(raised.value)
    assert "\n" not in text and text.endswith((".", "?", "full."))


def test_kinds_of_cell_are_not_mixed(tmp_path):
    lines = [*PAIR[:-1], "*ELEMENT, TYPE=CPE3", "2, 2, 5, 6"]
    with pytest.raises(MixedCells, match=r"CPE4 \(line 9\) and CPE3 \(line 11\).*Quad or Tri"):
        read_file(inp(tmp_path / "a.inp", *lines))
    lines = [*PAIR[:-1], "*ELEMENT, TYPE=CAX4", "2, 2, 5, 6, 3"]
    with pytest.raises(MixedCells, match=r"CPE4 \(line 9\) and CAX4 \(line 11\)"):
        read_file(inp(tmp_path / "b.inp", *lines))


def test_no_mesh_and_no_text(tmp_path):
    for name, data, words in (
        ("empty", b"", "is empty"),
        ("heading", b"*HEADING\nx\n", "no nodes and elements"),
        ("bytes", b"*NODE\n\0", "is no text"),
    ):
        (tmp_path / f"{name}.inp").write_bytes(data)
        with pytest.raises(InputError, match=words):
            read_file(tmp_path / f"{name}.inp")


def test_groups_do_not_hang_on_the_order_of_the_blocks(tmp_path):
    """Blocks of elements in any order, split anywhere, give the same sets: the fault of which silent_wrong.inp is the case."""
    lines = (DATA / "silent_right.inp").read_text().split("*ELEMENT")
    nodes, blocks = lines[0], ["*ELEMENT" + text for text in lines[1:]]
    expected = read_file(DATA / "silent_right.inp", ["lower", "upper"])
    rng = np.random.default_rng(5)
    for _ in range(20):
        halves = []
        for block in blocks:
            head, *rows = block.strip().split("\n")
            cut = int(rng.integers(0, len(rows) + 1))
            halves += ["\n".join([head, *part]) for part in (rows[:cut], rows[cut:]) if part]
        text = "\n".join(halves[i] for i in rng.permutation(len(halves)))
        found = read_file(inp(tmp_path / "a.inp", nodes.strip(), text), ["lower", "upper"])
        for name in ("lower", "upper"):
            assert middles(found, found.cells[name]) == middles(expected, expected.cells[name])
        for name in ("bottom", "bond", "left"):
            assert middles(found, found.facets[name]) == middles(expected, expected.facets[name])


def test_damaged_files_are_refused_or_read_and_never_crash(tmp_path):
    """Cuts, flipped and doubled bytes: an `InputError` of one line, or a mesh of checked shape."""
    rng = np.random.default_rng(3)
    sources = [(DATA / name).read_bytes() for name in ("cae_parts.inp", "silent_wrong.inp", "b_two_equal_parts.inp")]
    refused = 0
    for number in range(300):
        data = bytearray(sources[number % 3])
        for _ in range(int(rng.integers(1, 4))):
            at = int(rng.integers(len(data)))
            kind = number % 4
            data = data[:at] if kind == 0 else data[:at] + data[at + 1 :] if kind == 1 else data
            if kind == 2:
                data[at] = int(rng.integers(256))
            elif kind == 3:
                data[at:at] = rng.choice([b",", b"*", b"\n", b"0", b'"', b"=", b"9"])
        (tmp_path / "a.inp").write_bytes(bytes(data))
        try:
            read_file(tmp_path / "a.inp")
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert 50 < refused < 300


def test_the_check_of_an_input_needs_no_fenicsx(tmp_path):
    path = inp(tmp_path / "a.inp", *TWO)
    code = f"""
import sys
from pathlib import Path
from multiscale.cli import app
from multiscale.inputs.checks import check_groups
check_groups(Path({str(path)!r}), cells=["a"], facets=[], dimension=2)
assert not {{"dolfinx", "meshio", "gmsh"}} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)
