"""L-BFGS steps, for descents and for bands whose forces are no gradient; and the descent to a minimum."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import Search, evaluated
from coupling.contracts import FloatArray
from coupling.errors import NotConverged

_MEMORY = 100
_SOFTNESS = 1 / 70
"""Å²/eV: first guess of the inverse force constant."""
LARGEST_STEP = 0.1
"""Å an atom may move in one step."""


@dataclass
class QuasiNewton:
    """Steps by L-BFGS (Nocedal and Wright, algorithm 7.4) without line search, as ASE's `LBFGS` takes them.

    It starts anew where the curvature along a step was not positive.

    Attributes:
        size: Of a step, compared with `largest`.
        largest: A step that is larger is shortened to it.
        softness: First guess of the inverse force constant, Å²/eV.
    """

    size: Callable[[FloatArray], float]
    largest: float = LARGEST_STEP
    softness: float = _SOFTNESS
    history: list[tuple[FloatArray, FloatArray]] = field(default_factory=list)
    last: tuple[FloatArray, FloatArray] | None = None

    def step(self, points: FloatArray, gradients: FloatArray) -> FloatArray:
        """The next displacement from points of any shape, with the gradients there."""
        if self.last is not None:
            move, change = points - self.last[0], gradients - self.last[1]
            self.history = [*self.history, (move, change)][-_MEMORY:] if np.vdot(move, change) > 0 else []
        self.last = points.copy(), gradients.copy()
        direction = self._direction(gradients)
        if np.vdot(direction, gradients) <= 0:
            self.history, direction = [], self.softness * gradients
        return -direction * min(1.0, self.largest / max(self.size(direction), 1e-300))

    def forget(self) -> None:
        """Start anew."""
        self.history, self.last = [], None

    def _direction(self, gradients: FloatArray) -> FloatArray:
        direction, weights = gradients.copy(), []
        for move, change in reversed(self.history):
            weights.append(np.vdot(move, direction) / np.vdot(move, change))
            direction -= weights[-1] * change
        direction *= self.softness
        for (move, change), weight in zip(self.history, reversed(weights), strict=True):
            direction += move * (weight - np.vdot(change, direction) / np.vdot(move, change))
        return direction


class Reached(NamedTuple):
    """Where a search ended.

    Attributes:
        point: (m,) Å.
        energy: eV.
        gradient: (m,) eV/Å.
        steps: Evaluations.
    """

    point: FloatArray
    energy: float
    gradient: FloatArray
    steps: int


def descent(landscape: Landscape, point: FloatArray, *, force: float, steps: int, what: str) -> Search[Reached]:
    """Down to a minimum.

    Args:
        landscape: The landscape.
        point: (m,) from where.
        force: Largest force that may remain, eV/Å.
        steps: Most evaluations.
        what: Is named if it fails, "the first end".

    Raises:
        NotConverged: more steps are needed.
    """
    optimizer = QuasiNewton(landscape.largest)
    for step in range(steps):
        values = yield from evaluated(landscape, point[None])
        gradient = values.gradients[0]
        if landscape.largest(gradient) < force:
            return Reached(point, float(values.energies[0]), gradient, step + 1)
        point = point + optimizer.step(point, gradient)
    raise NotConverged(
        f"{what[0].upper()}{what[1:]} did not relax to {force:.2g} eV/Å in {steps} steps "
        f"({landscape.largest(gradient):.2g} eV/Å left); start nearer to a minimum, or loosen the tolerance."
    )
