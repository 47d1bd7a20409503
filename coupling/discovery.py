"""Discovery of all of a kind: each module of a package contributes its own, and so does each entry point of a group."""

import os
import sys
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from coupling.errors import InputError, MissingBackend


def own_names(package: str) -> list[str]:
    """Names of the modules and packages in a package, sorted; none of them is imported."""
    return sorted(module.name for module in iter_modules(import_module(package).__path__))


def own_modules(package: str) -> dict[str, ModuleType]:
    """The modules of a package, imported, by their names."""
    return {name: import_module(f"{package}.{name}") for name in own_names(package)}


def third_party_names(group: str) -> list[str]:
    """Names of the entry points of a group, sorted; nothing is imported."""
    return sorted({point.name for point in _entry_points(group)})


def third_parties(group: str, name: str | None = None) -> dict[str, Any]:
    """The objects that the entry points of a group name, imported, by the names of the entry points.

    Args:
        group: Such as "multiscale.laws".
        name: One entry point's name; None is all.

    Raises:
        MissingBackend: one of them cannot be imported.
    """
    points = sorted(_entry_points(group), key=lambda point: point.name)
    return {point.name: _loaded(point) for point in points if name in (None, point.name)}


def refuse_twin(what: str, name: str, there: type | None, new: type) -> None:
    """Refuse a class under a name that another one has; a module that is imported again defines the same one.

    Raises:
        InputError: `there` is another class than `new`.
    """
    if there is not None and (there.__module__, there.__qualname__) != (new.__module__, new.__qualname__):
        raise InputError(
            f"{there.__qualname__} of {there.__module__} and {new.__qualname__} of {new.__module__} are both the {what} "
            f"{name!r}; give one of them another name."
        )


def _entry_points(group: str) -> EntryPoints:
    """Those of a group, of all that is installed now."""
    return _all_entry_points(tuple((place, _changed(place)) for place in sys.path)).select(group=group)


@lru_cache(maxsize=1)
def _all_entry_points(places: tuple[tuple[str, int], ...]) -> EntryPoints:
    """Read again, which takes a tenth of a second, when Python's path is another one or something came into a folder on it."""
    return entry_points()


def _changed(place: str) -> int:
    """When a folder or an archive was changed, in ns; -1 where there is none."""
    try:
        return os.stat(place or ".").st_mtime_ns
    except OSError:
        return -1


def _loaded(point: EntryPoint) -> Any:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        owner = "a distribution" if point.dist is None else point.dist.name
        raise MissingBackend(
            f"The entry point {point.name} = {point.value!r} of {point.group}, which {owner} provides, cannot be imported "
            f"({error}); repair it, or pip uninstall {owner}."
        ) from error
