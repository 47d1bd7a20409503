"""The page: the result and its checks, plots, how to go on, who counts what, tables, files, input, provenance, notes."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import yaml
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from coupling.errors import InputError
from coupling.files import write_text
from multiscale.report.folder import all_files, listed
from multiscale.runtime.numbers import amount_text, check_texts, column_texts
from multiscale.runtime.records import Amount, Scalar, Table
from multiscale.runtime.results import Results

_COUNTED = (
    "Every joule has exactly one owner: at each site the counting numbers, times their weights, add up to one. "
    "Energies carry their counting number."
)


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


@dataclass(frozen=True)
class _Shown:
    """A table as the page prints it."""

    title: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


def write_report(results: Results, path: Path | str, beside: Iterable[Path] | None = None) -> None:
    """Write the report beside the run's pictures.

    Args:
        results: What to show.
        path: The HTML file; pictures are looked for in its folder.
        beside: The files that it links to; by default all that lie in its folder.
    """
    from multiscale.report.figures import diagram, png  # Matplotlib comes with them
    from multiscale.report.views import shown_views
    from multiscale.runtime.drawing import map_drawing

    path = Path(path)
    linked = all_files(path.parent) if beside is None else beside
    views = shown_views(results, path.parent)
    page = _template().render(
        results=results,
        style=_part("css"),
        script=_part("js") + (_part("views.js") if any(view.numbers for view in views) else ""),
        headline=[quantity for quantity in results.quantities.values() if quantity.headline],
        plots=[(plot, diagram(plot, results)) for plot in results.plots],
        maps=[(shown, map_drawing(shown).svg()) for shown in results.maps],
        pictures=[(picture, png(_inside(path.parent, picture.file))) for picture in results.pictures],
        views=views,
        tables=[_shown(table) for table in (*_ledger(results), *results.tables)],
        files=[one for one in listed(path.parent, linked, results.curves, results.files) if one.name != path.name],
        input_text=yaml.safe_dump(results.input, sort_keys=False, allow_unicode=True),
    )
    write_text(path, page)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"amount": amount_text, "check": check_texts}
    return environment.from_string(_part("html"))


def _part(name: str) -> str:
    return files("multiscale.report").joinpath(f"page.{name}").read_text(encoding="utf-8")


def _inside(folder: Path, name: str) -> Path:
    """A picture of the run: results that name a file elsewhere are not to show it."""
    if Path(name).name != name:
        raise InputError(f"The picture {name!r} of the results does not lie in the run's folder; run the study again.")
    return folder / name


def _ledger(results: Results) -> list[Table]:
    """Who counts what, with the columns that say something."""
    if not results.ledger:
        return []
    heads, unit = ["owner", "region", "counted", "sites"], results.ledger_unit
    rows: list[list[Amount | Scalar]] = [
        [row.owner, row.region, "+1" if row.counting_number > 0 else "−1", float(row.sites)] for row in results.ledger
    ]
    energies = [row.energy for row in results.ledger]
    if any(energy is not None for energy in energies):
        heads.append("energy")
        rows.append(["sum", "", "", None])
        energies.append(sum(energy for energy in energies if energy is not None))
        for row, energy in zip(rows, energies, strict=True):
            row.append(None if energy is None else Amount(energy, unit))
    return [Table("Who counts what", tuple(heads), tuple(map(tuple, rows)), _COUNTED)]


def _shown(table: Table) -> _Shown:
    """Columns of amounts take one unit, which stands at their head."""
    units, columns = [], []
    for cells in zip(*table.rows, strict=True):
        unit, texts = column_texts(cells)
        units.append(unit)
        columns.append([_linked(cell, text) for cell, text in zip(cells, texts, strict=True)])
    if not table.rows:
        units = [""] * len(table.columns)
    heads = tuple(f"{head} ({unit})" if unit else head for head, unit in zip(table.columns, units, strict=True))
    numeric = tuple(_is_numeric(cells) for cells in zip(*table.rows, strict=True))
    return _Shown(table.title, table.caption, heads, tuple(zip(*columns, strict=True)), numeric)


def _is_numeric(cells: Iterable[Amount | Scalar]) -> bool:
    """Whether most cells of a column are numbers, which are set flush right."""
    kinds = [isinstance(cell, Amount | int | float) for cell in cells if cell is not None]
    return sum(kinds) > len(kinds) / 2


def _linked(cell: Amount | Scalar, text: str) -> str:
    return Markup('<a href="{}">{}</a>').format(quote(cell.target), text) if isinstance(cell, Link) else text
