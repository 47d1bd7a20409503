"""Every fault of an input is one sentence that says where and what."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from coupling.errors import InputError

_PLAIN_WORDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a block of keys and values",
    "model_type": "a block of keys and values",
    "model_attributes_type": "a block of keys and values",
    "finite_number": "a finite number",
}


def sentence(error: ValidationError, data: object) -> str:
    """The first fault in one sentence, with the number of the others.

    Args:
        error: Of pydantic: where a value may be of several kinds, it has a fault for each.
        data: What was validated; places are told by its keys.
    """
    faults: dict[str, list[Any]] = {}
    for fault in error.errors(include_url=False):
        faults.setdefault(".".join(_place(fault, data)), []).append(fault)
    place = next(iter(faults))
    text, more = _told(place, faults[place]).rstrip("."), len(faults) - 1
    return f"{text}." if not more else f"{text} (and {more} more)."


def _place(fault: Any, data: object) -> Iterator[str]:
    """The keys that lead to a fault; pydantic puts the names of its own types between them."""
    *_, last = parts = fault["loc"] or ("",)
    for part in parts:
        if isinstance(data, Mapping) and part in data:
            data = data[part]
            yield str(part)
        elif isinstance(data, list | tuple) and isinstance(part, int) and part < len(data):
            data = data[part]
            yield str(part)
        elif part is last and fault["type"] == "missing":
            yield str(part)


def _told(place: str, faults: list[Any]) -> str:
    """What is wrong at one place, where a value may be of several kinds."""
    first = faults[0]
    cause = (first.get("ctx") or {}).get("error")
    kinds = dict.fromkeys(kind for kind in map(_wanted, faults) if kind)
    if isinstance(cause, InputError):
        text = str(cause)
    elif first["type"] == "missing":
        return f"{place} is missing"
    elif kinds and len(kinds) == len(faults):
        text = f"{_shown(first['input'])} is not {_one_of(list(kinds))}"
    else:
        text = f"{_shown(first['input'])}: {first['msg'][0].lower()}{first['msg'][1:]}"
    return f"{place}: {text}" if place else text


def _one_of(kinds: list[str]) -> str:
    """The kinds as a list in words; of a number that is not finite, that alone."""
    if _PLAIN_WORDS["finite_number"] in kinds:
        return _PLAIN_WORDS["finite_number"]
    return " or ".join([part for part in (", ".join(kinds[:-1]), kinds[-1]) if part])


def _wanted(fault: Any) -> str | None:
    """What a value should have been, where that can be said in a few words."""
    if fault["type"] == "literal_error":
        return str(fault["ctx"]["expected"])
    return _PLAIN_WORDS.get(fault["type"])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
