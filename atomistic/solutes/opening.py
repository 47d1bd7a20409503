"""An interface that parts with a fixed amount of solute: each atom goes with the face that holds it at less energy."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from ase import Atoms

from atomistic.decohesion.bulk_path import vectors_of
from atomistic.decohesion.continuation import lower
from atomistic.decohesion.finite_temperature import gap_coordinates
from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.law_states import LawPath, law_states
from atomistic.decohesion.layered import at_gap, closed_gap, facing
from atomistic.decohesion.relaxed_path import states_from
from atomistic.decohesion.rigid_path import rigid_samples
from atomistic.decohesion.slab import boundary_tractions
from atomistic.relax import Constraints, relax
from atomistic.solutes.filled import FilledCell
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.interface.rigid_path import PathSamples

_MOST = 4  # atoms whose faces are all combined; of more, a few ways
_FORCE, _STEPS = 2e-3, 500  # eV/Å, evaluations of an opening
_LENGTHS = 8  # lengths of the cell that are tried
_HELD = 0.02  # eV/Å: force that may still hold the gap
_SOFTEST = 0.05  # of the stiffness at rest
_LONGEST = 0.3  # Å, by which the cell is made longer at once
_SAME = 3  # decimals of an energy, eV
_ALIKE = 0.1  # of the closed spacing: further from the bulk's layers, another plane parts instead
_SUNK = 0.7  # Å: deeper behind a face, a solute atom has left for the bulk


def faces_chosen(cell: FilledCell) -> list[np.ndarray]:
    """Ways in which the interstitial atoms may go with the other face, (m,) True for those that do; the same at each interface."""
    amount, interfaces = cell.amount if len(cell.interstitial) else 0, len(cell.bodies)
    if amount <= _MOST:
        ways = [np.array(way, dtype=bool) for way in product((False, True), repeat=amount)]
    else:
        ways = [np.zeros(amount, dtype=bool), np.ones(amount, dtype=bool), np.arange(amount) % 2 == 0]
    return [np.tile(way, interfaces) for way in ways]


def opened_with_solute(
    potential: Potential, cell: FilledCell, gaps: FloatArray, *, tolerance: float = 2e-5, lost: float | None = None,
    progress: Progress = silent,
) -> LawPath:  # fmt: skip
    """The equilibria of an opening with the solute in it, at uniform traction.

    Each opening is begun with all solute at the face it was nearer to, and with each atom at the face that holds it at the least
    energy when the faces are apart; the lower branch is followed. States from which solute has left the gap for the bulk are no
    states of this law.

    Args:
        potential: The interatomic potential.
        cell: Closed, with solute.
        gaps: (n,) Å beyond the closed spacing, among them 0.
        tolerance: Largest force on any atom, eV/Å.
        lost: See `Series`; None is half the closed spacing.
        progress: Told after each sweep.

    Raises:
        NotConverged: too many equilibria were not found.
    """
    gaps = np.asarray(gaps, dtype=float)
    series = Series(
        potential, cell, tolerance, lost=0.5 * cell.spacing if lost is None else lost, alike=_ALIKE * cell.spacing
    )
    if not len(cell.interstitial):
        return law_states(series, gaps, progress=progress)
    apart, passed = gaps[gaps != 0.0], {0.0: series.closed}
    for way in _ways(series, cell, float(gaps[-1]), progress):
        starts = held_apart(series, cell, apart, way, progress=progress)
        found = states_from(series, apart, starts, [True] * len(apart), progress=progress)
        late = [k for k, state in enumerate(found) if state is None]
        for k, state in zip(late, _by_newton(series, apart[late], [starts[k] for k in late], progress), strict=True):
            found[k] = state
        for gap, state in zip(apart.tolist(), found, strict=True):
            if state is not None and _inside(cell, state):
                if gap not in passed or lower(state, passed[gap], series):
                    passed[gap] = state
    return law_states(series, gaps, passed=passed, progress=progress)


def opened_rigidly(
    potential: Potential, cell: FilledCell, openings: FloatArray, *, progress: Progress = silent
) -> tuple[PathSamples, list[Atoms]]:
    """The samples of rigid halves, the solute of each with the face that holds it at the least energy when they are apart.

    Args:
        potential: The interatomic potential.
        cell: Closed, with solute, one interface in it.
        openings: (n,) Å, rising, through 0.
        progress: Told after each batch.
    """
    taken = [_taken(cell, way) for way in faces_chosen(cell)]
    wide = potential.evaluate([one.opened(float(openings[-1])) for one in taken]).energies
    best = taken[int(np.argmin(np.round(wide, _SAME)))]
    return rigid_samples(potential, best, openings, shear=False, progress=progress)


def _taken(cell: FilledCell, way: np.ndarray) -> FilledCell:
    """The same closed cell, some of its interstitial atoms written beside the other face, through the cell's top."""
    atoms = cell.atoms.copy()
    atoms.positions[cell.interstitial] -= np.outer(np.where(way, cell.outward, 0.0), atoms.cell.array[2])
    return replace(cell, atoms=atoms)


def _by_newton(
    series: Series, gaps: FloatArray, starts: Sequence[FloatArray], progress: Progress
) -> list[State | None]:
    """The states that Newton's steps find from starts where the iteration found none."""
    if not len(gaps):
        return []
    imposed = vectors_of(gaps)
    found, errors = series.solve(series.opening, imposed, starts, what="softest openings", soft=True, progress=progress)
    there = [k for k, u in enumerate(found) if errors[k] <= series.tolerance and not series.beyond_strength(u)]
    states = iter(series.states(series.opening, imposed[there], [found[k] for k in there]) if there else [])
    every = [next(states) if k in there else None for k in range(len(gaps))]
    return [state if state is not None and series.parts(state) else None for state in every]


def held_apart(
    series: Series, cell: FilledCell, gaps: FloatArray, way: np.ndarray, *, progress: Progress = silent
) -> list[FloatArray]:
    """Unknowns of openings at nearly uniform traction: minima with the gap held, in cells of the length at which nothing holds it.

    A minimisation keeps the solute where the iteration for equilibria may not; the length of the cell follows from the force
    that holds the gap, by the secants of a few lengths.

    Args:
        series: The filled slab and its bulk.
        cell: The same.
        gaps: (n,) Å beyond the closed spacing.
        way: (m,) interstitial atoms that start at the other face.
        progress: Told after each step.
    """
    held = Constraints(combinations=gap_coordinates(cell).reshape(len(cell.bodies), -1, 3))
    guesses = series.guesses(series.rigid_tractions(vectors_of(gaps)))
    inside = [guess[: 3 * len(cell.atoms)].reshape(-1, 3) for guess in guesses]
    slabs = [
        _moved(cell, at_gap(cell, np.array([0.0, 0.0, gap]), positions), way)
        for gap, positions in zip(gaps, inside, strict=True)
    ]
    stiffness = np.full(len(gaps), float(series.length_stiffness[2]))
    best, least, before = list(slabs), np.full(len(gaps), np.inf), None
    for _ in range(_LENGTHS):
        slabs = relax(
            series.potential, slabs, held, force=_FORCE, steps=_STEPS, all_must=False, progress=progress
        ).structures
        short = np.array([_holding(cell, atoms) for atoms in slabs])
        best = [new if abs(s) < m else old for new, old, s, m in zip(slabs, best, short, least, strict=True)]
        least = np.minimum(least, np.abs(short))
        if least.max() * cell.area < _HELD:
            break
        if before is not None:
            slope = (before[0] - short) / np.where(before[1] == 0.0, np.inf, before[1])
            stiffness = np.clip(np.where(slope > 0, slope, stiffness), _SOFTEST * series.length_stiffness[2], None)
        longer = np.clip(short / stiffness, -_LONGEST, _LONGEST)
        before = short, longer
        slabs = [_stretched(cell, atoms, more) for atoms, more in zip(slabs, longer, strict=True)]
    traction = boundary_tractions(best, series.potential.evaluate(best), cell.area)[:, 2]
    tails = series.guesses(np.pad(traction[:, None], ((0, 0), (0, 2))))
    return [
        np.concatenate([atoms.positions.ravel(), tail[3 * len(atoms) :]])
        for atoms, tail in zip(best, tails, strict=True)
    ]


def _holding(cell: FilledCell, atoms: Atoms) -> float:
    """Traction that is missing inside: the force that holds the gap open, over the area, eV/Å³."""
    forces = atoms.get_forces()[:, 2]
    pulled = [forces[top].sum() - forces[bottom].sum() for bottom, top in cell.faces]
    return float(np.mean(pulled)) / (2.0 * cell.area)


def _stretched(cell: FilledCell, atoms: Atoms, longer: float) -> Atoms:
    """The slab with its bodies longer by as much in all, evenly; the gap and the solute at its faces stay."""
    moved, share = atoms.positions.copy(), longer / len(cell.bodies)
    for body, (bottom, top) in zip(cell.bodies, cell.faces, strict=True):
        low, high = moved[bottom, 2].mean(), moved[top, 2].mean()
        moved[body, 2] += share * np.clip((moved[body, 2] - low) / (high - low), 0.0, 1.0)
    return at_gap(cell, facing(cell, atoms)[-1] - facing(cell, cell.atoms)[-1], moved)


def _inside(cell: FilledCell, state: State) -> bool:
    """Whether all interstitial atoms are where they were, or nearer to the gap."""
    return not len(cell.interstitial) or bool(np.all(_depth(cell, state.slab) < _depth(cell, cell.atoms) + _SUNK))


def _depth(cell: FilledCell, atoms: Atoms) -> FloatArray:
    """(m,) how far interstitial atoms lie behind the face of their body, Å; from the gap's other face the same in its body."""
    heights, gap = atoms.positions[:, 2], closed_gap(cell, atoms)
    depths = np.empty(len(cell.interstitial))
    for body, (bottom, top) in zip(cell.bodies, cell.faces, strict=True):
        for k in np.flatnonzero(np.isin(cell.interstitial, body)):
            z = heights[cell.interstitial[k]]
            out = z - heights[top].mean() if cell.outward[k] > 0 else heights[bottom].mean() - z
            depths[k] = max(-out, out - gap)
    return depths


def _ways(series: Series, cell: FilledCell, gap: float, progress: Progress) -> list[np.ndarray]:
    """The solute as it is, and as it has the least energy at a wide gap."""
    ways = faces_chosen(cell)
    wide = at_gap(cell, np.array([0.0, 0.0, gap]), cell.atoms.positions)
    held = Constraints(combinations=gap_coordinates(cell).reshape(len(cell.bodies), -1, 3))
    slabs = [_moved(cell, wide, way) for way in ways]
    found = relax(series.potential, slabs, held, force=_FORCE, steps=_STEPS, all_must=False, progress=progress)
    least = int(np.argmin(np.round(found.energies, _SAME)))
    return [ways[k] for k in dict.fromkeys((least, 0))]


def _moved(cell: FilledCell, slab: Atoms, way: np.ndarray) -> Atoms:
    """The slab with some of its interstitial atoms at the other face."""
    atoms, opening = slab.copy(), closed_gap(cell, slab) - cell.spacing
    atoms.positions[cell.interstitial, 2] += np.where(way, cell.outward * opening, 0.0)
    return atoms
