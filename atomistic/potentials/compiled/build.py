"""The C sources of this folder as a library: compiled once for a user, and kept.

It lies in `$XDG_CACHE_HOME/multiscale-coupling`, by default in `~/.cache`, under a hash of the sources, the flags, the
compiler and the kind of machine. No flag lets the compiler change the order of sums, fuse operations or use what only this
processor has, so that the numbers are the same wherever it is compiled; there is one thread.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from coupling.files import atomic_write

SOURCES = ("neighbours.c", "embedded_atom.c", "crystal.c")
HEADERS = ("embedded_atom.h",)
FLAGS = ("-O3", "-std=gnu99", "-fPIC", "-shared", "-ffp-contract=off")
_FOLDER = Path(__file__).parent
_LONG = 1.0  # s
_TIME_LIMIT = 120.0  # s
_LOG = logging.getLogger(__name__)
_DOUBLES, _WORDS, _ANY = ctypes.c_double, ctypes.c_int64, ctypes.c_void_p


class Library:
    """The functions in C, by their names.

    Args:
        path: Of the compiled file.

    Raises:
        OSError: it cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        loaded = ctypes.CDLL(str(path))
        self.list_pairs, self.longest_way = loaded.list_pairs, loaded.longest_way
        self.embedded_sums, self.crystal_sums = loaded.embedded_sums, loaded.crystal_sums
        self.list_pairs.restype, self.list_pairs.argtypes = (
            _WORDS, [_WORDS, *[_ANY] * 5, _DOUBLES, _ANY, _WORDS, _ANY, _WORDS, _ANY, _ANY],
        )  # fmt: skip
        self.longest_way.restype, self.longest_way.argtypes = _DOUBLES, [_WORDS, *[_ANY] * 3, _DOUBLES]
        self.embedded_sums.restype, self.embedded_sums.argtypes = _DOUBLES, [_ANY] * 5
        self.crystal_sums.restype = _DOUBLES
        self.crystal_sums.argtypes = [_ANY, _WORDS, _WORDS, _ANY, _WORDS, *[_ANY] * 6]
        loaded.bond_bytes.restype = _WORDS
        self.bond_bytes = int(loaded.bond_bytes())


@cache
def library() -> Library | None:
    """The library, compiled if need be; None, which is said once, where there is no C compiler that makes it."""
    compiler = _compiler()
    if compiler is None:
        _LOG.warning(
            "No C compiler was found, so embedded atoms are summed by numpy, several times slower; install gcc, or name one in CC."
        )
        return None
    try:
        return _loaded(compiler, kept_file(compiler))
    except (OSError, subprocess.SubprocessError) as error:
        said = " ".join(str(getattr(error, "stderr", None) or error).split())[:300]
        _LOG.warning(
            "The C compiler %s failed (%s), so embedded atoms are summed by numpy, several times slower; correct CC.",
            shlex.join(compiler), said,
        )  # fmt: skip
        return None


def kept_file(compiler: list[str]) -> Path | None:
    """Where the library is kept, for all processes of a user; None without a home.

    Args:
        compiler: The words that call it.

    Raises:
        OSError: it cannot be run.
        subprocess.SubprocessError: it does not say its version.
    """
    said = subprocess.run([*compiler, "--version"], capture_output=True, check=True, timeout=_TIME_LIMIT).stdout
    parts = [(_FOLDER / name).read_bytes() for name in (*SOURCES, *HEADERS)]
    parts += [" ".join([*FLAGS, *compiler, platform.system(), platform.machine()]).encode(), said]
    key = hashlib.sha256(b"\0".join(parts)).hexdigest()
    try:
        chosen = os.environ.get("XDG_CACHE_HOME")
        folder = Path(chosen) if chosen else Path.home() / ".cache"
    except RuntimeError:
        return None
    return folder / "multiscale-coupling" / f"atoms-{key[:32]}.so"


def _compiler() -> list[str] | None:
    """`$CC`, or the first of cc, gcc and clang on the path."""
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        return named if shutil.which(named[0]) else None
    return next(([found] for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


def _loaded(compiler: list[str], kept: Path | None) -> Library:
    if kept is not None and kept.is_file():
        with suppress(OSError):  # damaged, or where nothing may be run from
            return Library(kept)
    return _made(compiler, kept)


def _made(compiler: list[str], kept: Path | None) -> Library:
    """Compile; of several processes that do so at once each has a whole file, and the last one's stays."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "atoms.so"
        sources = [str(_FOLDER / name) for name in SOURCES]
        subprocess.run(
            [*compiler, *FLAGS, "-o", str(made), *sources, "-lm"],
            capture_output=True, text=True, check=True, timeout=_TIME_LIMIT,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        try:
            if kept is None:
                return Library(made)
            with atomic_write(kept) as file:
                file.write(made.read_bytes())
            found = Library(kept)
        except OSError:  # a full disk, or a folder that may not be written or run from: this process alone has it
            return Library(made)
    if seconds > _LONG:
        _LOG.warning("The sums over embedded atoms were compiled, in %.1f s; they are kept in %s.", seconds, kept)
    return found
