"""Crystals at a temperature by dynamics, against closed forms: bounds are four standard errors, each of which is checked, too."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.decohesion import heated
from atomistic.dynamics import (
    Keep,
    Langevin,
    diffusion,
    dynamics,
    radial_distribution,
    unwrapped_positions,
)
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.properties.measurement import Measurement
from atomistic.thermal import (
    Sampling,
    expansion_between,
    mean_pressure,
    pressure_bias,
    quasi_harmonic_expansion,
    quasi_harmonic_stiffness,
    stiffness_by_fluctuations,
    stiffness_by_strain,
    warm_crystal,
)
from benchmarks import moving_exact
from benchmarks.moving_models import HarmonicSolid, IdealGas, crystal, ring
from coupling.errors import InputError
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV_A3

TEMPERATURE, BULK, SHEAR = 300.0, 0.5, 0.3
ONE = Sampling((1, 1, 1), replicas=40, steps=400, step=4e-15, friction=2e13)
WITHIN = 4.0


class Pressed(HarmonicSolid):
    """With a pressure of its own, in eV/Å³."""

    own = 0.01

    def of(self, positions, cells):
        energies, forces, virials = super().of(positions, cells)
        volumes = np.abs(np.linalg.det(cells))
        return energies - self.own * volumes, forces, virials - (self.own * volumes)[:, None, None] * np.eye(3)


@pytest.fixture(scope="module")
def atoms():
    return crystal("Al2Ag2")


def solid(atoms, kind=HarmonicSolid):
    made = kind(atoms, ring(len(atoms), 3.0, 1.0), bulk=BULK, shear=SHEAR)
    made.fingerprint = f"{kind.__name__} {made.fingerprint}"
    return made


def close(found, exact, largest):
    """Within the error bar, which is itself no larger than a share of the value, and what a finite strain adds."""
    assert abs(found.value - exact) < WITHIN * found.error + 1e-4 * abs(exact)
    assert found.error < largest * abs(exact)


def test_the_volume_is_that_of_the_gaussian_with_less_scatter_than_its_own_mean(atoms):
    pressure = 2e9
    warm = warm_crystal(solid(atoms), atoms, TEMPERATURE, ONE, pressure=pressure)
    exact = np.cbrt(1 - pressure / EV_A3 / BULK)
    spread = np.sqrt(BOLTZMANN_EV * TEMPERATURE / (BULK * atoms.get_volume())) / 3
    assert abs(warm.stretch.value - exact) < WITHIN * warm.stretch.error
    assert warm.stretch.error < 0.1 * spread / np.sqrt(40)  # forty cells once each, without the regression
    close(warm.compressibility, 1 / (BULK * EV_A3 - pressure), 0.08)
    assert warm.atoms.cell[0, 0] == pytest.approx(atoms.cell[0, 0] * warm.stretch.value)
    hot = warm_crystal(solid(atoms), atoms, 2 * TEMPERATURE, ONE, pressure=pressure)
    alpha = expansion_between(warm, hot)  # the solid does not expand
    assert abs(alpha.value) < WITHIN * alpha.error < 1e-5


@pytest.mark.parametrize("route", [stiffness_by_strain, stiffness_by_fluctuations])
def test_isothermal_constants_are_those_of_the_cell_by_both_routes(atoms, route):
    """The springs give nothing to the free energy's second derivative, and much to Born's term: the fluctuations take it off."""
    found = route(solid(atoms), atoms, TEMPERATURE, ONE, **({"cubic": True} if route is stiffness_by_strain else {}))
    exact = {"C11": BULK + 4 / 3 * SHEAR, "C12": BULK - 2 / 3 * SHEAR, "C44": SHEAR}
    for name, value in exact.items():
        close(found.cubic[name], value * EV_A3, 0.2 if route is stiffness_by_fluctuations else 1e-2)
    close(found.bulk_modulus, BULK * EV_A3, 0.05)
    assert abs(found.pressure.value) < WITHIN * found.pressure.error


def test_a_cubic_crystal_needs_two_strains(atoms):
    few = Sampling((1, 1, 1), replicas=10, steps=100, step=4e-15, friction=2e13)
    whole = stiffness_by_strain(solid(atoms), atoms, TEMPERATURE, few)
    two = stiffness_by_strain(solid(atoms), atoms, TEMPERATURE, few, cubic=True)
    np.testing.assert_allclose(two.stiffness_voigt, whole.stiffness_voigt, atol=0.02 * BULK * EV_A3)
    assert np.array_equal(two.stiffness_voigt, two.stiffness_voigt.T)


def test_a_planted_pressure_is_found_and_the_density_follows_it(atoms):
    kappa = Measurement(1 / (BULK * EV_A3), "1/Pa", 1e-14, "")
    found = pressure_bias(solid(atoms, Pressed), solid(atoms), atoms, TEMPERATURE, kappa, ONE)
    assert found.bias.value == pytest.approx(Pressed.own * EV_A3, rel=1e-9)  # the same noise: nothing else is left
    relaxed = warm_crystal(solid(atoms, Pressed), atoms, TEMPERATURE, ONE)
    seen = relaxed.stretch.value**-3 - 1
    assert found.density_drift.value == pytest.approx(-Pressed.own / BULK, rel=1e-6)
    assert seen == pytest.approx(found.density_drift.value, abs=(Pressed.own / BULK) ** 2 + 12 * relaxed.stretch.error)


def test_a_cell_of_gas_has_its_pressure():
    gas = Atoms("Ar8", positions=np.random.default_rng(0).uniform(0, 20, (8, 3)), cell=np.eye(3) * 20.0, pbc=True)
    found = mean_pressure(IdealGas(), gas, TEMPERATURE, ONE)
    assert found.value == pytest.approx(8 * BOLTZMANN_EV * TEMPERATURE / 8000.0 * EV_A3, rel=1e-12)


def test_too_short_a_sampling_is_refused():
    with pytest.raises(InputError, match="too few"):
        Sampling(steps=50)
    warm = warm_crystal(solid(crystal("Al2Ag2")), crystal("Al2Ag2"), TEMPERATURE, ONE)
    with pytest.raises(InputError, match="two temperatures"):
        expansion_between(warm, warm)


def test_the_quasi_harmonic_constants_are_the_static_ones_when_cold_and_soften(eam):
    static = equilibrium(eam, "Cu", "fcc")
    exact = elastic_constants(eam, static).stiffness_voigt
    cold = quasi_harmonic_stiffness(eam, static, 0.0, repeats=2)
    np.testing.assert_allclose(cold, exact, atol=2e-3 * exact.max())
    warm = heated(eam, static, 300.0, statistics="classical", repeats=2)
    assert quasi_harmonic_stiffness(eam, warm, 300.0, repeats=2)[0, 0] < 0.99 * cold[0, 0]
    apart = quasi_harmonic_expansion(eam, static, 300.0, repeats=2)
    hot = heated(eam, static, 350.0, statistics="classical", repeats=2)
    assert apart == pytest.approx(np.log(hot.get_volume() / warm.get_volume()) / 150, rel=0.1)


def test_dynamics_of_a_cold_crystal_have_its_quasi_harmonic_lattice(eam):
    """At 30 K what is beyond the theory is a hundredth of the expansion."""
    static = equilibrium(eam, "Cu", "fcc")
    warm = warm_crystal(eam, static, 30.0, Sampling((3, 3, 3), replicas=2, steps=300, every=3))
    exact = np.cbrt(heated(eam, static, 30.0, statistics="classical").get_volume() / static.get_volume())
    assert warm.stretch.value == pytest.approx(exact, abs=0.02 * (exact - 1) + WITHIN * warm.stretch.error)
    assert warm.stretch.error < 0.1 * (exact - 1)


def test_langevin_s_particles_diffuse_as_einstein_says():
    """D = kT/(mγ), of free particles relative to their centre of mass: the share 1 − 1/N of it."""
    gas = Atoms("Ar20", positions=np.random.default_rng(0).uniform(0, 20, (20, 3)), cell=np.eye(3) * 20.0, pbc=True)
    friction, step = 2e13, 5e-15
    keep = Keep(every=4, observe=unwrapped_positions)
    made = dynamics(
        IdealGas(), [gas] * 20, Langevin(TEMPERATURE, friction), steps=1600, step=step, keep=keep, check_step=False
    )
    found = diffusion(made.observed, 4 * step, ballistic=5 / friction)
    mass = gas.get_masses()[0] * 1.66053906660e-27
    exact = 1.380649e-23 * TEMPERATURE / (mass * friction) * (1 - 1 / 20)
    close(found.coefficient, exact, 0.05)
    assert found.displacement[-1] * ANGSTROM**2 == pytest.approx(6 * exact * found.lag[-1], rel=0.2)
    with pytest.raises(InputError, match="too few for lags"):
        diffusion(made.observed[:20], 4 * step, ballistic=5 / friction)


def test_radial_distribution_counts_shells_and_an_even_spread():
    copper = bulk("Cu", cubic=True, a=3.6) * (2, 2, 2)
    found = radial_distribution([copper] * 4, 4.0, bins=160)
    assert found.neighbours[-1] == 18 and found.neighbours[found.radius < 3.0][-1] == 12
    salt = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    unlike = radial_distribution([salt] * 4, 4.5, species=("Na", "Cl"))
    assert unlike.neighbours[-1] == 6
    rng = np.random.default_rng(3)
    gas = [Atoms("Ar40", positions=rng.uniform(0, 12, (40, 3)), cell=np.eye(3) * 12.0, pbc=True) for _ in range(64)]
    spread = radial_distribution(gas, 8.0, bins=8)
    far = spread.radius > 2.0
    assert np.all(np.abs(spread.value - 39 / 40)[far] < WITHIN * spread.error[far] + 1e-3)
    assert spread.error[far].max() < 0.05
    with pytest.raises(InputError, match="no error bar"):
        radial_distribution(gas[:2], 5.0)
    with pytest.raises(InputError, match="not among"):
        radial_distribution([copper] * 4, 3.0, species=("Cu", "Ni"))


def test_two_levels_of_a_double_well_are_populated_canonically():
    found = moving_exact.double_well(3, steps=1200, replicas=80)
    deviation, error = found["double_well"]
    assert abs(deviation) < WITHIN * error and error < 0.08
