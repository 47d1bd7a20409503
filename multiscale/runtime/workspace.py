"""The folder of a run: `<name>.partial` while it works, `<name>` when done, `<name>.failed` if not.

Of what lies at these names, only what a run has made is removed (`multiscale.runtime.folders`). The lock
lies beside the folders: they are renamed while it is held.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path

from coupling.errors import InputError, MultiscaleError
from multiscale.runtime.cache import default_folder
from multiscale.runtime.folders import (
    absent,
    check_folder,
    check_parents,
    contents,
    foreign,
    is_bare,
    is_older_run,
    mark,
    marked,
    remove,
    remove_empty,
    resolved_place,
)
from multiscale.runtime.locks import is_held, release, taken
from multiscale.runtime.log import RunLog

_WORKING, _DONE, _FAILED = "working", "done", "failed"


class Workspace:
    """The places of a run, and the moves between them.

    Args:
        place: Where the finished run is to lie; of a link to a folder, the folder.

    Attributes:
        final: Where a finished run lies.
        partial: Where it works.
        failed: Where it is left if it fails.
        cache: Where its intermediate results are kept, beside the place as it was named.
        is_published: Whether this run lies in its place.
    """

    def __init__(self, place: Path) -> None:
        self.final = resolved_place(place)
        self.partial = self._beside("{}.partial")
        self.failed = self._beside("{}.failed")
        self.cache = default_folder(place)
        self._old = self._beside(".{}.old")
        self._lock = self._beside(".{}.run.lock")
        self._held: int | None = None
        self._log: logging.Handler | None = None
        self._new: list[Path] = []
        self.is_published = False

    def _beside(self, name: str) -> Path:
        return self.final.with_name(name.format(self.final.name)) if self.final.name else self.final

    def check(self) -> None:
        """Raise `InputError` if a finished run could not, or should not, be put at `final`; nothing is written."""
        self._check_way()
        if not is_held(self._lock):  # a run that works there moves and removes what is its own
            self._check_content()

    def _check_way(self) -> None:
        if not self.final.name:
            raise InputError(f"{self.final} cannot be the output folder; name a folder of its own.")
        check_parents(self.final)
        check_folder(self.cache, "cache folder", "move it away, or set MULTISCALE_CACHE to another")

    def _check_content(self) -> None:
        """What holds only under the lock: another run renames its folders."""
        check_folder(self.final, "output folder", "choose another with --output")
        if os.path.ismount(self.final):
            raise InputError(
                f"The output folder {self.final} is a disk of its own; choose a folder in it with --output."
            )
        if not self._is_replaceable():
            raise InputError(
                f"The output folder {self.final} holds files that are not a run's and would be lost; "
                "choose another with --output."
            )
        for place in (self.final, self.failed):
            if others := foreign(place, marked(place, "run") or {}):
                raise InputError(
                    f"{place} holds {self._told(others)}, which the run there did not write and which would be lost; "
                    "move that away, or choose another folder with --output."
                )
        for place, states in ((self.partial, [_WORKING]), (self.failed, [_WORKING, _FAILED]), (self._old, [])):
            if os.path.lexists(place) and not self._is_ours(place, *states):
                raise InputError(
                    f"{place} is in the way of a run in {self.final} and was not left by one; "
                    "move it, or choose another folder with --output."
                )

    def claim(self) -> logging.Handler:
        """Make an empty `partial` that is ours alone until `release`.

        Returns:
            The handler that writes the run's log.

        Raises:
            InputError: another run works there, or the folder cannot be written; nothing was changed.
        """
        try:
            self._check_way()
            self._new = absent(self.final.parent, self.cache)
            self._held = taken(self._lock, wait=False)
            self._check_content()
            self._begin()
            self._log = RunLog(self.partial)
        except BaseException as error:
            self._let_go()
            if isinstance(error, BlockingIOError):
                raise InputError(
                    f"Another run is writing {self.final}; wait for it, or choose another folder with --output."
                ) from error
            if isinstance(error, OSError):
                raise InputError(
                    f"The output folder {self.final} cannot be written ({error.strerror}); choose another with --output."
                ) from error
            raise
        return self._log

    def _let_go(self) -> None:
        """Undo a claim that failed."""
        try:
            if self._held is not None and is_bare(self.partial):
                remove(self.partial)
        finally:
            self.release()

    def release(self) -> None:
        """Let others work here; folders that were made for this run and hold nothing are gone."""
        if self._log is not None:
            self._log.close()
        if self._held is not None:
            release(self._lock, self._held)
        self._log = self._held = None
        remove_empty(self._new)

    def publish(self) -> None:
        """Put the finished run in its place; an older one is removed only now.

        Raises:
            MultiscaleError: something else was put there while the run worked.
        """
        others = foreign(self.final, marked(self.final, "run") or {})
        if others or not self._is_replaceable():
            what = self._told(others) if others else "files that are not a run's"
            raise MultiscaleError(f"While the run worked, {what} came into {self.final} and would be lost.")
        self._mark(self.partial, _WORKING)
        older = self.final.is_dir() and not is_bare(self.final)
        if older:
            self.final.rename(self._old)
        else:
            self._remove(self.final)
        try:
            self.partial.rename(self.final)
        except OSError:
            if older:
                self._old.rename(self.final)
            raise
        self.is_published = True
        self._mark(self.final, _DONE)
        self._remove(self._old)

    def fail(self) -> Path | None:
        """Keep what there is as `failed`, or as `partial` where that place was taken; where it lies, if there is anything."""
        if not self.partial.exists():
            return None
        if os.path.lexists(self.failed) and not self._is_ours(self.failed, _WORKING, _FAILED):
            return self.partial
        if foreign(self.failed, marked(self.failed, "run") or {}):
            return self.partial
        self._remove(self.failed)
        self.partial.rename(self.failed)
        self._mark(self.failed, _FAILED)
        return self.failed

    def discard(self) -> None:
        """Leave nothing of this run."""
        self._remove(self.partial)

    def _begin(self) -> None:
        """Finish what a process killed in the middle of `publish` had begun, and make room."""
        if self._old.exists():
            if not self.final.exists() or is_bare(self.final):
                self._remove(self.final)
                self._old.rename(self.final)
            else:
                self._remove(self._old)
        self._remove(self.partial)
        self._remove(self.failed)
        self.partial.mkdir()
        mark(self.partial, "run", name=self.final.name, state=_WORKING)

    def _mark(self, folder: Path, state: str) -> None:
        """Mark the state of a run that has been moved; until then, or on a full disk, the mark says that it is working."""
        with suppress(OSError):
            mark(folder, "run", name=self.final.name, state=state, files=contents(folder))

    @staticmethod
    def _told(files: list[str]) -> str:
        """The first of some files, and how many there are more."""
        more = len(files) - 2
        return ", ".join(files[:2]) + (f" and {more} more" if more > 0 else "")

    def _remove(self, folder: Path) -> None:
        """Remove a folder that is ours; one of an older version gets a mark first, that it is known if we are killed."""
        if folder.is_dir() and marked(folder, "run") is None and not is_bare(folder):
            self._mark(folder, _WORKING)
        remove(folder)

    def _is_replaceable(self) -> bool:
        if not os.path.lexists(self.final) or is_bare(self.final):
            return True
        if self.final.is_symlink() or not self.final.is_dir():
            return False
        said = marked(self.final, "run")
        return said.get("state") in (_WORKING, _DONE) if said is not None else is_older_run(self.final, finished=True)

    def _is_ours(self, folder: Path, *states: str) -> bool:
        """Whether a run of this name left a folder in one of these states; without any, whether any run did."""
        if folder.is_symlink() or not folder.is_dir():
            return False
        if is_bare(folder):
            return True
        said = marked(folder, "run")
        if said is None:
            return is_older_run(folder, finished=not states)
        return said.get("name") == self.final.name and said.get("state") in states if states else bool(said)
