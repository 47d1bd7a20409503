"""A store of expensive intermediate results, addressed by all that determines them (`multiscale.runtime.addresses`).

Equal requests (same inputs, same potential, same code and libraries) have equal addresses, so nothing is
computed twice, and nothing stale is ever found. Numbers that are not finite are returned but not kept: another call
computes them again.
"""

import json
import os
from collections.abc import Callable, Mapping
from logging import Logger
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coupling.files import load_arrays, write_arrays
from coupling.identity.addresses import Request, canonical_json, is_finite
from multiscale.runtime.addresses import code_fingerprint, environment, is_code_unchanged
from multiscale.runtime.locks import exclusive

__all__ = ["Cache", "Cached", "canonical_json", "code_fingerprint", "default_folder"]

_META = "__json__"
Key = Request | Mapping[str, Any]
"""A request; or settings alone, to which the code and the libraries are added."""


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

    def path(self, key: Key) -> Path:
        """The file that holds, or would hold, the answer to a request."""
        address = _request(key).address
        return self.folder / address[:2] / f"{address}.npz"

    def get_or_compute(self, key: Key, compute: Callable[[], Mapping[str, Any]]) -> Cached:
        """The answer to a request, computed only if it is not stored; of several processes that ask at once, one computes.

        Args:
            key: All that determines the answer, as `multiscale.runtime.addresses.request` builds it.
            compute: Makes the answer: numpy arrays and JSON values by name. Where a number in it is not finite,
                or the code changed while it ran, it is returned and not kept.

        Returns:
            The value, the same whether it was computed or read, and whether it was read.
        """
        request = _request(key)
        path = self.path(request)
        version = _version(path)
        value = self._read(path, request)
        if value is not None:
            return Cached(value, True)
        with exclusive(
            path.with_suffix(".lock"), lambda: self._warn(f"Waiting for another process that computes {path.name}.")
        ):
            value = self._read(path, request) if _version(path) != version else None
            return Cached(value, True) if value is not None else self._compute(path, request, compute)

    def _compute(self, path: Path, request: Request, compute: Callable[[], Mapping[str, Any]]) -> Cached:
        arrays, rest = _split(compute())
        reason = ""
        if not is_finite(arrays, rest):
            reason = "it holds a number that is not finite"
        elif not is_code_unchanged():
            reason = "the code was changed while it was computed"
        if reason:
            self._warn(f"The result is not kept for later runs: {reason}.")
            return Cached(arrays | rest, False)
        meta = canonical_json({"key": request.record, "value": rest})
        try:
            write_arrays(path, arrays | {_META: np.frombuffer(meta.encode(), dtype=np.uint8)})
        except OSError as error:
            self._warn(f"The result could not be kept for later runs ({error.strerror}).")
        return Cached(arrays | rest, False)

    def _read(self, path: Path, request: Request) -> dict[str, Any] | None:
        """The stored value; None if there is none, or none that is intact, finite and for this request."""
        try:
            arrays = load_arrays(path)
            meta = json.loads(arrays.pop(_META).tobytes())
            if meta["key"] != request.record:
                raise ValueError("made for another request")
            found = arrays | dict(meta["value"])
            if not is_finite(found):
                raise ValueError("a number in it is not finite")
            return found
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


def _request(key: Key) -> Request:
    return key if isinstance(key, Request) else Request("", key, environment())


def _version(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written anew; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _split(value: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays, and the rest as JSON gives it back."""
    arrays = {name: item for name, item in value.items() if isinstance(item, np.ndarray)}
    rest = {name: item for name, item in value.items() if name not in arrays}
    return arrays, json.loads(json.dumps(rest, default=_listed))


def _listed(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be part of a stored result")
