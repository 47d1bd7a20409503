"""Standard problems: missing atoms or columns of atoms, and a dipole of straight dislocations."""

from itertools import product

import numpy as np
from ase import Atoms

from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError
from multiscale.concurrent.far_field import Dislocations, stiffness_voigt
from multiscale.concurrent.lattice import Lattice, columns, solid
from multiscale.concurrent.problem import Problem


def point_defect(
    potential: Potential,
    crystal: Atoms,
    cells: tuple[int, ...],
    level: int,
    *,
    missing: int = 1,
    line: FloatArray | None = None,
    deformation: FloatArray | None = None,
) -> Problem:
    """A vacancy, or neighbouring atoms missing in a row; with columns, whole columns are missing.

    Args:
        potential: The potential.
        crystal: Its primitive cell of one atom, free of stress.
        cells: Coarsest cells along each lattice vector: two with columns, three without.
        level: The coarsest cells are 2**level lattice cells wide.
        missing: Atoms or columns, in a row along a nearest-neighbour step; 0 leaves the crystal perfect.
        line: Direction of the columns; None is a solid in three dimensions.
        deformation: (3, 3) homogeneous state far away; None is the undeformed crystal.

    Raises:
        InputError: the crystal, the line or the box cannot be used.
    """
    lattice = solid(crystal) if line is None else columns(crystal, line)
    step = lattice.neighbour_steps[-1]
    voids = np.arange(missing)[:, None] * step - (missing // 2) * step
    centre = lattice.vectors[: lattice.dimension].T @ (voids.mean(axis=0) if missing else 0 * step)
    state = np.eye(3) if deformation is None else np.asarray(deformation, dtype=float)
    return Problem(potential, lattice, cells, level, centre[None], voids if missing else None, state)


def dislocation_dipole(
    potential: Potential,
    crystal: Atoms,
    cells: tuple[int, int],
    level: int,
    *,
    line: FloatArray,
    burgers: FloatArray,
    separation: float,
) -> Problem:
    """Two straight edge dislocations of opposite sign on one plane, in the anisotropic field of both.

    The slip plane holds the line and the Burgers vector, halfway between two planes of atoms.

    Args:
        potential: The potential.
        crystal: Its primitive cell of one atom, free of stress.
        cells: Two coarsest cells.
        level: The coarsest cells are 2**level lattice cells wide.
        line: Of the dislocations, Cartesian, a lattice direction.
        burgers: Burgers vector, Å, Cartesian, across the line; a lattice vector.
        separation: Of the two, Å.

    Raises:
        InputError: the Burgers vector is no lattice vector or not across the line, or the separation not positive.
    """
    burgers, line = np.asarray(burgers, dtype=float), np.asarray(line, dtype=float)
    steps = burgers @ np.linalg.inv(crystal.cell.array)
    if np.abs(steps - np.round(steps)).max() > 1e-3:
        raise InputError(f"The Burgers vector {np.round(burgers, 4).tolist()} Å is no lattice vector of the crystal; give one.")
    if abs(burgers @ line) > 1e-6 * np.linalg.norm(burgers) * np.linalg.norm(line) or not separation > 0:
        raise InputError("The dislocations of a dipole are edges: give a Burgers vector across the line, and a positive separation.")
    lattice = columns(crystal, line, burgers)
    repeat, height = _plane(lattice)
    size = float(np.linalg.norm(burgers))
    middle = repeat / 4
    lines = np.array([[middle - separation / 2, -height / 2], [middle + separation / 2, -height / 2]])
    bare = Problem(potential, lattice, cells, level, np.zeros((1, 3)))
    field = Dislocations(stiffness_voigt(bare.law), lines, np.array([[-size, 0, 0], [size, 0, 0]]))
    return Problem(potential, lattice, cells, level, np.pad(lines, ((0, 0), (0, 1))), predictor=field, law=bare.law)


def _plane(lattice: Lattice) -> tuple[float, float]:
    """Repeat of the columns along x within a plane of atoms, and the distance of these planes, Å."""
    steps = np.array([s for s in product(range(-6, 7), repeat=2) if any(s)])
    places = steps @ lattice.vectors[:2, :2]
    along = places[np.abs(places[:, 1]) < 1e-6, 0]
    repeat = float(np.abs(along).min())
    return repeat, lattice.volume / lattice.period / repeat
