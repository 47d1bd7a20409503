"""A full disk: how it is recognised in an error, and the message about it."""

import errno
import shutil
from pathlib import Path

from coupling.errors import MultiscaleError

_NO_SPACE = {
    errno.ENOSPC: ("The disk of {} is full", "make room"),
    errno.EDQUOT: ("Your quota on the disk of {} is used up", "make room"),
    errno.EFBIG: ("A file in {} would grow beyond the limit on the size of files", "raise it (ulimit -f)"),
}
"""What the system says of it: the cause, with the folder, and the way out."""
_LEAST_FREE = 64 * 1024


def full_disk(error: BaseException | None, *folders: Path) -> Path | None:
    """The folder whose disk is full, where an error comes from that.

    Args:
        error: What happened; libraries hide the system's error, which is then told by the free space.
        folders: What may have been written to.
    """
    full = next((folder for folder in folders if _is_full(folder)), None)
    if full is None and any(isinstance(one, OSError) and one.errno in _NO_SPACE for one in _chain(error)):
        return folders[0]
    return full


def disk_full(folder: Path, what: str, error: BaseException | None = None) -> MultiscaleError:
    """What to say of it.

    Args:
        folder: On the full disk.
        what: What was being done there: "run", "sweep".
        error: What happened; by default no space was left.
    """
    numbers = [one.errno for one in _chain(error) if isinstance(one, OSError) and one.errno in _NO_SPACE]
    cause, remedy = _NO_SPACE[numbers[0] if numbers else errno.ENOSPC]
    return MultiscaleError(
        f"{cause.format(folder)}; what is done is kept: {remedy} and start the same {what} again to continue."
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error with those behind it, each once: two may each be the other's reason."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE
    except OSError:
        return False
