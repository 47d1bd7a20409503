"""The VTKHDF file of a specimen, read by h5py: nodes in VTK's order, fields, interfaces, steps."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest

from continuum.post.vtkhdf import BlockFields, Grid, VtkHdfFile
from tests.continuum.vtkhdf_cases import ELEMENTS, LAW, OPENED, SLID, displaced, moved, written

EDGES = {  # VTK User's Guide, "Nonlinear cell types": the corners of each node in the middle of an edge
    22: [(0, 1), (1, 2), (2, 0)],
    28: [(0, 1), (1, 2), (2, 3), (3, 0), (0, 1, 2, 3)],
    24: [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)],
    29: [
        (0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7),
        (0, 3, 4, 7), (1, 2, 5, 6), (0, 1, 4, 5), (2, 3, 6, 7), (0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 2, 3, 4, 5, 6, 7),
    ],
    5: [], 9: [], 10: [], 12: [],
}  # fmt: skip
CORNERS = {5: 3, 9: 4, 10: 4, 12: 8, 22: 3, 28: 4, 24: 4, 29: 8}
LINEAR = dict(zip(ELEMENTS, (5, 9, 10, 12), strict=True))
QUADRATIC = dict(zip(ELEMENTS, (22, 28, 24, 29), strict=True))


def block(file, name):
    """Points, cells and VTK's types of a block, as every step sees them."""
    group = file["VTKHDF"][name]
    offsets = group["Offsets"][()]
    cells = np.array([group["Connectivity"][a:b] for a, b in pairwise(offsets)])
    for offset in ("PartOffsets", "PointOffsets", "CellOffsets", "ConnectivityIdOffsets"):
        assert not np.any(group["Steps"][offset])
    return group["Points"][()], cells, group["Types"][()]


def at_step(file, name, kind, field, step):
    """A field of a block at a step."""
    group = file["VTKHDF"][name]
    rows = len(group["Points"]) if kind == "PointData" else len(group["Types"])
    start = group["Steps"][f"{kind}Offsets"][field][step]
    return group[kind][field][start : start + rows]


def measured(points, cells, kind):
    """The volume of straight cells by their corners; hexahedra and quadrilaterals here are boxes."""
    corners = points[cells[:, : CORNERS[kind]]]
    if kind in (9, 28, 12, 29):
        return np.ptp(corners, axis=1)[:, : 2 if kind in (9, 28) else 3].prod(axis=1)
    sides = corners[:, 1:] - corners[:, :1]
    if kind in (5, 22):
        return np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    return np.abs(np.linalg.det(sides)) / 6


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize(("order", "degree"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_cells_and_displacements_are_those_of_the_elements(element, order, degree, tmp_path):
    mesh, path = displaced(tmp_path, element, order, degree)
    kind = (LINEAR if max(order, degree) == 1 else QUADRATIC)[element]
    depth, dim = 1.0 if mesh.dimension == 2 else 0.4, mesh.dimension
    with h5py.File(path) as file:
        for name, height in (("upper", 0.5), ("lower", 0.3)):
            points, cells, types = block(file, name)
            assert set(types) == {kind} and measured(points, cells, kind).sum() == pytest.approx(
                height * depth, rel=1e-12
            )
            for node, corners in enumerate(EDGES[kind], CORNERS[kind]):
                middle = points[cells[:, list(corners)]].mean(axis=1)
                np.testing.assert_allclose(points[cells[:, node]], middle, atol=1e-12)
            exact = moved(points, name == "upper") * (np.arange(3) < dim)
            found = at_step(file, name, "PointData", "displacement", 0)
            at_nodes = np.unique(cells if degree == 2 else cells[:, : CORNERS[kind]])
            np.testing.assert_allclose(found[at_nodes], exact[at_nodes], atol=1e-17)


@pytest.mark.parametrize("element", ELEMENTS)
def test_an_interface_is_opened_slid_pulled_and_damaged(element, tmp_path):
    """Both bars move by one field, so that the jump is the same everywhere; it is past the law's peak and final openings."""
    problem, path = written(tmp_path, element)
    depth = 1.0 if problem.mesh.dimension == 2 else 0.4
    answer = LAW.evaluate(np.array([[OPENED, -SLID, 0.0]])).traction[0]
    with h5py.File(path) as file:
        points, cells, types = block(file, "bond")
        assert set(types) == {{"triangle": 3, "quadrilateral": 3, "tetrahedron": 5, "hexahedron": 9}[element]}
        assert np.ptp(points[:, 1]) == 0.0 and points[:, 0].min() == 0.0 and points[:, 0].max() == 1.0
        size = np.ptp(points[cells], axis=1)[:, 0] if depth == 1.0 else measured(points, cells, int(types[0]))
        if element == "hexahedron":
            size = np.ptp(points[cells], axis=1)[:, [0, 2]].prod(axis=1)
        assert size.sum() == pytest.approx(depth, rel=1e-12)
        found = {name: at_step(file, "bond", "CellData", name, 1) for name in file["VTKHDF/bond/CellData"]}
        assert np.allclose(found["opening"], OPENED, rtol=1e-9, atol=0)
        np.testing.assert_allclose(found["slip"], np.tile([SLID, 0.0, 0.0], (len(cells), 1)), atol=1e-13)
        traction = np.tile([np.sign(SLID) * np.abs(answer[1]), answer[0], 0.0], (len(cells), 1))
        np.testing.assert_allclose(found["traction"], traction, atol=1e-6 * np.abs(answer).max())
        np.testing.assert_allclose(found["normal_traction"], answer[0], rtol=1e-6)
        largest = np.hypot(OPENED, SLID * LAW.final_opening / LAW.final_slip)
        assert 0 < largest < LAW.final_opening
        np.testing.assert_allclose(found["damage"], largest / LAW.final_opening, rtol=1e-9)
        assert not np.any(at_step(file, "bond", "CellData", "damage", 0))


def test_time_is_the_step_and_the_load_a_field(tmp_path):
    _, path = written(tmp_path, "triangle")
    with h5py.File(path) as file:
        root = file["VTKHDF"]
        assert root.attrs["Type"] == b"MultiBlockDataSet" and list(root["Assembly"]) == ["upper", "lower", "bond"]
        for group in (root, *(root[name] for name in root["Assembly"])):
            assert group["Steps"].attrs["NSteps"] == 2 and list(group["Steps/Values"]) == [1.0, 2.0]
        assert list(root["FieldData/load"]) == [0.0, 0.25] and list(root["Steps/FieldDataOffsets/load"]) == [0, 1]


def test_stress_is_that_of_the_solution(tmp_path):
    problem, path = written(tmp_path, "triangle", bent=1e-5)
    gradient = [field.x.array.reshape(-1, 2) for field in problem.displacements.values()]
    assert all(np.any(one) for one in gradient)
    with h5py.File(path) as file:
        points, cells, _ = block(file, "upper")
        moves = at_step(file, "upper", "PointData", "displacement", 1)
        sides = (points[cells[:, 1:]] - points[cells[:, :1]])[:, :, :2]
        change = np.linalg.solve(sides, (moves[cells[:, 1:]] - moves[cells[:, :1]])[:, :, :2]).transpose(0, 2, 1)
        strain = np.pad(0.5 * (change + change.transpose(0, 2, 1)), ((0, 0), (0, 1), (0, 1)))
        shear, lame = 70e9 / 2.6, 70e9 * 0.3 / (1.3 * 0.4)
        stress = 2 * shear * strain + lame * np.trace(strain, axis1=1, axis2=2)[:, None, None] * np.eye(3)
        found = at_step(file, "upper", "CellData", "stress", 1).reshape(-1, 3, 3)
        np.testing.assert_allclose(found, stress, atol=1e-9 * np.abs(stress).max())


def test_a_mesh_that_changes_is_stored_again(tmp_path):
    """The second step has another mesh, the third the same: offsets say which points and cells are whose."""
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    two, one = (
        Grid(square, np.array([[0, 1, 2], [0, 2, 3]]), "triangle"),
        Grid(square[:3], np.array([[0, 1, 2]]), "triangle"),
    )
    file = VtkHdfFile(tmp_path / "a.vtkhdf")
    for number, (grid, size) in enumerate([(two, 4), (one, 3), (None, 3)], 1):
        file.append(float(number), {"a/b": BlockFields({"u": np.full((size, 3), float(number))}, {}, grid)})
    with h5py.File(file.path) as stored:
        (group,) = (stored["VTKHDF"][name] for name in stored["VTKHDF/Assembly"])
        steps = group["Steps"]
        assert list(group["NumberOfPoints"]) == [4, 3] and list(group["NumberOfCells"]) == [2, 1]
        assert list(steps["PartOffsets"]) == [0, 1, 1] and list(steps["PointOffsets"]) == [0, 4, 4]
        assert steps["CellOffsets"][:, 0].tolist() == [0, 2, 2] and steps["ConnectivityIdOffsets"][:, 0].tolist() == [
            0,
            6,
            6,
        ]
        assert list(steps["PointDataOffsets/u"]) == [0, 4, 7] and len(group["PointData/u"]) == 10
        assert group["Offsets"][()].tolist() == [0, 3, 6, 0, 3]


def test_two_ranks_write_what_one_writes(tmp_path):
    """Cell by cell, whatever their order; each rank has points of its own."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    written(one, "tetrahedron", bent=1e-5)
    launcher = Path(sys.executable).with_name("mpiexec")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [launcher, "-n", "2", sys.executable, "-m", "tests.continuum.vtkhdf_cases", "tetrahedron", two]
    subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parents[2], timeout=600)
    for name, fields in (("upper", ["stress"]), ("bond", ["opening", "slip", "traction", "damage"])):
        found = [by_place(folder / "fields.vtkhdf", name, fields) for folder in (one, two)]
        np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-9 * np.abs(found[0]).max())


def by_place(path, name, fields):
    """(m, …) centres of the cells, their displacements and fields, sorted by the centres."""
    with h5py.File(path) as file:
        points, cells, _ = block(file, name)
        columns = [points[cells].mean(axis=1).round(9)]
        if name != "bond":
            columns.append(1e5 * at_step(file, name, "PointData", "displacement", 1)[cells].mean(axis=1))
        for field in fields:
            values = at_step(file, name, "CellData", field, 1)
            columns.append(values.reshape(len(cells), -1) / max(np.abs(values).max(), 1e-30))
    table = np.concatenate(columns, axis=1)
    return table[np.lexsort(table[:, :3].T)]
