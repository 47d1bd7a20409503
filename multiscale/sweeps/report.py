"""The page of a sweep: lines and maps over the swept axes, every point with its link, what failed."""

from pathlib import Path
from typing import Any

import numpy as np

from coupling.contracts import FloatArray
from coupling.findings import Criterion
from multiscale.inputs.changes import label
from multiscale.report.page import Link, write_report
from multiscale.runtime.numbers import amount_text
from multiscale.runtime.records import Amount, HeatMap, Plot, PlotSeries, Scalar, Table
from multiscale.runtime.results import Results
from multiscale.studies.runs import REPORT as RUN_REPORT
from multiscale.sweeps.ranges import Axis
from multiscale.sweeps.record import REPORT, SweepRecord, coordinate
from multiscale.sweeps.tasks import FAILED, POINTS

_MOST_LINES = 6
_MOST_QUANTITIES = 8
_MOST_PLOTS = 24
_MOST_ROWS = 2000
_BARS = "± one standard deviation"
_CONSTANT = 1e-6
"""Part of its size below which a quantity's change over the points is rounding."""


def report(sweep: SweepRecord) -> None:
    """Write `report.html` into the sweep's folder; it needs nothing else, and links to the points' reports."""
    write_report(page_of(sweep), sweep.folder / REPORT, _beside(sweep.folder))


def page_of(sweep: SweepRecord) -> Results:
    """What the page shows."""
    page = Results(f"sweep of {sweep.study}", sweep.title, input={"base": sweep.base, "over": _ranges(sweep)})
    status = sweep.status
    page.checks.append(Criterion("points failed", status.failed, 0))
    if status.done + status.failed < status.total:
        page.checks.append(Criterion("points done", status.done, status.total, at_least=True))
    shown = _shown(sweep)[:_MOST_QUANTITIES]
    varying = [name for name in shown if _varies(_grid(sweep, name))]
    page.summary = f"{status.done} of {status.total} points are done{_found(sweep, (varying or shown)[:3])}."
    page.summary = page.summary.replace("{", "{{").replace("}", "}}")
    for name in varying:
        long = [number for number, axis in enumerate(sweep.axes) if len(axis) > 1]
        if len(long) == 2:
            page.maps.append(_map(sweep, name, long))
        for number, axis in enumerate(sweep.axes):
            for key in axis.columns:
                if len(page.plots) < _MOST_PLOTS:
                    _plot(page, sweep, name, number, key)
    for name in shown:
        if name not in varying and (first := _first(sweep, name)) is not None:
            unit, what, _ = sweep.quantities[name]
            spread = _first(sweep, f"{name}_std")
            page.add(name, first, unit, f"{what}, the same at all points", uncertainty=spread, headline=True)
    if sweep.failures:
        rows = tuple((_said(values), error) for values, error in sweep.failures)
        page.tables.append(Table("Failures", ("point", "error"), rows, "Computed again with --retry-failed."))
    page.tables.append(_points(sweep))
    page.provenance = {"potentials": _hashes(sweep, "potentials"), "inputs": _hashes(sweep, "inputs")}
    return page


def _beside(folder: Path) -> list[Path]:
    """The sweep's own files; those of its points are linked from the points' pages."""
    return [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]


def _hashes(sweep: SweepRecord, kind: str) -> dict[str, str]:
    """Fingerprints of potentials or hashes of input files by name; the journal has those of each point."""
    found: dict[str, set[str]] = {}
    for address in sweep.points:
        for name, content in sweep.records.get(address, {}).get(kind, {}).items():
            found.setdefault(name, set()).add(content)
    return {name: min(hashes) if len(hashes) == 1 else f"{len(hashes)} different" for name, hashes in found.items()}


def _shown(sweep: SweepRecord) -> list[str]:
    """Names of the quantities worth a plot: numbers, headlines first."""
    known = sweep.quantities
    numeric = [name for name in known if isinstance(_first(sweep, name), int | float)]
    headlines = [name for name in numeric if known[name][2]]
    return headlines or numeric


def _first(sweep: SweepRecord, name: str) -> Any:
    return next((value for address in sweep.points if (value := sweep.number(address, name)) is not None), None)


def _grid(sweep: SweepRecord, name: str) -> FloatArray:
    """A quantity at all points by axis; NaN where there is none."""
    values = [_float(sweep.number(address, name)) for address in sweep.points]
    return np.array(values).reshape([len(axis) for axis in sweep.axes])


def _varies(values: FloatArray) -> bool:
    """Whether it changes by more than rounding."""
    known = values[np.isfinite(values)]
    return bool(known.size > 1 and np.ptp(known) > _CONSTANT * np.abs(known).max())


def _found(sweep: SweepRecord, names: list[str]) -> str:
    """Between which values some quantities lie."""
    texts = []
    for name in names:
        unit, what, _ = sweep.quantities[name]
        values = _grid(sweep, name)
        low, high = (amount_text(Amount(float(end), unit)) for end in (np.nanmin(values), np.nanmax(values)))
        texts.append(f"{what} from {low} to {high}" if _varies(values) else f"{what} {low} throughout")
    return f": {'; '.join(texts)}" if texts else ""


def _map(sweep: SweepRecord, name: str, axes: list[int]) -> HeatMap:
    """A quantity over the two axes that have several values."""
    values = _grid(sweep, name).reshape([len(sweep.axes[number]) for number in axes]).T
    sides = []
    for number in axes:
        key, column = next(iter(sweep.axes[number].columns.items()))
        found, unit = coordinate(column)
        sides.append((key, unit, tuple(found.tolist())))
    (x, x_unit, x_values), (y, y_unit, y_values) = sides
    unit, what, _ = sweep.quantities[name]
    cells = tuple(tuple(float(v) if np.isfinite(v) else None for v in row) for row in values)
    return HeatMap(_heading(what), x, x_unit, y, y_unit, what, unit, x_values, y_values, cells)


def _plot(page: Results, sweep: SweepRecord, name: str, number: int, key: str) -> None:
    """A quantity over one key; lines for the values of the shortest other axis, all others at their first value."""
    axis = sweep.axes[number]
    x, unit = coordinate(axis.columns[key])
    if len(axis) < 2 or x.dtype == object:
        return
    y, spread = _grid(sweep, name), _grid(sweep, f"{name}_std")
    others = [n for n, a in enumerate(sweep.axes) if n != number and len(a) > 1]
    second = min(others, key=lambda n: len(sweep.axes[n]), default=None)
    size = len(sweep.axes[second]) if second is not None else 1
    lines: list[PlotSeries] = []
    bars: list[PlotSeries] = []
    for i in np.unique(np.linspace(0, size - 1, min(size, _MOST_LINES)).round().astype(int)).tolist():
        index: list[Any] = [0] * len(sweep.axes)
        index[number] = slice(None)
        if second is not None:
            index[second] = i
        values, std = y[tuple(index)], spread[tuple(index)]
        known, curve = np.isfinite(values), f"{name}_over_{key}_{i}"
        order = np.argsort(x[known], kind="stable")
        columns = {"y": values[known][order]}
        if with_bars := bool(known.any() and np.isfinite(std[known]).all()):
            columns |= {f"y_{end}": (values + sign * std)[known][order] for end, sign in (("upper", 1), ("lower", -1))}
        y_columns = {column: (sweep.quantities[name][0], numbers) for column, numbers in columns.items()}
        page.add_curve(curve, f"{name} over {key}", x=(unit, x[known][order]), **y_columns)
        text = _place(sweep.axes[second], i) if second is not None else ""
        lines.append(PlotSeries(curve, "x", "y", text, "line and points" if axis.name == key else "points"))
        if with_bars and axis.name == key:
            bars += [
                PlotSeries(curve, "x", "y_upper", "" if bars else _BARS, "dashed"),
                PlotSeries(curve, "x", "y_lower", "", "dashed"),
            ]
    held = [_place(sweep.axes[n], 0) for n in others if n != second]
    caption = f"At {', '.join(held)}." if held else ""
    y_unit, what, _ = sweep.quantities[name]
    page.plots.append(
        Plot(_heading(what), key, unit, what, y_unit, (*lines, *bars), caption, _log(x, axis.name == key))
    )


def _heading(what: str) -> str:
    return f"{what[0].upper()}{what[1:]}"


def _log(x: Any, is_grid: bool) -> Any:
    """A logarithmic axis where the values are spaced so."""
    if not is_grid or len(x) < 3 or (x <= 0).any():
        return ""
    ratios, steps = np.diff(np.log(x)), np.diff(x)
    return "x" if np.ptp(ratios) < 0.1 * abs(ratios.mean()) and np.ptp(steps) > 0.1 * abs(steps.mean()) else ""


def _points(sweep: SweepRecord) -> Table:
    """Every point with its values, its headlines and the way to its own report."""
    keys = [key for axis in sweep.axes for key in axis.columns]
    known = sweep.quantities
    names = [name for name in known if known[name][2]][:_MOST_QUANTITIES]
    rows = []
    for values, address in list(sweep)[:_MOST_ROWS]:
        state: str = sweep.state(address)
        if (sweep.folder / POINTS / address / RUN_REPORT).is_file():
            state = Link(state, f"{POINTS}/{address}/{RUN_REPORT}")
        elif state == FAILED and (sweep.folder / POINTS / f"{address}.failed" / "log.txt").is_file():
            state = Link(state, f"{POINTS}/{address}.failed/log.txt")
        found = (
            _amount(sweep.number(address, name), known[name][0], sweep.number(address, f"{name}_std")) for name in names
        )
        rows.append((state, *(label(values[key]) for key in keys), *found))
    caption = (
        ""
        if len(sweep.points) <= _MOST_ROWS
        else f"The first {_MOST_ROWS} of {len(sweep.points)}; all are in results.csv."
    )
    return Table("Points", ("point", *keys, *names), tuple(rows), caption)


def _amount(value: Any, unit: str, uncertainty: float | None) -> Amount | Scalar:
    plain = isinstance(value, bool | str) or value is None
    return value if plain else Amount(value, unit, uncertainty)


def _ranges(sweep: SweepRecord) -> list[dict[str, list[Any]]]:
    return [
        {
            key: values if len(values) <= 40 else [*values[:20], "...", values[-1]]
            for key, values in axis.columns.items()
        }
        for axis in sweep.axes
    ]


def _place(axis: Axis, index: int) -> str:
    return ", ".join(f"{key} = {label(column[index])}" for key, column in list(axis.columns.items())[:3])


def _said(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {label(value)}" for key, value in values.items())


def _float(value: Any) -> float:
    return float("nan") if value is None or isinstance(value, str) else float(value)
