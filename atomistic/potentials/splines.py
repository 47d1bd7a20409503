"""Splines that find their interval by division."""

from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from coupling.contracts import FloatArray


class UniformSpline:
    """A piecewise polynomial on a uniform grid that starts at zero; its end pieces extrapolate.

    Attributes:
        step: Grid spacing.
        coefficients: (pieces, degree + 1) of powers of the distance to the piece's start, highest first.
    """

    def __init__(self, step: float, coefficients: FloatArray) -> None:
        self.step, self.coefficients = step, np.ascontiguousarray(coefficients)

    @classmethod
    def of(cls, spline: Any) -> "UniformSpline":
        """The same cubic (not-a-knot) interpolant as that of scipy."""
        if isinstance(spline, UniformSpline):
            return spline
        knots = spline.get_knots()
        step = knots[2] - knots[1]
        grid = np.arange(round(knots[-1] / step) + 1) * step
        return cls(step, CubicSpline(grid, spline(grid)).c.T)

    def derivative(self) -> "UniformSpline":
        """The spline of its first derivatives."""
        powers = np.arange(self.coefficients.shape[1] - 1, 0, -1)
        return UniformSpline(self.step, self.coefficients[:, :-1] * powers)

    def __call__(self, x: FloatArray) -> FloatArray:
        piece = np.clip((x / self.step).astype(int), 0, len(self.coefficients) - 1)
        rest, value = x - piece * self.step, 0.0
        for coefficient in self.coefficients[piece].T:
            value = value * rest + coefficient
        return value
