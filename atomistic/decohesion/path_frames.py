"""The frames of openings and slips: each structure with its jump, and of equilibria what the bulk takes away."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import Series
from atomistic.frames import Frames
from coupling.contracts import FloatArray
from coupling.units import EV_A3

_AXES = ("opening_A", "slip_x_A", "slip_y_A")
_GPA = 1e-9


def rigid_frames(structures: Sequence[Atoms], jumps: FloatArray) -> Frames:
    """Halves moved rigidly, by their openings, then by their slips.

    Args:
        structures: n structures with their results.
        jumps: (n, 3) normal, x, y, Å.
    """
    order = np.lexsort(jumps.T[::-1])
    return Frames.of([structures[k] for k in order], dict(zip(_AXES, jumps[order].T, strict=True)))


def relaxed_frames(series: Series, states: Sequence[State]) -> Frames:
    """Slabs in equilibrium.

    Their `opening_A` and slips are the excess jump, `gap_A` is that of the facing planes beyond the closed ones, and
    `taken_away_eV` the energy of the bulk at equal traction: ψ is the change of (energy − `taken_away_eV`) over the area of
    the cell and its number of `interfaces`.

    Args:
        series: The slab and its bulk.
        states: Its equilibria, in the order of the frames.
    """
    interfaces = len(series.cell.bodies)
    info = dict(zip(_AXES, np.array([series.jump(state) for state in states]).T, strict=True)) | {
        "gap_A": np.array([state.gap[0] for state in states]),
        "traction_GPa": np.array([state.traction[0] for state in states]) * EV_A3 * _GPA,
        "taken_away_eV": interfaces * np.array([series.layers @ state.bulk_energies for state in states]),
        "interfaces": np.full(len(states), interfaces),
    }
    body = np.zeros(len(series.cell.atoms), dtype=np.int64)
    for number, atoms in enumerate(series.cell.bodies):
        body[atoms] = number
    return Frames.of([state.slab for state in states], info, {"body": body})
