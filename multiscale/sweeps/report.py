"""The page of a sweep: plots over the swept axes, every point with its link, what failed."""

from typing import Any

import numpy as np

from multiscale.report.page import Link, write_report
from multiscale.runtime.records import Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.runs import REPORT as RUN_REPORT
from multiscale.sweeps.ranges import Axis, label
from multiscale.sweeps.record import REPORT, SweepRecord, coordinate
from multiscale.sweeps.tasks import FAILED, POINTS

_MOST_LINES = 6
_MOST_QUANTITIES = 8
_MOST_PLOTS = 24
_MOST_ROWS = 2000


def report(sweep: SweepRecord) -> None:
    """Write `report.html` into the sweep's folder; it needs nothing else, and links to the points' reports."""
    page = Results(f"sweep of {sweep.study}", sweep.title, input={"base": sweep.base, "over": _ranges(sweep)})
    status = sweep.status
    page.add("points_done", status.done, "", "points done", headline=True)
    page.add("points_failed", status.failed, "", "points failed", headline=True)
    page.add("points_pending", status.total - status.done - status.failed, "", "points pending", headline=True)
    for name in _shown(sweep)[:_MOST_QUANTITIES]:
        for number, axis in enumerate(sweep.axes):
            for key in axis.columns:
                if len(page.plots) < _MOST_PLOTS:
                    _plot(page, sweep, name, number, key)
    if sweep.failures:
        rows = tuple((_said(values), error) for values, error in sweep.failures)
        page.tables.append(Table("Failures", ("point", "error"), rows, "Computed again with --retry-failed."))
    page.tables.append(_points(sweep))
    page.provenance = {"potentials": _hashes(sweep, "potentials"), "inputs": _hashes(sweep, "inputs")}
    page.notes.append("results.nc holds all numbers with units and coordinates, results.csv the same as a table.")
    write_report(page, sweep.folder / REPORT)


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


def _plot(page: Results, sweep: SweepRecord, name: str, number: int, key: str) -> None:
    """A quantity over one key; lines for the values of the shortest other axis, all others at their first value."""
    axis = sweep.axes[number]
    x, unit = coordinate(axis.columns[key])
    if len(axis) < 2 or x.dtype == object:
        return
    y = np.array([_float(sweep.number(address, name)) for address in sweep.points]).reshape(
        [len(a) for a in sweep.axes]
    )
    others = [n for n, a in enumerate(sweep.axes) if n != number and len(a) > 1]
    second = min(others, key=lambda n: len(sweep.axes[n]), default=None)
    size = len(sweep.axes[second]) if second is not None else 1
    lines = []
    for i in np.unique(np.linspace(0, size - 1, min(size, _MOST_LINES)).round().astype(int)).tolist():
        index: list[Any] = [0] * len(sweep.axes)
        index[number] = slice(None)
        if second is not None:
            index[second] = i
        values = y[tuple(index)]
        known, curve = np.isfinite(values), f"{name}_over_{key}_{i}"
        order = np.argsort(x[known], kind="stable")
        page.add_curve(
            curve, f"{name} over {key}", x=(unit, x[known][order]), y=(sweep.quantities[name][0], values[known][order])
        )
        text = _place(sweep.axes[second], i) if second is not None else ""
        lines.append(PlotSeries(curve, "x", "y", text, "line and points" if axis.name == key else "points"))
    held = [_place(sweep.axes[n], 0) for n in others if n != second]
    caption = f"At {', '.join(held)}." if held else ""
    y_unit, what, _ = sweep.quantities[name]
    page.plots.append(
        Plot(f"{what[0].upper()}{what[1:]}", key, unit, what, y_unit, tuple(lines), caption, _log(x, axis.name == key))
    )


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
        rows.append((state, *(label(values[key]) for key in keys), *(sweep.number(address, name) for name in names)))
    heads = [f"{name} ({known[name][0]})" if known[name][0] else name for name in names]
    caption = (
        ""
        if len(sweep.points) <= _MOST_ROWS
        else f"The first {_MOST_ROWS} of {len(sweep.points)}; all are in results.csv."
    )
    return Table("Points", ("point", *keys, *heads), tuple(rows), caption)


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
