"""The mixed-mode potential ψ(δn, δt1, δt2) on a grid that refines itself where the error estimate is largest.

What is sampled at a jump, rigid halves or relaxed equilibria, is the sampler's; the grid is the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from ase import Atoms

from atomistic.decohesion.bridging import bridged
from atomistic.decohesion.rigid_path import evaluated
from atomistic.decohesion.slab import Openable
from atomistic.decohesion.slip import SlipGrid
from atomistic.decohesion.slip_symmetry import SlipSymmetry, lowest, mean, slip_symmetries
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.laws.mixed import MixedModeLaw
from coupling.units import ANGSTROM, EV_A2, EV_A3

_SAME = 9  # decimals of an opening in Å, and of a slip in periods, by which it is known
_FAR = 4  # times the tolerance: halve the slips, else take two thirds


class JumpSamples(NamedTuple):
    """What a sampler says of k jumps; atomistic units, vectors along normal, x, y.

    Attributes:
        energy: (k,) per area up to a constant, eV/Å²; NaN where there is no equilibrium.
        traction: (k, 3) eV/Å³; NaN there.
        rigid_energy: (k,) of rigid halves at the same jumps, up to a constant.
        rigid_traction: (k, 3) of these.
    """

    energy: FloatArray
    traction: FloatArray
    rigid_energy: FloatArray
    rigid_traction: FloatArray


Sampler = Callable[[FloatArray], JumpSamples]
"""Jumps (k, 3) in Å, normal, x, y, to samples."""


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
    shear = None if grid.shear_traction is None else grid.shear_traction * EV_A3
    return MixedModeLaw(
        grid.opening * ANGSTROM,
        grid.period * ANGSTROM,
        grid.energy * EV_A2,
        grid.traction * EV_A3,
        shear_traction=shear,
    )


class RigidSampler:
    """Halves moved rigidly; every jump has its samples.

    Args:
        potential: The interatomic potential.
        slab: The closed interface.
        progress: Told after each batch.

    Attributes:
        jumps: (k, 3) that were sampled so far: normal, x, y, Å.
        structures: The k structures, with their results.
    """

    def __init__(self, potential: Potential, slab: Openable, progress: Progress = silent) -> None:
        self._potential, self._slab, self._progress = potential, slab, progress
        self.jumps, self.structures = np.zeros((0, 3)), list[Atoms]()

    def __call__(self, jumps: FloatArray) -> JumpSamples:
        """Samples at jumps (k, 3): normal, x, y, Å."""
        slab, structures = self._slab, [self._slab.opened(row[0], (row[1], row[2])) for row in jumps]
        energy, traction = evaluated(self._potential, slab, structures, "slips and openings", self._progress)
        self.jumps, self.structures = np.vstack([self.jumps, jumps]), self.structures + structures
        energy, traction = energy / slab.area, traction[:, [2, 0, 1]]
        return JumpSamples(energy, traction, energy, traction)


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
    """`refined_grid` of rigid halves of a closed interface."""
    sampler = RigidSampler(potential, slab, progress)
    symmetries = slip_symmetries(slab.atoms, np.asarray(period, dtype=float)[:, :2])
    return refined_grid(
        sampler, openings, period, symmetries=symmetries, divisions=divisions, tolerance=tolerance, budget=budget
    )


def refined_grid(
    sampler: Sampler,
    openings: FloatArray,
    period: FloatArray,
    *,
    symmetries: Sequence[SlipSymmetry],
    divisions: int = 6,
    tolerance: float = 0.01,
    budget: int = 3000,
) -> tuple[SlipGrid, list[Refinement]]:
    """Refine openings and slips in turn, whichever has the larger estimated error, until it is small enough.

    Intervals of openings whose error is too large are halved, slips refined along both vectors alike: the
    law's slips are those of a Fourier series and need a tensor grid. Points already known are not sampled
    again.

    Args:
        sampler: Energies and tractions at jumps.
        openings: (n,) first openings, Å, among them 0.
        period: (2, 2) Å, rows are the in-plane period vectors of slip.
        symmetries: `slip_symmetries` of the closed interface, which the grid has, too.
        divisions: First slips along each vector.
        tolerance: Estimated energy error over the work of separation that is small enough.
        budget: Most jumps to sample; the grid stays coarser than the tolerance asks where it ends.

    Returns:
        The grid and its states, the last one that of the grid.

    Raises:
        InputError: the first grid is beyond the budget, or too coarse to be refined.
        NotConverged: too few jumps have an equilibrium.
    """
    openings = np.asarray(openings, dtype=float)
    if divisions < 4 or divisions % 2:
        raise InputError(f"{divisions} slips a period cannot be refined; begin with an even number of 4 or more.")
    if len(openings) * divisions**2 > budget:
        raise InputError(
            f"The first grid takes {len(openings) * divisions**2} structures, more than the budget of {budget}; "
            "allow more, or begin with fewer openings or divisions."
        )
    known: dict[tuple[float, float, float], FloatArray] = {}
    history: list[Refinement] = []
    while True:
        grid = _sampled(sampler, openings, np.asarray(period, dtype=float)[:, :2], divisions, known, symmetries)
        law = mixed_law(_free_when_closed(grid))
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


def _free_when_closed(grid: SlipGrid) -> SlipGrid:
    """The grid without the static traction that a closed interface has in the crystal's cell at a temperature."""
    traction = grid.traction.copy()
    traction[grid.opening == 0.0, 0, 0] = 0.0
    return replace(grid, traction=traction)


def _sampled(
    sampler: Sampler,
    openings: FloatArray,
    period: FloatArray,
    divisions: int,
    known: dict[tuple[float, float, float], FloatArray],
    symmetries: Sequence[SlipSymmetry],
) -> SlipGrid:
    """The grid, of which only the points not yet known are sampled, and what has no equilibrium is bridged."""
    steps = np.arange(divisions) / divisions
    keys = [
        (round(float(d), _SAME), round(float(u), _SAME), round(float(v), _SAME))
        for d in openings
        for u in steps
        for v in steps
    ]
    new = [key for key in keys if key not in known]
    if new:
        found = sampler(np.array([[d, *(np.array([u, v]) @ period)] for d, u, v in new]))
        rows = np.column_stack([found.energy, found.traction, found.rigid_energy, found.rigid_traction])
        known.update(zip(new, rows, strict=True))
    values = np.array([known[key] for key in keys]).reshape(len(openings), divisions, divisions, 8)
    values[..., [0, 4]] -= known[(0.0, 0.0, 0.0)][[0, 4]]
    relaxed, rigid = (lowest(part, symmetries) for part in (values[..., :4], values[..., 4:]))
    whole, missing = bridged(relaxed, rigid, openings, period)
    whole = mean(whole, symmetries)
    jumps = np.array([[d, *(np.array([u, v]) @ period)] for d, u, v in keys])[missing.ravel()]
    return SlipGrid(openings, period, whole[..., 0], whole[..., 1], whole[..., 2:], jumps)
