"""The naive law of a chain of springs that holds a breaking one: its work is too large by what the springs held at the snap."""

from dataclasses import replace

import numpy as np
import pytest

from coupling.exchange.export import to_csv
from coupling.interface.branches import LeftOut, Switch
from coupling.interface.excess import SlabBranch
from coupling.interface.naive import naive_law
from coupling.laws.count import Count
from coupling.laws.uber import Uber
from coupling.units import ANGSTROM, EV_A2, EV_A3

LAW = Uber(2.0, 0.45e-10)


def chain(compliance: float) -> SlabBranch:
    """A breaking plane (UBER) in series with springs, compliance in Å per eV/Å³."""
    gap = np.unique(np.append(np.linspace(-0.2, 6.0, 300), 0.0))
    energy, traction, _ = LAW.normal(gap * ANGSTROM)
    energy, traction = energy / EV_A2, traction / EV_A3
    traction[gap == 0.0] = 0.0
    length = 10.0 + gap + compliance * traction
    stored = energy + 0.5 * compliance * traction**2
    return SlabBranch(gap, length, stored, traction, traction, 1.0, (6,))


@pytest.mark.parametrize("compliance", [0.0, 2.0])
def test_a_slab_that_does_not_snap_keeps_the_work(compliance):
    naive = naive_law(chain(compliance), Count("bulk"))
    assert naive.work_of_separation == pytest.approx(LAW.work_of_separation, rel=2e-3)
    assert naive.peak_traction == pytest.approx(LAW.peak_traction, rel=1e-3)
    assert naive.count.naive
    assert naive.opening_at_peak == pytest.approx(
        LAW.opening_at_peak + compliance * naive.peak_traction / EV_A3 * ANGSTROM, rel=0.02
    )


def test_a_slab_that_snaps_counts_what_the_layers_held():
    """Work to the snap along the rising branch, and from there along the lower one: an integral done here by itself."""
    slab = chain(30.0)
    elongation = slab.length - 10.0
    snap = int(np.argmax(np.diff(elongation) < 0))
    upper = float(slab.energy[snap])
    back = snap + 1 + int(np.argmax(elongation[snap + 1 :] >= elongation[snap]))
    lower = float(slab.energy[-1] - slab.energy[back])
    ramp = (
        0.5 * 0.3 * (slab.traction[snap] + slab.traction[back])
    )  # spread, in place of the first part of the lower branch
    expected = (upper + lower) * EV_A2
    naive = naive_law(slab, Count("bulk"))
    assert expected > 1.1 * LAW.work_of_separation
    assert naive.work_of_separation == pytest.approx(expected, abs=ramp * EV_A2)
    assert naive.work_of_separation > expected


def parted_chain() -> SlabBranch:
    """The chain of springs without the gaps about its peak, at which a crystal would part."""
    slab = chain(2.0)
    gone = (slab.gap > 0.25) & (slab.gap < 0.9)
    kept = {name: getattr(slab, name)[~gone] for name in ("gap", "length", "energy", "traction", "traction_by_forces")}
    left_out = tuple(LeftOut(float(gap), parts=True) for gap in slab.gap[gone])
    return replace(slab, **kept, left_out=left_out)


def test_a_slab_that_parts_first_has_no_peak_between_and_says_so():
    slab = parted_chain()
    highest = slab.traction.max() * EV_A3
    naive = naive_law(slab, Count("bulk", equilibrium_until=2e-11, equilibrium_traction=highest, beyond="held"))
    assert 0.99 * highest < naive.peak_traction < 1.003 * highest < 0.95 * LAW.peak_traction
    last = slab.length[np.argmax(slab.without_equilibrium)] - 10.0
    assert naive.count.equilibrium_until == pytest.approx(last * ANGSTROM)
    assert naive.count.equilibrium_traction == highest
    assert "a crystal parts first" in naive.count.beyond and "interpolated" in naive.count.beyond
    assert "NOT AN EQUILIBRIUM" in to_csv(naive)
    whole = naive_law(chain(2.0), Count("bulk", equilibrium_until=2e-11, equilibrium_traction=1e9, beyond="held"))
    assert whole.count.equilibrium_until is None and "NOT AN" not in to_csv(whole)


def test_no_curve_runs_from_one_branch_to_another():
    """Where the law goes over to another branch a spline through both would swing above and below them."""
    slab = chain(2.0)
    far = slab.gap > 0.6
    drop = np.where(far, 0.4, 1.0)
    k = int(np.argmax(far)) - 1
    switch = Switch(0.5, float(slab.traction[k]), float(0.4 * slab.traction[k + 1]), 0.1)
    jumped = replace(slab, traction=slab.traction * drop, traction_by_forces=slab.traction * drop, switches=(switch,))
    assert np.flatnonzero(jumped.switched).tolist() == [k]
    naive = naive_law(jumped, Count("bulk"))
    x = np.linspace(0.0, naive.opening[-1], 20001)
    assert naive.normal(x)[1].max() < 1.01 * jumped.traction.max() * EV_A3
    assert naive.normal(x)[1].min() > -0.01 * jumped.traction.max() * EV_A3
