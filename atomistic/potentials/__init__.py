"""Interatomic potentials: any model, many structures in one call."""

from atomistic.potentials.registry import PotentialEntry, list_potentials, load_potential

__all__ = ["PotentialEntry", "list_potentials", "load_potential"]
