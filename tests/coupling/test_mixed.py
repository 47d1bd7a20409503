import itertools
import json

import numpy as np
import pytest

from coupling.contracts import CohesiveLaw
from coupling.errors import InputError
from coupling.exchange.storage import load_law, save_law
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.tabulated import TabulatedLaw
from tests.coupling.laws import LENGTH, PEAK, WORK, taylor_slopes

LATTICE = 2.5e-10 * np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]])
DIRECTION = np.array([0.05, 0.1, -0.08]) * LENGTH


def gamma(fraction):
    """A smooth function of the slip with all harmonics, from 0 at the lattice points to about 1."""
    rugged = sum(1 - np.cos(2 * np.pi * (fraction @ g)) for g in ([1, 0], [0, 1], [1, -1])) / 4.5
    return rugged / (1.3 - 0.3 * rugged)


def model(opening, fraction):
    """A bond weakened and pushed apart by slip: ψ and dψ/dδn; ψ(0, 0) = 0, one W for all slips."""
    slip = gamma(fraction)
    z = opening / LENGTH - 0.4 * slip
    depth = WORK * (1 - 0.5 * slip)
    return WORK - depth * (1 + z) * np.exp(-z), depth / LENGTH * z * np.exp(-z)


def openings(count):
    pressed = -0.5 * LENGTH * np.linspace(1, 0, count // 8, endpoint=False)
    return np.concatenate([pressed, 40 * LENGTH * np.linspace(0, 1, count) ** 2])


def nodes(slips):
    return np.stack(np.meshgrid(*(np.arange(k) / k for k in slips), indexing="ij"), axis=-1)


def shear_model(opening, fraction, step=1e-5):
    """dψ/dδt of the model, by central differences of two steps (error below 1e-9 of the peak)."""

    def slope(h):
        moves = [model(opening, fraction + s * h * e)[0] for e in np.eye(2) for s in (1, -1)]
        return np.stack([moves[0] - moves[1], moves[2] - moves[3]], axis=-1) / (2 * h)

    return ((4 * slope(step) - slope(2 * step)) / 3) @ np.linalg.inv(LATTICE).T


def sampled(count=60, slips=(12, 12), with_traction=True, with_shear=False):
    x, grid = openings(count), nodes(slips)
    energy, traction = model(x[:, None, None], grid[None])
    shear = shear_model(x[:, None, None], grid[None]) if with_shear else None
    return MixedModeLaw(x, LATTICE, energy, traction if with_traction else None, shear_traction=shear)


def points(count=400, seed=3):
    random = np.random.default_rng(seed)
    opening, fraction = random.uniform(-0.4, 6, count) * LENGTH, random.uniform(-1, 2, (count, 2))
    return opening, fraction, np.column_stack([opening, fraction @ LATTICE])


def test_meets_the_samples_and_the_law_at_zero_slip():
    law, tabulated = sampled(), TabulatedLaw(openings(60), *model(openings(60), np.zeros(2)))
    assert isinstance(law, CohesiveLaw)
    x = np.linspace(-2, 45, 300) * LENGTH
    for ours, theirs, scale in zip(law.normal(x), tabulated.normal(x), (WORK, PEAK, PEAK / LENGTH), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12 * scale)
    for name in ("work_of_separation", "peak_traction", "opening_at_peak", "final_opening"):
        assert getattr(law, name) == getattr(tabulated, name)
    i, j, k = 20, 5, 9
    value = law.evaluate(np.array([[law.opening[i], *(np.array([j, k]) / 12 @ LATTICE)]]))
    assert value.energy[0] == pytest.approx(law.energy[i, j, k], rel=1e-12)
    assert value.traction[0, 0] == pytest.approx(law.traction[i, j, k], rel=1e-11)


def test_error_falls_with_the_fourth_power_of_the_opening_and_faster_than_any_of_the_slip():
    opening, fraction, jump = points()
    energy, traction = model(opening, fraction)
    by_opening = [
        np.abs(sampled(n, (30, 30)).evaluate(jump).traction[:, 0] - traction).max() / PEAK for n in (30, 60, 120)
    ]
    assert (-np.diff(np.log2(by_opening)) > 3.5).all(), by_opening
    by_slip = [np.abs(sampled(240, (n, n)).evaluate(jump).energy - energy).max() / WORK for n in (6, 12, 24)]
    falls = by_slip[0] / by_slip[1], by_slip[1] / by_slip[2]
    assert falls[0] > 30 and falls[1] > 100, by_slip


def test_energies_alone_give_the_same_law():
    opening, fraction, jump = points()
    traction = sampled(160, (18, 18), with_traction=False).evaluate(jump).traction[:, 0]
    assert np.abs(traction - model(opening, fraction)[1]).max() < 2e-3 * PEAK


def test_shear_tractions_are_met_and_halve_the_slips_that_an_error_takes():
    opening, fraction, jump = points()
    energy, shear = model(opening, fraction)[0], shear_model(opening, fraction)
    law = sampled(240, (8, 8), with_shear=True)
    at_nodes = np.column_stack([np.full(64, law.opening[90]), nodes((8, 8)).reshape(-1, 2) @ LATTICE])
    np.testing.assert_allclose(
        law.evaluate(at_nodes).traction[:, 1:], law.shear_traction[90].reshape(-1, 2), atol=1e-9 * PEAK
    )
    np.testing.assert_allclose(law.evaluate(at_nodes).energy, law.energy[90].ravel(), atol=1e-12 * WORK)
    with_, without = (sampled(240, (8, 8), with_shear=s).evaluate(jump) for s in (True, False))
    assert np.abs(with_.energy - energy).max() < 0.15 * np.abs(without.energy - energy).max()
    assert np.abs(with_.traction[:, 1:] - shear).max() < 0.3 * np.abs(without.traction[:, 1:] - shear).max()
    fine = sampled(240, (16, 16), with_shear=True).evaluate(jump)
    assert np.abs(fine.traction[:, 1:] - shear).max() < 2e-3 * np.abs(shear).max()


@pytest.mark.parametrize(("count", "slips"), [(24, 6), (48, 12)])
def test_with_shear_tractions_the_error_estimate_bounds_the_error(count, slips):
    law = sampled(count, (slips, slips), with_shear=True)
    estimate = law.error_estimate()
    middle = 0.5 * (law.opening[1:] + law.opening[:-1])
    cells = np.stack(np.meshgrid(middle, *(2 * [(np.arange(slips) + 0.5) / slips]), indexing="ij"), -1).reshape(-1, 3)
    error = np.abs(
        law.evaluate(np.column_stack([cells[:, 0], cells[:, 1:] @ LATTICE])).energy
        - model(cells[:, 0], cells[:, 1:])[0]
    )
    assert error.max() < (estimate.opening + estimate.slip).max() < 50 * error.max()


def test_error_bars_and_shear_tractions_are_stored_and_older_files_load(tmp_path):
    law = sampled(40, (6, 6), with_shear=True)
    spread = np.abs(law.energy) * 0.02
    law = MixedModeLaw(
        law.opening,
        LATTICE,
        law.energy,
        law.traction,
        shear_traction=law.shear_traction,
        energy_std=spread,
        traction_std=spread,
    )
    assert law.work_of_separation_std == pytest.approx(0.02 * law.work_of_separation)
    save_law(law, tmp_path / "law.json")
    again = load_law(tmp_path / "law.json")
    for name in law.units:
        np.testing.assert_array_equal(getattr(again, name), getattr(law, name))
    record = json.loads((tmp_path / "law.json").read_text())
    del record["checksum"]
    for name in ("shear_traction [Pa]", "energy_std [J/m^2]", "traction_std [Pa]"):
        del record["parameters"][name]
    (tmp_path / "older.json").write_text(json.dumps(record))
    older = load_law(tmp_path / "older.json")
    assert older.shear_traction is None and older.work_of_separation_std is None
    del record["parameters"]["energy [J/m^2]"]
    (tmp_path / "broken.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"energy .* is missing"):
        load_law(tmp_path / "broken.json")


@pytest.mark.parametrize("shear", [False, True])
@pytest.mark.parametrize("slips", [(12, 12), (9, 8)])
@pytest.mark.parametrize("jump", [(0.4, 0.3, -0.2), (1.3, 2.5, 1.4), (-1.6, 0.3, 0.2), (0.02, 7.0, -9.0)])
def test_traction_and_tangent_are_derivatives(slips, jump, shear):
    law = sampled(40, slips, with_shear=shear)
    np.testing.assert_allclose(taylor_slopes(law, np.array(jump) * LENGTH, DIRECTION)[-1], 2.0, atol=0.08)
    tangent = law.evaluate(np.array([jump]) * LENGTH).tangent[0]
    np.testing.assert_allclose(tangent, tangent.T, rtol=1e-12)


@pytest.mark.parametrize("shear", [False, True])
def test_closed_loop_takes_no_work(shear):
    """A loop in (δn, δt1, δt2) through several grid cells; quadrature within each smooth piece is exact."""
    law = sampled(40, (8, 8), with_shear=shear)
    corners = np.array([[0.1, 0, 0], [1.5, 1.0, 0.3], [0.6, 3.0, -2.0], [2.4, -1.0, 1.5], [0.1, 0, 0]]) * LENGTH
    nodes, weights = np.polynomial.legendre.leggauss(20)
    work = path = 0.0
    for start, stop in itertools.pairwise(corners):
        crossings = (law.opening - start[0]) / (stop[0] - start[0])
        edges = np.unique(np.concatenate([[0, 1], crossings[(crossings > 0) & (crossings < 1)]]))
        half = 0.5 * np.diff(edges)[:, None]
        along = (edges[:-1, None] + half * (1 + nodes)).ravel()
        power = law.evaluate(start + along[:, None] * (stop - start)).traction @ (stop - start)
        steps = (half * weights).ravel() * power
        work, path = work + steps.sum(), path + np.abs(steps).sum()
    assert path > 0.5 * WORK
    assert abs(work) < 1e-12 * WORK


def test_periodic_in_slip_and_flat_when_open():
    law = sampled()
    _, _, jump = points(50)
    moved = law.evaluate(jump + np.concatenate([[0], 2 * LATTICE[0] - 3 * LATTICE[1]]))
    np.testing.assert_allclose(moved.energy, law.evaluate(jump).energy, atol=1e-12 * WORK)
    jump[:, 0] = law.opening[-1] * 1.01
    value = law.evaluate(jump)
    np.testing.assert_allclose(value.energy, law.work_of_separation, rtol=1e-13)
    assert np.abs(value.traction).max() < 1e-12 * PEAK


@pytest.mark.parametrize(("slips", "shear"), [(24, False), (16, True)])
def test_gamma_surface_is_the_least_energy_over_the_openings(slips, shear):
    law = sampled(120, (slips, slips), with_shear=shear)
    fraction = np.random.default_rng(0).uniform(size=(25, 2))
    np.testing.assert_allclose(law.gamma_surface(fraction @ LATTICE), 0.5 * WORK * gamma(fraction), atol=1e-6 * WORK)
    rigid = law.gamma_surface(fraction @ LATTICE, relaxed=False)
    np.testing.assert_allclose(rigid, model(0.0, fraction)[0], atol=1e-6 * WORK)


@pytest.mark.parametrize(("count", "slips", "least"), [(24, 6, 0.5), (24, 12, 1.0), (48, 12, 1.0)])
def test_error_estimate_bounds_the_error_and_says_where_to_refine(count, slips, least):
    """Where the slip grid is too coarse for its function (6) the estimate is of the error's size, no bound."""
    law = sampled(count, (slips, slips))
    estimate = law.error_estimate()
    middle = 0.5 * (law.opening[1:] + law.opening[:-1])
    cells = np.stack(np.meshgrid(middle, *(2 * [(np.arange(slips) + 0.5) / slips]), indexing="ij"), -1).reshape(-1, 3)
    jump = np.column_stack([cells[:, 0], cells[:, 1:] @ LATTICE])
    error = np.abs(law.evaluate(jump).energy - model(cells[:, 0], cells[:, 1:])[0])
    total = (estimate.opening + estimate.slip).ravel()
    assert error.max() < total.max() < 50 * error.max()
    assert total[np.argmax(error)] > least * error.max()


def test_error_estimate_tells_the_opening_from_the_slip():
    estimate, in_slip, in_opening = (
        sampled(*grid).error_estimate() for grid in [(24, (6, 6)), (24, (12, 12)), (48, (6, 6))]
    )
    assert in_slip.slip.max() < 0.2 * estimate.slip.max()
    assert in_opening.opening.max() < 0.2 * estimate.opening.max()
    assert in_opening.slip.max() == pytest.approx(estimate.slip.max(), rel=0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, e, t: (x, 0 * LATTICE, e, t), "two independent period vectors"),
        (lambda x, e, t: (x, LATTICE, e[0], t), "energies \\(openings"),
        (lambda x, e, t: (x, LATTICE, e, t[:-1]), "a finite energy and traction"),
        (lambda x, e, t: (x[:20], LATTICE, e[:20], t[:20]), "extend the openings"),
        (lambda x, e, t: (x, LATTICE, e + 0.01 * np.arange(6), t), "still varies by 0.05 J/m²"),
        (lambda x, e, t: (x + LENGTH / 7, LATTICE, e, t), "contain 0"),
        (lambda x, e, t: (x, LATTICE, e, t, "in law", t), "shear_traction of a mixed-mode law must be"),
        (lambda x, e, t: (x, LATTICE, e, t, "in law", None, e - 10), "standard deviations not negative"),
    ],
)
def test_samples_that_make_no_law_are_refused(change, message):
    law = sampled(40, (6, 6))
    with pytest.raises(InputError, match=message):
        MixedModeLaw(*change(law.opening, law.energy, law.traction))
