"""Sets of Abaqus input files hold the elements that the file says, by hand-written expectation."""

import numpy as np
import pytest

from continuum.mesh.checks import check_mesh
from continuum.mesh.file import read_file
from continuum.mesh.joints import NonConforming
from tests.continuum.abaqus_files import DATA, PAIR, inp, middles, of_grid, row, sets_of

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
