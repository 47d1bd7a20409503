"""An input file's plain data: YAML, read safely."""

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from coupling.errors import InputError

_LARGEST = 1_000_000
_TAG = "tag:yaml.org,2002:"
_PLAIN = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    "float": (
        r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
}  # fmt: skip
"""Plain values that are not text, as in YAML 1.2: there 1:30, 010 and yes are text."""


class _Loader(yaml.SafeLoader):
    """Safe YAML with no aliases, no tags, no doubled keys, and the plain values of YAML 1.2."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise InputError(f"line {line}: YAML aliases (*name) are not read; write the value out.")
        if (tag := getattr(event, "tag", None)) is not None:
            raise InputError(f"line {line}: YAML tags are not read; leave {tag.replace(_TAG, '!!')} out.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise InputError(f"line {key.start_mark.line + 1}: the key {key.value!r} appears twice.")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for _kind, (_form, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(f"^(?:{_form})$"), _first)


def read_yaml(path: Path) -> Any:
    """Plain data of a YAML file, read safely.

    Raises:
        InputError: it is missing, too large, not UTF-8 or not YAML.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; give the input file in it, such as {path / 'study.yaml'}.")
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise InputError(f"{path} has more than {_LARGEST} bytes, which no input file needs; is it the right file?")
        return yaml.load(text.decode("utf-8-sig"), _Loader)
    except OSError as error:
        raise InputError(f"The input file {path} cannot be read ({error.strerror}); check its name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file in UTF-8.") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not valid YAML: {_yaml_fault(error)}.") from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{path} is not valid YAML: {reason}.") from error


def yaml_value(text: str) -> Any:
    """One value, as it would stand behind a key.

    Raises:
        InputError: it is not YAML.
    """
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{text!r} is not a YAML value; write it as behind a key of an input file.") from error


def _yaml_fault(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}, {problem}" if mark else problem
