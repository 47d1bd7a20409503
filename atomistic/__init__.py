"""Interatomic potentials, structures and the properties that follow from them.

Importing this package loads no backend; torch, sevenn and matscipy come with the first
potential that needs them.
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.potentials.check import check_potential
    from atomistic.potentials.registry import list_potentials, load_potential

__all__ = [
    "check_potential",
    "list_potentials",
    "load_potential",
]

__getattr__, __dir__ = on_first_use(__name__)
