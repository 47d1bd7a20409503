"""From a YAML file to a validated study; every fault is one sentence that says where and what."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from coupling.errors import InputError
from multiscale.inputs.base import Study
from multiscale.inputs.material import CONSTANTS, CRYSTAL

_LARGEST = 1_000_000
_INNER_PLACES = ("function-before", "function-after", "[key]", CONSTANTS, CRYSTAL)
"""Parts of a place that a reader of the input file does not know."""
_FLOAT = re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")
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


class _Loader(yaml.SafeLoader):
    """Safe YAML with no aliases, no doubled keys, and 1e-3 read as a number."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise InputError(f"line {mark.line + 1}: YAML aliases (*name) are not read; write the value out.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise InputError(f"line {key.start_mark.line + 1}: the key {key.value!r} appears twice.")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


def load_study(path: Path | str) -> Study:
    """Read and validate an input file; file names in it are relative to it.

    Args:
        path: A YAML file.

    Raises:
        InputError: the file or something in it is not valid.
    """
    path = Path(path)
    name = path.stem if path.stem != "study" else path.absolute().parent.name
    try:
        return parse_study(read_yaml(path), path.absolute().parent, name)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from error


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


def parse_study(data: Any, folder: Path | None = None, name: str = "study") -> Study:
    """Validate plain data as a study.

    Args:
        data: Keys and values, as in the input file.
        folder: What relative file names refer to; by default the working folder.
        name: Name of the default output folder, under `runs`.

    Raises:
        InputError: something is not valid.
    """
    from multiscale.studies import STUDIES, study_kind

    if not isinstance(data, dict) or "study" not in data:
        raise InputError(f"an input file needs the key 'study'; valid: {', '.join(STUDIES)}.")
    schema = study_kind(data["study"]).schema
    try:
        return schema.model_validate(data, context={"folder": folder or Path.cwd(), "name": name})
    except ValidationError as error:
        raise InputError(sentence(error)) from error


def check_study(study: Study) -> None:
    """All checks that need no computing: files, physical groups, potentials, elements.

    Raises:
        InputError: something does not fit.
    """
    study.check()


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


def _yaml_fault(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}, {problem}" if mark else problem
