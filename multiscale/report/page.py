"""The page: headline numbers, plots, the ledger, tables, input, provenance, notes."""

from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import yaml
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from coupling.errors import InputError
from coupling.files import write_text
from multiscale.report.figures import png, svg
from multiscale.runtime.records import Quantity, Scalar, curve_file
from multiscale.runtime.results import Results

_PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_DIGITS = 4
_SCALED = ("m", "Pa", "N", "J", "N/m", "J/m", "s")


def write_report(results: Results, path: Path | str) -> None:
    """Write the report beside the run's pictures.

    Args:
        results: What to show.
        path: The HTML file; pictures are looked for in its folder.
    """
    path = Path(path)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"quantity": quantity_text, "cell": cell_text, "curve_file": curve_file}
    package = files("multiscale.report")
    page = environment.from_string(package.joinpath("page.html").read_text(encoding="utf-8")).render(
        results=results,
        style=package.joinpath("style.css").read_text(encoding="utf-8"),
        headline={name: q for name, q in results.quantities.items() if q.headline},
        plots=[(plot, svg(plot, results)) for plot in results.plots],
        pictures=[(picture, png(_inside(path.parent, picture.file))) for picture in results.pictures],
        ledger_total=_total(results),
        input_text=yaml.safe_dump(results.input, sort_keys=False, allow_unicode=True),
    )
    write_text(path, page)


def _inside(folder: Path, name: str) -> Path:
    """A picture of the run: results that name a file elsewhere are not to show it."""
    if Path(name).name != name:
        raise InputError(f"The picture {name!r} of the results does not lie in the run's folder; run the study again.")
    return folder / name


def quantity_text(quantity: Quantity) -> str:
    """A number with its unit: "29.8 GPa", "3.87 ± 0.05 J/m²"."""
    value, unit, spread = quantity.value, _pretty(quantity.unit), quantity.uncertainty
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{cell_text(value)} {unit}".strip()
    power = _power(float(value)) if quantity.unit in _SCALED else 0
    shown = significant(value / 10.0**power) if power or isinstance(value, float) else str(value)
    error = f" ± {significant(spread / 10.0**power, 2)}" if spread is not None else ""
    return f"{shown}{error} {_PREFIXES[power]}{unit}".strip()


class Link(str):
    """A table's cell that leads to a file beside the page: its text is what is shown.

    Attributes:
        target: The file, relative to the page.
    """

    target: str

    def __new__(cls, text: str, target: str) -> "Link":
        made = super().__new__(cls, text)
        made.target = target
        return made


def cell_text(value: Scalar) -> str:
    """A table's cell: numbers to six digits, nothing for None."""
    if isinstance(value, Link):
        return Markup('<a href="{}">{}</a>').format(quote(value.target), str(value))
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return significant(value, 6) if isinstance(value, float) else str(value)


def significant(value: float, digits: int = _DIGITS) -> str:
    """A number to so many significant digits, with a power of ten where it is far from one."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".replace("-", "−", value < 0).split("e")
    if not -4 <= int(exponent) < max(digits, 5):
        return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return f"{value:.{max(0, digits - 1 - int(exponent))}f}".replace("-", "−")


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _power(value: float) -> int:
    """The power of ten, a multiple of three, that brings a value to between 1 and 1000."""
    exponent = int(f"{value:.{_DIGITS - 1}e}".split("e")[1])
    return min(max(3 * (exponent // 3), -12), 12)


def _pretty(unit: str) -> str:
    return unit.replace("^2", "²").replace("^3", "³")


def _total(results: Results) -> float | None:
    energies = [row.energy for row in results.ledger]
    return sum(e for e in energies if e is not None) if any(e is not None for e in energies) else None
