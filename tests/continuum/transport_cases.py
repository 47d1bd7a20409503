"""Small meshes and transports for the tests of `continuum.transport`."""

import json
import sys

import numpy as np

from continuum.fenics import MPI
from continuum.mesh.specimen_mesh import read_mesh
from continuum.specimens.grid import write_grid
from continuum.transport import HeldSolute, Medium, SoluteLayer, TransportProblem, Trap, diffuse

LENGTH, HEIGHT, DIFFUSIVITY, TEMPERATURE = 1e-3, 1e-4, 1e-9, 300.0
TIME = LENGTH**2 / DIFFUSIVITY


def slab_mesh(path, cells, element="quadrilateral", comm=MPI.COMM_WORLD):
    """A slab of unit length (mm) along x with faces `left` and `right`."""
    if comm.rank == 0:
        write_grid(
            path, [np.linspace(0, 1, cells + 1), np.linspace(0, 0.1, 3)], {"slab": ((0, 1), (0, 0.1))},
            {"left": ((0, 0), (0, 0.1)), "right": ((1, 1), (0, 0.1))}, element=element,
        )  # fmt: skip
    comm.barrier()
    return read_mesh(path, unit=1e-3, bodies=["slab"], comm=comm)


def two_slabs(path, cells, comm=MPI.COMM_WORLD):
    """The same slab of two bodies, `first` and `second`, with the interface `bond` between them."""
    if comm.rank == 0:
        bodies = {"first": ((0, 0.5), (0, 0.1)), "second": ((0.5, 1), (0, 0.1))}
        facets = {"bond": ((0.5, 0.5), (0, 0.1)), "left": ((0, 0), (0, 0.1)), "right": ((1, 1), (0, 0.1))}
        write_grid(
            path, [np.linspace(0, 1, cells + 1), np.linspace(0, 0.1, 5)], bodies, facets, element="triangle"
        )  # fmt: skip
    comm.barrier()
    return read_mesh(path, unit=1e-3, bodies=["first", "second"], comm=comm)


def through(mesh, medium, until, *, layers=(), tolerance=1e-2, largest=np.inf):
    """A membrane with 1 mol/m³ on the left and none on the right, empty at first: its problem and record."""
    boundaries = [HeldSolute("left", concentration=1.0), HeldSolute("right", concentration=0.0)]
    problem = TransportProblem(
        mesh, dict.fromkeys(mesh.bodies, medium), TEMPERATURE, boundaries=boundaries, layers=layers
    )
    problem.start(dict.fromkeys(mesh.bodies, 0.0))
    return problem, diffuse(problem, until, tolerance=tolerance, largest=largest)


def lag(record, resistance=LENGTH / DIFFUSIVITY):
    """Time lag of a membrane, s, from what came out until the flow was steady."""
    return record.times[-1] + record.supplied("right")[-1] * resistance / HEIGHT


def both_kinds(folder):
    """A membrane of two bodies with traps and a layer that stores, delays and conducts: what it held and let through."""
    layer = SoluteLayer("bond", "second", "first", sites=1e-3, energy=-20e3, exchange=1e-5, diffusivity=1e-9)
    medium = Medium(DIFFUSIVITY, sites=1e4, traps=(Trap(2.0, 25e3),))
    _, record = through(
        two_slabs(f"{folder}/two.msh", 8), medium, 0.3 * TIME, layers=[layer], tolerance=np.inf, largest=0.1 * TIME
    )
    return [
        [s.time, s.supplied["left"], s.supplied["right"], *s.totals.values()] for s in record.states
    ], record.mass_error


if __name__ == "__main__":
    found = both_kinds(sys.argv[1])
    if MPI.COMM_WORLD.rank == 0:
        with open(f"{sys.argv[1]}/out.json", "w", encoding="utf-8") as file:
            json.dump(found, file)
