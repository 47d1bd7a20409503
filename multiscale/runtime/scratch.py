"""Scratch: folders of unfinished work, each of one process at a time, from which an interrupted run resumes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from multiscale.runtime.folders import remove_empty
from multiscale.runtime.locks import release, taken


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder for unfinished work that no other process uses: left by an interruption, gone when the work is done.

    Of several that do the same work at once, each has its own: `folder`, `folder-2`, … An interrupted one resumes from
    the first that nobody holds. Where the file system has no locks, the first is taken unguarded.

    Args:
        folder: Named by all that determines the work; made by whoever writes into it.
    """
    for number in count(1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        lock = place.with_name(f".{place.name}.lock")
        try:
            held = taken(lock, wait=False)
        except BlockingIOError:
            continue
        except OSError:
            held = None
        break
    try:
        yield place
        shutil.rmtree(place, ignore_errors=True)
    finally:
        if held is not None:
            release(lock, held)
        remove_empty([folder.parent])
