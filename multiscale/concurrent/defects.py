"""Standard problems: missing atoms or columns of atoms, a dipole of straight dislocations, a crack."""

import numpy as np
from ase import Atoms

from atomistic.cauchy_born import cauchy_born_law
from atomistic.dislocation.stroh import Stroh
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError
from multiscale.concurrent.far_field import CrackTip, Dislocations, griffith_intensity, stiffness_voigt
from multiscale.concurrent.lattice import columns, solid
from multiscale.concurrent.problem import Problem, reach_beyond


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
        raise InputError(
            f"The Burgers vector {np.round(burgers, 4).tolist()} Å is not a lattice vector of the crystal; give one."
        )
    if abs(burgers @ line) > 1e-6 * np.linalg.norm(burgers) * np.linalg.norm(line) or not separation > 0:
        raise InputError(
            "The dislocations of a dipole are edges: give a Burgers vector across the line, and a positive separation."
        )
    lattice = columns(crystal, line, burgers)
    repeat, height = lattice.rows
    size = float(np.linalg.norm(burgers))
    middle = repeat / 4
    lines = np.array([[middle - separation / 2, -height / 2], [middle + separation / 2, -height / 2]])
    bare = Problem(potential, lattice, cells, level, np.zeros((1, 3)))
    field = Dislocations(stiffness_voigt(bare.law), lines, np.array([[-size, 0, 0], [size, 0, 0]]))
    return Problem(potential, lattice, cells, level, np.pad(lines, ((0, 0), (0, 1))), predictor=field, law=bare.law)


def crack(
    potential: Potential,
    crystal: Atoms,
    cells: tuple[int, int],
    level: int,
    *,
    line: FloatArray,
    plane: FloatArray,
    surface_energy: float,
    load: float = 1.0,
    atomistic_faces: float | None = None,
) -> Problem:
    """A sharp crack in mode I, its tip in the middle of the box, in the anisotropic field of K.

    The continuum knows no surface energy: the faces stay atomistic as far as is asked for, and beyond they are cut free
    between the planes of atoms that the crack parts, meshed to the last site.

    Args:
        potential: The potential.
        crystal: Its primitive cell of one atom, free of stress.
        cells: Two coarsest cells.
        level: The coarsest cells are 2**level lattice cells wide.
        line: Of the crack's front, Cartesian, a lattice direction.
        plane: Normal of the crack's plane, Cartesian, across the line.
        surface_energy: Of the plane, eV/Å².
        load: K_I over Griffith's.
        atomistic_faces: Length of the faces behind the tip that stays atomistic, Å; None is all of it.

    Raises:
        InputError: the normal is not across the line, load or surface energy not positive, or the faces' length negative.
    """
    line, plane = np.asarray(line, dtype=float), np.asarray(plane, dtype=float)
    if abs(plane @ line) > 1e-6 * np.linalg.norm(plane) * np.linalg.norm(line):
        raise InputError(
            f"The front {line.tolist()} does not lie in the crack's plane {plane.tolist()}; give a line across the plane's normal."
        )
    if not (load > 0 and surface_energy > 0):
        raise InputError(
            f"A crack with {load} of Griffith's load and a surface energy of {surface_energy} eV/Å² is not one; give positive numbers."
        )
    if atomistic_faces is not None and atomistic_faces < 0:
        raise InputError(f"Faces cannot be atomistic over {atomistic_faces:g} Å; give a length from 0.")
    lattice = columns(crystal, line, np.cross(plane, line))
    repeat, height = lattice.rows
    tip = np.array([repeat / 4, -height / 2])
    length = np.linalg.norm(lattice.corners(np.array(cells) * 2**level / 2), axis=1).max() + reach_beyond(potential)
    behind = np.arange(0, length, lattice.spacing / 2)
    atomistic = behind <= (length if atomistic_faces is None else atomistic_faces)
    faces, cuts = (tip - np.outer(behind[part], [1.0, 0.0]) for part in (atomistic, ~atomistic))
    law = cauchy_born_law(potential, lattice.crystal())
    stiffness = stiffness_voigt(law)
    intensity = load * griffith_intensity(Stroh(stiffness), surface_energy)
    field = CrackTip(stiffness, tip, np.array([0.0, intensity, 0.0]))
    return Problem(potential, lattice, cells, level, tip[None], predictor=field, law=law, faces=faces, cuts=cuts)
