"""Free energies against exact ones, and the mean force of dynamics against the quasi-harmonic one."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms, build
from scipy import constants as physics
from scipy.interpolate import CubicSpline
from scipy.signal import lfilter

from atomistic.decohesion.bulk_path import bulk_branch, bulk_structures
from atomistic.decohesion.finite_temperature import gap_coordinates, heated, path_vibrations
from atomistic.decohesion.mean_force import mean_forces, mean_traction, squeeze
from atomistic.decohesion.relaxed_path import relaxed_path, relaxed_structures
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.decohesion.vibrations import anharmonicity, free_energy, frequencies, softest_modes, vibrational
from atomistic.dynamics.blocks import block_error
from atomistic.dynamics.constraints import Held
from atomistic.dynamics.driver import dynamics
from atomistic.dynamics.langevin import Langevin
from atomistic.dynamics.record import Keep
from atomistic.dynamics.state import State
from atomistic.properties.bulk import equilibrium
from atomistic.properties.phonon import phonons
from coupling.contracts import Capabilities, Cost, Evaluation
from coupling.errors import InputError
from coupling.interface.excess import excess
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV

GAPS = np.array([-0.1, -0.05, 0.0, 0.05, 0.1])


def test_oscillators_have_their_exact_free_energy():
    """−kT ln Z with Z = 1/(2 sinh(ħω/2kT)); ħω/2 when cold; kT ln(ħω/kT) when hot or classical."""
    omega, temperature = np.array([2e13, 5e13]), 300.0
    quanta, thermal = physics.hbar * omega / EV, BOLTZMANN_EV * temperature
    exact = thermal * np.log(2 * np.sinh(quanta / (2 * thermal))).sum()
    assert free_energy(omega, temperature) == pytest.approx(exact, rel=1e-12)
    assert free_energy(omega, 0.0) == pytest.approx(quanta.sum() / 2, rel=1e-12)
    assert free_energy(omega, 0.0, "classical") == 0.0
    assert free_energy(omega, 3e5) == pytest.approx(free_energy(omega, 3e5, "classical"), rel=1e-5)
    with pytest.raises(InputError, match="classical, quantum"):
        free_energy(omega, 300.0, "bosonic")
    with pytest.raises(InputError, match="-1"):
        free_energy(omega, -1.0)


def test_a_chain_has_its_analytic_dispersion_at_all_wave_vectors_of_its_supercell():
    """ω = 2 √(k/m) |sin(πj/n)| of a chain along x with springs k, and 2 √(k'/m) |sin| across."""
    count, stiff, soft, mass = 6, 5.0, 1.2, 30.0
    constants = np.zeros((3, count, 3))
    for axis, k in enumerate((stiff, soft, soft)):
        constants[axis, [0, 1, -1], axis] = 2 * k, -k, -k
    found = frequencies(constants, (count, 1, 1), np.array([mass]), np.zeros((0, 3)))
    unit = np.sqrt(EV / ANGSTROM**2 / (mass * physics.atomic_mass))
    wave = 2 * np.abs(np.sin(np.pi * np.arange(1, count) / count)) * unit
    exact = np.concatenate([np.sqrt(stiff) * wave, np.sqrt(soft) * wave, np.sqrt(soft) * wave])
    np.testing.assert_allclose(np.sort(found), np.sort(exact), rtol=1e-9)


def test_holding_a_coordinate_gives_its_potential_of_mean_force():
    """Π ω²(held) = Π ω² · (c H⁻¹ c)/(c M⁻¹ c) for every harmonic system: Gaussian integrals, exact."""
    random = np.random.default_rng(0)
    masses = np.array([10.0, 25.0, 60.0])
    pulls = random.standard_normal((12, 9))
    pulls -= np.tile(pulls.reshape(12, 3, 3).mean(1), (1, 3))  # no force on the whole
    hessian = pulls.T @ pulls
    held = random.standard_normal((1, 9))
    held -= np.tile(held.reshape(3, 3).mean(0), 3)
    free = frequencies(hessian[:, None, :], (1, 1, 1), masses, np.zeros((0, 9)))
    bound = frequencies(hessian[:, None, :], (1, 1, 1), masses, held)
    assert (len(free), len(bound)) == (6, 5)
    weight = np.repeat(masses * physics.atomic_mass, 3)
    compliance = (held @ np.linalg.pinv(hessian, hermitian=True) @ held.T).item() / (EV / ANGSTROM**2)
    lightness = (held**2 / weight).sum()
    ratio = 2 * (np.log(bound).sum() - np.log(free).sum())
    assert ratio == pytest.approx(np.log(compliance / lightness), rel=1e-6)


def test_block_errors_of_a_repeated_series_are_those_of_its_values():
    """±1 in turn, each repeated: the blocks of one value have the largest error, std/√n; fewer than 16 are not asked."""
    for values, repeats in ((64, 8), (16, 4)):
        series = np.repeat((-1.0) ** np.arange(values), repeats)
        assert block_error(series) == pytest.approx(1 / np.sqrt(values - 1), rel=1e-12)
    assert block_error(np.repeat((-1.0) ** np.arange(8), 8)) == pytest.approx(1 / np.sqrt(15), rel=1e-12)
    with pytest.raises(InputError, match="no error bar"):
        block_error(np.zeros(15))


def largest_of_nested_blocks(length, r, rounds, random):
    """(rounds,) what `block_error` gives over the true error, for an AR(1) series of correlation r.

    The squares of n block means about their own mean are a χ² of n − 1 degrees of freedom, and those of 2n blocks
    are these plus an independent χ² of n. The variance of the mean of b samples is that of long blocks times
    1 − 2r(1 − r^b)/(b(1 − r²)).
    """
    blocks, squares, largest = 16, random.chisquare(15, rounds), np.zeros(rounds)
    while blocks <= length:
        b = length // blocks
        seen = 1 - 2 * r * (1 - r**b) / (b * (1 - r**2))
        largest = np.maximum(largest, seen * squares / (blocks - 1))
        squares, blocks = squares + random.chisquare(blocks, rounds), 2 * blocks
    return np.sqrt(largest)


@pytest.mark.parametrize(("r", "length"), [(0.0, 2**12), (0.9, 2**13)])
def test_block_errors_know_correlation(r, length):
    """An AR(1) series of correlation r has the error of its mean enlarged by √((1 + r)/(1 − r)): 1/(1 − r) over √n here."""
    random, rounds, settling = np.random.default_rng(1), 400, 400
    series = lfilter([1.0], [1.0, -r], random.standard_normal((rounds, settling + length)))[:, settling:]
    found = np.array([block_error(one) for one in series]) * np.sqrt(length) * (1 - r)
    expected = largest_of_nested_blocks(length, r, 100 * rounds, random)
    assert found.mean() == pytest.approx(expected.mean(), abs=4 * expected.std() / np.sqrt(rounds))  # 2 %


class Springs:
    """Independent oscillators about given sites: the energy of every mode is known."""

    name, elements, cutoff, fingerprint = "springs", frozenset({29}), 1.0, "springs"
    capabilities = Capabilities(interaction_range=1.0)

    def __init__(self, sites, stiffness):
        self.sites, self.stiffness = sites, stiffness

    def evaluate(self, structures, *, site_energies=False, features=False):
        forces = tuple(-self.stiffness * (s.positions - self.sites) for s in structures)
        energies = np.array([0.5 * np.sum(f**2) / self.stiffness for f in forces])
        return Evaluation(energies, forces, np.zeros((len(structures), 3, 3)), Cost())


def test_dynamics_have_their_temperature_and_a_held_coordinate_stays():
    sites = np.random.default_rng(5).uniform(0, 5, (12, 3))
    atoms = Atoms("Cu12", sites, cell=[5, 5, 5], pbc=True)
    held = np.zeros((1, 36))
    held[0, 2], held[0, 35] = 1.0, -1.0
    held = held.reshape(1, 12, 3)
    keep = Keep(observe=lambda state: np.einsum("mai,rai->rm", held, state.positions - sites))
    found = dynamics(
        Springs(sites, 4.0), [atoms, atoms], Langevin(200.0, 0.05 / 8e-15), steps=3000, step=8e-15, seed=2,
        held=Held(combinations=held), keep=keep,
    )  # fmt: skip
    assert np.abs(found.observed).max() < 1e-9
    np.testing.assert_allclose(found.temperature[500:].mean(axis=0), 200.0, rtol=0.05)


class Slackening:
    """Transverse springs of all atoms, k = 1 eV/Å² · e^(−q/l), that slacken as the two end atoms part by q along z."""

    name, elements, cutoff, fingerprint = "slackening", frozenset({29}), 1.0, "slackening"
    capabilities = Capabilities(interaction_range=1.0)

    def __init__(self, apart, length):
        self.apart, self.length = apart, length

    def evaluate(self, structures, *, site_energies=False, features=False):
        energies, forces = [], []
        for positions in (s.positions for s in structures):
            k = np.exp(-(positions[-1, 2] - positions[0, 2] - self.apart) / self.length)
            energy = 0.5 * k * np.sum(positions[:, :2] ** 2) + 0.5 * np.sum(positions[1:-1, 2] ** 2)
            force = -np.column_stack([k * positions[:, :2], positions[:, 2]])
            force[[-1, 0], 2] = np.array([1, -1]) * (0.5 * k * np.sum(positions[:, :2] ** 2) / self.length)
            energies.append(energy)
            forces.append(force)
        return Evaluation(np.array(energies), tuple(forces), np.zeros((len(structures), 3, 3)), Cost())


def test_the_mean_force_of_slackening_springs_is_exact():
    """F = kT Σ ln k over 2N transverse modes, halved: ∂F/∂gap = N kT/l at every temperature, the gap being −q."""
    count, apart, length, temperature = 100, 1e4, 2.0, 400.0
    positions = np.zeros((count, 3))
    positions[[0, -1], 2] = -apart / 2, apart / 2
    atoms = Atoms(f"Cu{count}", positions, cell=[5, 5, 2 * apart])
    held = np.zeros((1, 3 * count))
    held[0, 2], held[0, -1] = 1.0, -1.0
    found = mean_forces(
        Slackening(apart, length), [atoms] * 4, temperature, 1.5e-14, 1500, held=held, repeats=(1, 1, 1), seed=3
    )
    exact = count * BOLTZMANN_EV * temperature / length
    assert found.on_gap_std.max() < 0.03 * exact
    np.testing.assert_array_less(np.abs(found.on_gap - exact), 4 * found.on_gap_std)
    assert found.on_gap.mean() == pytest.approx(exact, abs=4 * np.sqrt(np.sum(found.on_gap_std**2)) / 4)  # 3 %


def test_the_mean_force_of_few_atoms_counts_the_held_gap_as_not_free():
    """A chain of four atoms at its rest length has F = const.: no mean force, where N - 1 free would leave kT/extent."""
    count, stiffness, rest, temperature, samples = 4, 3.0, 2.5, 400.0, 40_000
    random, thermal = np.random.default_rng(11), BOLTZMANN_EV * temperature
    stretch = random.normal(0.0, np.sqrt(thermal / stiffness), (samples, count - 1))
    stretch -= stretch.mean(axis=1, keepdims=True)  # normal modes at a held length
    levels = np.concatenate([np.zeros((samples, 1)), np.cumsum(rest + stretch, axis=1)], axis=1)
    forces = np.zeros((samples, count, 3))
    forces[:, :-1, 2] += stiffness * stretch
    forces[:, 1:, 2] -= stiffness * stretch
    held = np.zeros((count, 3))
    held[0, 2], held[-1, 2] = 1.0, -1.0
    one = State.of([Atoms(f"Cu{count}", np.zeros((count, 3)), cell=[5, 5, 20], pbc=True)])
    chains = replace(one, positions=np.pad(levels[:, :, None], ((0, 0), (0, 0), (2, 0))), forces=forces)
    found = squeeze(chains, held, thermal)
    error = found.std() / np.sqrt(samples)
    assert error < 0.02 * thermal / (rest * (count - 1))
    assert abs(found.mean()) < 4 * error


def test_too_few_steps_or_no_temperature_are_refused():
    atoms = Atoms("Cu", cell=[5, 5, 5], pbc=True)
    with pytest.raises(InputError, match="do not move"):
        mean_forces(Springs(np.zeros((1, 3)), 1.0), [atoms], 0.0, 1e-15, 100)


@pytest.fixture(scope="module")
def path(eam):
    crystal = equilibrium(eam, "Cu", "fcc")
    slab = cleavage_slab(crystal, (1, 1, 1), 4, conventional=conventional_cell(crystal))
    branch = relaxed_path(eam, slab, GAPS, tolerance=1e-5)
    unit = slab.repeat_unit()
    opened = relaxed_structures(eam, slab, GAPS, tolerance=1e-5)
    return slab, branch, bulk_branch(eam, unit, branch.traction), opened, bulk_structures(eam, unit, branch.traction)


def test_the_closed_interface_has_the_vibrations_of_the_bulk(eam, path):
    """All wave vectors of the slab are the bulk's: without the held gap the excess is one spacing's share."""
    slab, _, _, opened, bulks = path
    closed = int(np.flatnonzero(GAPS == 0)[0])
    cell = opened[closed].cell.array.copy()
    cell[2, :2] = slab.repeats * bulks[closed].cell.array[2, :2]
    opened[closed].set_cell(cell, scale_atoms=False)
    whole = vibrational(eam, [opened[closed]], (2, 2, 1), 300.0)
    own = vibrational(eam, [bulks[closed]], (2, 2, slab.repeats), 300.0)
    np.testing.assert_allclose(whole.free_energy, own.free_energy, rtol=1e-5)


def test_the_mean_force_is_the_quasi_harmonic_one_when_it_is_cold(eam, path):
    slab, branch, bulk, opened, bulks = path
    temperature = 60.0
    vibrations = path_vibrations(
        eam, slab, opened, [bulks], temperature, components=(2,), in_plane=2, statistics="classical"
    ).excess
    made = excess(branch, bulk)
    assert np.isfinite(vibrations).all()
    harmonic = made.traction + CubicSpline(made.opening, vibrations)(made.opening, 1)
    step = phonons(eam, slab.repeat_unit().atoms, repeats=(2, 2, 2)).safe_time_step
    options = {"seed": 7, "repeats": (2, 2, 1)}
    whole = mean_forces(eam, opened, temperature, step, 400, held=gap_coordinates(slab), **options)
    own = mean_forces(eam, bulks, temperature, step, 400, seed=8, repeats=(2, 2, slab.repeats))
    traction, error = mean_traction(branch, bulk, whole, own)
    peak = branch.traction.max()
    assert error.max() < 0.03 * peak
    np.testing.assert_array_less(np.abs(traction - harmonic), 4 * error)
    deviation = np.sqrt(np.sum(error**2)) / len(error)  # of the mean over independent walkers
    assert abs(np.mean(traction - harmonic)) < 4 * deviation < 0.6 * abs(np.mean(harmonic - made.traction))
    np.testing.assert_allclose(whole.temperature, temperature, rtol=0.1)


def test_the_lattice_expands_and_is_the_static_one_when_cold(eam):
    crystal = equilibrium(eam, "Cu", "fcc")
    static = crystal.cell[0, 1]
    cold, warm, hot = (
        heated(eam, crystal, t, statistics="classical", repeats=2).cell[0, 1] for t in (0.0, 300.0, 600.0)
    )
    assert cold == pytest.approx(static, rel=1e-5)
    assert 1e-6 < (warm / static - 1) / 300 < 1e-4
    assert (hot / static - 1) / (warm / static - 1) == pytest.approx(2.0, rel=0.25)
    assert heated(eam, crystal, 0.0, repeats=2).cell[0, 1] > static  # zero-point
    with pytest.raises(InputError, match="not cubic"):
        heated(eam, build.bulk("Cu", "hcp", a=2.55, c=4.16), 300.0)


class Anharmonic:
    """Every coordinate u in ½ku² + cu³ + lu⁴ about its site."""

    name, elements, cutoff, fingerprint = "anharmonic", frozenset({29}), 1.0, "anharmonic"
    capabilities = Capabilities(interaction_range=1.0)

    def __init__(self, sites, stiffness, cubic, quartic):
        self.sites, self.stiffness, self.cubic, self.quartic = sites, stiffness, cubic, quartic

    def evaluate(self, structures, *, site_energies=False, features=False):
        moved = np.array([s.positions - self.sites for s in structures])
        energies = 0.5 * self.stiffness * moved**2 + self.cubic * moved**3 + self.quartic * moved**4
        forces = -(self.stiffness * moved + 3 * self.cubic * moved**2 + 4 * self.quartic * moved**3)
        return Evaluation(energies.sum(axis=(1, 2)), tuple(forces), np.zeros((len(structures), 3, 3)), Cost())


def test_a_mode_is_no_oscillator_where_its_amplitude_reaches_the_inflection_or_a_quartic_term():
    """1/3 where V'' = k − 6cA is zero at A = √(kT/k); 2lA²/k of a quartic term; none of an oscillator."""
    sites, stiffness, temperature = np.random.default_rng(4).uniform(0, 5, (3, 3)), 2.0, 400.0
    atoms = Atoms("Cu3", sites, cell=[5, 5, 5], pbc=True)
    amplitude = np.sqrt(BOLTZMANN_EV * temperature / stiffness)
    modes = np.zeros((1, 3, 3))
    modes[0, 1, 2] = 1.0
    for cubic, quartic, exact in (
        (0.0, 0.0, 0.0), (stiffness / (6 * amplitude), 0.0, 1 / 3), (0.0, -0.7, 1.4 * amplitude**2 / stiffness)
    ):  # fmt: skip
        potential = Anharmonic(sites, stiffness, cubic, quartic)
        found = anharmonicity(potential, atoms, np.array([stiffness]), modes, temperature)
        assert found == pytest.approx(exact, abs=1e-12)
        assert anharmonicity(potential, atoms, np.array([stiffness]), modes, 0.0) == 0.0


def test_the_softest_modes_have_their_harmonic_energy():
    """Of unit norm, and u·H·u = κ = mω² on the chain's supercell: k = 0 is translation, of k and −k one is given."""
    count, stiff, soft, mass = 6, 5.0, 1.2, 30.0
    constants, whole = np.zeros((3, count, 3)), np.zeros((3 * count, 3 * count))
    for axis, k in enumerate((stiff, soft, soft)):
        constants[axis, [0, 1, -1], axis] = 2 * k, -k, -k
        for site in range(count):
            for step, value in ((0, 2 * k), (1, -k), (-1, -k)):
                whole[3 * site + axis, 3 * ((site + step) % count) + axis] += value
    stiffness, modes = softest_modes(constants, (count, 1, 1), np.array([mass]), np.zeros((0, 3)))
    np.testing.assert_allclose(stiffness, 4 * soft * np.sin(np.pi * np.arange(1, 4) / count) ** 2, rtol=1e-12)
    flat = modes.reshape(3, -1)
    np.testing.assert_allclose(np.einsum("wi,ij,wj->w", flat, whole, flat), stiffness, rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(flat, axis=1), 1.0, rtol=1e-12)
