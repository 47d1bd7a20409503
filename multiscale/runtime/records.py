"""What results are made of: numbers with units, curves, plots, pictures, tables."""

import csv
import io
from dataclasses import dataclass
from typing import Literal

from coupling.contracts import FloatArray
from coupling.file_names import file_name

Scalar = bool | int | float | str | None
LineStyle = Literal["line", "dashed", "points", "line and points"]


@dataclass(frozen=True)
class Quantity:
    """One number (or word) with its unit.

    Attributes:
        value: The value; finite.
        unit: Its unit, "" for a pure number.
        description: Its name in words.
        uncertainty: Standard deviation in the same unit, where one is known.
        headline: Whether it stands at the top of the report.
    """

    value: Scalar
    unit: str
    description: str
    uncertainty: float | None = None
    headline: bool = False


@dataclass(frozen=True)
class Amount:
    """A number with its unit, in a table; the amounts of a column are shown in one unit.

    Attributes:
        value: The value; finite.
        unit: Its unit, "" for a pure number.
        uncertainty: Standard deviation in the same unit, where one is known.
    """

    value: float
    unit: str
    uncertainty: float | None = None


@dataclass(frozen=True)
class Curve:
    """Named columns of equal length; stored as `curves/<name>.csv` (see `curve_file`).

    Attributes:
        description: What it shows.
        units: Unit by column, "" for a pure number.
        values: Column by name.
    """

    description: str
    units: dict[str, str]
    values: dict[str, FloatArray]


@dataclass(frozen=True)
class PlotSeries:
    """One line of a plot: two columns of a curve.

    Attributes:
        curve: Name of the curve.
        x: Column of the abscissa.
        y: Column of the ordinate.
        label: Legend entry, "" for none.
        style: How it is drawn.
    """

    curve: str
    x: str
    y: str
    label: str = ""
    style: LineStyle = "line"


@dataclass(frozen=True)
class Plot:
    """A diagram of the report; the report converts the curves' units to those of the axes.

    Attributes:
        title: Heading.
        x_label: What the abscissa is, without its unit.
        x_unit: Unit to show, e.g. "nm" for a curve in m.
        y_label: What the ordinate is.
        y_unit: Unit to show.
        series: The lines.
        caption: One or two sentences under it.
        log: Axes with a logarithmic scale.
        limits: Least and largest ordinate that matter, in the curves' unit; None shows all.
    """

    title: str
    x_label: str
    x_unit: str
    y_label: str
    y_unit: str
    series: tuple[PlotSeries, ...]
    caption: str = ""
    log: Literal["", "x", "y", "xy"] = ""
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class HeatMap:
    """A quantity over a grid of two others.

    Attributes:
        title: Heading.
        x_label: What the abscissa is, without its unit.
        x_unit: Its unit.
        y_label: What the ordinate is.
        y_unit: Its unit.
        label: What the colour is.
        unit: Its unit.
        x: (n,) numbers, or names.
        y: (m,) numbers, or names.
        values: (m, n); None where there is none.
        caption: One or two sentences under it.
    """

    title: str
    x_label: str
    x_unit: str
    y_label: str
    y_unit: str
    label: str
    unit: str
    x: tuple[float | str, ...]
    y: tuple[float | str, ...]
    values: tuple[tuple[float | None, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class RunFile:
    """A file of a run that is opened in another program, relative to the run's folder."""

    file: str
    description: str


@dataclass(frozen=True)
class Picture:
    """A PNG in the run's folder, shown in the report."""

    file: str
    title: str
    caption: str = ""


@dataclass(frozen=True)
class View:
    """A file of the run's folder that the report shows from all sides and frame by frame.

    Attributes:
        file: Atoms (.extxyz), or deformed bodies (.npz, see `multiscale.studies.specimen.film`).
        title: Heading.
        caption: One or two sentences under it.
        value: What the colours of bodies are.
        value_unit: In which that is shown; the file has SI units.
        frame: What tells the states of bodies apart.
        frame_unit: In which that is shown, "" for a pure number.
    """

    file: str
    title: str
    caption: str = ""
    value: str = ""
    value_unit: str = "Pa"
    frame: str = ""
    frame_unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the report; units stand in the column heads or with the amounts."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Amount | Scalar, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class NextStep:
    """How to go on from a result.

    Attributes:
        what: What one may want to do, as a clause without a full stop.
        snippet: An input file, or a part of one; FOLDER in it is the run's folder.
    """

    what: str
    snippet: str


def curve_file(name: str) -> str:
    """Where a curve is stored, relative to the run's folder."""
    return f"curves/{file_name(name)}.csv"


def curve_csv(curve: Curve) -> str:
    """A curve as CSV; the header names each column with its unit: "opening [m],traction [Pa]"."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(f"{column} [{curve.units[column] or '1'}]" for column in curve.values)
    writer.writerows(zip(*(map(repr, array.tolist()) for array in curve.values.values()), strict=True))
    return text.getvalue()
