"""What a sweep has stored: the values of each point, a tidy table, the failures, the progress."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from coupling.errors import InputError
from coupling.files import sealed, unsealed, write_text
from multiscale.inputs.changes import label
from multiscale.sweeps.journal import Journal
from multiscale.sweeps.ranges import Axis, combinations, numbers
from multiscale.sweeps.tasks import DONE, FAILED

if TYPE_CHECKING:
    from multiscale.sweeps.plan import Plan

FORMAT = "multiscale sweep 1"
MANIFEST, RESULTS, REPORT = "sweep.json", "results", "report.html"
PENDING = "pending"
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class Status:
    """How far a sweep is.

    Attributes:
        done: Points with a result.
        failed: Points with an error.
        total: Distinct points.
        running: Whether a process is driving it.
        remaining: Estimated seconds to the end; None if nothing is known.
    """

    done: int
    failed: int
    total: int
    running: bool
    remaining: float | None

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        text = f"{self.done} of {self.total} points done{failed}"
        if self.done + self.failed >= self.total:
            return f"{text}; finished."
        state = "running" if self.running else "not running"
        return f"{text}; {state}{f', {remaining_text(self.remaining)}' if self.running and self.remaining is not None else ''}."


@dataclass
class SweepRecord:
    """What a sweep has kept so far, finished or not.

    Attributes:
        folder: Where it lies.
        title: Heading.
        study: Kind of study.
        base: What all points share.
        axes: The dimensions.
        points: Address of each point, the last axis running fastest.
        records: The journal's last line by address.
        formats: Files wanted beside results.nc and results.csv: parquet, zarr.
    """

    folder: Path
    title: str
    study: str
    base: dict[str, Any]
    axes: list[Axis]
    points: list[str]
    records: dict[str, dict[str, Any]]
    formats: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a sweep.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        folder = Path(folder)
        try:
            data = unsealed(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
            if data["format"] != FORMAT:
                raise InputError(f"{folder / MANIFEST} is not in the format {FORMAT!r}.")
            axes = [Axis(axis["name"], axis["columns"]) for axis in data["axes"]]
            records = Journal(folder).records()
            return cls(
                folder,
                data["title"],
                data["study"],
                data["base"],
                axes,
                data["points"],
                records,
                tuple(data.get("formats", ())),
            )
        except FileNotFoundError as error:
            raise InputError(
                f"{folder} holds no sweep ({MANIFEST} is missing); give the folder that `multiscale sweep` wrote."
            ) from error
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"The sweep in {folder} cannot be read ({error}).") from error

    @property
    def status(self) -> Status:
        """How far it is."""
        count = Counter(self.state(address) for address in set(self.points))
        journal = Journal(self.folder)
        running, total = journal.is_open, sum(count.values())
        return Status(
            count[DONE], count[FAILED], total, running, _remaining(journal, count[PENDING]) if running else None
        )

    @property
    def failures(self) -> list[tuple[dict[str, Any], str]]:
        """The values and the error of every point that failed."""
        return [(values, self.records[address]["error"]) for values, address in self if self.state(address) == FAILED]

    @property
    def quantities(self) -> dict[str, tuple[str, str, bool]]:
        """Unit, description and whether it is a headline, of every quantity, in the order of the first points."""
        found: dict[str, tuple[str, str, bool]] = {}
        for _, address in self:
            for name, (_, unit, what, _, headline) in self.values(address).items():
                found.setdefault(name, (unit, what, headline))
        return found

    def __iter__(self) -> Iterator[tuple[dict[str, Any], str]]:
        """The values and the address of every point."""
        return iter(zip(combinations(self.axes), self.points, strict=True))

    def state(self, address: str) -> str:
        """done, failed or pending."""
        return self.records.get(address, {}).get("status", PENDING)

    def values(self, address: str) -> dict[str, list[Any]]:
        """Of a point by name: value, unit, description, standard deviation, headline; empty without result.

        A quantity with the name of a swept key (a law at a temperature has its own) is found as `<name>_found`.
        """
        found = self.records.get(address, {}).get("values", {})
        return {f"{name}_found" if name in self._taken else name: value for name, value in found.items()}

    def table(self) -> dict[str, list[Any]]:
        """The tidy table by column, one row per point; each heading has the unit."""
        columns: dict[str, list[Any]] = {
            "point": list(self.points),
            "status": [self.state(address) for address in self.points],
        }
        places = list(np.ndindex(*map(len, self.axes)))
        for number, axis in enumerate(self.axes):
            for key, column in axis.columns.items():
                values, unit = coordinate(column)
                shown = values.tolist()
                columns[_head(key, unit)] = [shown[place[number]] for place in places]
        for name, (unit, _, _) in self.quantities.items():
            for one in (name, f"{name}_std") if self._spread(name) else (name,):
                columns[_head(one, unit)] = [self.number(address, one) for address in self.points]
        columns["error"] = [self.records.get(address, {}).get("error", "") for address in self.points]
        return columns

    def number(self, address: str, column: str) -> Any:
        """A value, or with `_std` its standard deviation; None where there is none."""
        values = self.values(address)
        if column in values:
            return values[column][0]
        return values[column.removesuffix("_std")][3] if column.removesuffix("_std") in values else None

    @cached_property
    def _taken(self) -> set[str]:
        """Names of coordinates and of the columns that every sweep has."""
        own = {name for axis in self.axes for name in (axis.name, *axis.columns)}
        return own | {"point", "status", "error"}

    def _spread(self, quantity: str) -> bool:
        return any(values.get(quantity, [None] * 4)[3] is not None for values in map(self.values, self.points))


def coordinate(values: Sequence[Any]) -> tuple[Any, str]:
    """Values of an axis as an array, and their unit: numbers where they are, else short texts."""
    found, unit = numbers(values)
    return (found, unit) if found is not None else (np.array([label(value) for value in values], dtype=object), "")


def write_manifest(plan: "Plan", folder: Path, formats: Sequence[str] = ()) -> None:
    """Write what the sweep is about, and which files of its results are wanted."""
    data = {
        "format": FORMAT,
        "title": plan.title,
        "study": plan.kind,
        "base": plan.base,
        "axes": [{"name": axis.name, "columns": axis.columns} for axis in plan.axes],
        "points": [task.address for task in plan.tasks],
        "formats": list(formats),
    }
    write_text(folder / MANIFEST, json.dumps(sealed(data), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def remaining_text(seconds: float) -> str:
    """A remaining time in words."""
    if seconds < 2 * _MINUTE:
        return f"about {max(0, round(seconds))} s left"
    if seconds < 2 * _HOUR:
        return f"about {round(seconds / _MINUTE)} min left"
    return f"about {seconds / _HOUR:.1f} h left"


def _remaining(journal: Journal, pending: int) -> float | None:
    """The time that the pending points take at the pace of this session."""
    lines = journal.lines()
    starts = [n for n, line in enumerate(lines) if "session" in line]
    fresh = len(lines) - starts[-1] - 1 if starts else 0
    if not fresh:
        return None
    start = datetime.fromisoformat(lines[starts[-1]]["session"])
    return (datetime.now(UTC) - start).total_seconds() / fresh * pending


def _head(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name
