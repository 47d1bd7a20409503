"""The naive law: what a person gets who puts a relaxed slab's own traction curve between finite elements.

It is here to be compared with: the elongation of the whole slab holds the stretch of its layers, which the elements
carry again.
"""

from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from coupling.contracts import FloatArray
from coupling.interface.excess import SlabBranch, slab_totals
from coupling.laws.count import Count
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM, EV_A3

RAMP = 0.3
"""Å of elongation over which a snap is spread, so that finite elements can follow it."""
_DENSE = 2000
_SAMPLES = 60


def naive_law(slab: SlabBranch, count: Count) -> TabulatedLaw:
    """The traction over the total elongation of a slab that is pulled by its ends, bulk not taken away.

    The slab is displacement-controlled: where its elongation turns back as the gap opens, it snaps to the branch of
    larger gaps at the same elongation (spread over `RAMP`). The work is ∫T dΔ, in which the elastic energy of the
    layers that the snap sets free stays: that is what is counted twice.

    Args:
        slab: The relaxed slab along its path.
        count: The count of the excess law of the same slab, whose sides say which layers were not taken away.
    """
    elongation, traction = _controlled(slab)
    curve = PchipInterpolator(elongation, traction)
    chosen = _chosen(elongation, traction)
    energy = curve.antiderivative()
    return TabulatedLaw(
        chosen * ANGSTROM, (energy(chosen) - energy(0.0)) * EV_A3 * ANGSTROM, curve(chosen) * EV_A3, gap="in law"
    ).counted(replace(count, taken_away="nothing", equilibrium_until=None, equilibrium_traction=None, beyond=""))


def _controlled(slab: SlabBranch) -> tuple[FloatArray, FloatArray]:
    """Rising elongations, Å, among them 0, and the tractions that a displacement-controlled slab shows there, eV/Å³."""
    longer, _ = slab_totals(slab)
    dense = np.unique(np.concatenate([np.linspace(slab.gap[0], slab.gap[-1], _DENSE), slab.gap]))
    elongation, traction = CubicSpline(slab.gap, longer)(dense), CubicSpline(slab.gap, slab.traction)(dense)
    elongation[dense == 0.0] = traction[dense == 0.0] = 0.0
    reached, keep, after_snap = -np.inf, [], False
    for index, value in enumerate(elongation):
        if value <= reached:
            after_snap = True
            continue
        if after_snap and value < reached + RAMP:
            continue
        keep.append(index)
        reached, after_snap = value, False
    return elongation[keep], traction[keep]


def _chosen(elongation: FloatArray, traction: FloatArray) -> FloatArray:
    """Samples that are dense where the curve bends, and the closed slab."""
    along = np.cumsum(
        np.append(0.0, np.hypot(np.diff(elongation) / np.ptp(elongation), np.diff(traction) / np.ptp(traction)))
    )
    wanted = np.interp(np.linspace(0.0, along[-1], _SAMPLES), along, elongation)
    chosen = np.unique(np.append(wanted, 0.0))
    close = np.flatnonzero((np.diff(chosen) < 1e-4) & (chosen[:-1] != 0.0))
    return np.delete(chosen, close)
