"""The naive law of a chain of springs that holds a breaking one: its work is too large by what the springs held at the snap."""

import numpy as np
import pytest

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
