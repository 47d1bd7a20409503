"""Starts of a relaxed path where rigid halves do not serve: every opening relaxed downhill with its gap and its cell held.

The atoms at a grain boundary move far as it opens, farther than the iteration for equilibria at uniform traction can
follow. A minimisation does; what it leaves to the iteration is the height of the cell.
"""

import numpy as np

from atomistic.decohesion.bulk_path import vectors_of
from atomistic.decohesion.finite_temperature import gap_coordinates
from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import NORMAL_LAST, Series
from atomistic.decohesion.layered import rising
from atomistic.decohesion.relaxed_path import relaxed_states
from atomistic.relax import Constraints, relax
from coupling.contracts import FloatArray, Progress, silent

_ALIKE = 0.01  # of a closed repeat: by which the middle of a grain may differ from the bulk
_SOFTER = 1.5  # times the strain of the evenly stretched crystal: more, and it is another crystal
_FORCE, _STEPS = 2e-3, 500  # eV/Å, evaluations of an opening


def states_of_held_gaps(series: Series, gaps: FloatArray, *, progress: Progress = silent) -> dict[float, State]:
    """The equilibria of an opening that are found from minima with the gap held, by their gaps; the crystals are what they were.

    Args:
        series: The slab and its bulk.
        gaps: (n,) Å beyond the closed spacing.
        progress: Told after each sweep.
    """
    gaps = np.asarray(gaps, dtype=float)
    starts = relaxed_with_held_gaps(series, gaps, progress=progress)
    found = relaxed_states(series, gaps, starts=starts, progress=progress)
    there = [(float(gap), one) for gap, one in zip(gaps, found, strict=True) if isinstance(one, State)]
    if not there:
        return {}
    stable = series.stable([one for _, one in there])
    curves = [rising(series.potential, unit) for unit in series.units]
    return {
        gap: one for (gap, one), holds in zip(there, stable, strict=True) if holds and not _changed(series, one, curves)
    }


def _changed(series: Series, state: State, curves: list[tuple[FloatArray, FloatArray]]) -> bool:
    """Whether a crystal has sheared or changed into another one, in the slab or as the bulk in series with it.

    Args:
        series: The slab and its bulk.
        state: An equilibrium.
        curves: Of each crystal normal strains and tractions while it is stretched evenly.
    """
    if state.gap[0] > 0 and series.excess_energy(state) <= 0:  # pulled open, and below the closed interface
        return True
    for body, unit, bulk, (strains, tractions) in zip(
        series.cell.bodies, series.units, state.bulks, curves, strict=True
    ):
        count, closed = len(unit.atoms), unit.atoms.cell[2, 2]
        levels = np.sort(state.slab.positions[body, 2])
        start = len(levels) // 2 - count
        inside = levels[start + count : start + 2 * count].mean() - levels[start : start + count].mean()
        evenly = closed * float(np.interp(state.traction[0], tractions, strains))
        if abs(inside - bulk.cell[2, 2]) > _ALIKE * closed:
            return True
        if bulk.cell[2, 2] - closed > _SOFTER * max(evenly, 0.0) + _ALIKE * closed:
            return True
    return False


def relaxed_with_held_gaps(series: Series, gaps: FloatArray, *, progress: Progress = silent) -> list[FloatArray]:
    """Unknowns of the series, one a gap: atoms at rest under a held gap, in cells strained as rigid halves ask."""
    imposed = vectors_of(gaps)
    guesses = series.guesses(series.rigid_tractions(imposed))
    slabs = [
        series.structures(series.opening, value, guess)[0]
        for value, guess in zip(imposed[:, NORMAL_LAST], guesses, strict=True)
    ]
    held = gap_coordinates(series.cell).reshape(len(series.cell.bodies), -1, 3)
    found = relax(
        series.potential,
        slabs,
        Constraints(combinations=held),
        force=_FORCE,
        steps=_STEPS,
        all_must=False,
        progress=progress,
    )
    return [
        np.concatenate([atoms.positions.ravel(), guess[3 * len(atoms) :]])
        for atoms, guess in zip(found.structures, guesses, strict=True)
    ]
