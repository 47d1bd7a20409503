"""Parts, instances and assemblies of Abaqus input files."""

import numpy as np
import pytest
from typer.testing import CliRunner

from continuum.mesh.file import read_file
from continuum.mesh.inspect import inspect_mesh
from continuum.mesh.readers.reading import MeshError, UnownedCells
from continuum.mesh.specimen_mesh import read_mesh
from coupling.errors import InputError
from multiscale.cli import app
from multiscale.inputs.checks import check_groups
from tests.continuum.abaqus_files import CUBE, DATA, PART, assembly, inp, middles


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
