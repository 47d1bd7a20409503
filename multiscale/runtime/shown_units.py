"""Results in the system of units that an input names: the one place where that is done, for all studies."""

import re
from dataclasses import replace
from typing import Any

from coupling.units import in_system
from multiscale.runtime.records import Curve, Plot, Quantity, Scalar, Table
from multiscale.runtime.results import Results

_HEAD = re.compile(r"(.*?)(, | in | \()([^\s,()]+)(\)?)")


def in_units(results: Results, system: str | None) -> Results:
    """The same results with quantities, curves, diagrams, the ledger and tables in the units of a system.

    Units that no system has, such as eV and eV/Å of atoms, stay.

    Args:
        results: As a study found them; unchanged.
        system: A key of `coupling.units.UNIT_SYSTEMS`; None: the results as they are.
    """
    if system is None:
        return results
    factor, energy = in_system(results.ledger_unit, system)
    return replace(
        results,
        quantities={name: _quantity(one, system) for name, one in results.quantities.items()},
        curves={name: _curve(one, system) for name, one in results.curves.items()},
        plots=[_plot(one, system) for one in results.plots],
        views=[replace(v, value_unit=in_system(v.value_unit, system)[1], frame_unit=in_system(v.frame_unit, system)[1])
               for v in results.views],
        ledger=[row if row.energy is None else row._replace(energy=row.energy * factor) for row in results.ledger],
        ledger_unit=energy,
        tables=[_table(one, system) for one in results.tables],
    )  # fmt: skip


def _quantity(one: Quantity, system: str) -> Quantity:
    factor, unit = in_system(one.unit, system)
    return replace(one, value=_scaled(one.value, factor), unit=unit, uncertainty=_scaled(one.uncertainty, factor))


def _curve(one: Curve, system: str) -> Curve:
    found = {column: in_system(unit, system) for column, unit in one.units.items()}
    return replace(
        one,
        units={column: unit for column, (_, unit) in found.items()},
        values={column: one.values[column] * factor for column, (factor, _) in found.items()},
    )


def _plot(one: Plot, system: str) -> Plot:
    return replace(one, x_unit=in_system(one.x_unit, system)[1], y_unit=in_system(one.y_unit, system)[1])


def _table(one: Table, system: str) -> Table:
    """A table whose heads name units, as in "traction, GPa", "traction (GPa)" or "energy in J"."""
    heads, factors = [], []
    for head in one.columns:
        match = _HEAD.fullmatch(head)
        factor, unit = (1.0, "") if match is None else in_system(match[3], system)
        heads.append(head if match is None else f"{match[1]}{match[2]}{unit}{match[4]}")
        factors.append(factor)
    rows = tuple(tuple(map(_scaled, row, factors)) for row in one.rows)
    return replace(one, columns=tuple(heads), rows=rows)


def _scaled(value: Any, factor: float) -> Scalar:
    """A number times the factor; a word, a truth value or nothing as it is, and all where there is nothing to do."""
    if factor == 1.0 or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value * factor
