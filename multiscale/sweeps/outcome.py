"""The results of a sweep: an xarray Dataset with units, files of it, the report."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coupling.errors import unknown_choice
from multiscale.runtime.results import Results
from multiscale.sweeps.dataset import dataset
from multiscale.sweeps.formats import save
from multiscale.sweeps.record import MANIFEST, RESULTS, SweepRecord
from multiscale.sweeps.report import report

if TYPE_CHECKING:
    import xarray


class SweepResults(SweepRecord):
    """The results of a sweep, finished or not; see `SweepRecord` for what it holds."""

    def __getitem__(self, name: str) -> "xarray.DataArray":
        """A quantity over the swept axes.

        Raises:
            InputError: there is none of that name.
        """
        if name not in self.dataset:
            raise unknown_choice("quantity", name, self.quantities)
        return self.dataset[name]

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """All quantities as an xarray Dataset; a point without result is NaN (numbers) or "" (words)."""
        return dataset(self)

    def write(self) -> None:
        """Write all result files and the report, each whole or not at all."""
        for suffix in (".nc", ".csv", *(f".{name}" for name in self.formats)):
            self.save((self.folder / RESULTS).with_suffix(suffix))
        report(self)

    def save(self, path: Path | str) -> None:
        """Write the Dataset (.nc, .zarr) or the tidy table (.csv, .parquet) to any path.

        Raises:
            InputError: the suffix is none of these, or its library is not installed.
        """
        save(self, Path(path))


def load(folder: Path | str) -> Results | SweepResults:
    """What a run or a sweep found.

    Args:
        folder: The folder that it wrote.

    Raises:
        InputError: there is neither.
    """
    return SweepResults.load(folder) if (Path(folder) / MANIFEST).is_file() else Results.load(folder)
