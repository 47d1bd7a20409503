"""Quantities read off a solution: the opening of a crack and the place of its tip."""

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.concurrent.far_field import CrackTip
from multiscale.concurrent.problem import IntArray, Problem
from multiscale.concurrent.solution import ConcurrentSolution


def opening(solution: ConcurrentSolution) -> tuple[FloatArray, FloatArray]:
    """Opening of the two planes of atoms at a crack, the crystal's spacing not counted.

    Returns:
        x (n,) from the tip of the predictor, rising, and the opening (n,) there, Å.

    Raises:
        InputError: the problem has no crack.
    """
    problem = solution.method.problem
    if not isinstance(problem.predictor, CrackTip):
        raise InputError("Only a problem with a crack has an opening; build it by multiscale.concurrent.defects.crack.")
    sites = _beside(problem, problem.predictor.tip)
    points = problem.lattice.points(sites)[:, :2] - problem.predictor.tip
    lift = (solution.at(sites) + problem.predicted(sites))[:, 1]
    height = problem.lattice.rows[1]
    sides = []
    for side in (1, -1):
        plane = np.flatnonzero((side * points[:, 1] > 0) & (side * points[:, 1] < height))
        plane = plane[np.argsort(points[plane, 0])]
        sides.append((points[plane, 0], lift[plane]))
    (x, upper), (below, lower) = sides
    both = (x >= below[0]) & (x <= below[-1])
    return x[both], upper[both] - np.interp(x[both], below, lower)


def _beside(problem: Problem, tip: FloatArray) -> IntArray:
    """(n, 2) the sites of the box beside the crack's plane."""
    lattice = problem.lattice
    repeat, height = lattice.rows
    length = np.linalg.norm(lattice.corners(problem.half), axis=1).max()
    line = tip + np.outer(np.arange(-length, length, repeat / 2), [1.0, 0.0])
    sites = lattice.within(line, float(np.hypot(height, repeat)))
    return sites[(np.abs(sites) < problem.half).all(axis=1)]


def tip_advance(solution: ConcurrentSolution) -> float:
    """How far the crack has grown from the tip of the predictor, Å; negative where it has closed.

    The tip is where the planes are farther apart than in the crystal by half the distance of nearest neighbours.

    Raises:
        InputError: the problem has no crack, or nothing of it is open or closed.
    """
    x, gap = opening(solution)
    excess = gap - solution.method.problem.lattice.bond / 2
    change = np.flatnonzero((excess[:-1] > 0) & (excess[1:] <= 0))
    if not len(change):
        raise InputError("The crack has no tip in the box; enlarge the box, or bring the load nearer to Griffith's.")
    k = change[-1]
    return float(x[k] + (x[k + 1] - x[k]) * excess[k] / (excess[k] - excess[k + 1]))
