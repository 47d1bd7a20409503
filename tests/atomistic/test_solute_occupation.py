"""How many sites hold an atom: exact sums, limits of the isotherms, detailed balance of the walk, restart, bars."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.potentials import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.solutes import (
    AtomsModel,
    Fowler,
    LatticeGas,
    Walkers,
    bulk_solution,
    exact_occupation,
    find_sites,
    langmuir_mclean,
    lattice_gas,
    pair_energies,
    sample,
    start,
)
from atomistic.solutes.isotherms import checked_coverage, concentration_at
from atomistic.solutes.lattice_gas import tiled
from atomistic.solutes.levels import Levels
from atomistic.solutes.monte_carlo import _State, _stepped, block_estimate
from atomistic.solutes.spectrum import Relaxing
from benchmarks.wheel import wheel_file
from coupling.errors import InputError
from coupling.records import pack, unpack
from coupling.units import BOLTZMANN_EV

KT = BOLTZMANN_EV * 400.0
RING = 6


def gas(seed=0, scale=0.04, count=5):
    generator = np.random.default_rng(seed)
    pair = generator.normal(scale=scale, size=(count, count))
    pair = pair + pair.T
    np.fill_diagonal(pair, 0.0)
    return LatticeGas(generator.normal(scale=scale, size=count), pair)


def test_sites_that_do_not_interact_follow_langmuir_and_mclean():
    energies = np.array([-0.4, -0.2, 0.0, 0.1, 0.35])
    free = LatticeGas(energies, np.zeros((5, 5)))
    for concentration in (1e-8, 1e-4, 0.3):
        for temperature in (200.0, 1000.0):
            kt = BOLTZMANN_EV * temperature
            mu = kt * np.log(concentration / (1 - concentration))
            exact = exact_occupation(free, temperature, chemical_potential=mu)
            isotherm = langmuir_mclean(energies, concentration, temperature)
            np.testing.assert_allclose(isotherm, exact.coverage, rtol=1e-12)
            for theta, energy in zip(isotherm[isotherm < 0.99], energies[isotherm < 0.99], strict=True):
                assert concentration_at(float(theta), energy, temperature) == pytest.approx(concentration, rel=1e-9)


def test_concentration_and_chemical_potential_are_inverse():
    for levels in (Levels(np.array([-2.1]), np.array([1]), 1), Levels(np.array([-2.1, -1.9]), np.array([1, 2]), 1)):
        for concentration in (1e-9, 1e-3, 0.5, 0.97):
            mu = levels.chemical_potential(concentration, 350.0)
            assert levels.amount(mu, 350.0) == pytest.approx(concentration, rel=1e-11)


def test_fowler_without_interaction_is_langmuir_and_mclean():
    energies = np.array([-0.3, -0.1, 0.05])
    found = Fowler(energies, 0.0, 400.0)
    for concentration in (1e-6, 1e-2, 0.6):
        (branch,) = found.branches(concentration)
        np.testing.assert_allclose(branch.coverages, langmuir_mclean(energies, concentration, 400.0), rtol=1e-11)
        assert branch.stable
    assert found.spinodal is None


def test_fowler_is_multivalued_between_its_spinodals_alone():
    """θ(1-θ) = kT/|w| at the turning points; by symmetry the two phases coexist where the middle solution is one half."""
    w = -6.0 * KT
    found = Fowler(np.array([-0.2]), w, 400.0)
    low, high = found.spinodal.coverages
    assert low * (1 - low) == pytest.approx(KT / abs(w), rel=1e-9) and low + high == pytest.approx(1, abs=1e-9)
    least, most = found.spinodal.concentrations
    assert [len(found.branches(c)) for c in (0.9 * least, np.sqrt(least * most), 1.1 * most)] == [1, 3, 1]
    same = 1 / (1 + np.exp(-(-0.2 + w / 2) / KT))
    gas_like, middle, full = found.branches(same)
    assert middle.coverage == pytest.approx(0.5, abs=1e-9) and not middle.stable
    assert gas_like.grand_potential == pytest.approx(full.grand_potential, abs=1e-12)
    assert found.coverage(1.05 * same).coverage > 0.5 > found.coverage(0.95 * same).coverage
    assert Fowler(np.array([-0.2]), -3.9 * KT, 400.0).spinodal is None  # critical at |w| = 4 kT


def test_fowler_is_the_limit_of_weak_interactions_with_all_others():
    count, w = 14, -0.6 * KT
    everyone = LatticeGas(np.full(count, -0.1), (np.ones((count, count)) - np.eye(count)) * w / (count - 1))
    mu = KT * np.log(0.02 / 0.98)
    exact = exact_occupation(everyone, 400.0, chemical_potential=mu).coverage.mean()
    assert Fowler(np.array([-0.1]), w, 400.0).coverage(0.02).coverage == pytest.approx(exact, rel=0.03)
    assert langmuir_mclean([-0.1], 0.02, 400.0)[0] < exact - 0.01


@pytest.mark.parametrize("mu", [None, -0.02])
def test_the_walk_leaves_the_exact_distribution_as_it_is(mu):
    """Detailed balance: one move of very many walkers that are distributed as they should be changes no occupation's share."""
    model, many = gas(3), 120_000
    every = ((np.arange(2**5)[:, None] >> np.arange(5)) & 1).astype(bool)
    if mu is None:
        every = every[every.sum(axis=1) == 2]
    weights = np.exp(-(model.energies(every) - (mu or 0.0) * every.sum(axis=1)) / KT)
    weights /= weights.sum()
    drawn = np.random.default_rng(1).choice(len(every), size=many, p=weights)
    walkers = start(model, 1, 5)
    walkers = type(walkers)(every[drawn], 0, 5)
    moved = _stepped(model, _State(walkers, model.energies(walkers.occupied), 0), KT, mu)
    assert moved.accepted > 0.05 * many
    codes = moved.walkers.occupied @ (1 << np.arange(5))
    shares = np.array([(codes == code).mean() for code in every @ (1 << np.arange(5))])
    bars = np.sqrt(weights * (1 - weights) / many)
    assert np.abs((shares - weights) / bars).max() < 4.5
    np.testing.assert_allclose(moved.energies, model.energies(moved.walkers.occupied), atol=1e-12)


@pytest.mark.parametrize("atoms", [None, 2])
def test_walks_find_the_exact_coverages(atoms):
    model, mu = gas(7), -0.01
    exact = exact_occupation(model, 400.0, chemical_potential=mu, atoms=atoms)
    options = {} if atoms else {"chemical_potential": mu}
    found = sample(model, start(model, 64, 2, atoms=atoms), 400.0, blocks=4, steps=100, discarded=60, **options)
    if atoms:
        assert np.all(found.walkers.occupied.sum(axis=1) == atoms)
    for estimate, true in ((found.coverage, exact.coverage), (found.energy, exact.energy)):
        assert np.all(np.abs(estimate.mean - true) < estimate.bar(0.999))
        assert np.all(estimate.error < 0.02)


def test_a_walk_is_the_same_again_and_goes_on_where_it_stopped():
    model = gas(1)
    whole = sample(model, start(model, 4, 9), 400.0, blocks=4, steps=25, chemical_potential=0.0)
    again = sample(model, start(model, 4, 9), 400.0, blocks=4, steps=25, chemical_potential=0.0)
    np.testing.assert_array_equal(whole.occupied, again.occupied)
    half = sample(model, start(model, 4, 9), 400.0, blocks=2, steps=25, chemical_potential=0.0)
    stored = unpack(Walkers, pack(half.walkers))  # as it is kept in a file
    rest = sample(model, stored, 400.0, blocks=2, steps=25, chemical_potential=0.0)
    np.testing.assert_array_equal(np.concatenate([half.occupied, rest.occupied]), whole.occupied)
    other = sample(model, start(model, 4, 10), 400.0, blocks=4, steps=25, chemical_potential=0.0)
    assert not np.array_equal(other.occupied, whole.occupied)


def test_bars_of_correlated_blocks_are_those_of_independent_ones():
    """An autoregressive series: the error of its mean is known, and that of blocks taken as independent is too small."""
    generator, rho, steps, repeats = np.random.default_rng(0), 0.9, 4096, 60
    series = np.zeros((steps, repeats))
    noise = generator.normal(size=(steps, repeats))
    for k in range(1, steps):
        series[k] = rho * series[k - 1] + noise[k]
    true = np.sqrt(1 / (1 - rho) ** 2 / steps)
    errors = [block_estimate(series[:, [k]]).error for k in range(repeats)]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(true, rel=0.15)
    naive = series.std(axis=0).mean() / np.sqrt(steps)
    assert naive < 0.4 * true


def test_sites_too_close_for_two_atoms_never_hold_both():
    blocked = np.zeros((4, 4))
    blocked[0, 1] = blocked[1, 0] = np.inf
    model = LatticeGas(np.full(4, -0.1), blocked)
    found = sample(model, start(model, 16, 1, atoms=2), 400.0, blocks=4, steps=50)
    assert not np.any(found.walkers.occupied[:, 0] & found.walkers.occupied[:, 1])
    exact = exact_occupation(model, 400.0, atoms=2)
    assert exact.coverage[0] == pytest.approx(2 / 5) and exact.coverage[2] == pytest.approx(3 / 5)
    with pytest.raises(InputError, match="4 atoms do not fit on 4 sites"):
        start(model, 2, 0, atoms=4)


@pytest.fixture(scope="module")
def alloy():
    return load_potential(str(wheel_file("NiAlH_jea.eam.alloy")))


def test_atoms_and_their_pairs_give_the_same_energies(alloy):
    """The lattice gas of relaxed pairs is exact for two atoms, and each occupation is computed once."""
    nickel = equilibrium(alloy, "Ni", "fcc", tolerance=1e2, conventional=True)
    options = Relaxing(separation=7.0, force=1e-3)
    single = bulk_solution(alloy, nickel, "H", "interstitial", relaxing=options)
    pairs = pair_energies(alloy, nickel, single, 3.6, classes=[0], relaxing=options)
    times = (3, 3, 3)
    model = lattice_gas(nickel, single.sites, single.energies, pairs, times)
    host = nickel * times
    sites = tiled(single.sites, nickel, times)
    atoms = AtomsModel(alloy, host, "H", sites, relaxing=options)
    octahedral = np.flatnonzero(sites.classes == 0)
    occupied = np.zeros((4, len(sites)), dtype=bool)
    first = octahedral[0]
    apart = np.linalg.norm(sites.positions[octahedral] - sites.positions[first], axis=1)
    near, next_one, far = (octahedral[np.argmin(np.abs(apart - d))] for d in (2.49, 3.52, 6.5))
    for row, other in zip(occupied, (None, near, next_one, far), strict=True):
        row[first] = True
        if other is not None:
            row[other] = True
    theirs, ours = atoms.energies(occupied), model.energies(occupied)
    np.testing.assert_allclose(theirs - theirs[0], ours - ours[0], atol=0.012)
    assert abs((theirs - theirs[0])[1] - (theirs - theirs[0])[3]) > 0.01  # neighbours attract each other
    cost = len(atoms._known)
    atoms.energies(occupied[[3, 2, 1]])
    assert len(atoms._known) == cost
    with pytest.raises(InputError, match="interacts with its own image"):
        lattice_gas(nickel, single.sites, single.energies, pairs, (1, 1, 1))


def test_a_walk_on_the_potential_is_the_exact_sum(alloy):
    """Six sites of a small cell, energies of all 64 occupations by the potential itself."""
    host = bulk("Ni", "fcc", a=3.52, cubic=True) * (2, 1, 1)
    sites = find_sites(host, "interstitial").called("octahedral").select(np.arange(RING))
    model = AtomsModel(alloy, host, "H", sites)
    mu = float(model.energies(np.eye(RING, dtype=bool)[:1])[0])
    exact = exact_occupation(model, 900.0, chemical_potential=mu)
    found = sample(model, start(model, 48, 4), 900.0, blocks=2, steps=60, discarded=40, chemical_potential=mu)
    assert np.all(np.abs(found.coverage.mean - exact.coverage) < found.coverage.bar(0.999))
    assert 0.1 < exact.coverage.mean() < 0.9 and np.all(found.coverage.error < 0.03)


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda: langmuir_mclean([-0.1], 0.0, 300.0), "concentration of 0 cannot be"),
        (lambda: langmuir_mclean([-0.1], -0.1, 300.0), "concentration of -0.1"),
        (lambda: langmuir_mclean([-0.1], 1.5, 300.0), "concentration of 1.5"),
        (lambda: langmuir_mclean([-0.1], 0.1, -5.0), "not -5 K"),
        (lambda: checked_coverage(1.2), "coverage of 1.2 cannot be.*at most"),
        (lambda: concentration_at(1.0, -0.1, 300.0), "coverage of exactly 1"),
        (lambda: start(gas(), 4, 0, atoms=9), "9 atoms on 5 sites are a coverage over one"),
        (lambda: start(gas(), 0, 0), "0 walkers"),
        (lambda: exact_occupation(gas(), 300.0, atoms=6), "coverage over one"),
        (lambda: exact_occupation(gas(count=25), 300.0), "25 sites have too many"),
        (lambda: sample(gas(), start(gas(), 2, 0), 300.0, blocks=0, steps=5), "0 blocks of 5 steps"),
        (lambda: LatticeGas(np.zeros(3), np.zeros((2, 2))), "symmetric matrix"),
        (lambda: block_estimate(np.zeros((1, 1))), "two blocks"),
    ],
)
def test_what_cannot_be_is_one_sentence(work, words):
    with pytest.raises(InputError, match=words):
        work()


def test_atoms_are_not_changed_by_a_model(alloy):
    host = Atoms(bulk("Ni", "fcc", a=3.52, cubic=True))
    sites = find_sites(host, "interstitial").called("octahedral")
    AtomsModel(alloy, host, "H", sites).energies(np.ones((1, len(sites)), dtype=bool))
    assert len(host) == 4 and np.all(host.numbers == 28)
