"""Conformal radii: their coverage is the stated one for any errors; committees of checkpoints."""

import numpy as np
import pytest

from atomistic.trust import LabelSet, fit_posterior
from atomistic.trust.committee import ExplicitCommittee
from atomistic.trust.conformal import conformal_factor, conformal_forces, conformal_radius
from coupling.contracts import Potential
from coupling.errors import InputError
from tests.atomistic.radial_model import radial
from tests.atomistic.test_trust import TRUTH, crystals, noisy


def coverage_of(draw: object, blocks: int, coverage: float, rounds: int = 4000) -> float:
    """Mean share of a new block's scores that the factor covers."""
    return float(
        np.mean([np.mean(draw() <= conformal_factor([draw() for _ in range(blocks)], coverage)) for _ in range(rounds)])
    )


def test_coverage_of_single_scores_is_exact() -> None:
    """⌈(n+1)c⌉/(n+1) for continuous scores, however heavy their tail."""
    rng = np.random.default_rng(0)
    for blocks, expected in ((9, 0.9), (12, 12 / 13), (30, 28 / 31)):
        found = coverage_of(lambda: np.abs(rng.standard_cauchy(1)), blocks, 0.9)
        assert found == pytest.approx(expected, abs=4 * np.sqrt(0.09 / 4000))


def test_blocks_that_hang_together_are_covered() -> None:
    """One scale a block, blocks of unequal sizes: pooling all scores as if independent would fall short."""
    rng = np.random.default_rng(1)

    def block() -> np.ndarray:
        return np.abs(rng.standard_normal(rng.integers(1, 30))) * rng.exponential()

    assert 0.9 <= coverage_of(block, 20, 0.9, 2000) + 0.01 < 0.98


def test_weights_follow_a_shift_of_groups() -> None:
    """Calibrated mostly on easy blocks, used on as many hard ones."""
    rng = np.random.default_rng(2)
    easy, hard = np.abs(rng.standard_normal(400)), 5 * np.abs(rng.standard_normal(100))
    scores = list(np.concatenate([easy, hard]))
    factor = conformal_factor(scores, 0.9, [1.0] * 400 + [4.0] * 100)
    new = np.concatenate([np.abs(rng.standard_normal(20000)), 5 * np.abs(rng.standard_normal(20000))])
    assert np.mean(new <= factor) == pytest.approx(0.9, abs=0.03)
    assert np.mean(new <= conformal_factor(scores, 0.9)) < 0.85


def test_radii_of_forces_and_scalars() -> None:
    oracle = radial(TRUTH, {29: -3.0})
    posterior = fit_posterior(radial(), noisy(LabelSet.made(oracle, crystals(30))))
    held, new = (noisy(LabelSet.made(oracle, crystals(60, seed=s)), seed=s) for s in (20, 21))
    radii = conformal_forces(posterior, held, 0.9)
    assert np.mean(radii.covered(new)) == pytest.approx(0.9, abs=0.06)
    assert [len(one) for one in radii.radii(new.structures[:2])] == [4, 4]
    with pytest.raises(InputError, match="hold some back"):
        conformal_forces(posterior, posterior.labels)
    radius = conformal_radius(np.zeros(9), np.ones(9), np.arange(1.0, 10.0), 0.5)
    assert radius == pytest.approx(4.5)


def test_too_few_blocks_are_refused() -> None:
    with pytest.raises(InputError, match="at least 9"):
        conformal_factor([1.0] * 8)
    assert conformal_factor([1.0] * 9) == 1.0
    with pytest.raises(InputError, match="probability"):
        conformal_factor([1.0] * 8, 1.0)


def test_a_committee_of_checkpoints(emt: Potential) -> None:
    others = crystals(3)
    weights = TRUTH + 0.01 * np.random.default_rng(0).standard_normal((5, len(TRUTH)))
    committee = ExplicitCommittee(tuple(radial(one) for one in weights))
    found = committee.predict(others)
    energies = np.array([radial(one).evaluate(others).energies for one in weights])
    np.testing.assert_allclose(found.energies, energies.mean(0))
    np.testing.assert_allclose(found.energy_variances, energies.var(0, ddof=1))
    assert found.force_sigmas[0].shape == (4,)
    assert len({one.fingerprint for one in committee.sample(5)}) == 5
    with pytest.raises(InputError, match="at least two"):
        ExplicitCommittee((emt, emt))
    with pytest.raises(InputError, match="5 members"):
        committee.sample(6)
