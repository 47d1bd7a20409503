"""What came out of every point: one line of JSON each, appended by the one process that drives.

A folder with a report for each point is right for a study of minutes and too costly for a function of
milliseconds: thousands of small files, each with its own fsync, also burden a cluster's file system. A
database would need locks that such file systems do not keep. One writer, whole lines and one fsync a
batch need none: a line that a kill or a full disk cut short is cut off when the journal is opened next,
and its point is computed again (or, for a study, read from its folder).
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coupling.errors import InputError, MultiscaleError
from coupling.files import sealed, unsealed
from multiscale.runtime.disk import disk_full, full_disk
from multiscale.runtime.locks import is_held

FILE = "journal.jsonl"


class Journal:
    """The journal of a sweep's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._handle = -1

    def records(self) -> dict[str, dict[str, Any]]:
        """The last line of each point, by address; lines that are damaged, or hold NaN or infinity, are left out."""
        return {record["point"]: record for record in self.lines() if "point" in record}

    def lines(self) -> list[dict[str, Any]]:
        """All whole lines, in the order in which they were written."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return [record for line in content.split(b"\n")[:-1] if (record := _parsed(line)) is not None]

    @property
    def is_open(self) -> bool:
        """Whether a process is driving this sweep."""
        return is_held(self.path)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Be the one writer; a line cut short is cut off.

        Raises:
            InputError: another process is driving this sweep, or its folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise InputError(
                f"The output folder {self.path.parent} cannot be written ({error.strerror}); choose another with --output."
            ) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.path.exists() or not os.path.samestat(os.fstat(self._handle), os.stat(self.path)):
                raise BlockingIOError("removed by another process, which was refused")
            content = self.path.read_bytes()
            os.ftruncate(self._handle, content.rfind(b"\n") + 1)
            yield
        except BlockingIOError as error:
            raise InputError(
                f"Another process is driving the sweep in {self.path.parent}; wait for it, or choose another folder."
            ) from error
        finally:
            os.close(self._handle)

    def append(self, records: Iterable[dict[str, Any]]) -> None:
        """Add lines, all of them or none; on disk when this returns.

        Raises:
            MultiscaleError: the disk is full, or cannot be written.
        """
        data = b"".join(
            json.dumps(sealed(record), allow_nan=False, ensure_ascii=False).encode() + b"\n" for record in records
        )
        size = os.fstat(self._handle).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._handle, data[written:])
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, size)
            raise stopped(self.path.parent, error) from error


def stopped(folder: Path, error: OSError) -> MultiscaleError:
    """The message when a sweep cannot go on."""
    if full_disk(error, folder) is not None:
        return disk_full(folder, "sweep", error)
    return MultiscaleError(
        f"The sweep in {folder} stopped ({error}); what is done is kept: start the same sweep again to continue."
    )


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no answer")


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line, parse_constant=_refused)
        return unsealed(record) if isinstance(record, dict) else None
    except ValueError:
        return None
