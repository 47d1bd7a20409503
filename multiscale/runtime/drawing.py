"""Diagrams of results, for reports and notebooks: in the units that suit the numbers, and in colours for light and dark pages."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, LogLocator, NullFormatter, ScalarFormatter

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.files import atomic_write
from coupling.units import SI_FACTORS
from multiscale.runtime.numbers import number_text, suited, unit_text
from multiscale.runtime.records import Curve, HeatMap, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (4.8, 3.2)
INK = "#78838e"
"""Of axes and text: readable on a light page and on a dark one."""
COLOURS = ("#2f81c8", "#d2701e", "#3d9150", "#a8569f", "#8a8f96", "#229a9a")
_DRAWN = {
    "line": {"linestyle": "-"},
    "dashed": {"linestyle": "--"},
    "points": {"linestyle": "none", "marker": "o", "markersize": 3.6, "markerfacecolor": "none"},
    "line and points": {"linestyle": "-", "marker": "o", "markersize": 3.6, "markerfacecolor": "none"},
}
_PICTURE_DOTS = 190
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "text.parse_math": False,  # names are shown as they are
    "axes.grid": True,
    "grid.color": INK,
    "grid.alpha": 0.22,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "none",
    "svg.hashsalt": "multiscale",
}
_FLAT = 1e-6
"""Part of its size below which a curve's change is rounding, and is not drawn large."""
_NAMESPACES = re.compile(r'\s+xmlns(?::\w+)?="[^"]*"')
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_IDS, _REFERENCES = re.compile(r' id="([^"]*)"'), re.compile(r"#([\w.-]+)")
SERIES, FRAME = "series", "frame"
"""Classes of a diagram's lines, and of its ticks and grid."""


class Drawing(Figure):
    """A figure that a notebook shows without further settings."""

    def _repr_svg_(self) -> str:
        return self.svg(alone=True)

    def svg(self, *, alone: bool = False) -> str:
        """An `<svg>` element for a page; axes and text take the colour of the text around.

        Args:
            alone: It is a file of its own, and names its namespaces, which a page knows.
        """
        text = io.StringIO()
        with rc_context(STYLE):
            FigureCanvasSVG(self).print_svg(text, metadata={"Date": None})
        drawn = _METADATA.sub("", _NAMESPACES.sub("", text.getvalue()[text.getvalue().index("<svg") :]))
        used = set(_REFERENCES.findall(drawn))
        drawn = _IDS.sub(lambda found: found[0] if found[1] in used else f' class="{found[1]}"', drawn)
        names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ' if alone else ""
        return drawn.replace("<svg ", f"<svg {names}", 1).replace(INK, "currentColor")


@contextmanager
def picture(path: Path, size: tuple[float, float] = SIZE) -> Iterator[Figure]:
    """A figure to draw in, which is written as a PNG without background when the block ends.

    Args:
        path: The file.
        size: In inches; a page shows five of them on a telephone, so that text stays readable.
    """
    with rc_context(STYLE | {"axes.grid": False}):
        figure = Figure(figsize=size, layout="constrained", dpi=_PICTURE_DOTS)
        canvas = FigureCanvasAgg(figure)
        yield figure
        with atomic_write(path) as file:
            canvas.print_png(file)


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


def columns_of(plot: Plot, curves: Mapping[str, Curve]) -> list[tuple[FloatArray, FloatArray]]:
    """Abscissae and ordinates of each line of a diagram, in the diagram's units."""
    found = []
    for series in plot.series:
        curve = curves[series.curve]
        x = curve.values[series.x] * conversion(curve.units[series.x], plot.x_unit)
        found.append((x, curve.values[series.y] * conversion(curve.units[series.y], plot.y_unit)))
    return found


def draw(plot: Plot, curves: Mapping[str, Curve], axes: "Axes") -> None:
    """Draw a diagram.

    Args:
        plot: What to draw.
        curves: By name, those of its lines among them.
        axes: Takes it.
    """
    columns = columns_of(plot, curves)
    limits = None
    if plot.limits is not None:
        unit = curves[plot.series[0].curve].units[plot.series[0].y]
        limits = np.array(plot.limits) * conversion(unit, plot.y_unit)
    (x_size, x_unit), (y_size, y_unit) = scale(plot.x_unit, (x for x, _ in columns), "x" in plot.log), scale(
        plot.y_unit, [limits] if limits is not None else (y for _, y in columns), "y" in plot.log
    )  # fmt: skip
    for number, (series, (x, y)) in enumerate(zip(plot.series, columns, strict=True)):
        style = _DRAWN[series.style]
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(x / x_size, y / y_size, color=colour, label=series.label, gid=SERIES, **style)
    axes.set_xlabel(_label(plot.x_label, x_unit))
    axes.set_ylabel(_label(plot.y_label, y_unit))
    axes.set_xscale("log" if "x" in plot.log else "linear")
    axes.set_yscale("log" if "y" in plot.log else "linear")
    if limits is not None:
        axes.set_ylim(*limits / y_size)
        seen = np.concatenate([x[(limits[0] <= y) & (y <= limits[1])] for x, y in columns]) / x_size
        axes.set_xlim(seen.min() - 0.04 * np.ptp(seen), seen.max() + 0.04 * np.ptp(seen))
    elif "y" not in plot.log:
        _flat(axes, [y / y_size for _, y in columns])
    _plain_ticks(axes, plot.log)
    axes.set_axisbelow(True)
    if any(series.label for series in plot.series):
        axes.legend()


def drawing(plots: Sequence[Plot], curves: Mapping[str, Curve]) -> Drawing:
    """Diagrams, one below the other."""
    with rc_context(STYLE):
        figure = Drawing(figsize=(SIZE[0], SIZE[1] * len(plots)), layout="constrained")
        FigureCanvasAgg(figure)
        for plot, axes in zip(plots, figure.subplots(len(plots), squeeze=False).ravel(), strict=True):
            draw(plot, curves, axes)
            if len(plots) > 1:
                axes.set_title(plot.title, fontsize=10)
    return figure


def map_drawing(shown: HeatMap) -> Drawing:
    """A quantity over a plane, one cell for each pair."""
    values = np.array([[np.nan if v is None else v for v in row] for row in shown.values], dtype=float)
    size, unit = scale(shown.unit, [values[np.isfinite(values)]], False)
    with rc_context(STYLE):
        figure = Drawing(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.grid(False)
        image = axes.pcolormesh(values / size, cmap="viridis", edgecolors="face", linewidth=0.4)
        for axis, places, name, its in (
            (axes.xaxis, shown.x, shown.x_label, shown.x_unit), (axes.yaxis, shown.y, shown.y_label, shown.y_unit),
        ):  # fmt: skip
            numeric = not any(isinstance(place, str) for place in places)
            factor, used = scale(its, [places], False) if numeric else (1.0, its)
            every = max(1, -(-len(places) // 10))
            texts = [place if isinstance(place, str) else number_text(place / factor) for place in places[::every]]
            axis.set_ticks(np.arange(0, len(places), every) + 0.5, texts)
            axis.set_label_text(_label(name, used))
        figure.colorbar(image, label=_label(shown.label, unit))
    return figure


def scale(unit: str, columns: Iterable[Any], log: bool) -> tuple[float, str]:
    """The size and the name of the unit of an axis."""
    values = [np.abs(column[np.isfinite(column)]).max(initial=0.0) for column in map(np.asarray, columns)]
    largest = float(max(values, default=0.0))
    if log or not largest:
        return 1.0, unit
    size, name = suited(unit, [largest])
    power = int(np.floor(np.log10(largest / size)))
    if size == 1 and not -4 < power < 5:
        return 10.0**power, f"{number_text(10.0**power).removeprefix('1 × ')} {unit}".strip()
    return size, name


def _label(label: str, unit: str) -> str:
    return f"{label} ({unit_text(unit)})" if unit else label


def _flat(axes: "Axes", columns: list[FloatArray]) -> None:
    """Leave rounding unseen: a constant is drawn as one."""
    every = np.concatenate([*columns, np.zeros(0)])
    if not every.size:
        return
    middle, largest = 0.5 * (every.min() + every.max()), float(np.abs(every).max())
    if np.ptp(every) < _FLAT * largest:
        axes.set_ylim(middle - 0.1 * largest, middle + 0.1 * largest)


def _plain_ticks(axes: "Axes", log: str) -> None:
    """Numbers at the ticks without a common factor in the corner, and few of them on logarithmic axes."""
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        axis.set_gid(FRAME)
        if name in log:
            low, high = axis.get_view_interval()
            decades = np.log10(high / low)
            subs = (1.0,) if decades > 2 else (1.0, 2.0, 5.0)
            axis.set_major_locator(LogLocator(subs=subs) if decades > 0.8 else AutoLocator())
            axis.set_minor_formatter(NullFormatter())
            axis.set_major_formatter(lambda value, _: number_text(value, 2))
        else:
            formatter = ScalarFormatter(useOffset=False)
            formatter.set_scientific(False)
            axis.set_major_formatter(formatter)
