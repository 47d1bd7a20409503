"""What the bulk holds at a law's peak traction depends on that traction, and not on the openings that were sampled."""

import numpy as np
import pytest

from coupling.interface.branches import LeftOut
from coupling.interface.excess import BulkBranch, Excess, SlabBranch, excess
from coupling.laws.uber import Uber
from coupling.units import EV_A2
from multiscale.stages.law_atoms import LawAtoms
from multiscale.stages.law_of_samples import _energy_at, _reached

AREA, HEIGHT, STIFF, SOFTENING = 5.7, 2.1, 0.9, 1.1  # T = STIFF s − SOFTENING s², largest at s = 0.409


def traction(stretch):
    return STIFF * stretch - SOFTENING * stretch**2


def samples(stretch):
    """A path that ends fully open, of which a crystal is stretched by these, Å."""
    stretch = np.append(stretch, [0.2, 0.05, 0.0])  # the falling branch, from the peak on
    gap, pulled = np.arange(len(stretch)) - float(np.argmin(stretch)), traction(stretch)
    gap -= gap[int(np.flatnonzero(stretch == 0)[0])]
    energy = AREA * (STIFF * stretch**2 / 2 - SOFTENING * stretch**3 / 3)
    slab = SlabBranch(gap, gap, energy, pulled, pulled, AREA, (2,))
    return LawAtoms(AREA, (1, 1), HEIGHT, (), slab=slab, bulks=(BulkBranch(pulled, HEIGHT + stretch, energy, gap),))


@pytest.mark.parametrize("largest", [0.24, 0.27, 0.3])
def test_the_energy_is_that_at_the_peak_whatever_the_largest_sample(largest):
    stretch = 0.28
    exact = (STIFF * stretch**2 / 2 - SOFTENING * stretch**3 / 3) * 4.0 / HEIGHT * EV_A2
    atoms = samples(np.concatenate([[-0.2, -0.1, 0.0], np.linspace(0.1, largest, 5)]))
    assert _energy_at(float(traction(stretch)), atoms, 0, 4.0) == pytest.approx(exact, rel=1e-9)


def test_beyond_its_strength_a_bulk_holds_what_it_holds_there():
    strength = STIFF / (2 * SOFTENING)
    exact = (STIFF * strength**2 / 2 - SOFTENING * strength**3 / 3) * 4.0 / HEIGHT * EV_A2
    atoms = samples(np.concatenate([[-0.2, -0.1, 0.0], np.linspace(0.1, 0.35, 5)]))
    assert _energy_at(1.1 * float(traction(strength)), atoms, 0, 4.0) == pytest.approx(exact, rel=1e-9)


def test_a_traction_far_beyond_the_samples_is_not_extrapolated_to():
    """Their last cubic turns down and comes back far away, where there is no crystal: the largest sample stands for it."""
    heights = np.array([-0.2, -0.1, 0.0, 0.1, 0.13, 0.16, 0.19])
    atoms = samples(heights)
    last = (STIFF * 0.2**2 / 2 - SOFTENING * 0.2**3 / 3) * 4.0 / HEIGHT * EV_A2
    assert 0.8 * last < _energy_at(50.0, atoms, 0, 4.0) < 3.0 * last


def test_with_the_gap_in_the_bulk_a_law_may_stand_from_no_opening_on():
    """The crystal parts before the interface has opened beyond it: the opening up to which it stands is zero, not less."""
    stretch = np.array([0.0, 0.1, 0.2, 0.3])
    energy = AREA * (STIFF * stretch**2 / 2 - SOFTENING * stretch**3 / 3)
    pulled = traction(stretch)
    slab = SlabBranch(
        np.array([0.0, 0.1, 0.2, 2.0]),
        2 * stretch - 0.02 * (stretch > 0),
        2 * energy,
        pulled,
        pulled,
        AREA,
        (2,),
        1,
        (LeftOut(1.0, parts=True),),
    )
    atoms = LawAtoms(
        AREA, (1, 1), HEIGHT, (), slab=slab, bulks=(BulkBranch(pulled, HEIGHT + stretch, energy, stretch),)
    )
    law, made = Uber(2.0, 0.5e-10), excess(slab, *atoms.bulks, gap="in bulk")
    assert made.opening[2] < 0.0
    reached = _reached(law, made, slab.without_equilibrium, "cut")
    assert reached.opening == 0.0 and reached.traction == law.peak_traction


def test_interpolated_across_a_law_bears_what_it_bears_on_either_side():
    """The peak of the law, 0.5 Å open, is where a crystal would part; beside it, at 0.2 and at 1 Å, are the samples."""
    law, opening = Uber(2.0, 0.5e-10), np.array([-0.1, 0.0, 0.1, 0.2, 1.0, 2.0, 9.0])
    made = Excess(opening, opening, opening, "in law")
    reached = _reached(law, made, np.arange(6) == 3, "bridge")
    assert reached.opening == pytest.approx(0.2e-10)
    assert reached.traction == pytest.approx(law.normal(np.array([1e-10]))[1][0])
    assert _reached(law, made, np.arange(6) == 3, "cut").traction == law.peak_traction > 1.2 * reached.traction
