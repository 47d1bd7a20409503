"""A grain boundary in its structure of least energy, thick enough, ready to be pulled apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from atomistic.decohesion.bicrystal import Bicrystal
from atomistic.decohesion.hetero import HeteroInterface
from atomistic.grain_boundary.parting import parted_at_least_work
from atomistic.grain_boundary.search import BoundaryCandidate, candidates, sharpened
from atomistic.grain_boundary.stacking import Stacking
from coupling.contracts import Potential, Progress, silent

_GROWTH = 0.5  # of a grain's repeats, added at a time
_WINDOW = 0.1  # of the least energy: candidates that a thicker cell may reorder
_FOLLOWED = 6  # most of them
_THICKEST = 4.0  # times the thickness that was asked for
_VACUUM = 15.0  # Å outside of a single boundary


@dataclass(frozen=True)
class GrainBoundary:
    """The boundary of least energy that was found.

    Attributes:
        stacking: Its grains.
        energy: γ, J/m².
        excess_volume: Per area, Å.
        cell: The periodic cell with two equal boundaries, in equilibrium.
        removed: Atoms taken out of the upper grain at each boundary.
        energy_error: By how much the energy moved with half more layers, J/m².
        candidates: All boundaries found, this one first, in the cells in which they were searched.
    """

    stacking: Stacking
    energy: float
    excess_volume: float
    cell: Bicrystal
    removed: int
    energy_error: float
    candidates: tuple[BoundaryCandidate, ...]

    @property
    def interface(self) -> HeteroInterface:
        """The boundary alone, the grains ending in vacuum: for rigid paths."""
        return single_boundary(self.stacking, self.cell)


def grain_boundary(
    potential: Potential,
    stacking: Stacking,
    *,
    step: float = 0.7,
    overlap: float = 0.8,
    most: int = 200,
    tolerance: float = 2e-3,
    progress: Progress = silent,
) -> GrainBoundary:
    """Search the boundary's structure, and thicken its grains until its energy no longer changes.

    Args:
        potential: The interatomic potential.
        stacking: The grains.
        step: Largest distance of the shifts that are tried, Å.
        overlap: Shortest bonds below which atoms of the two grains are too close to stay.
        most: How many structures are relaxed.
        tolerance: By how much half more layers may move the energy, J/m².
        progress: Told after each step.

    Raises:
        NotConverged: no structure relaxed.
    """
    found = candidates(potential, stacking, step=step, overlap=overlap, most=most, progress=progress)
    near = found[0].energy + max(_WINDOW * abs(found[0].energy), tolerance)
    followed = sharpened(
        potential, stacking, [one for one in found if one.energy <= near][:_FOLLOWED], progress=progress
    )
    counts = [count for count, _ in followed[0].cell.crystals]
    while True:
        own = [count for count, _ in followed[0].cell.crystals]
        thicker = sharpened(
            potential, stacking, followed, (ceil(_GROWTH * own[0]), ceil(_GROWTH * own[1])), progress=progress
        )
        moved = abs(thicker[0].energy - followed[0].energy)
        followed = thicker
        if moved <= tolerance or own[0] > _THICKEST / (1 + _GROWTH) * counts[0]:
            break
    best = followed[0]
    cell = parted_at_least_work(potential, stacking, best.cell, progress=progress)
    return GrainBoundary(
        stacking, best.energy, best.excess_volume, cell, best.variant.removed, moved, _best_first(best, found)
    )


def single_boundary(stacking: Stacking, cell: Bicrystal) -> HeteroInterface:
    """The lower boundary of a periodic cell, without the one through the cell's top."""
    upper = np.zeros(len(cell.atoms), dtype=bool)
    upper[cell.bodies[1]] = True
    atoms, vectors = cell.atoms.copy(), cell.atoms.cell.array.copy()
    vectors[2] = (0.0, 0.0, np.ptp(atoms.positions[:, 2]) + _VACUUM)
    atoms.set_cell(vectors, scale_atoms=False)
    spacings = [max(1, round(count * unit.planes) - 1) for count, unit in cell.crystals]
    return replace(
        stacking.interface, atoms=atoms, upper=upper, gap=cell.spacing, layer_spacings=(spacings[1], spacings[0]),
        shifts=vectors[:2], crystals=cell.crystals,
    )  # fmt: skip


def _best_first(best: BoundaryCandidate, found: Sequence[BoundaryCandidate]) -> tuple[BoundaryCandidate, ...]:
    same = [one for one in found if one.variant == best.variant]
    return (*same, *(one for one in found if one.variant != best.variant))
