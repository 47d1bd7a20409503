"""Error bars of a law from samples."""

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.exchange.export import to_csv
from coupling.exchange.storage import load_law, save_law
from coupling.interface.coarse_graining import coarsen
from coupling.interface.error_bars import (
    landmark_std,
    rescaled_error_bars,
    stated_bars,
    with_error_bars,
    with_members_of,
)
from coupling.interface.fit import fit
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber

OPENING = np.concatenate([[-0.2e-10], np.linspace(0, 8e-10, 81)])


def tabulated(work: float, **errors) -> TabulatedLaw:
    energy, traction, _ = Uber(work, 0.5e-10).normal(OPENING)
    traction[-1] = 0.0
    return TabulatedLaw(OPENING, energy, traction, **errors)


def test_laws_that_differ_by_a_factor_have_a_constant_relative_error() -> None:
    works = np.array([3.8, 3.9, 4.1, 4.3])
    law = with_error_bars(tabulated(4.0), [tabulated(work) for work in works])
    relative = works.std(ddof=1) / 4.0
    assert law.work_of_separation_std == pytest.approx(relative * law.work_of_separation, rel=1e-4)
    assert law.peak_traction_std == pytest.approx(relative * law.peak_traction, rel=1e-2)
    closed = int(np.flatnonzero(law.opening == 0)[0])
    assert law.energy_std[closed] == 0 and law.traction_std[closed] == pytest.approx(
        0, abs=1e-3 * law.peak_traction_std
    )


def test_errors_that_are_known_already_add_in_squares() -> None:
    known = np.full(len(OPENING), 0.3)
    law = with_error_bars(tabulated(4.0, energy_std=known), [tabulated(3.8), tabulated(4.2)])
    sampled = with_error_bars(tabulated(4.0), [tabulated(3.8), tabulated(4.2)])
    np.testing.assert_allclose(law.energy_std**2, sampled.energy_std**2 + 0.09)
    np.testing.assert_array_equal(law.traction_std, sampled.traction_std)


def test_one_sample_is_none() -> None:
    with pytest.raises(InputError, match="two samples"):
        with_error_bars(tabulated(4.0), [tabulated(4.1)])


def test_what_is_made_of_a_law_has_its_error_bars(tmp_path) -> None:
    """Chains, triangles and fits of samples that differ by a factor: the work by it, a coarse peak by its root (T ∝ √W/l)."""
    works = [3.8, 4.0, 4.3]
    law = with_error_bars(tabulated(4.0), [tabulated(work) for work in works])
    relative = np.std(works, ddof=1) / 4.0
    for made in (coarsen(law, 50), coarsen(law, 50, softening="bilinear"), fit(law, "uber").law):
        assert landmark_std(made, "work_of_separation") == pytest.approx(relative * made.work_of_separation, rel=1e-3)
        assert landmark_std(made, "peak_traction") == pytest.approx(relative * made.peak_traction, rel=0.02)
        save_law(made, tmp_path / "law.json")
        again = load_law(tmp_path / "law.json")
        assert stated_bars(again) == stated_bars(made) and None not in stated_bars(made).values()
        assert (
            f"work_of_separation = {made.work_of_separation!r} +- {landmark_std(made, 'work_of_separation')!r} J/m^2"
            in to_csv(made)
        )
    assert coarsen(tabulated(4.0), 50).members == () and landmark_std(tabulated(4.0), "final_opening") is None


def test_withheld_bars_are_not_handed_on() -> None:
    law = with_error_bars(tabulated(4.0), [tabulated(3.8), tabulated(4.2)])
    for told in (rescaled_error_bars(law, None, 1.0), rescaled_error_bars(law, 1.0, 2.0)):
        assert coarsen(told, 50).members == () and fit(told, "uber").law.members == ()


def test_a_member_of_which_nothing_can_be_made_leaves_the_bar_open() -> None:
    """Such as a sample of a potential whose planes do not hold together: the law is fitted, and says no bar."""
    law = with_error_bars(tabulated(4.0), [tabulated(3.8), tabulated(4.2)])
    assert len(with_members_of(Uber(4.0, 0.5e-10), law, lambda one: Uber(one.work_of_separation, 0.5e-10)).members) == 2
    odd = law.members[1].work_of_separation
    makes = lambda one: Uber(one.work_of_separation - odd, 0.5e-10)  # noqa: E731 - of the second member: no work at all
    assert with_members_of(Uber(4.0, 0.5e-10), law, makes).members == ()
