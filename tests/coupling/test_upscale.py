"""Cores, line energies and kink pairs against closed forms and identities."""

import numpy as np
import pytest
from scipy.constants import Boltzmann

from coupling.errors import InputError, NotConverged
from coupling.upscale.disregistry import force_balance_separation, partials
from coupling.upscale.flow import GlideLaw, flow_stress_std
from coupling.upscale.kinks import KinkPair, PeierlsBarrier, fit_kocks, kocks
from coupling.upscale.line import LineEnergy, isotropic_prefactor
from coupling.upscale.peierls_nabarro import PeierlsNabarro
from coupling.upscale.periodic import GammaSurface, Periodic, stable_fault, strength

POISSON = 0.3


def frenkel(spacing_ratio: float) -> GammaSurface:
    """The sinusoidal γ-line of planes d = ratio × b apart, μ = b = 1."""
    slip = np.arange(16) / 16
    return GammaSurface(1.0, (1 - np.cos(2 * np.pi * slip)) / (4 * np.pi**2 * spacing_ratio))


def shockley(fault: float, unstable: float, b: float = 1.0) -> tuple[GammaSurface, np.ndarray]:
    """A γ-surface of fcc (111) from its first star of waves, and the slip of its stacking fault."""
    lattice = b * np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]])
    waves = 2 * np.pi * np.linalg.inv(lattice).T
    waves = np.vstack([waves, -waves.sum(0)])
    site = lattice.sum(0) / 3

    def parts(slip):
        phase = slip @ waves.T
        return np.stack([3 - np.cos(phase).sum(-1), np.sin(phase).sum(-1)], axis=-1)

    weights = np.linalg.solve(parts(np.array([site, site / 2])), [fault, unstable])
    grid = np.stack(np.meshgrid(*[np.arange(8) / 8] * 2, indexing="ij"), -1) @ lattice
    return GammaSurface(lattice, parts(grid) @ weights), site


def test_the_interpolant_reproduces_samples_and_its_own_derivatives():
    rng = np.random.default_rng(0)
    lattice = np.array([[1.0, 0.2], [-0.3, 1.4]])
    values = rng.normal(size=(6, 5))
    surface = Periodic(lattice, values)
    grid = np.stack(np.meshgrid(np.arange(6) / 6, np.arange(5) / 5, indexing="ij"), -1).reshape(-1, 2) @ lattice
    assert surface.evaluate(grid).value == pytest.approx(values.ravel(), abs=1e-13)
    point, step = np.array([[0.37, 0.81]]), 1e-5
    assert surface.evaluate(point + lattice[1]).value == pytest.approx(surface.evaluate(point).value, abs=1e-12)
    found = surface.evaluate(point)
    for axis in range(2):
        shift = step * np.eye(2)[axis]
        ahead, behind = surface.evaluate(point + shift), surface.evaluate(point - shift)
        assert (ahead.value - behind.value) / (2 * step) == pytest.approx(found.gradient[:, axis], rel=1e-7)
        assert (ahead.gradient - behind.gradient) / (2 * step) == pytest.approx(found.hessian[:, axis], rel=1e-6)


@pytest.mark.parametrize("count", [8, 9])
def test_the_interpolant_has_the_symmetry_of_the_crystal(count):
    """Sharp samples with a mirror across x: the waves of the oblique cell alone would break it."""
    lattice = np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]])
    grid = np.stack(np.meshgrid(*[np.arange(count) / count] * 2, indexing="ij"), -1) @ lattice
    surface = Periodic(
        lattice, np.exp(3 * np.cos(2 * np.pi * grid[..., 0]) * np.cos(2 * np.pi * grid[..., 1] / np.sqrt(3)))
    )
    points = np.random.default_rng(2).normal(size=(9, 2))
    assert surface.evaluate(points * [-1, 1]).value == pytest.approx(surface.evaluate(points).value, abs=1e-10)


def test_the_core_is_that_of_peierls_and_nabarro():
    """Half width d/2(1 − ν), elastic energy ln(R/2ζ), interplanar energy K b²/4π: errors fall as Δ/ζ."""
    errors = []
    for ratio in (2.0, 4.0):
        model = PeierlsNabarro(frenkel(ratio), 1 / (1 - POISSON), 1.0, 1.0, rows=400)
        core = model.relax()
        half = ratio / (2 * (1 - POISSON))
        share = -core.slip[:, 0]
        width = 0.5 * (np.interp(-0.25, share, core.rows) - np.interp(-0.75, share, core.rows))
        elastic = core.elastic / model.line_factor
        errors.append(
            [
                abs(width / half - 1),
                abs(core.interplanar / model.line_factor - 1),
                abs(elastic - np.log(1 / (2 * half))),
            ]
        )
    coarse, fine = np.array(errors)
    assert fine[0] < 0.015 and fine[1] < 0.03 and fine[2] < 0.04
    assert fine[0] < 0.5 * coarse[0] and fine[1] < 0.6 * coarse[1]


def test_the_energy_s_gradient_is_its_derivative():
    surface, _ = shockley(0.01, 0.02)
    model = PeierlsNabarro(surface, np.array([[0.3, 0.02], [0.02, 0.2]]), np.array([0.8, 0.6]), 0.5, rows=30)
    rng = np.random.default_rng(1)
    slip = np.linspace(1, 0, 30)[:, None] * model.burgers + 0.02 * rng.normal(size=(30, 2))
    direction = rng.normal(size=(30, 2))
    _, _, gradient, _ = model._terms(slip)
    (up, down), step = ([sum(model._terms(slip + s * 1e-6 * direction)[:2]) for s in (1, -1)], 2e-6)
    assert (up - down) / step == pytest.approx(np.sum(gradient * direction), rel=1e-6)


def test_peierls_stress_decays_as_the_core_widens_and_both_routes_agree():
    """The exponent is 2πζ/Δ; the slope of the barrier gives what loading gives."""
    ratios, stresses = np.array([1.6, 2.0, 2.4]), []
    for ratio in ratios:
        model = PeierlsNabarro(frenkel(ratio), 1 / (1 - POISSON), 1.0, 1.0, rows=200)
        stresses.append(model.peierls_stress())
        assert model.path(24).steepest_slope == pytest.approx(stresses[-1], rel=0.02, abs=3 * model.resolution)
    exponent = np.diff(np.log(stresses)) / np.diff(ratios / (2 * (1 - POISSON)))
    assert exponent == pytest.approx(-2 * np.pi, rel=0.15)
    textbook = 2 / (1 - POISSON) * np.exp(-2 * np.pi * ratios / (2 * (1 - POISSON)))
    assert np.all(np.abs(np.log10(np.array(stresses) / textbook)) < 1)


def test_a_rigid_translation_by_one_period_costs_nothing():
    model = PeierlsNabarro(frenkel(1.0), 1 / (1 - POISSON), 1.0, 1.0, rows=200)
    path = model.path(20)
    ahead = model.relax(0.0, np.vstack([path.cores[10].slip[:1], path.cores[10].slip[:-1]]))
    assert ahead.position - path.cores[10].position == pytest.approx(1.0, abs=1e-3)
    assert ahead.energy == pytest.approx(path.cores[10].energy, abs=1e-3 * path.barrier)
    assert path.energy[0] == pytest.approx(path.energy[-1], rel=0.02)


def test_the_ends_push_back_as_the_resolution_says():
    model = PeierlsNabarro(frenkel(5.0), 1 / (1 - POISSON), 1.0, 1.0, rows=160)
    path = model.path(4)
    assert np.polyfit(path.position, path.stress, 1)[0] == pytest.approx(model.resolution, rel=0.2)


@pytest.mark.parametrize("fault", [0.004, 0.002])
def test_partials_part_to_the_elastic_force_balance(fault):
    surface, site = shockley(fault, 0.015)
    prefactor = np.diag([0.27, 0.18])
    burgers = np.array([1.0, 0.0])
    assert stable_fault(surface, burgers)[0] == pytest.approx(0.5, abs=1e-6)
    model = PeierlsNabarro(surface, prefactor, burgers, 0.5, rows=160)
    found = model.partials(model.relax())
    expected = force_balance_separation(prefactor, site, burgers - site, fault)
    assert found.separation == pytest.approx(expected, rel=0.06)
    assert found.residual < 0.01


def test_a_fitted_separation_is_the_one_put_in():
    x = np.linspace(-40, 40, 161)
    slip = 2.8 * (0.5 - (np.arctan((x - 1) / 1.5) + np.arctan((x - 9) / 1.5)) / (2 * np.pi))
    for profile in (slip, 2.8 - slip):
        found = partials(x, profile, 2.8)
        assert (found.separation, found.width, found.centre) == pytest.approx((8.0, 1.5, 5.0), rel=1e-6)
    with pytest.raises(InputError, match="from 0 to b"):
        partials(x, 0.1 * slip, 2.8)


def test_bad_cores_are_named():
    with pytest.raises(InputError, match="symmetric K tensor"):
        PeierlsNabarro(frenkel(1.0), np.eye(2), 1.0, 1.0)
    with pytest.raises(InputError, match="not a minimum at zero slip"):
        PeierlsNabarro(GammaSurface(1.0, np.cos(2 * np.pi * np.arange(8) / 8)), 1.0, 1.0, 1.0)
    model = PeierlsNabarro(frenkel(1.0), 1.0, 1.0, 1.0, rows=60)
    with pytest.raises(NotConverged, match="Peierls stress"):
        model.relax(strength(model.surface, np.ones(1), 1.0), model.relax().slip)


def test_isotropic_line_tension():
    angles = np.arange(12) * np.pi / 12
    line = LineEnergy(isotropic_prefactor(angles, 30e9, POISSON), 2.8e-10, 5.0)
    theta = np.linspace(0, np.pi, 7)
    scale = 30e9 * 2.8e-10**2 * 5.0 / (4 * np.pi * (1 - POISSON))
    assert line.energy(theta) == pytest.approx(scale * (1 - POISSON * np.cos(theta) ** 2), rel=1e-12)
    assert line.tension(theta) == pytest.approx(
        scale * (1 + POISSON * np.cos(theta) ** 2 - 2 * POISSON * np.sin(theta) ** 2), rel=1e-10
    )
    with pytest.raises(InputError, match="8 or more"):
        LineEnergy(np.ones(5), 1.0, 1.0)


def sinusoidal(height=0.03, period=2.5):
    wave = 2 * np.pi / period
    return PeierlsBarrier(
        period, lambda x: height * np.sin(wave * x / 2) ** 2, lambda x: 0.5 * height * wave * np.sin(wave * x)
    )


def test_kinks_of_a_sinusoidal_barrier():
    height, period, tension, b = 0.03, 2.5, 1.4, 2.7
    pair = KinkPair(sinusoidal(height, period), tension, b)
    assert pair.peierls_stress == pytest.approx(np.pi * height / (period * b), rel=1e-9)
    assert pair.enthalpy(0.0)[0] == pytest.approx(4 * period / np.pi * np.sqrt(2 * tension * height), rel=1e-9)
    assert pair.enthalpy(pair.peierls_stress)[0] == 0.0
    near = np.array([1e-3, 1e-4])
    values = pair.enthalpy(pair.peierls_stress * (1 - near))
    assert np.log(values[0] / values[1]) / np.log(10) == pytest.approx(1.25, abs=2e-3)
    assert np.all(np.diff(pair.enthalpy(np.linspace(0, pair.peierls_stress, 30))) < 0)


def test_a_parabolic_barrier_is_kocks_law_with_p_1_and_q_2():
    height, period = 0.03, 2.5
    barrier = PeierlsBarrier(
        period, lambda x: 4 * height * x * (period - x) / period**2, lambda x: 4 * height * (period - 2 * x) / period**2
    )
    pair = KinkPair(barrier, 1.4, 2.7)
    stress = pair.peierls_stress * np.array([0.0, 0.3, 0.9])
    exact = np.pi * period / np.sqrt(2) * np.sqrt(1.4 * height) * (1 - stress / pair.peierls_stress) ** 2
    assert pair.enthalpy(stress) == pytest.approx(exact, rel=1e-9)
    fitted = kocks(pair)
    assert (fitted.p, fitted.q) == pytest.approx((1.0, 2.0), rel=1e-6)
    assert fitted.residual < 1e-8 and fitted.enthalpy == pytest.approx(exact[0], rel=1e-9)


def test_a_sampled_barrier_is_the_function_it_samples():
    x = np.linspace(-1.25, 1.25, 41)
    barrier = PeierlsBarrier.sampled(x + 0.4, sinusoidal().energy(x) + 7.0, 2.5)
    assert barrier.humps == 1
    assert KinkPair(barrier, 1.4, 2.7).enthalpy(0.01)[0] == pytest.approx(
        KinkPair(sinusoidal(), 1.4, 2.7).enthalpy(0.01)[0], rel=1e-4
    )
    camel = PeierlsBarrier.sampled(x, np.sin(2 * np.pi * x / 2.5) ** 2 + 0.1 * np.sin(np.pi * x / 2.5) ** 2, 2.5)
    assert camel.humps == 2
    with pytest.raises(InputError, match="5 or more positions"):
        PeierlsBarrier.sampled(x, x, 2.0)


def test_kocks_parameters_come_back():
    ratio = np.linspace(0, 1, 15)
    found = fit_kocks(1.6e9 * ratio, 2.4e-19 * (1 - ratio**0.86) ** 1.69)
    assert (found.p, found.q) == pytest.approx((0.86, 1.69), rel=1e-8)
    assert found(0.5 * 1.6e9) == pytest.approx(2.4e-19 * (1 - 0.5**0.86) ** 1.69, rel=1e-8)
    with pytest.raises(InputError, match="enthalpy is zero"):
        fit_kocks(ratio, 2 - ratio)


LAW = GlideLaw(2.6e-19, 2.0e9, 0.86, 1.69, 2.72e-10, 2.56e-10)


def test_flow_stress_and_velocity_are_inverse():
    temperature = np.array([[50.0], [300.0], [900.0], [2000.0]])
    rate = np.array([1e-4, 1.0, 1e4])
    stress = LAW.flow_stress(temperature, rate)
    assert LAW.velocity(stress, temperature) * LAW.mobile_density * LAW.burgers == pytest.approx(
        rate * np.ones((4, 3)), rel=1e-9
    )
    assert np.all(np.diff(stress, axis=0) < 0) and np.all(np.diff(stress, axis=1) > 0)


def test_flow_stress_without_drag_is_the_closed_form():
    rate, temperature = 1e-3, 400.0
    law = GlideLaw(2.6e-19, 2.0e9, 0.86, 1.69, 2.72e-10, 2.56e-10, drag=1e-18)
    velocity = rate / (law.mobile_density * law.burgers)
    fastest = law.kink_height * law.attempt_frequency * law.segment_length / law.burgers
    used = Boltzmann * temperature * np.log(fastest / velocity) / law.activation_enthalpy
    assert law.flow_stress(temperature, rate) == pytest.approx(2.0e9 * (1 - used ** (1 / 1.69)) ** (1 / 0.86), rel=1e-6)
    assert law.flow_stress(1e-6, rate) == pytest.approx(2.0e9, rel=1e-4)
    assert law.athermal_temperature(rate) == pytest.approx(temperature / used, rel=1e-12)


def test_error_bars_are_those_of_linear_propagation():
    small = {"activation_enthalpy": 0.01, "peierls_stress": 0.02}
    std = flow_stress_std(LAW, small, 300.0, 1e-3, samples=2000)
    slopes = []
    for name, deviation in small.items():
        up, down = (GlideLaw(**{**LAW.__dict__, name: getattr(LAW, name) * (1 + s * 1e-4)}) for s in (1, -1))
        slopes.append(deviation * (up.flow_stress(300.0, 1e-3) - down.flow_stress(300.0, 1e-3)) / 2e-4)
    assert std == pytest.approx(np.linalg.norm(slopes), rel=0.06)
    with pytest.raises(InputError, match="not a relative standard deviation"):
        flow_stress_std(LAW, {"enthalpy": 0.1}, 300.0, 1.0)


def test_impossible_flow_is_named():
    with pytest.raises(InputError, match="raise the mobile density"):
        LAW.flow_stress(300.0, 1e12)
    with pytest.raises(InputError, match="must be positive"):
        LAW.flow_stress(0.0, 1.0)
    with pytest.raises(InputError, match=r"unit Pa\)"):
        GlideLaw(1e-19, -1.0, 1.0, 1.0, 1e-10, 1e-10)
    assert LAW.drag_is_placeholder
