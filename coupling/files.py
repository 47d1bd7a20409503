"""Files that are whole or not there: written in one step, and read only as they were written."""

import hashlib
import os
import secrets
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from coupling.identity.addresses import canonical_json

_END = struct.Struct("<4s4H2LH")  # of an archive's directory without a comment; the fifth is the count of its members
CHECKSUM = "checksum"
"""The key of a record under which `sealed` puts the hash of all others."""


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its name only once it is complete and on disk.

    Args:
        path: The final name; its folder is made if need be. Of a link to a file, the file is written and the link stays.

    Yields:
        A binary file. After an error in the block, neither `path` nor a leftover has changed.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    with atomic_write(path) as file:
        file.write(text.encode())


def write_arrays(path: Path, arrays: Mapping[str, Any], *, compressed: bool = False) -> None:
    """Write a `.npz` file atomically.

    Args:
        path: The final name.
        arrays: What `numpy.savez` takes, by name.
        compressed: Whether to compress them.
    """
    with atomic_write(path) as file:
        (np.savez_compressed if compressed else np.savez)(file, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a `.npz` file by name; its content is checked against its checksums and its count first.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged.
    """
    try:
        with path.open("rb") as file:
            file.seek(-_END.size, os.SEEK_END)
            count = _END.unpack(file.read())[4]
        with zipfile.ZipFile(path) as archive:
            if (damaged := archive.testzip()) is not None:
                raise ValueError(f"{damaged} in it does not match its checksum")
            if len(archive.infolist()) != count:  # a damaged directory may hide members
                raise ValueError(f"it holds {len(archive.infolist())} of {count} arrays")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged file fails in any way it likes
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a `.npz` file by name; None if there is none, or it is damaged."""
    try:
        return load_arrays(path)
    except (FileNotFoundError, ValueError):
        return None


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of JSON values with the hash of all that it holds, by which `unsealed` finds it changed."""
    return {**record, CHECKSUM: _checksum(record)}


def unsealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it was before `sealed`; one without a seal, of an older version or by hand, as it is.

    Raises:
        ValueError: it is not what was sealed.
    """
    rest = {key: value for key, value in record.items() if key != CHECKSUM}
    if CHECKSUM in record and record[CHECKSUM] != _checksum(rest):
        raise ValueError(
            f"its content does not match its {CHECKSUM}: it is damaged, or was changed since it was written"
        )
    return rest


def content_hash(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def _checksum(record: Mapping[str, Any]) -> str:
    return content_hash(canonical_json(record).encode())
