"""Interatomic potentials: any model, many structures in one call."""

from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.registry import list_potentials, load_potential

__all__ = ["PotentialEntry", "list_potentials", "load_potential"]
