"""Gmsh's own files, of every version and option: the groups that the model has, by Gmsh's own word."""

from contextlib import contextmanager
from pathlib import Path

import meshio
import numpy as np
import pytest

from continuum.mesh.checks import check_mesh
from continuum.mesh.file import read_file
from continuum.mesh.readers.gmsh_kinds import KINDS, TO_VTK
from continuum.mesh.readers.reading import MeshError, NoGroups
from coupling.errors import InputError
from multiscale.inputs.checks import check_groups
from tests.continuum.abaqus_files import middles

DATA = Path(__file__).parent / "data" / "gmsh"
ELEMENTS = ["triangle", "quadrilateral", "tetrahedron", "hexahedron"]


@contextmanager
def drawn(solid, element="triangle", order=1, incomplete=False):
    """A model of two blocks on one another, with curved sides when of second order; groups overlap."""
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        occ = gmsh.model.occ
        if element == "hexahedron":
            flat = [(2, occ.addDisk(0, 0, 0, 1, 1))]
            for _ in range(2):
                flat = [
                    entity for entity in occ.extrude(flat, 0, 0, 1, numElements=[2], recombine=True) if entity[0] == 2
                ][:1]
        elif solid:
            low, high = occ.addCylinder(0, 0, 0, 0, 0, 1, 1), occ.addCylinder(0, 0, 1, 0, 0, 1, 1)
        else:
            low, high = occ.addDisk(0, 0, 0, 1, 1), occ.addRectangle(-1, 1, 0, 2, 1)
            occ.cut([(2, low)], [(2, occ.addRectangle(-2, 0.5, 0, 4, 4))])
            occ.cut([(2, high)], [(2, occ.addRectangle(-2, -1, 0, 4, 1.5))])
            occ.translate([(2, high)], 0, -0.5, 0)
        top = 3 if solid else 2
        if element != "hexahedron":
            occ.fragment([(top, low)], [(top, high)])
        occ.synchronize()
        bodies = sorted(tag for _, tag in gmsh.model.getEntities(top))
        sides = [{tag for _, tag in gmsh.model.getBoundary([(top, body)], oriented=False)} for body in bodies]
        for name, chosen in (("lower", bodies[:1]), ("upper", bodies[1:]), ("all", bodies)):
            gmsh.model.addPhysicalGroup(top, chosen, name=name)
        gmsh.model.addPhysicalGroup(top - 1, sorted(sides[0] & sides[1]), name="bond")
        gmsh.model.addPhysicalGroup(top - 1, sorted(sides[0] ^ sides[1]), name="skin")
        gmsh.model.addPhysicalGroup(0, [gmsh.model.getEntities(0)[0][1]], name="corner")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.7)
        if element in ("quadrilateral", "hexahedron"):
            gmsh.option.setNumber("Mesh.RecombineAll", 1)
            gmsh.option.setNumber("Mesh.SubdivisionAlgorithm", 1)
        gmsh.option.setNumber("Mesh.SecondOrderIncomplete", int(incomplete))
        gmsh.model.mesh.generate(top)
        gmsh.model.mesh.setOrder(order)
        yield gmsh
    finally:
        gmsh.finalize()


def by_gmsh(gmsh):
    """Nodes of every element of every group, sorted coordinates an element, from Gmsh's interface."""
    tags, where, _ = gmsh.model.mesh.getNodes()
    place = dict(zip(tags.tolist(), np.round(where.reshape(-1, 3), 12).tolist(), strict=True))
    found = {}
    for dimension, tag in gmsh.model.getPhysicalGroups():
        name = gmsh.model.getPhysicalName(dimension, tag)
        rows = []
        for entity in gmsh.model.getEntitiesForPhysicalGroup(dimension, tag):
            for kind, _, nodes in zip(*gmsh.model.mesh.getElements(dimension, entity), strict=True):
                rows += [
                    sorted(map(tuple, (place[n] for n in row))) for row in nodes.reshape(-1, KINDS[kind][1]).tolist()
                ]
        found[name] = sorted(rows)
    return found


def as_read(mesh, groups):
    """The same of a mesh that was read."""
    points = np.round(np.pad(mesh.points, ((0, 0), (0, 3 - mesh.dimension))), 12) + 0.0
    return {name: sorted(sorted(map(tuple, rows)) for rows in points[nodes].tolist()) for name, nodes in groups.items()}


@pytest.mark.parametrize("version", [2.2, 4.0, 4.1])
@pytest.mark.parametrize("solid", [False, True], ids=["plane", "solid"])
def test_every_version_and_option(tmp_path, solid, version):
    with drawn(solid) as gmsh:
        expected = by_gmsh(gmsh)
        corner = expected.pop("corner")
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        for binary in (0, 1) if version != 4.0 else (0,):
            for parametric in (0, 1):
                for everything in (0, 1):
                    gmsh.option.setNumber("Mesh.Binary", binary)
                    gmsh.option.setNumber("Mesh.SaveParametric", parametric)
                    gmsh.option.setNumber("Mesh.SaveAll", everything)
                    path = tmp_path / f"{binary}{parametric}{everything}.msh"
                    gmsh.write(str(path))
                    if version == 2.2 and everything:
                        with pytest.raises(
                            NoGroups,
                            match=r"with Mesh\.SaveAll = 1 Gmsh writes elements without their physical group in version 2\.2",
                        ):
                            read_file(path)
                        continue
                    mesh = read_file(path, ["lower", "upper"])
                    assert as_read(mesh, mesh.cells | mesh.facets) == {k: v for k, v in expected.items() if k != "all"}
                    whole = read_file(path, ["all"])
                    assert as_read(whole, whole.cells) == {"all": expected["all"]}
                    assert list(read_file(path).cells) == ["lower", "upper"]
                    assert "'corner' is of elements of kind vertex" in mesh.refused["corner"] and len(corner) == 1
                    assert any("Mesh.SaveAll = 1" in note for note in mesh.notes) == bool(everything)
                    check_mesh(mesh)


@pytest.mark.parametrize("incomplete", [False, True], ids=["full", "serendipity"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("element", ELEMENTS)
def test_nodes_of_every_kind_come_to_their_places(tmp_path, element, order, incomplete):
    """Against meshio's order of the nodes, curved sides included, in text, in binary, and in Gmsh's Abaqus file."""
    with drawn(element in ELEMENTS[2:], element, order, incomplete) as gmsh:
        for version, binary in ((2.2, 0), (2.2, 1), (4.1, 0), (4.1, 1)):
            gmsh.option.setNumber("Mesh.MshFileVersion", version)
            gmsh.option.setNumber("Mesh.Binary", binary)
            gmsh.write(str(tmp_path / f"{version}{binary}.msh"))
        kinds = {KINDS[kind][0] for kind in gmsh.model.mesh.getElementTypes()}
        if "quad9" not in kinds:  # Abaqus has no such elements
            gmsh.write(str(tmp_path / "a.inp"))
    mesh = read_file(tmp_path / "4.10.msh", ["lower", "upper"])
    source = meshio.read(tmp_path / "4.10.msh")
    # A node that no element has stands in the points of both; each cell is where meshio has it, node by node.
    kind = {"quad9": "quad8", "hexahedron27": "hexahedron20"}.get(mesh.cell, mesh.cell) if incomplete else mesh.cell
    nodes = source.cells_dict[kind][:, : source.cells_dict[kind].shape[1]]
    theirs = {
        tuple(map(tuple, np.round(rows, 12).tolist())) for rows in source.points[nodes][..., : mesh.dimension] + 0.0
    }
    ours = np.vstack(list(mesh.cells.values()))[:, : nodes.shape[1]]
    assert {tuple(map(tuple, np.round(rows, 12).tolist())) for rows in mesh.points[ours] + 0.0} == theirs
    check_mesh(mesh)
    for path in sorted(tmp_path.glob("*")):
        other = read_file(path, ["lower", "upper"])
        for name in ("lower", "upper"):
            np.testing.assert_allclose(other.points[other.cells[name]], mesh.points[mesh.cells[name]], atol=1e-14)
        for name in ("bond", "skin"):
            assert middles(other, other.facets[name]) == middles(mesh, mesh.facets[name])


def test_orders_of_nodes_are_permutations():
    widths = {name: count for name, count in KINDS.values()}
    for name, order in TO_VTK.items():
        assert sorted(order.tolist()) == list(range(widths[name]))


@pytest.mark.parametrize("case", ["parametric_22", "saveall_41"])
def test_cases(case):
    mesh = read_file(DATA / f"{case}.msh", ["lower", "upper"])
    assert {name: len(nodes) for name, nodes in mesh.cells.items()} == {"lower": 38, "upper": 38}
    heights = {name: set(mesh.points[nodes][..., 1].ravel().tolist()) for name, nodes in mesh.facets.items()}
    assert heights == {"bond": {0.0}, "bottom": {-1.0}, "top": {1.0}} and {
        len(nodes) for nodes in mesh.facets.values()
    } == {8}
    sides = [mesh.points[nodes[:, 1:]] - mesh.points[nodes[:, :1]] for nodes in mesh.cells.values()]
    assert [np.abs(np.linalg.det(of)).sum() / 2 for of in sides] == pytest.approx([4.0, 4.0], rel=1e-12)
    check_mesh(mesh)


def test_groups_without_names_are_called_by_their_number_by_check_too(tmp_path):
    with drawn(False) as gmsh:
        for dimension, tag in gmsh.model.getPhysicalGroups():
            gmsh.model.removePhysicalName(gmsh.model.getPhysicalName(dimension, tag))
        gmsh.write(str(tmp_path / "a.msh"))
    check_groups(tmp_path / "a.msh", cells=["1", "2"], facets=["4"], dimension=2)
    assert set(read_file(tmp_path / "a.msh", ["3"]).cells) == {"3"}


def test_what_cannot_be_read_is_said(tmp_path):
    with drawn(False) as gmsh:
        gmsh.option.setNumber("Mesh.MshFileVersion", 1.0)
        gmsh.write(str(tmp_path / "old.msh"))
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.write(str(tmp_path / "good.msh"))
        gmsh.model.mesh.partition(2)
        gmsh.write(str(tmp_path / "parts.msh"))
    text = (tmp_path / "good.msh").read_text()
    entities = text[text.index("$Entities") : text.index("$Nodes")]
    for name, content, words in (
        ("old", None, "is not a Gmsh mesh"),
        ("parts", None, "is partitioned; save it whole"),
        ("three", text.replace("4.1 0 8", "3 0 8"), r"version 3; save it as version 2\.2 or 4\.0 or 4\.1"),
        ("without", text.replace(entities, ""), r"as it has no \$Entities"),
        ("cut", text[: len(text) // 2], r"is cut short, in \$"),
        ("end", text[: text.index("$Elements")], r"has no \$Elements"),
        ("fewer", text.replace("$Nodes\n", "$Nodes\n9"), r"damaged: \$Nodes"),
        ("words", text.replace("$Elements\n", "$Elements\nx "), r"damaged: \$Elements holds words"),
    ):
        if content is not None:
            (tmp_path / f"{name}.msh").write_text(content)
        with pytest.raises(InputError, match=words):
            read_file(tmp_path / f"{name}.msh")


def test_damaged_files_are_refused_or_read_and_never_crash(tmp_path):
    with drawn(False) as gmsh:
        sources = []
        for version, binary in ((2.2, 0), (2.2, 1), (4.0, 0), (4.1, 0), (4.1, 1)):
            gmsh.option.setNumber("Mesh.MshFileVersion", version)
            gmsh.option.setNumber("Mesh.Binary", binary)
            gmsh.write(str(tmp_path / "a.msh"))
            sources.append((tmp_path / "a.msh").read_bytes())
    rng = np.random.default_rng(4)
    refused = 0
    for number in range(300):
        data = bytearray(sources[number % 5])
        at = int(rng.integers(len(data)))
        if number % 3 == 0:
            data = data[:at]
        else:
            for place in rng.integers(len(data), size=3):
                data[place] = int(rng.integers(256))
        (tmp_path / "a.msh").write_bytes(bytes(data))
        try:
            read_file(tmp_path / "a.msh")
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert 100 < refused < 300


def test_an_element_twice_in_a_group_stays_a_fault(tmp_path):
    text = (DATA / "parametric_22.msh").read_text()
    count = int(text.split("$Elements\n")[1].split("\n")[0])
    last = text.split("$EndElements")[0].strip().split("\n")[-1]
    number, rest = last.split(" ", 1)
    doubled = text.replace(f"$Elements\n{count}", f"$Elements\n{count + 1}").replace(
        "$EndElements", f"{int(number) + 1} {rest}\n$EndElements"
    )
    (tmp_path / "a.msh").write_text(doubled)
    with pytest.raises(MeshError, match="twice"):
        check_mesh(read_file(tmp_path / "a.msh", ["lower", "upper"]))
