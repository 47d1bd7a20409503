"""Progress on a terminal as bars, elsewhere as a plain line now and then."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

_SECONDS_BETWEEN_LINES = 5.0


class Display(Protocol):
    """A `coupling.contracts.Progress` that is shown while its `with` block lasts."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Bars:
    """A bar for each stage.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = RichProgress(*columns, TimeRemainingColumn(), TextColumn("{task.fields[note]}"), console=console)
        self._stages: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        if stage not in self._stages:
            self._stages[stage] = self._bars.add_task(stage, total=total, note=note)
        self._bars.update(self._stages[stage], completed=done, total=total, note=note)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


class Lines:
    """A line when a stage begins and ends, and every few seconds between.

    Args:
        console: Where they go.
        seconds: Least time between two lines of a stage.
    """

    def __init__(self, console: Console, seconds: float = _SECONDS_BETWEEN_LINES) -> None:
        self._console, self._seconds = console, seconds
        self._last: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._ended: set[str] = set()

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        ends = done >= total and stage not in self._ended
        if stage in self._last and not ends and (done >= total or now - self._last[stage] < self._seconds):
            return
        text = f"{stage}: {done} of {total}" + (f", {note}" if note else "")
        if text == self._said.get(stage) and not ends:
            return
        self._last[stage], self._said[stage] = now, text
        if done >= total:
            self._ended.add(stage)
        else:
            self._ended.discard(stage)
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def display(console: Console) -> Display:
    """Bars if the console is a terminal, else lines."""
    return Bars(console) if console.is_terminal else Lines(console)
