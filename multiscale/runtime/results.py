"""What a study found: numbers with units, curves, plots, and who counted what.

`Results` is all that the report reads, so every study gets the same report.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from coupling.contracts import FloatArray
from coupling.errors import InputError, MultiscaleError, unknown_choice
from coupling.files import CHECKSUM, content_hash, sealed, unsealed, write_text
from coupling.findings import Finding
from coupling.ledger import LedgerRow
from multiscale.runtime.records import Curve, Picture, Plot, Quantity, Scalar, Table, curve_csv, curve_file

FORMAT = "multiscale results 1"
FILE = "results.json"
_WARNING = "WARNING: "


@dataclass
class Results:
    """Everything a study found.

    Attributes:
        study: Kind of study.
        title: The user's title of it.
        quantities: Numbers by name.
        curves: Curves by name.
        plots: Diagrams, in the report's order.
        pictures: PNG files of the run's folder, in the report's order.
        ledger: Who counts what; energies carry their counting number.
        ledger_unit: Unit of the ledger's energies.
        tables: Further tables, e.g. the energy balance.
        findings: What the result's own checks found; what is fatal refutes the run, the rest are warnings at its head.
        notes: Sentences on validity, sizes and limits, for the report.
        reused: What was not computed again but taken from the cache.
        input: The validated input as run.
        provenance: Versions, seeds, dates, wall times.
        folder: Where they are stored; None before that.
    """

    study: str
    title: str = ""
    quantities: dict[str, Quantity] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    plots: list[Plot] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    ledger_unit: str = ""
    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    input: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

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
        record["curves"] = {
            name: {
                "file": curve_file(name),
                "description": curve.description,
                "units": curve.units,
                CHECKSUM: content_hash(tables[name].encode()),
            }
            for name, curve in self.curves.items()
        }
        try:
            plain = json.loads(json.dumps({"format": FORMAT} | record, allow_nan=False, default=_plain))
        except (TypeError, ValueError) as error:
            raise MultiscaleError(f"The results cannot be stored as JSON: {error}.") from error
        for name, table in tables.items():
            write_text(folder / curve_file(name), table)
        write_text(folder / FILE, json.dumps(sealed(plain), indent=1, ensure_ascii=False) + "\n")
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
        try:
            record = unsealed(json.loads((folder / FILE).read_text(encoding="utf-8"), parse_constant=_refused))
            if record.pop("format") != FORMAT:
                raise InputError(f"{folder / FILE} is not in the format {FORMAT!r}; run the study again.")
            curves = record.pop("curves")
            record.pop("warnings", None)
            record.setdefault("findings", [])  # older runs have none
            for name, kind in _RECORDS.items():
                record[name] = TypeAdapter(kind).validate_python(record[name])
            results = cls(**record)
            for name, head in curves.items():
                values = _read_columns(folder / head["file"], list(head["units"]), head.get(CHECKSUM))
                results.curves[name] = Curve(head["description"], head["units"], values)
        except FileNotFoundError as error:
            raise InputError(
                f"{folder} holds no finished run ({Path(error.filename).name} is missing); "
                "give the folder that `multiscale run` wrote."
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"The results in {folder} cannot be read ({error}); run the study again.") from error
        results.folder = folder
        return results


_RECORDS: dict[str, Any] = {
    "quantities": dict[str, Quantity],
    "plots": list[Plot],
    "pictures": list[Picture],
    "ledger": list[LedgerRow],
    "findings": list[Finding],
    "tables": list[Table],
}


def _read_columns(path: Path, columns: list[str], checksum: str | None) -> Mapping[str, FloatArray]:
    """The columns of a curve; older runs have no checksum of them."""
    content = path.read_bytes()
    if checksum is not None and content_hash(content) != checksum:
        raise ValueError(
            f"{path.name} does not match its {CHECKSUM}: it is damaged, or was changed since it was written"
        )
    rows = np.array(list(csv.reader(content.decode().splitlines()))[1:], dtype=float).reshape(-1, len(columns))
    return {column: rows[:, i].copy() for i, column in enumerate(columns)}


def _refused(constant: str) -> float:
    raise ValueError(f"it holds {constant}, which is no answer")


def _plain(value: object) -> object:
    """What json cannot store by itself: numpy numbers and arrays, paths."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.name
    raise TypeError(f"{value!r} is not a number, text, list or table")
