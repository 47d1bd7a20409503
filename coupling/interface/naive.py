"""The naive law: a relaxed slab's own traction curve, put between finite elements as it is.

It is here for comparison: the elongation of the whole slab includes the stretch of its layers, which the elements
carry as well.
"""

from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from coupling.contracts import FloatArray
from coupling.interface.branches import unbroken
from coupling.interface.excess import Excess, SlabBranch, slab_totals
from coupling.laws.count import Count
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM

RAMP = 0.3
"""Å of elongation over which a snap is spread, so that finite elements can follow it."""
_DENSE = 300
"""Points an Å along a branch."""
_SAMPLES = 60
_JOINT_POINTS = 25
_LEAST = 1e-3
"""Å: samples are not nearer to those that are needed."""


def naive_law(slab: SlabBranch, count: Count) -> TabulatedLaw:
    """The traction over the total elongation of a slab that is pulled by its ends, bulk not taken away.

    The slab is displacement-controlled: where its elongation turns back as the gap opens, it snaps to the branch of
    larger gaps at the same elongation (spread over `RAMP`). The work is ∫T dΔ, in which the elastic energy of the
    layers that the snap sets free stays: that is what is counted twice. Where a crystal parts first, or another branch goes on,
    the elongations on either side are joined by a monotone curve, so that no traction is above both.

    Args:
        slab: The relaxed slab along its path.
        count: The count of the excess law of the same slab, whose sides say which layers were not taken away, and which says
            what stands where a crystal parts first.
    """
    elongation, traction, ends = _controlled(slab)
    curve = PchipInterpolator(elongation, traction)
    chosen = _chosen(elongation, traction, ends)
    work = curve.antiderivative()(chosen)
    law = Excess(chosen, work - work[int(np.argmin(np.abs(chosen)))], curve(chosen), "in law").law()
    assert isinstance(law, TabulatedLaw)
    return law.counted(_marked(count, slab, law))


def _marked(count: Count, slab: SlabBranch, law: TabulatedLaw) -> Count:
    """The count of a slab's elongation, with how far and up to which traction that is an equilibrium."""
    bare = replace(count, taken_away="nothing", equilibrium_until=None, equilibrium_traction=None, beyond="")
    parted = slab.without_equilibrium
    if not parted.any():
        return bare
    last = max(0.0, float(slab_totals(slab)[0][int(np.argmax(parted))]))
    highest = law.peak_traction if count.equilibrium_traction is None else count.equilibrium_traction
    beyond = f"beyond, a crystal parts first: it bears {highest / 1e9:.4g} GPa; the law there is interpolated"
    return replace(bare, equilibrium_until=last * ANGSTROM, equilibrium_traction=highest, beyond=beyond)


def _controlled(slab: SlabBranch) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    """Rising elongations, Å, among them 0, and the tractions that a displacement-controlled slab shows there, eV/Å³.

    With the elongations at which a branch ends and the next begins.
    """
    longer, _ = slab_totals(slab)
    parts = [
        _dense(slab.gap[part], longer[part], slab.traction[part])
        for part in unbroken(slab.without_equilibrium | slab.switched)
    ]
    elongation, traction = np.concatenate(parts, axis=1)
    branch = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    reached, keep, after_snap = -np.inf, [], False
    for index, value in enumerate(elongation):
        if value <= reached:
            after_snap = True
            continue
        if after_snap and value < reached + RAMP:
            continue
        keep.append(index)
        reached, after_snap = value, False
    elongation, traction, branch = elongation[keep], traction[keep], branch[keep]
    ends = [elongation[k : k + 2] for k in np.flatnonzero(np.diff(branch))]
    return elongation, traction, ends


def _dense(gap: FloatArray, longer: FloatArray, traction: FloatArray) -> FloatArray:
    """(2, m) elongations and tractions of one branch, dense along its gaps, the closed slab among them."""
    if len(gap) == 1:
        return np.array([longer, traction])
    dense = np.unique(np.concatenate([np.linspace(gap[0], gap[-1], max(2, int(_DENSE * np.ptp(gap)))), gap]))
    found = np.array([CubicSpline(gap, values)(dense) for values in (longer, traction)])
    found[:, dense == 0.0] = 0.0
    return found


def _chosen(elongation: FloatArray, traction: FloatArray, ends: list[FloatArray]) -> FloatArray:
    """Samples that are dense where the curve bends, the closed slab, the highest traction, and the ends of branches."""
    along = np.cumsum(
        np.append(0.0, np.hypot(np.diff(elongation) / np.ptp(elongation), np.diff(traction) / np.ptp(traction)))
    )
    wanted = np.interp(np.linspace(0.0, along[-1], _SAMPLES), along, elongation)
    joints = [np.linspace(first, last, _JOINT_POINTS) for first, last in ends]
    needed = np.concatenate([[0.0, elongation[int(np.argmax(traction))]], *joints])
    apart = np.abs(wanted[:, None] - needed).min(axis=1) > _LEAST
    return np.unique(np.concatenate([wanted[apart], needed]))
