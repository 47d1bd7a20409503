"""Steps in time as long as their error allows, and the record of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from continuum.transport.problem import TransportProblem, TransportStep
from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged

TOLERANCE = 1e-3
"""Error of a step, over the amounts."""
_SAFETY, _GROWTH, _CUT = 0.9, 2.0, 0.2
_FIRST = 1e-6  # of the whole time
_SMALLEST = 1e-14  # of the whole time


@dataclass(frozen=True)
class TransportState:
    """What is where at a time.

    Attributes:
        time: s.
        totals: mol (3D, axisymmetric) or mol/m in each body and on each layer.
        supplied: mol or mol/m that has come in through each boundary.
        supplies: mol/s or mol/(s m) that came in through each, the mean of the last step.
    """

    time: float
    totals: dict[str, float]
    supplied: dict[str, float]
    supplies: dict[str, float]

    @property
    def total(self) -> float:
        """All of it, mol or mol/m."""
        return sum(self.totals.values())


@dataclass
class TransportRecord:
    """The record of a transport: its states, first to last."""

    states: list[TransportState] = field(default_factory=list)

    @property
    def times(self) -> FloatArray:
        """(n,) s."""
        return np.array([state.time for state in self.states])

    def column(self, name: str) -> FloatArray:
        """(n,) mol or mol/m in a body or on a layer."""
        return np.array([state.totals[name] for state in self.states])

    def supplied(self, group: str) -> FloatArray:
        """(n,) mol or mol/m that has come in through a boundary."""
        return np.array([state.supplied[group] for state in self.states])

    @property
    def mass_error(self) -> float:
        """Largest difference between what is there and what was there and came in, over the most that there ever was."""
        first = self.states[0]
        lost = [s.total - first.total - sum(s.supplied.values()) for s in self.states]
        most = max(max(abs(s.total), *map(abs, s.supplied.values()), 0.0) for s in self.states)
        return float(np.abs(lost).max() / most) if most else 0.0

    def begin(self, problem: TransportProblem) -> None:
        """Take down the present state of a problem as the first. Collective."""
        nothing = dict.fromkeys(problem.boundaries.names, 0.0)
        self.states.append(TransportState(0.0, problem.totals(), nothing, nothing))

    def add(self, problem: TransportProblem, step: TransportStep) -> None:
        """Take down the state after a step that was accepted. Collective."""
        last = self.states[-1]
        came = dict(zip(problem.boundaries.names, step.supplied.tolist(), strict=True))
        supplied = {name: last.supplied[name] + amount for name, amount in came.items()}
        supplies = {name: amount / step.duration for name, amount in came.items()}
        self.states.append(TransportState(last.time + step.duration, problem.totals(), supplied, supplies))


def next_duration(duration: float, error: float, tolerance: float) -> float:
    """The duration that a step whose error is of second order in it may have."""
    return duration * float(np.clip(_SAFETY * np.sqrt(tolerance / max(error, 1e-300)), _CUT, _GROWTH))


def diffuse(
    problem: TransportProblem,
    until: float,
    *,
    tolerance: float = TOLERANCE,
    first: float | None = None,
    largest: float = np.inf,
    on_step: Callable[[TransportState], None] = lambda state: None,
) -> TransportRecord:
    """Follow a problem in time, at the stresses and jumps that it was told, by steps that keep an error.

    Args:
        problem: The problem; it has been started, and is left at the end.
        until: s from now.
        tolerance: Largest error of a step over the amounts; infinite: steps of `largest`.
        first: Duration of the first step, s.
        largest: Of any step, s.
        on_step: Told each state.

    Raises:
        InputError: no time, or no tolerance.
        NotConverged: the smallest step was not solved; what was reached has been handed to `on_step`.
    """
    if not (np.isfinite(until) and until > 0 and tolerance > 0):
        raise InputError(f"A transport over {until} s with a tolerance of {tolerance} is none; both must be positive.")
    record, elapsed = TransportRecord(), 0.0
    record.begin(problem)
    duration = min(largest if np.isinf(tolerance) else first or _FIRST * until, largest, until)
    while until - elapsed > 1e-12 * until:
        left = until - elapsed
        step = problem.step(left / np.ceil(left / duration - 1e-9) if duration > 0.5 * left else duration)
        if step is None or step.error > tolerance:
            duration = _shorter(step, duration, until, tolerance)
            continue
        problem.accept(step)
        elapsed += step.duration
        record.add(problem, step)
        on_step(record.states[-1])
        duration = min(next_duration(step.duration, step.error, tolerance), largest)
    return record


def _shorter(step: TransportStep | None, duration: float, until: float, tolerance: float) -> float:
    shorter = _CUT * duration if step is None else next_duration(step.duration, step.error, tolerance)
    if shorter < _SMALLEST * until:
        raise NotConverged(
            f"The transport's equations were not solved within a step of {duration:.3g} s; check the values of its media and "
            "layers, or allow a larger tolerance."
        )
    return shorter
