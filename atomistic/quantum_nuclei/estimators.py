"""Energies of quantum nuclei from the beads of ring polymers: primitive and centroid-virial estimators.

With f moving coordinates and ω_P = PkT/ħ, all sums over the beads j:

    primitive: f P kT/2 − (1/P) Σ m ω_P² (x_j − x_(j+1))²/2 + (1/P) Σ V(x_j)                 (Barker 1979)
    virial:    f kT/2 + (1/2P) Σ (x_j − x_c)·∂V/∂x_j + (1/P) Σ V(x_j)              (Herman, Bruskin, Berne 1982)

Both have the mean −∂ ln Z/∂β; a centroid that is held changes neither. The scatter of the first grows as √P. Of the
heat capacity, kβ² (cov(virial, primitive) + f/2β²) (Glaesemann & Fried, J. Chem. Phys. 117 (2002) 3020).
"""

from dataclasses import dataclass

import numpy as np

from atomistic.dynamics.ring_polymer import HBAR, RingPolymer
from atomistic.dynamics.state import State
from coupling.contracts import FloatArray
from coupling.units import BOLTZMANN_EV


@dataclass(frozen=True)
class RingEnergies:
    """What `Keep.observe` samples of ring polymers.

    Attributes:
        ring: Temperature and number of beads.
        coordinates: f, three for each atom that moves.
    """

    ring: RingPolymer
    coordinates: int

    def __call__(self, state: State) -> FloatArray:
        """(R, 3) primitive and virial estimate of the energy and mean potential energy of R ring polymers, eV."""
        beads, thermal = self.ring.beads, BOLTZMANN_EV * self.ring.temperature
        places, forces = rings(state.positions, beads), rings(state.forces, beads)
        potential = state.energies.reshape(-1, beads).mean(axis=1)
        apart = np.sum((places - np.roll(places, 1, axis=1)) ** 2, axis=(1, 3))
        springs = 0.5 * (beads * thermal / HBAR) ** 2 * np.sum(apart * state.masses, axis=1) / beads
        pulls = np.sum((places - places.mean(axis=1, keepdims=True)) * forces, axis=(1, 2, 3)) / beads
        classical = self.coordinates * thermal / 2
        return np.column_stack([
            beads * classical - springs + potential, classical - 0.5 * pulls + potential, potential,
        ])  # fmt: skip


def rings(values: FloatArray, beads: int) -> FloatArray:
    """(R, P, N, 3) of what is (R P, N, 3)."""
    return values.reshape(-1, beads, *values.shape[1:])


def gyration(state: State, beads: int) -> FloatArray:
    """(R, N) mean square distance of the beads of each atom from their centroid, Å²: how far it is from classical."""
    places = rings(state.positions, beads)
    return np.mean(np.sum((places - places.mean(axis=1, keepdims=True)) ** 2, axis=3), axis=1)
