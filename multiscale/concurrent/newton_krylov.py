"""Forces to zero by Newton's method, each step solved by GMRES on differences of forces; for forces without an energy too."""

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import NotConverged
from multiscale.concurrent.solver import Equilibrium, Forces

_LARGEST_STEP = 0.15
"""Å a component may move in one step."""
_DIFFERENCE = 1e-4
"""Å by which the largest component moves in a difference of forces."""
_INNER = 30
"""Most directions of one linear solution."""


def newton_krylov(
    forces: Forces,
    start: FloatArray,
    precondition: Callable[[FloatArray], FloatArray],
    *,
    tolerance: float,
    evaluations: int = 400,
    progress: Progress = silent,
) -> Equilibrium:
    """Find unknowns at which no force is larger than the tolerance; arguments as those of `equilibrate`.

    The linear systems are solved to a part of their right-hand side that falls with the forces (Eisenstat and Walker,
    SIAM J. Sci. Comput. 17 (1996) 16, choice 2), and a step is halved until the forces fall.

    Raises:
        NotConverged: forces are left over.
    """
    count = 0

    def counted(unknowns: FloatArray) -> FloatArray:
        nonlocal count
        count += 1
        return forces(unknowns)

    point, force, part = start.copy(), counted(start), 0.1
    inverse = LinearOperator((len(start),) * 2, matvec=precondition, dtype=float)
    while (largest := float(np.abs(force).max(initial=0.0))) > tolerance:
        if count >= evaluations:
            raise NotConverged(
                f"A force of {largest:.2g} eV/Å is left after {count} evaluations, more than {tolerance:.2g}; begin nearer "
                "to equilibrium, allow more evaluations, or take the solver lbfgs."
            )
        step = _direction(counted, point, force, inverse, part)
        before = np.linalg.norm(force)
        point, force = _shortened(counted, point, force, step)
        part = float(np.clip(0.9 * (np.linalg.norm(force) / before) ** 2, 1e-4, 0.1))
        progress("equilibrium", count, evaluations, f"{np.abs(force).max():.1e} eV/Å")
    return Equilibrium(point, largest, count)


def _direction(
    forces: Forces, point: FloatArray, force: FloatArray, inverse: LinearOperator, part: float
) -> FloatArray:
    """The step of Newton's method; the preconditioner's where that leads uphill."""

    def stiffness(direction: FloatArray) -> FloatArray:
        size = _DIFFERENCE / np.abs(direction).max()
        return (force - forces(point + size * direction)) / size

    operator = LinearOperator(inverse.shape, matvec=stiffness, dtype=float)
    step = gmres(operator, force, rtol=part, restart=_INNER, maxiter=1, M=inverse)[0]
    return step if step @ force > 0 else inverse.matvec(force)


def _shortened(forces: Forces, point: FloatArray, force: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The point after the step, halved at most four times until the forces fall, and the forces there."""
    step = step * min(1.0, _LARGEST_STEP / np.abs(step).max())
    for _ in range(5):
        ahead = forces(point + step)
        if np.isfinite(ahead).all() and np.linalg.norm(ahead) < np.linalg.norm(force):
            break
        step = step / 2
    else:
        step, ahead = 2 * step, forces(point + 2 * step)
    if not np.isfinite(ahead).all():
        raise NotConverged("The forces became infinite; begin nearer to equilibrium.")
    return point + step, ahead
