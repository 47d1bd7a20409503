"""An input file to begin with: a study that runs, each key with what the schema says of it."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import BaseModel

from multiscale.inputs.keys import InnerBlock, InputKey, keys_of

_WIDTH = 110


@dataclass(frozen=True)
class Starter:
    """A small input that runs as it stands, within a minute, by closed forms and effective medium theory.

    Attributes:
        about: One sentence on what it computes and what to change first.
        values: The input as plain data, without the keys `study` and `output`.
        needs: The extra of this package that it needs besides the base; empty for none.
        consent: The option that it needs on the command line, such as "--allow-code"; empty for none.
    """

    about: str
    values: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""
    consent: str = ""


def template(kind: str, model: type[BaseModel], starter: Starter, command: str) -> str:
    """The text of an annotated input file.

    Args:
        kind: What `multiscale new` calls it.
        model: The schema.
        starter: Its values.
        command: The command that runs it.
    """
    data = ({"study": kind} if "study" in model.model_fields else {}) | dict(starter.values)
    head = [
        f"{(model.__doc__ or kind).splitlines()[0]} {starter.about}",
        f"Run it with: {command}",
        "A key behind # shows what holds where it is left out. All keys of all blocks: multiscale keys " + kind,
    ]
    if starter.needs:
        head.insert(1, f"It needs: pip install 'multiscale-coupling[{starter.needs}]'")
    lines = [*(line for text in head for line in _comment(text, "")), "", *_block(keys_of(model), data, "")]
    return "\n".join(lines) + "\n"


def _block(keys: Iterable[InputKey], data: Mapping[str, Any], indent: str) -> Iterator[str]:
    """The lines of a block: all its keys, those that are not given as comments."""
    keys = list(keys)
    for key in keys:
        if key.name in data:
            yield from _comment(_told(key), indent)
            yield from _given(key, data[key.name], indent)
        elif not key.required:
            yield from _comment(_told(key), indent)
            yield f"{indent}# {key.name}: {key.default}".rstrip()
    for name in data.keys() - {key.name for key in keys}:  # of a block that takes further ones
        yield f"{indent}{name}: {_flow(data[name])}"


def _given(key: InputKey, value: Any, indent: str) -> Iterator[str]:
    """A key and its value: blocks with all their keys, of several blocks the first, others on a line."""
    deeper = indent + "  "
    if isinstance(value, Mapping) and (inner := _chosen(key, value, "")) is not None:
        yield f"{indent}{key.name}:"
        yield from _block(inner.keys, value, deeper)
    elif isinstance(value, Mapping) and value and all(_chosen(key, one, "NAME") for one in value.values()):
        yield f"{indent}{key.name}:"
        for number, (name, one) in enumerate(value.items()):
            chosen = _chosen(key, one, "NAME")
            if number or chosen is None:
                yield f"{deeper}{name}: {_flow(one)}"
                continue
            yield f"{deeper}{name}:"
            yield from _block(chosen.keys, one, deeper + "  ")
    elif isinstance(value, list) and value and (inner := _chosen(key, value[0], "N")) is not None:
        for one in inner.keys:
            yield from _comment(f"{one.name}: {_told(one)}", deeper)
        yield f"{indent}{key.name}:"
        yield from (f"{deeper}- {_flow(one)}" for one in value)
    else:
        yield f"{indent}{key.name}: {_flow(value)}"


def _chosen(key: InputKey, value: Any, step: str) -> InnerBlock | None:
    """Which of the blocks that a key may hold a value is."""
    if not isinstance(value, Mapping):
        return None
    return next((inner for inner in key.inner if inner.step == step and inner.holds(value)), None)


def _told(key: InputKey) -> str:
    """What a key means, what it takes, and in which unit."""
    unit = f": {key.unit}" if key.unit else ""
    held = f" of {', '.join(one.name for one in key.inner[0].keys)}" if len(key.inner) == 1 else ""
    needed = "; needed" if key.required else ""
    return f"{key.meaning} [{key.kind}{unit}{held}{needed}]"


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _flow(value: Any) -> str:
    """A value on one line, as YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
