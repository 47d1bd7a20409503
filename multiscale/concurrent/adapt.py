"""Adaptivity: the atomistic region goes where atoms and continuum disagree.

The indicator of a site is the force by which the two models differ in the solution's own state, interpolated to all
sites in and around the region: within the core the residual that the continuum would leave there, beyond it the residual
that it has left. It is local: nothing is asked of the rest of the box, and no solution with all atoms.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from atomistic.cauchy_born import tangent
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError
from multiscale.concurrent.far_field import CrackTip
from multiscale.concurrent.measures import tip_advance
from multiscale.concurrent.method import Method
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.problem import IntArray, Problem
from multiscale.concurrent.region import BlendingRegion
from multiscale.concurrent.solution import ConcurrentSolution, solve

WINDOW = 2.0
"""The indicator is evaluated so many fully meshed radii around the centres."""
_SWEEPS = 50


@dataclass(frozen=True)
class Indicator:
    """|F_atoms − F_continuum| in and around the region of a solution.

    Attributes:
        sites: (s, d) inside the box, no farther than `WINDOW` times the fully meshed radius.
        values: (s,) eV/Å; zero where no atom is.
    """

    sites: IntArray
    values: FloatArray


def disagreement(solution: ConcurrentSolution) -> Indicator:
    """The indicator in the state of a solution, on a mesh of all sites in and around its region and of no more elsewhere.

    Beyond the core the kinks between coarse elements, which are no error of the model, are smoothed away first.

    Raises:
        InputError: the problem has free surfaces, at which the continuum has no forces to compare.
    """
    problem, region = solution.method.problem, solution.method.region
    lattice = problem.lattice
    window = replace(region, core=WINDOW * region.fine, blend=0.0, buffer=max(region.buffer, 2.0))
    atoms, continuum = (discretise(name, problem, window, solution.method.pad) for name in ("atomistic", "cauchy_born"))
    beyond = lattice.distance(atoms.mesh.sites, problem.centres) > region.core * lattice.spacing
    state = _smoothed(continuum, solution.at(atoms.mesh.sites), beyond & continuum.free)
    apart = np.linalg.norm(atoms.forces(state) - continuum.forces(state), axis=1)[atoms.free]
    sites = atoms.mesh.sites[atoms.free]
    return Indicator(sites, np.where(problem.is_void(sites), 0.0, apart))


def _smoothed(continuum: Method, state: FloatArray, where: NDArray[np.bool_]) -> FloatArray:
    """Jacobi's iteration toward the linear elastic equilibrium of all sites."""
    problem = continuum.problem
    stiffness = continuum.elements.stiffness(tangent(problem.law, problem.deformation))
    step = np.where(np.repeat(where, 3), 0.5 / stiffness.diagonal(), 0.0)
    flat = state.ravel().copy()
    for _ in range(_SWEEPS):
        flat -= step * (stiffness @ flat)
    return flat.reshape(-1, 3)


def moved_region(solution: ConcurrentSolution, fraction: float = 0.5) -> tuple[Problem, BlendingRegion]:
    """The problem with new centres, and the region with a new core, for the next solution.

    The sites of largest indicator are marked, so many that those beyond the core which are not hold `fraction` of its
    norm there; every core holds the marked sites around its centre, and those whose cores would touch share one. The
    blending keeps its proportion to the core. A crack's region follows the tip instead, as it is.

    Raises:
        InputError: the fraction is not between 0 and 1, or the problem has free surfaces that are no crack's.
    """
    if not 0 < fraction < 1:
        raise InputError(f"The indicator cannot be brought to {fraction} of itself; give a fraction above 0, below 1.")
    problem, region = solution.method.problem, solution.method.region
    if isinstance(problem.predictor, CrackTip):
        return _at_tip(solution, problem.predictor.tip), region
    lattice, found = problem.lattice, disagreement(solution)
    beyond = lattice.distance(found.sites, problem.centres) > region.core * lattice.spacing
    marked = found.sites[found.values >= _threshold(found.values[beyond], fraction)]
    places = lattice.points(marked)[:, : lattice.dimension]
    pairs = cKDTree(places).query_pairs(2 * region.core * lattice.spacing, output_type="ndarray")
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(places), len(places)))
    count, cluster = connected_components(graph, directed=False)
    groups = [places[cluster == k] for k in range(count)]
    centres = np.array([(group.min(axis=0) + group.max(axis=0)) / 2 for group in groups])
    radius = max(np.linalg.norm(group - middle, axis=1).max() for group, middle in zip(groups, centres, strict=True))
    core = max(float(radius) / lattice.spacing + 0.5, 1.0)
    return replace(problem, centres=centres), replace(region, core=core, blend=region.blend * core / region.core)


def _at_tip(solution: ConcurrentSolution, begun: FloatArray) -> Problem:
    """The problem with its centre where the tip of a crack that began there is now; what has opened on the way stays atomistic."""
    problem = solution.method.problem
    tip = begun + np.array([tip_advance(solution), 0.0])
    way = tip - problem.centres[0]
    steps = np.arange(0, np.linalg.norm(way), problem.lattice.spacing / 2) / np.linalg.norm(way)
    behind = problem.centres[0] + np.outer(steps, way)
    faces = behind if problem.faces is None else np.concatenate([problem.faces, behind])
    return replace(problem, centres=tip[None], faces=faces)


def adapted(
    name: str,
    problem: Problem,
    region: BlendingRegion,
    *,
    steps: int = 2,
    fraction: float = 0.5,
    pad: float | None = None,
    start: ConcurrentSolution | None = None,
    tolerance: float = 1e-5,
    solver: str = "lbfgs",
    progress: Progress = silent,
) -> list[ConcurrentSolution]:
    """Solve, move and resize the atomistic region as the indicator says, and solve again.

    Args:
        name: The method's.
        problem: The problem, with its initial centres.
        region: The initial region.
        steps: How often the region is adapted; 0 solves once.
        fraction: See `moved_region`.
        pad: Of long-ranged potentials, Å.
        start: Where to begin.
        tolerance: Largest component of a force, eV/Å.
        solver: A name in `multiscale.concurrent.solution.SOLVERS`.
        progress: Called after each evaluation.

    Returns:
        The solutions, the first in the region as given.

    Raises:
        InputError: the region grows to the faces of the box.
        NotConverged: a solution was not found.
    """
    how = {"tolerance": tolerance, "solver": solver, "progress": progress}
    found = [solve(discretise(name, problem, region, pad), start=start, **how)]
    for _ in range(steps):
        problem, region = moved_region(found[-1], fraction)
        found.append(solve(discretise(name, problem, region, pad), start=found[-1], **how))
    return found


def _threshold(values: FloatArray, fraction: float) -> float:
    """The value below which the others hold at most this fraction of the norm of all."""
    ordered = np.sort(values)
    below = np.cumsum(ordered**2)
    return float(ordered[min(np.searchsorted(below, fraction**2 * below[-1], side="right"), len(ordered) - 1)])
