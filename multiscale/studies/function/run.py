"""The function study: call a Python function, keep the numbers that it returns."""

from collections.abc import Callable, Mapping
from math import isfinite
from numbers import Real
from typing import Any, cast

from coupling.errors import InputError, MultiscaleError
from multiscale.runtime.context import RunContext
from multiscale.runtime.results import Results
from multiscale.studies.function.schema import FunctionStudy, find_function


def run(study: FunctionStudy, context: RunContext) -> Results:
    """Call the function once.

    Raises:
        MultiscaleError: it does not return finite numbers by name.
    """
    results = Results("function", study.title)
    called = context.on_root(lambda: call(find_function(study.call, study.where), study.values))
    for name, (value, unit) in called.items():
        results.add(name, value, unit, name.replace("_", " "), headline=True)
    return results


def call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, tuple[float | int | bool, str]]:
    """What a function returns: by name a value and its unit, "" for none.

    Args:
        function: Returns a dict of numbers, or of pairs (number, unit).
        arguments: Its keyword arguments.

    Raises:
        InputError: it returns something else.
        MultiscaleError: a number is not finite.
    """
    returned = function(**arguments)
    if not isinstance(returned, Mapping) or not returned:
        raise InputError(f"The function returned {_short(returned)}; it must return a dict of numbers.")
    return {str(name): _number(str(name), item) for name, item in returned.items()}


def _number(name: str, item: Any) -> tuple[float | int | bool, str]:
    value, unit = item if isinstance(item, tuple) and len(item) == 2 else (item, "")
    plain = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if not isinstance(plain, Real) or not isinstance(unit, str):
        raise InputError(f"The function returned {_short(item)} as {name!r}; it must be a number, or (number, unit).")
    if not isfinite(plain):
        raise MultiscaleError(f"The function returned {plain} as {name!r}, which is not finite.")
    return cast(float | int | bool, plain), unit


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
