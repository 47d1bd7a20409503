"""MED, VTK, VTU and XDMF files of other writers, and what meshio prints on those that it cannot read."""

from pathlib import Path

import h5py
import meshio
import numpy as np
import pytest
import yaml

from continuum.mesh.checks import check_mesh
from continuum.mesh.file import mesh_files, read_file
from continuum.mesh.readers.meshio_formats import read_by_meshio
from continuum.mesh.readers.reading import NoGroups
from coupling.errors import InputError
from multiscale.inputs.checks import check_groups
from multiscale.studies.load import load_study
from tests.continuum.abaqus_files import middles
from tests.continuum.bad_meshes import HIGH, LOW, SQUARES
from tests.continuum.test_mesh_gmsh import ELEMENTS, as_read, by_gmsh, drawn

LINES = np.array([(3, 4), (4, 5), (0, 1)])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("element", ELEMENTS)
def test_med_files_by_the_med_library(tmp_path, element, order):
    """Gmsh writes them with the library that Salome has; a cell in two groups is a family of its own."""
    with drawn(element in ELEMENTS[2:], element, order) as gmsh:
        expected = by_gmsh(gmsh)
        gmsh.write(str(tmp_path / "a.med"))
        gmsh.write(str(tmp_path / "a.msh"))
    mesh = read_file(tmp_path / "a.med", ["lower", "upper"])
    assert as_read(mesh, mesh.cells | mesh.facets) == {k: v for k, v in expected.items() if k not in ("all", "corner")}
    whole = read_file(tmp_path / "a.med", ["all"])
    assert as_read(whole, whole.cells) == {"all": expected["all"]}
    assert "corner" in mesh.refused
    check_mesh(mesh)
    assert insides(mesh) == insides(read_file(tmp_path / "a.msh", ["lower", "upper"]))


def insides(mesh):
    """Each node on an edge, face or inside of a cell, with the corners that it lies between."""
    found = set()
    for nodes in mesh.cells.values():
        points = np.round(mesh.points[nodes], 12) + 0.0
        for places, around in INSIDES.get(mesh.cell, {}).items():
            for cell in points:
                found.add((tuple(cell[places].tolist()), frozenset(tuple(cell[i].tolist()) for i in around)))
    return found


FACES = [(0, 3, 7, 4), (1, 2, 6, 5), (0, 1, 5, 4), (3, 2, 6, 7), (0, 1, 2, 3), (4, 5, 6, 7)]
INSIDES = {  # in VTK's order: VTK User's Guide, "Nonlinear cell types"
    "triangle6": {3: (0, 1), 4: (1, 2), 5: (2, 0)},
    "quad9": {4: (0, 1), 5: (1, 2), 6: (2, 3), 7: (3, 0), 8: (0, 1, 2, 3)},
    "tetra10": {4: (0, 1), 5: (1, 2), 6: (2, 0), 7: (0, 3), 8: (1, 3), 9: (2, 3)},
    "hexahedron27": dict(
        zip(
            range(8, 27),
            [
                *((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)),
                *FACES,
                tuple(range(8)),
            ],
            strict=True,
        )
    ),
}


def in_blocks(**data):
    """Two bodies of triangles and lines, in several blocks, with arrays of the cells."""
    blocks = [("triangle", np.array(LOW)), ("line", LINES[:2]), ("triangle", np.array(HIGH)), ("line", LINES[2:])]
    return meshio.Mesh(
        SQUARES, blocks, cell_data={name: [np.asarray(part) for part in parts] for name, parts in data.items()}
    )


NUMBERS = [[7] * 4, [3, 3], [9] * 4, [4]]


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint8, np.int16])
@pytest.mark.parametrize("suffix", [".vtk", ".vtu", ".xdmf"])
def test_numbered_groups_of_any_integers(tmp_path, suffix, kind):
    source = in_blocks(
        part=[np.array(of, dtype=kind) for of in NUMBERS], share=[np.linspace(0, 1, len(of)) for of in NUMBERS]
    )
    if suffix == ".xdmf":
        source = meshio.Mesh(
            SQUARES,
            [("triangle", np.array(LOW + HIGH)), ("line", LINES)],
            cell_data={"part": [np.array([7] * 4 + [9] * 4, dtype=kind), np.array([3, 3, 4], dtype=kind)]},
        )
    meshio.write(tmp_path / f"a{suffix}", source)
    mesh = read_file(tmp_path / f"a{suffix}")
    assert {name: len(nodes) for name, nodes in mesh.cells.items()} == {"7": 4, "9": 4}
    assert {name: middles(mesh, nodes) for name, nodes in mesh.facets.items()} == {
        "3": [(0.5, 1.0), (1.5, 1.0)],
        "4": [(0.5, 0.0)],
    }
    check_groups(tmp_path / f"a{suffix}", cells=["7", "9"], facets=["3"], dimension=2)


def test_an_array_of_one_column_numbers_groups_too(tmp_path):
    """As Gmsh writes the entities into VTK."""
    with drawn(False) as gmsh:
        gmsh.write(str(tmp_path / "a.vtk"))
        entities = {str(tag): len(gmsh.model.mesh.getElements(2, tag)[1][0]) for _, tag in gmsh.model.getEntities(2)}
    assert {name: len(nodes) for name, nodes in read_file(tmp_path / "a.vtk").cells.items()} == entities


def test_arrays_that_number_nothing(tmp_path):
    meshio.write(tmp_path / "real.vtu", in_blocks(part=[np.array(of, dtype=float) for of in NUMBERS]))
    with pytest.raises(NoGroups, match="no integer array of its cells that could number the groups, only part"):
        read_file(tmp_path / "real.vtu")
    meshio.write(tmp_path / "none.vtu", in_blocks())
    with pytest.raises(NoGroups, match="has no named groups"):
        read_file(tmp_path / "none.vtu")
    pair = [np.zeros((len(of), 2), dtype=int) for of in NUMBERS]
    meshio.write(tmp_path / "pairs.vtu", in_blocks(pair=pair, part=[np.array(of) for of in NUMBERS]))
    assert set(read_file(tmp_path / "pairs.vtu").cells) == {"7", "9"}
    tagged = in_blocks(**{"gmsh:physical": [np.array(of) for of in NUMBERS], "grain": [np.array(of) for of in NUMBERS]})
    meshio.write(tmp_path / "two.vtu", tagged)
    mesh = read_file(tmp_path / "two.vtu")
    assert set(mesh.cells) == {"7", "9"} and "as gmsh:physical names them" in mesh.refused["grain"]


def salome(path, families, of, nodes=None, node_families=None):
    """A MED file by meshio: families of the cells, and of the nodes."""
    mesh = meshio.Mesh(
        SQUARES[:, :2], [("triangle", np.array(LOW + HIGH)), ("line", LINES)], cell_data={"cell_tags": of}
    )
    mesh.cell_tags, mesh.point_tags = families, node_families or {}
    if nodes is not None:
        mesh.point_data["point_tags"] = np.asarray(nodes)
    meshio.write(path, mesh)


def test_med_families_of_several_groups_and_of_nodes(tmp_path):
    cells = [np.array([-1] * 3 + [-2] + [-3] * 4), np.array([-4, -4, 0])]
    nodes = [5, 5, 5, 0, 0, 0, 6, 6, 6]
    families = {-1: ["low"], -2: ["low", "corner"], -3: ["high"], -4: ["bond"]}
    salome(tmp_path / "a.med", families, cells, nodes, {5: ["bottom", "both"], 6: ["both"]})
    mesh = read_file(tmp_path / "a.med", ["low", "high"])
    assert {name: len(rows) for name, rows in mesh.cells.items()} == {"low": 4, "high": 4}
    assert {name: middles(mesh, rows) for name, rows in mesh.facets.items()} == {
        "bond": [(0.5, 1.0), (1.5, 1.0)],
        "bottom": [(0.5, 0.0), (1.5, 0.0)],
        "both": [(0.5, 0.0), (0.5, 2.0), (1.5, 0.0), (1.5, 2.0)],
    }
    assert set(read_file(tmp_path / "a.med").cells) == {"low", "high"}
    assert len(read_file(tmp_path / "a.med", ["corner", "high"]).others) == 3


def test_med_without_families_of_one_kind(tmp_path):
    """MED leaves out the families of a kind of element of which none is in a group."""
    salome(tmp_path / "a.med", {-1: ["low"], -3: ["high"]}, [np.array([-1] * 4 + [-3] * 4), np.zeros(3, dtype=int)])
    with h5py.File(tmp_path / "a.med", "r+") as file:
        found = []
        file.visit(lambda name: found.append(name) if name.endswith("SE2/FAM") else None)
        del file[found[0]]
    mesh = read_file(tmp_path / "a.med")
    assert {name: len(nodes) for name, nodes in mesh.cells.items()} == {"low": 4, "high": 4} and not mesh.facets


def test_what_meshio_prints_is_the_reason(tmp_path, capfd):
    """It prints and leaves; no status, no stray line remains, and the sentence says what it said."""
    (tmp_path / "a.vtu").write_text("<VTKFile type='Other'></VTKFile>")
    (tmp_path / "a.vtk").write_text("nothing\n")
    (tmp_path / "a.unv").write_text("    -1\n")
    (tmp_path / "a.mesh").write_text("MeshVersionFormatted 2\nNonsense\n")
    for name, words in {
        "a.vtu": "Expected type UnstructuredGrid",
        "a.vtk": "cannot be read",
        "a.unv": "Could not deduce file format",
        "a.mesh": "cannot be read .Unknown keyword 'Nonsense'",
    }.items():
        with pytest.raises(InputError, match=words) as raised:
            read_file(tmp_path / name)
        text = str(raised.value)
        assert "\n" not in text and "SystemExit" not in text and text.endswith("best as Gmsh .msh 4.1.")
    assert capfd.readouterr() == ("", "")


def test_an_interrupt_while_meshio_reads_stays_one(tmp_path, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(meshio, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_by_meshio(tmp_path / "a.vtu")


def test_what_meshio_says_of_a_file_that_it_reads_is_a_note(tmp_path, monkeypatch, capfd):
    read = meshio.read

    def talking(path):
        meshio._common.warn("Something was left out.")
        return read(path)

    meshio.write(tmp_path / "a.vtu", in_blocks(part=[np.array(of) for of in NUMBERS]))
    monkeypatch.setattr(meshio, "read", talking)
    assert read_file(tmp_path / "a.vtu").notes == ("meshio says of the file: Something was left out.",)
    assert capfd.readouterr() == ("", "")


def test_what_is_no_med_file_of_one_mesh(tmp_path):
    (tmp_path / "text.med").write_bytes(b"no HDF5")
    salome(tmp_path / "good.med", {-1: ["low"]}, [np.full(8, -1), np.zeros(3, dtype=int)])
    for name in ("two", "none", "polygons", "cut", "odd"):
        (tmp_path / f"{name}.med").write_bytes((tmp_path / "good.med").read_bytes())
    with h5py.File(tmp_path / "two.med", "r+") as file:
        file.copy("ENS_MAA/" + next(iter(file["ENS_MAA"])), "ENS_MAA/other")
    with h5py.File(tmp_path / "none.med", "r+") as file:
        del file["ENS_MAA"]
    with h5py.File(tmp_path / "polygons.med", "r+") as file:
        found = []
        file.visit(lambda name: found.append(name) if name.endswith("MAI/TR3") else None)
        file.move(found[0], found[0].replace("TR3", "POG"))
    with h5py.File(tmp_path / "odd.med", "r+") as file:
        data = file[found[0]]
        del data["NOD"]
        data["NOD"] = np.arange(1, 24)
    data = (tmp_path / "good.med").read_bytes()
    (tmp_path / "cut.med").write_bytes(data[: len(data) // 2])
    for name, words in {
        "text": "cannot be read as MED .OSError: .*signature not found",
        "two": "holds 2 meshes .*other",
        "none": "holds 0 meshes",
        "polygons": "elements of MED's type POG; valid: PO1, SE2",
        "cut": "cannot be read as MED",
        "odd": "23 entries, no multiple of 3",
    }.items():
        with pytest.raises(InputError, match=words) as raised:
            read_file(tmp_path / f"{name}.med")
        assert "\n" not in str(raised.value)


def test_the_hdf5_file_of_an_xdmf_belongs_to_the_mesh(tmp_path):
    """A run is addressed by its content, too."""
    blocks = [("triangle", np.array(LOW + HIGH)), ("line", LINES)]
    part = [np.array([7] * 4 + [9] * 4), np.array([3, 3, 4])]
    meshio.write(tmp_path / "right.xdmf", meshio.Mesh(SQUARES, blocks, cell_data={"part": part}))
    assert mesh_files(tmp_path / "right.xdmf") == (tmp_path / "right.xdmf", tmp_path / "right.h5")
    assert mesh_files(tmp_path / "right.msh") == (tmp_path / "right.msh",)
    study = yaml.safe_load((Path(__file__).parent / "data" / "abaqus" / "silent_right.yaml").read_text())
    study |= {"mesh": "right.xdmf", "bodies": {"9": study["bodies"]["upper"], "7": study["bodies"]["lower"]}}
    study["interfaces"] = {"3": study["interfaces"]["bond"] | {"plus": "9", "minus": "7"}}
    study |= {"supports": [{"group": "4", "component": "y"}], "loads": [{"group": "3", "component": "y"}]}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(study))
    assert load_study(tmp_path / "a.yaml").files() == (tmp_path / "right.xdmf", tmp_path / "right.h5")
