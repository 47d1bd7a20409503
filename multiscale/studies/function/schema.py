"""Input of the function study: a Python function and its arguments."""

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from coupling.errors import InputError
from coupling.identity.code_names import is_code
from coupling.units import SI_FACTORS, parse_quantity, unit_name
from multiscale.inputs.base import Study
from multiscale.inputs.fields import resolved

_UNITS = {unit: kind for kind, factors in SI_FACTORS.items() for unit in factors}

Argument = Annotated[bool | int | float | str | list[Any] | dict[str, Any] | None, WithJsonSchema({})]


def _call(value: str) -> str:
    if not is_code(value):
        raise InputError(f'{value!r} names no function; write "module:function".')
    return value


class FunctionStudy(Study):
    """A Python function of plain keyword arguments that returns numbers by name."""

    study: Literal["function"]
    call: Annotated[str, AfterValidator(_call)] = Field(
        description='"module:function"; the module may lie beside the input file.'
    )
    arguments: dict[str, Argument] = Field(
        default_factory=dict, description="Keyword arguments; a value with a unit is passed in SI."
    )
    where: Annotated[
        Path, BeforeValidator(resolved), PlainSerializer(lambda path: ".", return_type=str)
    ] = Field(default=".", validate_default=True, description="The folder of the module, relative to the input file.")  # fmt: skip

    @property
    def values(self) -> dict[str, Any]:
        """The arguments as the function takes them: quantities in SI."""
        return {name: in_si(value) for name, value in self.arguments.items()}

    @property
    def own_code(self) -> tuple[str, ...]:
        """The function."""
        return (self.call,)

    def check_code(self) -> None:
        """Raise `InputError` unless the function is there and takes these arguments; its module is imported."""
        check_arguments(find_function(self.call, self.where), self.values)


def find_function(call: str, where: Path | None = None) -> Callable[..., Any]:
    """The function that a name such as "module:function" stands for.

    Args:
        call: The name.
        where: A folder in which the module is looked for too.

    Raises:
        InputError: there is none.
    """
    module, _, name = call.partition(":")
    if where is not None and str(where) not in sys.path:
        sys.path.insert(0, str(where))
    try:
        found = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        place = f" and not in {where}" if where else ""
        raise InputError(
            f"call: there is no module {error.name!r} on Python's path{place}; check its name and folder."
        ) from error
    except AttributeError as error:
        raise InputError(f"call: the module {module!r} has no function {name!r}.") from error
    except Exception as error:  # a module may fail in any way it likes
        raise InputError(
            f"call: the module {module!r} cannot be imported ({type(error).__name__}: {error})."
        ) from error
    if not callable(found):
        raise InputError(f"call: {call!r} is not a function.")
    return found


def check_arguments(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Raise `InputError` unless the function can be called with these keyword arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        takes = ", ".join(signature.parameters) or "(none)"
        raise InputError(f"arguments: {error}; the function takes: {takes}.") from error


def in_si(value: Argument) -> Argument:
    """A number with a unit in SI; anything else as it is."""
    if isinstance(value, str) and len(parts := value.split()) == 2 and unit_name(parts[1]) in _UNITS:
        return parse_quantity(value, _UNITS[unit_name(parts[1])])
    return value
