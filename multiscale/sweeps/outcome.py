"""The results of a sweep: an xarray Dataset with units, files of it, the report."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coupling.errors import unknown_choice
from multiscale.runtime.notebook import html, library
from multiscale.runtime.results import Results
from multiscale.sweeps.dataset import dataset
from multiscale.sweeps.formats import save
from multiscale.sweeps.record import MANIFEST, RESULTS, SweepRecord
from multiscale.sweeps.report import page_of, report

if TYPE_CHECKING:
    import pandas
    import xarray

    from multiscale.runtime.drawing import Drawing


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

    def __repr__(self) -> str:
        over = " × ".join(f"{axis.name} ({len(axis)})" for axis in self.axes)
        return f"<SweepResults of {self.study} {self.title!r} over {over}: {self.status}>"

    def _repr_html_(self) -> str:
        return html(page_of(self))

    def plot(self, *names: str, path: Path | str | None = None) -> "Drawing":
        """Quantities over the swept keys, one diagram below the other.

        Args:
            names: Which quantities; by default all that change.
            path: A file to write it to, too.

        Raises:
            InputError: there is no such quantity, or nothing changes over a numeric key.
        """
        for name in names:
            if name not in self.quantities:
                raise unknown_choice("quantity", name, self.quantities)
        page = page_of(self)
        if names:
            page.plots = [plot for plot in page.plots if plot.series[0].curve.rpartition("_over_")[0] in names]
        return page.plot(path=path)

    def to_pandas(self) -> "pandas.DataFrame":
        """The tidy table, one row for each point; units stand in the heads.

        Raises:
            MissingBackend: pandas is not installed.
        """
        return library("pandas").DataFrame(self.table())

    def to_xarray(self) -> "xarray.Dataset":
        """All quantities over the axes: `dataset`."""
        return self.dataset

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
