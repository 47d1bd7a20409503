"""A run's log in its folder."""

import logging
from contextlib import suppress
from pathlib import Path

FILE = "log.txt"


class RunLog(logging.FileHandler):
    """Appends to the log of a folder; on a full disk lines are lost, and the error that matters comes from elsewhere.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FILE, encoding="utf-8")
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: `logging` would print a traceback."""

    def close(self) -> None:
        """Close the file; what it still holds may not fit on the disk."""
        with suppress(OSError):
            super().close()


def run_logger(handler: logging.Handler) -> logging.Logger:
    """A logger of this run alone: it has no parent, so nothing of the user's logging is touched."""
    log = logging.Logger("multiscale", logging.INFO)
    log.addHandler(handler)
    return log
