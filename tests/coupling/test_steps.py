"""Where no smooth traction joins two samples: the step that the energies ask for, its work kept, and none that pulls."""

import numpy as np
import pytest

from coupling.interface.beyond import beyond_equilibrium
from coupling.interface.excess import Excess
from coupling.interface.steps import between, drawn, held, invented, joint
from coupling.units import ANGSTROM, EV_A2, EV_A3


def two_branches(crossing: float, count: int = 30) -> tuple[Excess, int]:
    """A law that falls at a crossing, Å, from a rising branch to a soft one; its samples, eV and Å, and that interval.

    T = 3 δ e^(1 − δ/0.5) before, 0.4 times that behind.
    """
    opening = np.concatenate([[-0.05, 0.0], np.linspace(0.1, 8.0, count)])

    def work(x):
        return 3.0 * 0.5**2 * np.e * (1.0 - (1.0 + x / 0.5) * np.exp(-x / 0.5))

    full = 3.0 * opening * np.exp(1.0 - opening / 0.5)
    behind = opening > crossing
    energy = np.where(behind, work(crossing) + 0.4 * (work(opening) - work(crossing)), work(opening))
    traction = np.where(behind, 0.4, 1.0) * full
    return Excess(opening, energy, traction, "in law"), int(np.argmax(behind)) - 1


@pytest.mark.parametrize("crossing", [0.45, 0.5, 0.6])
def test_between_branches_the_law_steps_where_the_energies_say(crossing):
    made, k = two_branches(crossing)
    whole = np.zeros(len(made.opening) - 1, dtype=bool)
    switched = whole.copy()
    switched[k] = True
    smooth, law = made.law(), beyond_equilibrium(made, whole, "cut", switched).law()
    first, last = made.opening[k : k + 2] * ANGSTROM
    x = np.linspace(first, last, 4001)
    traction = law.normal(x)[1]
    ends = made.traction[k : k + 2] * EV_A3
    over = 0.002 * law.peak_traction
    assert ends.min() - over < traction.min() and traction.max() < ends.max() + over
    if crossing == 0.6:  # what interpolation makes of it
        assert np.ptp(smooth.normal(x)[1]) > 1.02 * np.ptp(ends)
    assert law.normal(last)[0] - law.normal(first)[0] == pytest.approx((made.energy[k + 1] - made.energy[k]) * EV_A2)
    fallen = x[np.argmax(traction < ends.mean())] / ANGSTROM
    share = (np.diff(made.energy)[k] / np.diff(made.opening)[k] - made.traction[k + 1]) / -np.diff(made.traction)[k]
    assert fallen == pytest.approx(made.opening[k] + share * np.diff(made.opening)[k], abs=1e-3)
    assert law.work_of_separation == pytest.approx(smooth.work_of_separation, rel=1e-12)


def test_a_state_of_another_branch_does_not_pull_the_faces_together():
    """14.9 and 6.3 GPa, whose energies ask for 0.2 between: seen in iron (001), where interpolation made it −9.4."""
    opening = np.array([-0.1, 0.0, 0.2, 0.5, 0.9, 1.2, 1.4859, 1.5121, 1.66, 1.83, 2.2, 2.8, 3.4, 4.0])
    traction = np.array([-15.0, 0.0, 20.0, 19.0, 17.0, 16.0, 14.925, 6.328, 2.9, 2.5, 1.5, 0.4, 0.05, 0.0])
    steps = 0.05 * np.diff(opening) * (traction[1:] + traction[:-1])
    steps[6] = 0.0005
    made = Excess(opening, np.append(0.0, np.cumsum(steps)) / EV_A2, traction * 1e9 / EV_A3, "in law")
    rising = slice(1, None)
    assert np.flatnonzero(drawn(made.opening[rising], made.energy[rising], made.traction[rising])).tolist() == [5]
    law = made.law()
    x = np.linspace(0.0, law.opening[-1], 40001)
    assert law.normal(x)[1].min() > -2e-3 * law.peak_traction
    energy = law.normal(np.array([1.4859, 1.5121]) * ANGSTROM)[0]
    assert np.diff(energy)[0] == pytest.approx(0.0005, rel=1e-6)


@pytest.mark.parametrize("work", [0.4, 1.1, 1.5, 2.0, 5.0])
def test_what_joins_two_samples_does_their_work(work):
    ends, width = np.array([3.0, 1.2]), 0.7
    found = joint(width, work, ends)
    opening, traction = np.append(np.append(0.0, found.opening), width), np.append(np.append(3.0, found.traction), 1.2)
    assert np.all(np.diff(opening) > 0) and traction.min() >= 0.0
    done = np.append(found.work, work)
    by_trapezia = np.cumsum(0.5 * np.diff(opening) * (traction[1:] + traction[:-1]))
    np.testing.assert_allclose(done, by_trapezia, atol=2e-3 * work)
    if 1.2 * width < work < 3.0 * width:
        assert traction.max() <= 3.0 and traction.min() >= 1.2


def test_a_level_takes_no_more_than_the_work():
    found = held(1.0, 0.01, np.array([5.0, 5.0]))
    assert found.traction.min() >= 0.0 and found.work[-1] <= 0.01


def test_smooth_samples_invent_nothing_and_have_no_step():
    x = np.linspace(0.0, 4.0, 60)
    energy, traction = 1.0 - (1.0 + x) * np.exp(-x), x * np.exp(-x)
    above, below = invented(x, energy, traction)
    assert max(above.max(), below.max()) < 1e-3 * traction.max()
    assert not drawn(x, energy, traction).any()
    assert between(x, energy, traction).sum() >= len(x) - 3  # all but the peak's
