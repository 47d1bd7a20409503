"""Tractions of a law at a temperature from what it adds to the free energies along a static path and along its bulk."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.interface.excess import BulkBranch, SlabBranch, taken_away

Ends = Literal["natural", "not-a-knot", "apart"]
"""How a fitted spline ends."""
_SMOOTH = 0.15
"""Å of the excess opening: what the temperature adds is not resolved more finely."""
_BULK_NODES = 6
"""Of the bulk's thermal part, which is nearly a parabola."""
_EQUAL = 2e-3
"""Å: heights of a bulk that differ by less are one."""


@dataclass(frozen=True)
class ThermalPart:
    """What the temperature adds to the energy along a path, R = F − E, of the supercell that moved.

    Attributes:
        places: (c,) cells of a histogram, Å.
        energy: (c,) R, eV, up to a constant; NaN where no walker came.
        left: (b, c) R without one block of samples after the other.
        counts: (c,) samples.
        temperature: Kinetic, K: should be the one asked for.
    """

    places: FloatArray
    energy: FloatArray
    left: FloatArray
    counts: FloatArray
    temperature: float

    def at(self, nodes: FloatArray, closed: int = 0) -> tuple[FloatArray, FloatArray]:
        """R (n,) at nodes beyond that at one of them, and standard errors, eV: of the spline through them that fits best.

        Raises:
            InputError: no walker came to some.
        """

        def fitted(energies: FloatArray) -> FloatArray:
            found = _smooth(self.places, energies, self.counts, nodes)(nodes)
            return np.asarray(found - found[closed])

        return fitted(self.energy), np.sqrt(_spread([fitted(one) for one in self.left]))


@dataclass(frozen=True)
class WarmTractions:
    """Tractions of a law at a temperature, gap in the law; eV/Å³.

    Attributes:
        law: (n,) of the law at the gaps of the static path.
        law_std: (n,) standard errors.
        bulk: (n,) of the bulk at the heights that it has along the path.
    """

    law: FloatArray
    law_std: FloatArray
    bulk: FloatArray


def warm_tractions(
    slab: SlabBranch, bulk: BulkBranch, whole: ThermalPart, own: ThermalPart, cells: int, repeats: int
) -> WarmTractions:
    """The law's tractions: its static ones and the slope, by the excess opening, of what the temperature adds.

    At the last opening, where the faces no longer interact, the temperature adds none.

    Args:
        slab: The static path, along whose gaps `whole` was sampled.
        bulk: Its bulk reference.
        whole: Of the slab, over the gap.
        own: Of the bulk, over the height of its supercell.
        cells: In-plane unit cells of the supercells.
        repeats: Lattice repeats of the bulk's supercell along the normal.
    """
    closed = slab.closed
    (layers,) = taken_away(slab.repeats, slab.interfaces, bulk.height[[closed]], bulk.spacing[[closed]], "in law")
    opening = slab.length - layers * bulk.height
    at = CubicSpline(slab.gap, opening)(whole.places)
    height = repeats * CubicSpline(slab.gap, bulk.height)(whole.places)
    nodes, inner = _thinned(opening, _SMOOTH), np.linspace(own.places[0], own.places[-1], _BULK_NODES)

    def slopes(of_slab: FloatArray, of_bulk: FloatArray) -> FloatArray:
        taken = _smooth(own.places, of_bulk, own.counts, inner, "not-a-knot")
        rest = (of_slab - layers / repeats * taken(height)) / (cells * slab.area)
        return np.asarray(_smooth(at, rest, whole.counts, nodes, "apart")(opening, 1))

    added = slopes(whole.energy, own.energy)
    variance = sum(
        _spread([slopes(*pair) for pair in pairs])
        for pairs in ([(one, own.energy) for one in whole.left], [(whole.energy, one) for one in own.left])
    )
    statically = CubicSpline(slab.gap, slab.traction)(slab.gap)
    of_bulk = _smooth(own.places, own.energy, own.counts, inner, "not-a-knot")(repeats * bulk.height, 1)
    return WarmTractions(statically + added, np.sqrt(variance), bulk.traction + of_bulk / (cells * slab.area))


def rising_heights(bulk: BulkBranch) -> NDArray[np.int64]:
    """Indices of a bulk's states in the order of their heights, those left out that are hardly higher than the one before."""
    order, kept = np.argsort(bulk.height), list[int]()
    for k in order:
        if not kept or bulk.height[k] - bulk.height[kept[-1]] > _EQUAL:
            kept.append(int(k))
    return np.array(kept)


def _spread(left: list[FloatArray]) -> FloatArray:
    """Variance of a jackknife."""
    return np.asarray((len(left) - 1) * np.var(left, axis=0))


def _thinned(values: FloatArray, apart: float) -> FloatArray:
    """Rising values, at least that far apart; the first and the last among them."""
    values, kept = np.unique(values), [float(np.min(values))]
    for value in values[1:-1]:
        if value - kept[-1] >= apart and values[-1] - value >= apart:
            kept.append(float(value))
    return np.append(kept, values[-1])


def _smooth(
    places: FloatArray, energies: FloatArray, counts: FloatArray, nodes: FloatArray, ends: Ends = "natural"
) -> CubicSpline:
    """The cubic spline through nodes that fits energies best, each weighted with its samples.

    Raises:
        InputError: the walkers left too much unvisited.
    """
    known = np.isfinite(energies) & (counts > 0)
    basis = CubicSpline(nodes, np.eye(len(nodes)), bc_type=_conditions(ends, len(nodes)))
    trust, columns = np.sqrt(counts[known]), basis(places[known])
    if known.sum() < len(nodes) or np.linalg.matrix_rank(columns) < len(nodes):
        raise InputError("The walkers leave parts of the path unvisited; take more steps.")
    found = np.linalg.lstsq(trust[:, None] * columns, trust * energies[known], rcond=None)[0]
    return CubicSpline(nodes, found, bc_type=_conditions(ends))


def _conditions(ends: Ends, count: int = 0) -> Any:
    """Of a spline: "apart" has no slope at its last node, where the faces no longer interact; `count` for that many at once."""
    if ends != "apart":
        return ends
    zero = np.zeros(count) if count else 0.0
    return ((2, zero), (1, zero))
