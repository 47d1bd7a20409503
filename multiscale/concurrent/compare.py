"""Several methods compared with all atoms on one problem."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError
from multiscale.concurrent.adapt import adapted
from multiscale.concurrent.memory import require_atoms_fit
from multiscale.concurrent.method import Method
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL, BlendingRegion
from multiscale.concurrent.solution import ConcurrentSolution, Difference, difference, ghost_force


class Case(NamedTuple):
    """A method with its region, for long-ranged potentials its pad in Å, and how often the region is adapted to a load.

    The indicator that may be left is that of `multiscale.concurrent.adapt.moved_region`.
    """

    method: str
    region: BlendingRegion
    pad: float | None = None
    adaptions: int = 0
    left: float = 0.5


@dataclass(frozen=True)
class Solved:
    """One method along a loading.

    Attributes:
        case: Method and region.
        path: (k,) its equilibria along the loading.
        ghost_force: Largest force on the perfect crystal, eV/Å.
        seconds: Building and solving.
    """

    case: Case
    path: tuple[ConcurrentSolution, ...] = field(repr=False)
    ghost_force: float
    seconds: float

    @property
    def solution(self) -> ConcurrentSolution:
        """The last equilibrium."""
        return self.path[-1]


@dataclass(frozen=True)
class Row(Solved):
    """One method compared with all atoms.

    Attributes:
        difference: From all atoms.
        energy_error: E − E_all, eV; None where there is no energy, as in bqcf, and where the energy of a far field
            depends on the boundary at which its sum is cut off.
        unknowns_fraction: Unknowns over those of all atoms.
        cost_fraction: Seconds over those of all atoms, building included on both sides.
    """

    difference: Difference
    energy_error: float | None
    unknowns_fraction: float
    cost_fraction: float


def followed(
    loading: Sequence[Problem],
    case: Case,
    *,
    tolerance: float = 1e-5,
    solver: str = "lbfgs",
    progress: Progress = silent,
) -> tuple[list[ConcurrentSolution], float]:
    """Build and solve one case under one load after another, each begun at the last; the seconds of all."""
    path: list[ConcurrentSolution] = []
    begun, region = time.perf_counter(), case.region
    for problem in loading:
        if path and case.adaptions:
            last = path[-1].method
            region, problem = last.region, replace(problem, centres=last.problem.centres, faces=last.problem.faces)
        found = adapted(
            case.method, problem, region, steps=case.adaptions, fraction=case.left, pad=case.pad,
            start=path[-1] if path else None, tolerance=tolerance, solver=solver, progress=progress,
        )  # fmt: skip
        path.append(found[-1])
    return path, time.perf_counter() - begun


def compare(
    loading: Problem | Sequence[Problem],
    cases: Sequence[Case],
    *,
    tolerance: float = 1e-5,
    pad: float | None = None,
    solver: str = "lbfgs",
    progress: Progress = silent,
) -> tuple[list[ConcurrentSolution], list[Row]]:
    """Solve the problem with all atoms, then with each case.

    Args:
        loading: The problem, or one after another on the same box; the last is compared.
        cases: What is compared.
        tolerance: Largest force component left, eV/Å.
        pad: Of the solution with all atoms, Å.
        solver: A name in `multiscale.concurrent.solution.SOLVERS`.
        progress: Called after each evaluation.

    Returns:
        The solutions with all atoms in the box, and one row per case.

    Raises:
        InputError: all atoms do not fit in the memory.
        NotConverged: a solution was not found.
    """
    loading = [loading] if isinstance(loading, Problem) else list(loading)
    require_atoms_fit(loading[0])
    how = {"tolerance": tolerance, "solver": solver, "progress": progress}
    atoms, whole = followed(loading, Case("atomistic", ALL, pad), **how)
    return atoms, [_beside(one, atoms[-1], whole) for one in without_reference(loading, cases, **how)]


def without_reference(
    loading: Problem | Sequence[Problem],
    cases: Sequence[Case],
    *,
    tolerance: float = 1e-5,
    solver: str = "lbfgs",
    progress: Progress = silent,
) -> list[Solved]:
    """Solve the problem with each case and nothing else: no more atoms are made than each case has; see `compare`.

    Raises:
        NotConverged: a solution was not found.
    """
    loading = [loading] if isinstance(loading, Problem) else list(loading)
    found = []
    for case in cases:
        path, seconds = followed(loading, case, tolerance=tolerance, solver=solver, progress=progress)
        found.append(Solved(case, tuple(path), ghost_force(path[-1].method), seconds))
    return found


def _beside(solved: Solved, exact: ConcurrentSolution, seconds: float) -> Row:
    """A method compared with all atoms, which took so many seconds."""
    found = solved.solution
    return Row(
        solved.case, solved.path, solved.ghost_force, solved.seconds, difference(found, exact),
        _energy_error(found, exact), found.unknowns / exact.unknowns, solved.seconds / seconds,
    )  # fmt: skip


def _energy_error(found: ConcurrentSolution, exact: ConcurrentSolution) -> float | None:
    if exact.method.problem.predictor is not None or found.energy is None or exact.energy is None:
        return None
    return found.energy - exact.energy


def slope(unknowns: Sequence[float], errors: Sequence[float]) -> float:
    """Least-squares slope of log error against log unknowns.

    Raises:
        InputError: there are fewer than two points, or an error is not positive.
    """
    if len(unknowns) < 2 or min(unknowns) <= 0 or not min(errors) > 0:
        raise InputError("A slope needs two points or more, with positive errors.")
    return float(np.polyfit(np.log(unknowns), np.log(errors), 1)[0])


def theory(method: str, dimension: int) -> float:
    """Slope of the strain error in L² against unknowns for a point defect, linear elements.

    From the decay |∇u| ~ r^-d: clamped atoms −1/2; bqce −1/2 in the plane and −1/6 in space, from ‖∇²β‖; bqcf and
    bgfc −1/2 − 1/d, from ‖h∇²u‖ (Luskin, Ortner and Van Koten 2013; Li, Ortner, Shapeev and Van Koten, Numer.
    Math. 134 (2016) 275; Ortner and Zhang 2017).
    """
    d = dimension
    return {"atomistic": -0.5, "bqce": -(2 / d - 0.5), "bqcf": -(0.5 + 1 / d), "bgfc": -(0.5 + 1 / d)}[method]


def taylor_slope(problem: Problem, case: Case, *, size: float = 0.02, seed: int = 0) -> float:
    """log₂ of the Taylor remainder's fall when the step is halved, at a random state: 2 if forces are the gradient.

    Raises:
        InputError: the method has no energy.
    """
    method, rng = discretise(case.method, problem, case.region, case.pad), np.random.default_rng(seed)
    at, move = (rng.normal(size=(len(method.free), 3)) * method.free[:, None] for _ in range(2))
    energy, forces = method.energy(size * at), method.forces(size * at)
    rest = [_remainder(method, size * at, h * move, energy, forces) for h in (1e-3, 5e-4)]
    return float(np.log2(rest[0] / rest[1]))


def _remainder(method: Method, at: FloatArray, step: FloatArray, energy: float, forces: FloatArray) -> float:
    """What is left of the energy's change beyond first order, eV."""
    return abs(method.energy(at + step) - energy + float((forces * step).sum()))
