"""Openings without a state: where they are, what the energies ask for there, and by how much the law may be wrong."""

import numpy as np
import pytest

from coupling.interface.branches import LeftOut
from coupling.interface.excess import Excess, SlabBranch
from coupling.interface.stretches import interpolated_stretches
from coupling.laws.uber import Uber
from coupling.units import ANGSTROM, EV_A2, EV_A3

EXACT = Uber(3.0, 0.6 * ANGSTROM)
GAPS = np.arange(-2, 91) * 0.1


def sampled(*missing, energy=EXACT):
    """The path of a law, its states at some gaps (numbers of them) not found, and the law of the rest."""
    there = np.delete(GAPS, missing)
    work, traction, _ = energy.normal(there * ANGSTROM)
    slab = SlabBranch(
        there, 20 + there, work / EV_A2, traction / EV_A3, traction / EV_A3, 1.0, (4.0,),
        left_out=tuple(LeftOut(float(GAPS[k]), False, 1e-3) for k in missing),
    )  # fmt: skip
    made = Excess(there, work / EV_A2, traction / EV_A3, "in law")
    return slab, made, made.law()


def test_a_path_with_all_its_states_has_no_stretch():
    assert interpolated_stretches(*sampled()) == ()
    assert interpolated_stretches(*sampled(0, 1)) == ()  # closing faces are no opening


def test_a_stretch_says_where_it_is_and_what_the_energies_ask_for():
    (found,) = interpolated_stretches(*sampled(10, 11, 12))
    assert (found.begin, found.end) == pytest.approx((0.7e-10, 1.1e-10))
    ends = EXACT.normal(np.array([found.begin, found.end]))
    assert found.mean == pytest.approx(float(np.diff(ends[0])[0]) / 0.4e-10, rel=1e-9)
    assert (found.before, found.after) == pytest.approx(tuple(ends[1]), rel=1e-9)
    assert "openings of 0.7 and 1.1 Å" in found.in_words and "% of the peak" in found.in_words


@pytest.mark.parametrize("missing", [(4, 5, 6, 7, 8, 9), (10, 11, 12), (20, 21)])
def test_the_doubt_covers_the_law_s_error(missing):
    """Of a smooth law it is far larger than what interpolation misses."""
    slab, made, law = sampled(*missing)
    (found,) = interpolated_stretches(slab, made, law)
    along = np.linspace(found.begin, found.end, 200)
    error = np.abs(law.normal(along)[1] - EXACT.normal(along)[1]).max() / EXACT.peak_traction
    assert error < found.doubt < 0.6


def test_two_stretches_come_by_rising_opening():
    first, second = interpolated_stretches(*sampled(10, 30))
    assert first.end < second.begin and second.doubt < first.doubt
