"""Rates: Vineyard's closed form, quantum oscillators, tunnelling, Arrhenius tables and error bars."""

import numpy as np
import pytest
from scipy import constants as physics

from atomistic.properties.phonon import ATOMIC_MASS
from atomistic.rates import HarmonicRate, arrhenius
from atomistic.saddles import Settings, Transition, sampled_rate, transition
from benchmarks.model_surfaces import FREE, PlanePotential, TurnedValley, at
from coupling.errors import InputError, NotConverged
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV

VALLEY, TIGHT = TurnedValley(), Settings(force=1e-9, band_force=0.2)
HBAR_EV = physics.hbar / EV


def crossing(analytic: bool = True) -> Transition:
    starts = [at(*(side * VALLEY.axes[0] + [0.1, -0.2])) for side in (-0.7, 0.8)]
    return transition(PlanePotential(VALLEY, "valley", analytic), *starts, free=FREE, settings=TIGHT)


@pytest.fixture(scope="module")
def found() -> Transition:
    return crossing()


@pytest.fixture(scope="module")
def rate() -> HarmonicRate:
    return HarmonicRate(0.4, np.array([3e13, 5e13, 8e13]), np.array([4e13, 7e13]), 2e13)


def frequencies() -> np.ndarray:
    """Along and across at the minimum, |ω‡| and across at the saddle, rad/s, on paper."""
    mass = float(at(0, 0).get_masses()[1])
    return np.array(VALLEY.frequencies(mass)) * np.sqrt(EV / ANGSTROM**2 / ATOMIC_MASS)


@pytest.mark.parametrize("analytic", [True, False])
def test_the_prefactor_in_two_dimensions_is_vineyards(analytic):
    along, across, unstable, top = frequencies()
    rate = crossing(analytic).rate(ways=2)
    assert rate.prefactor == pytest.approx(2 * along * across / top / (2 * np.pi), rel=1e-8)
    assert rate.barrier == pytest.approx(VALLEY.barrier, abs=1e-12)
    assert rate.unstable == pytest.approx(unstable, rel=1e-8)
    assert rate.zero_point == pytest.approx(HBAR_EV * (top - along - across) / 2, rel=1e-8)
    at_300 = 2 * along * across / top / (2 * np.pi) * np.exp(-VALLEY.barrier / (BOLTZMANN_EV * 300))
    np.testing.assert_allclose(rate.at(np.array([300.0])), at_300, rtol=1e-8)


def test_quantum_oscillators_have_their_levels(rate):
    """kT/h Q‡/Q exp(−V/kT), each Q a sum over the levels ħω(n + ½)."""
    thermal = BOLTZMANN_EV * 400

    def levels(angular: float) -> float:
        return float(np.exp(-HBAR_EV * angular * (np.arange(400) + 0.5) / thermal).sum())

    top, bottom = (np.prod([levels(w) for w in modes]) for modes in (rate.saddle, rate.minimum))
    exact = thermal / (2 * np.pi * HBAR_EV) * top / bottom * np.exp(-rate.barrier / thermal)
    np.testing.assert_allclose(rate.at(np.array([400.0]), statistics="quantum"), exact, rtol=1e-12)


def test_hot_is_classical_and_cold_has_the_zero_point_in_its_slope(rate):
    hot, cold = np.array([2e5]), np.array([4.0])
    np.testing.assert_allclose(rate.at(hot, statistics="quantum"), rate.at(hot), rtol=1e-5)
    np.testing.assert_allclose(rate.activation(np.array([50.0, 500.0])), rate.barrier, rtol=1e-9)
    slope = rate.activation(cold, statistics="quantum")[0]
    assert slope == pytest.approx(rate.barrier + rate.zero_point + BOLTZMANN_EV * 4, abs=1e-8)


def test_wigner_is_the_first_term_of_the_parabola(rate):
    """ln (u/2)/sin(u/2) = u²/24 + u⁴/2880 + …, ln(1 + u²/24) = u²/24 − u⁴/1152 + …"""
    for temperature in (1000.0, 2000.0):
        u = HBAR_EV * rate.unstable / (BOLTZMANN_EV * temperature)
        bare, wigner, parabola = (
            float(rate.logarithm([temperature], tunnelling=kind)[0]) for kind in ("none", "wigner", "parabola")
        )
        assert wigner - bare == pytest.approx(np.log(1 + u**2 / 24), abs=1e-13)
        assert parabola - wigner == pytest.approx(u**4 * (1 / 2880 + 1 / 1152), rel=0.02)
    with pytest.raises(InputError, match=f"stay above the crossover at {rate.crossover:.4g} K"):
        rate.at([0.9 * rate.crossover], tunnelling="parabola")
    assert rate.crossover == pytest.approx(HBAR_EV * 2e13 / (2 * np.pi * BOLTZMANN_EV))


def test_the_table_has_bands_and_meets_its_prefactor(rate):
    table = arrhenius(rate, [300.0, 600.0], bars=np.array([0.5, 0.25]), coverage=0.9)
    np.testing.assert_allclose(table.prefactors, rate.prefactor, rtol=1e-6)
    np.testing.assert_allclose(np.log(table.upper / table.rates), [0.5, 0.25])
    np.testing.assert_allclose(np.log(table.rates / table.lower), [0.5, 0.25])
    np.testing.assert_allclose(table.decades, np.array([0.5, 0.25]) / np.log(10))
    lines = str(table).splitlines()
    assert len(lines) == 3 and lines[0].split()[:3] == ["T", "(K)", "1000/T"] and lines[1].split()[0] == "300"


def test_error_bars_are_those_of_linear_propagation_where_the_spread_is_small(found):
    """ln k depends on the valley's three constants in closed form; its spread over draws of them is that of its slopes."""
    temperatures, draws = np.array([200.0, 600.0]), 1e-4 * np.random.default_rng(1).normal(size=(5, 3))
    models = [
        PlanePotential(TurnedValley(VALLEY.barrier + e, VALLEY.half, VALLEY.across + k, VALLEY.change + c), str(e))
        for e, k, c in draws
    ]
    bars = sampled_rate(found, PlanePotential(VALLEY, "valley"), models, temperatures, settings=TIGHT)
    whole, thermal = VALLEY.across + VALLEY.change, BOLTZMANN_EV * temperatures
    of_prefactor = np.array([1 / (2 * VALLEY.barrier), 1 / (2 * whole) - 1 / (2 * VALLEY.across), 1 / (2 * whole)])
    of_rates = of_prefactor - np.outer(1 / thermal, [1, 0, 0])
    assert bars.barrier.std == pytest.approx(draws[:, 0].std(ddof=1), rel=1e-6)
    assert bars.prefactor.std == pytest.approx((draws @ of_prefactor).std(ddof=1), rel=1e-3)
    np.testing.assert_allclose(bars.logarithms.std, (draws @ of_rates.T).std(axis=0, ddof=1), rtol=1e-4)
    table = bars.arrhenius(0.9)
    np.testing.assert_allclose(np.log(table.upper / table.rates), bars.logarithms.bar(0.9))
    assert table.coverage == 0.9


def test_a_sample_without_the_saddle_is_told(found):
    flat = PlanePotential(lambda q: (float(q @ q), 2 * q, 2 * np.eye(2)), "bowl")
    with pytest.raises(NotConverged) as told:
        sampled_rate(found, PlanePotential(VALLEY, "valley"), [flat, flat], [300.0], settings=TIGHT)
    assert "the saddle of a sample" in str(told.value) and "sample 1 of 2" in told.value.__notes__[0]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda r: r.at([0.0]), "A rate at 0 K is not defined; give temperatures above 0 K"),
        (lambda r: r.at([300.0], statistics="bose"), "Unknown statistics 'bose'; valid: classical, quantum"),
        (lambda r: r.at([300.0], tunnelling="deep"), "Unknown tunnelling 'deep'; valid: none, parabola, wigner"),
        (lambda r: HarmonicRate(0.1, r.minimum, r.minimum, 1e13), "needs n frequencies of the minimum and n - 1"),
        (lambda r: HarmonicRate(0.1, r.minimum, -r.saddle, 1e13), "all above zero"),
        (lambda r: HarmonicRate(0.1, r.minimum, r.saddle, 1e13, ways=0), "0 ways over the saddle are none"),
        (lambda r: sampled_rate(crossing(), PlanePotential(VALLEY, "v"), [], [300.0]), "two samples of the potential"),
    ],
)
def test_bad_requests_are_refused(rate, act, message):
    with pytest.raises(InputError, match=message):
        act(rate)
