"""The two ends of a transition: the same atoms in two places."""

import numpy as np
from ase import Atoms
from ase.geometry import find_mic
from numpy.typing import NDArray

from atomistic.saddles.landscape import Landscape
from coupling.contracts import FloatArray
from coupling.errors import InputError

EQUAL = 0.05
"""Å: ends of which no atom moves farther are one."""


def matched(first: Atoms, last: Atoms, free: NDArray[np.bool_] | None) -> tuple[Landscape, FloatArray, FloatArray]:
    """The landscape of both, and the points of either: each atom of the last at its image nearest to where it was.

    Where all coordinates along an axis may move, the last is shifted so that the atoms' mean along it stays.

    Args:
        first: One end, N atoms.
        last: The other, its atoms in the same order.
        free: (N,) or (N, 3) True where a coordinate may move; None is all of them.

    Raises:
        InputError: they differ in their atoms, cells or held coordinates, or are equal.
    """
    _refuse_strangers(first, last)
    landscape = Landscape(first, free)
    moved = find_mic(last.positions - first.positions, first.cell, first.pbc)[0]
    moving = landscape.moving.reshape(-1, 3)
    moved -= np.where(moving.all(axis=0), moved.mean(axis=0), 0.0)
    held = float(np.abs(np.where(moving, 0.0, moved)).max())
    if held > 1e-6:
        raise InputError(
            f"The ends differ by {held:.2g} Å in a coordinate that is held; let it move, or give both ends the same."
        )
    refuse_equal(landscape, moved.ravel()[landscape.moving], "The ends")
    return landscape, landscape.point(first), (first.positions + moved).ravel()[landscape.moving]


def refuse_equal(landscape: Landscape, moved: FloatArray, what: str) -> None:
    """Refuse ends that are one.

    Args:
        landscape: Of both.
        moved: (m,) from one to the other, Å.
        what: "The ends".

    Raises:
        InputError: no atom moves far enough.
    """
    farthest = landscape.largest(moved)
    if farthest < EQUAL:
        raise InputError(
            f"{what} are the same structure: no atom moves by more than {farthest:.2g} Å; give two different minima, or "
            "start a search for a saddle from one of them (saddle_near)."
        )


def _refuse_strangers(first: Atoms, last: Atoms) -> None:
    if len(first) != len(last) or not np.array_equal(first.numbers, last.numbers):
        order = " in another order" if sorted(first.numbers) == sorted(last.numbers) else ""
        raise InputError(
            f"The ends are of different atoms, {first.get_chemical_formula()} and {last.get_chemical_formula()}{order}; "
            "give the same atoms in the same order."
        )
    if not np.array_equal(first.pbc, last.pbc) or not np.allclose(first.cell, last.cell, atol=1e-8):
        raise InputError("The ends have different cells or periodicity; give both the cell of one of them.")
