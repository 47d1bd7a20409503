"""Facets that an Abaqus file names: cohesive elements, node sets and surfaces."""

import numpy as np
import pytest

from continuum.mesh.checks import check_mesh
from continuum.mesh.file import read_file
from coupling.errors import InputError
from multiscale.inputs.checks import check_groups
from tests.continuum.abaqus_files import CUBE, PAIR, SPLIT, inp, middles


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
    assert "(line 23) is not a group of facets: its node at (0, 1)" in mesh.refused["point"]
    assert (
        "its node at (0, 1)" in mesh.refused["ends"]
        and "'none'" in mesh.refused["none"]
        and "empty" in mesh.refused["none"]
    )
    whole = read_file(
        inp(tmp_path / "b.inp", *PAIR, "*ELSET, ELSET=a", "1, 2", *sets)
    )  # one body: no facet lies between
    assert "between" in whole.refused
    with pytest.raises(InputError, match=r"'between' \(line 15\) is not a group of facets"):
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
