"""Collective variables: what a free energy is a function of, and how each atom moves it."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.files import content_hash


class Variables(Protocol):
    """Any d functions of the places of atoms."""

    @property
    def periods(self) -> FloatArray:
        """(d,) Å, or in the variable's own unit; 0 where it is not periodic."""
        ...

    @property
    def identity(self) -> str:
        """Hash of all that determines the values."""
        ...

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Values and gradients.

        Args:
            positions: (R, N, 3) Å.
            cells: (R, 3, 3) Å, rows are lattice vectors.

        Returns:
            (R, d), and (R, d, N, 3) or (1, d, N, 3) where all replicas have the same.
        """
        ...


@dataclass(frozen=True)
class LinearVariables:
    """Sums over coordinates: the gap of two planes, their slip, the place of an atom.

    Attributes:
        combinations: (d, N, 3) coefficients, such as those of `atomistic.dynamics.plane_distance`.
        periods: (d,) Å, 0 where a variable is not periodic, such as the lattice's period of a slip; empty is none at all.
        offsets: (d,) Å, added to the sums; empty is 0.
    """

    combinations: FloatArray
    periods: FloatArray = field(default_factory=lambda: np.zeros(0))
    offsets: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        rows = np.asarray(self.combinations, dtype=float)
        if rows.ndim != 3 or rows.shape[2] != 3 or not len(rows) or not np.isfinite(rows).all():
            raise InputError(
                f"Combinations of shape {rows.shape} are no variables; give coefficients (d, N, 3) of d ≥ 1."
            )
        object.__setattr__(self, "combinations", rows)
        for name, given in (("periods", self.periods), ("offsets", self.offsets)):
            values = np.asarray(given, dtype=float) if np.size(given) else np.zeros(len(rows))
            if values.shape != (len(rows),) or not np.isfinite(values).all():
                raise InputError(
                    f"{name} {values.tolist()} do not fit {len(rows)} variables; give one number for each, 0 for none."
                )
            object.__setattr__(self, name, values)

    @property
    def identity(self) -> str:
        """Hash of coefficients, periods and offsets."""
        return content_hash(
            b"".join(np.ascontiguousarray(v).tobytes() for v in (self.combinations, self.periods, self.offsets))
        )

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Variables`."""
        if positions.shape[1:] != self.combinations.shape[1:]:
            raise InputError(
                f"The variables are those of {self.combinations.shape[1]} atoms, and the structure has {positions.shape[1]}; "
                "make them for it."
            )
        return np.einsum("dai,rai->rd", self.combinations, positions) + self.offsets, self.combinations[None]


@dataclass(frozen=True)
class Distance:
    """Distance of the centres of two groups of atoms, not across periodic boundaries.

    Attributes:
        first: Indices of the atoms of one.
        second: Of the other.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]

    @property
    def periods(self) -> FloatArray:
        """None."""
        return np.zeros(1)

    @property
    def identity(self) -> str:
        """Hash of the groups."""
        return content_hash(f"{self.first} {self.second}".encode())

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Variables`."""
        first, second = list(self.first), list(self.second)
        apart = positions[:, second].mean(axis=1) - positions[:, first].mean(axis=1)
        size = np.linalg.norm(apart, axis=1)
        gradient = np.zeros((len(positions), 1, *positions.shape[1:]))
        along = (apart / size[:, None])[:, None, :]
        gradient[:, 0, second] += along / len(second)
        gradient[:, 0, first] -= along / len(first)
        return size[:, None], gradient
