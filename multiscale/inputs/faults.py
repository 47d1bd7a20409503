"""Every fault of an input is one sentence that says where and what."""

from typing import Any

from pydantic import ValidationError

from coupling.errors import InputError
from multiscale.inputs.material import BODY_KINDS

_INNER_PLACES = ("function-before", "function-after", "[key]", *BODY_KINDS)
"""Parts of a place that a reader of the input file does not know."""
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


def sentence(error: ValidationError) -> str:
    """The first fault in one sentence, with the number of the others."""
    faults = error.errors(include_url=False)
    text = _fault(faults[0])
    more = len(faults) - 1
    return f"{text.rstrip('.')}." if not more else f"{text.rstrip('.')} (and {more} more)."


def _fault(fault: Any) -> str:
    parts = [part for part in fault["loc"] if part not in _INNER_PLACES]
    place = ".".join(str(part) for part, before in zip(parts, [None, *parts], strict=False) if part != before)
    cause = (fault.get("ctx") or {}).get("error")
    if isinstance(cause, InputError):
        text = str(cause)
    elif fault["type"] == "missing":
        return f"{place} is missing"
    elif fault["type"] in _PLAIN_WORDS:
        text = f"{_shown(fault['input'])} is not {_PLAIN_WORDS[fault['type']]}"
    else:
        message = fault["msg"][0].lower() + fault["msg"][1:]
        text = f"{_shown(fault['input'])}: {message}"
    return f"{place}: {text}" if place else text


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
