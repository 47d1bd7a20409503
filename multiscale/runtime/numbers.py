"""How numbers are written for people: four digits, the unit that suits the size, an error with two digits."""

from collections.abc import Sequence
from decimal import Decimal

from coupling.findings import Criterion
from coupling.units import ANGSTROM
from multiscale.runtime.records import Amount, Quantity, Scalar

_DIGITS = 4
_LEAST, _MOST = -3, 4
"""Powers of ten between which a number is written without one."""
_PREFIXES = {"p": 1e-12, "n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Ladder = tuple[tuple[float, str], ...]
"""Units of one quantity, each with its size in the first column's own; ascending."""


def _ladder(unit: str, prefixes: str = "p n µ m - k M G T") -> Ladder:
    return tuple((_PREFIXES[one.strip("-")], f"{one.strip('-')}{unit}") for one in prefixes.split())


_LADDERS: dict[str, Ladder] = {unit: _ladder(unit) for unit in ("Pa", "N", "J", "N/m", "J/m", "s")} | {
    "m": ((ANGSTROM, "Å"), *_ladder("m", "n µ m -")),
    "m^2": ((ANGSTROM**2, "Å^2"), (1e-18, "nm^2"), (1e-12, "µm^2"), (1e-6, "mm^2"), (1.0, "m^2")),
    "J/m^2": _ladder("J/m^2", "m - k"),
    "Pa/m": ((1.0, "Pa/m"), (1e9, "MPa/mm"), (1e15, "MPa/nm"), (1e18, "GPa/nm")),
    "eV": _ladder("eV", "m -"),
    "eV/Å": _ladder("eV/Å", "m -"),
}  # fmt: skip


def suited(unit: str, values: Sequence[float]) -> tuple[float, str]:
    """The unit in which the largest of some values reads best, and the factor to divide them by.

    Args:
        unit: Theirs; one that has no multiples (GPa, K, "") stays.
        values: In this unit; none, or zeros alone, leave it as it is.
    """
    largest = max((abs(float(value)) for value in values), default=0.0)
    if unit not in _LADDERS or not largest:
        return 1.0, unit
    ladder = _LADDERS[unit]
    rounded = float(f"{largest:.{_DIGITS - 1}e}")
    return next((step for step in reversed(ladder) if rounded >= step[0] * (1 - 1e-9)), ladder[0])


def unit_text(unit: str) -> str:
    """A unit as it is printed: J/m², Å³."""
    return unit.replace("^2", "²").replace("^3", "³").replace("^4", "⁴").replace("*", "·")


def number_text(value: float, digits: int = _DIGITS) -> str:
    """A number to so many significant digits, or as short as it is; far from one with a power of ten."""
    if value == 0:
        return "0"
    exact = Decimal(f"{value:.12g}").normalize()
    shown = exact if len(exact.as_tuple().digits) <= digits else Decimal(f"{value:.{digits - 1}e}")
    power = shown.adjusted()
    sign = "−" if value < 0 else ""
    if _LEAST <= power <= _MOST:
        return f"{sign}{_plain(abs(shown))}"
    mantissa = _plain(abs(shown).scaleb(-power))
    return f"{sign}{mantissa} × 10{str(power).translate(_SUPERSCRIPT)}"


def _plain(number: Decimal) -> str:
    """Whole numbers without a point, others with the digits they have."""
    whole = int(number.as_tuple().exponent) > 0
    return f"{number.quantize(Decimal(1)) if whole else number:f}"


def scalar_text(value: Scalar) -> str:
    """A number, a word, yes or no, or a dash for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) < 10**6:
        return str(value).replace("-", "−")
    return value if isinstance(value, str) else number_text(value)


def amount_text(amount: Amount | Quantity) -> str:
    """A number with its unit and its error: "29.8 GPa", "3.871 ± 0.050 J/m²"."""
    value, spread = amount.value, amount.uncertainty
    if isinstance(value, bool | str) or value is None:
        return f"{scalar_text(value)} {unit_text(amount.unit)}".strip()
    factor, unit = suited(amount.unit, [value])
    shown = scalar_text(value) if factor == 1 and spread is None else number_text(value / factor)
    if spread:
        shown = _with_error(value / factor, spread / factor)
    return f"{shown} {unit_text(unit)}".strip()


def _with_error(value: float, spread: float) -> str:
    """A value to the digits that its error leaves it: "3.871 ± 0.050", "(1.20 ± 0.04) × 10⁻⁵"."""
    power = Decimal(f"{max(abs(value), spread):.{_DIGITS - 1}e}").adjusted()
    power = 0 if _LEAST <= power <= _MOST else power
    places = max(0, 1 - Decimal(f"{spread / 10.0**power:.1e}").adjusted())
    both = f"{value / 10.0**power:.{places}f} ± {spread / 10.0**power:.{places}f}".replace("-", "−")
    return f"({both}) × 10{str(power).translate(_SUPERSCRIPT)}" if power else both


def check_texts(check: Criterion) -> tuple[str, str]:
    """The figure of a check, and what it is held against."""
    factor, unit = suited(check.unit, [check.value, check.limit])
    figure, limit = (f"{number_text(value / factor)} {unit_text(unit)}".strip() for value in (check.value, check.limit))
    return figure, f"{'needed' if check.at_least else 'allowed'} {limit}"


def column_texts(cells: Sequence[Amount | Scalar]) -> tuple[str, list[str]]:
    """The cells of a column, and the unit that stands at its head: amounts of one unit share one."""
    amounts = [cell for cell in cells if isinstance(cell, Amount)]
    if len({amount.unit for amount in amounts}) != 1 or any(a.uncertainty is not None for a in amounts):
        return "", [amount_text(cell) if isinstance(cell, Amount) else scalar_text(cell) for cell in cells]
    factor, unit = suited(amounts[0].unit, [amount.value for amount in amounts])
    return unit_text(unit), [
        number_text(cell.value / factor) if isinstance(cell, Amount) else scalar_text(cell) for cell in cells
    ]
