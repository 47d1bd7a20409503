"""The kinds of paths: each function makes the structures of one path, ideal or varied by chance."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from atomistic.decohesion.slab import CleavageSlab
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.properties.elastic import strained
from coupling.contracts import FloatArray, Potential

FARTHEST = 6.0
"""Å: the last opening."""
SOFTNESS = 1 / 25
"""Å²/eV: step of the beginning relaxation."""
EASING = 8
"""Steps of it."""
_HIGHEST = (
    60.0  # eV per atom above the crystal: an embedding function far beyond its fit gives 10⁵, which drowns all else
)


@dataclass(frozen=True)
class Cut:
    """A plane of a crystal.

    Attributes:
        name: "Ni (1 1 1)".
        slab: The closed crystal, to be opened and slid.
        amplitude: Thermal displacement of a coordinate, Å.
    """

    name: str
    slab: CleavageSlab
    amplitude: float


@dataclass(frozen=True)
class Solid:
    """A crystal at its equilibrium.

    Attributes:
        name: "Ni fcc".
        cell: Its primitive cell.
        nearest: Distance of nearest neighbours, Å.
        amplitude: Thermal displacement of a coordinate, Å.
        cuts: Its planes; the first `opened` of them are opened and slid.
        opened: How many.
    """

    name: str
    cell: Atoms
    nearest: float
    amplitude: float
    cuts: tuple[Cut, ...]
    opened: int


def strain(solid: Solid, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """The bulk from compression to tension along one strain; the ideal one changes the volume."""
    direction = np.array([1.0, 1, 1, 0, 0, 0]) if ideal else rng.normal(size=6) * [1, 1, 1, 1.5, 1.5, 1.5]
    largest = 0.12 if ideal else rng.choice([0.03, 0.08, 0.12])
    direction = direction / np.abs(direction).max()
    return [strained(solid.cell, largest * x * direction) for x in spread(-1, 1, frames, rng)]


def rattle(solid: Solid, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """One pattern of displacements in a strained cell, growing with the root of the temperature."""
    return _rattled(_supercell(solid, ideal), solid.amplitude, frames, rng, 0.0 if ideal else 0.02)


def vacancy(solid: Solid, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """The same in a cell that lacks an atom."""
    atoms = _supercell(solid, ideal)
    del atoms[0]
    return _rattled(atoms, solid.amplitude, frames, rng, 0.0 if ideal else 0.02)


def repulsion(potential: Potential, solid: Solid, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """Structures in which atoms repel each other: pairs, compressed crystals, an atom pushed onto its neighbour."""
    made = []
    for first, second in product(sorted(set(solid.cell.numbers.tolist())), repeat=2):
        bond = covalent_radii[first] + covalent_radii[second]
        for d in bond * spread(0.38, 0.8, 2 * frames, rng):
            made.append(Atoms([first, second], [[0, 0, 0], [0, 0, d]]))
        for d in bond * spread(0.8, 2.0, frames, rng):
            made.append(Atoms([first, second], [[0, 0, 0], [0, 0, d]]))
    for ratio in spread(0.75, 0.9, frames, rng):
        atoms = solid.cell.copy()
        atoms.set_cell(ratio * atoms.cell.array, scale_atoms=True)
        made.append(atoms)
    for ratio in spread(0.2, 0.5, frames, rng):
        atoms = _supercell(solid, True)
        i, _j, vectors = neighbour_pairs(atoms, 1.1 * solid.nearest)
        bond = rng.choice(np.flatnonzero(i == 0))
        atoms.positions[0] += ratio * vectors[bond]
        made.append(atoms)
    crystal, *energies = potential.evaluate([solid.cell, *made]).energies
    highest = crystal / len(solid.cell) + _HIGHEST
    return [atoms for atoms, energy in zip(made, energies, strict=True) if energy < highest * len(atoms)]


def opening(cut: Cut, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """Rigid halves moved apart; the ideal path has twice the frames."""
    if ideal:
        return [cut.slab.opened(d) for d in [0.0, *_openings(2 * frames, rng), FARTHEST]]
    base = _varied(cut, rng)
    slip = tuple(rng.normal(scale=0.05, size=2))
    return [apart(base, d, slip) for d in _openings(frames, rng)]


def relaxed_opening(potential: Potential, cut: Cut, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """Openings whose atoms follow their forces for a few steps; the slab is stretched first."""
    stretched = cut.slab.atoms if ideal else _stretched(cut.slab.atoms, rng.uniform(-0.01, 0.05))
    structures = [apart(stretched, d, (0.0, 0.0)) for d in _openings(frames, rng)]
    ease(potential, structures, EASING)
    return structures


def slip(cut: Cut, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """The upper half slid through the fault position (ideal), or across the period at some gap."""
    lattice, fault_at = cut.slab.atoms.cell.array[:2, :2], offset(cut.slab)
    if ideal:
        return [cut.slab.opened(g, tuple(x * fault_at)) for x in spread(0, 1, frames, rng) for g in (0.0, 0.12)]
    start, end = (rng.uniform(-0.5, 0.5, size=2) @ lattice for _ in range(2))
    gap = float(rng.choice([rng.uniform(-0.05, 0.4), rng.uniform(0.0, 1.5)], p=[0.7, 0.3]))
    base = _varied(cut, rng) if rng.random() < 0.5 else cut.slab.atoms
    return [apart(base, gap, tuple(start + x * (end - start))) for x in spread(0, 1, frames, rng)]


def fault(cut: Cut, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """Planes stacked at random (ideal: hcp from fcc), reached by sliding them there."""
    slab, made = cut.slab, []
    levels = np.unique(np.round(slab.atoms.positions[:, 2], 2))
    shifts = np.arange(len(levels)) % 2 if ideal else rng.integers(0, 2, size=len(levels))
    looser = np.cumsum(rng.uniform(0.0, 0.04, size=len(levels)) * (shifts > 0))
    total = np.cumsum(shifts)[:, None] * offset(slab)
    plane = np.searchsorted(levels, np.round(slab.atoms.positions[:, 2], 2))
    pattern = cut.amplitude * rng.normal(size=slab.atoms.positions.shape) * (0.0 if ideal else rng.uniform(0, 0.7))
    for x in spread(0, 1, frames, rng) ** 0.5:
        atoms = slab.opened(x * looser[-1], tuple(x * total[-1]))
        atoms.positions[:, :2] += x * total[plane]
        atoms.positions[:, 2] += x * looser[plane]
        atoms.positions += pattern
        made.append(atoms)
    return made


def surface(cut: Cut, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """Two free surfaces; the outer planes move in or out, then all atoms are rattled."""
    base = apart(cut.slab.atoms if ideal else strained_in_plane(cut.slab.atoms, rng), FARTHEST, (0.0, 0.0))
    heights = base.positions[:, 2]
    outer = (heights > heights.max() - 0.1).astype(float) - (heights < heights.min() + 0.1)
    made = []
    for x in spread(-1, 1, frames, rng):
        atoms = base.copy()
        atoms.positions[:, 2] += 0.25 * x * outer
        if not ideal:
            atoms.positions += abs(x) * cut.amplitude * rng.normal(size=atoms.positions.shape)
        made.append(atoms)
    return made


def offset(slab: CleavageSlab) -> FloatArray:
    """(2,) In-plane slip that makes a fault, Å: the offset of neighbouring planes, the shortest of its images.

    Where planes alternate (ABAB) a slip by the whole offset puts atoms on top of each other; there it
    is half of it.
    """
    positions, lattice = slab.atoms.positions, slab.atoms.cell.array[:2, :2]
    for atom in np.argsort(positions[:, 2], kind="stable"):
        step = shortest(positions[atom, :2] - positions[np.argmin(positions[:, 2]), :2], lattice)
        if np.linalg.norm(step) > 0.1:
            return step if np.linalg.norm(shortest(2 * step, lattice)) > 0.1 else step / 2
    return lattice[0] / 2


def shortest(vector: FloatArray, lattice: FloatArray) -> FloatArray:
    """The shortest lattice image of an in-plane vector."""
    images = vector - np.round(vector @ np.linalg.inv(lattice)) @ lattice
    return min((images + np.array(k) @ lattice for k in product(range(-1, 2), repeat=2)), key=np.linalg.norm)


def _supercell(solid: Solid, compact: bool) -> Atoms:
    """Eight to a dozen atoms."""
    return solid.cell * ((2, 2, 2) if compact or len(solid.cell) > 1 else (2, 2, 3))


def _rattled(atoms: Atoms, amplitude: float, frames: int, rng: np.random.Generator, strain: float) -> list[Atoms]:
    atoms = strained(atoms, rng.normal(scale=strain, size=6) if strain else np.zeros(6))
    pattern, made = rng.normal(size=atoms.positions.shape), []
    for x in spread(0.2, 2.0, frames, rng):
        moved = atoms.copy()
        moved.positions += np.sqrt(x) * amplitude * pattern
        made.append(moved)
    return made


def _varied(cut: Cut, rng: np.random.Generator) -> Atoms:
    """The slab strained in its plane, stretched and rattled."""
    atoms = _stretched(strained_in_plane(cut.slab.atoms, rng), rng.uniform(-0.02, 0.05))
    atoms.positions += rng.uniform(0.2, 1.2) * cut.amplitude * rng.normal(size=atoms.positions.shape)
    return atoms


def strained_in_plane(atoms: Atoms, rng: np.random.Generator) -> Atoms:
    """The structure under a small random strain of its plane (1.5 % standard deviation), its height kept."""
    xx, yy, xy = rng.normal(scale=0.015, size=3)
    return strained(atoms, np.array([xx, yy, 0, 0, 0, xy]))


def ease(potential: Potential, structures: list[Atoms], steps: int) -> None:
    """Move atoms along their forces."""
    for _ in range(steps):
        for atoms, force in zip(structures, potential.evaluate(structures).forces, strict=True):
            atoms.positions += np.clip(force * SOFTNESS, -0.1, 0.1)


def _stretched(atoms: Atoms, strain: float) -> Atoms:
    return strained(atoms, np.array([0, 0, strain, 0, 0, 0]))


def apart(atoms: Atoms, opening: float, slip: tuple[float, float]) -> Atoms:
    """The cell's third vector lengthened and tilted, the atoms left where they are."""
    moved = atoms.copy()
    cell = moved.cell.array.copy()
    cell[2] += (*slip, opening)
    moved.set_cell(cell, scale_atoms=False)
    return moved


def _openings(frames: int, rng: np.random.Generator) -> FloatArray:
    """From slight compression to full separation, dense where the traction peaks."""
    return FARTHEST * spread(0, 1, frames, rng) ** 1.7 - 0.3


def spread(low: float, high: float, count: int, rng: np.random.Generator) -> FloatArray:
    """(count,) one by chance from each of equal parts, rising: no spacing is that of another path."""
    return low + (high - low) * (np.arange(count) + rng.uniform(size=count)) / count
