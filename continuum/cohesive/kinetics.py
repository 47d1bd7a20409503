"""Damage that grows by itself: the sites of an activated interface break in time, at the rates of `coupling.interface.activation`.

The part that is broken is D(κ)/W, D the energy lost to damage at the separation κ. Over a step of Δt, by Euler's implicit
rule, which is stable whatever the step:

    D(κ) − D(κ₀) = Δt k(m, κ) [W − D(κ)],      κ ≥ max(κ₀, m)

Where damage by opening alone is more than that, κ = m: the law itself.
"""

from typing import NamedTuple

import numpy as np

from coupling.contracts import FloatArray
from coupling.interface.activation import Activation, secant

_GRID = 33
"""Separations between which the first solution is looked for."""
_ITERATIONS = 60
_CLOSE = 1e-12
FLOOR = 1e-9
"""Of the opening at the peak: the separation of an interface that never opened, so that its secant has a slope."""


class Growth(NamedTuple):
    """The largest separation after a step.

    Attributes:
        largest: (n,) κ, m.
        by_separation: (n,) dκ/dm where it grew by itself; else 0.
        grew: (n,) whether it grew by itself.
    """

    largest: FloatArray
    by_separation: FloatArray
    grew: np.ndarray


def grown(activation: Activation, separation: FloatArray, before: FloatArray, duration: float) -> Growth:
    """The largest separation a time after it was `before`.

    Args:
        activation: How sites break.
        separation: (n,) m at the end of the step, m.
        before: (n,) κ₀, m.
        duration: Δt, s; infinite, as at a state at rest, counts as no time at all.
    """
    largest, slope = np.maximum(before, separation), np.zeros(len(before))
    grew = np.zeros(len(before), dtype=bool)
    law, last = activation.law, activation.law.final_opening
    if not np.isfinite(duration):
        return Growth(largest, slope, grew)
    floor = FLOOR * law.opening_at_peak
    active = np.flatnonzero((separation > floor) & (largest < last))
    m, first = separation[active], secant(law, np.maximum(before[active], floor)).lost
    balance = _Balance(activation, m, first, duration)
    low = np.maximum(largest[active], floor)
    wants = balance.at(low).value < 0
    active, low, balance = active[wants], low[wants], balance.part(wants)
    if len(active):
        low, high, ends = balance.bracket(low, last)
        found = np.where(ends, last, balance.root(low, high))
        value = balance.at(found)
        largest[active], grew[active] = found, True
        rises = ~ends & (value.by_largest > 0)
        slope[active] = np.where(rises, -value.by_separation / np.where(rises, value.by_largest, 1.0), 0.0)
    return Growth(largest, slope, grew)


class _Value(NamedTuple):
    """Of the balance, J/m², its derivatives, J/m³, and Newton's step for its logarithm, in which rates are nearly linear, m."""

    value: FloatArray
    by_largest: FloatArray
    by_separation: FloatArray
    step: FloatArray


class _Balance(NamedTuple):
    """D(κ) − D(κ₀) − Δt k (W − D(κ)) of some points."""

    activation: Activation
    separation: FloatArray
    first: FloatArray
    duration: float

    def at(self, largest: FloatArray) -> _Value:
        """At κ (n,)."""
        found = secant(self.activation.law, largest)
        rate = self.activation.evaluate(self.separation, largest, found)
        left = self.activation.law.work_of_separation - found.lost
        slope, gained, breaks = (
            -0.5 * largest**2 * found.slope,
            found.lost - self.first,
            self.duration * rate.rate * left,
        )
        by_largest = slope * (1.0 + self.duration * rate.rate) - self.duration * rate.by_largest * left
        fits = (gained > 0) & (breaks > 0)
        safe_gained, safe_breaks = np.where(fits, gained, 1.0), np.where(fits, breaks, 1.0)
        steep = (
            slope / safe_gained
            + (slope * self.duration * rate.rate - self.duration * rate.by_largest * left) / safe_breaks
        )
        step = np.where(
            fits & (steep > 0), -np.log(safe_gained / safe_breaks) / np.where(steep > 0, steep, 1.0), np.nan
        )
        return _Value(gained - breaks, by_largest, -self.duration * rate.by_separation * left, step)

    def part(self, chosen: np.ndarray) -> "_Balance":
        """The same of some of the points."""
        return self._replace(separation=self.separation[chosen], first=self.first[chosen])

    def bracket(self, low: FloatArray, last: float) -> tuple[FloatArray, FloatArray, np.ndarray]:
        """Ends of the first interval of the grid in which the balance becomes positive; whether it does in none."""
        parts = np.linspace(0.0, 1.0, _GRID)[1:] ** 2
        grid = low[:, None] + (last - low)[:, None] * parts
        wide = self._replace(separation=np.repeat(self.separation, _GRID - 1), first=np.repeat(self.first, _GRID - 1))
        above = wide.at(grid.ravel()).value.reshape(grid.shape) >= 0
        rows, number = np.arange(len(low)), np.argmax(above, axis=1)
        before = np.concatenate([low[:, None], grid[:, :-1]], axis=1)
        return before[rows, number], grid[rows, number], ~above.any(axis=1)

    def root(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """Newton's method within the bracket, halving it where it would leave it; backwards by a factor, as the logarithm bids."""
        x, base = 0.5 * (low + high), low
        for _ in range(_ITERATIONS):
            found = self.at(x)
            low, high = np.where(found.value < 0, x, low), np.where(found.value < 0, high, x)
            apart = np.maximum(x - base, np.finfo(float).tiny)
            trial = np.where(found.step < 0, base + apart * np.exp(np.minimum(found.step, 0.0) / apart), x + found.step)
            inside = (trial > low) & (trial < high)
            after = np.where(inside, trial, 0.5 * (low + high))
            moved, x = np.abs(after - x), after
            if np.all((moved <= _CLOSE * x) | (found.value == 0)):
                break
        return x
