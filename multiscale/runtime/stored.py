"""How results lie in files: the columns of a curve's CSV, and values that JSON does not know."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from coupling.contracts import FloatArray
from coupling.files import CHECKSUM, content_hash


def read_columns(path: Path, columns: list[str], checksum: str | None) -> Mapping[str, FloatArray]:
    """The columns of a curve; older runs have no checksum of them."""
    content = path.read_bytes()
    if checksum is not None and content_hash(content) != checksum:
        raise ValueError(
            f"{path.name} does not match its {CHECKSUM}: it is damaged, or was changed since it was written"
        )
    rows = np.array(list(csv.reader(content.decode().splitlines()))[1:], dtype=float).reshape(-1, len(columns))
    return {column: rows[:, i].copy() for i, column in enumerate(columns)}


def refused(constant: str) -> float:
    """Refuse a constant that JSON has not."""
    raise ValueError(f"it holds {constant}, which is no answer")


def plain(value: object) -> object:
    """What json cannot store by itself: numpy numbers and arrays, paths."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.name
    raise TypeError(f"{value!r} is not a number, text, list or table")
