"""The one border between atomistic units (eV, Å) and SI, by the constants that define the SI (BIPM 2019): exact.

Multiply a value in atomistic units by the constant to get SI: `energy_eV_A2 * EV_A2` is in J/m².
"""

import re
import unicodedata

from coupling.errors import InputError

EV: float = 1.602176634e-19
"""J per eV."""
ANGSTROM: float = 1e-10
"""m per Å."""
EV_A2: float = EV / ANGSTROM**2
"""J/m² per eV/Å²: energies per area."""
EV_A3: float = EV / ANGSTROM**3
"""Pa per eV/Å³: stresses and tractions."""
GPA: float = 1e9
"""Pa per GPa."""
BOLTZMANN: float = 1.380649e-23
"""J per K."""
BOLTZMANN_EV: float = BOLTZMANN / EV
"""eV per K."""
AVOGADRO: float = 6.02214076e23
"""1/mol."""
GAS_CONSTANT: float = BOLTZMANN * AVOGADRO
"""J/(mol K)."""

SI_FACTORS: dict[str, dict[str, float]] = {
    "length": {"m": 1.0, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9, "A": ANGSTROM, "Å": ANGSTROM},
    "stress": {
        "Pa": 1.0, "kPa": 1e3, "N/mm^2": 1e6, "MPa": 1e6, "GPa": 1e9, "eV/A^3": EV_A3, "eV/Å^3": EV_A3,
    },
    "energy per area": {"J/m^2": 1.0, "mJ/m^2": 1e-3, "kJ/m^2": 1e3, "N/mm": 1e3, "eV/A^2": EV_A2, "eV/Å^2": EV_A2},
    "temperature": {"K": 1.0},
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "year": 31557600.0, "ps": 1e-12, "fs": 1e-15},
    "frequency": {"1/s": 1.0, "Hz": 1.0, "GHz": 1e9, "THz": 1e12},
    "stiffness of an interface": {
        "Pa/m": 1.0, "GPa/m": 1e9, "N/mm^3": 1e9, "MPa/mm": 1e9, "GPa/nm": 1e18, "eV/A^4": EV_A3 / ANGSTROM,
    },
    "viscosity of an interface": {"Pa*s/m": 1.0, "MPa*s/mm": 1e9, "GPa*s/nm": 1e18},
    "thermal expansion": {"1/K": 1.0, "ppm/K": 1e-6},
    "strain rate": {"1/s": 1.0, "1/min": 1 / 60.0, "1/h": 1 / 3600.0},
    "dislocation density": {"1/m^2": 1.0, "1/mm^2": 1e6, "1/nm^2": 1e18},
    "wave number": {"1/m": 1.0, "1/mm": 1e3, "1/nm": 1e9},
    "area": {"m^2": 1.0, "mm^2": 1e-6, "nm^2": 1e-18, "A^2": ANGSTROM**2, "Å^2": ANGSTROM**2},
    "force": {"N": 1.0, "kN": 1e3, "nN": 1e-9},
    "force per length": {"N/m": 1.0, "N/mm": 1e3, "nN/nm": 1.0},
    "energy": {"J": 1.0, "mJ": 1e-3, "aJ": 1e-18},
    "energy per length": {"J/m": 1.0, "mJ/mm": 1.0, "nJ/m": 1e-9},
    "diffusivity": {"m^2/s": 1.0, "mm^2/s": 1e-6, "cm^2/s": 1e-4, "nm^2/s": 1e-18},
    "speed": {"m/s": 1.0, "mm/s": 1e-3, "nm/s": 1e-9},
    "concentration": {"mol/m^3": 1.0, "mmol/m^3": 1e-3, "mol/cm^3": 1e6, "mol/mm^3": 1e9, "mol/nm^3": 1e27},
    "density of sites": {"mol/m^2": 1.0, "mol/mm^2": 1e6, "mol/nm^2": 1e18},
    "molar volume": {"m^3/mol": 1.0, "cm^3/mol": 1e-6, "mm^3/mol": 1e-9, "nm^3/mol": 1e-27},
    "molar energy": {"J/mol": 1.0, "mJ/mol": 1e-3, "kJ/mol": 1e3, "aJ/mol": 1e-18},
    "flux of a solute": {"mol/(m^2*s)": 1.0, "mol/(mm^2*s)": 1e6, "mol/(nm^2*s)": 1e18},
}  # fmt: skip
"""Accepted unit names by physical quantity, each with its factor to SI."""

UNIT_SYSTEMS: dict[str, dict[str, str]] = {
    "SI": {quantity: next(iter(factors)) for quantity, factors in SI_FACTORS.items()},
    "mm-MPa": {
        "length": "mm", "stress": "MPa", "energy per area": "N/mm", "temperature": "K", "time": "s", "frequency": "1/s",
        "stiffness of an interface": "N/mm^3", "viscosity of an interface": "MPa*s/mm", "thermal expansion": "1/K",
        "area": "mm^2", "force": "N", "force per length": "N/mm", "energy": "mJ", "energy per length": "mJ/mm",
        "diffusivity": "mm^2/s", "speed": "mm/s", "concentration": "mol/mm^3", "density of sites": "mol/mm^2",
        "molar volume": "mm^3/mol", "molar energy": "mJ/mol", "flux of a solute": "mol/(mm^2*s)", "strain rate": "1/s",
        "dislocation density": "1/mm^2", "wave number": "1/mm",
    },
    "nm-GPa": {
        "length": "nm", "stress": "GPa", "energy per area": "J/m^2", "temperature": "K", "time": "s", "frequency": "1/s",
        "stiffness of an interface": "GPa/nm", "viscosity of an interface": "GPa*s/nm", "thermal expansion": "1/K",
        "area": "nm^2", "force": "nN", "force per length": "N/m", "energy": "aJ", "energy per length": "nJ/m",
        "diffusivity": "nm^2/s", "speed": "nm/s", "concentration": "mol/nm^3", "density of sites": "mol/nm^2",
        "molar volume": "nm^3/mol", "molar energy": "aJ/mol", "flux of a solute": "mol/(nm^2*s)", "strain rate": "1/s",
        "dislocation density": "1/nm^2", "wave number": "1/nm",
    },
}  # fmt: skip
"""Systems in which numbers without a unit are read and results are written: by quantity a unit. Each is consistent."""

_SUPERSCRIPTS = str.maketrans({"²": "^2", "³": "^3", "⁴": "^4"})
_BARE_POWER = re.compile(r"(?<=[A-Za-zÅµ])([234])(?![\d.])")

_QUANTITY = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S+)\s*$")


def normalised(text: str) -> str:
    """A text with the micro sign and the letter Å in one form, whichever of Unicode's two (µ, μ; Å, Å) it had."""
    return unicodedata.normalize("NFC", text).replace("\u03bc", "\u00b5")


def unit_name(text: str) -> str:
    """A unit as `SI_FACTORS` spells it: "J/m^2" for J/m², J/m2 and J/m^2."""
    return _BARE_POWER.sub(r"^\1", normalised(text).translate(_SUPERSCRIPTS))


def in_system(unit: str, system: str) -> tuple[float, str]:
    """The factor to, and the name of, the unit in which a system writes what is given in a unit.

    Args:
        unit: As `SI_FACTORS` has it; one that is not there, such as eV/Å, stays as it is.
        system: A key of `UNIT_SYSTEMS`.
    """
    for quantity, factors in SI_FACTORS.items():
        if unit in factors:
            shown = UNIT_SYSTEMS[system][quantity]
            return (1.0, unit) if shown == unit else (factors[unit] / factors[shown], shown)
    return 1.0, unit


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
    match = _QUANTITY.match(text) if isinstance(text, str) else None
    unit = unit_name(match[2]) if match is not None else ""
    if match is None or unit not in factors:
        example = f"12 {list(factors)[-2] if len(factors) > 1 else next(iter(factors))}"
        raise InputError(
            f"{text!r} is not a {quantity} with a unit; write a number and one of {', '.join(factors)}, "
            f"for example '{example}'."
        )
    return float(match[1]) * factors[unit]


def length_text(metres: float, digits: int = 4) -> str:
    """A length for a message, in the unit in which it reads best: "1.05 nm"."""
    size = float(f"{abs(metres):.{digits - 1}e}")
    unit = next((unit for unit in ("m", "mm", "µm", "nm") if size >= SI_FACTORS["length"][unit]), "Å")
    return f"{metres / SI_FACTORS['length'][unit]:.{digits}g} {unit}" if size else "0 m"
