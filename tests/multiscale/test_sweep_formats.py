"""The files of a sweep's results: the same numbers in all of them, whole or not there."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray
import yaml

from coupling.errors import InputError, MissingBackend
from multiscale.sweeps.inputs import SweepInput
from multiscale.sweeps.journal import Journal
from multiscale.sweeps.outcome import SweepResults
from multiscale.sweeps.plan import function_plan
from multiscale.sweeps.record import write_manifest
from multiscale.sweeps.tasks import perform


def stretch(temperature: float, species: str) -> dict:
    if species == "Xx":
        raise ValueError("no such element")
    return {"temperature": (temperature, "K"), "length": (1e-10 * (1 + 1e-5 * temperature), "m")}


@pytest.fixture
def results(tmp_path: Path) -> SweepResults:
    """A finished sweep of six points, two of which failed, computed without Dask."""
    over = {"temperature": ["100 K", "200 K"], "species": ["Cu", "Ni", "Xx"]}
    plan = function_plan(stretch, SweepInput.parse({"over": over, "base": {}, "title": "Lengths"}))
    folder = tmp_path / "s"
    folder.mkdir()
    write_manifest(plan, folder, ["parquet", "zarr"])
    journal = Journal(folder)
    with journal.opened():
        journal.append([perform(task, folder) for task in plan.tasks])
    return SweepResults.load(folder)


def test_all_files_hold_the_same_numbers(results):
    import pandas

    results.write()
    folder = results.folder
    with (
        xarray.open_dataset(folder / "results.nc", engine="h5netcdf") as netcdf,
        xarray.open_zarr(folder / "results.zarr") as zarr,
    ):
        for stored in (netcdf.load(), zarr.load()):
            assert stored["length"].attrs["units"] == "m" and stored["temperature"].attrs["units"] == "K"
            assert stored.attrs["title"] == "Lengths"
            np.testing.assert_array_equal(stored["length"].values, results.dataset["length"].values)
            assert stored["status"].values.tolist() == [["done", "done", "failed"]] * 2
            assert stored["species"].values.tolist() == ["Cu", "Ni", "Xx"]
    table, text = pandas.read_parquet(folder / "results.parquet"), pandas.read_csv(folder / "results.csv")
    assert list(table) == list(text) == list(results.table())
    np.testing.assert_array_equal(table["length [m]"], text["length [m]"])
    np.testing.assert_allclose(table["length [m]"][0], 1.001e-10, rtol=1e-12)
    assert table["length [m]"].isna().sum() == 2 and table["error"][2] == "unexpected ValueError: no such element"


def test_a_quantity_called_as_a_swept_key_keeps_both(results):
    assert results["temperature_found"].values[:, 0].tolist() == [100.0, 200.0]
    assert results.dataset["temperature"].dims == ("temperature",)
    assert "temperature [K]" in results.table() and "temperature_found [K]" in results.table()


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".csv", ".parquet"])
def test_a_file_is_replaced_as_a_whole(results, suffix, tmp_path):
    place = tmp_path / "out" / f"mine{suffix}"
    results.save(place)
    results.save(place)
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_a_zarr_store_that_cannot_be_written_leaves_the_old_one(results, tmp_path, monkeypatch):
    place = tmp_path / "out" / "mine.zarr"
    results.save(place)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xarray.Dataset, "to_zarr", full)
    with pytest.raises(OSError, match="No space"):
        results.save(place)
    monkeypatch.undo()
    assert [path.name for path in place.parent.iterdir()] == ["mine.zarr"]
    with xarray.open_zarr(place) as kept:
        assert kept.sizes == {"temperature": 2, "species": 3}


def test_a_zarr_store_that_cannot_be_moved_leaves_the_old_one(results, tmp_path, monkeypatch):
    place, rename = tmp_path / "out" / "mine.zarr", Path.rename
    results.save(place)

    def busy(self, target):
        if self.name == "new":
            raise OSError(16, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(OSError, match="busy"):
        results.save(place)
    monkeypatch.undo()
    assert [path.name for path in place.parent.iterdir()] == ["mine.zarr"]
    with xarray.open_zarr(place) as kept:
        assert kept.sizes == {"temperature": 2, "species": 3}


def test_a_folder_that_is_no_zarr_store_stays_and_so_does_a_link(results, tmp_path):
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "thesis.tex").write_text("mine")
    (tmp_path / "file.zarr").write_text("mine")
    for name in ("mine.zarr", "file.zarr"):
        with pytest.raises(InputError, match="is not a Zarr store and would be lost"):
            results.save(tmp_path / name)
    assert [path.name for path in (tmp_path / "mine.zarr").iterdir()] == ["thesis.tex"]
    (tmp_path / "disk").mkdir()
    for suffix in (".zarr", ".csv"):
        link = tmp_path / f"link{suffix}"
        link.symlink_to(tmp_path / "disk" / f"mine{suffix}")
        results.save(link)
        results.save(link)
        assert link.is_symlink()
    assert sorted(path.name for path in (tmp_path / "disk").iterdir()) == ["mine.csv", "mine.zarr"]


def test_an_unknown_suffix_and_a_missing_library_say_what_to_do(results, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"'\.xlsx'; valid: \.csv, \.nc, \.parquet, \.zarr"):
        results.save(tmp_path / "mine.xlsx")
    for suffix, library in ((".zarr", "zarr"), (".parquet", "pyarrow")):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(
            MissingBackend, match=rf"{library}, which is not installed.*multiscale-coupling\[{suffix[1:]}\]"
        ):
            results.save(tmp_path / f"mine{suffix}")
        assert not (tmp_path / f"mine{suffix}").exists()


def test_a_sweep_that_wants_a_file_it_cannot_write_does_not_begin(tmp_path, monkeypatch):
    from multiscale import run_sweep

    monkeypatch.setitem(sys.modules, "zarr", None)
    base = {
        "study": "cohesive_law",
        "potential": "emt",
        "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1]},
    }
    data = {
        "base": base,
        "over": {"plane.layers": [4, 6]},
        "output": {"folder": str(tmp_path / "s"), "formats": ["zarr"]},
    }
    with pytest.raises(MissingBackend, match="zarr"):
        run_sweep(SweepInput.parse(data))
    data["output"]["formats"] = ["xlsx"]
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(InputError, match="parquet"):
        run_sweep(tmp_path / "sweep.yaml")
    assert not (tmp_path / "s").exists()
