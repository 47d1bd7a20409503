"""A store of expensive intermediate results, addressed by the content of the request.

Equal requests (same inputs, same potential, same code) have equal addresses, so nothing is
computed twice, and nothing stale is ever found.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from logging import Logger
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from multiscale.files import atomic_write
from multiscale.locks import exclusive

_META = "__json__"
_CODE = ("coupling", "atomistic")


class Cached(NamedTuple):
    """A value and whether it came from the store."""

    value: dict[str, Any]
    reused: bool


class Cache:
    """Content-addressed store of dicts of numpy arrays and JSON values, one `.npz` file each.

    Args:
        folder: Where the entries lie; made when the first one is written.
        log: Told about entries that could not be read or written.
    """

    def __init__(self, folder: Path, log: Logger | None = None) -> None:
        self.folder = folder
        self._log = log

    def path(self, key: Mapping[str, Any]) -> Path:
        """The file that holds, or would hold, the answer to a request."""
        address = hashlib.sha256(canonical_json(key).encode()).hexdigest()
        return self.folder / address[:2] / f"{address}.npz"

    def get_or_compute(self, key: Mapping[str, Any], compute: Callable[[], Mapping[str, Any]]) -> Cached:
        """The answer to a request, computed only if it is not stored; of those who ask at once, one computes.

        Args:
            key: All that determines the answer, the potential's fingerprint included; JSON values
                and numpy arrays. `code_fingerprint` is a good member.
            compute: Makes the answer: numpy arrays and JSON values by name.

        Returns:
            The value, the same whether it was computed or read, and whether it was read.
        """
        path = self.path(key)
        version = _version(path)
        value = self._read(path, key)
        if value is not None:
            return Cached(value, True)
        with exclusive(path.with_suffix(".lock")):
            value = self._read(path, key) if _version(path) != version else None
            return Cached(value, True) if value is not None else self._compute(path, key, compute)

    def _compute(self, path: Path, key: Mapping[str, Any], compute: Callable[[], Mapping[str, Any]]) -> Cached:
        arrays, meta = _split(compute(), key)
        try:
            with atomic_write(path) as file:
                np.savez(file, **arrays, **{_META: np.frombuffer(meta.encode(), dtype=np.uint8)})
        except OSError as error:
            self._warn(f"The result could not be kept for later runs ({error.strerror}).")
        return Cached(arrays | json.loads(meta)["value"], False)

    def _read(self, path: Path, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The stored value; None if there is none, or none that is intact and for this request."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            meta = json.loads(arrays.pop(_META).tobytes())
            if meta["key"] != json.loads(canonical_json(key)):
                raise ValueError("made for another request")
            return arrays | dict(meta["value"])
        except FileNotFoundError:
            return None
        except Exception as error:  # a damaged file fails in any way it likes
            self._warn(f"The stored result {path.name} is damaged ({error}) and is computed again.")
            return None

    def _warn(self, message: str) -> None:
        if self._log is not None:
            self._log.warning(message)


def default_folder(output: Path) -> Path:
    """`$MULTISCALE_CACHE`, or `.cache` beside the run's folder."""
    chosen = os.environ.get("MULTISCALE_CACHE")
    return Path(chosen) if chosen else output.parent / ".cache"


def canonical_json(value: object) -> str:
    """The one JSON text of a value: keys sorted, arrays as lists, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_listed)


@cache
def code_fingerprint(packages: tuple[str, ...] = _CODE) -> str:
    """Hash of the source code of packages, by default all that atomistic results depend on."""
    digest = hashlib.sha256()
    for package in packages:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _version(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written anew; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _split(value: Mapping[str, Any], key: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], str]:
    """The arrays, and the rest as JSON together with the request."""
    arrays = {name: item for name, item in value.items() if isinstance(item, np.ndarray)}
    rest = {name: item for name, item in value.items() if name not in arrays}
    return arrays, canonical_json({"key": key, "value": rest})


def _listed(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be part of a stored request or result")
