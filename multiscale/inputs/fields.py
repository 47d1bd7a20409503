"""The kinds of values that an input file holds: quantities with units, files, crystal directions."""

from math import isfinite
from os.path import normpath
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from coupling.errors import InputError
from coupling.units import SI_FACTORS, parse_quantity


def quantity(kind: str, si_unit: str, *, positive: bool = True) -> Any:
    """The type of a number with a unit, kept in SI.

    Args:
        kind: A key of `coupling.units.SI_FACTORS`.
        si_unit: The SI unit, with which it is written back.
        positive: Whether it must be greater than zero.
    """

    def read(value: object) -> float:
        number = parse_quantity(value, kind)
        if not isfinite(number):
            raise InputError(f"{value!r} is not a finite {kind}.")
        if positive and number <= 0:
            raise InputError(f"{value!r} must be greater than zero.")
        return number

    units = ", ".join(SI_FACTORS[kind])
    return Annotated[
        float,
        BeforeValidator(read),
        PlainSerializer(lambda number: f"{number!r} {si_unit}", return_type=str),
        WithJsonSchema({"type": "string", "description": f"a {kind} with a unit, one of {units}"}),
    ]


Length = quantity("length", "m")
"""A length in m, written as "60 nm"."""
Position = quantity("length", "m", positive=False)
"""A length of either sign in m."""
Time = quantity("time", "s")
"""A time in s, written as "2 h"."""


def resolved(value: object, info: ValidationInfo) -> Path:
    """The absolute path of a file or folder that is named relative to the input file."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise InputError(f"{value!r} is not the name of a file or folder.")
    return Path(normpath(Path((info.context or {}).get("folder", "")).absolute() / Path(value).expanduser()))


InputFile = Annotated[
    Path,
    BeforeValidator(resolved),
    PlainSerializer(lambda path: path.name, return_type=str),
    WithJsonSchema({"type": "string", "description": "a file, relative to the input file"}),
]
"""A file named relative to the input file; written back as its bare name, for the copy in the run's folder."""

OutputFolder = Annotated[
    Path,
    BeforeValidator(resolved),
    PlainSerializer(lambda path: path.name, return_type=str),
    WithJsonSchema({"type": "string", "description": "a folder, relative to the input file"}),
]
"""A folder named relative to the input file."""


def _nonzero(direction: tuple[int, int, int]) -> tuple[int, int, int]:
    if not any(direction):
        raise InputError("[0, 0, 0] is not a direction; give for example [1, 1, 1].")
    return direction


Direction = Annotated[
    tuple[int, int, int],
    Field(strict=False),
    AfterValidator(_nonzero),
]
"""Three integers, not all zero: a crystal direction [uvw] or plane (hkl)."""


def _in_quotes(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise InputError(f'{value!r} is a number, and a name is text; write it in quotation marks: "{value}".')
    return value


Name = Annotated[str, BeforeValidator(_in_quotes), Field(min_length=1, max_length=200)]
"""A non-empty name; a group of a mesh that is called by a number stands in quotation marks."""
