"""Laws at a temperature from free energies and from mean forces."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from coupling.errors import InputError
from coupling.interface.excess import Excess
from coupling.interface.thermal import from_mean_forces, warm_spacing, warmed, warmed_grid, without_spacing
from coupling.laws.uber import Uber

OPENING = np.concatenate([[-0.3, -0.2, -0.1], np.linspace(0, 1, 60) ** 1.5 * 8])
LAW = Uber(0.2, 0.5)  # eV/Å², Å


def static() -> Excess:
    energy, traction, _ = LAW.normal(OPENING)
    return Excess(OPENING, energy, traction, "in law")


def test_no_vibrations_leave_the_static_law():
    made = warmed(static(), np.full(len(OPENING), 0.37))
    np.testing.assert_allclose(made.energy, static().energy, atol=1e-12)
    np.testing.assert_allclose(made.traction, static().traction, atol=1e-12)


def test_the_traction_is_that_of_the_free_energy_and_begins_at_the_expanded_interface():
    """f = −a e^(−δ/b) is known: its derivative, and where UBER's traction plus it vanishes."""
    height, length = 0.01, 1.0
    made = warmed(static(), height * np.exp(-OPENING / length))
    shifted = made.opening[np.isclose(made.energy, 0.0, atol=1e-15)]
    assert 0.0 in shifted and np.all(np.diff(made.opening) > 0)
    shift = OPENING[-1] - made.opening[-1]
    assert LAW.normal(shift)[1] == pytest.approx(height / length * np.exp(-shift / length), rel=1e-2)
    moved = made.opening + shift
    exact = LAW.normal(moved)[1] - height / length * np.exp(-moved / length)
    np.testing.assert_allclose(made.traction, exact, atol=5e-3 * LAW.peak_traction)
    work = LAW.work_of_separation - LAW.normal(shift)[0] - height * np.exp(-shift / length)
    assert made.energy[-1] == pytest.approx(work, rel=1e-3)


def test_unstable_vibrations_are_bridged_but_not_most_of_them():
    free = 0.01 * np.exp(-OPENING)
    whole = warmed(static(), free)
    free[10:14] = np.nan
    np.testing.assert_allclose(warmed(static(), free).energy, whole.energy, atol=1e-4)
    free[3:40] = np.nan
    with pytest.raises(InputError, match="at 37 of 63 openings, across which 100% of the work"):
        warmed(static(), free)


def test_a_bridge_leaves_the_tractions_on_both_sides_as_they_are():
    """f falls to a minimum where values are missing and rises after it: the openings beside keep the slopes of their own side.

    A monotone interpolant across them gives these up: the minimum between flattens them."""
    free = -0.02 * np.exp(-(((OPENING - 0.6) / 0.4) ** 2))
    hole = (OPENING > 0.4) & (OPENING < 0.8)
    whole, bridged = warmed(static(), free), warmed(static(), np.where(hole, np.nan, free))
    outside = ~hole[OPENING > 0.0]
    wrong = np.abs(whole.traction - bridged.traction)[-len(outside) :]
    assert wrong[outside].max() < 0.15 * np.abs(np.gradient(free, OPENING)).max()


def test_mean_forces_integrate_to_the_work_and_carry_their_error_bars():
    truth, std = static(), np.full(len(OPENING), 1e-3)
    made = from_mean_forces(OPENING, truth.traction, std, "in law")
    assert made.energy[-1] == pytest.approx(LAW.normal(8.0)[0], rel=1e-4)
    random, works = np.random.default_rng(3), []
    for _ in range(400):
        noisy = truth.traction + std * random.standard_normal(len(OPENING)) * (np.abs(OPENING) > 1e-9)
        works.append(from_mean_forces(OPENING, noisy, std, "in law").energy[-1])
    assert made.energy_std[-1] == pytest.approx(np.std(works), rel=0.15)
    law = made.law()
    assert law.peak_traction_std == pytest.approx(1e-3 * 1.602176634e11, rel=1e-3)


def test_a_path_without_compression_is_refused():
    with pytest.raises(InputError, match="begin the path in compression"):
        warmed(
            Excess(*(a[3:] for a in (OPENING, static().energy, static().traction)), "in law"),
            -0.1 * np.exp(-OPENING[3:]),
        )


def test_a_grid_is_warmed_slip_by_slip_as_an_opening_is():
    """Slips that scale UBER's energy: without slip the opening's own law, and ψ + f, T + ∂f/∂δ at every slip."""
    energy, traction, _ = LAW.normal(OPENING)
    scale = 1.0 - 0.2 * np.array([[0.0, 1.0, 1.0], [0.5, 1.0, 0.5]])
    depth = LAW.work_of_separation - (LAW.work_of_separation - energy)[:, None, None] * scale
    pulled = np.zeros((*depth.shape, 3))
    pulled[..., 0], pulled[..., 1] = traction[:, None, None] * scale, 0.01 * traction[:, None, None] * (scale - 1)
    free = 0.01 * np.exp(-OPENING)[:, None, None] * np.ones_like(scale)
    slopes = np.zeros_like(pulled)
    slopes[..., 0] = -free
    opening, warm, resisted = warmed_grid(OPENING, depth, pulled, free, slopes)
    alone = warmed(static(), 0.01 * np.exp(-OPENING))
    shift = OPENING[-1] - opening[-1]
    np.testing.assert_allclose(opening[5:], alone.opening[5:], atol=2e-4)
    assert warm[-1, 0, 0] == pytest.approx(alone.energy[-1], rel=1e-3)
    closed = int(np.flatnonzero(opening == 0)[0])
    assert warm[closed, 0, 0] == 0 and not resisted[closed, 0, 0].any()
    exact = LAW.normal(opening + shift)[1] * scale[1, 1] - 0.01 * np.exp(-opening - shift)
    np.testing.assert_allclose(resisted[1:-1, 1, 1, 0], exact[1:-1], atol=1e-3 * LAW.peak_traction)
    np.testing.assert_allclose(np.diff(warm[-1].ravel()), 0, atol=1e-12)


def test_a_warm_spacing_is_measured_from_where_it_is_free():
    """T = K s + df/ds with f = a s: free at s = −a/K, and K (s − s₀) from there."""
    stretch = np.linspace(-0.1, 0.3, 30)
    traction, none = warm_spacing(2.0 * stretch, stretch, None), warm_spacing(2.0 * stretch, stretch, 0.05 * stretch)
    np.testing.assert_allclose(traction[0], 2.0 * traction[1], atol=1e-12)
    np.testing.assert_allclose(none[0], 2.0 * none[1], atol=1e-12)
    assert none[1][0] == none[0][0] == 0 and none[1][-1] == pytest.approx(0.325)
    with pytest.raises(InputError, match="take gap: in law"):
        warm_spacing(2.0 * stretch, stretch, stretch)


def test_a_bulk_that_softens_before_the_peak_gives_its_spacing_up_to_there():
    """A warm crystal stops resisting before the cold one does: the law was refused for the last samples of its bulk."""
    stretch = np.linspace(0.0, 0.4, 21)
    resisted = 0.6 * stretch - 0.9 * stretch**2  # largest at 1/3
    opening = np.linspace(0.0, 3.0, 40)
    traction = 0.08 * opening * np.exp(1 - opening / 0.6) / 0.6
    energy = CubicSpline(opening, traction).antiderivative()(opening)
    whole = Excess(opening + np.interp(traction, resisted[:17], stretch[:17]), energy, traction, "in law")
    softening, rising = (without_spacing(whole, stretch[:n], resisted[:n]) for n in (21, 17))
    np.testing.assert_allclose(softening.opening, rising.opening, atol=1e-12)
    np.testing.assert_allclose(softening.energy, rising.energy, atol=1e-12)
    np.testing.assert_allclose(softening.opening, opening, atol=1e-12)
    with pytest.raises(InputError, match="does not rise with its stretch"):
        without_spacing(whole, stretch, -resisted)
