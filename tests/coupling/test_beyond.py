"""Beyond the last equilibrium: the work kept exactly, no traction above one in equilibrium, or no law."""

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.interface.beyond import beyond_equilibrium
from coupling.interface.excess import Excess
from coupling.laws.uber import Uber
from coupling.units import ANGSTROM, EV_A2, EV_A3


def samples(first=0.25, last=0.9):
    """A law whose samples between two openings, Å, are missing, and which interval that is."""
    law = Uber(2.0, 0.4e-10)
    opening = np.concatenate([np.linspace(-0.2, 0.0, 3), np.linspace(0.05, first, 6), np.linspace(last, 8.0, 40)])
    energy, traction, _ = law.normal(opening * ANGSTROM)
    made = Excess(opening, energy / EV_A2, traction / EV_A3, "in law")
    return made, np.diff(opening) == opening[9] - opening[8]


@pytest.mark.parametrize(("first", "last"), [(0.25, 0.9), (0.25, 1.6), (0.15, 0.5)])
def test_a_cut_keeps_the_work_and_bears_no_more_than_an_equilibrium(first, last):
    made, missing = samples(first, last)
    assert missing.sum() == 1
    bridged, cut = (beyond_equilibrium(made, missing, choice) for choice in ("bridge", "cut"))
    assert bridged is made
    law, before = cut.law(), made.law()
    assert law.work_of_separation == before.work_of_separation
    assert law.peak_traction <= 1.001 * made.traction.max() * EV_A3 < before.peak_traction
    inside = slice(8, 8 + len(cut.opening) - len(made.opening) + 2)
    opening, traction, energy = cut.opening[inside], cut.traction[inside], cut.energy[inside]
    work = np.sum(0.5 * np.diff(opening) * (traction[1:] + traction[:-1]))
    assert work == pytest.approx(energy[-1] - energy[0], rel=2e-3)  # trapezia of cosine ramps
    np.testing.assert_array_equal(cut.traction[inside.stop :], made.traction[10:])
    assert np.ptp(np.round(cut.opening[inside.stop - 1 :] - made.opening[9:], 12)) == 0.0
    assert cut.opening[-1] >= made.opening[-1] - 1e-12


def test_a_law_can_be_refused_and_a_whole_one_is_left_alone():
    made, missing = samples()
    with pytest.raises(InputError, match=r"Beyond an opening of 0.25 Å .* parts first"):
        beyond_equilibrium(made, missing, "refuse")
    assert beyond_equilibrium(made, np.zeros_like(missing), "refuse") is made
