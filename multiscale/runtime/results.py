"""What a study found: numbers with units, curves, plots, and who counted what.

`Results` is all that the report reads, so every study gets the same report.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter

from coupling.errors import InputError, MultiscaleError, unknown_choice
from coupling.files import CHECKSUM, content_hash, sealed, unsealed, write_text
from coupling.findings import Criterion, Finding
from coupling.ledger import LedgerRow
from multiscale.runtime import notebook
from multiscale.runtime.numbers import amount_text
from multiscale.runtime.records import (
    Curve,
    HeatMap,
    NextStep,
    Picture,
    Plot,
    Quantity,
    RunFile,
    Scalar,
    Table,
    View,
    curve_csv,
    curve_file,
)
from multiscale.runtime.stored import plain, read_columns, refused

if TYPE_CHECKING:
    import pandas
    import xarray

    from multiscale.runtime.drawing import Drawing

FORMAT = "multiscale results 1"
FILE = "results.json"
_WARNING = "WARNING: "


@dataclass(repr=False)
class Results:
    """Everything a study found.

    Attributes:
        study: Kind of study.
        title: The user's title of it.
        summary: The result in one sentence; {name} in it stands for a quantity.
        checks: What was checked, with the figures.
        quantities: Numbers by name.
        curves: Curves by name.
        plots: Diagrams, in the report's order.
        maps: Quantities over a plane, after the diagrams.
        pictures: PNG files of the run's folder, in the report's order.
        views: Files that the report shows from all sides; those of atoms it finds among the files.
        files: Files of atoms and fields.
        ledger: Who counts what; energies carry their counting number.
        ledger_unit: Unit of the ledger's energies.
        tables: Further tables, e.g. the energy balance.
        findings: What the result's own checks found; what is fatal refutes the run, the rest are warnings at its head.
        notes: Sentences on validity, sizes and limits, for the report.
        onward: How to go on from here.
        reused: What was not computed again but taken from the cache.
        input: The validated input as run.
        provenance: Versions, seeds, dates, wall times.
        folder: Where they are stored; None before that.
    """

    study: str
    title: str = ""
    summary: str = ""
    checks: list[Criterion] = field(default_factory=list)
    quantities: dict[str, Quantity] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    plots: list[Plot] = field(default_factory=list)
    maps: list[HeatMap] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    files: list[RunFile] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    ledger_unit: str = ""
    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    onward: list[NextStep] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    input: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def sentence(self) -> str:
        """The result in one sentence, with its numbers; without a summary, the headlines."""
        texts = {name: amount_text(quantity) for name, quantity in self.quantities.items()}
        if self.summary:
            return self.summary.format_map(texts)
        shown = [f"{one.description} {texts[name]}" for name, one in self.quantities.items() if one.headline]
        return f"{shown[0][0].upper()}{'; '.join(shown)[1:]}." if shown else ""

    @property
    def refuted(self) -> list[str]:
        """Why the result does not stand; empty when it does."""
        return [str(finding) for finding in self.findings if finding.fatal]

    @property
    def warnings(self) -> list[str]:
        """Warnings for the head of the report: findings that are not fatal, and notes that warn."""
        told = [str(finding) for finding in self.findings if not finding.fatal]
        return told + [note.removeprefix(_WARNING) for note in self.notes if note.startswith(_WARNING)]

    def __getitem__(self, name: str) -> Scalar:
        """The value of a quantity.

        Raises:
            InputError: there is no such quantity.
        """
        if name not in self.quantities:
            raise unknown_choice("quantity", name, self.quantities)
        return self.quantities[name].value

    def __repr__(self) -> str:
        return notebook.line(self)

    def _repr_html_(self) -> str:
        return notebook.html(self)

    def plot(self, *titles: str, path: Path | str | None = None) -> "Drawing":
        """The diagrams of the report, one below the other.

        Args:
            titles: Which; by default all.
            path: A file to write it to, too, in any format of Matplotlib.

        Raises:
            InputError: there is no such diagram.
        """
        from multiscale.runtime.drawing import drawing

        known = {plot.title: plot for plot in self.plots}
        for title in titles:
            if title not in known:
                raise unknown_choice("diagram", title, known)
        if not known:
            raise InputError("These results have no diagrams.")
        made = drawing([known[title] for title in titles or known], self.curves)
        if path is not None:
            made.savefig(path)
        return made

    def to_pandas(self, curve: str | None = None) -> "pandas.DataFrame":
        """The quantities as a table, or a curve by its name; see `multiscale.runtime.notebook.frame`."""
        return notebook.frame(self, curve)

    def to_xarray(self) -> "xarray.Dataset":
        """Quantities and curves with their units; see `multiscale.runtime.notebook.dataset`."""
        return notebook.dataset(self)

    def add(
        self,
        name: str,
        value: Scalar | np.generic,
        unit: str,
        description: str,
        *,
        uncertainty: float | None = None,
        headline: bool = False,
    ) -> None:
        """Add one quantity.

        Raises:
            MultiscaleError: the value or its uncertainty is not finite.
        """
        plain: Scalar = value.item() if isinstance(value, np.generic) else value
        spread = None if uncertainty is None else float(uncertainty)
        for number in (plain, spread):
            if isinstance(number, float) and not isfinite(number):
                raise MultiscaleError(f"The result {name!r} is {number}, which is not finite.")
        self.quantities[name] = Quantity(plain, unit, description, spread, headline)

    def add_curve(self, name: str, description: str, **columns: tuple[str, Any]) -> None:
        """Add a curve; each column is (unit, values).

        Raises:
            MultiscaleError: columns of unequal length, or a value that is not finite.
        """
        values = {column: np.array(data, dtype=float, ndmin=1) for column, (_, data) in columns.items()}
        if len({array.shape for array in values.values()}) != 1:
            shapes = ", ".join(f"{column} {array.shape}" for column, array in values.items())
            raise MultiscaleError(f"The columns of the curve {name!r} differ in length: {shapes}.")
        for column, array in values.items():
            if not np.all(np.isfinite(array)):
                raise MultiscaleError(f"The column {column!r} of the curve {name!r} is not finite throughout.")
        self.curves[name] = Curve(description, {column: unit for column, (unit, _) in columns.items()}, values)

    def write(self, folder: Path) -> None:
        """Write `results.json` and `curves/*.csv`, each whole or not at all.

        Raises:
            MultiscaleError: something in them is not finite or not JSON.
        """
        record = asdict(replace(self, curves={}))
        del record["folder"]
        record["ledger"] = [row._asdict() for row in self.ledger]
        record["warnings"] = self.warnings
        tables = {name: curve_csv(curve) for name, curve in self.curves.items()}
        sums = {name: content_hash(table.encode()) for name, table in tables.items()}
        record["curves"] = {
            name: {"file": curve_file(name), "description": one.description, "units": one.units, CHECKSUM: sums[name]}
            for name, one in self.curves.items()
        }
        try:
            whole = json.loads(json.dumps({"format": FORMAT} | record, allow_nan=False, default=plain))
        except (TypeError, ValueError) as error:
            raise MultiscaleError(f"The results cannot be stored as JSON: {error}.") from error
        for name, table in tables.items():
            write_text(folder / curve_file(name), table)
        write_text(folder / FILE, json.dumps(sealed(whole), indent=1, ensure_ascii=False) + "\n")
        self.folder = folder

    @classmethod
    def load(cls, folder: Path | str) -> "Results":
        """Read the results of a finished run.

        Args:
            folder: The run's folder.

        Raises:
            InputError: there are no results there, or they cannot be read.
        """
        folder = Path(folder)
        results, curves = cls._without_curves(folder)
        try:
            for name, head in curves.items():
                values = read_columns(folder / head["file"], list(head["units"]), head.get(CHECKSUM))
                results.curves[name] = Curve(head["description"], head["units"], values)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise _unreadable(folder, error) from error
        results.folder = folder
        return results

    @classmethod
    def check(cls, folder: Path) -> None:
        """Check that a finished run lies in a folder, and that it passes its own checks; curves are not read.

        Raises:
            InputError: there are no results there, or they cannot be read, or are refuted.
        """
        results, _ = cls._without_curves(folder)
        if results.refuted:
            raise InputError(
                f"The run {folder} does not stand: {results.refuted[0].rstrip('.')}; mend that and run it again."
            )

    @classmethod
    def _without_curves(cls, folder: Path) -> "tuple[Results, dict[str, Any]]":
        """What results.json holds, and the heads of the curves, which lie beside it."""
        try:
            record = unsealed(json.loads((folder / FILE).read_text(encoding="utf-8"), parse_constant=refused))
            if record.pop("format") != FORMAT:
                raise InputError(f"{folder / FILE} is not in the format {FORMAT!r}; run the study again.")
            curves = record.pop("curves")
            record.pop("warnings", None)
            for name, kind in _RECORDS.items():
                record[name] = TypeAdapter(kind).validate_python(record.get(name, []))  # older runs lack some
            return cls(**record), curves
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise _unreadable(folder, error) from error


def _unreadable(folder: Path, error: Exception) -> InputError:
    """Why the results in a folder cannot be read."""
    if isinstance(error, FileNotFoundError):
        return InputError(
            f"{folder} holds no finished run ({Path(error.filename).name} is missing); give the folder that `multiscale run` wrote."
        )
    return InputError(f"The results in {folder} cannot be read ({error}); run the study again.")


_RECORDS: dict[str, Any] = {
    "quantities": dict[str, Quantity],
    "plots": list[Plot],
    "pictures": list[Picture],
    "views": list[View],
    "files": list[RunFile],
    "maps": list[HeatMap],
    "ledger": list[LedgerRow],
    "findings": list[Finding],
    "checks": list[Criterion],
    "onward": list[NextStep],
    "tables": list[Table],
}
