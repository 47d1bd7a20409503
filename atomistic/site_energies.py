"""Weighted sums of site energies, Σ w_i e_i, and their gradients: what an energy blend of atoms needs.

The forces of such a sum are not weighted forces, so that a potential must give them itself; embedded
atoms (in closed form) and SevenNet (by differentiation) do.
"""

from typing import Any, Protocol

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.embedded_atom import EmbeddedAtom
from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.neighbours import neighbour_pairs
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
    """Neighbour pairs of the atoms that count, listed with a skin and renewed when atoms have moved."""

    def __init__(self, structure: Atoms, centres: NDArray[np.bool_], cutoff: float) -> None:
        self.structure, self.centres, self.cutoff = structure.copy(), centres, cutoff
        self.positions = np.full((len(structure), 3), np.inf)

    def __call__(self, positions: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        moved = np.abs(positions - self.positions).max() if np.isfinite(self.positions).all() else np.inf
        if moved > _SKIN / 4:
            self._renew(positions)
        vectors = positions[self.j] - positions[self.i] + self.shifts
        return self.i, self.j, vectors

    def _renew(self, positions: FloatArray) -> None:
        self.positions = positions.copy()
        self.structure.positions = positions
        i, j, vectors = neighbour_pairs(self.structure, self.cutoff + _SKIN)
        keep = self.centres[i]
        self.i, self.j = i[keep], j[keep]
        self.shifts = vectors[keep] - (positions[self.j] - positions[self.i])


class _EmbeddedSites:
    def __init__(self, functions: EmbeddedAtom, structure: Atoms, weights: FloatArray) -> None:
        self.functions, self.weights = functions, np.asarray(weights, dtype=float)
        self.kinds = functions.kinds(structure.numbers)
        self.energy_range = functions.cutoff
        self.pairs = _Pairs(structure, self.weights != 0, functions.cutoff)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        i, j, vectors = self.pairs(positions)
        count, distance = len(positions), np.sqrt(np.einsum("pc,pc->p", vectors, vectors))
        density, slope, pair, pair_slope = self.functions.pair(self.kinds[i], self.kinds[j], distance)
        embedding, stiffening = self.functions.embedding(self.kinds, np.bincount(i, density, count))
        sites = np.where(self.weights != 0, embedding + 0.5 * np.bincount(i, pair, count), 0.0)
        tension = self.weights[i] * (stiffening[i] * slope + 0.5 * pair_slope) / distance
        pull = tension[:, None] * vectors
        forces = [np.bincount(i, pull[:, c], count) - np.bincount(j, pull[:, c], count) for c in range(3)]
        return float(self.weights @ sites), np.stack(forces, axis=1), sites


class _NetworkSites:
    def __init__(self, potential: BatchedPotential, structure: Atoms, weights: FloatArray) -> None:
        self.model: Any = potential.model
        self.structure, self.weights = structure.copy(), np.asarray(weights, dtype=float)
        self.energy_range = energy_range(potential)

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        self.structure.positions = positions
        energy, forces, sites = self.model.weighted(self.structure, self.weights)
        return energy, forces, np.where(self.weights != 0, sites, 0.0)
