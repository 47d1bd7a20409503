"""Records are the same when their types, their shapes and every digit are."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from coupling.records import pack, unpack
from multiscale.runtime.cache import Cache


def assert_same(found, wanted, name="record"):
    """Compare two records field by field."""
    assert type(found) is type(wanted), name
    if is_dataclass(wanted):
        for item in fields(wanted):
            assert_same(getattr(found, item.name), getattr(wanted, item.name), f"{name}.{item.name}")
    elif isinstance(wanted, tuple):
        assert len(found) == len(wanted), name
        for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_same(one, other, f"{name}[{number}]")
    else:
        np.testing.assert_array_equal(found, wanted, err_msg=name, strict=isinstance(wanted, np.ndarray))


def assert_stored_as_it_is(record, folder):
    """A record is the same when it has just been put into the store, and when it is read from there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("multiscale.runtime.cache.is_code_unchanged", lambda: True)  # types are tested, not staleness
        for reused in (False, True):
            packed = Cache(folder).get_or_compute({"record": type(record).__name__}, lambda: pack(record))
            assert packed.reused is reused
            assert_same(unpack(type(record), packed.value), record)
