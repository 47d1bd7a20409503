"""Interatomic potentials: any model, many structures in one call."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atomistic.potentials.check import check_potential
    from atomistic.potentials.entry import PotentialEntry
    from atomistic.potentials.registry import list_potentials, load_potential

_LAZY = {
    "PotentialEntry": "atomistic.potentials.entry",
    "check_potential": "atomistic.potentials.check",
    "list_potentials": "atomistic.potentials.registry",
    "load_potential": "atomistic.potentials.registry",
}
"""Where each name lives; its module is imported on first use."""

__all__ = [
    "PotentialEntry",
    "check_potential",
    "list_potentials",
    "load_potential",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
