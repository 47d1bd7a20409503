"""A number with its unit and numerical error."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """A calculated value.

    Attributes:
        value: In `unit`.
        unit: An SI unit, or eV.
        error: Numerical error, in the same unit; not the model's.
        error_source: What the error was estimated from.
    """

    value: float
    unit: str
    error: float
    error_source: str

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.error:.1g} {self.unit}"
