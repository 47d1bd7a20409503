"""An energy release rate comes from steady growth alone, and its spread covers the work that was spent."""

from dataclasses import replace

import numpy as np
import pytest

from continuum.cohesive.separation import work_ahead
from continuum.model import Energies, InterfaceEnergies
from continuum.post.fracture import released_energy_per_area, steady_growth
from continuum.solver.record import Loading, Step
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from coupling.laws.uber import Uber

WORK = 500.0
UBER, LINEAR = Uber(2.0, 5e-11), Bilinear(2.0, 1e9, 1e24)
ALONG = np.linspace(0.0, 1.0, 5001)


def share(opened):
    """The work that `Uber` has done at a part of its final opening."""
    return UBER.evaluate(np.outer(opened * UBER.final_opening, [1.0, 0, 0])).energy / UBER.work_of_separation


def early(opened):
    """The same of linear softening."""
    return 2 * opened - opened**2


AHEAD = {share: work_ahead(UBER), early: work_ahead(LINEAR)}


def grown(tips, zone, law=share, end=1.0, rounding=0.0):
    """The record of a crack with its process zone of a length `zone(tip)` behind each tip; beyond `end` nothing is left."""
    steps, noise = [], np.random.default_rng(0).normal(0, 1, len(tips))
    for tip, error in zip(tips, noise, strict=True):
        opened = np.clip((tip - ALONG) / zone(tip), 0.0, 1.0)
        over = lambda values: float(np.trapezoid(np.where(end >= ALONG, values, 0.0), ALONG))  # noqa: E731
        taken = WORK * over(law(opened))
        work, energies = (
            taken * (1 + rounding * error),
            Energies({"body": 0.0}, {"bond": InterfaceEnergies(0.0, taken)}),
        )
        area, size = over(opened), over(6 * opened * (1 - opened))
        steps.append(Step(tip, 1.0, 0.0, work, energies, area, opened.max(), 5, 3, 0.0, size, AHEAD[law] / 6 * size))
    return Loading(steps)


def test_how_far_a_law_s_work_is_ahead_of_its_opening():
    """Linear softening: w − o = o (1 − o). UBER does most of its work in a small part of its opening."""
    assert AHEAD[early] == pytest.approx(1.0, rel=1e-6)
    opened = np.linspace(0.001, 0.999, 777)
    ahead = np.abs(share(opened) - opened) / (opened * (1 - opened))
    assert 4.7 < ahead.max() <= AHEAD[share] * (1 + 1e-6)


TIPS = np.linspace(0.01, 0.9, 60)


@pytest.mark.parametrize("law", [share, early])
def test_a_zone_that_travels_unchanged_gives_the_work_of_separation(law):
    growth = steady_growth(grown(TIPS, lambda tip: 0.1, law))
    assert growth.energy_release_rate == pytest.approx(WORK, rel=1e-3)
    assert abs(growth.energy_release_rate - WORK) <= growth.spread < 0.01 * WORK
    assert growth.last - growth.first > 20


@pytest.mark.parametrize("law", [share, early])
@pytest.mark.parametrize("rate", [-0.06, -0.03, 0.01, 0.03, 0.06, 0.3])
def test_a_zone_that_changes_while_it_travels_is_within_its_spread_or_withheld(law, rate):
    """A threshold on the area alone takes them for steady."""
    record = grown(TIPS, lambda tip: 0.1 + rate * tip, law)
    released, area = record.column("work"), record.column("broken_area")
    assert abs(np.polyfit(area[20:], released[20:], 1)[0] / WORK - 1) > 0.001
    try:
        growth = steady_growth(record)
    except InputError as reason:
        assert "The process zone changes while the crack grows" in str(reason) and abs(rate) > 0.05
    else:
        assert abs(growth.energy_release_rate - WORK) <= growth.spread < 0.05 * growth.energy_release_rate


def test_where_the_crack_meets_the_end_nothing_is_taken():
    whole = steady_growth(grown(TIPS, lambda tip: 0.1))
    cut = steady_growth(grown(TIPS, lambda tip: 0.1, end=0.7))
    assert cut.energy_release_rate == pytest.approx(WORK, rel=1e-3)
    assert TIPS[cut.last] <= 0.7 + 0.02 < TIPS[whole.last]


def test_scatter_widens_the_spread():
    quiet, loud = (steady_growth(grown(TIPS, lambda tip: 0.1, rounding=size)) for size in (0.0, 3e-3))
    assert abs(loud.energy_release_rate - WORK) <= loud.spread
    assert loud.spread > 2 * quiet.spread


def test_work_that_no_energy_shows_is_within_the_spread():
    """Long steps of a trapezoid that find a hundredth too much work all along."""
    record = grown(TIPS, lambda tip: 0.1, early)
    record.steps = [replace(step, work=1.01 * step.work) for step in record.steps]
    growth = steady_growth(record)
    assert growth.energy_release_rate == pytest.approx(1.01 * WORK, rel=1e-3)
    assert 0.01 * WORK < growth.spread < 0.02 * WORK


def test_a_crack_that_has_not_grown_by_its_zone_gives_nothing():
    with pytest.raises(InputError, match="Nowhere does the crack grow by its process zone"):
        released_energy_per_area(grown(np.linspace(0.01, 0.12, 30), lambda tip: 0.3))
