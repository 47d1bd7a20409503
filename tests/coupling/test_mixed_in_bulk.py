"""The mixed-mode law whose closed spacing the elements own: in series with that spacing it is the in-law law."""

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.exchange.storage import load_law, save_law
from coupling.laws.mixed_in_bulk import MixedInBulk
from tests.coupling.laws import LENGTH, PEAK, WORK, taylor_slopes
from tests.coupling.test_mixed import LATTICE, sampled

STIFFNESS = WORK / LENGTH**2  # of the model's closed interface, along the normal
SHEAR = np.array([[1.1, 0.1], [0.1, 0.9]]) / STIFFNESS


@pytest.fixture(scope="module")
def in_law():
    return sampled(80, (12, 12), with_shear=True)


def bulk_stretch(traction):
    """A spacing that softens: s = T/K + (T/K)³/(2 l²)."""
    return traction / STIFFNESS + (traction / STIFFNESS) ** 3 / (2 * LENGTH**2)


@pytest.fixture(scope="module")
def law(in_law):
    tractions = np.linspace(0, 1.05 * PEAK, 120)
    return MixedInBulk(
        in_law.opening, LATTICE, in_law.energy, in_law.traction, tractions, bulk_stretch(tractions), SHEAR, 0.3 * LENGTH,
        spring=6 * STIFFNESS, shear_traction=in_law.shear_traction,
    )  # fmt: skip


def test_with_the_spacing_given_back_it_is_the_in_law_law(law, in_law):
    """δ = Δ − s(T) + T/k, ψ = ψ_L − e(s) + T²/2k at states that open, mixed, before and after the peak."""
    jump = np.array([[0.5, 0.1, 0.05], [1.0, 0.0, 0.0], [1.8, -0.1, 0.2], [3.0, 0.3, 0.1]]) * LENGTH
    whole = in_law.evaluate(jump)
    normal, shear = whole.traction[:, 0], whole.traction[:, 1:]
    away = np.column_stack([bulk_stretch(normal), shear @ SHEAR]) - whole.traction / law.spring
    found = law.evaluate(jump - away)
    np.testing.assert_allclose(found.traction, whole.traction, atol=2e-4 * PEAK)
    unit = normal / STIFFNESS
    stored = STIFFNESS * (unit**2 / 2 + 3 * unit**4 / (8 * LENGTH**2)) + 0.5 * np.einsum(
        "ni,ij,nj->n", shear, SHEAR, shear
    )
    taken = stored - 0.5 * np.sum(whole.traction**2, axis=1) / law.spring
    np.testing.assert_allclose(found.energy, whole.energy - taken, atol=2e-4 * WORK)


def test_it_begins_rigidly_keeps_peak_and_work_and_opens_less_before_the_peak(law, in_law):
    assert law.gap == "in bulk" and law.work_of_separation == in_law.work_of_separation
    assert law.peak_traction == pytest.approx(in_law.peak_traction, rel=2e-3)
    assert law.opening_at_peak < 0.7 * in_law.opening_at_peak
    small = 1e-3 * PEAK / STIFFNESS
    np.testing.assert_allclose(law.normal(small)[1], law.spring * small, rtol=0.03)
    np.testing.assert_allclose(
        law.zero_slip.normal(law.zero_slip.opening)[1], law.normal(law.zero_slip.opening)[1], atol=1e-3 * PEAK
    )


def test_tractions_inside_the_strength_surface_are_borne_with_the_spring_alone(in_law):
    """With a spacing that is exactly the closed interface's own, mixed tractions open it by T/k."""
    tangent = in_law.evaluate(np.zeros((1, 3))).tangent[0]
    tractions = np.linspace(0, in_law.peak_traction, 60)
    stretch = np.interp(tractions, in_law.normal(np.linspace(0, LENGTH, 400))[1], np.linspace(0, LENGTH, 400))
    law = MixedInBulk(
        in_law.opening, LATTICE, in_law.energy, in_law.traction, tractions, stretch, np.linalg.inv(tangent[1:, 1:]), 0.3 * LENGTH,
        shear_traction=in_law.shear_traction,
    )  # fmt: skip
    jump = np.array([[0.1, 0.05, 0.0], [0.4, 0.0, 0.04], [0.2, -0.05, 0.05]]) * LENGTH
    whole = in_law.evaluate(jump).traction
    own = np.column_stack([np.interp(whole[:, 0], tractions, stretch), whole[:, 1:] @ law.shear_compliance])
    left = jump - own + whole / law.spring
    np.testing.assert_allclose(left, whole / law.spring, atol=0.02 * LENGTH)  # what shear is softer in tension
    np.testing.assert_allclose(law.evaluate(left).traction, whole, atol=5e-3 * PEAK)


@pytest.mark.parametrize("jump", [(0.05, 0.01, -0.02), (0.4, 0.3, -0.2), (1.3, 2.5, 1.4), (-0.3, 0.3, 0.2)])
def test_traction_and_tangent_are_derivatives(law, jump):
    direction = np.array([0.02, 0.04, -0.03]) * LENGTH
    slopes = taylor_slopes(law, np.array(jump) * LENGTH, direction)
    np.testing.assert_allclose(slopes[-1], 2.0, atol=0.15)
    tangent = law.evaluate(np.array([jump]) * LENGTH).tangent[0]
    np.testing.assert_allclose(tangent, tangent.T, rtol=1e-12)


def test_a_closed_loop_takes_no_work(law):
    angle = np.linspace(0, 2 * np.pi, 2001)
    loop = np.column_stack([1.5 + np.cos(angle), 1.2 * np.sin(angle), 0.6 * np.sin(2 * angle)]) * LENGTH
    middle, ends = (law.evaluate(x).traction for x in (0.5 * (loop[1:] + loop[:-1]), loop))
    power = np.sum((ends[1:] + ends[:-1] + 4 * middle) / 6 * np.diff(loop, axis=0), axis=1)
    assert np.abs(power).sum() > 0.5 * WORK and abs(power.sum()) < 1e-5 * WORK


def test_it_has_the_period_is_stored_and_takes_another_spring(law, tmp_path):
    jump = np.array([[0.4, 0.2, 0.1], [1.0, -0.3, 0.4]]) * LENGTH
    moved = law.evaluate(jump + np.append(0.0, LATTICE[0] - 2 * LATTICE[1]))
    np.testing.assert_allclose(moved.energy, law.evaluate(jump).energy, atol=1e-10 * WORK)
    save_law(law, tmp_path / "law.json")
    again = load_law(tmp_path / "law.json")
    assert isinstance(again, MixedInBulk) and again.spring == law.spring
    np.testing.assert_array_equal(again.evaluate(jump).traction, law.evaluate(jump).traction)
    softer = law.on_spring(3 * STIFFNESS)
    assert softer.opening_at_peak > law.opening_at_peak and softer.work_of_separation == law.work_of_separation


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spring": 0.5 * STIFFNESS}, "softer than the bulk's own spacing; take more than"),
        ({"gap": "in law"}, "in law is a MixedModeLaw"),
        ({"bulk_traction": np.ones(5)}, "rising from 0"),
        (
            {"bulk_stretch": np.array([0, 1, 3, 2, 4]) * LENGTH, "bulk_traction": np.arange(5) * PEAK},
            "must rise up to its strength",
        ),
        ({"shear_compliance": -SHEAR}, "positive shear compliance"),
    ],
)
def test_spacings_that_are_none_are_refused(law, change, message):
    own = {name: getattr(law, name) for name in law.units}
    with pytest.raises(InputError, match=message):
        MixedInBulk(**(own | change))
