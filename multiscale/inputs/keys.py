"""Every key of an input file with its type, unit, default and meaning, as the schema has them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

_WORDS = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "array": "list",
    "object": "block",
    "null": "nothing",
}
_BOUNDS = (
    ("exclusiveMinimum", "above {}"),
    ("minimum", "from {}"),
    ("exclusiveMaximum", "below {}"),
    ("maximum", "up to {}"),
)


@dataclass(frozen=True)
class InputKey:
    """One key of an input file.

    Attributes:
        name: As it stands in its block.
        kind: What it takes, in words: "whole number, from 2", "a or b".
        unit: Units that it is written with; of a bare number the one that it is in; "" for none.
        default: What stands for it where it is left out; "" for none.
        meaning: What it says, in plain English; "" if nobody has written that.
        required: Whether it must be given.
        inner: The blocks that it may hold.
    """

    name: str
    kind: str
    unit: str
    default: str
    meaning: str
    required: bool
    inner: "tuple[InnerBlock, ...]" = ()


@dataclass(frozen=True)
class InnerBlock:
    """A block in a key.

    Attributes:
        step: What stands between the key and those of the block: "" for none, "NAME" or "N" for one of several.
        label: The key and word by which it is told from others in its place, such as "kind: bilinear"; "" where it is alone.
        meaning: What the block is.
        schema: Its part of the JSON Schema.
        definitions: What that refers to.
    """

    step: str
    label: str
    meaning: str
    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]

    @property
    def keys(self) -> tuple[InputKey, ...]:
        """Its keys, in order."""
        return _keys(self.schema, self.definitions)

    def holds(self, value: Mapping[str, Any]) -> bool:
        """Whether a value may be this block: its keys are, and those that tell blocks apart have the right word."""
        entries = self.schema["properties"]
        known = {name: one for name, one in value.items() if name in entries}
        further = self.schema.get("additionalProperties", False) is not False
        return (further or len(known) == len(value)) and all(
            entries[name].get("const", one) == one for name, one in known.items()
        )


@dataclass(frozen=True)
class Block:
    """A block of an input file with its keys.

    Attributes:
        path: Dotted, "" for the file itself; NAME stands for a name of the user's, N for a number from 0.
        label: As of `InnerBlock`.
        meaning: What it is.
        keys: Its keys, in order.
    """

    path: str
    label: str
    meaning: str
    keys: tuple[InputKey, ...]


def blocks_of(model: type[BaseModel]) -> list[Block]:
    """All blocks of an input, the file itself first; a block that stands in several places is listed at each."""
    schema = model.model_json_schema()
    return list(_walk(schema, schema.get("$defs", {}), "", "", str(schema.get("description", ""))))


def keys_of(model: type[BaseModel]) -> tuple[InputKey, ...]:
    """The keys of one block, in order."""
    schema = model.model_json_schema()
    return _keys(schema, schema.get("$defs", {}))


def undescribed(model: type[BaseModel]) -> list[str]:
    """The paths of the keys whose meaning nobody has written."""
    return [_joined(block.path, key.name) for block in blocks_of(model) for key in block.keys if not key.meaning]


def _walk(schema: Mapping[str, Any], defs: Mapping[str, Any], path: str, label: str, meaning: str) -> Iterator[Block]:
    keys = _keys(schema, defs)
    yield Block(path, label, meaning, keys)
    for key in keys:
        for inner in key.inner:
            yield from _walk(
                inner.schema, defs, _joined(path, key.name, inner.step), inner.label, inner.meaning or key.meaning
            )


def _keys(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[InputKey, ...]:
    needed = schema.get("required", ())
    return tuple(_key(name, entry, defs, name in needed) for name, entry in schema.get("properties", {}).items())


def _key(name: str, entry: Mapping[str, Any], defs: Mapping[str, Any], required: bool) -> InputKey:
    choices = list(_choices(entry, defs))
    kinds = [_kind(choice, defs) for choice in choices if choice.get("type") != "null"]
    units = [unit for choice in (entry, *choices) for unit in [_unit(choice, defs)] if unit]
    given = entry.get("default")
    default = "" if required or given is None or given == {} else _plain(given)
    inner = tuple(_inner(choices, defs))
    told = str(entry.get("description") or (inner[0].meaning if len(inner) == 1 else ""))
    if "const" in entry:
        told = told or "The kind that this is."
    return InputKey(name, " or ".join(dict.fromkeys(kinds)), units[0] if units else "", default, told, required, inner)


def _choices(entry: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What may stand in an entry, references followed."""
    if "$ref" in entry:
        yield from _choices(defs[entry["$ref"].rpartition("/")[2]], defs)
    elif several := entry.get("anyOf") or entry.get("oneOf"):
        for one in several:
            yield from _choices(one, defs)
    else:
        yield entry


def _inner(choices: list[Mapping[str, Any]], defs: Mapping[str, Any], step: str = "") -> Iterator[InnerBlock]:
    blocks = [choice for choice in choices if choice.get("properties")]
    for block in blocks:
        label = _label(block) if len(blocks) > 1 else ""
        yield InnerBlock(step, label, str(block.get("description", "")), block, defs)
    for choice in choices:
        if isinstance(items := choice.get("items"), Mapping):
            yield from _inner(list(_choices(items, defs)), defs, "N")
        if isinstance(named := choice.get("additionalProperties"), Mapping):
            yield from _inner(list(_choices(named, defs)), defs, "NAME")


def _label(block: Mapping[str, Any]) -> str:
    """The word that is always the same in a block, else its first required key."""
    for name, entry in block["properties"].items():
        if "const" in entry:
            return f"{name}: {entry['const']}"
    return f"with {next(iter(block.get('required', ())), next(iter(block['properties'])))}"


def _kind(choice: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    if "const" in choice:
        return _plain(choice["const"])
    if "enum" in choice:
        return " or ".join(map(_plain, choice["enum"]))
    if not choice.get("type"):
        return "any value"
    if isinstance(choice["type"], list):
        return "number with unit"
    if choice.get("format") == "path":
        return "file or folder"
    if choice["type"] == "array":
        items = choice.get("items")
        of = dict.fromkeys(_kind(one, defs) for one in _choices(items, defs)) if isinstance(items, Mapping) else ()
        told = f"list of {' or '.join(of)}" if of else "list"
        least, most = choice.get("minItems"), choice.get("maxItems")
        return f"{told}, {least} of them" if least is not None and least == most else told
    if choice["type"] == "object" and isinstance(choice.get("additionalProperties"), Mapping):
        named = choice["additionalProperties"]
        return f"{' or '.join(dict.fromkeys(_kind(one, defs) for one in _choices(named, defs)))} by name"
    bounds = [text.format(_plain(choice[key])) for key, text in _BOUNDS if key in choice]
    return ", ".join([_WORDS[choice["type"]], *bounds])


def _unit(choice: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    items = choice.get("items")
    found = next((unit for one in _choices(items, defs) if (unit := _unit(one, defs))), "") if items else ""
    return str(choice.get("unit", found))


def _plain(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)
