"""The mixed-mode potential ψ(δn, δt1, δt2) on a grid that refines itself where the error estimate is largest."""

from dataclasses import dataclass

import numpy as np

from atomistic.interface import Openable
from atomistic.paths import evaluated
from atomistic.slip import SlipGrid
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.laws.mixed import MixedModeLaw
from coupling.units import ANGSTROM, EV_A2, EV_A3

_SAME = 9  # decimals of an opening in Å, and of a slip in periods, by which it is known
_FAR = 4  # times the tolerance: halve the slips, else take two thirds


@dataclass(frozen=True)
class Refinement:
    """One state of the grid.

    Attributes:
        evaluations: Structures evaluated until then.
        openings: Openings of the grid.
        divisions: Slips along each period vector.
        opening_error: Largest estimated energy error from the spacing of the openings, over the work.
        slip_error: The same from the spacing of the slips.
    """

    evaluations: int
    openings: int
    divisions: int
    opening_error: float
    slip_error: float

    @property
    def error(self) -> float:
        """The larger of the two."""
        return max(self.opening_error, self.slip_error)


def mixed_law(grid: SlipGrid) -> MixedModeLaw:
    """The law of a grid, in SI units."""
    return MixedModeLaw(grid.opening * ANGSTROM, grid.period * ANGSTROM, grid.energy * EV_A2, grid.traction * EV_A3)


def refined_slip_grid(
    potential: Potential,
    slab: Openable,
    openings: FloatArray,
    period: FloatArray,
    *,
    divisions: int = 6,
    tolerance: float = 0.01,
    budget: int = 3000,
    progress: Progress = silent,
) -> tuple[SlipGrid, list[Refinement]]:
    """Refine openings and slips in turn, whichever has the larger estimated error, until it is small enough.

    Intervals of openings whose error is too large are halved, slips refined along both vectors alike: the
    law's slips are those of a Fourier series and need a tensor grid. Points already known are not evaluated
    again.

    Args:
        potential: The interatomic potential.
        slab: The closed interface.
        openings: (n,) first openings, Å, among them 0.
        period: (2, 2) Å, rows are the in-plane period vectors of slip.
        divisions: First slips along each vector.
        tolerance: Estimated energy error over the work of separation that is small enough.
        budget: Most structures to evaluate; the grid stays coarser than the tolerance asks where it ends.
        progress: Told after each batch.

    Returns:
        The grid and its states, the last one that of the grid.

    Raises:
        InputError: the first grid is beyond the budget, or too coarse to be refined.
    """
    openings = np.asarray(openings, dtype=float)
    if divisions < 4 or divisions % 2:
        raise InputError(f"{divisions} slips a period cannot be refined; begin with an even number of 4 or more.")
    if len(openings) * divisions**2 > budget:
        raise InputError(
            f"The first grid takes {len(openings) * divisions**2} structures, more than the budget of {budget}; "
            "allow more, or begin with fewer openings or divisions."
        )
    known: dict[tuple[float, float, float], tuple[float, float]] = {}
    history: list[Refinement] = []
    while True:
        grid = _sampled(potential, slab, openings, period, divisions, known, progress)
        law = mixed_law(grid)
        estimate = law.error_estimate()
        by_opening = estimate.opening.max(axis=(1, 2)) / law.work_of_separation
        by_slip = float(estimate.slip.max() / law.work_of_separation)
        history.append(Refinement(len(known), len(openings), divisions, float(by_opening.max()), by_slip))
        if history[-1].error <= tolerance:
            return grid, history
        if by_slip >= by_opening.max():
            finer, more = openings, 2 * divisions if by_slip > _FAR * tolerance else 3 * divisions // 2
        else:
            middle = 0.5 * (openings[1:] + openings[:-1])[by_opening > tolerance]
            finer, more = np.sort(np.concatenate([openings, middle])), divisions
        if len(finer) * more**2 > budget:
            return grid, history
        openings, divisions = finer, more


def _sampled(  # type: ignore[no-untyped-def]
    potential: Potential, slab: Openable, openings: FloatArray, period: FloatArray, divisions: int, known, progress: Progress
) -> SlipGrid:
    """The grid, of which only the points not yet known are evaluated."""
    period = np.asarray(period, dtype=float)[:, :2]
    steps = np.arange(divisions) / divisions
    keys = [(round(float(d), _SAME), round(float(u), _SAME), round(float(v), _SAME)) for d in openings for u in steps for v in steps]
    new = [key for key in keys if key not in known]
    structures = [slab.opened(d, tuple(np.array([u, v]) @ period)) for d, u, v in new]
    if structures:
        energy, traction = evaluated(potential, slab, structures, "slips and openings", progress)
        known.update(zip(new, zip(energy, traction[:, 2], strict=True), strict=True))
    reference = known[(0.0, 0.0, 0.0)][0]
    values = np.array([known[key] for key in keys]).reshape(len(openings), divisions, divisions, 2)
    return SlipGrid(openings, period, (values[..., 0] - reference) / slab.area, values[..., 1])
