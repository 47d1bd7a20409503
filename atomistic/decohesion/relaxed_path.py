"""Relaxed paths at uniform traction, by gap and cell vector.

At an imposed gap between the two facing planes all atoms are in equilibrium and the cell's third vector
is whatever makes them so. The traction is then uniform, on the stable and on the unstable branch alike,
and there is no snap-back: along an opening path the gap rises monotonically.
"""

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms

from atomistic.decohesion.bulk_path import bulk_record, components, vectors_of
from atomistic.decohesion.gap_state import GapControl, State
from atomistic.decohesion.jumps import NORMAL_FIRST, Series
from atomistic.decohesion.layered import Layered, half_tractions
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import NotConverged
from coupling.interface.branches import LeftOut
from coupling.interface.excess import BulkBranch, SlabBranch

_ROUNDS = 4
_DOOMED = 0.9  # of a crystal's strength: rigid traction beyond which an opening may have no equilibrium
_NEAR = 0.02  # eV/Å: an error that Newton's steps may take away
_PATIENCE = 20  # sweeps without advance, after which a start leads nowhere
_MOST_LOST = 0.25  # of the gaps: more failures make no path


def relaxed_path(
    potential: Potential,
    cell: Layered,
    gaps: FloatArray,
    *,
    tolerance: float = 2e-5,
    progress: Progress = silent,
) -> SlabBranch:
    """Equilibria of the slab at imposed gaps.

    Args:
        potential: The interatomic potential.
        cell: The closed crystal, or a `Bicrystal`, all of whose interfaces move alike.
        gaps: (n,) Å beyond the closed spacing, among them 0: an opening without excess slip; or (n, 3) gap
            vectors: normal, tangential 1, 2.
        tolerance: Largest force on any atom at convergence, eV/Å.
        progress: Told after each sweep.

    Returns:
        Cell vector, energy and traction (by virial, and by the forces on one half) at each gap; normal components
        of an opening, vectors of gap vectors.

    Raises:
        NotConverged: too many equilibria were not found.
    """
    return relaxed_branches(potential, cell, gaps, tolerance=tolerance, progress=progress)[0]


def relaxed_branches(
    potential: Potential, cell: Layered, gaps: FloatArray, *, tolerance: float = 2e-5, progress: Progress = silent
) -> tuple[SlabBranch, tuple[BulkBranch, ...]]:
    """The path of `relaxed_path` and the bulk of each crystal, solved together at equal traction vectors."""
    gaps = np.asarray(gaps, dtype=float)
    series = Series(potential, cell, tolerance)
    found, left_out = required(relaxed_states(series, gaps, progress=progress), tolerance)
    there = np.array([state is not None for state in found])
    return branches(series, [state for state in found if state is not None], gaps[there], left_out)


def branches(
    series: Series, states: Sequence[State], gaps: FloatArray, left_out: tuple[LeftOut, ...] = ()
) -> tuple[SlabBranch, tuple[BulkBranch, ...]]:
    """Records of states at imposed gaps (n,) or (n, 3), and of the gaps that have none."""
    part, cell, slabs = components(gaps), series.cell, [state.slab for state in states]
    traction = np.array([state.traction for state in states])[part]
    slab = SlabBranch(
        gap=gaps,
        length=np.array([atoms.cell.array[2, NORMAL_FIRST] for atoms in slabs])[part],
        energy=np.array([state.energy for state in states]),
        traction=traction,
        traction_by_forces=half_tractions(series.potential, cell, slabs)[:, NORMAL_FIRST][part],
        area=cell.area,
        repeats=tuple(repeats for repeats, _ in cell.crystals),
        interfaces=len(cell.bodies),
        left_out=left_out,
        tolerance=series.tolerance,
    )
    bulks = []
    for k, unit in enumerate(series.units):
        repeats = [state.bulks[k] for state in states]
        bulks.append(bulk_record(unit, repeats, traction, np.array([state.bulk_energies[k] for state in states]), part))
    return slab, tuple(bulks)


def relaxed_states(
    series: Series, gaps: FloatArray, *, starts: Sequence[FloatArray] | None = None, progress: Progress = silent
) -> list[State | LeftOut]:
    """The states of `relaxed_path`, one a gap, or why there is none.

    Args:
        series: The slab and its bulk.
        gaps: As of `relaxed_path`.
        starts: Unknowns to start from; None strains every layer as a rigid opening's traction asks.
        progress: Told after each sweep.
    """
    gaps = np.asarray(gaps, dtype=float)
    control = series.opening if gaps.ndim == 1 else series.at_gap
    imposed = vectors_of(gaps)
    wanted = series.rigid_tractions(imposed)
    guesses = series.guesses(wanted) if starts is None else starts
    solved, errors = series.solve(control, imposed, guesses, what="relaxed openings", progress=progress)

    def unsolved() -> list[int]:
        return [i for i, u in enumerate(solved) if not errors[i] <= series.tolerance or series.beyond_strength(u)]

    _from_neighbours(series, control, imposed, solved, errors, unsolved, progress)
    missing = unsolved()
    doomed = np.any(wanted[:, :1] > _DOOMED * series.strengths, axis=1)
    there = [i for i in range(len(gaps)) if i not in missing]
    found: list[State | LeftOut] = [
        LeftOut(float(imposed[i, 0]), bool(doomed[i]), None if np.isnan(errors[i]) else float(errors[i]))
        for i in range(len(gaps))
    ]
    states = series.states(control, imposed[there], [solved[i] for i in there]) if there else []
    for i, state in zip(there, states, strict=True):
        if gaps.ndim > 1 or series.parts(state):
            found[i] = state
    return found


def states_from(
    series: Series, gaps: FloatArray, starts: Sequence[FloatArray], soft: Sequence[bool], *, progress: Progress = silent
) -> list[State | None]:
    """The equilibria of an opening that are found from given unknowns, one a gap (n,); None where none is.

    Args:
        series: The slab and its bulk.
        gaps: (n,) Å beyond the closed spacing.
        starts: Unknowns.
        soft: (n,) whether the cost of Newton's steps is worth it where the search stops short.
        progress: Told after each sweep.
    """
    imposed, what = vectors_of(gaps), "branches"
    solved, errors = series.solve(series.opening, imposed, starts, what=what, patience=_PATIENCE, progress=progress)
    late = np.flatnonzero((errors > series.tolerance) & (errors < _NEAR) & np.array(soft, dtype=bool))
    if len(late):
        near = [solved[i] for i in late]
        sharper, left = series.solve(series.opening, imposed[late], near, what=what, soft=True, progress=progress)
        for i, unknown, error in zip(late, sharper, left, strict=True):
            solved[i], errors[i] = unknown, error
    there = [i for i, u in enumerate(solved) if errors[i] <= series.tolerance and not series.beyond_strength(u)]
    states = iter(series.states(series.opening, imposed[there], [solved[i] for i in there]) if there else [])
    found = [next(states) if i in there else None for i in range(len(gaps))]
    return [state if state is not None and series.parts(state) else None for state in found]


def required(found: Sequence[State | LeftOut], tolerance: float) -> tuple[list[State | None], tuple[LeftOut, ...]]:
    """The states, None where there is none, and the gaps left out.

    Raises:
        NotConverged: the closed interface is left out, or so many gaps that the rest do not make a path.
    """
    left_out = tuple(one for one in found if isinstance(one, LeftOut))
    failed = [one for one in left_out if not one.parts]
    if len(failed) > _MOST_LOST * len(found) or any(one.gap == 0.0 for one in left_out):
        raise NotConverged(
            f"{len(failed)} of {len(found)} relaxed openings did not converge: "
            f"{'; '.join(one.in_words(tolerance) for one in failed or left_out)}. Take fewer openings, or a looser tolerance."
        )
    return [None if isinstance(one, LeftOut) else one for one in found], left_out


def relaxed_structures(
    potential: Potential, cell: Layered, gaps: FloatArray, *, tolerance: float = 2e-5, progress: Progress = silent
) -> list[Atoms | None]:
    """The structures of `relaxed_path`, one a gap; None where there is none."""
    found, _ = required(relaxed_states(Series(potential, cell, tolerance), gaps, progress=progress), tolerance)
    return [None if state is None else state.slab for state in found]


def _from_neighbours(
    series: Series, control: GapControl, imposed: FloatArray, solved: list[FloatArray], errors: FloatArray,
    unsolved: Callable[[], list[int]], progress: Progress,
) -> None:  # fmt: skip
    """Start openings that were not solved, or left a bulk beyond its strength, again from a solved neighbour."""
    tried: list[list[int]] = []
    for attempt in range(_ROUNDS):
        wrong = unsolved()
        good = np.setdiff1d(np.arange(len(solved)), wrong)
        if not wrong or not len(good) or tried[:-1].count(wrong):  # neither neighbour helped
            break
        tried.append(wrong)
        starts = [solved[_neighbour(good, i, attempt % 2 == 0)] for i in wrong]
        redone, left = series.solve(control, imposed[wrong], starts, what="softest openings", progress=progress)
        for i, unknown, error in zip(wrong, redone, left, strict=True):
            solved[i], errors[i] = unknown, error


def _neighbour(good: np.ndarray, index: int, smaller: bool) -> int:
    """The nearest good one on the wanted side, else on the other."""
    before, after = good[good < index], good[good > index]
    return int(before[-1] if len(before) and (smaller or not len(after)) else after[0])
