"""Interpolation of a periodic function from equal steps of its period: by its values, or by values and slopes."""

from typing import NamedTuple

import numpy as np
import scipy

from coupling.contracts import FloatArray


class Kernel(NamedTuple):
    """Functions (n, count), one a node, with two derivatives with respect to the fraction of the period."""

    value: FloatArray
    slope: FloatArray
    curvature: FloatArray


def cardinal(x: FloatArray, count: int) -> Kernel:
    """Trigonometric cardinal functions of nodes i/count at x (n,)."""
    weights = np.full(count // 2, 2.0 / count)
    if count % 2 == 0:
        weights[-1] = 1.0 / count
    return _waves(x, count, 1.0 / count, weights, np.zeros_like(weights))


def hermite_cardinal(x: FloatArray, count: int) -> tuple[Kernel, Kernel]:
    """Functions that belong to the values and to the slopes at nodes i/count, at x (n,).

    The interpolant Σ f_i v_i + f_i' s_i is the trigonometric polynomial below wave `count` (and its sine) that meets
    both: v_i is Fejér's kernel Σ (1 − |k|/N) e^(2πik(x − x_i)) / N, s_i has all waves equally (Jackson 1930).
    """
    wave = np.arange(1, count + 1)
    values = _waves(x, count, 1.0 / count, 2.0 * (1.0 - wave / count) / count, np.zeros(count))
    sines = np.full(count, 1.0 / (np.pi * count**2))
    sines[-1] *= 0.5
    return values, _waves(x, count, 0.0, np.zeros(count), sines)


def _waves(x: FloatArray, count: int, mean: float, cosines: FloatArray, sines: FloatArray) -> Kernel:
    """mean + Σ_k cosines_k cos 2πk(x − x_i) + sines_k sin 2πk(x − x_i)."""
    phase = 2.0 * np.pi * (x[:, None] - np.arange(count) / count)
    value, slope, curvature = np.full_like(phase, mean), np.zeros_like(phase), np.zeros_like(phase)
    for wave, (even, odd) in enumerate(zip(cosines, sines, strict=True), start=1):
        k, cosine, sine = 2.0 * np.pi * wave, np.cos(wave * phase), np.sin(wave * phase)
        term = even * cosine + odd * sine
        value += term
        slope += k * (odd * cosine - even * sine)
        curvature -= k**2 * term
    return Kernel(value, slope, curvature)


def periodic_spline(values: FloatArray, axis: int) -> FloatArray:
    """The periodic cubic spline through values, half-way between its nodes along an axis."""
    count = values.shape[axis]
    closed = np.concatenate([values, np.take(values, [0], axis)], axis)
    return np.asarray(
        scipy.interpolate.CubicSpline(np.arange(count + 1), closed, axis, "periodic")(np.arange(count) + 0.5)
    )
