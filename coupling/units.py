"""The one border between atomistic units (eV, Å) and SI, from scipy's CODATA constants.

Multiply a value in atomistic units by the constant to get SI: `energy_eV_A2 * EV_A2` is in J/m².
"""

import re
import unicodedata

from scipy import constants

from coupling.errors import InputError

EV: float = constants.electron_volt
"""J per eV."""
ANGSTROM: float = constants.angstrom
"""m per Å."""
EV_A2: float = EV / ANGSTROM**2
"""J/m² per eV/Å²: energies per area."""
EV_A3: float = EV / ANGSTROM**3
"""Pa per eV/Å³: stresses and tractions."""
GPA: float = 1e9
"""Pa per GPa."""
BOLTZMANN_EV: float = constants.Boltzmann / EV
"""eV per K."""

SI_FACTORS: dict[str, dict[str, float]] = {
    "length": {"m": 1.0, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9, "A": ANGSTROM, "Å": ANGSTROM},
    "stress": {"Pa": 1.0, "kPa": 1e3, "MPa": 1e6, "GPa": 1e9, "eV/A^3": EV_A3, "eV/Å^3": EV_A3},
    "energy per area": {"J/m^2": 1.0, "mJ/m^2": 1e-3, "kJ/m^2": 1e3, "N/mm": 1e3, "eV/A^2": EV_A2, "eV/Å^2": EV_A2},
    "temperature": {"K": 1.0},
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0, "ps": 1e-12, "fs": 1e-15},
    "stiffness of an interface": {"Pa/m": 1.0, "GPa/m": 1e9, "MPa/mm": 1e9, "GPa/nm": 1e18, "eV/A^4": EV_A3 / ANGSTROM},
    "viscosity of an interface": {"Pa*s/m": 1.0, "MPa*s/mm": 1e9},
    "thermal expansion": {"1/K": 1.0, "ppm/K": 1e-6},
}
"""Accepted unit names by physical quantity, each with its factor to SI."""

_QUANTITY = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S+)\s*$")


def normalised(text: str) -> str:
    """A text with the micro sign and the letter Å in one form, whichever of Unicode's two (µ, μ; Å, Å) it had."""
    return unicodedata.normalize("NFC", text).replace("\u03bc", "\u00b5")


def parse_quantity(text: object, quantity: str) -> float:
    """Read a number with its unit, such as "12 nm", into SI.

    Args:
        text: The quantity as written.
        quantity: A key of `SI_FACTORS`.

    Returns:
        The value in SI units.

    Raises:
        InputError: there is no unit, or it is not one of this quantity.
    """
    factors = SI_FACTORS[quantity]
    match = _QUANTITY.match(normalised(text)) if isinstance(text, str) else None
    if match is None or match[2] not in factors:
        example = f"12 {list(factors)[-2] if len(factors) > 1 else next(iter(factors))}"
        raise InputError(
            f"{text!r} is not a {quantity} with a unit; write a number and one of {', '.join(factors)}, "
            f"for example '{example}'."
        )
    return float(match[1]) * factors[match[2]]
