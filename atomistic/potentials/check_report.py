"""Records of the checks of a potential: tolerances, one check, the report of all."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray


@dataclass(frozen=True)
class Tolerance:
    """Tolerances of an arithmetic.

    Attributes:
        deviation: Of energy per atom (eV), force (eV/Å) and virial per atom (eV).
        slope: Of a Taylor remainder's order from 2.
        steps: (k,) Taylor steps: Å, or strain in tenths.
    """

    deviation: float
    slope: float
    steps: tuple[float, ...]


TOLERANCES = {
    "float64": Tolerance(1e-6, 0.1, (4e-3, 2e-3, 1e-3)),
    "float32": Tolerance(2e-4, 0.3, (4e-2, 2e-2, 1e-2)),
}


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: What is checked.
        value: What was found; small is good.
        tolerance: Largest value that passes.
        note: The way out, where it fails.
    """

    name: str
    value: float
    tolerance: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value is finite and within the tolerance."""
        return bool(self.value <= self.tolerance)


@dataclass(frozen=True)
class PotentialReport:
    """All checks of one potential.

    Attributes:
        potential: Its name.
        checks: In the order in which they were made.
    """

    potential: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def __getitem__(self, name: str) -> Check:
        return next(check for check in self.checks if check.name == name)

    def __str__(self) -> str:
        rows = (
            f"{'ok  ' if check.passed else 'FAIL'} {check.name:<24} {check.value:9.2e} (at most {check.tolerance:.0e})"
            + (f" {check.note}" if check.note and not check.passed else "")
            for check in self.checks
        )
        return "\n".join((f"Potential {self.potential}", *rows))


def order_error(energies: FloatArray, derivative: float, steps: FloatArray) -> float:
    """|order of E(h) - E(0) - h E'(0) in h, minus 2|; energies at 0 and at the steps."""
    remainders = np.abs(energies[1:] - energies[0] - steps * derivative)
    if remainders.max() < 1e-12:  # out of range of a short-ranged potential
        return 0.0
    return float(abs(np.polyfit(np.log(steps), np.log(remainders + 1e-300), 1)[0] - 2))
