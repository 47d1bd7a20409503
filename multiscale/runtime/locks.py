"""Locks between processes, and between nodes that share a file system."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ATTEMPTS = 10_000


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Let one holder at a time into the block; the others wait. It ends with its holder, even a killed one.

    Where the file system has no locks, or cannot be written, the block runs unguarded.

    Args:
        path: The lock's file, which is there only while it is held.
    """
    handle = _taken(path)
    try:
        yield
    finally:
        if handle is not None:
            path.unlink(missing_ok=True)
            os.close(handle)
            with suppress(OSError):  # holds something
                path.parent.rmdir()


def _taken(path: Path) -> int | None:
    """A locked handle of the file that bears the name now: an earlier holder may have removed ours."""
    for _ in range(_ATTEMPTS):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # another holder removed the folder
            continue
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except FileNotFoundError:
            pass
        except OSError:
            os.close(handle)
            return None
        os.close(handle)
    return None
