"""The specimens of this folder by the names of their files."""

from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol, runtime_checkable

from coupling.errors import unknown_choice


@runtime_checkable
class ParametricSpecimen(Protocol):
    """A dataclass of dimensions that writes its mesh."""

    def write(self, path: str | Path) -> None:
        """Mesh the specimen and write a Gmsh file."""


def specimens() -> dict[str, type[ParametricSpecimen]]:
    """Each specimen's class, by the name of its file."""
    found: dict[str, type[ParametricSpecimen]] = {}
    for name in sorted(module.name for module in iter_modules([str(Path(__file__).parent)])):
        module = import_module(f"continuum.specimens.{name}")
        for one in vars(module).values():
            if (
                is_dataclass(one)
                and isinstance(one, type)
                and one.__module__ == module.__name__
                and hasattr(one, "write")
            ):
                found[name] = one
    return found


def specimen(name: str) -> type[ParametricSpecimen]:
    """A specimen's class.

    Raises:
        InputError: there is none of that name.
    """
    known = specimens()
    if name not in known:
        raise unknown_choice("specimen", name, known)
    return known[name]
