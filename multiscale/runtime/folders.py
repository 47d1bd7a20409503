"""Ownership of folders: those that runs and sweeps make bear a mark, and only those are ever removed."""

import errno
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coupling.errors import InputError
from coupling.files import write_text
from multiscale.runtime.results import FILE, FORMAT

MARKER = ".multiscale"
_VERSION = 1
_HEAD = 200  # characters of results.json in which its format stands


def mark(folder: Path, kind: str, **said: str | list[str]) -> None:
    """Write the mark of a folder that is ours.

    Args:
        folder: The folder.
        kind: What it holds: "run" or "sweep".
        said: What else the mark tells.
    """
    write_text(folder / MARKER, json.dumps({"kind": kind, "version": _VERSION} | said) + "\n")


def marked(folder: Path, kind: str) -> dict[str, Any] | None:
    """What the mark of a folder tells: None without a mark, empty for the mark of something else, or an unreadable one."""
    try:
        text = (folder / MARKER).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    said = _read(text)
    return said if said.get("kind") == kind else {}


def is_bare(folder: Path) -> bool:
    """Whether a folder, no link to one, holds nothing but our mark, perhaps one that was being written."""
    if folder.is_symlink() or not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return False
    return all(_is_mark(item) for item in folder.iterdir())


def _is_mark(item: Path) -> bool:
    if item.is_symlink() or not item.is_file():
        return False
    if item.name.startswith(f".{MARKER}."):  # killed while it was written
        return True
    return item.name == MARKER and bool(_read(item.read_text(encoding="utf-8", errors="replace")))


def _read(text: str) -> dict[str, Any]:
    """A mark of ours; empty if it is none."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) and "kind" in said and said.get("version") == _VERSION else {}


def contents(folder: Path) -> list[str]:
    """The files in a folder and below, our marks in it apart, by their paths from there; links are not followed."""
    return sorted(
        str((Path(above) / name).relative_to(folder))
        for above, folders, files in os.walk(folder)
        for name in (*files, *(one for one in folders if os.path.islink(os.path.join(above, one))))
        if not (Path(above) == folder and name.startswith((MARKER, f".{MARKER}.")))
    )


def foreign(folder: Path, said: dict[str, Any]) -> list[str]:
    """The files of a finished folder that its mark does not name; none where the mark is from before marks named files."""
    known = said.get("files")
    return sorted(set(contents(folder)) - set(known)) if isinstance(known, list) else []


def is_older_run(folder: Path, *, finished: bool) -> bool:
    """Whether a folder without a mark is a run of a version that made none."""
    log = folder / "log.txt"
    try:
        if finished:
            with (folder / FILE).open(encoding="utf-8") as file:
                return f'"format": "{FORMAT.rpartition(" ")[0]} ' in file.read(_HEAD)
        if not (folder / "input").is_dir():
            return False
        return not log.read_text(encoding="utf-8").rstrip().endswith("finished")  # a user's copy of a finished one
    except (OSError, ValueError):
        return False


def resolved_place(place: Path) -> Path:
    """Where an output folder lies if its name is a link to one: nothing is made or renamed beside the link."""
    if ".." in place.parts:
        above = Path(os.path.realpath(place.parent))
        place = above.parent if place.name == ".." else above / place.name
    return Path(os.path.realpath(place)) if place.is_symlink() and place.exists() else place


def check_folder(place: Path, what: str, way_out: str) -> None:
    """Raise `InputError` if something other than a folder is in the place of one.

    Args:
        place: Where the folder is, or is to be.
        what: What it is, for the sentence.
        way_out: What to do, for the sentence.
    """
    try:
        os.lstat(place)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(f"The name of the {what} is too long ({place.name[:40]!r}...); {way_out}.") from error
    if place.is_symlink() and not place.exists():
        target = os.readlink(place)
        raise InputError(
            f"The {what} {place} is a link to {target}, which is not there; make that folder, or {way_out}."
        )
    if _is_file(place):
        raise InputError(f"The {what} {place} is a file; {way_out}.")


def check_parents(place: Path) -> None:
    """Raise `InputError` if the folders above a place do not let an output folder be made there; nothing is made."""
    for folder in place.parents:
        if marked(folder, "run"):
            raise InputError(
                f"The output folder {place} would lie in the run {folder}, which the next run of that name replaces as a "
                "whole; choose another with --output."
            )
    for folder in place.parents:
        reason = ""
        if folder.is_symlink() and not folder.exists():
            reason = f"{folder} is a link to nothing"
        elif _is_file(folder):
            reason = f"{folder} is a file"
        elif folder.is_dir():
            if os.access(folder, os.W_OK | os.X_OK) or not folder.exists():
                return
            reason = f"nothing may be written in {folder}"
        if reason:
            raise InputError(f"The output folder {place} cannot be written ({reason}); choose another with --output.")


def _is_file(place: Path) -> bool:
    """Whether something lies at a place that is no folder, and not one that another process removes just now."""
    return place.exists() and not place.is_dir() and place.exists()


def absent(*places: Path) -> list[Path]:
    """The missing folders among some places and all folders above them; the deepest first."""
    above = {folder for place in places for folder in (place, *place.parents)}
    return sorted((folder for folder in above if not os.path.lexists(folder)), key=lambda one: -len(one.parts))


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders that exist and are empty, in this order."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # holds something, or is not there
            continue


def remove(folder: Path) -> None:
    """Remove a folder with all in it, if there is one: its mark last, so that what a kill leaves is known for ours.

    Links in it go, what they lead to stays.
    """
    if not os.path.lexists(folder):
        return
    for item in sorted(folder.iterdir(), key=lambda one: one.name == MARKER):
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
    folder.rmdir()
