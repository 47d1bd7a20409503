"""Sums of site energies and whole forces of one structure at any positions, by what a potential declares."""

from typing import Protocol

import numpy as np
from ase import Atoms

from coupling.capabilities import WeightedSites, require
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError


class Forces(Protocol):
    """Energy and forces of one structure, at any positions."""

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray]:
        """Energy in eV and forces (N, 3) in eV/Å."""
        ...


def weighted_sites(potential: Potential, structure: Atoms, weights: FloatArray) -> WeightedSites:
    """The weighted sum Σ w_i e_i of site energies of a structure, and its gradient.

    Args:
        potential: One that declares `weighted_sites`.
        structure: Atoms in a cell; their positions only start the neighbour list.
        weights: (N,) w_i.

    Raises:
        InputError: the potential does not declare it.
    """
    return require(potential, "weighted_sites").weighted_sites(structure, weights)


def energy_range(potential: Potential) -> float:
    """Distance beyond which no atom changes a site's energy, Å.

    Raises:
        InputError: the potential declares no finite one.
    """
    reach = potential.capabilities.interaction_range
    if not np.isfinite(reach):
        raise InputError(
            f"Potential {potential.name!r} declares no finite interaction range, so it is not known how many atoms "
            "to carry along; give the distance (pad), or measure it with `force_locality` (pad: measured)."
        )
    return reach


def whole_forces(potential: Potential, structure: Atoms, weights: FloatArray) -> Forces:
    """Forces on the atoms whose surroundings, as far as energies reach, all have the weight one: those of all atoms.

    Nothing but forces is needed, so that any potential will do. One that declares `weighted_sites` gives the same
    forces without those of the outer atoms, and keeps its lists of neighbours from call to call. The energy is the
    weighted sum there, else that of all atoms; by positions of atoms of weight one, they differ by a constant.

    Args:
        potential: Any potential.
        structure: Atoms in a cell.
        weights: (N,) one, or zero for the outer atoms.
    """
    if potential.capabilities.weighted_sites:
        return _Weighted(weighted_sites(potential, structure, weights))
    return _Evaluated(potential, structure)


class _Weighted:
    def __init__(self, total: WeightedSites) -> None:
        self.total = total

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray]:
        energy, forces, _ = self.total.evaluate(positions)
        return energy, forces


class _Evaluated:
    def __init__(self, potential: Potential, structure: Atoms) -> None:
        self.potential, self.structure = potential, structure.copy()

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray]:
        self.structure.positions = positions
        found = self.potential.evaluate([self.structure])
        return float(found.energies[0]), np.array(found.forces[0], dtype=float)
