"""The folder of a run: `<name>.partial` while it works, `<name>` when done, `<name>.failed` if not."""

import fcntl
import logging
import shutil
from pathlib import Path

from coupling.errors import InputError
from multiscale.runtime.results import FILE

LOG = "log.txt"


class Workspace:
    """The three places of a run, and the moves between them.

    Attributes:
        final: Where a finished run lies.
        partial: Where it works.
        failed: Where it is left if it fails.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.partial = final.with_name(f"{final.name}.partial")
        self.failed = final.with_name(f"{final.name}.failed")
        self._old = final.with_name(f"{final.name}.old")

    def check(self) -> None:
        """Raise `InputError` if a finished run could not, or should not, be put at `final`."""
        if not self.final.name:
            raise InputError(f"{self.final} cannot be the output folder; name a folder of its own.")
        if self.final.exists() and not self.final.is_dir():
            raise InputError(f"The output folder {self.final} is a file; choose another with --output.")
        if self.final.is_dir() and any(self.final.iterdir()) and not (self.final / FILE).is_file():
            raise InputError(
                f"The output folder {self.final} holds files that are not a run's and would be lost; "
                "choose another with --output."
            )

    def claim(self) -> logging.Handler:
        """Make an empty `partial` that is ours alone.

        Returns:
            The handler that writes the run's log; it holds the claim until it is closed.

        Raises:
            InputError: another run works there, or the folder cannot be written.
        """
        self.check()
        try:
            self._recover()
            self.partial.mkdir(parents=True, exist_ok=True)
            handler = logging.FileHandler(self.partial / LOG, mode="a", encoding="utf-8")
            try:
                fcntl.flock(handler.stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                handler.close()
                raise InputError(
                    f"Another run is writing {self.final}; wait for it, or choose another folder with --output."
                ) from error
            handler.stream.truncate(0)
            self._empty_partial()
            _remove(self.failed)
        except OSError as error:
            raise InputError(
                f"The output folder {self.final} cannot be written ({error.strerror}); choose another with --output."
            ) from error
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        return handler

    def publish(self) -> None:
        """Put the finished run in its place; an older one goes only now."""
        if self.final.exists():
            self.final.rename(self._old)
        self.partial.rename(self.final)
        _remove(self._old)

    def fail(self) -> bool:
        """Keep what there is as `failed`; whether there was anything."""
        if not self.partial.exists():
            return False
        _remove(self.failed)
        self.partial.rename(self.failed)
        return True

    def discard(self) -> None:
        """Leave nothing of this run."""
        _remove(self.partial)

    def _recover(self) -> None:
        """Finish what a process killed in the middle of `publish` had begun."""
        if self._old.exists() and not self.final.exists():
            self._old.rename(self.final)
        _remove(self._old)

    def _empty_partial(self) -> None:
        for item in self.partial.iterdir():
            if item.name != LOG:
                _remove(item)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
