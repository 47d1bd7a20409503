"""Interatomic potentials: any model, many structures in one call."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.potentials.check import check_potential
    from atomistic.potentials.entry import PotentialEntry
    from atomistic.potentials.registry import list_potentials, load_potential

__all__ = [
    "PotentialEntry",
    "check_potential",
    "list_potentials",
    "load_potential",
]

__getattr__, __dir__ = on_first_use(__name__)
