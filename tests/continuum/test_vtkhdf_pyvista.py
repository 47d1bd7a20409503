"""The VTKHDF file of a specimen as PyVista, and with it ParaView, reads it."""

import numpy as np
import pytest
import pyvista

from continuum.post.vtkhdf import BlockFields, Grid, VtkHdfFile
from tests.continuum.vtkhdf_cases import ELEMENTS, OPENED, displaced, moved, written

_LOCATED = 1e-5
"""Of the displacement: VTK finds a point in a quadratic tetrahedron by iteration, to some 1e-6 of the cell."""


def opened(path, step):
    """The data set at a step, counted from 0."""
    reader = pyvista.HDFReader(path)
    reader.reader.SetStep(step)
    return reader.read()


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("order", [1, 2])
def test_inside_the_cells_the_displacement_is_that_of_the_elements(element, order, tmp_path):
    """VTK's own interpolation of quadratic elements gives the quadratic displacement back wherever it is asked."""
    mesh, path = displaced(tmp_path, element, order, 2)
    data, dim = opened(path, 0), mesh.dimension
    rng, depth = np.random.default_rng(3), 1.0 if dim == 2 else 0.4
    for name, low, high in (("upper", 0.0, 0.5), ("lower", -0.3, 0.0)):
        sizes = data[name].compute_cell_sizes()["Area" if dim == 2 else "Volume"]
        assert sizes.min() > 0 and sizes.sum() == pytest.approx((high - low) * depth, rel=1e-9)
        places = rng.uniform([0.01, low + 0.01, 0.01], [0.99, high - 0.01, 0.39], (200, 3)) * (np.arange(3) < dim)
        found = pyvista.PolyData(places).sample(data[name])
        assert found["vtkValidPointMask"].all()
        exact = moved(places, name == "upper") * (np.arange(3) < dim)
        size = np.abs(exact).max()
        np.testing.assert_allclose(found["displacement"], exact, atol=_LOCATED * size)
        bent = exact - moved(places, name == "upper", 0.0)
        assert np.abs(bent).max() > 100 * _LOCATED * size


@pytest.mark.parametrize(("element", "order"), [("triangle", 1), ("triangle", 2), ("tetrahedron", 1)])
def test_bodies_and_interfaces_are_blocks(element, order, tmp_path):
    problem, path = written(tmp_path, element, order)
    data, dim = opened(path, 1), problem.mesh.dimension
    assert list(data.keys()) == ["upper", "lower", "bond"]
    bond = data["bond"]
    np.testing.assert_allclose(bond.cell_data["opening"], OPENED, rtol=1e-9)
    size = bond.compute_cell_sizes()["Length" if dim == 2 else "Area"]
    assert size.sum() == pytest.approx(1.0 if dim == 2 else 0.4, rel=1e-9)
    assert data["upper"].cell_data["stress"].shape == (data["upper"].n_cells, 9)


def test_steps_are_times(tmp_path):
    _, path = written(tmp_path, "quadrilateral")
    reader = pyvista.HDFReader(path)
    reader.reader.UpdateInformation()
    assert reader.reader.GetNumberOfSteps() == 2
    first, second = opened(path, 0), opened(path, 1)
    assert not np.any(first["upper"]["displacement"]) and np.any(second["upper"]["displacement"])
    assert [one.field_data["load"].tolist() for one in (first, second)] == [[0.0], [0.25]]
    assert [one.field_data["Time"].tolist() for one in (first, second)] == [[1.0], [2.0]]


def test_a_mesh_that_changes_is_seen(tmp_path):
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    grids = (
        Grid(square, np.array([[0, 1, 2], [0, 2, 3]]), "triangle"),
        Grid(square[:3], np.array([[0, 1, 2]]), "triangle"),
        None,
    )
    file = VtkHdfFile(tmp_path / "a.vtkhdf")
    for number, (grid, size) in enumerate(zip(grids, (4, 3, 3), strict=True), 1):
        file.append(float(number), {"one": BlockFields({"u": np.full(size, float(number))}, {}, grid)})
    for step, (points, area) in enumerate([(4, 1.0), (3, 0.5), (3, 0.5)]):
        body = opened(file.path, step)["one"]
        assert body.n_points == points and body.compute_cell_sizes()["Area"].sum() == pytest.approx(area)
        assert body["u"].tolist() == [step + 1.0] * points
