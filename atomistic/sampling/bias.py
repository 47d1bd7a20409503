"""Biases: energies that are functions of collective variables, added to a potential."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from ase import Atoms
from scipy.interpolate import CubicSpline

from atomistic.sampling.variables import Variables
from coupling.contracts import Evaluation, FloatArray, Potential
from coupling.errors import InputError
from coupling.files import content_hash


class Bias(Protocol):
    """An energy of R replicas, each at its own values of d variables."""

    @property
    def identity(self) -> str:
        """Hash of what it is at the start."""
        ...

    def of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Energies (R,) in eV and their derivatives (R, d) at values (R, d)."""
        ...


@dataclass(frozen=True)
class Windows:
    """Harmonic restraints ½ Σ k (s − s₀)² of umbrella sampling, the K of them taken in turn by the replicas.

    Attributes:
        centres: (K, d) s₀.
        stiffness: (K, d) k, eV over the square of the variable's unit; one number, or (d,), for all.
        periods: (d,) 0 where not periodic; None is not at all.
    """

    centres: FloatArray
    stiffness: FloatArray | float
    periods: FloatArray | None = None

    def __post_init__(self) -> None:
        centres = np.asarray(self.centres, dtype=float)
        if centres.ndim != 2 or not centres.size or not np.isfinite(centres).all():
            raise InputError(f"Centres of shape {centres.shape} are no windows; give (K, d) numbers.")
        stiffness = np.asarray(self.stiffness, dtype=float)
        if not np.isfinite(stiffness).all() or np.any(stiffness < 0):
            raise InputError(f"A stiffness of {stiffness.min()} does not hold a window; give positive numbers.")
        periods = np.zeros(centres.shape[1]) if self.periods is None else np.asarray(self.periods, dtype=float)
        object.__setattr__(self, "centres", centres)
        object.__setattr__(self, "stiffness", np.broadcast_to(stiffness, centres.shape).copy())
        object.__setattr__(self, "periods", periods)

    @property
    def identity(self) -> str:
        """Hash of the restraints."""
        return content_hash(
            b"".join(np.ascontiguousarray(v).tobytes() for v in (self.centres, self.stiffness, self.periods))
        )

    def of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Bias`; replica r is held in window r mod K."""
        window = np.arange(len(values)) % len(self.centres)
        away = nearest(values - self.centres[window], self.periods)
        pull = np.asarray(self.stiffness)[window] * away
        return 0.5 * np.sum(pull * away, axis=1), pull

    def energies(self, values: FloatArray) -> FloatArray:
        """(K, n) eV of all windows at values (n, d)."""
        away = nearest(values[None] - self.centres[:, None], self.periods)
        return np.asarray(0.5 * np.sum(np.asarray(self.stiffness)[:, None] * away**2, axis=2))


@dataclass(frozen=True)
class Walls:
    """½ k (s − s_w)² beyond walls: keeps walkers within a range.

    Attributes:
        lower: (d,) −inf for none.
        upper: (d,) inf for none.
        stiffness: eV over the square of the variable's unit.
    """

    lower: FloatArray
    upper: FloatArray
    stiffness: float

    @property
    def identity(self) -> str:
        """Hash of the walls."""
        return content_hash(
            f"{np.asarray(self.lower).tolist()} {np.asarray(self.upper).tolist()} {self.stiffness}".encode()
        )

    def of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Bias`."""
        beyond = values - np.clip(values, self.lower, self.upper)
        return 0.5 * self.stiffness * np.sum(beyond**2, axis=1), self.stiffness * beyond


@dataclass(frozen=True)
class KnownEnergy:
    """A given energy of the first variable, a cubic spline through its values: what is known before, taken away in advance.

    Attributes:
        places: (n,) rising.
        values: (n,) eV.
    """

    places: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "_spline", CubicSpline(self.places, self.values))

    @property
    def identity(self) -> str:
        """Hash of the curve."""
        return content_hash(np.ascontiguousarray([self.places, self.values]).tobytes())

    def of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Bias`; beyond its ends it goes on with its last slopes."""
        spline: CubicSpline = self._spline  # type: ignore[attr-defined]  # set by __post_init__ of a frozen class
        inside = np.clip(values[:, 0], self.places[0], self.places[-1])
        slopes = np.zeros_like(values)
        slopes[:, 0] = spline(inside, 1)
        return spline(inside) + slopes[:, 0] * (values[:, 0] - inside), slopes


@dataclass(frozen=True)
class Together:
    """The sum of biases.

    Attributes:
        terms: Any.
    """

    terms: tuple[Bias, ...]

    @property
    def identity(self) -> str:
        """Hash of the terms."""
        return content_hash(" ".join(one.identity for one in self.terms).encode())

    def of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Bias`."""
        energies, slopes = np.zeros(len(values)), np.zeros(values.shape)
        for term in self.terms:
            energy, slope = term.of(values)
            energies, slopes = energies + energy, slopes + slope
        return energies, slopes


@dataclass(frozen=True)
class Biased:
    """What moves replicas: a potential's forces and those of a bias, −∂V/∂s · ∂s/∂x. It has no stress.

    Attributes:
        potential: The potential.
        variables: Of the bias.
        bias: The bias.
    """

    potential: Potential
    variables: Variables
    bias: Bias

    def __call__(self, structures: Sequence[Atoms]) -> Evaluation:
        """Energies, those of the bias included, and forces."""
        found = self.potential.evaluate(structures)
        positions = np.array([one.positions for one in structures])
        values, gradients = self.variables.of(positions, np.array([one.cell.array for one in structures]))
        energies, slopes = self.bias.of(values)
        pull = np.sum(slopes[:, :, None, None] * gradients, axis=1)
        return replace(
            found,
            energies=np.asarray(found.energies) + energies,
            forces=tuple(np.asarray(found.forces) - pull),
            stresses=np.full((len(structures), 3, 3), np.nan),
        )


def nearest(apart: FloatArray, periods: FloatArray | None) -> FloatArray:
    """Differences (…, d) of variables, those of periodic ones brought to the nearest image."""
    if periods is None or not np.any(periods):
        return apart
    whole = np.where(periods > 0, periods, 1.0)
    return np.asarray(np.where(periods > 0, apart - whole * np.round(apart / whole), apart))
