"""Forces to zero by L-BFGS on the elastic stiffness: no line search on the energy, so bqcf has it too."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu

from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import NotConverged

_MEMORY = 20
_LARGEST_STEP = 0.15
"""Å a component may move in one step."""
_OVERSHOT = 0.7

Forces = Callable[[FloatArray], FloatArray]
History = list[tuple[FloatArray, FloatArray]]
"""Steps, and changes of the (negative) force along them."""


@dataclass(frozen=True)
class Equilibrium:
    """Where the forces vanish.

    Attributes:
        unknowns: (n,) Å.
        force: Largest component left, eV/Å.
        evaluations: Calls of the forces.
    """

    unknowns: FloatArray
    force: float
    evaluations: int


def inverse_of(stiffness: csr_matrix) -> Callable[[FloatArray], FloatArray]:
    """The inverse of a symmetric positive definite stiffness."""
    stiffness = stiffness.tocsc()
    stiffness.data[np.abs(stiffness.data) < 1e-12 * np.abs(stiffness.data).max()] = 0.0
    stiffness.eliminate_zeros()
    factors = splu(stiffness, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return factors.solve


def equilibrate(
    forces: Forces,
    start: FloatArray,
    precondition: Callable[[FloatArray], FloatArray],
    *,
    tolerance: float,
    evaluations: int = 400,
    progress: Progress = silent,
) -> Equilibrium:
    """Find unknowns at which no force is larger than the tolerance.

    Args:
        forces: Of unknowns (n,), eV/Å.
        start: (n,) Å.
        precondition: Applies the inverse of the stiffness.
        tolerance: Largest component of a force, eV/Å.
        evaluations: Most calls of the forces.
        progress: Called after each call.

    Raises:
        NotConverged: forces are left over.
    """
    point, history = start.copy(), History()
    force = forces(point)
    calls, largest = 1, float(np.abs(force).max(initial=0.0))
    while largest > tolerance:
        step, ahead, cost = _step(forces, point, force, history, precondition)
        calls += cost
        if not np.isfinite(ahead).all():
            raise NotConverged("The forces became infinite; begin nearer to equilibrium.")
        _remember(history, step, force - ahead)
        point, force = point + step, ahead
        largest = float(np.abs(force).max())
        progress("equilibrium", calls, evaluations, f"{largest:.1e} eV/Å")
        if calls >= evaluations and largest > tolerance:
            raise NotConverged(
                f"A force of {largest:.2g} eV/Å is left after {calls} evaluations, more than {tolerance:.2g}; "
                "enlarge the atomistic region, allow more evaluations, or loosen the tolerance."
            )
    return Equilibrium(point, largest, calls)


def _step(
    forces: Forces, point: FloatArray, force: FloatArray, history: History, precondition: Forces
) -> tuple[FloatArray, FloatArray, int]:
    """A step that is neither too long nor far beyond where its force turns, the forces after it, and their calls."""
    step = _direction(force, history, precondition)
    if not step @ force > 0:
        history.clear()
        step = precondition(force)
    step = step * min(1.0, _LARGEST_STEP / np.abs(step).max())
    slope, ahead = step @ force, forces(point + step)
    if not step @ ahead < -_OVERSHOT * slope:
        return step, ahead, 1
    _remember(history, step, force - ahead)
    step = max(slope / (slope - step @ ahead), 0.1) * step
    return step, forces(point + step), 2


def _remember(history: History, step: FloatArray, change: FloatArray) -> None:
    """Keep a pair of step and change of the (negative) force, where the curvature is positive."""
    if step @ change > 1e-10 * np.linalg.norm(step) * np.linalg.norm(change):
        history.append((step, change))
        del history[:-_MEMORY]


def _direction(force: FloatArray, history: History, precondition: Forces) -> FloatArray:
    """Nocedal and Wright, algorithm 7.4, with the preconditioner as the first inverse Hessian."""
    rest, weights = force.copy(), []
    for step, change in reversed(history):
        weight = (step @ rest) / (step @ change)
        weights.append(weight)
        rest -= weight * change
    step_now = precondition(rest)
    for (step, change), weight in zip(history, reversed(weights), strict=True):
        step_now += (weight - (change @ step_now) / (step @ change)) * step
    return step_now
