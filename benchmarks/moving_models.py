"""Potentials whose thermodynamics are known in closed form: an ideal gas, and a harmonic solid in an elastic cell."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from ase import Atoms

from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Structure
from coupling.units import BOLTZMANN_EV


class Model:
    """A potential of replicas of one structure, all at once."""

    name: ClassVar[str] = "model"
    elements: ClassVar[frozenset[int]] = frozenset(range(1, 119))
    cutoff: ClassVar[float] = 1.0
    fingerprint: str = "model"
    capabilities: Capabilities = Capabilities(interaction_range=1.0, stress=True)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Energies, forces and stresses."""
        positions = np.array([one.positions for one in structures])
        cells = np.array([np.asarray(one.cell) for one in structures])
        energies, forces, virials = self.of(positions, cells)
        stresses = virials / np.abs(np.linalg.det(cells))[:, None, None]
        return Evaluation(energies, tuple(forces), stresses, Cost(len(positions), positions[..., 0].size, 1))

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Energies (R,), forces (R, N, 3), and derivatives (R, 3, 3) by the strain of positions and cell."""
        raise NotImplementedError


class IdealGas(Model):
    """No energy at all: Z(V) = V^N, so that ⟨V⟩ = (N + 1)kT/p."""

    fingerprint = "ideal gas"

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Nothing."""
        return np.zeros(len(cells)), np.zeros_like(positions), np.zeros((len(cells), 3, 3))


class HarmonicSolid(Model):
    """U = ½ Σ K_ij u_i·u_j + ¼ q Σ |u_i|⁴ + ½ B (V − V₀)²/V₀ + ½ μ V₀ (tr FᵀF/J^(2/3) − 3), u the displacements from
    sites that move with the cell.

    The integral over the displacements does not depend on the cell, so that V is Gaussian: ⟨V⟩ = V₀(1 − p/B),
    Var V = kT V₀/B; with q = 0 the heat capacity is 3Nk.
    """

    def __init__(
        self, atoms: Atoms, springs: FloatArray, *, bulk: float = 1.0, shear: float = 0.5, quartic: float = 0.0
    ) -> None:
        """`springs` (N, N) in eV/Å², `bulk` and `shear` in eV/Å³, `quartic` in eV/Å⁴."""
        self.springs, self.bulk, self.shear, self.quartic = springs, bulk, shear, quartic
        self.sites, self.cell = atoms.get_scaled_positions(wrap=False), atoms.cell.array.copy()
        self.volume = float(abs(np.linalg.det(self.cell)))
        self.fingerprint = f"harmonic {springs.tobytes().hex()} {bulk} {shear} {quartic} {self.cell.tolist()}"

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """All four terms."""
        u = positions - self.sites @ cells
        pulls = np.tensordot(u, self.springs, axes=(1, 0)).swapaxes(1, 2)
        squares = np.sum(u**2, axis=2, keepdims=True)
        energies = 0.5 * np.sum(u * pulls, axis=(1, 2)) + 0.25 * self.quartic * np.sum(squares**2, axis=(1, 2))
        forces = -pulls - self.quartic * squares * u
        virials = -np.einsum("rai,raj->rij", forces, u)
        gradient = np.swapaxes(np.linalg.solve(self.cell, cells), 1, 2)
        jacobian = np.abs(np.linalg.det(gradient))
        stretch = gradient @ np.swapaxes(gradient, 1, 2)
        trace, soft = np.trace(stretch, axis1=1, axis2=2), self.shear * self.volume * jacobian ** (-2 / 3)
        energies += 0.5 * self.bulk * self.volume * (jacobian - 1) ** 2
        energies += 0.5 * (soft * trace - 3 * self.shear * self.volume)
        virials += (self.bulk * self.volume * (jacobian - 1) * jacobian - soft * trace / 3)[:, None, None] * np.eye(3)
        return energies, forces, virials + soft[:, None, None] * stretch


class DoubleWell(Model):
    """Atoms that do not know of each other: U = Σ h((x/w)² − 1)² + t x/w + ½ k (y² + z²), two wells that differ by 2t.

    Attributes:
        height: h, eV.
        width: w, Å.
        tilt: t, eV.
        stiffness: k, eV/Å².
    """

    height, width, tilt, stiffness = 0.08, 0.5, 0.012, 2.0
    fingerprint = "double well"

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Energies and forces; no virials, since nothing follows the cell."""
        x = positions[..., 0] / self.width
        energies = self.height * (x**2 - 1) ** 2 + self.tilt * x
        energies += 0.5 * self.stiffness * (positions[..., 1:] ** 2).sum(axis=-1)
        forces = -self.stiffness * positions
        forces[..., 0] = -(4 * self.height * x * (x**2 - 1) + self.tilt) / self.width
        return energies.sum(axis=1), forces, np.zeros((len(cells), 3, 3))

    def upper_share(self, temperature: float) -> float:
        """Probability of x > 0, by quadrature."""
        x = np.linspace(-3, 3, 60_001)
        energies = self.height * (x**2 - 1) ** 2 + self.tilt * x
        weights = np.exp(-(energies - energies.min()) / (BOLTZMANN_EV * temperature))
        return float(weights[x > 0].sum() / weights.sum())


def ring(count: int, stiffness: float, coupling: float) -> FloatArray:
    """Springs (N, N) of atoms tied to their sites and to two neighbours each, eV/Å²."""
    one = np.eye(count)
    return (stiffness + 2 * coupling) * one - coupling * (np.roll(one, 1, axis=0) + np.roll(one, -1, axis=0))


def crystal(formula: str, volume: float = 16.0) -> Atoms:
    """Atoms at random sites of a cubic cell of `volume` Å³ an atom: what lies where does not matter to these models."""
    made = Atoms(formula, pbc=True)
    made.set_cell(np.eye(3) * (volume * len(made)) ** (1 / 3))
    made.set_scaled_positions(np.random.default_rng(0).uniform(size=(len(made), 3)))
    return made
