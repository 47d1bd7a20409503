"""Many small equilibrium problems at once: preconditioned Anderson iterations, one batch a sweep.

Each problem has its own unknowns; all are evaluated together. The iteration looks for a stationary
point, not a minimum, so that unstable branches under gap control are reached like stable ones. `newton` is for those that
are left: next to a branching point one soft mode is all that matters, and Anderson's few differences do not resolve it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import NotConverged

MEMORY = 6
"""Sweeps that are remembered where nothing else is said."""
_LARGEST_STEP = 0.15  # Å a sweep
_FALLEN = 2.0 / 3.0  # of the best error so far: an advance
_NEWTON_STEPS = 10
_PROBE = 1e-3  # Å: displacement of a difference
_FREE = 1e-6  # of the largest singular value: what nothing resists

Residuals = Callable[[Sequence[int], Sequence[FloatArray]], list[tuple[FloatArray, float]]]


def solve(
    residuals: Residuals,
    guesses: Sequence[FloatArray],
    tolerance: float,
    *,
    what: str,
    sweeps: int = 300,
    patience: int | None = None,
    memory: int = MEMORY,
    progress: Progress = silent,
) -> tuple[list[FloatArray], FloatArray]:
    """Drive the residual of every problem below a tolerance.

    Args:
        residuals: Given the indices and unknowns of the problems still open, returns for each its
            preconditioned residual (the step that would solve a linear problem, Å) and its error; an
            error of NaN gives the problem up.
        guesses: Starting unknowns of each problem, Å.
        tolerance: Error at which a problem is solved.
        what: What the problems are, for progress and errors.
        sweeps: Most evaluations of one problem.
        patience: Sweeps after which a problem is given up if its error has not fallen by a third; None is all.
        memory: Sweeps that are remembered: more of them where the preconditioner knows less.
        progress: Told after each sweep.

    Returns:
        The unknowns of each problem, and their errors; `require` raises if some are too large.
    """
    unknowns = [np.array(g, dtype=float) for g in guesses]
    histories = [_Anderson(memory) for _ in unknowns]
    errors = np.full(len(unknowns), np.inf)
    open_ones = list(range(len(unknowns)))
    best, since = np.full(len(unknowns), np.inf), np.zeros(len(unknowns), dtype=int)
    for sweep in range(sweeps):
        answers = residuals(open_ones, [unknowns[i] for i in open_ones])
        for i, (step, error) in zip(open_ones, answers, strict=True):
            errors[i] = error
            if error > tolerance:
                unknowns[i] = histories[i].next(unknowns[i], step)
            if error < _FALLEN * best[i]:
                best[i], since[i] = error, sweep
        late = [i for i in open_ones if patience is not None and sweep - since[i] >= patience]
        open_ones = [i for i in open_ones if errors[i] > tolerance and i not in late]
        progress(what, len(unknowns) - len(open_ones), len(unknowns))
        if not open_ones:
            break
    return unknowns, errors


def newton(
    residuals: Residuals, guesses: Sequence[FloatArray], tolerance: float, *, what: str, progress: Progress = silent
) -> tuple[list[FloatArray], FloatArray]:
    """`solve` by Newton steps, one problem after another; a step costs one batch of as many evaluations as unknowns.

    Args:
        residuals: As of `solve`.
        guesses: Starting unknowns of each problem, Å, near a solution.
        tolerance: Error at which a problem is solved.
        what: What the problems are, for progress.
        progress: Told after each problem.

    Returns:
        As `solve`.
    """
    found = []
    for index, guess in enumerate(guesses):
        found.append(_newton(residuals, index, np.array(guess, dtype=float), tolerance))
        progress(what, index + 1, len(guesses))
    return [unknown for unknown, _ in found], np.array([error for _, error in found])


def _newton(residuals: Residuals, index: int, unknown: FloatArray, tolerance: float) -> tuple[FloatArray, float]:
    """The best of the unknowns on the way, and its error."""
    best, least = unknown, np.inf
    for _ in range(_NEWTON_STEPS):
        ((step, error),) = residuals([index], [unknown])
        if error < least:
            best, least = unknown, error
        if not error > tolerance:
            break
        move = _newton_step(residuals, index, unknown, step)
        unknown = unknown + move * min(1.0, _LARGEST_STEP / np.abs(move).max())
    return best, least


def _newton_step(residuals: Residuals, index: int, unknown: FloatArray, step: FloatArray) -> FloatArray:
    """Translations, which nothing resists, are left out of the solution."""
    probes = list(unknown + _PROBE * np.eye(len(unknown)))
    ahead = np.array([moved for moved, _ in residuals([index] * len(probes), probes)])
    return np.linalg.lstsq((step - ahead).T / _PROBE, step, rcond=_FREE)[0]


def require(errors: FloatArray, tolerance: float, what: str) -> None:
    """Raise unless all problems were solved.

    Raises:
        NotConverged: some were not; the message names how many and the worst.
    """
    still = ~(errors <= tolerance)
    if still.any():
        worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
        raise NotConverged(
            f"{still.sum()} of {len(errors)} {what} did not converge (worst: number {worst + 1}, error "
            f"{errors[worst]:.2g}, wanted {tolerance:.2g}); use a smaller range, or a looser tolerance."
        )


class _Anderson:
    """Anderson acceleration of x → x + f(x) with a bounded step (Walker & Ni 2011, type II)."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._points: list[FloatArray] = []
        self._steps: list[FloatArray] = []

    def next(self, point: FloatArray, step: FloatArray) -> FloatArray:
        self._points.append(point.copy())
        self._steps.append(step.copy())
        del self._points[: -self._memory - 1], self._steps[: -self._memory - 1]
        move = step
        if len(self._points) > 1:
            changes = np.array([step - s for s in self._steps[:-1]]).T
            moves = np.array([point - p for p in self._points[:-1]]).T
            weights = np.linalg.lstsq(changes, step, rcond=1e-8)[0]
            move = step - (moves + changes) @ weights
        largest = np.abs(move).max()
        if largest > _LARGEST_STEP:
            move = move * (_LARGEST_STEP / largest)
            self._points, self._steps = self._points[-1:], self._steps[-1:]
        return point + move
