import numpy as np
import pytest
from scipy.integrate import quad

from coupling.errors import InputError
from coupling.interface.rigid_path import PathSamples, consistency, rigid_law
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import EV_A2, EV_A3

W, LENGTH = 3.87, 0.48e-10
PEAK = W / (np.e * LENGTH)


def uber(opening):
    z = opening / LENGTH
    return W * (1 - (1 + z) * np.exp(-z)), W / LENGTH * z * np.exp(-z), W / LENGTH**2 * (1 - z) * np.exp(-z)


def openings(points, last=40 * LENGTH):
    compressed = -0.6 * LENGTH * np.linspace(1, 0, points // 8, endpoint=False)
    return np.concatenate([compressed, last * np.linspace(0, 1, points) ** 2])


def law_of(points, shear=None):
    x = openings(points)
    energy, traction, _ = uber(x)
    return TabulatedLaw(x, energy, traction, shear(x) if shear else None)


def test_meets_samples_and_integrates_to_the_work_of_separation():
    law = law_of(60)
    energy, traction, _ = law.normal(law.opening)
    np.testing.assert_allclose(energy, law.energy, rtol=1e-12, atol=1e-12 * W)
    np.testing.assert_allclose(traction, law.traction, rtol=1e-12, atol=1e-9 * PEAK)
    closed = np.flatnonzero(law.opening == 0)[0]
    integral = sum(
        quad(lambda d: law.normal(d)[1], a, b)[0]
        for a, b in zip(law.opening[closed:-1], law.opening[closed + 1 :], strict=True)
    )
    assert integral == pytest.approx(law.work_of_separation, rel=1e-9)


def test_error_falls_with_the_fourth_power_of_the_spacing():
    x = np.linspace(0.05, 8, 400) * LENGTH
    errors = [np.abs(law_of(n).normal(x)[1] - uber(x)[1]).max() / PEAK for n in (40, 80, 160)]
    slopes = np.diff(np.log(errors)) / np.log(0.5)
    assert slopes.min() > 3.5, (errors, slopes)
    law = law_of(80)
    assert law.peak_traction == pytest.approx(PEAK, rel=1e-4)
    assert law.opening_at_peak == pytest.approx(LENGTH, rel=1e-2)
    assert law.work_of_separation == pytest.approx(W, rel=1e-12)


def test_no_overshoot_where_the_samples_are_monotone():
    law = law_of(25)
    peak = int(np.argmax(law.traction))
    for i in [*range(0, peak - 1), *range(peak + 1, len(law.opening) - 1)]:
        inside = law.normal(np.linspace(law.opening[i], law.opening[i + 1], 50))[1]
        ends = sorted(law.traction[[i, i + 1]])
        assert ends[0] - 2e-3 * PEAK <= inside.min() and inside.max() <= ends[1] + 2e-3 * PEAK


def test_energies_alone_give_the_same_law():
    x = openings(120)
    law = TabulatedLaw(x, uber(x)[0])
    assert law.peak_traction == pytest.approx(PEAK, rel=1e-3)


@pytest.mark.parametrize("start", [-0.5, -0.1, 0.5, 1.0, 3.3])
def test_traction_and_tangent_are_derivatives(start):
    """Taylor remainders of ψ and of T fall with the square of the step."""
    law = law_of(60, lambda x: np.outer(np.exp(-np.clip(x / LENGTH, -1, 50)), [3e20, 5e20]))
    jump = np.array([start, 0.02, -0.03]) * LENGTH
    direction = np.array([0.6, 0.5, -0.4]) * LENGTH
    value = law.evaluate(jump[None])
    steps = 2.0 ** -np.arange(5, 10)
    energy, force = [], []
    for step in steps:
        moved = law.evaluate((jump + step * direction)[None])
        energy.append(abs(moved.energy[0] - value.energy[0] - step * value.traction[0] @ direction))
        force.append(np.linalg.norm(moved.traction[0] - value.traction[0] - step * value.tangent[0] @ direction))
    for remainder in (energy, force):
        slopes = np.diff(np.log(remainder)) / np.diff(np.log(steps))
        assert slopes.min() > 1.8, (remainder, slopes)
    np.testing.assert_allclose(value.tangent[0], value.tangent[0].T)


def test_ends_contact_and_separation():
    law = law_of(60)
    stiffness = law.normal(law.opening[0])[2]
    assert law.normal(law.opening[0] - 1e-12)[1] == pytest.approx(law.traction[0] - 1e-12 * stiffness, rel=1e-9)
    energy, traction, tangent = law.normal(2 * law.opening[-1])
    assert energy == pytest.approx(law.work_of_separation, rel=1e-13)
    assert traction == tangent == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, e, t: (x + LENGTH / 7, e, t), "contain 0"),
        (lambda x, e, t: (x[::-1], e, t), "rise"),
        (lambda x, e, t: (x[:30], e[:30], t[:30]), "last opening.*extend"),
        (lambda x, e, t: (x, e, t + 0.1 * PEAK), "at zero opening"),
        (lambda x, e, t: (x, np.where(x > 0, np.nan, e), t), "finite"),
        (lambda x, e, t: (x, -e, -t * (x > 0)), "resist"),
        (lambda x, e, t: (x, e, t[:-1]), "one traction"),
        (lambda x, e, t: (x[:3], e[:3], t[:3]), "at least 5"),
    ],
)
def test_samples_that_make_no_law_are_refused(change, message):
    x = openings(60)
    energy, traction, _ = uber(x)
    with pytest.raises(InputError, match=message):
        TabulatedLaw(*change(x, energy, traction))


def samples(traction_factor=1.0):
    x = openings(80) * 1e10
    energy, traction, _ = uber(x * 1e-10)
    return PathSamples(x, -50.0 + energy / EV_A2 * 5.3, traction_factor * traction / EV_A3, 5.3, (5, 6))


def test_rigid_law_converts_units_once():
    law = rigid_law(samples())
    assert law.work_of_separation == pytest.approx(W, rel=1e-9)
    assert law.peak_traction == pytest.approx(PEAK, rel=1e-4)
    assert law.gap == "in law"


def test_consistency_sees_a_wrong_virial():
    assert consistency(samples()) < 0.005
    assert consistency(samples(1.05)) == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("std", [[1.0], -np.ones(67), np.full(67, np.nan)])
@pytest.mark.parametrize("name", ["energy_std", "traction_std"])
def test_error_bars_that_are_none_are_refused(name, std):
    x = openings(60)
    assert len(x) == 67
    with pytest.raises(InputError, match=f"{name} must be 67 finite numbers"):
        TabulatedLaw(x, *uber(x)[:2], **{name: std})
