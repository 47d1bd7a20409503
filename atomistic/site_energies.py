"""Weighted sums of site energies, Σ w_i e_i, and their gradients: what an energy blend of atoms needs.

The forces of such a sum are not weighted forces, so that a potential must give them itself; embedded
atoms (in closed form) and SevenNet (by differentiation) do.
"""

from typing import Any, Protocol

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from atomistic.embedded_atom import EmbeddedAtom
from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.neighbours import boxed_cell, neighbour_pairs
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError

_SKIN = 0.4
"""Å that pairs are listed beyond the cutoff."""


class WeightedSites(Protocol):
    """Σ w_i e_i of one structure, at any positions.

    Attributes:
        energy_range: Distance beyond which a site's energy does not depend on an atom, Å.
    """

    energy_range: float

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """The sum in eV, its forces (N, 3) in eV/Å, and all site energies (N,), zero where w_i is."""
        ...


def weighted_sites(potential: Potential, structure: Atoms, weights: FloatArray) -> WeightedSites:
    """The weighted sum of site energies of a structure.

    Args:
        potential: Embedded atoms or SevenNet.
        structure: Atoms in a cell; their positions only start the neighbour list.
        weights: (N,) w_i.

    Raises:
        InputError: the potential has no site energies that can be weighted.
    """
    if EmbeddedAtom.describes(potential):
        return _EmbeddedSites(EmbeddedAtom(potential.calculator), structure, weights)
    if isinstance(potential, BatchedPotential) and hasattr(potential.model, "weighted"):
        return _NetworkSites(potential, structure, weights)
    raise InputError(
        f"Potential {potential.name!r} gives no gradients of weighted site energies; use a SevenNet potential "
        "or an embedded-atom file, or the method bqcf, which blends forces."
    )


def energy_range(potential: Potential) -> float:
    """Distance beyond which no atom changes a site's energy, Å: the cutoff times the layers of a network."""
    return potential.cutoff * getattr(getattr(potential, "model", None), "layers", 1)


class _Pairs:
    """Each pair of neighbours once, at least one of which counts; listed with a skin, renewed for atoms that have moved."""

    def __init__(self, structure: Atoms, centres: NDArray[np.bool_], cutoff: float) -> None:
        self.structure, self.centres, self.cutoff = structure.copy(), centres, cutoff
        self.positions = np.full((len(structure), 3), np.inf)
        self.i = self.j = np.zeros(0, dtype=np.int64)
        self.shifts = np.zeros((0, 3))

    def __call__(self, positions: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        moved = ~(np.abs(positions - self.positions).max(axis=1) < _SKIN / 4)
        if moved.any():
            self._renew(positions, moved)
        return self.i, self.j, positions[self.j] - positions[self.i] + self.shifts

    def _renew(self, positions: FloatArray, moved: NDArray[np.bool_]) -> None:
        """List the pairs of the moved atoms again; the others are held to where they were listed."""
        self.positions[moved] = positions[moved]
        near = np.flatnonzero(self._within_reach(moved))
        atoms = self.structure[near]
        atoms.positions = self.positions[near]
        atoms.cell = boxed_cell(atoms, 1.0)
        lowest = atoms.get_scaled_positions(wrap=False).min(axis=0) * ~atoms.pbc
        atoms.positions -= lowest @ atoms.cell.array  # into the cell: the search for neighbours bins by it
        i, j, vectors = neighbour_pairs(atoms, self.cutoff + _SKIN)
        upward = (vectors[:, 2] > 0) | ((vectors[:, 2] == 0) & (vectors[:, 1] > 0))
        once = (i < j) | ((i == j) & (upward | ((vectors[:, 1:] == 0).all(axis=1) & (vectors[:, 0] > 0))))
        i, j = near[i], near[j]
        keep = once & (self.centres[i] | self.centres[j]) & (moved[i] | moved[j])
        i, j = i[keep], j[keep]
        shifts = vectors[keep] - (self.positions[j] - self.positions[i])
        kept = ~(moved[self.i] | moved[self.j])
        self.i, self.j = np.append(self.i[kept], i), np.append(self.j[kept], j)
        self.shifts = np.concatenate([self.shifts[kept], shifts])

    def _within_reach(self, moved: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(N,) True for the moved atoms and all that may be their neighbours."""
        if moved.all() or self.structure.pbc.all():
            return np.ones(len(moved), dtype=bool)
        across = self.positions[:, ~self.structure.pbc]
        reach = self.cutoff + 1.1 * _SKIN
        return cKDTree(across[moved]).query(across, distance_upper_bound=reach)[0] < np.inf


class _EmbeddedSites:
    def __init__(self, functions: EmbeddedAtom, structure: Atoms, weights: FloatArray) -> None:
        self.functions, self.weights = functions, np.asarray(weights, dtype=float)
        self.kinds = functions.kinds(structure.numbers)
        self.alike = len(set(self.kinds.tolist())) == 1
        self.energy_range = functions.cutoff
        self.pairs = _Pairs(structure, self.weights != 0, functions.cutoff)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        i, j, vectors = self.pairs(positions)
        count, functions, weights = len(positions), self.functions, self.weights
        distance = np.sqrt(np.einsum("pc,pc->p", vectors, vectors))
        to_i, slope_i = functions.density(self.kinds[i], self.kinds[j], distance)
        to_j, slope_j = (to_i, slope_i) if self.alike else functions.density(self.kinds[j], self.kinds[i], distance)
        pair, pair_slope = functions.repulsion(self.kinds[i], self.kinds[j], distance)
        density = np.bincount(i, to_i, count) + np.bincount(j, to_j, count)
        embedding, stiffening = functions.embedding(self.kinds, density)
        sites = embedding + 0.5 * (np.bincount(i, pair, count) + np.bincount(j, pair, count))
        sites = np.where(weights != 0, sites, 0.0)
        stiff = weights * stiffening
        tension = (stiff[i] * slope_i + stiff[j] * slope_j + 0.5 * (weights[i] + weights[j]) * pair_slope) / distance
        forces = np.empty((count, 3))
        for c in range(3):
            pull = tension * vectors[:, c]
            forces[:, c] = np.bincount(i, pull, count) - np.bincount(j, pull, count)
        return float(weights @ sites), forces, sites


class _NetworkSites:
    def __init__(self, potential: BatchedPotential, structure: Atoms, weights: FloatArray) -> None:
        self.model: Any = potential.model
        self.structure, self.weights = structure.copy(), np.asarray(weights, dtype=float)
        self.energy_range = energy_range(potential)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        self.structure.positions = positions
        energy, forces, sites = self.model.weighted(self.structure, self.weights)
        return energy, forces, np.where(self.weights != 0, sites, 0.0)
