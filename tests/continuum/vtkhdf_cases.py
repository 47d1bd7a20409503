"""Joints of every kind of element with a known quadratic displacement, written as VTKHDF."""

import sys
from pathlib import Path

import numpy as np

from continuum.fenics import MPI, dolfinx
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.post.interface_fields import interface_fields
from continuum.post.vtkhdf import BlockFields, VtkHdfFile
from continuum.post.vtkhdf_fields import VtkHdfWriter, cells_of, gathered_grid, nodal
from continuum.solver.problem import CohesiveProblem
from continuum.specimens.butt_joint import ButtJoint
from coupling.laws.bilinear import Bilinear

LAW = Bilinear(1e3, 20e6, 1e13)
ELEMENTS = ("triangle", "quadrilateral", "tetrahedron", "hexahedron")
OPENED, SLID = 2e-5, 3e-5  # m


def bodies(folder, element, order, comm=MPI.COMM_SELF):
    """The mesh of a joint of 1 m × 0.8 m (× 0.4 m), the upper bar 0.5 m of it."""
    thickness = 0.4 if element in ("tetrahedron", "hexahedron") else None
    path = folder / f"{element}-{order}.msh"
    if comm.rank == 0:
        ButtJoint(1.0, 0.5, 0.3, 0.3, thickness=thickness, element=element, order=order).write(path)
    comm.Barrier()
    return read_mesh(path, unit=1.0, bodies=["upper", "lower"], comm=comm)


def joint(folder, element, order=1, comm=MPI.COMM_SELF):
    """Its problem, with linear displacements."""
    mesh = bodies(folder, element, order, comm)
    held = [Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)]
    materials = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(70e9, 0.3))
    return CohesiveProblem(mesh, materials, [Bond("bond", "upper", "lower", LAW)], held)


def moved(points, upper, bent=1e-5):
    """(n, 3) at points (n, 3): quadratic in the coordinates; the upper bar is opened and slid as a whole besides."""
    x, y, z = points.T
    field = bent * np.array([x * y + y**2, x**2 - y * z, z**2 + x * y * 0.5])
    return (field + np.array([SLID, OPENED, 0.0])[:, None] * upper).T


def displaced(folder, element, order, degree):
    """A file of the quadratic displacement alone, in elements of a degree: no form is compiled."""
    mesh, file, blocks = bodies(folder, element, order), VtkHdfFile(folder / "fields.vtkhdf"), {}
    for name, body in mesh.bodies.items():
        field = dolfinx.fem.Function(dolfinx.fem.functionspace(body.mesh, ("P", degree, (mesh.dimension,))))
        field.interpolate(lambda x, upper=name == "upper": moved(x.T, upper).T[: mesh.dimension])
        fine = nodal(field)
        fine.interpolate(field)
        values = fine.x.array.reshape(-1, mesh.dimension)
        grid = gathered_grid(MPI.COMM_SELF, *cells_of(fine.function_space))
        blocks[name] = BlockFields({"displacement": np.pad(values, ((0, 0), (0, 3 - mesh.dimension)))}, {}, grid)
    file.append(1.0, blocks)
    return mesh, file.path


def written(folder, element, order=1, bent=0.0, comm=MPI.COMM_SELF):
    """The problem, and its file of two steps: nothing, and a known displacement at the load 0.25."""
    problem = joint(folder, element, order, comm)
    writer, dim = VtkHdfWriter(problem, folder / "fields.vtkhdf"), problem.mesh.dimension
    for name, field in problem.displacements.items():
        field.interpolate(lambda x, upper=name == "upper": moved(x.T, upper, bent).T[:dim])
    known, owned = problem.vector(), problem.unknowns.owned
    own = [field.x.array[: owned[name]] for name, field in problem.displacements.items()]
    known.setArray(np.concatenate([*own, [0.25] * problem.unknowns.owns_load]))
    for number, x in enumerate((problem.vector(), known), 1):
        problem.commit(x)
        writer.write(x, float(number), interface_fields(problem, x))
    return problem, writer.file.path


if __name__ == "__main__":  # on several ranks
    written(Path(sys.argv[2]), sys.argv[1], bent=1e-5, comm=MPI.COMM_WORLD)
