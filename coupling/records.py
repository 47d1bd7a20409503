"""Frozen dataclasses to and from flat arrays, so that a record can be stored without losing its type.

A nested record's fields get its own name in front: `slab.gap`. What a record may hold: numbers, texts, arrays,
tuples of numbers, records, tuples of records, mappings of names without dots to arrays, and None in place of any of them.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

_COUNT = "#"
"""The entry `<name>.#` says how many records a tuple holds."""


def pack(record: Any, prefix: str = "") -> dict[str, Any]:
    """Arrays, numbers and texts by dotted name; what is None is left out.

    Args:
        record: A dataclass instance.
        prefix: Put before each name.
    """
    packed: dict[str, Any] = {}
    for item in fields(record):
        name, value = f"{prefix}{item.name}", getattr(record, item.name)
        if value is None:
            continue
        if is_dataclass(value):
            packed |= {f"{name}.{_COUNT}": 1, **pack(value, f"{name}.")}
        elif isinstance(value, tuple) and value and all(is_dataclass(one) for one in value):
            packed[f"{name}.{_COUNT}"] = len(value)
            for number, one in enumerate(value):
                packed |= pack(one, f"{name}.{number}.")
        elif isinstance(value, Mapping):
            packed |= {f"{name}.{key}": array for key, array in value.items()}
        else:
            packed[name] = list(value) if isinstance(value, tuple) else value
    return packed


def unpack[T](kind: type[T], packed: Mapping[str, Any], prefix: str = "") -> T:
    """The record that `pack` took apart.

    Args:
        kind: Its class.
        packed: What `pack` gave, as stored and read back.
        prefix: As in `pack`.
    """
    hints, values = get_type_hints(kind), {}
    for item in fields(cast(Any, kind)):
        values[item.name] = _value(_bare(hints[item.name]), packed, f"{prefix}{item.name}")
    return kind(**values)


def _value(hint: Any, packed: Mapping[str, Any], name: str) -> Any:
    if name in packed:
        return _restored(hint, packed[name])
    count = packed.get(f"{name}.{_COUNT}")
    if get_origin(hint) is Mapping:
        start = len(name) + 1
        return {key[start:]: np.asarray(packed[key]) for key in packed if key.startswith(f"{name}.")}
    if get_origin(hint) is tuple:
        return tuple(unpack(get_args(hint)[0], packed, f"{name}.{k}.") for k in range(int(count or 0)))
    return None if count is None else unpack(hint, packed, f"{name}.")


def _restored(hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple:
        return tuple(np.asarray(value).tolist())
    if hint in (float, int, str, bool):
        return hint(value)
    return np.asarray(value)


def _bare(hint: Any) -> Any:
    """The type beside None."""
    if get_origin(hint) in (Union, UnionType):
        return next(one for one in get_args(hint) if one is not NoneType)
    return hint
