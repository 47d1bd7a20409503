"""Molecular dynamics against closed forms: stationary distributions, conserved quantities, constraints, restart, stops."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, build
from ase.constraints import FixAtoms
from ase.io import read
from scipy.linalg import solve_discrete_lyapunov

from atomistic.dynamics import (
    NPT,
    NVE,
    Grips,
    Held,
    Keep,
    Langevin,
    NoseHoover,
    Runaway,
    State,
    block_error,
    dynamics,
    heat_capacity,
    jackknifed,
    load_state,
    plane_distance,
    vibration_limit,
)
from atomistic.dynamics.constraints import Freedom
from atomistic.dynamics.state import TIME
from atomistic.dynamics.system import System
from benchmarks import moving_exact
from benchmarks.moving_models import HarmonicSolid, IdealGas, crystal, ring
from coupling.contracts import Capabilities, Evaluation
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV, EV_A3

T = 300.0
ATOMS = crystal("Al2Ag2")
SOLID = HarmonicSolid(ATOMS, ring(4, 3.0, 1.0), quartic=2.0)
ENSEMBLES = [NVE(T), Langevin(T, 1e13), NoseHoover(T, 5e-14), NPT(T, 1e9, "full", period=5e-13)]
CELLS = ("isotropic", "height", "full")


def strained(atoms, strain):
    made = atoms.copy()
    made.set_cell(atoms.cell.array @ (np.eye(3) + strain).T, scale_atoms=True)
    return made


def test_the_models_have_the_derivatives_of_their_energy():
    random = np.random.default_rng(0)
    atoms = strained(ATOMS, 0.04 * random.standard_normal((3, 3)))
    atoms.positions += 0.1 * random.standard_normal((4, 3))
    found, step = SOLID.evaluate([atoms]), 1e-5
    for i, j in np.ndindex(3, 3):
        unit = np.zeros((3, 3))
        unit[i, j] = step
        energies = SOLID.evaluate([strained(atoms, unit), strained(atoms, -unit)]).energies
        slope = (energies[0] - energies[1]) / (2 * step * atoms.get_volume())
        assert slope == pytest.approx(found.stresses[0, i, j], abs=1e-8)


@pytest.mark.parametrize("coupling", [0.0, 0.7])
def test_the_highest_frequency_is_found(coupling):
    """(k + 4c)/m of a ring of even length whose neighbours move against each other; one mode alone without coupling."""
    atoms = crystal("Cu12")
    limit = vibration_limit(HarmonicSolid(atoms, ring(12, 3.0, coupling)), atoms)
    exact = np.sqrt((3.0 + 4 * coupling) / atoms.get_masses()[0]) / TIME
    assert limit.frequency == pytest.approx(exact, rel=2e-3)
    assert limit.stable_step == pytest.approx(2 / exact, rel=2e-3)
    assert limit.safe_step == pytest.approx(2 * np.pi / (20 * exact), rel=2e-3)
    assert limit.checked(None) == limit.safe_step


def one_step(ensemble, solid, atoms, step, place, velocity, number=7):
    """Coordinate x of atom 0 and its velocity a step later, and the random number that the step drew for it."""
    state = State.of([atoms])
    state.positions[0, 0, 0] += place
    state.velocities[0, 0, 0] = velocity
    system = System(solid.evaluate, state, step)
    moved = ensemble.advance(replace(system.evaluated(state), step=number), system)
    drawn = system.random(number + 1).standard_normal((1, len(atoms), 3))[0, 0, 0]
    return np.array([(moved.positions - State.of([atoms]).positions)[0, 0, 0], moved.velocities[0, 0, 0]]), drawn


@pytest.mark.parametrize("relative", [0.3, 1.0, 1.9])
@pytest.mark.parametrize("friction", [1e12, 1e14])
def test_langevin_s_oscillator_has_the_exact_distribution_at_every_stable_step(relative, friction):
    """⟨x²⟩ = kT/k and ⟨v²⟩ = kT/m, from the stationary covariance of the step itself, x' = A x + b ξ."""
    atoms, stiffness = crystal("Al"), 4.0
    solid = HarmonicSolid(atoms, np.array([[stiffness]]))
    mass = float(atoms.get_masses()[0])
    step = relative / np.sqrt(stiffness / mass) * TIME
    ensemble = Langevin(T, friction)
    rest, drawn = one_step(ensemble, solid, atoms, step, 0.0, 0.0)
    a = np.column_stack(
        [one_step(ensemble, solid, atoms, step, *unit)[0] - rest for unit in ((0.1, 0.0), (0.0, 0.1))]
    ) / 0.1  # fmt: skip
    b = rest / drawn
    covariance = solve_discrete_lyapunov(a, np.outer(b, b))
    thermal = BOLTZMANN_EV * T
    np.testing.assert_allclose(np.diag(covariance), [thermal / stiffness, thermal / mass], rtol=1e-8)


@pytest.mark.parametrize(
    "ensemble", [NVE(T), NoseHoover(T, 3e-14), NoseHoover(T, 3e-14, massive=True)], ids=["NVE", "chain", "massive"]
)
def test_the_conserved_energy_s_error_falls_with_the_square_of_the_step(ensemble):
    errors = []
    for parts in (1, 2, 4):
        run = {"steps": 30 * parts, "step": 4e-15 / parts, "seed": 3, "check_step": False, "keep": Keep(every=parts)}
        series = dynamics(SOLID, [ATOMS] * 4, ensemble, **run).conserved
        errors.append(np.sqrt(np.mean((series - series[0]) ** 2)))
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2.0, atol=0.06)


@pytest.mark.parametrize("cell", CELLS)
def test_without_friction_the_enthalpy_of_atoms_and_cell_is_conserved(cell):
    """K + U + pV + ½ W tr ν², up to the square of the step: the forces on all three cells are those of the energy."""
    ensemble = NPT(T, 3e9, cell, friction=1e-3, period=3e-13, cell_friction=1e-3)
    errors = []
    for parts in (2, 4, 8):
        given = State.of([ATOMS] * 4)
        system = System(SOLID.evaluate, given, 4e-15 / parts, seed=3)
        state = replace(given, velocities=system.thermal(T, system.random(0), 4))
        state, series = ensemble.begin(system.evaluated(state), system), []
        for _ in range(30):
            for _ in range(parts):
                state = ensemble.advance(state, system)
            series.append(enthalpy(ensemble, state, system))
        errors.append(np.sqrt(np.mean(np.subtract(series, series[0]) ** 2)))
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2.0, atol=0.1)


def enthalpy(ensemble, state, system):
    """(R,) eV; velocities and strain rates are half a step behind, which is made up first."""
    half, mass = system.step / 2, ensemble._mass(system)
    velocities = ensemble._kicked(state.velocities, state.strain_rates, state.forces, half, system)
    rates = state.strain_rates + half * ensemble._pull(state, velocities, system) / mass
    own = 0.5 * mass * np.einsum("rij,rji->r", rates, rates) + ensemble.pressure / EV_A3 * state.volumes
    return state.energies + replace(state, velocities=velocities).kinetic + own


@pytest.mark.parametrize("cell", CELLS)
def test_the_flow_of_atoms_and_cell_keeps_the_measure_of_constant_pressure(cell):
    """dx dv dν dV of a cell of one freedom, and with V⁻² dh of all nine: the density e^(−H/kT) is then stationary.

    The Jacobian of a step by differences, its noise switched off. The velocities are half a kick behind, whose own
    contraction, e^(−Δt tr ν) of one atom, is the state's before and after.
    """
    atoms = crystal("Al")
    solid = HarmonicSolid(atoms, np.array([[4.0]]))
    ensemble, step = NPT(T, 1e9, cell, friction=1e-9, period=2e-14, cell_friction=1e-9), 3e-15
    start, system = moving_atom(solid, atoms, step)
    basis = [one / np.linalg.norm(one) for one in axes_of(cell)]

    def unpacked(values):
        x, v, rates, h = np.split(values, [3, 6, 6 + len(basis)])
        if cell == "full":
            cells = h.reshape(3, 3)
        else:  # h is the volume
            ratio = h[0] / start.volumes[0]
            cells = start.cells[0] * (ratio ** (1 / 3) if cell == "isotropic" else np.array([1, 1, ratio]))
        strain_rates = np.tensordot(rates, basis, axes=1)
        made = {"positions": x, "velocities": v, "cells": cells, "strain_rates": strain_rates}
        return system.evaluated(
            replace(start, **{name: np.reshape(value, getattr(start, name).shape) for name, value in made.items()})
        )

    def packed(state):
        rates = [np.sum(state.strain_rates[0] * one) for one in basis]
        h = state.cells[0].ravel() if cell == "full" else state.volumes
        return np.concatenate([state.positions.ravel(), state.velocities.ravel(), rates, h])

    rates = np.tensordot(np.linspace(0.02, 0.04, len(basis)), basis, axes=1)
    before = system.evaluated(replace(start, strain_rates=rates[None]))
    values, after, columns = packed(before), ensemble.advance(before, system), []
    for k in range(len(values)):
        shift = 1e-6 * max(1.0, abs(values[k])) * np.eye(len(values))[k]
        ends = [packed(ensemble.advance(unpacked(values + sign * shift), system)) for sign in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * shift[k]))
    grown = after.volumes[0] / before.volumes[0]
    behind = np.exp(system.step * np.trace(after.strain_rates[0] - before.strain_rates[0]))
    assert abs(np.log(grown)) > 5e-3 and abs(np.log(behind)) > 1e-3
    assert np.linalg.det(np.array(columns)) == pytest.approx(grown ** (2 if cell == "full" else 0) * behind, rel=1e-6)


def axes_of(cell):
    """The strains of a cell."""
    unit = np.eye(3)
    if cell == "full":
        return [np.outer(unit[a], unit[b]) + np.outer(unit[b], unit[a]) for a in range(3) for b in range(a, 3)]
    return [unit if cell == "isotropic" else np.diag(unit[2])]


def moving_atom(solid, atoms, step):
    """One atom that moves, off its site."""
    random = np.random.default_rng(5)
    start = State.of([atoms])
    start.positions[0] += 0.1 * random.standard_normal((1, 3))
    start.velocities[0] = 0.01 * random.standard_normal((1, 3))
    return start, System(solid.evaluate, start, step)


@pytest.mark.parametrize("cell", CELLS)
def test_volumes_of_an_ideal_gas_and_compressibility_of_a_solid(cell):
    gas = moving_exact.gas(1, cell, steps=600, replicas=60)
    solid = moving_exact.squeezed(1, cell, steps=400, replicas=60)
    for (value, error), largest in ((gas["volume"], 0.03), (gas["expansion"], 0.08), (solid["kappa"], 0.1)):
        assert abs(value) < 4 * error < 4 * largest


def test_heat_is_classical_and_noise_is_no_heat():
    found = moving_exact.warm(2, steps=300, replicas=60)
    for name, largest in (("cv", 0.03), ("noise_removed", 0.04), ("equipartition", 0.03)):
        value, error = found[name]
        assert abs(value) < 4 * error < 4 * largest, name
    with pytest.raises(InputError, match="no heat is left"):
        heat_capacity(np.random.default_rng(0).normal(size=(100, 4)), T, noise=1.5)


def test_chains_for_each_coordinate_give_the_canonical_distribution():
    """Of energies whose mean is 3N kT/2 and whose variance is 3N (kT)²/2, but for (ωΔt)²/4 < 0.6 %."""
    solid = HarmonicSolid(ATOMS, ring(4, 3.0, 1.0))
    run = {"steps": 1000, "step": 3e-15, "seed": 1, "keep": Keep(every=5)}
    made = dynamics(solid, [ATOMS] * 60, NoseHoover(T, 3e-14, massive=True), **run)
    thermal, energy = BOLTZMANN_EV * T, made.energy[30:]
    mean, error = jackknifed(np.mean, energy)
    assert abs(mean - 6 * thermal) < 4 * error + 0.006 * mean and error < 0.02 * mean
    spread, error = jackknifed(np.var, energy)
    assert abs(spread - 6 * thermal**2) < 4 * error + 0.012 * spread and error < 0.06 * spread


def test_the_jackknife_of_a_mean_is_its_standard_error_and_a_variance_is_freed_of_its_bias():
    random = np.random.default_rng(3)
    series = random.normal(size=(50, 20))
    value, error = jackknifed(np.mean, series)
    means = series.mean(axis=0)
    assert (value, error) == (
        pytest.approx(series.mean(), rel=1e-12),
        pytest.approx(means.std(ddof=1) / np.sqrt(20), rel=1e-12),
    )
    assert jackknifed(np.var, series[:1])[0] == pytest.approx(series[0].var(ddof=1), rel=1e-12)
    one = random.normal(size=4096)
    assert jackknifed(np.mean, one)[1] == pytest.approx(block_error(one), rel=0.5)
    with pytest.raises(InputError, match="no error bar"):
        jackknifed(np.mean, series[:2, :3])


def test_constraints_are_held_and_counted():
    random = np.random.default_rng(2)
    lower, upper = (np.isin(np.arange(10), group) for group in ((0, 1, 2), (7, 8)))
    fixed, gap = np.arange(10) == 9, plane_distance(np.arange(10) == 4, np.isin(np.arange(10), (5, 6)))
    atoms = crystal("Al5Ag5")
    solid = HarmonicSolid(atoms, ring(10, 3.0, 1.0))
    held = Held(fixed=fixed, combinations=np.concatenate([gap, gap]), grips=Grips(lower, upper))
    masses = np.asarray(atoms.get_masses())
    assert Freedom(held, masses).count == 3 * (10 - 1 - 5 + 2) - 1
    assert Freedom(Held(centre=True), masses).count == 27
    velocities = random.standard_normal((3, 10, 3))
    once = Freedom(held, masses).allowed(velocities)
    np.testing.assert_allclose(Freedom(held, masses).allowed(once), once, atol=1e-14)
    left = np.einsum("a,rai,rai->r", masses, velocities - once, once)  # orthogonal in the metric of the masses
    np.testing.assert_allclose(left, 0.0, atol=1e-10)

    def off(state):
        moved = state.positions - atoms.positions
        plates = [np.ptp(moved[:, one], axis=1).max(axis=1) for one in (lower, upper)]
        return np.column_stack([*plates, abs(np.einsum("mai,rai->r", gap, moved)), abs(moved[:, 9]).max(axis=1)])

    run = {"steps": 600, "seed": 5, "keep": Keep(observe=off)}
    made = dynamics(solid, [atoms] * 20, Langevin(T, 3e13), held=held, **run)
    assert made.observed.max() < 1e-10
    temperature, error = jackknifed(np.mean, made.temperature[50:])
    assert abs(temperature - T) < 4 * error < 0.04 * T


def test_a_still_centre_stays_and_a_gap_has_the_mean_it_is_held_at():
    still = dynamics(SOLID, ATOMS, NoseHoover(T), steps=50, held=Held(centre=True), seed=1)
    weights = ATOMS.get_masses() / ATOMS.get_masses().sum()
    np.testing.assert_allclose(weights @ (still.state.positions[0] - ATOMS.positions), 0.0, atol=1e-12)


def test_grips_under_traction_stretch_springs_by_force_over_stiffness():
    """Two plates of two atoms each, every atom on a spring k to its site: each plate gives way by T A/(2k)."""
    atoms, stiffness, traction = crystal("Al4"), 5.0, np.array([1e8, -2e8, 3e8])
    lower = np.arange(4) < 2
    held = Held(grips=Grips(lower, ~lower, tuple(traction)))
    solid = HarmonicSolid(atoms, stiffness * np.eye(4))
    made = dynamics(solid, atoms, Langevin(1e-9, 2e13), steps=1500, held=held, step=4e-15)
    moved = made.state.positions[0] - atoms.positions
    area = np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1]))
    for plate, sign in ((~lower, 1), (lower, -1)):
        expected = np.tile(sign * traction / EV_A3 * area / (2 * stiffness), (2, 1))
        np.testing.assert_allclose(moved[plate], expected, atol=1e-6)
    free = dynamics(solid, atoms, NVE(T), steps=100, step=1e-15, held=held, seed=2)
    assert np.ptp(free.conserved) < 0.02 * np.ptp(free.kinetic)  # the work of the traction is counted


@pytest.mark.parametrize("ensemble", ENSEMBLES, ids=lambda one: type(one).__name__)
def test_a_run_that_goes_on_has_the_same_bits(ensemble, emt, tmp_path):
    atoms = build.bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=1)
    run = {"step": 2e-15, "seed": 4, "check_step": False}
    whole = dynamics(emt, [atoms] * 2, ensemble, steps=12, **run)
    file = tmp_path / "state.npz"
    first = dynamics(emt, [atoms] * 2, ensemble, steps=5, keep=Keep(checkpoint=file), **run)
    rest = dynamics(emt, load_state(file), ensemble, steps=7, **run)
    for name in ("positions", "velocities", "cells", "forces", "strain_rates", "chain"):
        np.testing.assert_array_equal(getattr(rest.state, name), getattr(whole.state, name))
    np.testing.assert_array_equal(np.concatenate([first.steps, rest.steps]), whole.steps)
    np.testing.assert_array_equal(np.concatenate([first.energy, rest.energy]), whole.energy)
    with pytest.raises(InputError, match="belongs to dynamics with another"):
        dynamics(emt, load_state(file), Langevin(310.0), steps=1, **run)
    alone = dynamics(emt, atoms, ensemble, steps=12, **run)
    np.testing.assert_allclose(alone.state.positions[0], whole.state.positions[0], atol=1e-9)


def test_a_trajectory_is_a_file_that_ase_reads_and_progress_is_told(tmp_path):
    told, file = [], tmp_path / "path.xyz"
    made = dynamics(
        SOLID, [ATOMS] * 2, Langevin(T), steps=10, seed=1, keep=Keep(every=5, frames=5, trajectory=file),
        progress=lambda stage, done, total, note="": told.append((stage, done, total)),
    )  # fmt: skip
    assert told[-1] == ("dynamics", 10, 10) and len(told) == 10
    frames = read(file, ":")
    assert [frame.info["replica"] for frame in frames] == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(frames[5].positions, made.state.positions[1], atol=1e-7)
    assert frames[5].get_potential_energy() == pytest.approx(made.energy[-1, 1], abs=1e-7)
    assert frames[5].info["time_ps"] == pytest.approx(10 * made.time_step * 1e12)
    np.testing.assert_array_equal(made.steps, [0, 5, 10])


class Cliff(HarmonicSolid):
    """No number, or a push, where an atom is far from its site."""

    def __init__(self, value):
        super().__init__(ATOMS, ring(4, 3.0, 1.0))
        self.value = value

    def of(self, positions, cells):
        energies, forces, virials = super().of(positions, cells)
        far = np.abs(positions - ATOMS.positions).max(axis=(1, 2)) > 0.1
        forces[far] = self.value
        return energies, forces, virials


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "replica 0 is not a number in step"), (1e5, r"moved .* Å in step \d+, more than 0.5")],
)
def test_dynamics_that_break_down_stop_with_one_sentence_and_keep_the_state(value, message, tmp_path):
    file, atoms = tmp_path / "state.npz", ATOMS.copy()
    atoms.set_velocities(np.full((4, 3), 0.1))
    keep = Keep(frames=1, trajectory=tmp_path / "path.xyz", checkpoint=file)
    with pytest.raises(Runaway, match=message) as caught:
        dynamics(Cliff(value), atoms, NVE(), steps=100, step=2e-15, keep=keep)
    made, kept = caught.value.trajectory, load_state(file)
    assert np.isfinite(made.energy).all() and made.steps[-1] == kept.step == made.state.step < 99
    np.testing.assert_array_equal(kept.positions, made.state.positions)
    assert len(read(keep.trajectory, ":")) == len(made.steps)
    assert "shorter time step" in str(caught.value) and str(caught.value).count(".") <= 3


def test_replicas_at_rest_need_no_temperature_and_velocities_are_taken():
    atoms = ATOMS.copy()
    atoms.set_velocities(np.full((4, 3), 0.01))
    made = dynamics(SOLID, [atoms, ATOMS], NVE(), steps=1, step=1e-15)
    assert made.kinetic[0] == pytest.approx([0.5 * 3e-4 * ATOMS.get_masses().sum(), 0.0])


def test_the_page_s_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "dynamics.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for long, short in (
        ("* 8", "* 2"),
        ("steps=2000", "steps=60"),
        ("frames=100", "frames=30"),
        ("[40:]", "[:]"),
        ("every=5", "every=2"),
    ):
        assert long in code
        code = code.replace(long, short)
    exec(code, {})
    assert "eV/K" in capsys.readouterr().out
    assert len(read("copper.xyz", ":")) == 6 and load_state("copper.npz").step == 60


class Stressless(HarmonicSolid):
    capabilities = Capabilities(interaction_range=1.0)

    def evaluate(self, structures, **asked) -> Evaluation:
        return replace(super().evaluate(structures, **asked), stresses=np.full((len(structures), 3, 3), np.nan))


def moved(**options):
    given = {"potential": SOLID, "structures": ATOMS, "ensemble": NVE(T), "steps": 2, "step": 1e-15} | options
    return lambda: dynamics(given.pop("potential"), given.pop("structures"), given.pop("ensemble"), **given)


MOLECULE = Atoms("H2", [[0, 0, 0], [0, 0, 0.74]])
ALL = np.ones(4, bool)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Langevin(-5.0), "-5.0 K do not move; give a positive temperature"),
        (lambda: NVE(0.0), "0.0 K do not move"),
        (lambda: NoseHoover(float("nan")), "nan K do not move"),
        (lambda: Langevin(T, 0.0), "friction of dynamics is 0.0"),
        (lambda: NoseHoover(T, 100.0), "period of 100.0 s is longer than any run"),
        (lambda: NoseHoover(T, length=0), "chain of 0 thermostats"),
        (lambda: NPT(T, cell="cubic"), "Unknown motion of the cell 'cubic'; valid: full, height, isotropic"),
        (lambda: NPT(T, float("inf")), "pressure of inf Pa"),
        (lambda: Keep(every=0), "Samples each 0"),
        (lambda: Keep(trajectory="path.xyz"), "needs frames"),
        (moved(steps=0), "0 steps of dynamics"),
        (moved(structures=[]), "no structure to move"),
        (moved(structures=[ATOMS, crystal("Al4")]), "Structure 1 has other atoms"),
        (moved(structures=Atoms(ATOMS, constraint=FixAtoms([0]))), r"constraints of ASE \(FixAtoms\), which are not used"),
        (moved(step=1e-13), r"100 fs is over the limit of stability, 2/ω_max = .* fs; take at most"),
        (moved(step=-1e-15), "is not positive"),
        (moved(potential=IdealGas(), step=None), "Nothing vibrates here"),
        (moved(held=Held(fixed=ALL)), "hold all 12 coordinates, so that nothing moves"),
        (moved(held=Held(combinations=np.eye(12).reshape(12, 4, 3))), "hold all 12 coordinates"),
        (moved(held=Held(combinations=np.zeros((1, 3, 3)))), r"shape \(1, 3, 3\) do not fit 4 atoms"),
        (moved(held=Held(fixed=ALL[:2])), r"'fixed' has shape \(2,\)"),
        (moved(held=Held(grips=Grips(ALL, ALL))), "lower grip, upper grip and fixed"),
        (moved(held=Held(grips=Grips(ALL > 1, ALL))), "'lower' has shape"),
        (moved(ensemble=NPT(T), structures=MOLECULE, potential=IdealGas(), check_step=False), "periodic in three directions"),
        (moved(ensemble=NPT(T), potential=Stressless(ATOMS, ring(4, 3.0, 1.0))), "gives no stress"),
        (moved(ensemble=NPT(T), held=Held(fixed=ALL & (np.arange(4) == 0))), "Constraints on atoms do not go"),
        (moved(ensemble=NPT(T, period=5e-15)), r"cell oscillates in .* fs, too fast .* take a period of at least"),
        (moved(ensemble=NoseHoover(T, massive=True), held=Held(centre=True)), "does not go with constraints"),
        (lambda: plane_distance(ALL, ALL), "share none"),
        (lambda: load_state("nowhere.npz"), "is not a state of molecular dynamics"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
