"""Files that are whole or not there, and read only as they were written."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

from coupling.files import atomic_write, load_arrays, read_arrays, sealed, unsealed, write_arrays, write_text

PACKAGES = ("coupling", "atomistic", "continuum", "multiscale")
ARRAYS = {"x": np.linspace(0, 1, 50), "n": np.arange(4), "text": np.array("words"), "none": np.zeros((0, 3))}


def test_one_place_writes_whole_files_and_reads_archives():
    root = Path(__file__).parents[2]
    words = ("os.replace", "mkstemp", "NamedTemporaryFile", "np.load(", "np.savez", "os.fsync(file")
    found = {
        str(file.relative_to(root))
        for package in PACKAGES
        for file in (root / package).rglob("*.py")
        if any(word in file.read_text(encoding="utf-8") for word in words)
    }
    assert found == {"coupling/files.py"}


def test_a_file_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), sync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("replace"), replace(*names)))
    write_text(tmp_path / "a", "text")
    write_arrays(tmp_path / "b.npz", ARRAYS)
    assert done == ["fsync", "replace"] * 2
    assert (tmp_path / "a").read_text() == "text" and sorted(os.listdir(tmp_path)) == ["a", "b.npz"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    write_text(tmp_path / "a", "old")
    with pytest.raises(KeyboardInterrupt), atomic_write(tmp_path / "a") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert (tmp_path / "a").read_text() == "old" and os.listdir(tmp_path) == ["a"]


def test_a_file_has_the_mode_that_the_user_set(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("compressed", [False, True])
def test_no_damage_to_arrays_goes_unseen(compressed, tmp_path):
    path = tmp_path / "a.npz"
    write_arrays(path, ARRAYS, compressed=compressed)
    whole, chance = path.read_bytes(), random.Random(3)
    for k in range(400):
        data = bytearray(whole)
        if k % 3 == 0:
            del data[chance.randrange(len(data)) :]
        elif k % 3 == 1:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        else:
            place = chance.randrange(len(data))
            data[place : place + 8] = chance.randbytes(8)
        path.write_bytes(data)
        found = read_arrays(path)
        if found is not None:  # what was hit says nothing, such as a date
            assert found.keys() == ARRAYS.keys()
            for name, values in ARRAYS.items():
                np.testing.assert_array_equal(found[name], values)
    path.write_bytes(whole[:-30])
    with pytest.raises(ValueError):
        load_arrays(path)
    path.unlink()
    assert read_arrays(path) is None


def test_a_seal_finds_every_change():
    record = {"a": 1, "b": [0.1, None, "x"], "c": {"d": True}}
    assert unsealed(sealed(record)) == record == unsealed(record)
    for changed in ({"a": 2}, {"b": [0.1, None, "y"]}, {"c": {"d": False}}, {"e": 1}, {"checksum": "0"}):
        with pytest.raises(ValueError, match="does not match its checksum"):
            unsealed(sealed(record) | changed)
    with pytest.raises(ValueError):
        unsealed({key: value for key, value in sealed(record).items() if key != "a"})
