"""Records taken apart and put together again."""

from dataclasses import dataclass, fields

import numpy as np
import pytest

from coupling.contracts import FloatArray
from coupling.records import pack, unpack


@dataclass(frozen=True)
class Inner:
    values: FloatArray
    name: str


@dataclass(frozen=True)
class Outer:
    number: float
    whole: int
    counts: tuple[int, ...]
    one: Inner
    several: tuple[Inner, ...]
    absent: Inner | None = None
    none_of_them: tuple[Inner, ...] = ()
    unknown: float | None = None


def same(a, b):
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b) and a.dtype == b.dtype
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return a == b and type(a) is type(b)


@pytest.mark.parametrize("absent", [None, Inner(np.zeros((0, 3)), "")])
def test_what_is_put_together_is_what_was_taken_apart(absent, tmp_path):
    record = Outer(
        0.1,
        3,
        (4, 5),
        Inner(np.arange(6.0).reshape(2, 3), "a"),
        (Inner(np.eye(2), "b"), Inner(np.ones(1), "c")),
        absent,
    )
    packed = pack(record)
    assert packed["one.values"] is record.one.values and packed["several.1.name"] == "c"
    assert same(unpack(Outer, packed), record)


def test_it_survives_the_store(tmp_path):
    from multiscale.runtime.cache import Cache

    record = Outer(1 / 3, 3, (4, 5), Inner(np.array([np.pi]), "é"), ())
    cache = Cache(tmp_path)
    for _ in range(2):
        stored = cache.get_or_compute({"a": 1}, lambda: pack(record)).value
        assert same(unpack(Outer, stored), record)
