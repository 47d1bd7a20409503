"""Where a grain boundary parts: which of its atoms go with which grain at the least work."""

from dataclasses import replace

import numpy as np
from ase import Atoms

from atomistic.decohesion.bicrystal import Bicrystal
from atomistic.decohesion.layered import closed_gap
from atomistic.frames import with_results
from atomistic.grain_boundary.stacking import Stacking, face_atoms
from atomistic.relax import relax
from coupling.contracts import Potential, Progress, silent

_DEPTH = 1.2  # shortest bonds beside the middle of the boundary within which it may part
_LEVEL = 0.05  # Å: atoms whose heights differ by less stay together
_APART = 12.0  # Å, or the potential's cutoff where that is more
_FORCE, _STEPS = 0.02, 300
_GAIN = 2e-3  # eV/Å²: works that differ by less are one


def parted_at_least_work(
    potential: Potential, stacking: Stacking, cell: Bicrystal, *, progress: Progress = silent
) -> Bicrystal:
    """The cell with each atom assigned to a grain so that separating the grains takes the least work.

    The boundary may part between any two heights near its middle, at both boundaries alike, or between the atoms that were
    one grain's from the beginning. Each is opened wide and relaxed. Of those of the least energy, which are several where a few
    layers of one grain turn into the other, the one is kept that has the least before it relaxes.

    Args:
        potential: The interatomic potential.
        stacking: Its grains.
        cell: In equilibrium, its atoms with their results.
        progress: Told after each step.
    """
    bond = stacking.bond
    ways = [cell, *(_dealt(stacking, cell, moved) for moved in _moves(cell, bond))]
    apart = max(_APART, potential.cutoff) if np.isfinite(potential.cutoff) else _APART
    opened = [way.opened(apart) for way in ways]
    rigid = potential.evaluate(opened).energies
    relaxed = relax(potential, opened, force=_FORCE, steps=_STEPS, all_must=False, progress=progress).energies
    least = np.flatnonzero(relaxed < relaxed.min() + _GAIN * cell.area)
    return ways[int(least[np.argmin(rigid[least])])]


def _moves(cell: Bicrystal, bond: float) -> list[int]:
    """How many atoms may go over to the upper grain (to the lower one where negative), ordered by height."""
    heights = [cell.atoms.positions[body, 2] for body in cell.bodies]
    middle = 0.5 * (heights[0].max() + heights[1].min())
    near = np.sort(np.concatenate(heights))
    near = near[np.abs(near - middle) < _DEPTH * bond]
    ends = np.flatnonzero(np.diff(near) > _LEVEL)
    levels = 0.5 * (near[ends] + near[ends + 1])
    own = len(heights[0])
    return [own - int(np.sum(np.concatenate(heights) < level)) for level in levels]


def divided(stacking: Stacking, atoms: Atoms, lower: np.ndarray) -> Bicrystal:
    """The periodic cell of known atoms.

    Args:
        stacking: Their grains, of any thickness.
        atoms: In equilibrium.
        lower: (N,) True for atoms of the lower grain.
    """
    bodies = np.flatnonzero(lower), np.flatnonzero(~lower)
    crystals = [
        (len(body) / len(unit.atoms), unit) for body, (_, unit) in zip(bodies, stacking.interface.crystals, strict=True)
    ]
    faces = face_atoms(atoms, bodies[0], stacking.bond), face_atoms(atoms, bodies[1], stacking.bond)
    made = Bicrystal(atoms, stacking.interface.area, 0.0, bodies, faces, (crystals[0], crystals[1]))
    return replace(made, spacing=closed_gap(made, atoms))


def _dealt(stacking: Stacking, cell: Bicrystal, moved: int) -> Bicrystal:
    """The grains divided by height, at both boundaries alike: inversion takes the one onto the other."""
    atoms, size = cell.atoms.copy(), len(cell.atoms)
    order, count, wrapped = np.argsort(atoms.positions[:, 2], kind="stable"), len(cell.bodies[0]), abs(moved)
    lower = np.zeros(size, dtype=bool)
    if moved > 0:  # the lowest of the lower grain go over through the top of the cell
        atoms.positions[order[:wrapped]] += atoms.cell.array[2]
        lower[order[wrapped : count - wrapped]] = True
    else:
        atoms.positions[order[size - wrapped :]] -= atoms.cell.array[2]
        lower[order[: count + wrapped]] = lower[order[size - wrapped :]] = True
    known = cell.atoms.calc.results
    return divided(stacking, with_results(atoms, known["energy"], known["forces"]), lower)
