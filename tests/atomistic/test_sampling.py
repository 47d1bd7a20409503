"""Metadynamics and umbrella sampling against closed forms, and their parts against identities."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from atomistic.dynamics import NVE, Keep, Langevin, plane_distance
from atomistic.sampling import (
    Brake,
    Distance,
    HillRange,
    Hills,
    KnownEnergy,
    LinearVariables,
    Together,
    Walls,
    WellTempered,
    Windows,
    load_metadynamics,
)
from atomistic.sampling.bias import Biased
from atomistic.sampling.estimate import cell_energies, cells_of, jackknife, reweighted
from atomistic.sampling.mbar import mbar
from atomistic.sampling.metadynamics import metadynamics
from atomistic.sampling.umbrella import umbrella
from benchmarks.moving_models import IdealGas
from benchmarks.moving_wells import FarFromHome, TwoWells, atom_in_wells, places
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

TEMPERATURE = 300.0
THERMAL = BOLTZMANN_EV * TEMPERATURE
BATH = Langevin(TEMPERATURE, 1e13)
HILLS = WellTempered(HillRange((-2.0,), (2.0,), (60,)), (0.15,), 0.02 * THERMAL, 20, 8.0)
LOW = TwoWells(0.08)
WALLS = Walls(np.array([-1.9]), np.array([1.9]), 5.0)


def started(walkers=20, steps=200, **rest):
    options = {"fixed": WALLS, "step": 1e-14, "seed": 3, "check_step": False, "keep": Keep(every=5)} | rest
    given = options.pop("given", [atom_in_wells()] * walkers)
    variables = options.pop("variables", places(1))
    hills = options.pop("hills", HILLS)
    return metadynamics(
        options.pop("potential", TwoWells()), given, variables, hills, options.pop("bath", BATH), steps=steps, **options
    )


def planted_hills(variables=2, periods=(0.0, 0.0)):
    """A bias of forty hills on a grid."""
    random = np.random.default_rng(7)
    hills = Hills(
        HillRange((-1.0, 0.0)[:variables], (1.0, 3.0)[:variables], (60, 80)[:variables]),
        np.array([0.2, 0.3])[:variables],
        np.array(periods)[:variables],
    )
    centres, heights = (
        random.uniform([-1.0, 0.0][:variables], [1.0, 3.0][:variables], (40, variables)),
        random.uniform(0.1, 1.0, 40),
    )
    hills.add(centres[:25], heights[:25])
    hills.add(centres[25:], heights[25:])
    return hills, centres, heights


@pytest.mark.parametrize("variables", [1, 2])
def test_hills_are_a_sum_of_gaussians(variables):
    """Exact at the nodes; between them to the order h⁴ of Hermite's interpolation."""
    hills, centres, heights = planted_hills(variables)

    def exact(values):
        return np.exp(-0.5 * np.sum(((values[:, None] - centres) / hills.width) ** 2, axis=2)) @ heights

    grid = np.stack(np.meshgrid(*hills.range.axes, indexing="ij"), axis=-1).reshape(-1, variables)
    np.testing.assert_allclose(hills.of(grid)[0], exact(grid), atol=1e-12)
    between = np.random.default_rng(1).uniform([-1.0, 0.0][:variables], [1.0, 3.0][:variables], (500, variables))
    np.testing.assert_allclose(hills.of(between)[0], exact(between), atol=2e-4)


def test_the_slope_of_hills_is_that_of_their_energy_also_across_a_period_and_flat_beyond_the_range():
    hills, _, _ = planted_hills(2, (0.0, 3.0))
    values = np.array([[0.31, 2.98], [-0.77, 0.01], [0.2, 1.7]])
    for k, change in ((0, [1e-5, 0.0]), (1, [0.0, 1e-5])):
        slope = (hills.of(values + change)[0] - hills.of(values - np.array(change))[0]) / 2e-5
        np.testing.assert_allclose(hills.of(values)[1][:, k], slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(hills.of(values + [0.0, 3.0])[0], hills.of(values)[0], rtol=1e-12)
    beyond = np.array([[1.4, 1.0]])
    np.testing.assert_allclose(hills.of(beyond)[0], hills.of(np.array([[1.0, 1.0]]))[0], rtol=1e-12)
    assert hills.of(beyond)[1][0, 0] == 0.0


def all_biases():
    hills, _, _ = planted_hills(1)
    windows = Windows(np.array([[0.2], [-0.4], [0.9]]), 3.0)
    curve = KnownEnergy(np.linspace(-1, 1, 7), np.sin(np.linspace(-1, 1, 7)))
    return {"hills": hills, "windows": windows, "walls": Walls(np.array([-0.1]), np.array([0.1]), 4.0), "curve": curve,
            "together": Together((hills, windows, curve))}  # fmt: skip


@pytest.mark.parametrize("name", ["hills", "windows", "walls", "curve", "together"])
@pytest.mark.parametrize(
    "variables", [LinearVariables(np.array([[[0.3, 0.1, 0.0], [0.0, 0.2, -0.5]]])), Distance((0,), (1,))]
)
def test_bias_forces_are_minus_the_gradient_of_the_bias(name, variables):
    """Taylor: the second difference's error falls with the square of the step, and the force is the first derivative."""
    random = np.random.default_rng(2)
    start = [Atoms("Ar2", random.uniform(-0.4, 0.4, (2, 3)), cell=[20.0] * 3, pbc=True) for _ in range(3)]
    field = Biased(IdealGas(), variables, all_biases()[name])
    away = [random.standard_normal((2, 3)) for _ in start]
    forces = field(start).forces

    def energies(step):
        moved = [one.copy() for one in start]
        for one, way in zip(moved, away, strict=True):
            one.positions += step * way
        return field(moved).energies

    work = np.array([-np.sum(force * way) for force, way in zip(forces, away, strict=True)])
    errors = [np.abs((energies(h) - energies(-h)) / (2 * h) - work).max() for h in (4e-4, 1e-4)]
    assert np.abs(work).max() > 1e-2
    assert errors[1] < max(errors[0] / 10, 1e-9)


def test_mbar_solves_two_windows_exactly_as_bennett_does():
    """Two states: the equation of Bennett's acceptance ratio, ⟨f(x)⟩ of either side alike; and one state alone is trivial."""
    random = np.random.default_rng(3)
    samples = np.concatenate([random.normal(0.0, 1.0, 300), random.normal(1.2, 0.8, 500)])
    reduced = np.array([0.5 * samples**2, 0.5 * ((samples - 1.2) / 0.8) ** 2])
    found = mbar(reduced, np.array([300, 500]))
    shift = np.log(300 / 500) - found.free_energies[1]
    away = reduced[1] - reduced[0]
    forward = np.sum(1 / (1 + np.exp(shift + away[:300])))
    backward = np.sum(1 / (1 + np.exp(-shift - away[300:])))
    assert forward == pytest.approx(backward, rel=1e-8)
    assert found.free_energies[1] == pytest.approx(-np.log(0.8), abs=0.15)
    assert mbar(reduced[:1, :300], np.array([300])).log_weights == pytest.approx(
        reduced[0, :300] - np.logaddexp.reduce(reduced[0, :300])
    )


def test_mbar_is_the_weighted_histogram_method_with_cells_of_one_sample():
    """Kumar et al. (1992), equations 19 and 21, iterated with a cell for each value of discrete samples."""
    random = np.random.default_rng(4)
    values, biases = np.arange(12.0), np.array([0.15 * (np.arange(12.0) - c) ** 2 for c in (2.0, 5.0, 9.0)])
    density = np.exp(-0.3 * np.cos(values))
    drawn = [random.choice(12, 400, p=(p := np.exp(-b) * density) / p.sum()) for b in biases]
    counts, histogram = np.array([400, 400, 400]), np.sum([np.bincount(d, minlength=12) for d in drawn], axis=0)
    energies = np.zeros(3)
    for _ in range(4000):
        share = histogram / np.sum(counts[:, None] * np.exp(energies[:, None] - biases), axis=0)
        energies = -np.log(np.exp(-biases) @ share)
    found = mbar(biases[:, np.concatenate(drawn)], counts)
    np.testing.assert_allclose(found.free_energies, energies - energies[0], atol=1e-7)
    weights = np.bincount(np.concatenate(drawn), weights=np.exp(found.log_weights), minlength=12)
    np.testing.assert_allclose(weights, share / share.sum(), atol=1e-8)


def test_windows_with_nothing_in_common_are_refused():
    samples = np.concatenate([np.linspace(-0.1, 0.1, 50), np.linspace(9.9, 10.1, 50)])
    reduced = np.array([200 * samples**2, 200 * (samples - 10) ** 2])
    with pytest.raises(InputError, match="closer together"):
        mbar(reduced, np.array([50, 50]))


def test_reweighting_exact_samples_of_any_bias_gives_the_free_energy_without_it():
    """Gaussian samples of U = x²/2 + bx: weights exp(bx) bring back those of x²/2, within the bars that are said."""
    random, bias = np.random.default_rng(5), 0.8
    values = random.normal(-bias, 1.0, (2000, 20, 1))
    edges = (np.linspace(-1.5, 1.5, 7),)
    found = reweighted(values, bias * values[..., 0], edges, TEMPERATURE)
    fine = np.linspace(-1.5, 1.5, 6001)
    share = np.exp(-0.5 * (0.5 * (fine[1:] + fine[:-1])) ** 2).reshape(6, -1).mean(axis=1)
    exact = -np.log(share / (share.sum() * 0.5))
    assert found.std.max() < 0.05 * THERMAL
    np.testing.assert_array_less(np.abs(found.energy / THERMAL - exact), 4.5 * found.std / THERMAL)
    flat = reweighted(values, np.zeros((2000, 20)), edges, TEMPERATURE)
    counts = np.histogram(values, edges[0])[0]
    np.testing.assert_allclose(flat.energy / THERMAL, -np.log(counts / counts.sum() / 0.5), atol=1e-12)


def test_a_jackknife_has_the_error_of_a_mean():
    values, labels = np.random.default_rng(6).normal(size=(64, 50)), np.repeat(np.arange(64), 50)
    mean, error = jackknife(lambda kept: values.ravel()[kept].mean(), labels)
    assert mean == pytest.approx(values.mean(), abs=1e-14)
    assert error == pytest.approx(values.mean(axis=1).std(ddof=1) / 8, rel=1e-12)


def test_the_first_hills_are_those_of_barducci_and_go_where_walkers_are():
    """h exp(−V/(γ − 1)kT), V before any hill of the same step."""
    run = started(walkers=4, steps=60)
    hills = run.deposits
    assert hills.step.tolist() == sorted([20, 40, 60] * 4)
    assert hills.height[:4] == pytest.approx(HILLS.height, rel=1e-15)
    own = Hills(HILLS.range, np.array(HILLS.width), np.zeros(1))
    own.add(hills.centre[:4], hills.height[:4])
    shrunk = HILLS.height * np.exp(-own.of(hills.centre[4:8])[0] / (7.0 * THERMAL))
    np.testing.assert_allclose(hills.height[4:8], shrunk, rtol=1e-12)
    at_the_step = run.values[run.trajectory.steps == 40][0]
    np.testing.assert_array_equal(hills.centre[4:8], at_the_step)
    assert run.offset[0] == pytest.approx(0.0, abs=1e-15)


def test_a_run_that_goes_on_has_the_same_bits(tmp_path):
    brake = Brake(FarFromHome(0.3), places=5)
    whole = started(steps=130, brake=brake)
    first = started(steps=70, brake=brake, keep=Keep(every=5, checkpoint=tmp_path / "run.npz", checkpoint_every=50))
    found = load_metadynamics(tmp_path / "run.npz")
    rest = started(steps=60, brake=brake, given=found)
    np.testing.assert_array_equal(rest.walkers.state.positions, whole.walkers.state.positions)
    np.testing.assert_array_equal(rest.hills.table, whole.hills.table)
    np.testing.assert_array_equal(rest.deposits.height, whole.deposits.height)
    np.testing.assert_array_equal(rest.offset, whole.offset[-len(rest.offset) :])
    assert [one.values.tolist() for one in rest.braked] == [one.values.tolist() for one in whole.braked]
    assert len(first.walkers.deposits.step) < len(whole.deposits.step)
    with pytest.raises(InputError, match="belongs to dynamics with another"):
        started(steps=10, given=found)  # without the brake
    with pytest.raises(InputError, match="not a state of metadynamics"):
        load_metadynamics(tmp_path / "none.npz")


def test_no_hill_is_put_where_the_trigger_is_above_its_limit():
    trigger = FarFromHome(0.25)
    run = started(steps=400, brake=Brake(trigger, places=3))
    far = np.abs(run.deposits.centre[:, 0] + 1.0) > 0.25
    assert far.sum() > 20
    assert not run.deposits.height[far].any()
    assert run.deposits.height[~far].all()
    assert 1 <= len(run.braked) <= 3
    assert all(one.level > 0.25 and trigger.values([one.structure])[0] == one.level for one in run.braked)
    unknown = started(steps=40, brake=Brake(FarFromHome(float("nan"))))
    assert not unknown.deposits.height.any()


def test_metadynamics_and_umbrella_find_the_wells():
    """Both against quadrature, each within five of its own bars in every cell, and those under 0.35 kT."""
    edges = np.linspace(-1.3, 1.3, 9)
    exact = LOW.exact((edges,), THERMAL)
    hills = replace(HILLS, height=0.03 * THERMAL)
    right = atom_in_wells()
    right.positions[0, :2] = 1.0, 0.5
    walkers = [atom_in_wells(), right] * 30
    filled = started(potential=LOW, given=walkers, steps=1000, hills=hills).free_energy(edges, settling=0.4)
    centres = np.linspace(-1.5, 1.5, 13)
    starts = [atom_in_wells() for _ in centres]
    for atoms, x in zip(starts, centres, strict=True):
        atoms.positions[0, :2] = x, 0.5 * x
    windows = Windows(centres[:, None], THERMAL / 0.17**2)
    run = umbrella(LOW, starts * 3, places(1), windows, BATH, steps=500, step=1e-14, every=10, check_step=False)
    for found in (filled, run.free_energy(edges)):
        assert np.nanmax(found.std) < 0.35 * THERMAL
        np.testing.assert_array_less(np.abs(found.energy - exact), 5 * found.std)
    force, error = run.mean_forces()
    slope = np.gradient(LOW.exact((np.linspace(-1.6, 1.6, 81),), THERMAL), 0.04)
    smeared = np.interp(run.values.reshape(-1, 13), np.linspace(-1.58, 1.58, 80), slope).mean(axis=0)
    np.testing.assert_array_less(np.abs(force[:, 0] - smeared), 5 * error[:, 0] + 0.02)


def test_a_gap_is_a_variable():
    atoms = Atoms("Cu4", [[0, 0, 0], [1, 0, 0], [0, 0, 2], [1, 0, 2.4]], cell=[5, 5, 9], pbc=True)
    lower, upper = np.array([1, 1, 0, 0], bool), np.array([0, 0, 1, 1], bool)
    gap = LinearVariables(plane_distance(lower, upper), offsets=np.array([-2.0]))
    assert gap.of(atoms.positions[None], atoms.cell.array[None])[0] == pytest.approx(0.2)
    with pytest.raises(InputError, match="those of 4 atoms"):
        gap.of(np.zeros((1, 3, 3)), np.eye(3)[None])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bath": NVE(300.0)}, "temperature that is held"),
        ({"hills": replace(HILLS, range=HillRange((-2.0,), (2.0,), (20,)))}, "do not resolve"),
        ({"hills": replace(HILLS, height=500.0)}, "too stiff"),
        ({"variables": places(2)}, "width for each"),
        ({"keep": Keep(observe=lambda state: state.energies)}, "leave `observe` out"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        started(steps=2, **change)


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(InputError, match="bias factor above 1"):
        replace(HILLS, bias_factor=1.0)
    with pytest.raises(InputError, match="no range"):
        HillRange((0.0,), (-1.0,), (10,))
    with pytest.raises(InputError, match="one of"):
        Hills(HillRange((0.0,), (2.0,), (40,)), np.array([0.1]), np.array([3.0]))
    with pytest.raises(InputError, match="give one, 3, or"):
        umbrella(TwoWells(), [atom_in_wells()] * 2, places(1), Windows(np.zeros((3, 1)), 1.0), BATH, steps=5)
    with pytest.raises(InputError, match="rising edges"):
        cells_of(np.zeros((3, 1)), (np.array([1.0, 0.0]),))
    with pytest.raises(InputError, match="No sample"):
        cell_energies(np.array([-1]), np.zeros(1), (np.array([0.0, 1.0]),), TEMPERATURE)


def test_the_page_s_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "free_energies.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert "* 8" in code and "steps=400" in code
    exec(code.replace("* 8", "* 4").replace("steps=400", "steps=60"), {})
    assert len(re.findall(r"1\.\d+", capsys.readouterr().out)) > 5
    assert load_metadynamics(tmp_path / "walkers.npz").state.step == 60
