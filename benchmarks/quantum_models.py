"""Quantum particles whose path integrals are known: independent oscillators, a double well, and its centroid's free energy by
numbers alone.

The centroid of a ring of P beads has the density ρ(q) = ⟨δ(q − Σx_j/P)⟩. With δ as an integral over λ of exp(iλ(q − Σx_j/P)) the
beads are each in V + iλkT x, and ρ(q) = ∫ dλ/2π exp(iλq) Tr K(λ)^P, K(x, x') = √(mP/2πħ²β) exp(−mP(x − x')²/2ħ²β) ·
exp(−β(V(x) + V(x'))/2P − iλ(x + x')/2P), a matrix on a grid. For P → ∞ the trace is that of exp(−βH − iλx), H diagonalised first.
The free energy is −kT ln ρ(q): no sampling, no dynamics.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.linalg import expm

from atomistic.dynamics.ring_polymer import HBAR
from benchmarks.moving_models import Model
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Structure
from coupling.units import BOLTZMANN_EV


class BoundModel(Model):
    """A model of atoms whose cell does not matter."""

    capabilities = Capabilities(interaction_range=1.0)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Energies and forces."""
        positions = np.array([one.positions for one in structures])
        energies, forces = self.bound(positions)
        stresses = np.full((len(positions), 3, 3), np.nan)
        return Evaluation(energies, tuple(forces), stresses, Cost(len(positions), positions[..., 0].size, 1))

    def bound(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Energies (R,) and forces (R, N, 3)."""
        raise NotImplementedError


class Oscillators3D(BoundModel):
    """N atoms, each tied to the origin with the same spring in all directions, eV/Å²."""

    def __init__(self, stiffness: float) -> None:
        self.stiffness, self.fingerprint = stiffness, f"oscillators {stiffness}"

    def bound(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """½ k Σ x²."""
        energies = 0.5 * self.stiffness * np.einsum("rai,rai->r", positions, positions)
        return energies, -self.stiffness * positions


@dataclass(frozen=True)
class DoubleWell:
    """V = B (1 − x²/a²)²; `across` eV/Å² along y and z.

    Attributes:
        barrier: B, eV.
        half: a, Å.
        across: eV/Å².
    """

    barrier: float = 0.15
    half: float = 0.5
    across: float = 6.0

    def energy(self, x: FloatArray) -> FloatArray:
        """Along x, eV."""
        return self.barrier * (1 - x**2 / self.half**2) ** 2

    def slope(self, x: FloatArray) -> FloatArray:
        """Along x, eV/Å."""
        return -4 * self.barrier * (1 - x**2 / self.half**2) * x / self.half**2

    def path(self, places: FloatArray) -> list[Atoms]:
        """A proton at places along x, Å."""
        return [Atoms("H", positions=[[x, 0.0, 0.0]], cell=np.eye(3) * 20.0, pbc=True) for x in places]

    def quantum_barrier(self, temperature: float, beads: int | None) -> float:
        """Of a proton's centroid, from its lowest free energy to x = 0, eV; without sampling."""
        mass = float(self.path(np.zeros(1))[0].get_masses()[0])
        free = centroid_free_energy(self, mass, temperature, np.linspace(-1.2 * self.half, 0.0, 241), beads)
        return float(free[-1] - free.min())


class DoubleWellPotential(BoundModel):
    """One atom in a double well."""

    def __init__(self, well: DoubleWell) -> None:
        self.well, self.fingerprint = well, repr(well)

    def bound(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Along x, and the two harmonic directions."""
        x, rest = positions[..., 0], positions[..., 1:]
        energies = np.sum(self.well.energy(x) + 0.5 * self.well.across * np.sum(rest**2, axis=2), axis=1)
        forces = np.concatenate([-self.well.slope(x)[..., None], -self.well.across * rest], axis=2)
        return energies, forces


def centroid_free_energy(
    well: DoubleWell, mass: float, temperature: float, places: FloatArray, beads: int | None, *, extent: float = 1.2,
    points: int = 97, waves: int = 120, highest: float = 95.0,
) -> FloatArray:  # fmt: skip
    """−kT ln ρ(q) of the centroid at places (n,) in Å, up to a constant, eV.

    Args:
        well: The potential along x.
        mass: u.
        temperature: K.
        places: (n,) Å.
        beads: P; None is the continuum limit.
        extent: The grid reaches from −extent to extent, Å.
        points: Of the grid.
        waves: Values of λ above zero.
        highest: Largest λ, 1/Å.
    """
    thermal = BOLTZMANN_EV * temperature
    grid = np.linspace(-extent, extent, points)
    wave = np.linspace(0.0, highest, waves)
    step = grid[1] - grid[0]
    if beads is None:
        traces = _traces_of_continuum(well, mass, thermal, grid, wave)
    else:
        spring = mass * beads * thermal / HBAR**2
        kinetic = np.sqrt(spring / (2 * np.pi)) * np.exp(-0.5 * spring * (grid[:, None] - grid) ** 2) * step
        half = np.exp(-well.energy(grid) / (2 * beads * thermal))
        traces = np.array([_trace(kinetic, half * np.exp(-0.5j * one * grid / beads), beads) for one in wave])
    weights = np.where(wave == 0.0, 0.5, 1.0)
    density = np.cos(np.outer(places, wave)) @ (weights * traces.real) - np.sin(np.outer(places, wave)) @ (
        weights * traces.imag
    )
    return -thermal * np.log(density)


def _trace(kinetic: FloatArray, potential: NDArray[np.complex128], beads: int) -> complex:
    """Tr K^P with half of the potential's factor on either side."""
    return complex(np.trace(np.linalg.matrix_power(potential[:, None] * kinetic * potential, beads)))


def _traces_of_continuum(
    well: DoubleWell, mass: float, thermal: float, grid: FloatArray, wave: FloatArray, states: int = 40
) -> FloatArray:
    """Tr exp(−βH − iλx) in the lowest eigenstates of H, whose kinetic energy is that of sines (Colbert & Miller 1992)."""
    step, number = grid[1] - grid[0], np.arange(len(grid))
    apart = number[:, None] - number
    with np.errstate(divide="ignore"):
        kinetic = np.where(apart == 0, np.pi**2 / 3, 2.0 * (-1.0) ** apart / apart**2)
    hamiltonian = HBAR**2 / (2 * mass * step**2) * kinetic + np.diag(well.energy(grid))
    levels, vectors = np.linalg.eigh(hamiltonian)
    place = vectors[:, :states].T @ (grid[:, None] * vectors[:, :states])
    return np.array([np.trace(expm(-np.diag(levels[:states]) / thermal - 1j * one * place)) for one in wave])
