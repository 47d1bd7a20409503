"""The runs in a folder, and how each is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coupling.errors import InputError
from multiscale.runtime.folders import is_older_run, marked
from multiscale.runtime.locks import is_held
from multiscale.runtime.log import FILE as LOG
from multiscale.runtime.results import FILE


@dataclass(frozen=True)
class RunState:
    """One run.

    Attributes:
        folder: Where it lies.
        state: "done", "at work", "stopped" (it was killed) or "failed".
        told: What it is and found, or the last line of its log.
    """

    folder: Path
    state: str
    told: str


def states(folder: Path) -> list[RunState]:
    """A run, or the runs that lie in a folder, in the order of their names.

    Raises:
        InputError: there is none.
    """
    places = [folder, *sorted(folder.iterdir())] if folder.is_dir() else []
    found = [one for place in places for one in _state(place)]
    if not found:
        raise InputError(f"{folder} holds no run and no sweep; give the folder that one wrote, or the one above.")
    return found


def _state(folder: Path) -> Iterator[RunState]:
    said = marked(folder, "run") if folder.is_dir() else None
    if said is None and is_older_run(folder, finished=True):
        said = {"state": "done", "name": folder.name}
    if not said:
        return
    if (folder / FILE).is_file() and said["state"] != "failed":
        yield RunState(folder, "done", _found(folder / FILE))
    elif said["state"] == "failed":
        yield RunState(folder, "failed", _last_line(folder / LOG))
    else:
        held = is_held(folder.with_name(f".{said.get('name', '')}.run.lock"))
        yield RunState(folder, "at work" if held else "stopped", _last_line(folder / LOG))


def _found(file: Path) -> str:
    """The kind of study, its title, and its first headline."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        heads = [one for one in record["quantities"].values() if one["headline"]]
        said = [f"{one['description']} {one['value']:.5g} {one['unit']}".rstrip() for one in heads[:1]]
        return ", ".join(text for text in (record["study"], record["title"], *said) if text)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"its {file.name} cannot be read ({error})"


def _last_line(log: Path) -> str:
    try:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line[:4].isdigit()]
    except OSError:
        lines = []
    return lines[-1] if lines else "no log"
