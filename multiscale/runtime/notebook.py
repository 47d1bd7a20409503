"""What results are in a notebook: HTML, and tables of pandas and xarray, which are imported when they are asked for."""

from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from coupling.errors import MissingBackend, unknown_choice
from coupling.findings import Criterion
from multiscale.runtime.numbers import amount_text, check_texts
from multiscale.runtime.records import Curve, Quantity

if TYPE_CHECKING:
    import pandas
    import xarray


class Shown(Protocol):
    """What is shown of results (`multiscale.runtime.results.Results`)."""

    study: str
    title: str
    quantities: dict[str, Quantity]
    curves: dict[str, Curve]
    checks: list[Criterion]

    @property
    def sentence(self) -> str:
        """The result in one sentence."""

    @property
    def refuted(self) -> list[str]:
        """Why it does not stand."""

    @property
    def warnings(self) -> list[str]:
        """What to mind."""


def library(name: str) -> Any:
    """A library that is not always there.

    Raises:
        MissingBackend: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingBackend(
            f"This needs {name}, which is not installed; install it with: pip install {name}"
        ) from error


def line(results: Shown) -> str:
    """Results in one line."""
    told = f"{results.study} {results.title!r}" if results.title else results.study
    counts = f"{len(results.quantities)} quantities, {len(results.curves)} curves"
    verdict = "refuted. " if results.refuted else ""
    return f"<Results of {told}: {verdict}{results.sentence} {counts}>"


def html(results: Shown) -> str:
    """The sentence of the result, its checks, its warnings, and its numbers."""
    parts = [f"<p><b>{escape(results.title or results.study)}</b>. {escape(results.sentence)}</p>"]
    for check in results.checks:
        figure, limit = check_texts(check)
        mark, colour = ("✓", "#2e9150") if check.passed else ("✗", "#d0453c")
        parts.append(
            f'<span style="color:{colour}">{mark} {escape(check.name)} <b>{figure}</b></span> ({limit}) &nbsp; '
        )
    parts += [f"<p><b>Refuted.</b> {escape(why)}</p>" for why in results.refuted]
    parts += [f"<p><b>Warning.</b> {escape(why)}</p>" for why in results.warnings]
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(amount_text(one))}</td><td>{escape(one.description)}</td></tr>"
        for name, one in results.quantities.items()
    )
    return "".join(parts) + f"<table>{rows}</table>"


def frame(results: Shown, curve: str | None) -> "pandas.DataFrame":
    """The quantities, a row each; or a curve, a column for each of its own.

    Args:
        results: Hold them.
        curve: Its name; None for the quantities.

    Raises:
        InputError: there is no such curve.
        MissingBackend: pandas is not installed.
    """
    made = library("pandas").DataFrame
    if curve is None:
        rows = {name: (q.value, q.unit, q.uncertainty, q.description) for name, q in results.quantities.items()}
        return made.from_dict(rows, orient="index", columns=["value", "unit", "uncertainty", "description"])
    if curve not in results.curves:
        raise unknown_choice("curve", curve, results.curves)
    found = results.curves[curve]
    return made({f"{name} [{unit}]" if unit else name: found.values[name] for name, unit in found.units.items()})


def dataset(results: Shown) -> "xarray.Dataset":
    """Quantities without a dimension, and each curve's columns, `<curve>.<column>`, along `<curve>_point`.

    Raises:
        MissingBackend: xarray is not installed.
    """
    made = library("xarray")
    found: dict[str, Any] = {}
    for name, one in results.quantities.items():
        attributes: dict[str, Any] = {"units": one.unit, "long_name": one.description}
        if one.uncertainty is not None:
            attributes["uncertainty"] = one.uncertainty
        found[name] = ((), one.value, attributes)
    for name, curve in results.curves.items():
        for column, unit in curve.units.items():
            words = {"units": unit, "long_name": f"{curve.description}: {column}"}
            found[f"{name}.{column}"] = ((f"{name}_point",), curve.values[column], words)
    return made.Dataset(found, attrs={"title": results.title, "study": results.study})
