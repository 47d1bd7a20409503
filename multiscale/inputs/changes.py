"""Values put into an input at dotted keys: by a sweep, or by --set of the command line."""

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from coupling.errors import InputError
from multiscale.inputs.yaml_file import yaml_value


def placed(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of plain data with values at dotted keys; a number in a key counts the items of a list.

    Raises:
        InputError: a key leads through something that is neither block nor list.
    """
    data = copy.deepcopy(dict(base))
    for key, value in values.items():
        *way, last = key.split(".")
        place: Any = data
        for part in way:
            if isinstance(place, dict) and part not in place:
                place[part] = {}
            place = _item(key, place, part)
        if isinstance(place, dict):
            place[last] = copy.deepcopy(value)
        else:
            _item(key, place, last)
            place[int(last)] = copy.deepcopy(value)
    return data


def changes_of(texts: Iterable[str]) -> dict[str, Any]:
    """Values by dotted key, from texts such as "loading.steps=20"; the value is YAML.

    Raises:
        InputError: a text has no key, or its value is not YAML.
    """
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not all(part.strip() for part in key.split(".")):
            raise InputError(f"{text!r} sets nothing; write a dotted key and its value, such as loading.steps=20.")
        found[key.strip()] = yaml_value(value)
    return found


def label(value: Any) -> str:
    """A value as a short text: "emt", "[1,1,1]"."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _item(key: str, place: Any, part: str) -> Any:
    """One step along a dotted key."""
    if isinstance(place, dict):
        return place[part]
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    if isinstance(place, list):
        raise InputError(f"{key}: {part!r} is not an item of a list of {len(place)}; they are counted from 0.")
    raise InputError(
        f"{key}: {label(place)} is not a block, so it has no {part!r}; write it out as a block in the input."
    )
