"""A slab pulled apart by its ends: atoms alone, or a bulk bar with a cohesive law.

Along any direction, `pull_by_ends`: a column of atoms, or a thin slab in series with repeats of bulk, which is what a
Cauchy-Born bar with the law of that slab is. In opening, `slab_rupture` and `bar_rupture` from records.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic.decohesion.gap_state import GapControl, State
from atomistic.decohesion.jumps import NORMAL_FIRST, NORMAL_LAST, Series
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import NotConverged
from coupling.interface.excess import BulkBranch, SlabBranch, slab_totals

_FINE = 2000
_ROUNDS = 4
_PATIENCE = 60  # sweeps without advance, after which a gap has no equilibrium
_ALIKE = 0.1  # of the closed spacing: more than that other planes part, too
_FEWEST = 0.6  # of the gaps must have an equilibrium


@dataclass(frozen=True)
class Rupture:
    """Where a specimen breaks when its ends are moved apart slowly; atomistic units.

    Attributes:
        elongation: Largest elongation before it snaps, Å.
        traction: Traction there, eV/Å³.
        peak_traction: Largest traction on the way, eV/Å³.
        work: Work done until it snaps, all of it lost then, eV/Å².
    """

    elongation: float
    traction: float
    peak_traction: float
    work: float


def rupture(parameter: FloatArray, elongation: FloatArray, energy: FloatArray, traction: FloatArray) -> Rupture:
    """The first maximum of the elongation along an equilibrium path.

    Args:
        parameter: (n,) rising, e.g. the gap.
        elongation: (n,) Å.
        energy: (n,) per area, eV/Å².
        traction: (n,) eV/Å³.
    """
    longer, work, force = (CubicSpline(parameter, values) for values in (elongation, energy, traction))
    turns = longer.derivative().roots(extrapolate=False)
    turns = turns[(turns > 0) & (longer(turns, 2) < 0)]
    snap = turns[0] if len(turns) else parameter[-1]
    strongest = force(np.linspace(max(parameter[0], 0.0), snap, _FINE)).max()
    return Rupture(float(longer(snap)), float(force(snap)), float(strongest), float(work(snap)))


def pull_by_ends(
    series: Series, direction: FloatArray, gaps: FloatArray, bulk_repeats: float = 0.0, *, progress: Progress = silent
) -> Rupture:
    """Move the ends of a column apart along a direction, in equilibrium, until it snaps.

    The facing planes part along the direction by imposed gaps, which rise on the stable and on the unstable branch
    alike; across it the ends of the whole column stay where they are, and everything between them is free. Where a
    gap has more than one equilibrium, that of least energy counts whose bulk is stable (beyond its strength all layers may
    go on evenly) and whose layers beside the gap are alike (other planes may part).

    Args:
        series: The slab of one crystal.
        direction: (3,) normal, tangential 1, 2.
        gaps: (n,) Å along it, rising from 0; those without equilibrium are left out.
        bulk_repeats: Lattice repeats of the bulk in series with the slab, at its own traction vector.
        progress: Told after each sweep.

    Returns:
        The rupture; its traction is the component along the direction.

    Raises:
        NotConverged: most equilibria were not found.
    """
    gaps = np.asarray(gaps, dtype=float)
    along = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    across = (np.eye(3) - np.outer(along, along))[np.ix_(NORMAL_LAST, NORMAL_LAST)]
    control = GapControl(across, np.full(len(series.units), -bulk_repeats))
    found = _columns(series, control, gaps[:, None] * along, along, progress)
    there = [k for k, state in enumerate(found) if state is not None]
    if len(there) < _FEWEST * len(gaps):
        raise NotConverged(
            f"Of {len(gaps)} gaps of a pulled column {len(gaps) - len(there)} have no equilibrium; take smaller ones."
        )
    gaps, states, closed = gaps[there], [state for state in found if state is not None], series.closed
    moved = np.array([s.slab.cell.array[2] - closed.slab.cell.array[2] for s in states])
    moved += bulk_repeats * np.array([s.bulks[0].cell.array[2] - closed.bulks[0].cell.array[2] for s in states])
    stored = np.array(
        [s.energy - closed.energy + bulk_repeats * (s.bulk_energies[0] - closed.bulk_energies[0]) for s in states]
    )
    traction = np.array([s.traction for s in states]) @ along
    return rupture(gaps, moved[:, NORMAL_FIRST] @ along, stored / series.cell.area, traction)


def _columns(
    series: Series, control: GapControl, imposed: FloatArray, along: FloatArray, progress: Progress
) -> list[State | None]:
    """The equilibrium of each gap; None where none was found.

    From layers strained as the rigid traction asks, or its part along the direction; then from the gaps around.
    """
    rigid = series.rigid_tractions(imposed)
    best: list[State | None] = [None] * len(imposed)
    wanted = list(range(len(imposed)))
    guesses = series.guesses(rigid) + series.guesses(np.outer(rigid @ along, along))
    for _ in range(_ROUNDS):
        places = wanted + wanted
        solved, errors = series.solve(
            control, imposed[places], guesses, what="pulled columns", patience=_PATIENCE, progress=progress
        )
        there = np.flatnonzero(errors <= series.tolerance)
        chosen = [places[i] for i in there]
        states = series.states(control, imposed[chosen], [solved[i] for i in there]) if chosen else []
        stable = series.stable(states) if states else np.zeros(0, dtype=bool)
        for k, state, holds in zip(chosen, states, stable, strict=True):
            known = best[k]
            alike = holds and series.spread(state) <= _ALIKE * series.cell.spacing
            if alike and (known is None or _stored(state, control) < _stored(known, control)):
                best[k] = state
        good = np.array([k for k, one in enumerate(best) if one is not None])
        wanted = [k for k, one in enumerate(best) if one is None]
        if not wanted or not len(good):
            break
        sides = [
            [int(good[good < k].max(initial=good[0])) for k in wanted],
            [int(good[good > k].min(initial=good[-1])) for k in wanted],
        ]
        guesses = [start.unknown for side in sides for k in side if (start := best[k]) is not None]
    return best


def _stored(state: State, control: GapControl) -> float:
    """Energy of the slab and of the bulk in series with it, eV."""
    return float(state.energy - control.layers @ state.bulk_energies)


def slab_rupture(slab: SlabBranch) -> Rupture:
    """Rupture of a fully atomistic slab."""
    elongation, energy = slab_totals(slab)
    return rupture(slab.gap, elongation, energy, slab.traction)


def bar_rupture(
    gap: FloatArray, opening: FloatArray, energy: FloatArray, bulk: BulkBranch, spacings: int, area: float
) -> Rupture:
    """Rupture of a Cauchy-Born bar of `spacings` lattice repeats in series with a law.

    Args:
        gap: (n,) parameter of the path, Å.
        opening: (n,) the law's opening, Å.
        energy: (n,) the law's energy per area, eV/Å².
        bulk: The bar's crystal at the law's tractions.
        spacings: Repeats that the bar has, the interface's own left out.
        area: In-plane area, Å².
    """
    closed = int(np.flatnonzero(gap == 0.0)[0])
    stretched = spacings * (bulk.height - bulk.height[closed])
    stored = spacings * (bulk.energy - bulk.energy[closed]) / area
    return rupture(gap, opening + stretched, energy + stored, bulk.traction)
