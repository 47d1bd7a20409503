"""Bars of reported quantities: what paths tell, leave-one-path-out against refits, coverage, and refusal."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.interpolate import CubicSpline

from atomistic.decohesion.rigid_path import evaluated
from atomistic.decohesion.slab import cleavage_slab
from atomistic.properties.elastic import elastic_constants, strained
from atomistic.trust import LabelSet, Posterior, fit_posterior
from atomistic.trust.bars import WIDEST, HeldOut, deviations, held_out
from atomistic.trust.derived import PEAK, SHEAR, WORK, measures
from atomistic.trust.storage import load_posterior, save_posterior
from coupling.contracts import Potential
from coupling.errors import InputError
from coupling.units import EV_A2, EV_A3
from tests.atomistic.radial_model import radial
from tests.atomistic.test_trust import TRUTH, crystals, noisy

CELL = bulk("Cu", "fcc", a=3.6)
OPENINGS = np.array([0.0, 0.4, 0.8, 1.2, 2.0, 5.0])
PLANES = [(1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 1, 0), (2, 1, 1)]


def opening(plane: tuple[int, int, int]) -> list[Atoms]:
    slab = cleavage_slab(CELL, plane, 4, conventional=3.6 * np.eye(3))
    return [slab.opened(d) for d in OPENINGS]


def shear(volume: float, axis: int = 3) -> list[Atoms]:
    base = strained(CELL, volume * np.array([1, 1, 1, 0, 0, 0]))
    return [strained(base, x * np.eye(6)[axis]) for x in (-0.02, -0.01, 0.0, 0.01, 0.02)]


def labelled(oracle: Potential, paths: dict[str, list[Atoms]]) -> LabelSet:
    names = [name for name, path in paths.items() for _ in path]
    return LabelSet.made(oracle, [one for path in paths.values() for one in path], "paths", names)


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    oracle = radial(TRUTH, {29: -3.0})
    paths = {str(plane): opening(plane) for plane in PLANES} | {f"shear {k}": shear(0.01 * k) for k in range(-1, 2)}
    return fit_posterior(radial(), noisy(labelled(oracle, paths) + LabelSet.made(oracle, crystals(20))))


def test_paths_tell_what_the_laws_own_code_finds(emt: Potential) -> None:
    """Against the tractions of the rigid path, the difference of energies, and the elastic constants of a crystal."""
    slab = cleavage_slab(CELL, (1, 1, 0), 4, conventional=3.6 * np.eye(3))
    path = [slab.opened(d) for d in OPENINGS]
    energies, tractions = evaluated(emt, slab, path, "opening")
    told = {one.quantity: one.true[0] for one in held_out(unseeing(), labelled(emt, {"opening": path})).values()}
    assert told[WORK] == pytest.approx((energies[-1] - energies.min()) / slab.area * EV_A2, rel=1e-10)
    spline = CubicSpline(OPENINGS, tractions[:, 2])
    peaks = [x for x in spline.derivative().roots(extrapolate=False) if spline(x, 2) < 0]
    assert told[PEAK] == pytest.approx(spline(peaks).max() * EV_A3, rel=1e-4)
    crystal = elastic_constants(emt, CELL)
    told = held_out(unseeing(), labelled(emt, {"shear": shear(0.0)}))[SHEAR].true[0]
    assert told == pytest.approx(crystal.energy_voigt[3, 3], rel=2e-3)


def unseeing() -> Posterior:
    """Fitted to crystals alone."""
    return fit_posterior(radial(), LabelSet.made(radial(TRUTH, {29: -3.0}), crystals(4, seed=9)))


def test_what_is_no_path_tells_nothing() -> None:
    (one,), (rattled,) = crystals(1), crystals(1, seed=4)
    assert measures([one]) == {} and measures([one, rattled]) == {} and measures([one, CELL]) == {}
    stretched = [strained(CELL, x * np.array([1, 0, 0, 0, 0, 0.0])) for x in (-0.02, 0, 0.02)]
    assert SHEAR not in measures(stretched)


def test_leaving_out_a_path_agrees_with_a_refit(posterior: Posterior) -> None:
    """Closed form against the posterior of the other labels, at the same widths."""
    places = posterior.labels.paths["(1, 1, 1)"]
    rest = posterior.of(np.setdiff1d(np.arange(len(posterior.labels)), places))
    left = posterior.without(places)
    np.testing.assert_allclose(left.mean, rest.mean, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(left.factor @ left.factor.T, rest.factor @ rest.factor.T, rtol=1e-6, atol=1e-12)
    found, again = held_out(posterior), held_out(rest, posterior.labels[places])
    row = list(posterior.labels.paths).index("(1, 1, 1)")
    for name in (WORK, PEAK):
        assert found[name].predicted[row] == pytest.approx(again[name].predicted[0], rel=1e-8)
        assert found[name].stds[row] == pytest.approx(again[name].stds[0], rel=1e-5)
    assert len(found[SHEAR].true) == 3 and len(found[WORK].true) == len(PLANES)


def test_deviations_are_those_of_a_committee(posterior: Posterior) -> None:
    """First order against 400 samples: their standard deviation is known to 1/√800 = 3.5 %; four of it."""
    path = opening((3, 1, 1))
    (measure,) = [one for name, one in measures(path).items() if name == WORK]
    samples = [measure.of(one.evaluate(path).energies) for one in posterior.sample(400)]
    assert deviations(posterior, path)[WORK] == pytest.approx(np.std(samples), rel=0.14)


def test_labels_that_were_fitted_are_not_held_out(posterior: Posterior) -> None:
    with pytest.raises(InputError, match="not held out"):
        held_out(posterior, posterior.labels)


def test_bars_cover_what_is_biased_and_what_is_not() -> None:
    """Errors with a bias of five deviations, that the parameters know nothing of: 18 of 20 in the mean over draws.

    The coverage of a draw of 19 paths has mean 0.9 and deviation 0.065 (Beta); of 2000 of them 0.0016, with the new
    path's own chance 0.0067; four of these.
    """
    rng = np.random.default_rng(0)
    for bias, std in ((5.0, 1.0), (0.0, 1.0), (0.0, 0.01)):
        hits = []
        for _ in range(2000):
            stds = std * rng.uniform(0.5, 2.0, 20)
            errors = bias + np.hypot(stds, 0.1) * rng.standard_normal(20)
            known = HeldOut(WORK, np.full(19, 100.0), 100.0 + errors[:19], stds[:19])
            hits.append(known.bar(100.0 + errors[19], stds[19]).covers(100.0))
        assert np.mean(hits) == pytest.approx(0.9, abs=0.027)


def test_too_few_paths_and_bars_too_wide_are_withheld() -> None:
    few = HeldOut(WORK, np.ones(8), np.ones(8), np.ones(8)).bar(1.0, 0.1)
    assert not few.given and not few.covers(1.0)
    assert "8 of the labelled paths" in few.withheld and few.remedy.startswith("label 1 more")
    true, stds = np.ones(19), np.full(19, 0.01)
    biased = HeldOut(WORK, true, true + 0.5, stds).bar(1.0, 0.01)
    assert not biased.given and "further labels do not cure that" in str(biased)
    vague = HeldOut(WORK, true, true + 0.5, np.full(19, 0.5)).bar(1.0, 0.5)
    assert not vague.given and vague.remedy == "label more"
    other = HeldOut(WORK, true, true, stds).bar(3.0, 0.01)
    assert not other.given and "another kind" in other.withheld
    narrow = HeldOut(WORK, true, true + 0.9 * WIDEST, stds).bar(1.0, 0.01)
    assert narrow.radius == pytest.approx(0.9 * WIDEST) and "(90%)" in str(narrow)


def test_paths_are_kept_in_files(tmp_path: Path, posterior: Posterior) -> None:
    posterior.labels.save(tmp_path / "labels.xyz")
    assert LabelSet.load(tmp_path / "labels.xyz").paths == posterior.labels.paths
    save_posterior(posterior, tmp_path / "posterior.npz")
    assert load_posterior(tmp_path / "posterior.npz", radial()).labels.paths == posterior.labels.paths


def test_validate_judges_the_bars_on_paths_that_the_posterior_has_not_seen(posterior: Posterior) -> None:
    """Nine planes bear out the bars of two others; three shears bear out none. One path was seen, and is passed over."""
    from multiscale.cli.validation import _bar_lines

    oracle = radial(TRUTH, {29: -3.0})
    more = [(2, 2, 1), (3, 1, 0), (3, 1, 1), (3, 2, 0)]
    fitted = posterior.updated(labelled(oracle, {str(one): opening(one) for one in more}))
    new = {"a": opening((3, 2, 1)), "b": opening((3, 3, 1)), "c": shear(0.015, 4), "(1, 1, 1)": opening((1, 1, 1))}
    lines = list(_bar_lines(fitted, labelled(oracle, new)))
    (work,) = [one for one in lines if one.startswith("work of separation")]
    assert work.startswith("work of separation on 2 paths: mean error") and "2 of 2 bars" in work
    assert any("bar of shear_modulus is withheld: 3 of the labelled paths" in one for one in lines)
