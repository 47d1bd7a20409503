"""A number with its unit and how far it can be trusted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """What a calculation found.

    Attributes:
        value: In `unit`.
        unit: An SI unit, or eV.
        error: Numerical error, in the same unit; not the model's.
        error_source: Where the error was read off.
    """

    value: float
    unit: str
    error: float
    error_source: str

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.error:.1g} {self.unit}"
