"""The results of a sweep as an xarray Dataset."""

from typing import TYPE_CHECKING, Any

import numpy as np

from multiscale.sweeps.record import SweepRecord, coordinate

if TYPE_CHECKING:
    import xarray


def dataset(results: SweepRecord) -> "xarray.Dataset":
    """Quantities over the axes, with units and descriptions; `status` and `point` say where each comes from.

    The dimension of a grid's key is the key; keys that advance together share the dimension `pair` or `sample`.
    """
    import xarray

    coordinates: dict[str, Any] = {}
    for axis in results.axes:
        for key, column in axis.columns.items():
            values, unit = coordinate(column)
            coordinates[key] = ((axis.name,), values, {"units": unit, "long_name": key})
    dimensions = tuple(axis.name for axis in results.axes)
    shape = tuple(map(len, results.axes))
    variables: dict[str, Any] = {}
    for name, (unit, what, _) in results.quantities.items():
        variables[name] = (dimensions, _column(results, name, shape), {"units": unit, "long_name": what})
        spread = _column(results, f"{name}_std", shape)
        if spread.dtype == float and np.isfinite(spread).any():
            variables[f"{name}_std"] = (dimensions, spread, {"units": unit, "long_name": f"standard deviation: {what}"})
    for name, values in (("status", map(results.state, results.points)), ("point", results.points)):
        variables[name] = (dimensions, np.array(list(values), dtype=object).reshape(shape))
    return xarray.Dataset(variables, coordinates, {"title": results.title, "study": results.study})


def _column(results: SweepRecord, name: str, shape: tuple[int, ...]) -> Any:
    """A quantity at all points: floats with NaN where there is none, or words."""
    values = [results.number(address, name) for address in results.points]
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else str(value) for value in values], dtype=object).reshape(shape)
    return np.array([np.nan if value is None else float(value) for value in values]).reshape(shape)
