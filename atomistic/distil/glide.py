"""Paths for the study of dislocations: γ-lines with a relaxed gap, and dislocation cores."""

import numpy as np
from ase import Atoms
from ase.build import make_supercell

from atomistic.decohesion.slab import boundary_tractions
from atomistic.distil.families import EASING, SOFTNESS, Cut, apart, ease, offset, shortest, spread, strained_in_plane
from atomistic.properties.elastic import strained
from coupling.contracts import FloatArray, Potential

_DIPOLE = 22.0  # Å: from one dipole to its image
_SPLITTING = 9.0  # Å: widest distance of two partial dislocations
_BEYOND = 1.3  # of the slip to the fault: how far the ideal γ-line goes


def relaxed_slip(potential: Potential, cut: Cut, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """The γ-line through the fault, or any line; gap and heights of the atoms follow the teacher's forces."""
    lattice, slab = cut.slab.atoms.cell.array[:2, :2], cut.slab.atoms
    start, end = np.zeros(2), _BEYOND * offset(cut.slab)
    if not ideal:
        slab = strained_in_plane(slab, rng)
        if rng.random() < 0.5:
            start, end = rng.uniform(-0.5, 0.5, size=(2, 2)) @ lattice
    structures = [apart(slab, 0.0, tuple(start + x * (end - start))) for x in spread(0, 1, frames, rng)]
    area = abs(np.linalg.det(slab.cell.array[:2, :2]))
    for _ in range(2 * EASING):
        found = potential.evaluate(structures)
        pulls = area * boundary_tractions(structures, found, area)[:, 2]
        for k, atoms in enumerate(structures):
            atoms.positions[:, 2] += np.clip(found.forces[k][:, 2] * SOFTNESS, -0.1, 0.1)
            structures[k] = apart(atoms, float(np.clip(-pulls[k] * SOFTNESS, -0.1, 0.1)), (0.0, 0.0))
    return structures if ideal else _warmed(structures, cut.amplitude, rng)


def core(potential: Potential, cut: Cut, frames: int, rng: np.random.Generator, ideal: bool) -> list[Atoms]:
    """Dipoles of dislocations on two planes of a slab twice as thick; the atoms follow the teacher's forces.

    Where the slip between two halves varies along the plane from nothing to a lattice vector and back, by
    way of the fault, are two dislocations; the other plane has their opposites. Along a path the partial dislocations
    separate; their character, line and width are random.
    """
    plane, height = cut.slab.atoms.cell.array[:2, :2], cut.slab.atoms.cell[2, 2]
    diagonals = np.array([plane[0] + plane[1], plane[1] - plane[0]])
    burgers = plane[0] if ideal else np.vstack([plane, min(diagonals, key=np.linalg.norm)])[rng.integers(3)]
    line = np.array([0 if ideal else rng.integers(-1, 2), 1])
    spacing = abs(np.linalg.det(plane)) / np.linalg.norm(line @ plane)
    repeats = int(np.ceil(_DIPOLE / spacing))
    slab = make_supercell(cut.slab.atoms, [[repeats, 0, 0], [*line, 0], [0, 0, 2]])
    side = np.where(slab.positions[:, 2] > height - 0.1, 0.5, -0.5)
    across = slab.positions[:, :2] @ np.linalg.inv([repeats * plane[0], line @ plane])[:, 0]
    across = np.mod(across, 1.0) * repeats * spacing
    middle = burgers / 2 - shortest(burgers / 2 - offset(cut.slab), plane)
    structures = []
    for x in spread(0, 1, frames, rng):
        atoms = slab.copy()
        slips = _dipole(across, repeats * spacing, x * _SPLITTING, rng.uniform(0.8, 3.0), middle, burgers)
        atoms.positions[:, :2] += side[:, None] * slips
        structures.append(atoms if ideal else strained(atoms, rng.normal(scale=0.008, size=6)))
    ease(potential, structures, 3 * EASING)
    return structures if ideal else _warmed(structures, cut.amplitude, rng)


def _dipole(
    across: FloatArray, period: float, splitting: float, width: float, middle: FloatArray, burgers: FloatArray
) -> FloatArray:
    """(N, 2) slip at places `across` the lines: none, `middle`, `burgers`, `middle`, none, Å."""

    def passed(place: float) -> FloatArray:
        return 0.5 * (1 + np.tanh((across - place) / width))

    first, second, half = period / 4, 3 * period / 4, splitting / 2
    outer = passed(first - half) - passed(second + half)
    inner = passed(first + half) - passed(second - half)
    return np.outer(outer, middle) + np.outer(inner, burgers - middle)


def _warmed(structures: list[Atoms], amplitude: float, rng: np.random.Generator) -> list[Atoms]:
    """One pattern of thermal displacements added to all of them."""
    pattern = rng.uniform(0, 1) * amplitude * rng.normal(size=structures[0].positions.shape)
    for atoms in structures:
        atoms.positions += pattern
    return structures
