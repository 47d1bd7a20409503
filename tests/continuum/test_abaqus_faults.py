"""Faults in Abaqus input files are named with their line; no file crashes the reader."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from continuum.mesh.file import read_file
from continuum.mesh.readers.reading import MeshError, MixedCells
from coupling.errors import InputError
from tests.continuum.abaqus_files import DATA, PAIR, PART, SPLIT, SQUARE, assembly, inp, middles

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
    "word for a node": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, x, 4"), "line 9: 'x' in .ELEMENT is not the number"),
    "negative node": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, -3, 4"), "line 9: '-3' in .ELEMENT is not the number"),
    "huge number": ((*SQUARE, "*ELEMENT, TYPE=CPE4", f"1, 1, 2, {10**30}, 4"), "line 9: '1000"),
    "underscore": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 0_3, 4"), "line 9: '0_3' in .ELEMENT is not the number"),
    "too few nodes": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3", "2, 2, 5, 6, 3"), "line 9: element 1 has 3 nodes, and one of type CPE4 has 4"),
    "too many nodes": ((*SQUARE, "*ELEMENT, TYPE=CPE3", "1, 1, 2, 3, 4"), "line 9: element 1 has 4 nodes, and one of type CPE3 has 3"),
    "cut short": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 4", "2, 2, 5,"), "line 10: element 2 has 2 nodes"),
    "collapsed": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 3"), "line 9: element 1 of type CPE4 names a node twice"),
    "unknown node": ((*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 44"), "line 9: element 1 of type CPE4 names the node 44, which is not defined"),
    "node twice": ((*PAIR, "*NODE", "3, 7., 7."), r"line 12: there is a node 3 before \(line 4\)"),
    "element twice": ((*PAIR, "*ELEMENT, TYPE=CPE4", "1, 2, 5, 6, 3"), r"line 12: there is an element 1 before \(line 9\)"),
    "not finite": (("*NODE", "1, 0., nan"), "line 2: 'nan' is not a finite coordinate"),
    "coordinate": (("*NODE", "1, 0., 1.2.3", "2, 1., 0."), "line 2: '1.2.3' is not a finite coordinate"),
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
    "beside a facet": ((*TWO, "*ELEMENT, TYPE=T2D2", "9, 1, 3"), r"line 14: element 9 of type T2D2 \(truss\) is not a facet of the bodies' cells \(quad\)"),
    "beam with a third node": ((*TWO, "*ELEMENT, TYPE=B21", "9, 1, 2, 6"), "line 14: element 9 of type B21 .* is not a facet"),
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
    "shift by words": ((*PART, *assembly(("i", "a, b, c"))), "line 21: 'a, b, c' are not numbers"),
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
        ("bytes", b"*NODE\n\0", "is not a text file"),
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
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=600)
