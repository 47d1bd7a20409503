"""The symmetry of an interface's slip: rotations and mirrors about its normal that leave the closed interface as it is."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from coupling.contracts import FloatArray

_SAME = 1e-3  # Å: places that are one


class SlipSymmetry(NamedTuple):
    """An operation W about the normal: ψ(δn, W δt) = ψ(δn, δt), and the tractions turn along.

    Attributes:
        slips: (2, 2) integers N: slips of fractions f of the period vectors go to f N.
        turn: (2, 2) W, by which x and y turn.
    """

    slips: NDArray[np.int64]
    turn: FloatArray


def slip_symmetries(closed: Atoms, period: FloatArray) -> list[SlipSymmetry]:
    """The operations of a closed interface that keep its normal, both bodies and every plane; the identity first.

    Args:
        closed: The closed interface; normal along z, the first two cell vectors in the xy plane.
        period: (2, 2) Å, rows are the in-plane period vectors of slip.
    """
    plane, found = closed.cell.array[:2, :2], []
    for entries in product((0, 1, -1), repeat=4):
        slips = np.array(entries).reshape(2, 2)
        turn = np.linalg.solve(period, slips @ period).T  # a W^T = N a
        if np.abs(turn @ turn.T - np.eye(2)).max() < _SAME and _maps(closed, plane, turn):
            found.append(SlipSymmetry(slips, turn))
    return sorted(found, key=lambda one: float(np.abs(one.turn - np.eye(2)).max()))


def _maps(closed: Atoms, plane: FloatArray, turn: FloatArray) -> bool:
    """Whether turned about the normal and shifted in the plane all atoms, and the cell's top, are atoms again."""
    third = closed.cell.array[2, :2]
    if not _on_lattice(plane @ turn.T, plane) or not _on_lattice((turn @ third - third)[None], plane):
        return False
    places, heights, numbers = closed.positions[:, :2], closed.positions[:, 2], closed.numbers
    alike = (np.abs(heights[:, None] - heights) < _SAME) & (numbers[:, None] == numbers)
    turned = places @ turn.T
    shifts = places[alike[0]] - turned[0]
    return any(_is_mapped(turned + shift, places, alike, plane) for shift in shifts)


def _is_mapped(turned: FloatArray, places: FloatArray, alike: NDArray[np.bool_], plane: FloatArray) -> bool:
    fractions = (turned[:, None] - places) @ np.linalg.inv(plane)
    away = np.linalg.norm((fractions - np.round(fractions)) @ plane, axis=-1)
    return bool(((away < _SAME) & alike).any(axis=1).all())


def _on_lattice(vectors: FloatArray, plane: FloatArray) -> bool:
    fractions = vectors @ np.linalg.inv(plane)
    return bool(np.abs((fractions - np.round(fractions)) @ plane).max() < _SAME)


def copies(values: FloatArray, symmetries: Sequence[SlipSymmetry]) -> FloatArray:
    """(g, n, p, p, 4 k) what each operation makes of samples (n, p, p, 4 k): k times energy, traction normal, x, y.

    Args:
        values: At slips (i/p, j/p) of the periods.
        symmetries: g operations.
    """
    divisions = values.shape[1]
    grid = np.stack(np.meshgrid(np.arange(divisions), np.arange(divisions), indexing="ij"), axis=-1)
    made = np.empty((len(symmetries), *values.shape))
    for one, (slips, turn) in zip(made, symmetries, strict=True):
        first, second = np.moveaxis(grid @ slips % divisions, -1, 0)
        turned = values.copy()
        for column in range(2, values.shape[-1], 4):
            turned[..., column : column + 2] = values[..., column : column + 2] @ turn.T
        one[:, first, second] = turned
    return made


def lowest(values: FloatArray, symmetries: Sequence[SlipSymmetry]) -> FloatArray:
    """Samples that are symmetric: of each jump's copies the one of least energy, where there is one, as `mean` has it.

    Equilibria are found from different guesses, and at one of several equal jumps perhaps none.
    """
    made = copies(values, symmetries)
    order = np.argmin(np.where(np.isnan(made[..., 0]), np.inf, made[..., 0]), axis=0)
    return mean(np.take_along_axis(made, order[None, ..., None], axis=0)[0], symmetries)


def mean(values: FloatArray, symmetries: Sequence[SlipSymmetry]) -> FloatArray:
    """Samples (n, p, p, 4 k) averaged over the operations: symmetric, and unchanged if they were."""
    return np.asarray(copies(values, symmetries).mean(axis=0))
