"""The store: right, whole or not there, and never in the way."""

import os
from pathlib import Path

import numpy as np
import pytest

from coupling.files import atomic_write
from multiscale.runtime.cache import Cache, canonical_json, code_fingerprint, default_folder

VALUE = {"x": np.array([[1.0, 2.5e-10], [3.0, -0.0]]), "n": np.arange(3), "name": "law", "pair": (1, 2.5), "none": None}


class Counted:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict:
        self.calls += 1
        return dict(VALUE)


class Told:
    def __init__(self) -> None:
        self.messages: list[str] = []

    def warning(self, message: str) -> None:
        self.messages.append(message)


def test_computed_once_and_the_same_afterwards(tmp_path):
    compute = Counted()
    first, reused = Cache(tmp_path).get_or_compute({"a": 1}, compute)
    again, reused_again = Cache(tmp_path).get_or_compute({"a": 1}, compute)
    assert (reused, reused_again, compute.calls) == (False, True, 1)
    assert first.keys() == again.keys() == VALUE.keys()
    for name in ("x", "n"):
        np.testing.assert_array_equal(first[name], VALUE[name])
        np.testing.assert_array_equal(again[name], VALUE[name])
        assert again[name].dtype == VALUE[name].dtype
    assert first["pair"] == again["pair"] == [1, 2.5]
    assert again["none"] is None and again["name"] == "law"


def test_the_address_is_the_content(tmp_path):
    cache = Cache(tmp_path)
    assert cache.path({"a": 1, "b": [1.5, 2.0]}) == cache.path({"b": np.array([1.5, 2]), "a": np.int64(1)})
    others = [{"a": 1, "b": [1.5, 2.0000001]}, {"a": "1", "b": [1.5, 2]}, {"a": 1}]
    assert len({cache.path(key) for key in [{"a": 1, "b": [1.5, 2.0]}, *others]}) == 4
    with pytest.raises(ValueError):
        canonical_json({"a": float("nan")})


@pytest.mark.parametrize("damage", ["empty", "half", "text", "one byte"])
def test_a_damaged_entry_is_computed_again_and_mended(damage, tmp_path):
    told, compute = Told(), Counted()
    cache = Cache(tmp_path, told)
    cache.get_or_compute({"a": 1}, compute)
    path = cache.path({"a": 1})
    data = bytearray(path.read_bytes())
    where = data.index(np.float64(2.5e-10).tobytes())
    data[where] ^= 1
    path.write_bytes(
        {"empty": b"", "half": path.read_bytes()[: len(data) // 2], "text": b"no", "one byte": data}[damage]
    )
    value, reused = cache.get_or_compute({"a": 1}, compute)
    assert not reused and compute.calls == 2
    np.testing.assert_array_equal(value["x"], VALUE["x"])
    assert "damaged" in told.messages[0] and len(told.messages) == 1
    assert cache.get_or_compute({"a": 1}, compute).reused


def test_an_entry_made_for_another_request_is_not_believed(tmp_path):
    cache, compute = Cache(tmp_path), Counted()
    cache.get_or_compute({"a": 1}, compute)
    cache.path({"a": 2}).parent.mkdir(parents=True, exist_ok=True)
    cache.path({"a": 2}).write_bytes(cache.path({"a": 1}).read_bytes())
    assert not cache.get_or_compute({"a": 2}, compute).reused


def test_a_failed_computation_leaves_nothing(tmp_path):
    def fail() -> dict:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        Cache(tmp_path).get_or_compute({"a": 1}, fail)
    assert not list(tmp_path.rglob("*"))


def test_a_store_that_cannot_be_written_does_not_stop_the_work(tmp_path):
    (tmp_path / "file").write_text("in the way")
    told, compute = Told(), Counted()
    value, reused = Cache(tmp_path / "file", told).get_or_compute({"a": 1}, compute)
    assert not reused and value["name"] == "law"
    assert any("could not be kept" in message for message in told.messages)


def test_a_write_cut_off_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic_write(path) as file:
        file.write(b"half")
        raise RuntimeError("cut off")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_code_is_part_of_the_request(tmp_path, monkeypatch):
    package = tmp_path / "some_package_of_the_tests"
    package.mkdir()
    (package / "__init__.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = code_fingerprint((package.name,))
    (package / "__init__.py").write_text("A = 2\n")
    code_fingerprint.cache_clear()
    assert code_fingerprint((package.name,)) != before
    assert code_fingerprint() != code_fingerprint(("coupling",))


def test_where_it_lies(monkeypatch):
    monkeypatch.delenv("MULTISCALE_CACHE", raising=False)
    assert default_folder(Path("runs/a")) == Path("runs/.cache")
    monkeypatch.setenv("MULTISCALE_CACHE", "elsewhere")
    assert default_folder(Path("runs/a")) == Path("elsewhere")
