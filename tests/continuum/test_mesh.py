"""Meshes from files: bad ones are refused by name; formats, elements and ranks agree."""

import os
import subprocess
import sys
from pathlib import Path

import meshio
import numpy as np
import pytest

from continuum.fenics import dolfinx, ufl
from continuum.mesh.readers.reading import NoGroups
from continuum.mesh.specimen_mesh import read_mesh
from continuum.specimens.butt_joint import ButtJoint
from coupling.errors import InputError
from tests.continuum.bad_meshes import BAD, HIGH, LOW, SQUARES, turned, write


@pytest.mark.parametrize(("make", "options", "error", "message"), BAD, ids=lambda value: getattr(value, "__name__", ""))
def test_bad_meshes_are_refused_by_name(tmp_path, make, options, error, message):
    make(tmp_path / "bad.msh")
    with pytest.raises(error, match=message) as raised:
        read_mesh(tmp_path / "bad.msh", **{"unit": 1.0, "bodies": ["a", "b"]} | options)
    assert type(raised.value) is error


def test_a_crack_with_doubled_nodes_and_bodies_of_either_orientation_are_accepted(tmp_path):
    """Half of the interface is shared, half is a crack whose two faces have nodes of their own."""
    points = np.vstack([SQUARES, SQUARES[5]])
    above = [[9 if n == 5 else n for n in t][::-1] for t in HIGH]
    write(tmp_path / "crack.msh", points, {"a": LOW, "b": above})
    assert len(read_mesh(tmp_path / "crack.msh", unit=1.0, bodies=["a", "b"]).between("a", "b")) == 1


def volume(mesh):
    local = dolfinx.fem.assemble_scalar(dolfinx.fem.form(dolfinx.fem.Constant(mesh, 1.0) * ufl.dx))
    return mesh.comm.allreduce(local)


def facts(mesh):
    """Volumes of the bodies, facets and area of each group and between the bodies, over all ranks."""
    comm, dim = mesh.mesh.comm, mesh.dimension
    owned = mesh.mesh.topology.index_map(dim - 1).size_local
    groups = mesh.facets | {"between": mesh.between(*mesh.bodies)}
    found = {name: volume(body.mesh) for name, body in mesh.bodies.items()}
    for name, facets in groups.items():
        own = facets[facets < owned]
        found[name] = comm.allreduce(len(own))
    return found


KINDS = ["triangle", "quadrilateral", "tetrahedron", "hexahedron"]


def joint(element, order):
    thickness = 0.5 if element in KINDS[2:] else None
    return ButtJoint(1, 0.5, 1.0, 0.25, thickness=thickness, element=element, order=order)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("element", KINDS)
def test_every_kind_of_element_has_its_volume_and_facets(tmp_path, element, order):
    joint(element, order).write(tmp_path / "joint.msh")
    mesh = read_mesh(tmp_path / "joint.msh", unit=2.0, bodies=["upper", "lower"])
    deep = element in KINDS[2:]
    scale = 8 * 0.5 if deep else 4
    found = facts(mesh)
    assert found["upper"] == pytest.approx(0.5 * scale, rel=1e-12)
    assert found["lower"] == pytest.approx(1.0 * scale, rel=1e-12)
    across = 4 * {"triangle": 1, "quadrilateral": 1, "tetrahedron": 4, "hexahedron": 2}[element]
    assert found["bond"] == found["between"] == found["top"] == across
    np.testing.assert_array_equal(np.sort(mesh.between("lower", "upper")), np.sort(mesh.facet_group("bond")))
    x = mesh.mesh.geometry.x[:, : mesh.dimension]
    element_points = mesh.mesh.geometry.cmaps[0]
    for nodes in mesh.mesh.geometry.dofmaps[0]:  # a straight grid: the map of each cell is affine
        corners = x[nodes]
        reference = element_points.pull_back(corners, corners)
        design = np.column_stack([np.ones(len(reference)), reference])
        np.testing.assert_allclose(design @ np.linalg.lstsq(design, corners)[0], corners, atol=1e-12)


def numbered(source):
    """The same mesh with one integer a cell and no names."""
    return meshio.Mesh(source.points, source.cells, cell_data={"part": source.cell_data["gmsh:physical"]})


def less(kind, nodes):
    """Full second-order quads and hexahedra as serendipity ones, which more formats have."""
    kind, width = {"quad9": ("quad8", 8), "hexahedron27": ("hexahedron20", 20)}.get(kind, (kind, nodes.shape[1]))
    return kind, nodes[:, :width]


def with_sets(source):
    """The same mesh with named sets of cells, one a block."""
    names = {int(value[0]): name for name, value in source.field_data.items()}
    blocks, sets = [], {}
    for block, tags in zip(source.cells, source.cell_data["gmsh:physical"], strict=True):
        for tag in np.unique(tags):
            for other in sets.values():
                other.append(np.array([], dtype=int))
            sets[names[int(tag)]] = [np.array([], dtype=int)] * len(blocks) + [np.arange((tags == tag).sum())]
            blocks.append(less(block.type, block.data[tags == tag]))
    return meshio.Mesh(source.points, blocks, cell_sets=sets)


def with_families(source):
    """The same mesh as Salome has it: one block a kind, a family a group; serendipity if of second order."""
    blocks, families = [], []
    for kind, nodes in source.cells_dict.items():
        blocks.append(less(kind, nodes))
        families.append(-source.cell_data_dict["gmsh:physical"][kind].astype(int))
    mesh = meshio.Mesh(source.points, blocks, cell_data={"cell_tags": families})
    mesh.cell_tags = {-int(value[0]): [name] for name, value in source.field_data.items()}
    mesh.point_tags = {}
    return mesh


def by_gmsh(source, path, element):
    """What Gmsh itself writes as 4.1."""
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.open(str(source))
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()


@pytest.mark.parametrize("suffix", [".msh", ".inp", ".vtk", ".vtu", ".xdmf", ".med"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("element", KINDS)
def test_formats_give_the_same_mesh(tmp_path, element, order, suffix):
    joint(element, order).write(tmp_path / "joint.msh")
    path = tmp_path / f"other{suffix}"
    source = meshio.read(tmp_path / "joint.msh")
    bodies = ["upper", "lower"]
    if suffix == ".msh":
        by_gmsh(tmp_path / "joint.msh", path, element)
    elif suffix == ".inp":
        meshio.write(path, with_sets(source))
    elif suffix == ".med":
        meshio.write(path, with_families(source))
    else:
        meshio.write(path, numbered(source))
        bodies = ["1", "2"]
        if suffix == ".xdmf" and order == 2:
            with pytest.raises(InputError, match="cannot be read.*best as Gmsh"):  # meshio mixes no line3 there
                read_mesh(path, unit=1.0, bodies=bodies)
            return
    expected = facts(read_mesh(tmp_path / "joint.msh", unit=1.0, bodies=["upper", "lower"]))
    found = facts(read_mesh(path, unit=1.0, bodies=bodies))
    names = {str(value[0]): name for name, value in source.field_data.items()}
    assert {names.get(name, name): value for name, value in found.items()} == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("version", [2.2, 4.1])
def test_physical_tags_without_names_and_a_curved_interface(tmp_path, version):
    """A disc in a square, of second order: the tags are the names, the areas those of the circle."""
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        occ = gmsh.model.occ
        square, disc = occ.addRectangle(-1, -1, 0, 2, 2), occ.addDisk(0, 0, 0, 0.5, 0.5)
        _, ((*pieces,), _) = occ.fragment([(2, square)], [(2, disc)])
        occ.synchronize()
        gmsh.model.addPhysicalGroup(2, [disc], 7)
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in pieces if tag != disc], 9)
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.1)
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        gmsh.model.mesh.generate(2)
        gmsh.model.mesh.setOrder(2)
        gmsh.write(str(tmp_path / "disc.msh"))
    finally:
        gmsh.finalize()
    mesh = read_mesh(tmp_path / "disc.msh", unit=1.0, bodies=["7", "9"])
    assert volume(mesh.bodies["7"].mesh) == pytest.approx(np.pi / 4, rel=1e-5)
    assert volume(mesh.bodies["9"].mesh) == pytest.approx(4 - np.pi / 4, rel=1e-5)
    around = mesh.between("9", "7")
    middles = dolfinx.mesh.compute_midpoints(mesh.mesh, 1, around)
    assert len(around) >= 30
    np.testing.assert_allclose(np.hypot(*middles[:, :2].T), 0.5, rtol=0.01)


def test_several_integer_arrays_are_not_guessed_at(tmp_path):
    joint("triangle", 1).write(tmp_path / "joint.msh")
    mesh = numbered(meshio.read(tmp_path / "joint.msh"))
    mesh.cell_data["grain"] = mesh.cell_data["part"]
    meshio.write(tmp_path / "two.vtu", mesh)
    with pytest.raises(NoGroups, match=r"several integer arrays of its cells \(grain, part\)"):
        read_mesh(tmp_path / "two.vtu", unit=1.0, bodies=["1"])


def test_curved_serendipity_cells_keep_their_geometry(tmp_path):
    """A quad8 whose edge bulges as a parabola of height 0.1: area 1 + 2/3 · 0.1."""
    points = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0), (1, 0.5), (0.5, 1.1), (0, 0.5)])
    mesh = meshio.Mesh(points, [("quad8", np.arange(8)[None])], cell_data={"part": [np.array([7])]})
    meshio.write(tmp_path / "one.vtu", mesh)
    found = read_mesh(tmp_path / "one.vtu", unit=1.0, bodies=["7"])
    assert volume(found.mesh) == pytest.approx(1 + 2 / 3 * 0.1, rel=1e-12)


def test_bodies_that_share_nothing_have_no_interface(tmp_path):
    points = np.vstack([SQUARES, SQUARES + (10, 0, 0)])
    write(tmp_path / "apart.msh", points, {"a": LOW + HIGH, "b": [[n + 9 for n in t] for t in LOW + HIGH]})
    mesh = read_mesh(tmp_path / "apart.msh", unit=1.0, bodies=["a", "b"])
    with pytest.raises(InputError, match="'a' and 'b' share no facet"):
        mesh.between("a", "b")
    with pytest.raises(InputError, match="Unknown body 'c'"):
        mesh.between("a", "c")
    with pytest.raises(InputError, match="two bodies, and both were given as 'a'"):
        mesh.between("a", "a")


def on_two_ranks(tmp_path, lines):
    script = tmp_path / "ranks.py"
    script.write_text("import json, sys\nfrom tests.continuum.test_mesh import *\n" + lines)
    launcher = Path(sys.executable).with_name("mpiexec")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run([launcher, "-n", "2", sys.executable, script], check=True, env=environment, timeout=600)


def test_two_ranks_read_the_same_meshes_and_raise_the_same_errors(tmp_path):
    for element in KINDS:
        for order in (1, 2):
            joint(element, order).write(tmp_path / f"{element}{order}.msh")
    turned(tmp_path / "bad.msh")
    lines = f"""
from continuum.fenics import MPI
from continuum.mesh.checks import InvertedElement
folder, comm = Path({str(tmp_path)!r}), MPI.COMM_WORLD
found = {{}}
for path in sorted(folder.glob("*[12].msh")):
    mesh = read_mesh(path, unit=1.0, bodies=["upper", "lower"])
    found[path.name] = facts(mesh)
    assert set(mesh.between("upper", "lower")) == set(mesh.facet_group("bond"))
with pytest.raises(InvertedElement, match="triangle 1 of body 'a'"):
    read_mesh(folder / "bad.msh", unit=1.0, bodies=["a", "b"])
found["ranks"] = comm.allreduce(1)
if comm.rank == 0:
    (folder / "found.json").write_text(json.dumps(found))
"""
    on_two_ranks(tmp_path, lines)
    import json

    found = json.loads((tmp_path / "found.json").read_text())
    assert found.pop("ranks") == 2
    assert len(found) == 8
    for name, values in found.items():
        alone = facts(read_mesh(tmp_path / name, unit=1.0, bodies=["upper", "lower"]))
        assert values == pytest.approx(alone, rel=1e-12)
