"""Measured relaxation moduli by time and temperature."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.errors import InputError

_COLUMNS = {"temperature_K": 1.0, "time_s": 1.0, "modulus_Pa": 1.0, "modulus_MPa": 1e6, "modulus_GPa": 1e9}


@dataclass(frozen=True)
class RelaxationData:
    """Moduli E(t, T), a row each.

    Attributes:
        temperature: (n,) K.
        time: (n,) s since the strain was put on.
        modulus: (n,) Pa.

    Raises:
        InputError: columns that differ in length, or values that are not positive.
    """

    temperature: FloatArray
    time: FloatArray
    modulus: FloatArray

    def __post_init__(self) -> None:
        for name in ("temperature", "time", "modulus"):
            array = np.asarray(getattr(self, name), dtype=float)
            if array.ndim != 1 or len(array) != len(np.asarray(self.temperature)) or not len(array):
                raise InputError("Relaxation data want as many temperatures as times and moduli, and one at least.")
            if not (np.isfinite(array).all() and (array > 0).all()):
                raise InputError(
                    f"The {name} of relaxation data must be positive and finite; row {np.argmin(array > 0) + 1} is not."
                )
            object.__setattr__(self, name, array)

    @property
    def temperatures(self) -> FloatArray:
        """(m,) the different ones, K, rising."""
        return np.unique(self.temperature)

    def at(self, rows: "NDArray[np.bool_] | Sequence[int]") -> "RelaxationData":
        """Some rows of it."""
        return RelaxationData(self.temperature[rows], self.time[rows], self.modulus[rows])


def read_relaxation(path: str | Path) -> RelaxationData:
    """Read a CSV file with the columns temperature_K, time_s and modulus_Pa (or modulus_MPa, modulus_GPa).

    Raises:
        InputError: the file cannot be read, a column is missing, or a value is no number.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The relaxation data {path} cannot be read: {error}.") from None
    given = [name.strip() for name in (rows[0] if rows else {}) if name]
    modulus = next((name for name in given if name.startswith("modulus_")), "modulus_Pa")
    wanted = ["temperature_K", "time_s", modulus]
    unknown = [name for name in given if name not in _COLUMNS]
    if unknown or any(name not in given for name in wanted):
        raise InputError(
            f"The relaxation data {path.name} have the columns {', '.join(given) or 'none'}; they must be temperature_K, time_s and "
            "modulus_Pa, modulus_MPa or modulus_GPa."
        )
    columns = []
    for name in wanted:
        try:
            columns.append(
                _COLUMNS[name] * np.array([float({k.strip(): v for k, v in row.items() if k}[name]) for row in rows])
            )
        except (TypeError, ValueError):
            raise InputError(f"The column {name} of {path.name} holds something that is no number.") from None
    return RelaxationData(*columns)
