"""Periodic cells of one or two crystals whose interfaces move by equal gap vectors, and a model of their stiffness."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np
from ase import Atoms
from scipy.interpolate import CubicSpline

from atomistic.decohesion.slab import CleavageSlab, boundary_tractions
from atomistic.relax import relax
from coupling.contracts import FloatArray, Potential

_NEIGHBOURS = (1.25, 1.6, 2.2)  # of the shortest distance: bonds of the model
_VACUUM = 15.0  # Å, for potentials that do not tell their range
_RESTING = 2000  # evaluations
_PROBE = 0.01  # strain by which the model's stiffness is measured


class Layered(Protocol):
    """Bodies stacked along z, each with an interface above it, the last one through the cell's top."""

    @property
    def atoms(self) -> Atoms:
        """The closed cell."""
        ...

    @property
    def area(self) -> float:
        """Of each interface, Å²."""
        ...

    @property
    def spacing(self) -> float:
        """Of the facing planes, Å."""
        ...

    @property
    def bodies(self) -> tuple[np.ndarray, ...]:
        """Atoms of each body, from the bottom."""
        ...

    @property
    def faces(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Atoms of the lowest and of the highest plane of each body."""
        ...

    @property
    def crystals(self) -> tuple[tuple[float, CleavageSlab], ...]:
        """Lattice repeats in the cell (its atoms over those of a repeat) and bulk reference of each crystal, as the bodies."""
        ...

    def opened(self, opening: float, slip: tuple[float, float] = (0.0, 0.0)) -> Atoms:
        """At all interfaces the upper body moved rigidly by `opening` and along x, y by `slip`, Å."""
        ...


@dataclass(frozen=True)
class BondModel:
    """A model Hessian: bonds between neighbours, none across the interfaces.

    Attributes:
        inverse: (N, N) pseudo-inverse of the bonds' graph Laplacian.
        bond: (3,) stiffness of a bond along x, y, z, eV/Å².
        length_stiffness: (3,) traction along x, y, z per length by which the cell's third vector moves, eV/Å⁴.
    """

    inverse: FloatArray
    bond: FloatArray
    length_stiffness: FloatArray

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
    stiffness = np.maximum([shear, shear, axial], 0.05 * abs(axial))
    return BondModel(np.linalg.pinv(laplacian, hermitian=True), stiffness * scale, stiffness / atoms.cell[2, 2])


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


def extents(cell: Layered, positions: FloatArray) -> FloatArray:
    """(bodies, 3) mean position of the highest plane of each body less that of its lowest, x, y, z, Å."""
    return np.array([positions[top].mean(axis=0) - positions[bottom].mean(axis=0) for bottom, top in cell.faces])


def facing(cell: Layered, atoms: Atoms) -> FloatArray:
    """(bodies, 3) from the highest plane of each body to the lowest of the next, across the cell's top at last; Å."""
    below = np.array([atoms.positions[top].mean(axis=0) for _, top in cell.faces])
    above = np.array([atoms.positions[bottom].mean(axis=0) for bottom, _ in cell.faces])
    return np.vstack([above[1:], above[:1] + atoms.cell.array[2]]) - below


def closed_gap(cell: Layered, atoms: Atoms) -> float:
    """Distance of the facing planes across the top of the cell, Å."""
    return float(facing(cell, atoms)[-1, 2])


def at_gap(cell: Layered, gap: FloatArray, positions: FloatArray) -> Atoms:
    """The cell with these positions inside each body, all its interfaces moved by one gap vector.

    Args:
        cell: The closed cell.
        gap: (3,) along x, y, z, of the facing planes beyond the closed cell's, Å.
        positions: (N, 3) Å; those of a body as a whole do not matter, of the first body apart.
    """
    atoms, wanted = cell.atoms.copy(), facing(cell, cell.atoms) + gap
    atoms.positions[:] = positions
    for k in range(1, len(cell.bodies)):
        below, above = (atoms.positions[face].mean(axis=0) for face in (cell.faces[k - 1][1], cell.faces[k][0]))
        atoms.positions[cell.bodies[k]] += below + wanted[k - 1] - above
    vectors = atoms.cell.array.copy()
    vectors[2] += wanted[-1] - facing(cell, atoms)[-1]
    atoms.set_cell(vectors, scale_atoms=False)
    return atoms


def half_tractions(potential: Potential, cell: Layered, structures: Sequence[Atoms]) -> FloatArray:
    """(n, 3) traction across the top interface from the forces on one half alone, along x, y, z, eV/Å³.

    The lowest body is cut through its middle, where vacuum is inserted; what then pulls its lower half,
    moved to the top of the cell, is the rest of the cell across the gap.
    """
    vacuum = potential.cutoff + 2.0 if np.isfinite(potential.cutoff) else _VACUUM
    body = cell.bodies[0]
    below = body[cell.atoms.positions[body, 2] < middle(cell.atoms.positions[body, 2])]
    cut = []
    for atoms in structures:
        opened = atoms.copy()
        opened.positions[below] += opened.cell.array[2]
        height = opened.cell.array.copy()
        height[2] += (0.0, 0.0, vacuum)
        opened.set_cell(height, scale_atoms=False)
        cut.append(opened)
    forces = potential.evaluate(cut).forces
    return np.array([-f[below].sum(axis=0) / cell.area for f in forces])


def middle(levels: FloatArray) -> float:
    """The height between two planes that is nearest to the middle of a body, Å."""
    levels = np.sort(levels)
    between, widths = 0.5 * (levels[1:] + levels[:-1]), np.diff(levels)
    between = between[widths > 0.5 * widths.max()]
    return float(between[np.argmin(np.abs(between - 0.5 * (levels[0] + levels[-1])))])


def rising(potential: Potential, unit: CleavageSlab) -> tuple[FloatArray, FloatArray]:
    """Normal strains and tractions of a bulk, ions clamped, from compression up to its strength."""
    sampled = np.linspace(-0.1, 0.25, 36)
    cells = [unit.opened(e * unit.atoms.cell[2, 2]) for e in sampled]
    for atoms, e in zip(cells, sampled, strict=True):
        atoms.positions[:, 2] *= 1 + e
    curve = CubicSpline(sampled, boundary_tractions(cells, potential.evaluate(cells), unit.area)[:, 2])
    crests = curve.derivative().roots(extrapolate=False)
    strains = np.linspace(sampled[0], min(crests[crests > 0], default=sampled[-1]), 400)
    return strains, np.maximum.accumulate(curve(strains))


def bulk_step(
    model: BondModel, atoms: Atoms, force: FloatArray, short: FloatArray, area: float
) -> tuple[FloatArray, FloatArray, float]:
    """The model's step of a bulk's atoms (N, 3) and third cell vector (3,) towards a missing traction, and the error, eV/Å."""
    stretch = short / model.length_stiffness
    move = model.step(force) + np.outer(atoms.positions[:, 2] / atoms.cell[2, 2], stretch)
    return move, stretch, float(max(area * np.abs(short).max(), np.abs(force).max()))


def with_third_vector(atoms: Atoms, positions: FloatArray, vector: FloatArray) -> Atoms:
    """A copy with these positions and this third cell vector."""
    moved = atoms.copy()
    moved.positions[:] = positions
    moved.set_cell(np.vstack([moved.cell.array[:2], vector]), scale_atoms=False)
    return moved


def rested(potential: Potential, cell: Layered, force: float) -> Layered:
    """The closed cell with all its atoms at rest, its bodies against each other, too; its vectors as they are.

    Args:
        potential: The interatomic potential.
        cell: Nearly at rest.
        force: Largest that may remain, eV/Å.
    """
    (atoms,) = relax(potential, [cell.atoms], force=force, steps=_RESTING, all_must=False).structures
    moved = replace(cast(Any, cell), atoms=atoms)
    return cast(Layered, replace(moved, spacing=closed_gap(moved, atoms)))
