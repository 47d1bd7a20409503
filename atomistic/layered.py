"""Periodic cells of one or two crystals whose interfaces open by equal gaps, and a model of their stiffness."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from ase import Atoms

from atomistic.interface import CleavageSlab, boundary_tractions
from coupling.contracts import FloatArray, Potential

_NEIGHBOURS = (1.25, 1.6, 2.2)  # of the shortest distance: bonds of the model
_VACUUM = 15.0  # Å, for potentials that do not tell their range
_PROBE = 0.01  # strain by which the model's stiffness is measured


class Layered(Protocol):
    """Bodies stacked along z, each with an interface above it, the last one through the cell's top."""

    atoms: Atoms
    area: float
    spacing: float

    @property
    def bodies(self) -> tuple[np.ndarray, ...]:
        """Atoms of each body, from the bottom."""
        ...

    @property
    def faces(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Atoms of the lowest and of the highest plane of each body."""
        ...

    @property
    def crystals(self) -> tuple[tuple[int, CleavageSlab], ...]:
        """Lattice repeats in the cell and bulk reference of each crystal, in the order of the bodies."""
        ...

    def opened(self, opening: float) -> Atoms:
        """All interfaces opened rigidly by `opening`, Å."""
        ...


@dataclass(frozen=True)
class BondModel:
    """A model Hessian: bonds between neighbours, none across the interfaces.

    Attributes:
        inverse: (N, N) pseudo-inverse of the bonds' graph Laplacian.
        bond: (3,) stiffness of a bond along x, y, z, eV/Å².
        length_stiffness: Traction per length of the whole cell, eV/Å⁴.
    """

    inverse: FloatArray
    bond: FloatArray
    length_stiffness: float

    def step(self, forces: FloatArray) -> FloatArray:
        """(N, 3) displacements that the model answers to forces, without translation of a body."""
        return (self.inverse @ forces) / self.bond


def bond_model(potential: Potential, cell: Layered) -> BondModel:
    """Neighbour bonds of the closed cell, scaled by its measured stiffness along z and in shear."""
    atoms = cell.atoms
    laplacian, across = _laplacian(cell)
    probes = []
    for sign in (1, -1):
        for axis in (2, 0):
            probe = atoms.copy()
            strain = np.eye(3)
            strain[2, axis] += sign * _PROBE
            probe.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            probes.append(probe)
    traction = boundary_tractions(probes, potential.evaluate(probes), cell.area)
    axial = (traction[0, 2] - traction[2, 2]) / (2 * _PROBE)
    shear = (traction[1, 0] - traction[3, 0]) / (2 * _PROBE)
    scale = cell.area / (cell.spacing * max(across, 1))
    bond = np.maximum([shear, shear, axial], 0.05 * abs(axial)) * scale
    return BondModel(np.linalg.pinv(laplacian, hermitian=True), bond, axial / atoms.cell[2, 2])


def _laplacian(cell: Layered) -> tuple[FloatArray, int]:
    """Graph Laplacian of the bonds inside each body, and bonds across the top interface."""
    from ase.neighborlist import neighbor_list
    from scipy.sparse.csgraph import connected_components

    atoms, body = cell.atoms, np.empty(len(cell.atoms), dtype=int)
    for k, members in enumerate(cell.bodies):
        body[members] = k
    shortest = neighbor_list("d", atoms, 6.0).min()
    for factor in _NEIGHBOURS:
        first, second, shift = neighbor_list("ijS", atoms, factor * shortest)
        inside = (shift[:, 2] == 0) & (body[first] == body[second])
        adjacency = np.zeros((len(atoms), len(atoms)))
        np.add.at(adjacency, (first[inside], second[inside]), 1.0)
        if connected_components(adjacency)[0] == len(cell.bodies):
            break
    return np.diag(adjacency.sum(axis=1)) - adjacency, int(np.sum(shift[:, 2] == 1))


def closed_gap(cell: Layered, atoms: Atoms) -> float:
    """Distance of the facing planes across the top of the cell, Å."""
    levels = atoms.positions[:, 2]
    return float(atoms.cell[2, 2] - (levels[cell.faces[-1][1]].mean() - levels[cell.faces[0][0]].mean()))


def at_gap(cell: Layered, gap: float, positions: FloatArray) -> Atoms:
    """The cell with these positions inside each body, and the bodies and the cell's top placed at equal gaps."""
    atoms = cell.atoms.copy()
    atoms.positions[:] = positions
    levels = atoms.positions[:, 2]
    for k in range(1, len(cell.bodies)):
        below, above = levels[cell.faces[k - 1][1]].mean(), levels[cell.faces[k][0]].mean()
        atoms.positions[cell.bodies[k], 2] += below + gap - above
    height = atoms.cell.array.copy()
    height[2, 2] += gap - closed_gap(cell, atoms)
    atoms.set_cell(height, scale_atoms=False)
    return atoms


def half_tractions(potential: Potential, cell: Layered, structures: Sequence[Atoms]) -> FloatArray:
    """Traction across the top interface from the forces on one half alone, eV/Å³.

    The lowest body is cut through its middle, where vacuum is inserted; what then pulls its lower half,
    moved to the top of the cell, is the rest of the cell across the gap.
    """
    vacuum = potential.cutoff + 2.0 if np.isfinite(potential.cutoff) else _VACUUM
    body = cell.bodies[0]
    below = body[cell.atoms.positions[body, 2] < _middle(cell.atoms.positions[body, 2])]
    cut = []
    for atoms in structures:
        opened = atoms.copy()
        opened.positions[below] += opened.cell.array[2]
        height = opened.cell.array.copy()
        height[2] += (0.0, 0.0, vacuum)
        opened.set_cell(height, scale_atoms=False)
        cut.append(opened)
    forces = potential.evaluate(cut).forces
    return np.array([-f[below, 2].sum() / cell.area for f in forces])


def _middle(levels: FloatArray) -> float:
    """The height between two planes that is nearest to the middle of a body, Å."""
    levels = np.sort(levels)
    between, widths = 0.5 * (levels[1:] + levels[:-1]), np.diff(levels)
    between = between[widths > 0.5 * widths.max()]
    return float(between[np.argmin(np.abs(between - 0.5 * (levels[0] + levels[-1])))])
