"""Two-fidelity surrogates against the algebra of stacked covariances, Le Gratiet's recursion, and what they must never do."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from coupling.errors import InputError
from multiscale.surrogate import Labels, co_kriging, kriging, next_point
from multiscale.surrogate.kernels import SamePoint, TwoFidelity, process
from multiscale.surrogate.likelihood import possible
from multiscale.surrogate.regression import drawn

JITTER = 1e-9  # of the regressor, in scaled units


def forrester(x):
    """Forrester, Sóbester and Keane, Proc. R. Soc. A 463 (2007) 3251: the accurate function."""
    return (6 * x[:, 0] - 2) ** 2 * np.sin(12 * x[:, 0] - 4)


def cheap_forrester(x):
    """The cheap one: accurate = 2 cheap − 20 (x − 1/2) + 10."""
    return 0.5 * forrester(x) + 10 * (x[:, 0] - 0.5) - 5


GRID = np.linspace(0, 1, 11)[:, None]
FEW = np.array([[0.0], [0.4], [0.6], [1.0]])
TEST = np.array([[0.07], [0.33], [0.58], [0.91]])
CHEAP = Labels(GRID, cheap_forrester(GRID))


@pytest.fixture(scope="module")
def nested():
    return co_kriging(CHEAP, Labels(FEW, forrester(FEW)), smoothness="smooth", restarts=2)


@pytest.fixture(scope="module")
def beside():
    points = np.array([[0.03], [0.37], [0.61], [0.97], [0.5]])
    return co_kriging(
        CHEAP, Labels(points, forrester(points), np.full(5, 0.1)), smoothness="twice", rough=True, restarts=1
    )


def squared_exponential(a, b, variance, length):
    return variance * np.exp(-0.5 * (a[:, None, 0] - b[None, :, 0]) ** 2 / length**2)


def matern(a, b, variance, length):
    r = np.sqrt(5) * np.abs(a[:, None, 0] - b[None, :, 0]) / length
    return variance * (1 + r + r**2 / 3) * np.exp(-r)


def stacked(surrogate, shape, rough, test):
    """Posterior mean and covariance of accurate values from blocks written out by hand, and ln p."""
    theta = np.exp(surrogate.regressor.kernel_.theta)
    rho, n = surrogate.regressor.kernel_.factor, 2 + rough
    low, difference = theta[:n], theta[n : 2 * n]

    def k(a, b, p):
        same = p[2] * (a[:, None, 0] == b[None, :, 0]) if rough else 0.0
        return shape(a, b, p[0], p[1]) + same

    accurate, cheap = surrogate.accurate, surrogate.cheap
    a, c = accurate.points, cheap.points
    aa = rho**2 * k(a, a, low) + k(a, a, difference) + 100.0
    joint = np.block([[aa, rho * k(a, c, low)], [rho * k(c, a, low), k(c, c, low)]])
    noise = np.concatenate([(one.errors / s) ** 2 for one, s in zip((accurate, cheap), surrogate.scales, strict=True)])
    joint += np.diag(noise + JITTER)
    y = np.concatenate([
        (one.values - m) / s
        for one, m, s in zip((accurate, cheap), surrogate.centres, surrogate.scales, strict=True)
    ])  # fmt: skip
    cross = np.hstack([rho**2 * k(test, a, low) + k(test, a, difference) + 100.0, rho * k(test, c, low)])
    own = rho**2 * k(test, test, low) + k(test, test, difference) + 100.0
    mean = cross @ np.linalg.solve(joint, y)
    covariance = own - cross @ np.linalg.solve(joint, cross.T)
    likelihood = multivariate_normal(np.zeros(len(y)), joint, allow_singular=True).logpdf(y)
    scale = surrogate.scales[0]
    return surrogate.centres[0] + scale * mean, scale**2 * covariance, likelihood


def test_predictions_are_those_of_the_stacked_covariance(beside):
    mean, covariance, likelihood = stacked(beside, matern, True, TEST)
    found, joint = beside.joint(TEST)
    assert found == pytest.approx(mean, rel=1e-6)
    assert joint == pytest.approx(covariance, abs=1e-6 * np.abs(covariance).max())
    assert beside.predict(TEST)[1] == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-5)
    assert beside.log_likelihood == pytest.approx(likelihood, abs=1e-4)


def test_nested_labels_give_the_recursion(nested):
    """Le Gratiet (2014): the cheap process alone, then a process through accurate less ρ cheap."""
    theta = np.exp(nested.regressor.kernel_.theta)
    rho = nested.regressor.kernel_.factor
    (m_a, m_c), (s_a, s_c) = nested.centres, nested.scales
    low = squared_exponential(GRID, GRID, *theta[:2]) + JITTER * np.eye(len(GRID))
    across = squared_exponential(TEST, GRID, *theta[:2])
    cheap = across @ np.linalg.solve(low, (CHEAP.values - m_c) / s_c)
    cheap_variance = theta[0] - np.einsum("ij,ji->i", across, np.linalg.solve(low, across.T))
    residual = (forrester(FEW) - m_a) / s_a - rho * (cheap_forrester(FEW) - m_c) / s_c
    high = squared_exponential(FEW, FEW, *theta[2:4]) + 100 + JITTER * np.eye(4)
    across = squared_exponential(TEST, FEW, *theta[2:4]) + 100
    mean = m_a + s_a * (rho * cheap + across @ np.linalg.solve(high, residual))
    variance = s_a**2 * (
        rho**2 * cheap_variance
        + theta[2] + 100 - np.einsum("ij,ji->i", across, np.linalg.solve(high, across.T))
    )  # fmt: skip
    found, deviation = nested.predict(TEST)
    assert found == pytest.approx(mean, abs=2e-3)  # the jitter of both formulations differs
    assert deviation**2 == pytest.approx(variance, abs=5e-4)


def test_a_linear_relation_is_found_from_four_labels(nested):
    assert nested.factor == pytest.approx(2, rel=1e-2)
    x = np.linspace(0, 1, 101)[:, None]
    mean, deviation = nested.predict(x)
    assert np.sqrt(np.mean((mean - forrester(x)) ** 2)) < 0.1
    alone, _ = kriging(Labels(FEW, forrester(FEW)), smoothness="smooth").predict(x)
    assert np.sqrt(np.mean((alone - forrester(x)) ** 2)) > 3
    assert nested.predict(FEW)[0] == pytest.approx(forrester(FEW), abs=1e-3)
    assert np.all(nested.predict(FEW)[1] < 1e-2) and deviation.max() < 1


def test_derivatives_of_the_covariance_are_its_differences():
    rng = np.random.default_rng(1)
    shape = {"isotropic": False, "rough": True}
    kernel = TwoFidelity(
        process(2, 1.0, "twice", offset=False, **shape), process(2, 1.0, "smooth", offset=True, **shape), 1.3
    )
    x = np.column_stack([rng.random((6, 2)), [0, 0, 0, 1, 1, 1]])
    theta = kernel.theta + 0.1 * rng.random(len(kernel.theta))
    kernel = kernel.clone_with_theta(theta)
    _, slopes = kernel(x, eval_gradient=True)
    assert np.diag(kernel(x)) == pytest.approx(kernel.diag(x))
    for k in range(len(theta)):
        step = 1e-5 * np.eye(len(theta))[k]
        up, down = kernel.clone_with_theta(theta + step)(x), kernel.clone_with_theta(theta - step)(x)
        assert slopes[:, :, k] == pytest.approx((up - down) / 2e-5, abs=1e-8)
    assert SamePoint(0.5)(x[:, :2]) == pytest.approx(0.5 * np.eye(6))


def test_the_search_finds_the_largest_likelihood(nested):
    rng = np.random.default_rng(3)
    theta = nested.regressor.kernel_.theta
    around = [nested.regressor.log_marginal_likelihood(theta + 0.05 * rng.standard_normal(5)) for _ in range(20)]
    assert max(around) <= nested.log_likelihood + 1e-6


def test_error_bars_are_what_they_say():
    """Functions drawn from the prior, their hyperparameters found again: z scores of a normal distribution, or nearly."""
    rng, x = np.random.default_rng(0), np.linspace(0, 1, 25)[:, None]
    prior = squared_exponential(x, x, 1.0, 0.15)
    inside = []
    for _ in range(12):
        y = drawn(np.zeros(25), prior, 1, int(rng.integers(1 << 30)))[0]
        fitted = kriging(Labels(x[::3], y[::3]), smoothness="smooth", restarts=1)
        mean, deviation = fitted.predict(x[1::3])
        inside.append(np.abs(mean - y[1::3]) < norm.ppf(0.95) * deviation)
    assert 0.80 < np.mean(inside) < 0.97


def test_hyperparameters_are_drawn_by_their_likelihood():
    """The factor alone, which is the last of them, against its integral; and what is predicted is the mixture."""
    x = np.array([[0.05], [0.3], [0.55], [1.0]])
    cheap = Labels(GRID, np.sin(5 * GRID[:, 0]))
    few = Labels(x, 1.5 * np.sin(5 * x[:, 0]) + x[:, 0] ** 2, np.full(4, 0.05))
    fitted = co_kriging(cheap, few, smoothness="smooth", restarts=1)
    regressor = fitted.regressor
    best, (low, high) = regressor.kernel_.theta.copy(), regressor.kernel_.bounds[-1]
    factors = np.linspace(low, high, 400)
    levels = np.array([regressor.log_marginal_likelihood(np.append(best[:-1], one)) for one in factors])
    weights = np.exp(levels - levels.max()) / np.exp(levels - levels.max()).sum()
    expected = weights @ factors
    deviation = np.sqrt(weights @ (factors - expected) ** 2)
    members = possible(regressor, len(best) - 1, 200, 0)
    found = np.array([one.kernel_.theta[-1] for one in members])
    assert found.mean() == pytest.approx(expected, abs=0.4 * deviation)
    assert found.std() == pytest.approx(deviation, rel=0.3)
    assert regressor.kernel_.theta == pytest.approx(best)
    mixed = replace(fitted, members=members[::20])
    mean, covariance = mixed.joint(TEST)
    draws = mixed.sample(TEST, 8000, seed=2)
    assert draws.mean(axis=0) == pytest.approx(mean, abs=0.05 * np.sqrt(covariance.max()))
    assert np.cov(draws.T) == pytest.approx(covariance, abs=0.06 * covariance.max())
    assert np.sqrt(np.diag(covariance)) == pytest.approx(mixed.predict(TEST)[1], rel=1e-6)
    assert np.all(mixed.predict(TEST)[1] > 0)


def test_samples_have_the_posterior_mean_and_covariance(beside):
    mean, covariance = beside.joint(TEST)
    draws = beside.sample(TEST, 20_000, seed=1)
    assert draws.mean(axis=0) == pytest.approx(mean, abs=0.03 * np.sqrt(covariance.max()))
    assert np.cov(draws.T) == pytest.approx(covariance, abs=0.03 * covariance.max())
    assert np.array_equal(draws, beside.sample(TEST, 20_000, seed=1))


def test_the_next_point_is_the_one_that_tells_most(beside):
    """Against the definition: condition on each candidate in turn, written out by hand."""
    bar, costs = 0.1, {"cheap": 1.0, "accurate": 4.0}
    found = next_point(beside, TEST, costs, bar)
    (_, own) = beside.joint(TEST)
    per_cost = {}
    for fidelity in costs:
        for k in range(len(TEST)):
            across = beside.covariance(TEST[[k]], fidelity, TEST)[0]
            variance = beside.predict(TEST[[k]], fidelity)[1] ** 2
            after = np.diag(own) - across**2 / variance
            gain = 0.5 * np.log((np.diag(own) + bar**2) / (after + bar**2)).sum()
            per_cost[k, fidelity] = gain / costs[fidelity]
    best = max(per_cost, key=per_cost.__getitem__)
    assert (found.index, found.fidelity) == best
    assert found.information / found.cost == pytest.approx(per_cost[best], rel=1e-6)
    assert next_point(beside, TEST, costs, 1e3) is None


def test_what_is_known_is_not_asked_for_again(nested):
    found = next_point(nested, np.vstack([FEW, [[0.23]]]), {"accurate": 1.0}, 1e-4)
    assert found.index == 4


@pytest.mark.parametrize(
    ("cheap", "accurate", "said"),
    [
        (GRID, FEW[:1], "accurate labels at 1 point, .* give 3 or more"),
        (GRID, np.repeat(FEW[:1], 4, axis=0), "accurate labels at 1 point"),
        (GRID[:2], FEW, "cheap labels at 2 points"),
        (GRID, np.hstack([FEW, FEW]), "cheap points have 1 coordinates and the accurate ones 2"),
    ],
)
def test_too_few_labels_are_refused(cheap, accurate, said):
    with pytest.raises(InputError, match=said):
        co_kriging(Labels(cheap, np.arange(len(cheap))), Labels(accurate, np.arange(len(accurate))))


def test_labels_that_are_none_are_refused(nested):
    with pytest.raises(InputError, match=r"do not belong together"):
        Labels(GRID, np.zeros(3))
    with pytest.raises(InputError, match="values of labels hold a number that is not finite"):
        Labels(GRID, np.full(11, np.nan))
    with pytest.raises(InputError, match="none below zero"):
        Labels(GRID, np.zeros(11), -np.ones(11))
    with pytest.raises(InputError, match="do not fit labels in 1 coordinates"):
        nested.predict(np.zeros((3, 2)))
    with pytest.raises(InputError, match="one source"):
        kriging(CHEAP, restarts=0).predict(GRID, "cheap")
    with pytest.raises(InputError, match="must be above zero"):
        next_point(nested, GRID, {"accurate": 0.0}, 0.1)
    with pytest.raises(InputError, match="no candidate"):
        next_point(nested, GRID[:0], {"accurate": 1.0}, 0.1)
