"""The kinds of values that an input file holds: quantities with units, files, crystal directions."""

import os
import re
from math import inf, isfinite
from os.path import normpath
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from coupling.errors import InputError
from coupling.units import SI_FACTORS, UNIT_SYSTEMS, parse_quantity

_SMALLEST = 1e-100
"""SI, of whatever quantity: products of numbers below it vanish."""


def quantity(kind: str, si_unit: str, *, positive: bool = True, largest: float = inf) -> Any:
    """The type of a number with a unit, kept in SI.

    Args:
        kind: A key of `coupling.units.SI_FACTORS`.
        si_unit: The SI unit, with which it is written back.
        positive: Whether it must be greater than zero.
        largest: Its largest size that has a meaning, SI.
    """

    def read(value: object, info: ValidationInfo) -> float:
        number = parse_quantity(_with_unit(value, kind, info), kind)
        if not isfinite(number):
            raise InputError(f"{value!r} is not a finite {kind}.")
        if positive and number <= 0:
            raise InputError(f"{value!r} must be greater than zero.")
        if 0 < abs(number) < _SMALLEST:
            raise InputError(f"{value!r} is implausibly small; give at least {_SMALLEST:g} {si_unit}, or nothing.")
        if abs(number) > largest:
            raise InputError(f"{value!r} is implausibly large; give at most {largest:g} {si_unit}.")
        return number

    units = ", ".join(SI_FACTORS[kind])
    return Annotated[
        float,
        BeforeValidator(read),
        PlainSerializer(lambda number: f"{number!r} {si_unit}", return_type=str),
        WithJsonSchema({"type": ["string", "number"], "unit": units}),
    ]


def _with_unit(value: object, kind: str, info: ValidationInfo) -> object:
    """A bare number with the unit that it has in the input's system, where the input names one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    system = UNIT_SYSTEMS.get(str((info.context or {}).get("units")))
    if system is None:
        raise InputError(
            f"{value!r} has no unit; write it with one of {', '.join(SI_FACTORS[kind])}, or let units: "
            f"{', '.join(UNIT_SYSTEMS)} at the head of the input say what bare numbers mean."
        )
    return f"{value!r} {system[kind]}"


def number(unit: str) -> Any:
    """The type of a bare number whose unit is fixed; it stands in the schema, and so in templates and in the reference."""

    def bare(value: object) -> object:
        if isinstance(value, str) and _WITH_UNIT.match(value):
            raise InputError(
                f"{value!r} is text; this number stands alone, in {unit}, without quotation marks and unit."
            )
        return value

    return Annotated[float, BeforeValidator(bare), Field(json_schema_extra={"unit": unit})]


_WITH_UNIT = re.compile(r"\s*[-+]?[0-9.]")
"""A text that begins like a number."""
Length = quantity("length", "m")
"""A length in m, written as "60 nm"."""
AtomicLength = quantity("length", "m", largest=1e-7)
"""A length among atoms, in m."""
Neighbourhood = quantity("length", "m", largest=1e-8)
"""A distance around atoms, in m."""
Position = quantity("length", "m", positive=False)
"""A length of either sign in m."""
Time = quantity("time", "s")
"""A time in s, written as "2 h"."""


_LONGEST_NAME = 240  # bytes: file systems take 255, and a run adds to its folder's name


def resolved(value: object, info: ValidationInfo) -> Path:
    """The absolute path of a file or folder that is named relative to the input file."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise InputError(f"{value!r} is not the name of a file or folder.")
    path = Path(value)
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts):
        raise InputError(
            f"the name {str(value)[:40]!r}... is longer than the {_LONGEST_NAME} bytes that a name can have."
        )
    try:
        path = path.expanduser()
    except RuntimeError as error:
        raise InputError(
            f"{str(value)!r}: there is no home folder {path.parts[0]!r} here; write the path out."
        ) from error
    return Path(normpath(Path((info.context or {}).get("folder", "")).absolute() / path))


InputFile = Annotated[
    Path,
    BeforeValidator(resolved),
    PlainSerializer(lambda path: path.name, return_type=str),
    WithJsonSchema({"type": "string", "format": "path"}),
]
"""A file named relative to the input file; written back as its bare name, for the copy in the run's folder."""

OutputFolder = Annotated[
    Path,
    BeforeValidator(resolved),
    PlainSerializer(lambda path: path.name, return_type=str),
    WithJsonSchema({"type": "string", "format": "path"}),
]
"""A folder named relative to the input file."""

RunFolder = Annotated[
    Path,
    BeforeValidator(resolved),
    PlainSerializer(lambda path: path.name, return_type=str),
    WithJsonSchema({"type": "string", "description": "the folder of an earlier run, relative to the input file"}),
]
"""The folder of a finished run, from which something is taken; written back as its name, for the copy in the run's folder."""


_LARGEST_INDEX = 1000


def _indices(direction: object) -> object:
    if not isinstance(direction, list | tuple) or len(direction) != 3:
        raise InputError(f"{_short(direction)} is not three whole numbers; give for example [1, 1, 1].")
    for index in direction:
        if isinstance(index, bool) or not isinstance(index, int):
            raise InputError(f"{_short(direction)}: {index!r} is not a whole number; give for example [1, 1, 1].")
        if abs(index) > _LARGEST_INDEX:
            raise InputError(f"{_short(direction)}: {_short(index)} is too large; indices go to {_LARGEST_INDEX}.")
    if not any(direction):
        raise InputError("[0, 0, 0] is not a direction; give for example [1, 1, 1].")
    return tuple(direction)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


Direction = Annotated[tuple[int, int, int], BeforeValidator(_indices)]
"""Three integers, not all zero: a crystal direction [uvw] or plane (hkl)."""


def _in_quotes(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise InputError(f'{value!r} is a number, and a name is text; write it in quotation marks: "{value}".')
    return value


Name = Annotated[str, BeforeValidator(_in_quotes), Field(min_length=1, max_length=200)]
"""A non-empty name; a group of a mesh that is called by a number stands in quotation marks."""
