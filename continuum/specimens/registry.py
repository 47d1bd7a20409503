"""Which specimens there are: each file here, and each entry point of `multiscale.specimens`, provides one."""

from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeGuard

from coupling.discovery import own_modules, third_parties
from coupling.errors import InputError, unknown_choice

ENTRY_POINT_GROUP = "multiscale.specimens"
"""A third party's entry point in this group names a specimen's class; its own name is the specimen's."""


class ParametricSpecimen(Protocol):
    """A dataclass of dimensions that writes its mesh."""

    def write(self, path: str | Path) -> None:
        """Mesh the specimen and write a Gmsh file."""


@cache
def specimens() -> dict[str, type[ParametricSpecimen]]:
    """Each specimen's class, by the name of its file or of its entry point.

    Raises:
        InputError: an entry point names something else, or takes the name of another specimen.
    """
    own = {
        name: found
        for name, module in own_modules("continuum.specimens").items()
        if (found := _specimen_of(module)) is not None
    }
    theirs = third_parties(ENTRY_POINT_GROUP)
    for name, found in theirs.items():
        if not _is_specimen(found):
            raise InputError(
                f"The entry point {name} of {ENTRY_POINT_GROUP} must name a dataclass with write(path), not {found!r}."
            )
        if name in own:
            raise InputError(
                f"The specimen {name!r} of {found.__module__} has the name of one that is there; rename it."
            )
    return own | theirs


def specimen(name: str) -> type[ParametricSpecimen]:
    """A specimen's class.

    Raises:
        InputError: there is none of that name.
    """
    known = specimens()
    if name not in known:
        raise unknown_choice("specimen", name, known)
    return known[name]


def _specimen_of(module: ModuleType) -> type[ParametricSpecimen] | None:
    """The specimen that a module defines, if it defines one."""
    mine = (one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__)
    return next((one for one in mine if _is_specimen(one)), None)


def _is_specimen(thing: Any) -> TypeGuard[type[ParametricSpecimen]]:
    return isinstance(thing, type) and is_dataclass(thing) and hasattr(thing, "write")
