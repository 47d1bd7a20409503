"""Crystals cut along a lattice plane, ready to be opened there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path
from typing import Protocol

import numpy as np
from ase import Atoms
from ase.formula import Formula

from atomistic.decohesion.plane_lattice import SAME_PLANE, plane_basis
from atomistic.structure_files import read_structure
from coupling.contracts import Evaluation, FloatArray
from coupling.errors import InputError, unknown_choice

_PLANE_TOLERANCE = 1e-3  # Å: atoms closer in height than this lie in one plane


class Openable(Protocol):
    """An interface that can be opened rigidly: what `rigid_path` needs of it."""

    @property
    def atoms(self) -> Atoms:
        """The closed interface."""
        ...

    @property
    def area(self) -> float:
        """Of the interface in the cell, Å²."""
        ...

    @property
    def spacings(self) -> tuple[int, int]:
        """Layer spacings of the upper and of the lower body."""
        ...

    def opened(self, opening: float, slip: tuple[float, float] = (0.0, 0.0)) -> Atoms:
        """The two bodies moved apart rigidly, Å."""
        ...

    def tractions(self, structures: Sequence[Atoms], evaluation: Evaluation) -> FloatArray:
        """(n, 3) tractions of the upper body's faces, eV/Å³."""
        ...


@dataclass(frozen=True)
class CleavageSlab:
    """A periodic crystal, oriented to be opened at the top of its cell.

    Attributes:
        atoms: The closed crystal; cleavage normal along z, the first two cell vectors in the xy
            plane, periodic in all directions.
        area: Area of the cleavage plane in the cell, Å².
        planes: Atomic planes in the cell.
        repeats: Lattice repeats along z in the cell.
        spacing: Distance of the two planes that part, Å.
        axes: (3, 3), rows are the x, y, z axes of `atoms` in the crystal's Cartesian frame.
    """

    atoms: Atoms
    area: float
    planes: int
    repeats: int
    spacing: float
    axes: FloatArray

    @property
    def spacings(self) -> tuple[int, int]:
        """Layer spacings of the upper and of the lower half, the opened one left out."""
        upper = (self.planes - 1) // 2
        return upper, self.planes - 1 - upper

    @property
    def faces(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """The atoms of the lowest and of the highest plane, which face each other across the gap."""
        levels = self.atoms.positions[:, 2]
        return (
            (np.flatnonzero(levels < levels.min() + SAME_PLANE), np.flatnonzero(levels > levels.max() - SAME_PLANE)),
        )

    @property
    def bodies(self) -> tuple[np.ndarray, ...]:
        """Atoms of each rigid body, from the bottom: here all of them."""
        return (np.arange(len(self.atoms)),)

    @property
    def crystals(self) -> "tuple[tuple[int, CleavageSlab], ...]":
        """Lattice repeats in the cell and bulk reference of each crystal."""
        return ((self.repeats, self.repeat_unit()),)

    def repeat_unit(self) -> "CleavageSlab":
        """One lattice repeat of the same crystal in the same axes: its bulk reference."""
        count = len(self.atoms) // self.repeats  # repeats follow each other in the order of the atoms
        atoms, cell = self.atoms[:count], self.atoms.cell.array.copy()
        if self.repeats > 1:
            cell[2] = self.atoms.positions[count] - self.atoms.positions[0]
        atoms.set_cell(_upright(cell), scale_atoms=False)
        return replace(self, atoms=atoms, planes=self.planes // self.repeats, repeats=1)

    def opened(self, opening: float, slip: tuple[float, float] = (0.0, 0.0)) -> Atoms:
        """The slab with the rigid halves moved apart by `opening` and along x, y by `slip`, in Å."""
        atoms = self.atoms.copy()
        cell = atoms.cell.array.copy()
        cell[2] += (*slip, opening)
        atoms.set_cell(cell, scale_atoms=False)
        return atoms

    def tractions(self, structures: Sequence[Atoms], evaluation: Evaluation) -> FloatArray:
        """(n, 3) tractions across the opened plane, eV/Å³; see `boundary_tractions`."""
        return boundary_tractions(structures, evaluation, self.area)


def boundary_tractions(structures: Sequence[Atoms], evaluation: Evaluation, area: float) -> FloatArray:
    """Traction across the cell's top from virial and forces: dE/dc at fixed positions, over the area.

    With M = V σ + Σ F_i ⊗ r_i = Σ_a g_a ⊗ h_a over the cell vectors h_a, the derivative with
    respect to the third one is g_3 = M H⁻¹ e_3. It holds on any path, relaxed or not.

    Args:
        structures: n structures, opened at the top of their cells.
        evaluation: Their energies, forces and stresses.
        area: Area of the interface, Å².

    Returns:
        (n, 3) eV/Å³, Cartesian; z is normal, positive in tension.
    """
    tractions = np.empty((len(structures), 3))
    for k, atoms in enumerate(structures):
        cell = np.asarray(atoms.cell, dtype=float)
        moment = abs(np.linalg.det(cell)) * evaluation.stresses[k] + evaluation.forces[k].T @ atoms.positions
        tractions[k] = (moment @ np.linalg.inv(cell))[:, 2] / area
    return tractions


def cleavage_slab(
    bulk: Atoms,
    miller: tuple[int, int, int],
    planes: int,
    *,
    conventional: FloatArray | None = None,
    x: FloatArray | None = None,
    termination: str | None = None,
) -> CleavageSlab:
    """Cut a bulk crystal along (hkl) and stack whole repeats until there are at least `planes` planes.

    Of the spacings between neighbouring planes the widest one is opened (in diamond (111) the
    shuffle set), or the widest above a plane of the wanted atoms.

    Args:
        bulk: The primitive (or any) cell at its equilibrium.
        miller: Plane indices in the basis `conventional`.
        planes: Atomic planes wanted; rounded up to whole lattice repeats.
        conventional: (3, 3) cell that the indices refer to, Å; by default the cell of `bulk`.
        x: Direction, in the frame of `bulk`, that becomes x; it must lie in the plane. By default
            the shortest lattice vector of the plane.
        termination: Atoms of the plane that ends the lower half, such as "TiO2"; by default any.

    Raises:
        InputError: the indices are all zero, `planes` is under 2, `x` is not in the plane, or no plane has
            these atoms.
    """
    if not any(miller):
        raise InputError("The Miller indices (0, 0, 0) name no plane; give for example (1, 1, 1).")
    if planes < 2:
        raise InputError(f"A slab of {planes} planes has no two halves; ask for 2 or more.")
    conventional = bulk.cell.array if conventional is None else np.asarray(conventional, dtype=float)
    normal = np.linalg.inv(conventional) @ np.asarray(miller, dtype=float)
    normal /= np.linalg.norm(normal)
    vectors = plane_basis(bulk.cell.array, conventional, miller)
    direction = vectors[0] if x is None else np.asarray(x, dtype=float)
    direction = direction / np.linalg.norm(direction)
    if abs(direction @ normal) > 1e-8:
        raise InputError(f"The direction x = {list(x)} does not lie in the plane {tuple(miller)}.")
    axes = np.array([direction, np.cross(normal, direction), normal])
    unit = Atoms(bulk.numbers, bulk.positions @ axes.T, cell=vectors @ axes.T, pbc=True)
    return _stacked(unit, planes, axes, termination)


def conventional_cell(crystal: Atoms) -> FloatArray:
    """(3, 3) cell that Miller indices refer to, Å: the cube along Cartesian axes of cubic crystals, else their own."""
    lattice = crystal.cell.get_bravais_lattice()
    return lattice.a * np.eye(3) if lattice.name in ("CUB", "FCC", "BCC") else crystal.cell.array


def _stacked(unit: Atoms, planes: int, axes: FloatArray, termination: str | None) -> CleavageSlab:
    """Repeat one lattice layer along z, with the widest spacing (above the wanted plane) at the top of the cell."""
    height = unit.cell[2, 2]
    levels = np.mod(unit.positions[:, 2], height)
    levels[height - levels < _PLANE_TOLERANCE] = 0.0
    heights = np.unique(np.round(levels / _PLANE_TOLERANCE)) * _PLANE_TOLERANCE
    spacings = np.diff(np.append(heights, heights[0] + height))
    allowed = _terminated(unit, levels, heights, termination)
    widest = int(np.argmax(allowed & (spacings > spacings[allowed].max() - 2 * _PLANE_TOLERANCE)))
    bottom = heights[(widest + 1) % len(heights)]
    levels = np.mod(levels - bottom + _PLANE_TOLERANCE, height) - _PLANE_TOLERANCE
    unit = unit.copy()
    unit.positions += np.outer((levels - unit.positions[:, 2]) / height, unit.cell[2])
    repeats = -(-planes // len(heights))
    atoms = unit.repeat((1, 1, repeats))
    atoms.set_cell(_upright(atoms.cell.array), scale_atoms=False)
    atoms.positions[:, :2] -= np.floor(atoms.get_scaled_positions(wrap=False)[:, :2]) @ atoms.cell.array[:2, :2]
    area = abs(np.linalg.det(atoms.cell.array[:2, :2]))
    return CleavageSlab(atoms, area, repeats * len(heights), repeats, float(spacings[widest]), axes)


def _terminated(unit: Atoms, levels: FloatArray, heights: FloatArray, termination: str | None) -> np.ndarray:
    """(planes,) whether a plane has the wanted atoms."""
    if termination is None:
        return np.ones(len(heights), dtype=bool)
    found = [_composition(unit[np.abs(levels - h) < 2 * _PLANE_TOLERANCE].get_chemical_symbols()) for h in heights]
    try:
        wanted = _composition([symbol for symbol, n in Formula(termination).count().items() for _ in range(n)])
    except ValueError:
        wanted = {}
    if wanted not in found:
        raise unknown_choice(
            "termination", termination, {"".join(f"{s}{n}" for s, n in f.items()).replace("1", "") for f in found}
        )
    return np.array([f == wanted for f in found])


def _composition(symbols: Sequence[str]) -> dict[str, int]:
    """How many of each element, divided by their greatest common divisor."""
    counts = {symbol: list(symbols).count(symbol) for symbol in sorted(set(symbols))}
    divisor = gcd(*counts.values()) if counts else 1
    return {symbol: count // divisor for symbol, count in counts.items()}


def read_crystal(path: str | Path) -> Atoms:
    """A crystal from any file that ASE reads.

    Raises:
        InputError: the file cannot be read, holds no cell that is periodic in three directions, or says something that
            is not used.
    """
    found = read_structure(path)
    atoms, name = found.atoms, Path(path).name
    if not atoms.pbc.all() or abs(np.linalg.det(atoms.cell.array)) < 1e-6:
        raise InputError(f"{name} holds no crystal with a cell, periodic in three directions.")
    if found.charge or (found.charges is not None and np.any(found.charges)):
        raise InputError(f"{name} gives charges, and the atoms of a crystal have none here; take them out of the file.")
    if found.isotopes:
        raise InputError(
            f"{name} gives masses other than those of the elements, and crystals vibrate with these; take them out."
        )
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)


def _upright(cell: FloatArray) -> FloatArray:
    """The same lattice with the in-plane part of the third vector made as short as it can be."""
    cell = cell.copy()
    shift = np.round(np.linalg.solve(cell[:2, :2].T, cell[2, :2]))
    cell[2, :2] -= shift @ cell[:2, :2]
    return cell
