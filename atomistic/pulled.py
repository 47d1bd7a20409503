"""A slab pulled apart under displacement control: atoms alone, or a bulk bar with a cohesive law."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from coupling.cohesive import BulkBranch, SlabBranch, slab_totals
from coupling.contracts import FloatArray


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
    crests = force.derivative().roots(extrapolate=False)
    strongest = max(force(snap), *force(crests[(crests > 0) & (crests < parameter[-1])]), traction.max())
    return Rupture(float(longer(snap)), float(force(snap)), float(strongest), float(work(snap)))


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
