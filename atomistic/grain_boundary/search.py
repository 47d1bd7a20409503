"""The structures of a grain boundary: every shift and every number of atoms relaxed in one batch, duplicates left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.decohesion.bicrystal import Bicrystal
from atomistic.decohesion.layered import closed_gap
from atomistic.grain_boundary.stacking import Stacking, Variant, thickened
from atomistic.potentials.neighbours import IntArray
from atomistic.relax import Constraints, relax
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import NotConverged
from coupling.units import EV_A2

_OPENINGS = (-0.15, 0.1, 0.35, 0.7, 1.2)  # Å beyond the mean layer spacing, tried without relaxation
_ALIKE = 1e-6  # eV/Å²: rigid energies of starts that are images of each other
_SAME_ENERGY, _SAME_VOLUME = 1e-3, 5e-3  # J/m² and Å: relaxed boundaries that are one
_FORCE, _STRESS, _STEPS = 0.01, 2e7, 400  # eV/Å, Pa, evaluations of a candidate
_STIRRED = 0.4  # Å: by which atoms in the middle of a grain may move against each other
_TIGHT_FORCE, _TIGHT_STRESS, _TIGHT_STEPS = 1e-4, 1e5, 4000
_CELL = Constraints(cell="vector")


@dataclass(frozen=True)
class BulkReference:
    """What one lattice repeat of a grain has under no traction, its in-plane cell as in the boundary's.

    Attributes:
        energy: eV.
        height: Å.
    """

    energy: float
    height: float


@dataclass(frozen=True)
class BoundaryCandidate:
    """A relaxed boundary.

    Attributes:
        energy: γ, J/m².
        excess_volume: Per area, Å.
        variant: What it was relaxed from.
        cell: The periodic cell with two of it, in equilibrium.
        force: What the relaxation left, eV/Å.
    """

    energy: float
    excess_volume: float
    variant: Variant
    cell: Bicrystal
    force: float


def references(potential: Potential, stacking: Stacking) -> tuple[BulkReference, BulkReference]:
    """The bulk of the lower and of the upper grain."""
    units = [unit.atoms for _, unit in stacking.interface.crystals]
    found = relax(potential, units, _CELL, force=1e-5, stress=1e4, steps=_TIGHT_STEPS)
    made = [BulkReference(e, float(a.cell[2, 2])) for e, a in zip(found.energies, found.structures, strict=True)]
    return made[0], made[1]


def candidates(
    potential: Potential, stacking: Stacking, *, step: float = 0.7, overlap: float = 0.8, most: int = 200,
    progress: Progress = silent,
) -> list[BoundaryCandidate]:  # fmt: skip
    """The different boundaries to which the variants relax, by rising energy.

    Every variant is tried at several openings without relaxation; of those whose energies are equal, which are images of each
    other, one is relaxed, and of more than `most` those of least energy.

    Args:
        potential: The interatomic potential.
        stacking: The grains.
        step: Largest distance of the shifts, Å.
        overlap: Shortest bonds below which atoms of the two grains are too close.
        most: How many are relaxed.
        progress: Told after each step.

    Raises:
        NotConverged: none relaxed.
    """
    starts = _starts(potential, stacking, stacking.variants(step, overlap))[:most]
    cells = [stacking.cell(variant) for variant in starts]
    constraints = [replace(_CELL, inverted=one.inverted) for one in cells]
    limits: dict[str, Any] = {"force": _FORCE, "stress": _STRESS, "steps": _STEPS, "all_must": False}
    found = relax(potential, [one.cell.atoms for one in cells], constraints, **limits, progress=progress)
    still = [_keeps_its_grains(one.cell, atoms) for one, atoms in zip(cells, found.structures, strict=True)]
    there = np.flatnonzero((found.forces < _FORCE) & (found.stresses < _STRESS) & np.array(still))
    if not len(there):
        raise NotConverged(
            f"None of {len(cells)} boundaries relaxed in {_STEPS} steps between grains that stayed what they are; take thicker "
            "grains, and check the potential on its bulk."
        )
    bulk = references(potential, stacking)
    made = [_candidate(starts[k], cells[k].cell, found.structures[k], found.forces[k], bulk) for k in there]
    return distinct(made)


def sharpened(
    potential: Potential, stacking: Stacking, found: Sequence[BoundaryCandidate], repeats: tuple[int, int] = (0, 0), *,
    progress: Progress = silent,
) -> list[BoundaryCandidate]:  # fmt: skip
    """The same boundaries relaxed further, by rising energy, with more lattice repeats in the lower and in the upper grain.

    Raises:
        NotConverged: one did not relax.
    """
    cells = [thickened(one.cell, repeats) if any(repeats) else one.cell for one in found]
    relaxed = relax(
        potential, [cell.atoms for cell in cells], _CELL, force=_TIGHT_FORCE, stress=_TIGHT_STRESS, steps=_TIGHT_STEPS,
        progress=progress,
    )  # fmt: skip
    bulk = references(potential, stacking)
    return distinct([
        _candidate(one.variant, cell, atoms, force, bulk)
        for one, cell, atoms, force in zip(found, cells, relaxed.structures, relaxed.forces, strict=True)
    ])  # fmt: skip


def distinct(made: Sequence[BoundaryCandidate]) -> list[BoundaryCandidate]:
    """One of each, by rising energy: those of equal energy and excess volume are one."""
    kept: list[BoundaryCandidate] = []
    for one in sorted(made, key=lambda c: c.energy):
        if not any(
            abs(one.energy - other.energy) < _SAME_ENERGY
            and abs(one.excess_volume - other.excess_volume) < _SAME_VOLUME
            for other in kept
        ):
            kept.append(one)
    return kept


def _starts(potential: Potential, stacking: Stacking, variants: Sequence[Variant]) -> list[Variant]:
    """The variants at the opening of least rigid energy, images of each other once, by rising energy beyond the bulk's."""
    opened = [variant._replace(opening=opening) for variant in variants for opening in _OPENINGS]
    cells = [stacking.cell(variant).cell.atoms for variant in opened]
    units = [unit.atoms for _, unit in stacking.interface.crystals]
    energies = potential.evaluate([*cells, *units]).energies
    each = energies[-1] / len(units[-1])
    excess = (energies[: len(cells)] - each * np.array([len(atoms) for atoms in cells])) / (2 * stacking.interface.area)
    excess = excess.reshape(len(variants), len(_OPENINGS))
    best = [int(k) for k in np.argmin(excess, axis=1)]
    order = np.argsort(excess.min(axis=1), kind="stable")
    kept: list[int] = []
    for k in order:
        same = (j for j in reversed(kept) if variants[j].removed == variants[k].removed)
        before = next(same, None)
        if before is None or np.abs(excess[before] - excess[k]).max() > _ALIKE * max(1.0, np.abs(excess[k]).max()):
            kept.append(int(k))
    return [opened[k * len(_OPENINGS) + best[k]] for k in kept]


def _keeps_its_grains(cell: Bicrystal, relaxed: Atoms) -> bool:
    """Whether the middle of each grain has stayed its own lattice: two boundaries that are too near may take each other up."""
    moved = relaxed.positions - cell.atoms.positions
    for body, (_, unit) in zip(cell.bodies, cell.crystals, strict=True):
        heights = cell.atoms.positions[body, 2]
        middle = body[_middle(heights, len(unit.atoms))]
        if np.linalg.norm(moved[middle] - moved[middle].mean(axis=0), axis=1).max() > _STIRRED:
            return False
    return True


def _middle(heights: FloatArray, count: int) -> IntArray:
    """(count,) The places nearest to the middle of (n,) heights, Å; of those equally far, the first, whatever rounding says."""
    away = np.abs(heights - 0.5 * (heights.min() + heights.max()))
    return np.argsort(away.round(6), kind="stable")[:count]


def _candidate(
    variant: Variant, cell: Bicrystal, relaxed: Atoms, force: float, bulk: Sequence[BulkReference]
) -> BoundaryCandidate:
    counts = np.array([count for count, _ in cell.crystals])
    results = relaxed.calc.results
    energy = results["energy"] - counts @ [one.energy for one in bulk]
    volume = float(relaxed.cell[2, 2] - counts @ [one.height for one in bulk])
    settled = replace(cell, atoms=relaxed, spacing=closed_gap(cell, relaxed))
    return BoundaryCandidate(float(energy / (2 * cell.area) * EV_A2), volume / 2, variant, settled, float(force))
