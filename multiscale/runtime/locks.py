"""Locks between processes, and between nodes that share a file system."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ATTEMPTS = 10_000


@contextmanager
def exclusive(path: Path, waits: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let one holder at a time into the block; the others wait. It ends with its holder, even a killed one.

    Where the file system has no locks, or cannot be written, the block runs unguarded.

    Args:
        path: The lock's file, which is there only while it is held.
        waits: Called before waiting for another holder.
    """
    handle = None
    with suppress(OSError):
        try:
            handle = taken(path, wait=False)
        except BlockingIOError:
            waits()
            handle = taken(path)
    try:
        yield
    finally:
        if handle is not None:
            release(path, handle)
            with suppress(OSError):  # holds something
                path.parent.rmdir()


def taken(path: Path, *, wait: bool = True) -> int:
    """Take a lock, which is held until `release` or the end of the process.

    Args:
        path: The lock's file; its folder is made.
        wait: Whether to wait for another holder to let go.

    Returns:
        A locked handle of the file that bears the name now: an earlier holder may have removed ours.

    Raises:
        BlockingIOError: another holds it, and it was not to be waited for.
        OSError: the file system has no locks, or cannot be written.
    """
    for _ in range(_ATTEMPTS):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # another holder removed the folder
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
    raise TimeoutError(errno.ETIMEDOUT, "its lock was removed again and again")


def release(path: Path, handle: int) -> None:
    """Give a lock back that `taken` gave."""
    path.unlink(missing_ok=True)
    os.close(handle)


def is_held(path: Path) -> bool:
    """Whether a process holds a lock; it is not taken, and nothing is made."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
