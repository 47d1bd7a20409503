"""Σ w_i e_i and its gradient for several kinds of potentials; see `coupling.capabilities.SitePotential`.

The forces of such a sum are not weighted forces, so that a potential must give them itself: embedded atoms and pairs
in closed form, networks by differentiation.
"""

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from atomistic.potentials.embedded_atom import EmbeddedAtom
from atomistic.potentials.neighbours import boxed_cell, neighbour_pairs
from coupling.capabilities import WeightedSites
from coupling.contracts import FloatArray

_SKIN = 0.4
"""Å that pairs are listed beyond the cutoff."""


class VerletList:
    """Each pair of neighbours once, at least one of which counts; listed with a skin, renewed for moved atoms."""

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


class EmbeddedSites:
    """Of embedded atoms, in closed form.

    Args:
        functions: The potential's.
        structure: Atoms in a cell.
        weights: (N,) w_i.
    """

    def __init__(self, functions: EmbeddedAtom, structure: Atoms, weights: FloatArray) -> None:
        self.functions, self.weights = functions, np.asarray(weights, dtype=float)
        self.kinds = functions.kinds(structure.numbers)
        self.alike = len(set(self.kinds.tolist())) == 1
        self.pairs = VerletList(structure, self.weights != 0, functions.cutoff)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `WeightedSites`."""
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


PairFunction = Callable[[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
"""Energy of pairs (P,), eV, and its derivative, eV/Å, of two atomic numbers (P,) and their distance (P,), Å."""


class PairSites:
    """Of pairs, in closed form; each gives half of its energy to either atom.

    Args:
        pair: Their energy; zero beyond the cutoff.
        cutoff: Å.
        structure: Atoms in a cell.
        weights: (N,) w_i.
    """

    def __init__(self, pair: PairFunction, cutoff: float, structure: Atoms, weights: FloatArray) -> None:
        self.pair, self.numbers = pair, structure.numbers.astype(float)
        self.weights = np.asarray(weights, dtype=float)
        self.pairs = VerletList(structure, self.weights != 0, cutoff)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `WeightedSites`."""
        i, j, vectors = self.pairs(positions)
        distance, count = np.linalg.norm(vectors, axis=1), len(positions)
        energy, slope = self.pair(self.numbers[i], self.numbers[j], distance)
        sites = np.where(self.weights != 0, (np.bincount(i, energy, count) + np.bincount(j, energy, count)) / 2, 0.0)
        pull = (0.5 * (self.weights[i] + self.weights[j]) * slope / distance)[:, None] * vectors
        forces = np.zeros((count, 3))
        np.add.at(forces, i, pull)
        np.subtract.at(forces, j, pull)
        return float(self.weights @ sites), forces, sites


WeightedModel = Callable[[Atoms, FloatArray], tuple[float, FloatArray, FloatArray]]
"""Σ w_i e_i of weights (N,), eV, its forces (N, 3), eV/Å, and the site energies (N,), eV."""


class NetworkSites:
    """Of a network, by differentiation.

    Args:
        model: Evaluates the sum of one structure.
        structure: Atoms in a cell.
        weights: (N,) w_i.
    """

    def __init__(self, model: WeightedModel, structure: Atoms, weights: FloatArray) -> None:
        self.model, self.structure = model, structure.copy()
        self.weights = np.asarray(weights, dtype=float)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `WeightedSites`."""
        self.structure.positions = positions
        energy, forces, sites = self.model(self.structure, self.weights)
        return energy, forces, np.where(self.weights != 0, sites, 0.0)


class SummedSites:
    """Of a sum of potentials.

    Args:
        terms: The terms' own, of the same structure and weights.
    """

    def __init__(self, terms: Sequence[WeightedSites]) -> None:
        self.terms = tuple(terms)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `WeightedSites`."""
        energies, forces, sites = zip(*(term.evaluate(positions) for term in self.terms), strict=True)
        return sum(energies), sum(forces), sum(sites)
