"""A frictionless rigid indenter on a free surface of the crystal: a cylinder on columns, a sphere on a solid."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.cauchy_born import cauchy_born_law
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError
from multiscale.concurrent.lattice import Lattice, columns, solid
from multiscale.concurrent.problem import Problem, reach_beyond
from multiscale.concurrent.solution import ConcurrentSolution


@dataclass(frozen=True)
class Indenter:
    """Atoms within the indenter by s are pushed out by stiffness × s², energy stiffness × s³ / 3 (as LAMMPS' fix indent).

    Attributes:
        centre: (d,) of the circle or the sphere, Å.
        radius: Å.
        stiffness: eV/Å³; large compared with that of the crystal.
    """

    centre: FloatArray
    radius: float
    stiffness: float

    def evaluate(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Energies (n,) in eV and forces (n, 3) in eV/Å on atoms at positions (n, 3)."""
        away = positions[:, : len(self.centre)] - self.centre
        distance = np.linalg.norm(away, axis=1)
        depth = np.maximum(self.radius - distance, 0.0)
        push = np.zeros_like(positions)
        push[:, : len(self.centre)] = (self.stiffness * depth**2 / distance)[:, None] * away
        return self.stiffness * depth**3 / 3, push


def indentation(
    potential: Potential,
    crystal: Atoms,
    cells: tuple[int, ...],
    level: int,
    *,
    plane: FloatArray,
    radius: float,
    depth: float,
    line: FloatArray | None = None,
    stiffness: float = 100.0,
) -> Problem:
    """A half-space, its surface through the middle of the box, and an indenter pressed into it there.

    The whole surface stays atomistic: the continuum knows no surfaces.

    Args:
        potential: The potential.
        crystal: Its primitive cell of one atom, free of stress.
        cells: Coarsest cells along each lattice vector: two with columns, three without.
        level: The coarsest cells are 2**level lattice cells wide.
        plane: Normal of the surface, Cartesian, out of the crystal.
        radius: Of the indenter, Å.
        depth: Of its lowest point below the last plane of atoms, Å.
        line: Direction of the columns and of the cylinder, in the surface; None is a sphere on a solid.
        stiffness: Of the indenter, eV/Å³.

    Raises:
        InputError: the line is not in the surface, or radius, depth or stiffness make no sense.
    """
    if not (radius > depth > 0 and stiffness > 0):
        raise InputError(
            f"An indenter of radius {radius:g} Å and stiffness {stiffness:g} eV/Å³ cannot be {depth:g} Å deep; give a "
            "positive depth below the radius, and a positive stiffness."
        )
    lattice = _upright(crystal, np.asarray(plane, dtype=float), line)
    d = lattice.dimension
    extent = np.abs(lattice.corners(np.array(cells) * 2**level / 2)).max() + reach_beyond(potential)
    axis = np.arange(-extent, extent + lattice.spacing, lattice.spacing if d == 3 else lattice.spacing / 2)
    flat = np.stack(np.meshgrid(*[axis] * (d - 1)), axis=-1).reshape(-1, d - 1)
    upward = np.eye(d)[d - 1]
    return Problem(
        potential, lattice, cells, level, np.zeros((1, d)), law=cauchy_born_law(potential, lattice.crystal()),
        faces=np.pad(flat, ((0, 0), (0, 1))), surface=0.0, indenter=Indenter((radius - depth) * upward, radius, stiffness),
    )  # fmt: skip


def pressure(solution: ConcurrentSolution) -> tuple[FloatArray, FloatArray]:
    """Where atoms are pressed (n, d − 1), Å from the indenter's axis, and with what force (n,) downward, eV/Å.

    Raises:
        InputError: the problem has no indenter.
    """
    problem = solution.method.problem
    if problem.indenter is None:
        raise InputError(
            "Only a problem with an indenter has a contact; build it by multiscale.concurrent.indent.indentation."
        )
    d, sites = problem.lattice.dimension, problem.sites
    push = problem.indenter.evaluate(problem.lattice.points(sites) @ problem.deformation.T + solution.at_sites())[1]
    touched = ~problem.is_void(sites) & (push**2).sum(axis=1).astype(bool)
    return problem.lattice.points(sites)[touched, : d - 1], -push[touched, d - 1]


def indentation_force(solution: ConcurrentSolution) -> float:
    """Force on the indenter: eV/Å on a sphere, eV/Å² (force per length) on a cylinder.

    Raises:
        InputError: the problem has no indenter.
    """
    lattice = solution.method.problem.lattice
    total = float(pressure(solution)[1].sum())
    return total / lattice.period if lattice.dimension == 2 else total


def _upright(crystal: Atoms, plane: FloatArray, line: FloatArray | None) -> Lattice:
    """The lattice with the normal of the plane along its last axis in space."""
    if line is not None:
        if abs(plane @ np.asarray(line, dtype=float)) > 1e-6 * np.linalg.norm(plane) * np.linalg.norm(line):
            raise InputError(
                f"The line {list(line)} does not lie in the surface {plane.tolist()}; give a line across the plane's normal."
            )
        return columns(crystal, line, np.cross(plane, line))
    normal = plane / np.linalg.norm(plane)
    across = np.eye(3)[np.argmin(np.abs(normal))]
    first = across - (across @ normal) * normal
    first /= np.linalg.norm(first)
    turned = crystal.copy()
    turned.set_cell(crystal.cell.array @ np.array([first, np.cross(normal, first), normal]).T, scale_atoms=True)
    return solid(turned)
