"""Fields of several meshes in one VTKHDF file, step after step, which ParaView and PyVista open.

The format is VTK's: a `MultiBlockDataSet` whose blocks are `UnstructuredGrid`s with steps
(https://docs.vtk.org/en/latest/vtk_file_formats/vtkhdf_file_format/index.html). The mesh of a step is stored where it
differs from that of the step before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.file_names import file_name

if TYPE_CHECKING:
    import h5py

IntArray = NDArray[np.int64]
_VERSION = (2, 2)
_FEWEST_ROWS, _MOST_ROWS = 16, 8192
"""Rows of a chunk."""
_MESH_SIZES = ("NumberOfPoints", "NumberOfCells", "NumberOfConnectivityIds")
_MESH_OFFSETS = ("PointOffsets", "CellOffsets", "ConnectivityIdOffsets")

VTK_TYPES = {
    ("point", 1): 1, ("interval", 2): 3, ("interval", 3): 21, ("triangle", 3): 5, ("triangle", 6): 22,
    ("quadrilateral", 4): 9, ("quadrilateral", 9): 28, ("tetrahedron", 4): 10, ("tetrahedron", 10): 24,
    ("hexahedron", 8): 12, ("hexahedron", 27): 29,
}  # fmt: skip
"""VTK's number of a cell, by its shape and its number of nodes."""


@dataclass(frozen=True)
class Grid:
    """A mesh of cells of one kind.

    Attributes:
        points: (n, 3) in any unit.
        cells: (m, nodes) points of each cell, in VTK's order.
        shape: A shape of `VTK_TYPES`.
    """

    points: FloatArray = field(repr=False)
    cells: IntArray = field(repr=False)
    shape: str

    @property
    def vtk_type(self) -> int:
        """VTK's number of its cells."""
        return VTK_TYPES[self.shape, self.cells.shape[1]]


@dataclass(frozen=True)
class BlockFields:
    """The fields of one block at one step.

    Attributes:
        points: (n, …) at the points, by name.
        cells: (m, …) of the cells, by name.
        grid: The mesh, where it is not that of the step before.
    """

    points: Mapping[str, FloatArray] = field(default_factory=dict)
    cells: Mapping[str, FloatArray] = field(default_factory=dict)
    grid: Grid | None = None


def simplex_grid(points: FloatArray, simplices: IntArray) -> Grid:
    """The grid of triangles or tetrahedra (m, d + 1) on points (n, 3)."""
    return Grid(points, simplices, "triangle" if simplices.shape[1] == 3 else "tetrahedron")


class VtkHdfFile:
    """A file that grows by one step at a time, and is closed and whole between two steps; the first step makes it.

    Args:
        path: The file; one that is there is replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._begun = path, False

    def append(self, time: float, fields: Mapping[str, BlockFields], **said: float) -> None:
        """Write a step.

        Args:
            time: Its time value, larger than the last.
            fields: Of every block, the same blocks and names at each step; at the first one with their grids.
            said: Numbers of the step, which become field data of the whole.

        Raises:
            OSError: it cannot be written.
        """
        import h5py

        with h5py.File(self.path, "r+" if self._begun else "w", libver="latest") as file:
            root = file["VTKHDF"] if self._begun else _new_file(file, fields)
            for name, one in fields.items():
                _append(root[file_name(name)], time, one)
            for name, number in said.items():
                _append_values(root, "FieldData", name, np.array([number]))
                _extend(root["Steps"].require_group("FieldDataSizes"), name, np.array([[1, 1]]))
            _end_step(root, time)
        self._begun = True


def _new_file(file: "h5py.File", blocks: Iterable[str]) -> "h5py.Group":
    import h5py

    root = _typed(file.create_group("VTKHDF", track_order=True), "MultiBlockDataSet")
    assembly = root.create_group("Assembly", track_order=True)
    for name in map(file_name, blocks):
        _typed(root.create_group(name, track_order=True), "UnstructuredGrid")
        assembly[name] = h5py.SoftLink(f"/VTKHDF/{name}")
    return root


def _typed(group: "h5py.Group", kind: str) -> "h5py.Group":
    group.attrs["Version"] = _VERSION
    group.attrs.create("Type", np.bytes_(kind))
    group.create_group("Steps").attrs["NSteps"] = 0
    return group


def _append(group: "h5py.Group", time: float, fields: BlockFields) -> None:
    steps = group["Steps"]
    if fields.grid is not None:
        _append_grid(group, steps, fields.grid)
    else:
        for name in ("PartOffsets", *_MESH_OFFSETS):
            _extend(steps, name, steps[name][-1:])
    _extend(steps, "NumberOfParts", np.array([1]))
    for kind, columns in (("PointData", fields.points), ("CellData", fields.cells)):
        for name, values in columns.items():
            flat = values.reshape(len(values), -1) if values.ndim > 1 else values  # tensors have nine components
            _append_values(group, kind, name, flat)
    _end_step(group, time)


def _end_step(group: "h5py.Group", time: float) -> None:
    steps = group["Steps"]
    _extend(steps, "Values", np.array([time]))
    steps.attrs["NSteps"] = len(steps["Values"])


def _append_grid(group: "h5py.Group", steps: "h5py.Group", grid: Grid) -> None:
    count, nodes = grid.cells.shape
    _extend(steps, "PartOffsets", np.array([_rows(group, "NumberOfPoints")]))
    _extend(steps, "PointOffsets", np.array([_rows(group, "Points")]))
    _extend(steps, "CellOffsets", np.array([[_rows(group, "Types")]]))
    _extend(steps, "ConnectivityIdOffsets", np.array([[_rows(group, "Connectivity")]]))
    for name, size in zip(_MESH_SIZES, (len(grid.points), count, count * nodes), strict=True):
        _extend(group, name, np.array([size]))
    _extend(group, "Points", grid.points)
    _extend(group, "Connectivity", grid.cells.ravel().astype(np.int64))
    _extend(group, "Offsets", nodes * np.arange(count + 1))
    _extend(group, "Types", np.full(count, grid.vtk_type, dtype=np.uint8))


def _append_values(group: "h5py.Group", kind: str, name: str, values: NDArray[Any]) -> None:
    data, offsets = group.require_group(kind), group["Steps"].require_group(f"{kind}Offsets")
    _extend(offsets, name, np.array([_rows(data, name)]))
    _extend(data, name, values)


def _rows(group: "h5py.Group", name: str) -> int:
    return len(group[name]) if name in group else 0


def _extend(group: "h5py.Group", name: str, values: NDArray[Any]) -> None:
    """Append rows to a dataset that grows along its first axis, and is made with the first ones."""
    shape, rows = values.shape[1:], _rows(group, name)
    if name not in group:
        chunk = int(np.clip(len(values), _FEWEST_ROWS, _MOST_ROWS))
        group.create_dataset(name, (0, *shape), values.dtype, maxshape=(None, *shape), chunks=(chunk, *shape))
    group[name].resize(rows + len(values), axis=0)
    group[name][rows:] = values
