"""A sweep's results as files, by suffix: the Dataset as netCDF or Zarr, the tidy table as CSV or Parquet."""

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from coupling.errors import InputError, MissingBackend, unknown_choice
from coupling.files import atomic_write, write_text
from multiscale.runtime.folders import is_bare
from multiscale.sweeps.dataset import dataset
from multiscale.sweeps.record import SweepRecord

_ZARR = (".zgroup", "zarr.json")  # of versions 2 and 3
_LIBRARIES = {".zarr": "zarr", ".parquet": "pyarrow"}


def save(results: SweepRecord, path: Path) -> None:
    """Write a file (Zarr: a folder), whole or not at all; what stood there is replaced.

    Args:
        results: The sweep.
        path: Ends in .nc, .zarr, .csv or .parquet.

    Raises:
        InputError: the suffix is none of these, or something that is no Zarr store would be replaced by one.
        MissingBackend: the format's library is not installed.
    """
    if path.suffix not in _WRITERS:
        raise unknown_choice("suffix of a results file", path.suffix, _WRITERS)
    require(path.suffix)
    _WRITERS[path.suffix](results, path)


def require(suffix: str) -> None:
    """Raise `MissingBackend` unless the library that writes such files is installed."""
    if suffix in _LIBRARIES:
        try:
            import_module(_LIBRARIES[suffix])
        except ImportError as error:
            raise MissingBackend(
                f"Files in {suffix} need {_LIBRARIES[suffix]}, which is not installed; "
                f"install it with: pip install 'multiscale-coupling[{suffix[1:]}]'"
            ) from error


def _netcdf(results: SweepRecord, path: Path) -> None:
    with atomic_write(path) as file:
        file.write(dataset(results).to_netcdf(engine="h5netcdf"))


def _zarr(results: SweepRecord, path: Path) -> None:
    """Written beside its place, then moved there; in version 2 of the format, which all readers know.

    Of a link to a store, the store is replaced and the link stays.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not (path.is_dir() and (is_bare(path) or any((path / name).exists() for name in _ZARR))):
        raise InputError(f"{path} is not a Zarr store and would be lost; choose another name.")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        dataset(results).to_zarr(beside / "new", mode="w", zarr_format=2, consolidated=True)
        if path.exists():
            path.rename(beside / "old")
        try:
            (beside / "new").rename(path)
        except OSError:
            if (beside / "old").exists():
                (beside / "old").rename(path)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _csv(results: SweepRecord, path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    table = results.table()
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    write_text(path, text.getvalue())


def _parquet(results: SweepRecord, path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = {head: pyarrow.array(_one_type(column)) for head, column in results.table().items()}
    with atomic_write(path) as file:
        parquet.write_table(pyarrow.table(columns), file)


def _one_type(column: list[Any]) -> list[Any]:
    """A column in which one value is a word holds words."""
    if any(isinstance(value, str) for value in column):
        return [None if value is None else str(value) for value in column]
    return column


_WRITERS: dict[str, Callable[[SweepRecord, Path], None]] = {
    ".nc": _netcdf, ".zarr": _zarr, ".csv": _csv, ".parquet": _parquet,
}  # fmt: skip
