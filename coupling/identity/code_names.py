"""Names that stand for code: "module:Class", or "module:function"."""

import re
from collections.abc import Iterator, Mapping

_CODE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def is_code(text: object) -> bool:
    """Whether a text has the form of a name of code."""
    return isinstance(text, str) and _CODE.fullmatch(text) is not None


def code_named(value: object) -> Iterator[str]:
    """The names of code anywhere in plain data: in it, in its lists, in the values of its blocks."""
    if isinstance(value, str):
        if is_code(value):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from code_named(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from code_named(item)
