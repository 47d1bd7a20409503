"""An equilibrium as others see it: its atoms with their marks, and the fields on its mesh."""

from dataclasses import dataclass

import numpy as np

from atomistic.frames import Columns, Frames, with_results
from continuum.mesh.lattice import rows_of
from continuum.post.vtkhdf import Grid, simplex_grid
from coupling.contracts import FloatArray
from coupling.units import EV_A3
from multiscale.concurrent.method import IntArray, Method
from multiscale.concurrent.solution import ConcurrentSolution

ATOMS, BLENDED, CARRIED = 0, 1, 2
"""Regions of atoms: β = 0, between 0 and 1, and those that are the continuum's, carried along as surroundings."""
_GPA = 1e-9


@dataclass(frozen=True)
class MeshState:
    """Fields of an equilibrium on its mesh.

    Attributes:
        grid: The mesh, undeformed, Å.
        displacement: (n, 3) of the vertices from F₀X, Å.
        beta: (n,) what of each vertex is the continuum's.
        fraction: (m,) what of each element counts.
        stress: (m, 3, 3) first Piola-Kirchhoff, GPa; NaN where no element counts.
        energy_density: (m,) eV/Å³; NaN where no element counts.
    """

    grid: Grid
    displacement: FloatArray
    beta: FloatArray
    fraction: FloatArray
    stress: FloatArray
    energy_density: FloatArray


def atoms_of(solution: ConcurrentSolution, said: Columns | None = None) -> Frames | None:
    """The atoms of an equilibrium, `region` and `beta` beside them; None where there are none.

    The energy is the sum of the site energies with weights 1 − β, dead loads and an indenter included, and the forces its
    gradient; of a method without an energy, the forces alone. `excess_energy_eV` is the whole energy, the continuum's too,
    less that of the perfect crystal.

    Args:
        solution: The equilibrium.
        said: (1,) what else is said of it, see `atomistic.frames.Frames`.
    """
    method, part = solution.method, solution.method.atomistic
    if part is None:
        return None
    energy, forces = part.evaluate(solution.displacement)
    atoms = with_results(part.structure(solution.displacement), energy if solution.energy is not None else None, forces)
    info = dict(said or {})
    if solution.energy is not None:
        info["excess_energy_eV"] = np.array([solution.energy])
    beta = _beta(method, part.sites)
    region = np.select([beta == 0, beta < 1], [ATOMS, BLENDED], CARRIED)
    return Frames.of([atoms], info, {"region": region, "beta": beta})


def mesh_of(solution: ConcurrentSolution) -> MeshState | None:
    """The fields of an equilibrium; None where there is no continuum."""
    method, part = solution.method, solution.method.continuum
    if part is None:
        return None
    problem, mesh = method.problem, method.mesh
    points = mesh.sites @ problem.lattice.vectors[: problem.lattice.dimension]
    places = problem.lattice.points(mesh.sites)
    moved = places @ (problem.deformation - np.eye(3)).T + problem.predicted(mesh.sites) + solution.displacement
    density, stress = part.local(solution.displacement)
    count = len(mesh.simplices)
    energies, stresses, fraction = np.full(count, np.nan), np.full((count, 3, 3), np.nan), np.zeros(count)
    energies[part.active], stresses[part.active], fraction[part.active] = density, stress * EV_A3 * _GPA, part.fractions
    return MeshState(
        simplex_grid(points, mesh.simplices), moved, _beta(method, mesh.sites), fraction, stresses, energies
    )


def _beta(method: Method, sites: IntArray) -> FloatArray:
    """(s,) β at sites; 1 where the method's region does not reach."""
    blended, beta = method.blend()
    rows = rows_of(blended, sites)
    return np.append(beta, 1.0)[rows]  # -1 is the last
