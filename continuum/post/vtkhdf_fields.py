"""Fields of bodies and interfaces in one VTKHDF file."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import PETSc, dolfinx, ufl
from continuum.post.interface_fields import InterfaceFields
from continuum.post.output import FieldWriter
from continuum.post.solute_fields import SoluteFields
from continuum.post.vtkhdf import BlockFields, Grid, VtkHdfFile
from continuum.solver.problem import CohesiveProblem
from coupling.contracts import FloatArray


class VtkHdfWriter(FieldWriter):
    """Writes one file: a block a body with displacement and stress, a block an interface with `InterfaceFields`,
    and with a solute its concentration and coverage.

    A body's block has the nodes of its displacement's elements, or of its mesh where that is of higher order. Time is that
    of the state, and `load` its load parameter. Rank 0 gathers and writes.

    Args:
        problem: The problem whose states are written.
        path: The file.
    """

    def __init__(self, problem: CohesiveProblem, path: Path) -> None:
        super().__init__(problem)
        self.file, self._first = VtkHdfFile(path), True
        self._fine = {name: nodal(field) for name, field in problem.displacements.items()}
        self._grids = {
            name: gathered_grid(problem.comm, *cells_of(one.function_space)) for name, one in self._fine.items()
        }
        for bond, interface in zip(problem.bonds, problem.interfaces, strict=True):
            facets = _facets(problem.mesh.mesh, interface.kinematics.facets)
            self._grids[_apart(bond.name, problem)] = gathered_grid(problem.comm, *facets)

    def write(
        self, x: "PETSc.Vec", time: float, interfaces: Sequence[InterfaceFields], solute: SoluteFields | None = None
    ) -> None:
        """Write all fields at a state; see `FieldWriter`."""
        self.update(x)
        comm, blocks = self.problem.comm, dict[str, BlockFields]()
        for name, field in self.problem.displacements.items():
            self._fine[name].interpolate(field)
            moved = self._fine[name].x.array.reshape(-1, self.problem.mesh.dimension)
            mesh = field.function_space.mesh
            owned = mesh.topology.index_map(mesh.topology.dim).size_local
            stress = self.stresses[name].x.array.reshape(-1, 3, 3)[:owned]
            nodal_ones = {"displacement": _in_space(moved)}
            if solute is not None:
                nodal_ones["concentration"] = self._spread(name, solute.concentrations[name])
            blocks[name] = BlockFields(_gathered(comm, nodal_ones), _gathered(comm, {"stress": stress}))
        for bond, one in zip(self.problem.bonds, interfaces, strict=True):
            columns = {item.name: getattr(one, item.name) for item in fields(one)}
            if solute is not None and bond.name in solute.coverages:
                columns["coverage"] = solute.coverages[bond.name]
            blocks[_apart(bond.name, self.problem)] = BlockFields({}, _gathered(comm, columns))
        self._append(time, blocks, self.problem.load_parameter(x))

    def _spread(self, name: str, concentration: FloatArray) -> FloatArray:
        """(n,) a concentration at a body's nodes, from the nodes of its linear elements."""
        fine, dim = self._fine[name], self.problem.mesh.dimension
        linear = dolfinx.fem.Function(dolfinx.fem.functionspace(fine.function_space.mesh, ("P", 1)))
        linear.x.array[:] = concentration
        space: Any = fine.function_space
        first = ufl.as_vector([linear, *[0.0 * linear] * (dim - 1)])
        fine.interpolate(dolfinx.fem.Expression(first, space.element.interpolation_points))
        return fine.x.array.reshape(-1, dim)[:, 0].copy()

    def _append(self, time: float, blocks: Mapping[str, BlockFields], load: float) -> None:
        """Write a step on rank 0, the first one with the grids; all ranks raise its error."""
        first = self._first
        size = sum(values.nbytes for one in blocks.values() for values in (*one.points.values(), *one.cells.values()))
        if first:
            size += sum(grid.points.nbytes + grid.cells.nbytes for grid in self._grids.values())
        self._require_space(self.file.path.parent, size)
        if first:
            blocks = {name: BlockFields(one.points, one.cells, self._grids[name]) for name, one in blocks.items()}
        error: OSError | None = None
        if self.problem.comm.rank == 0:
            try:
                self.file.append(time, blocks, load=load)
            except OSError as failed:
                error = failed
        error = self.problem.comm.bcast(error)
        if error is not None:
            raise error
        self._first = False


def _apart(name: str, problem: CohesiveProblem) -> str:
    """The name of an interface's block, another than any body's."""
    return f"interface {name}" if name in problem.mesh.bodies else name


def nodal(field: "dolfinx.fem.Function") -> "dolfinx.fem.Function":
    """A displacement with the nodes of its elements, or of the mesh's cells where these have more."""
    space: Any = field.function_space
    geometry = space.mesh.geometry
    degree = max(space.element.basix_element.degree, geometry.cmaps[0].degree)
    return dolfinx.fem.Function(dolfinx.fem.functionspace(space.mesh, ("P", degree, (geometry.dim,))))


def cells_of(space: Any) -> tuple[FloatArray, NDArray[Any], str]:
    """This rank's nodes, its owned cells in VTK's order, and their shape."""
    topology = space.mesh.topology
    owned = topology.index_map(topology.dim).size_local
    nodes = space.dofmap.list[:owned]
    order = np.argsort(dolfinx.cpp.io.perm_vtk(topology.cell_type, nodes.shape[1]))
    return space.tabulate_dof_coordinates(), nodes[:, order], topology.cell_type.name


def _facets(mesh: "dolfinx.mesh.Mesh", facets: NDArray[np.int32]) -> tuple[FloatArray, NDArray[Any], str]:
    """The same of some facets."""
    dim = mesh.topology.dim - 1
    kind = dolfinx.cpp.mesh.cell_entity_type(mesh.topology.cell_type, dim, 0)
    nodes = dolfinx.cpp.mesh.entities_to_geometry(mesh._cpp_object, dim, facets, False)
    order = np.argsort(dolfinx.cpp.io.perm_vtk(kind, nodes.shape[1]))
    used, where = np.unique(nodes[:, order], return_inverse=True)
    return mesh.geometry.x[used], where.reshape(nodes.shape), kind.name


def gathered_grid(comm: Any, points: FloatArray, cells: NDArray[Any], shape: str) -> Grid:
    """All ranks' cells on rank 0, each on its own points; of no meaning elsewhere."""
    parts = comm.gather((points, cells)) or [(points, cells)]
    starts = np.cumsum([0, *(len(places) for places, _ in parts)])
    joined = np.concatenate([own + start for (_, own), start in zip(parts, starts[:-1], strict=True)])
    return Grid(np.concatenate([places for places, _ in parts]), joined, shape)


def _gathered(comm: Any, columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """All ranks' rows on rank 0; its own elsewhere."""
    parts = comm.gather(columns) or [columns]
    return {name: np.concatenate([part[name] for part in parts]) for name in columns}


def _in_space(vectors: FloatArray) -> FloatArray:
    """(n, 3) of vectors (n, dim)."""
    return np.pad(vectors, ((0, 0), (0, 3 - vectors.shape[1])))
