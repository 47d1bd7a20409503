"""Trigonometric interpolation of samples over a period: γ-lines, γ-surfaces, prefactors by angle."""

from typing import NamedTuple, Protocol

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError


class PeriodicValue(NamedTuple):
    """A periodic function at n points of m coordinates.

    Attributes:
        value: (n,).
        gradient: (n, m).
        hessian: (n, m, m).
    """

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray


class SlipEnergy(Protocol):
    """The energy per area of a slip, periodic and zero at no slip."""

    def evaluate(self, slip: FloatArray) -> PeriodicValue:
        """Energy, gradient and Hessian at slips (n, m)."""
        ...


class Periodic:
    """The trigonometric interpolant of samples on a uniform grid of one period.

    Args:
        lattice: (m, m) rows are the periods; a number for m = 1.
        samples: m-dimensional array of values at (i/p) lattice[0] + (j/q) lattice[1].

    Raises:
        InputError: no independent periods, under four samples along one, or a value that is not finite.
    """

    def __init__(self, lattice: FloatArray | float, samples: FloatArray) -> None:
        self.lattice = np.atleast_2d(np.asarray(lattice, dtype=float))
        samples = np.asarray(samples, dtype=float)
        m = samples.ndim
        if self.lattice.shape != (m, m) or not np.isfinite(self.lattice).all() or np.linalg.det(self.lattice) == 0:
            raise InputError(f"Samples in {m} dimensions need {m} independent periods, an array ({m}, {m}).")
        if min(samples.shape) < 4 or not np.isfinite(samples).all():
            raise InputError(f"A period needs 4 or more finite samples each way; these are {samples.shape}.")
        self._waves, self._coefficients = _waves(samples, np.linalg.inv(self.lattice))

    def evaluate(self, points: FloatArray) -> PeriodicValue:
        """Value, gradient and Hessian at points (n, m), in the coordinates of the lattice's rows."""
        points = np.asarray(points, dtype=float).reshape(-1, len(self.lattice))
        waves = self._waves
        terms = np.exp(1j * points @ waves.T) * self._coefficients
        gradient = -terms.imag @ waves
        hessian = -np.einsum("nk,ka,kb->nab", terms.real, waves, waves)
        return PeriodicValue(terms.real.sum(axis=1), gradient, hessian)


class GammaSurface(Periodic):
    """A γ-surface (m = 2) or γ-line (m = 1): energy per area by slip, zero where nothing slipped.

    Args:
        lattice: As in `Periodic`; the first coordinate is across the line (edge), the second along it (screw).
        energy: As in `Periodic`.
    """

    def __init__(self, lattice: FloatArray | float, energy: FloatArray) -> None:
        energy = np.asarray(energy, dtype=float)
        super().__init__(lattice, energy - energy.flat[0])


def strength(surface: SlipEnergy, direction: FloatArray, length: float, points: int = 2001) -> float:
    """Largest dγ/df of a rigid slip along a direction: the ideal shear strength.

    Args:
        surface: The energy of slip.
        direction: (m,) direction of the slip.
        length: Largest slip looked at.
        points: How many slips are looked at.
    """
    unit = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    slips = np.linspace(0.0, length, points)[:, None] * unit
    return float((surface.evaluate(slips).gradient @ unit).max())


def stable_fault(surface: SlipEnergy, burgers: FloatArray) -> FloatArray | None:
    """The slip (m,) of the stable fault of least energy by which a Burgers vector can split; None without one.

    It must be a minimum of the γ-surface whose two partials have |b₁|² + |b₂|² < |b|² (Frank's rule).

    Args:
        surface: The energy of slip.
        burgers: (m,) b.
    """
    burgers = np.asarray(burgers, dtype=float)
    length, m = float(np.linalg.norm(burgers)), len(burgers)
    across = np.array([-burgers[1], burgers[0]]) if m == 2 else np.zeros(1)
    found: list[tuple[float, FloatArray]] = []
    for shift in (0.0, -0.3, 0.3) if m == 2 else (0.0,):
        slip = 0.5 * burgers + shift * across
        for _ in range(500):
            value = surface.evaluate(slip[None])
            curvature = max(float(np.abs(np.linalg.eigvalsh(value.hessian[0])).max()), 1e-300)
            step = -value.gradient[0] / curvature
            slip = slip + step * min(1.0, 0.02 * length / max(float(np.linalg.norm(step)), 1e-300))
            if float(np.linalg.norm(step)) < 1e-10 * length:
                break
        rest = burgers - slip
        splits = (
            slip @ slip + rest @ rest < 0.98 * length**2
            and min(np.linalg.norm(slip), np.linalg.norm(rest)) > 0.1 * length
        )
        if splits and np.linalg.eigvalsh(surface.evaluate(slip[None]).hessian[0])[0] > 0:
            found.append((float(surface.evaluate(slip[None]).value[0]), slip))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _waves(samples: FloatArray, inverse: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Wave vectors (k, m) and coefficients (k,): of all waves that agree on the samples, the longest.

    Equally long ones share, so that the interpolant has the symmetry of the crystal and not of the cell.
    """
    m, counts = samples.ndim, np.array(samples.shape)
    numbers = np.stack(np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), axis=-1).reshape(-1, m)
    turns = np.stack(np.meshgrid(*[np.arange(-2, 2)] * m, indexing="ij"), axis=-1).reshape(-1, m)
    waves = 2 * np.pi * (numbers[:, None, :] + turns * counts) @ inverse.T
    lengths = np.linalg.norm(waves, axis=-1)
    shortest = lengths <= lengths.min(axis=1, keepdims=True) + 1e-6 * lengths.max()
    coefficients = (
        (np.fft.fftn(samples) / samples.size).ravel()[:, None] * shortest / shortest.sum(axis=1, keepdims=True)
    )
    return waves[shortest], coefficients[shortest]
