"""The part of YAML that exports need: nested blocks, with JSON for everything inside a line.

Any YAML reader reads what it writes, numbers as numbers and bit for bit; it reads nothing else than what it writes.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from coupling.errors import InputError

_LINE = re.compile(r"^( *)((?:\"[^\"]*\"|[^\s:#\"][^:#]*?)): *(.*)$")


def number(value: float) -> str:
    """The shortest text that gives back the same binary64 and is a number to every YAML reader."""
    text = repr(float(value))
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def dump(data: Mapping[str, Any], comments: Mapping[str, str] | None = None, header: tuple[str, ...] = ()) -> str:
    """Write nested mappings; lists and scalars stand in their line.

    Args:
        data: Mappings, lists, text, numbers, None.
        comments: What stands behind a line, by the path of its keys joined with "/".
        header: Lines of comment at the top.
    """
    lines = [f"# {line}" for line in header]
    _block(data, 0, "", comments or {}, lines)
    return "\n".join(lines) + "\n"


def _block(data: Mapping[str, Any], depth: int, path: str, comments: Mapping[str, str], lines: list[str]) -> None:
    for key, value in data.items():
        place = f"{path}/{key}" if path else str(key)
        comment = f"  # {comments[place]}" if place in comments else ""
        start = f"{'  ' * depth}{key}:"
        if isinstance(value, Mapping) and value and not _is_quantity(value):
            lines.append(start + comment)
            _block(value, depth + 1, place, comments, lines)
        else:
            lines.append(f"{start} {_flow(value)}{comment}")


def _is_quantity(value: Mapping[str, Any]) -> bool:
    return "value" in value and "unit" in value


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return json.dumps(value)
    return number(value) if isinstance(value, float) else json.dumps(str(value), ensure_ascii=False)


def load(text: str, what: str = "The text") -> tuple[dict[str, Any], dict[str, str]]:
    """Read what `dump` wrote.

    Args:
        text: The text.
        what: What it is, for the errors.

    Returns:
        The data, and the comments behind lines by path.

    Raises:
        InputError: it is not of this form; the message names the line.
    """
    root: dict[str, Any] = {}
    comments: dict[str, str] = {}
    stack: list[tuple[int, str, dict[str, Any]]] = [(-1, "", root)]
    for place, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise InputError(f"{what}: line {place} is no 'key: value'.")
        indent, key, rest = len(match[1]), match[2].strip('"'), match[3]
        while stack[-1][0] >= indent:
            stack.pop()
        _, path, parent = stack[-1]
        here = f"{path}/{key}" if path else key
        if key in parent:
            raise InputError(f"{what}: line {place} has {key!r} a second time.")
        value, comment = _value(rest, f"{what}: line {place}")
        comments |= {here: comment} if comment else {}
        parent[key] = value
        if isinstance(value, dict) and not rest.startswith("{"):
            stack.append((indent, here, value))
    return root, comments


def _value(rest: str, where: str) -> tuple[Any, str]:
    if not rest or rest.startswith("#"):
        return {}, rest.lstrip("# ")
    try:
        value, end = json.JSONDecoder(parse_constant=_refuse).raw_decode(rest)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: {rest!r} is not a JSON value ({error.msg}).") from None
    tail = rest[end:].strip()
    if tail and not tail.startswith("#"):
        raise InputError(f"{where}: {tail!r} follows the value.")
    return value, tail.lstrip("# ")


def _refuse(name: str) -> None:
    raise InputError(f"A file must hold finite numbers only, and this one holds {name}.")
