"""Quantum nuclei: rings without sampling error, closed forms, constraints on centroids, restart, bridges, D(T)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.linalg import solve_discrete_lyapunov

from atomistic import load_potential
from atomistic.dynamics import Held, Keep, Langevin, Runaway, State, dynamics, load_state
from atomistic.dynamics.constraints import Freedom
from atomistic.dynamics.ring_polymer import HBAR, RingPolymer, ring_frequencies, ring_modes
from atomistic.dynamics.state import TIME
from atomistic.dynamics.system import System
from atomistic.quantum_nuclei import (
    CentroidPath,
    CentroidSettings,
    RingEnergies,
    centroid_profile,
    gyration,
    harmonic_split,
    interstitial_diffusion,
    oscillators,
    path_integral,
    ring_step,
)
from atomistic.quantum_nuclei.harmonic import HBAR_EV
from atomistic.rates import AlternatingHops, HarmonicRate
from benchmarks import rates_quantum
from benchmarks.moving_models import HarmonicSolid, crystal, ring
from benchmarks.quantum_models import DoubleWell, DoubleWellPotential, Oscillators3D, centroid_free_energy
from benchmarks.wheel import wheel_file
from coupling.errors import InputError, MissingBackend
from coupling.units import BOLTZMANN_EV
from coupling.upscale import DiffusionCoefficient, SoluteDiffusion, load_diffusion, save_diffusion

T = 200.0
ATOMS = crystal("Al2Ag2")
SOLID = HarmonicSolid(ATOMS, ring(4, 3.0, 1.0), quartic=2.0)


@pytest.mark.parametrize("beads", [1, 2, 3, 4, 7, 8])
def test_ring_modes_are_those_of_the_springs(beads):
    modes = ring_modes(beads)
    np.testing.assert_allclose(modes.T @ modes, np.eye(beads), atol=1e-14)
    step = np.roll(np.eye(beads), 1, axis=0)
    springs = 2 * np.eye(beads) - step - step.T
    exact = np.diag((ring_frequencies(beads, T) * HBAR / (beads * BOLTZMANN_EV * T)) ** 2)
    np.testing.assert_allclose(modes.T @ springs @ modes, exact, atol=1e-13)
    np.testing.assert_allclose(modes[:, 0], 1 / np.sqrt(beads), atol=1e-15)


def test_one_bead_is_langevin_dynamics_to_the_bit():
    run = {"steps": 30, "step": 2e-15, "seed": 1, "check_step": False}
    one = dynamics(SOLID, [ATOMS] * 2, RingPolymer(T, 1), **run)
    other = dynamics(SOLID, [ATOMS] * 2, Langevin(T), **run)
    np.testing.assert_array_equal(one.state.positions, other.state.positions)


def stationary(propagation, relative, friction=1e13, beads=6, stiffness=4.0):
    """⟨x²⟩ of each normal mode of a harmonic ring over its exact value, from the covariance that a step keeps, and Ω h."""
    atoms = Atoms("H", cell=np.eye(3) * 9, pbc=True)
    ensemble = RingPolymer(T, beads, friction, propagation=propagation)
    mass = float(atoms.get_masses()[0])
    frequency = np.sqrt(stiffness / mass)
    step = relative / frequency * TIME
    start = State.of([atoms] * beads)
    system, potential = None, Oscillators3D(stiffness)
    system = System(potential.evaluate, start, step, beads=beads)
    modes = ring_modes(beads)

    def moved(places, velocities):
        state = replace(start, step=7)
        state.positions[:, 0, 0], state.velocities[:, 0, 0] = modes @ places, modes @ velocities
        made = ensemble.advance(system.evaluated(state), system)
        return np.array([modes.T @ made.positions[:, 0, 0], modes.T @ made.velocities[:, 0, 0]])

    nothing, all_modes = np.zeros(beads), np.full(beads, 0.01)
    rest = moved(nothing, nothing)
    drawn = modes.T @ system.random(8).standard_normal((beads, 1, 3))[:, 0, 0]
    units = [(moved(all_modes, nothing) - rest) / 0.01, (moved(nothing, all_modes) - rest) / 0.01]
    found = []
    for k in range(beads):
        a, b = np.column_stack([one[:, k] for one in units]), rest[:, k] / drawn[k]
        found.append(solve_discrete_lyapunov(a, np.outer(b, b))[0, 0])
    springs = ring_frequencies(beads, T)
    exact = beads * BOLTZMANN_EV * T / mass / (springs**2 + frequency**2)
    return np.array(found) / exact, springs, frequency, step / TIME


@pytest.mark.parametrize("relative", [0.2, 1.0, 1.9])
@pytest.mark.parametrize("friction", [1e12, 1e14])
def test_cayley_s_ring_has_the_exact_distribution_at_every_stable_step(relative, friction):
    np.testing.assert_allclose(stationary("cayley", relative, friction)[0], 1.0, rtol=1e-7)


@pytest.mark.parametrize("relative", [0.1, 0.3])
def test_the_exact_ring_s_error_is_that_of_its_formula(relative):
    ratio, springs, frequency, step = stationary("exact", relative)
    angle = springs * step / 2
    weak = np.where(angle > 0, angle / np.where(angle > 0, np.tan(angle), 1.0), 1.0)
    np.testing.assert_allclose(ratio, (springs**2 + frequency**2) / (springs**2 + frequency**2 * weak), rtol=1e-7)
    assert 0 < ratio.max() - 1 < (frequency * step) ** 2 / 12


def test_a_restarted_ring_has_the_same_bits(tmp_path: Path):
    polymer, run = RingPolymer(T, 4), {"step": 1e-15, "seed": 3}
    whole = path_integral(SOLID, [ATOMS] * 2, polymer, steps=40, **run)
    path_integral(SOLID, [ATOMS] * 2, polymer, steps=15, keep=Keep(checkpoint=tmp_path / "ring.npz"), **run)
    rest = path_integral(SOLID, load_state(tmp_path / "ring.npz"), polymer, steps=25, **run)
    np.testing.assert_array_equal(whole.trajectory.state.positions, rest.trajectory.state.positions)
    np.testing.assert_array_equal(whole.energies[:, 16:], rest.energies)
    alone = path_integral(SOLID, ATOMS, polymer, steps=40, **run)
    np.testing.assert_array_equal(alone.energies[:, :, 0], whole.energies[:, :, 0])
    np.testing.assert_array_equal(alone.trajectory.state.positions, whole.trajectory.state.positions[:4])
    with pytest.raises(InputError, match="another potential, ensemble"):
        path_integral(SOLID, load_state(tmp_path / "ring.npz"), RingPolymer(T, 4, 2e13), steps=5, **run)


def test_constraints_hold_centroids_and_fixed_atoms_all_beads():
    beads, weights = 5, np.zeros((2, 1, 4, 3))
    weights[0, 0, 1, 0], weights[1, 0, 2] = 1.0, [0.6, 0.0, 0.8]
    held = Held(fixed=np.array([True, False, False, False]), combinations=weights)
    made = dynamics(
        SOLID, [ATOMS] * (2 * beads), RingPolymer(T, beads), steps=60, step=1e-15, held=held, check_step=False
    )
    moved = (made.state.positions - ATOMS.positions).reshape(2, beads, 4, 3)
    assert np.abs(moved[:, :, 0]).max() < 1e-12
    kept = np.einsum("rai,rai->r", weights[:, 0], moved.mean(axis=1))
    np.testing.assert_allclose(kept, 0.0, atol=1e-12)
    assert np.abs(moved[0, :, 1, 0]).max() > 1e-3 and np.abs(moved[1].mean(axis=0)[1, 0]) > 1e-3
    assert made.freedom == beads * 9 - 1
    assert Freedom(Held(centre=True), ATOMS.get_masses(), beads).count == 12 * beads - 3


def test_the_energies_are_derivatives_of_the_ring_s_action():
    """Both estimators by finite differences in β of ln w: the primitive at fixed places, the virial with scaled ones."""
    random, beads = np.random.default_rng(0), 4
    places = ATOMS.positions + 0.2 * random.standard_normal((beads, 4, 3))
    masses = ATOMS.get_masses()[:, None]

    def evaluated(given):
        states = State.of([Atoms(ATOMS.numbers, one, cell=ATOMS.cell, pbc=True) for one in given])
        return System(SOLID.evaluate, states, 1e-15, beads=beads).evaluated(states)

    def action(given, beta, springs=True):
        apart = given - np.roll(given, 1, axis=0)
        stretched = beads / (2 * beta * HBAR**2) * np.sum(masses * apart**2)
        return (stretched if springs else 0.0) + beta * evaluated(given).energies.mean()

    beta, step = 1 / (BOLTZMANN_EV * T), 1e-4 / (BOLTZMANN_EV * T)
    centroid = places.mean(axis=0)

    def scaled(other):
        return centroid + np.sqrt(other / beta) * (places - centroid)

    primitive = (action(places, beta + step) - action(places, beta - step)) / (2 * step) + 12 * beads / (2 * beta)
    ends = [action(scaled(beta + sign * step), beta + sign * step) for sign in (1, -1)]
    virial = (ends[0] - ends[1]) / (2 * step) + 12 / (2 * beta)
    found = RingEnergies(RingPolymer(T, beads), 12)(evaluated(places))[0]
    np.testing.assert_allclose(found[:2], [primitive, virial], rtol=1e-6)
    spread = gyration(evaluated(places), beads)
    np.testing.assert_allclose(spread[0], np.mean(np.sum((places - centroid) ** 2, axis=2), axis=0), rtol=1e-12)


@pytest.mark.parametrize("beads", [1, 2, 8, None])
def test_closed_forms_of_oscillators(beads):
    """Against the sum over normal modes; energy and heat capacity by differences; the limit is Planck's."""
    angular, step = np.array([2e13, 1e14, 6e14]), 0.05
    found = oscillators(angular, T, beads)
    up, down = oscillators(angular, T + step, beads), oscillators(angular, T - step, beads)
    entropy = -(up.free_energy - down.free_energy) / (2 * step)
    np.testing.assert_allclose(found.energy, found.free_energy + T * entropy, rtol=1e-6)
    slope = (up.energy - down.energy) / (2 * step)
    np.testing.assert_allclose(found.heat_capacity, slope, rtol=1e-5, atol=1e-10 * BOLTZMANN_EV)
    if beads is None:
        half = HBAR_EV * angular / 2
        np.testing.assert_allclose(found.energy, half / np.tanh(half / (BOLTZMANN_EV * T)), rtol=1e-13)
        return
    springs = ring_frequencies(beads, T)[:, None] / TIME
    exact = BOLTZMANN_EV * T * np.sum(angular**2 / (springs**2 + angular**2), axis=0)
    np.testing.assert_allclose(found.energy, exact, rtol=1e-12)


def test_energies_and_heat_capacity_of_eight_beads():
    """Each within four of its standard errors of the closed form; the errors themselves are bounded."""
    atoms, potential, angular = crystal("H60"), Oscillators3D(2.0), rates_quantum.oscillator_angular()
    atoms.positions[:] = 0.0
    polymer = RingPolymer(400.0, 8, friction=angular, propagation="cayley")
    found, exact = path_integral(potential, atoms, polymer, steps=700, seed=2), oscillators(angular, 400.0, 8)
    for kind in ("primitive", "virial"):
        energy = found.energy(kind)
        assert energy.error < 0.01 * 180 * exact.energy[0]
        assert abs(energy.value - 180 * exact.energy[0]) < 4 * energy.error
    heat = found.heat_capacity()
    assert heat.error < 0.4 * 180 * exact.heat_capacity[0]
    assert abs(heat.value - 180 * exact.heat_capacity[0]) < 4 * heat.error


def test_the_split_of_an_error_adds_up_and_knows_its_causes():
    figures = rates_quantum.split_figures()
    assert figures["split_residual"] < 1e-10
    assert figures["split_barrier_curvature_meV"] < -5 < 0 < figures["split_barrier_beads_meV"]
    random = np.random.default_rng(1)
    root = random.normal(size=(6, 6))
    hessian, masses = root @ root.T + np.eye(6), np.full(6, 10.0)
    alike = harmonic_split(hessian, hessian, masses, T, 4)
    assert np.abs(alike.curvature).max() == 0.0 and alike.total == pytest.approx(alike.beads.sum(), abs=1e-14)
    assert np.abs(harmonic_split(hessian, 1.1 * hessian, masses, T, 10**5).beads).max() < 1e-9
    with pytest.raises(InputError, match="unstable modes"):
        harmonic_split(hessian - 1.5 * np.linalg.eigvalsh(hessian)[0] * np.eye(6), hessian, masses, T, 4)
    with pytest.raises(InputError, match="do not go with 5 masses"):
        harmonic_split(hessian, hessian, masses[:5], T, 4)


def test_the_exact_centroid_s_free_energy():
    """Of a harmonic well it is the classical one whatever the mass; two ways agree as P grows, with an error of order 1/P²."""
    places = np.linspace(-0.2, 0.2, 7)

    class Parabola(DoubleWell):
        def energy(self, x):
            return 3.0 * x**2

    for beads in (5, None):
        free = centroid_free_energy(Parabola(), 1.008, 300.0, places, beads)
        np.testing.assert_allclose(free - free[3], 3.0 * places**2, atol=2e-5)
    well = DoubleWell()
    limit = well.quantum_barrier(300.0, None)
    errors = [well.quantum_barrier(300.0, beads) - limit for beads in (8, 16, 32)]
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2.0, atol=0.15)


def test_the_centroid_s_barrier_in_a_double_well():
    well = DoubleWell()
    path = well.path(np.linspace(-well.half, 0.0, 5))
    polymer = RingPolymer(300.0, 8, friction=6e13, propagation="cayley")
    found = centroid_profile(DoubleWellPotential(well), path, polymer, steps=250, copies=10, seed=4)
    exact = centroid_free_energy(well, 1.008, 300.0, found.path.lengths - well.half, 8)
    off = found.free_energy - (exact - exact[0])
    assert found.barrier().error < 0.02 * (exact[-1] - exact[0])
    assert (np.abs(off[1:]) < 4 * found.free_energy_std[1:] + 2e-4).all()  # the spline through five planes: 2e-4
    np.testing.assert_array_equal(found.advance, 1.0)


def test_one_bead_on_the_path_is_classical():
    """No motion along x: the mean force is the force, and the rate of the parabola's top is the harmonic one."""
    well = DoubleWell(barrier=0.4)
    path = well.path(np.linspace(-1.6 * well.half, 0.0, 25))
    polymer = RingPolymer(T, 1)
    found = centroid_profile(DoubleWellPotential(well), path, polymer, steps=30)
    np.testing.assert_allclose(found.force, well.slope(found.path.lengths - 0.8), atol=1e-9)
    mass, thermal = 1.008, BOLTZMANN_EV * T
    x = np.linspace(-0.8, 0.0, 20001)
    whole = np.trapezoid(np.exp(-(well.energy(x) - 0.4) / thermal), x)
    exact = np.log(np.sqrt(thermal / (2 * np.pi * mass)) / whole / TIME)
    assert found.log_rate().value == pytest.approx(exact, abs=2e-3)


def test_a_curved_path_has_the_free_energy_of_its_planes():
    """Of an isotropic parabola on a circle about its minimum the planes all hold it: no work is done; off centre it is known."""
    stiffness, radius = 3.0, 0.8
    angles = np.linspace(0.0, 1.2, 9)
    path = [Atoms("H", [[radius * np.cos(a), radius * np.sin(a), 0.0]], cell=np.eye(3) * 9) for a in angles]
    planes = CentroidPath.through(path)
    np.testing.assert_allclose(np.sum(planes.tangents * planes.turning, axis=(1, 2)), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(planes.turning, axis=(1, 2))[2:-2], 1 / radius, rtol=0.01)
    found = centroid_profile(Oscillators3D(stiffness), path, RingPolymer(T, 1, 1e14), steps=400, copies=8, seed=1)
    assert (np.abs(found.free_energy[1:]) < 4 * found.free_energy_std[1:] + 1e-4).all()
    assert found.free_energy_std[-1] < 0.01


def hops():
    first = HarmonicRate(0.4, np.array([1e14, 1e14, 1e14]), np.array([2e14, 2e14]), 1e14)
    return AlternatingHops(first, replace(first, barrier=0.05), 8, 4, 1.5)


def test_diffusion_of_alternating_hops():
    """Against the random walk itself: mean squares of a walk on a chain with two rates, by its master equation."""
    made = hops()
    there, back = made.there.at([400.0])[0], made.back.at([400.0])[0]
    found = np.exp(made.log_diffusivity(np.log([there]), np.log([back])))[0]
    share = 4 * back / (8 * there + 4 * back)  # of the time on the first kind
    mean_rate = share * 8 * there + (1 - share) * 4 * back
    assert found == pytest.approx((1.5e-10) ** 2 * mean_rate / 6, rel=1e-12)
    limit = made.log_diffusivity(np.log([there]), np.array([np.log(there) + 60]))[0]
    assert np.exp(limit) == pytest.approx((1.5e-10) ** 2 * 16 * there / 6, rel=1e-12)
    names = [one.treatment for one in made.harmonic([300.0, 600.0])]
    assert names == ["classical", "wigner", "harmonic quantum"]
    bars = made.harmonic([300.0], barrier_std=0.02, coverage=0.9)[0]
    assert np.log(bars.upper[0] / bars.values[0]) == pytest.approx(1.6449 * 0.02 / (BOLTZMANN_EV * 300), rel=1e-4)
    assert made.harmonic([300.0])[0].coverage == 0.0


def test_a_table_of_diffusion_and_its_file(tmp_path: Path):
    curves = hops().harmonic(np.array([300.0, 400.0, 600.0]), barrier_std=0.01)
    better = replace(curves[2], treatment="centroid", temperatures=np.array([300.0]), values=np.array([1e-14]),
                     lower=np.array([5e-15]), upper=np.array([2e-14]))  # fmt: skip
    made = SoluteDiffusion("H", "Ni", "abc", (*curves, better))
    save_diffusion(made, tmp_path / "d.json")
    found = load_diffusion(tmp_path / "d.json")
    for one, other in zip(made.curves, found.curves, strict=True):
        assert one.treatment == other.treatment
        np.testing.assert_array_equal(one.values, other.values)
    assert found.quantum(300.0) == pytest.approx((1e-14, 5e-15, 2e-14), rel=1e-12)
    assert found.quantum(500.0) == found.of("harmonic quantum").at(500.0)
    between = made.classical.at(500.0)
    assert made.classical.values[1] < between.lower < between.value < between.upper < made.classical.values[2]
    offset, activation = made.classical.arrhenius
    assert activation / 96485.3 == pytest.approx(0.4, abs=0.01) and offset > 0
    with pytest.raises(InputError, match="known from 300 to 600 K, not at 700 K"):
        made.classical.at(700.0)
    with pytest.raises(InputError, match="valid: centroid, classical"):
        made.of("instanton")
    text = (tmp_path / "d.json").read_text()
    (tmp_path / "d.json").write_text(text.replace('"solute": "H"', '"solute": "D"'))
    with pytest.raises(InputError, match="damaged"):
        load_diffusion(tmp_path / "d.json")
    with pytest.raises(InputError, match="rising temperatures"):
        DiffusionCoefficient("classical", *np.ones((4, 2)), 0.9)


def test_hydrogen_in_a_crystal():
    potential = load_potential(str(wheel_file("NiAlH_jea.eam.alloy")))
    nickel = bulk("Ni", a=3.52, cubic=True)
    sampled = CentroidSettings((600.0,), beads=2, planes=5, steps=60)
    found = interstitial_diffusion(
        potential, nickel, "H", [300.0, 600.0], repeats=1, centroid=sampled, barrier_std=0.02
    )
    assert [one.treatment for one in found.diffusion.curves] == ["classical", "wigner", "harmonic quantum", "centroid"]
    assert (found.diffusion.solute, found.diffusion.host) == ("H", "Ni")
    by_centroid = found.diffusion.of("centroid")
    assert by_centroid.lower[0] < by_centroid.values[0] < by_centroid.upper[0]
    assert abs(np.log(by_centroid.values[0] / found.diffusion.of("harmonic quantum").at(600.0).value)) < 4
    held = found.profiles[0].path
    np.testing.assert_allclose(np.einsum("a,nai->ni", held.masses, held.places - held.places[0]), 0.0, atol=1e-9)
    with pytest.raises(InputError, match="no cubic fcc cell"):
        interstitial_diffusion(potential, nickel * (2, 1, 1), "H", [300.0])


def test_i_pi_s_energies_are_ours_of_the_same_beads():
    """Springs, masses, units and estimators; the averages of both drivers are compared in `benchmarks.rates_quantum`."""
    pytest.importorskip("ipi", reason="i-PI is not installed")
    from atomistic.quantum_nuclei.ipi import ipi_path_integral

    batches = []

    class Seen(Oscillators3D):
        def bound(self, positions):
            batches.append(positions.copy())
            return super().bound(positions)

    atoms, polymer = Atoms("HNi", [[0.1, 0.0, 0.0], [0.0, 0.2, 0.3]], cell=np.eye(3) * 9, pbc=True), RingPolymer(T, 6)
    found = ipi_path_integral(Seen(2.0), atoms, polymer, steps=20, step=2e-16, every=20, seed=1)
    assert {len(one) for one in batches} == {6}  # all beads at once
    last = [Atoms("HNi", one, cell=atoms.cell, pbc=True) for one in batches[-1]]
    state = State.of(last)
    evaluated = System(Oscillators3D(2.0).evaluate, state, 1e-16, beads=6).evaluated(state)
    np.testing.assert_allclose(found.energies[:, 0, 0], RingEnergies(polymer, 6)(evaluated)[0], rtol=1e-6)
    assert np.ptp(batches[-1], axis=0).max() > 0.01


def test_without_i_pi_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    import sys

    from atomistic.quantum_nuclei.ipi import ipi_path_integral

    monkeypatch.setitem(sys.modules, "ipi", None)
    monkeypatch.setitem(sys.modules, "ipi.engine.simulation", None)
    with pytest.raises(MissingBackend, match=r"pip install 'multiscale-coupling\[ipi\]'"):
        ipi_path_integral(SOLID, ATOMS, RingPolymer(T, 4), steps=1)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (lambda: RingPolymer(T, 0), "ring of 0 beads"),
        (lambda: RingPolymer(T, 4, internal=0.0), "friction of the ring's modes"),
        (lambda: RingPolymer(T, 4, propagation="verlet"), "valid: cayley, exact"),
        (lambda: dynamics(SOLID, [ATOMS] * 3, RingPolymer(T, 2), steps=1, step=1e-15), "3 replicas are no whole number"),
        (
            lambda: dynamics(SOLID, [ATOMS] * 64, RingPolymer(T, 64), steps=1, step=2e-15, check_step=False),
            r"2 fs is too long .* 64 beads .* at most 0\.46\d fs",
        ),
        (
            lambda: dynamics(SOLID, [ATOMS] * 2, Langevin(T), steps=1, held=Held(combinations=np.ones((3, 1, 4, 3)))),
            "those of 3 replicas, of which there are 2",
        ),
        (lambda: path_integral(SOLID, ATOMS, RingPolymer(T, 2), steps=1, keep=Keep(observe=len)), "observe their own"),
        (lambda: path_integral(SOLID, [], RingPolymer(T, 2), steps=1), "no structure to move"),
        (lambda: CentroidPath.through([ATOMS] * 3), "path of 3 structures"),
        (lambda: CentroidPath.through([ATOMS] * 5), "Structures 0 and the next of the path are alike"),
        (lambda: oscillators(np.array([0.0]), T), "positive frequencies"),
        (lambda: CentroidSettings(()), "one temperature or more"),
        (lambda: replace(hops(), length=0.0), "do not lead anywhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(run, sentence):
    with pytest.raises(InputError, match=sentence):
        run()


def test_a_ring_that_runs_away_is_stopped():
    with pytest.raises(Runaway, match="broke down"):
        path_integral(SOLID, ATOMS, RingPolymer(3e6, 2, propagation="cayley"), steps=200, step=4e-15)
    assert ring_step(SOLID, ATOMS, RingPolymer(T, 64)) == pytest.approx(RingPolymer(T, 64).longest_step / 2)
