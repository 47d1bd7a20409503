"""Tables on uniform grids, interpolated as LAMMPS interpolates embedded-atom functions."""

import math

import numpy as np

from coupling.contracts import FloatArray


class UniformTable:
    """A function tabulated from zero on: in each interval the cubic with the ends' values and slopes.

    The slopes are differences of five points, of three beside an end, and of two at it. A table ends as it does in
    LAMMPS: beyond its last point value and slope are those of the last point, and beyond `limit` the value follows
    that slope. So only a function with a `limit` has its slope for a derivative there; one of distance, which LAMMPS
    goes on with unchanged up to the cutoff, has not. Below zero the first cubic continues.

    Args:
        step: Grid spacing.
        values: (n,) at 0, step, ..., at least three.
        limit: Where the continuation along the last slope begins; infinite for none.
        end: From where on the function is zero; infinite for nowhere.

    Attributes:
        columns: (4, n - 1) the cubics' coefficients in steps, the constant one first.
        tail: The last slope per unit of x.
    """

    def __init__(self, step: float, values: FloatArray, limit: float = math.inf, end: float = math.inf) -> None:
        self.step, self.limit, self.end = step, limit, end
        values = np.asarray(values, dtype=float)
        with np.errstate(invalid="ignore"):  # a pole at zero spoils the first intervals alone
            slopes, rise = _slopes(values), np.diff(values)
            cubic = slopes[:-1] + slopes[1:] - 2 * rise
            square = 3 * rise - 2 * slopes[:-1] - slopes[1:]
        self.columns = np.ascontiguousarray([values[:-1], slopes[:-1], square, cubic])
        self.tail = float(slopes[-1]) / step

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Value and slope at x (p,), the slope per unit of x."""
        index, t = self._located(x)
        np.minimum(t, 1.0, out=t)
        a, b, c, d = (column.take(index) for column in self.columns)
        d *= t
        c += d
        value, slope = a + t * (b + t * c), (b + t * (2 * c + d)) / self.step
        if self.limit < math.inf:
            value += self.tail * np.maximum(x - self.limit, 0.0)
        if self.end < math.inf:
            within = x < self.end
            value, slope = value * within, slope * within
        return value, slope

    def curvature(self, x: FloatArray) -> FloatArray:
        """The second derivative at x (p,); zero beyond the last point."""
        index, t = self._located(x)
        c, d = (column.take(index) for column in self.columns[2:])
        return (2 * c + 6 * d * t) / self.step**2 * ((t <= 1.0) & (x < self.end))

    def _located(self, x: FloatArray) -> tuple[np.ndarray, FloatArray]:
        """The interval of each x and the place in it, in steps."""
        steps = x / self.step
        index = np.clip(steps.astype(np.int64), 0, self.columns.shape[1] - 1)
        return index, steps - index


def _slopes(values: FloatArray) -> FloatArray:
    """(n,) Slopes per step at the points of a table."""
    slopes = np.empty_like(values)
    slopes[1:-1] = (values[2:] - values[:-2]) / 2
    slopes[0], slopes[-1] = values[1] - values[0], values[-1] - values[-2]
    if len(values) > 4:
        slopes[2:-2] = (values[:-4] - values[4:] + 8 * (values[3:-1] - values[1:-3])) / 12
    return slopes
