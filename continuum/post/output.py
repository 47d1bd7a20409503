"""Fields of a state: displacement and stress of the bodies, evaluated, and gathered for pictures."""

import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import PETSc, dolfinx
from continuum.materials import cauchy_stress
from continuum.post.interface_fields import InterfaceFields
from continuum.post.solute_fields import SoluteFields
from continuum.solver.problem import CohesiveProblem
from coupling.contracts import FloatArray

_OF_HDF5 = 64 * 1024  # bytes in a file beside the numbers


@dataclass(frozen=True)
class Snapshot:
    """One body's mesh and fields, gathered on rank 0 (empty elsewhere).

    Attributes:
        points: (n, dim) reference coordinates, m.
        cells: (m, corners) point indices of each cell's vertices.
        displacement: (n, dim) m.
        stress: (m, 3, 3) Pa, true stress, mean of each cell.
    """

    points: FloatArray
    cells: NDArray[np.int64]
    displacement: FloatArray
    stress: FloatArray


class FieldWriter:
    """Evaluates the fields of a problem's states. This one writes nothing; `XdmfWriter` and `VtkHdfWriter` do.

    Args:
        problem: The problem.
    """

    def __init__(self, problem: CohesiveProblem) -> None:
        self.problem = problem
        self.shown, self.stresses, self._expressions = {}, {}, {}
        for name, field in problem.displacements.items():
            mesh = field.function_space.mesh
            nodal = dolfinx.fem.functionspace(mesh, ("P", mesh.geometry.cmaps[0].degree, (mesh.geometry.dim,)))
            self.shown[name] = dolfinx.fem.Function(nodal, name="displacement")
            cellwise = dolfinx.fem.functionspace(mesh, ("DG", 0, (3, 3)))
            self.stresses[name] = dolfinx.fem.Function(cellwise, name="stress")
            if name in problem.bulk.memories:
                continue
            stress = cauchy_stress(problem.bulk.elastic(name), problem.bulk.gradient(name), problem.bulk.values[name])
            self._expressions[name] = dolfinx.fem.Expression(stress, cellwise.element.interpolation_points)

    def update(self, x: "PETSc.Vec") -> None:
        """Evaluate displacement and stress at a state."""
        self.problem.update(x)
        for name, field in self.problem.displacements.items():
            self.shown[name].interpolate(field)
            if name in self._expressions:
                self.stresses[name].interpolate(self._expressions[name])
            else:
                self.stresses[name].x.array[:] = self.problem.bulk.cell_stress(name).ravel()

    def write(
        self, x: "PETSc.Vec", time: float, interfaces: Sequence[InterfaceFields], solute: SoluteFields | None = None
    ) -> None:
        """Write a state.

        Args:
            x: The state.
            time: Its time value, larger than that of the last.
            interfaces: What this rank's facets were like then (`interface_fields`).
            solute: Where a solute was then (`solute_fields`): of all states or of none.

        Raises:
            OSError: the disk is full; on all ranks, and before HDF5, which ends the process when it cannot close a file.
        """

    def _require_space(self, folder: Path, own: int) -> None:
        """Raise unless a folder's disk takes some bytes of each rank."""
        wanted = self.problem.comm.allreduce(own) + _OF_HDF5
        if self.problem.comm.bcast(shutil.disk_usage(folder).free) < wanted:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    def snapshot(self, x: "PETSc.Vec") -> dict[str, Snapshot]:
        """All bodies' meshes and fields at a state, on rank 0."""
        self.update(x)
        return {name: self._gather(name) for name in self.shown}

    def _gather(self, name: str) -> Snapshot:
        shown, comm = self.shown[name], self.problem.comm
        mesh = shown.function_space.mesh
        topology, dim = mesh.topology, mesh.geometry.dim
        owned = topology.index_map(topology.dim).size_local
        corners = dolfinx.cpp.mesh.cell_num_vertices(topology.cell_type)
        points = mesh.geometry.x[:, :dim]
        values = np.zeros_like(points)
        values[mesh.geometry.dofmaps[0]] = shown.x.array.reshape(-1, dim)[shown.function_space.dofmap.list]
        stress = self.stresses[name].x.array.reshape(-1, 3, 3)[:owned]
        parts = comm.gather((points, mesh.geometry.dofmaps[0][:owned, :corners], values, stress))
        if comm.rank != 0:
            empty = np.empty((0, dim))
            return Snapshot(empty, np.empty((0, corners), dtype=np.int64), empty, np.empty((0, 3, 3)))
        offsets = np.cumsum([0] + [len(p[0]) for p in parts])
        cells = np.concatenate([p[1] + o for p, o in zip(parts, offsets[:-1], strict=True)])
        points, _, values, stress = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Snapshot(points, cells, values, stress)
