"""Addresses of stored results: hashes of all that determines them, so that nothing stale is ever found.

Runs, sweeps, stores of quantum results, distillation and learning all address what they keep by a `Request`.
"""

import hashlib
import json
import platform
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

_HASHES: dict[tuple[str, int, int, int], str] = {}
_SOURCES = frozenset({".py", ".c", ".h"})
_SETTLED = 5_000_000_000
"""ns without a change after which a file's times can be trusted to show the next one."""


@dataclass(frozen=True)
class Environment:
    """What computes.

    Attributes:
        code: Hash of the sources, see `sources_hash`.
        versions: Distribution and version of the libraries that are installed.
        python: Version of Python, without its last number.
    """

    code: str
    versions: tuple[tuple[str, str], ...]
    python: str

    @classmethod
    def of(cls, packages: Iterable[str], libraries: Iterable[str], left_out: Iterable[str] = ()) -> "Environment":
        """The environment of this process.

        Args:
            packages: Whose sources count.
            libraries: Distributions whose versions count.
            left_out: Modules, such as "multiscale/cli/running.py", that compute nothing.
        """
        python = ".".join(platform.python_version_tuple()[:2])
        return cls(sources_hash(packages, left_out), versions_of(libraries), python)

    @property
    def record(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"code": self.code, "versions": dict(self.versions), "python": self.python}

    @cached_property
    def address(self) -> str:
        """SHA-256 of it all."""
        return hashlib.sha256(canonical_json(self.record).encode()).hexdigest()


@dataclass(frozen=True)
class Request:
    """All that determines a result.

    Attributes:
        calculation: What is calculated.
        settings: With which settings: JSON values and arrays, without what changes nothing (title, output, threads).
        environment: What computes.
        potentials: Name and fingerprint of each potential; the name is for people and not part of the address.
    """

    calculation: str
    settings: Mapping[str, Any]
    environment: Environment
    potentials: tuple[tuple[str, str], ...] = ()

    @cached_property
    def record(self) -> dict[str, Any]:
        """As JSON keeps it.

        Raises:
            ValueError: a setting is not finite.
            TypeError: a setting is neither a JSON value nor an array.
        """
        plain: dict[str, Any] = json.loads(
            canonical_json(
                {
                    "calculation": self.calculation,
                    "settings": self.settings,
                    "environment": self.environment.record,
                    "potentials": [fingerprint for _, fingerprint in self.potentials],
                }
            )
        )
        return plain

    @cached_property
    def address(self) -> str:
        """SHA-256 of it all; equal requests have equal addresses."""
        return hashlib.sha256(canonical_json(self.record).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """The one JSON text of a value: keys sorted, arrays as lists, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_listed)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content; a file that has not changed since this process read it is not read again.

    A file touched within the last seconds is always read: a clock that ticks slowly would hide a second change.
    """
    found = path.stat()
    key = (str(path.absolute()), found.st_ino, found.st_size, found.st_mtime_ns)
    if key in _HASHES:
        return _HASHES[key]
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    if time.time_ns() - found.st_mtime_ns > _SETTLED:
        _HASHES[key] = content
    return content


def arrays_hash(*arrays: Any) -> str:
    """SHA-256 of arrays, their shapes and types, to the last bit; None stands for one that is absent."""
    digest = hashlib.sha256()
    for array in arrays:
        values = np.ascontiguousarray(array) if array is not None else None
        head = "none" if values is None else f"{values.dtype.str} {values.shape}"
        digest.update(head.encode() + b"\0" + (b"" if values is None else values.tobytes()))
    return digest.hexdigest()


def sources_hash(packages: Iterable[str], left_out: Iterable[str] = ()) -> str:
    """SHA-256 of the sources of packages, as they lie on the disk now.

    Args:
        packages: Import names; one that is not there counts as empty.
        left_out: Files, such as "multiscale/cli/running.py", that do not count.
    """
    digest, idle = hashlib.sha256(), frozenset(left_out)
    for package in packages:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for file in sorted(one for one in Path(folder).rglob("*.*") if one.suffix in _SOURCES):
                name = f"{package}/{file.relative_to(folder).as_posix()}"
                if name not in idle:
                    digest.update(f"{name}\0{file_hash(file)}\0".encode())
    return digest.hexdigest()


def versions_of(libraries: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Distribution and version of those that are installed, sorted."""
    return tuple((name, found) for name in sorted(set(libraries)) if (found := _version(name, tuple(sys.path))))


def is_finite(*values: Any) -> bool:
    """Whether no number in arrays, or in lists and tables of plain values, is infinite or no number."""
    return all(map(_finite, values))


def _finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_finite, value))
    if isinstance(value, float):
        return isfinite(value)
    if value is None or isinstance(value, str | int):
        return True
    array = np.asarray(value)
    if array.dtype.kind == "O":
        return array.ndim == 0 or all(map(_finite, array.flat))
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


@cache
def _version(library: str, path: tuple[str, ...]) -> str:
    """The version that this process found first on Python's path; "" where there is none."""
    try:
        return version(library) or ""
    except PackageNotFoundError:
        return ""


def _listed(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be part of a stored request or result")
