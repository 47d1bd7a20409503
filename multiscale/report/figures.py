"""Diagrams as inline SVG, pictures as inline PNG."""

import base64
import io
import re
from pathlib import Path

from coupling.errors import InputError, MultiscaleError
from coupling.units import SI_FACTORS
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results

_SIZE = (6.4, 3.9)
_INK = "#1c2733"
_COLOURS = ("#0b5394", "#b45f06", "#38761d", "#741b47", "#555555", "#134f5c")
_DRAWN = {
    "line": {"linestyle": "-"},
    "dashed": {"linestyle": "--"},
    "points": {"linestyle": "none", "marker": "o", "markersize": 3.6, "markerfacecolor": "white"},
    "line and points": {"linestyle": "-", "marker": "o", "markersize": 3.6, "markerfacecolor": "white"},
}
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.linewidth": 0.8,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
    "text.parse_math": False,  # names are shown as they are
    "axes.grid": True,
    "grid.color": "#e3e7eb",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "multiscale",
}
_NAMESPACES = re.compile(r'\s+xmlns(?::\w+)?="[^"]*"')
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


def conversion(unit: str, shown: str) -> float:
    """The factor from one unit to another of the same quantity.

    Raises:
        InputError: they are not units of the same known quantity.
    """
    if unit == shown:
        return 1.0
    for factors in SI_FACTORS.values():
        if unit in factors and shown in factors:
            return factors[unit] / factors[shown]
    raise InputError(f"A column in {unit!r} cannot be shown in {shown!r}.")


def svg(plot: Plot, results: Results) -> str:
    """A diagram as an `<svg>` element for an HTML page, without outside references."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        for number, series in enumerate(plot.series):
            x, y = _columns(series, plot, results)
            axes.plot(x, y, color=_COLOURS[number % len(_COLOURS)], label=series.label, **_DRAWN[series.style])
        axes.set_xlabel(_axis(plot.x_label, plot.x_unit))
        axes.set_ylabel(_axis(plot.y_label, plot.y_unit))
        axes.set_xscale("log" if "x" in plot.log else "linear")
        axes.set_yscale("log" if "y" in plot.log else "linear")
        axes.set_axisbelow(True)
        if any(series.label for series in plot.series):
            axes.legend()
        text = io.StringIO()
        FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None})
    return _inline(text.getvalue())


def png(path: Path) -> str:
    """A PNG file as a data address for `<img src>`.

    Raises:
        MultiscaleError: the file is missing or not a PNG.
    """
    data = path.read_bytes() if path.is_file() else b""
    if not data.startswith(b"\x89PNG"):
        raise MultiscaleError(f"The picture {path.name!r} of the report is missing or not a PNG.")
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _columns(series: PlotSeries, plot: Plot, results: Results) -> tuple[object, object]:
    curve = results.curves[series.curve]
    x = curve.values[series.x] * conversion(curve.units[series.x], plot.x_unit)
    return x, curve.values[series.y] * conversion(curve.units[series.y], plot.y_unit)


def _axis(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label


def _inline(text: str) -> str:
    """HTML knows the SVG and XLink namespaces by itself; prolog and metadata go."""
    return _METADATA.sub("", _NAMESPACES.sub("", text[text.index("<svg") :]))
