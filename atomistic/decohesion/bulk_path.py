"""The bulk of a crystal under traction vectors: references that are taken away from a slab."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.decohesion.equilibrium import require, solve
from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import NORMAL_FIRST, NORMAL_LAST, Series
from atomistic.decohesion.layered import bond_model, bulk_step, facing, rising, with_third_vector
from atomistic.decohesion.slab import CleavageSlab, boundary_tractions
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.interface.excess import BulkBranch

_SHARP = 1e-8  # eV/Å³: error of a bulk's traction that no slab multiplies to anything
_PATIENCE = 20  # sweeps without advance, after which a bulk is left as it is


def vectors_of(values: FloatArray) -> FloatArray:
    """(n, 3) normal, tangential 1, 2 of normal values (n,), or of vectors as they are."""
    return np.column_stack([values, np.zeros((len(values), 2))]) if values.ndim == 1 else values


def components(values: FloatArray) -> tuple[Any, ...]:
    """Which part of vectors (n, 3) is recorded: the normal components where normal values were imposed, or all."""
    return (slice(None), 0) if values.ndim == 1 else (slice(None),)


def bulk_record(
    unit: CleavageSlab, repeats: Sequence[Atoms], traction: FloatArray, energy: FloatArray, part: Any
) -> BulkBranch:
    """Record of a crystal's repeats at tractions (n,) or (n, 3), eV/Å³, with energies (n,), eV; `part` as of `components`."""
    vectors = np.array([atoms.cell.array[2, NORMAL_FIRST] for atoms in repeats])
    spacings = np.array([facing(unit, atoms)[-1, NORMAL_FIRST] for atoms in repeats])
    return BulkBranch(traction, vectors[part], energy, spacings[part])


def bulk_branch(
    potential: Potential,
    unit: CleavageSlab,
    tractions: FloatArray,
    *,
    tolerance: float = 5e-6,
    progress: Progress = silent,
) -> BulkBranch:
    """A bulk crystal under traction, in-plane cell as in the slab, its third cell vector free.

    Args:
        potential: The interatomic potential.
        unit: The crystal; one repeat of it is evaluated.
        tractions: (n,) normal ones, no shear; or (n, 3) normal, tangential 1, 2; eV/Å³.
        tolerance: Largest error of the traction, eV/Å³, and of the forces over the area.
        progress: Told after each sweep.

    Raises:
        NotConverged: a traction is beyond the crystal's strength, or an equilibrium was not found.
    """
    unit, tractions = unit.repeat_unit(), np.asarray(tractions, dtype=float)
    structures = bulk_structures(potential, unit, tractions, tolerance=tolerance, progress=progress)
    energies = potential.evaluate(structures).energies
    return bulk_record(unit, structures, tractions, energies, components(tractions))


def bulk_structures(
    potential: Potential,
    unit: CleavageSlab,
    tractions: FloatArray,
    *,
    tolerance: float = 5e-6,
    progress: Progress = silent,
) -> list[Atoms]:
    """The structures of `bulk_branch`, one lattice repeat a traction."""
    vectors = vectors_of(np.asarray(tractions, dtype=float))
    strain = np.interp(vectors[:, 0], *rising(potential, unit)[::-1])
    closed, third = unit.atoms.positions, unit.atoms.cell.array[2]
    guesses = [np.append((closed * [1.0, 1.0, 1.0 + e]).ravel(), third * [1.0, 1.0, 1.0 + e]) for e in strain]
    solved, errors = _bulk_unknowns(potential, unit, vectors, tolerance, guesses, progress)
    require(errors, tolerance, "bulk references")
    return [_unit_structure(unit, u) for u in solved]


def _unit_structure(unit: CleavageSlab, unknown: FloatArray) -> Atoms:
    return with_third_vector(unit.atoms, unknown[:-3].reshape(-1, 3), unknown[-3:])


def _bulk_unknowns(
    potential: Potential, unit: CleavageSlab, tractions: FloatArray, tolerance: float, guesses: Sequence[FloatArray],
    progress: Progress,
) -> tuple[list[FloatArray], FloatArray]:  # fmt: skip
    """Positions and third vector of a lattice repeat at tractions (n, 3), and the errors, eV/Å³."""
    model, wanted = bond_model(potential, unit), tractions[:, NORMAL_LAST]

    def residuals(indices: Sequence[int], unknowns: Sequence[FloatArray]) -> list[tuple[FloatArray, float]]:
        structures = [_unit_structure(unit, u) for u in unknowns]
        evaluation, answers = potential.evaluate(structures), []
        missing = wanted[list(indices)] - boundary_tractions(structures, evaluation, unit.area)
        for atoms, force, short in zip(structures, evaluation.forces, missing, strict=True):
            move, stretch, error = bulk_step(model, atoms, force, short, unit.area)
            answers.append((np.append(move.ravel(), stretch), error / unit.area))
        return answers

    return solve(residuals, guesses, tolerance, what="bulk references", patience=_PATIENCE, progress=progress)


def sharpened(series: Series, states: Sequence[State], *, progress: Progress = silent) -> list[State]:
    """The states with their bulk solved to `_SHARP` at the slab's own traction, since its error counts with every layer.

    The slab's layers share what is left of its forces, and their mean is the slab's traction: to first order the excess is
    then exact. In single precision nothing is gained, and the states stay as they are.
    """
    if "float64" not in series.potential.capabilities.dtypes[:1]:
        return list(states)
    tractions, unknowns = np.array([state.traction for state in states]), [state.unknown.copy() for state in states]
    bulks, at = [], 3 * len(series.cell.atoms)
    for unit in series.units:
        size = 3 * len(unit.atoms) + 3
        starts = [unknown[at : at + size] for unknown in unknowns]
        solved, _ = _bulk_unknowns(series.potential, unit, tractions, _SHARP, starts, progress)
        for start, own in zip(starts, solved, strict=True):
            start[:] = own
        bulks.append([_unit_structure(unit, own) for own in solved])
        at += size
    energies = [series.potential.evaluate(own).energies for own in bulks]
    return [
        replace(state, unknown=unknown, bulks=tuple(own), bulk_energies=np.array(stored))
        for state, unknown, own, stored in zip(
            states, unknowns, zip(*bulks, strict=True), zip(*energies, strict=True), strict=True
        )
    ]
