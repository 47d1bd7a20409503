"""Trust: the posterior of a readout against brute force, known noise, and finite differences."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.trust import Label, LabelSet, balanced, fit_posterior
from atomistic.trust.sites import shrunk_covariance
from atomistic.trust.storage import load_posterior, save_posterior
from atomistic.trust.suspects import suspects
from coupling.contracts import Capabilities, Potential
from coupling.errors import InputError
from tests.atomistic.radial_model import CENTRES, RadialModel, radial

TRUTH = np.random.default_rng(5).normal(size=2 * len(CENTRES)) * np.repeat([0.2, 0.01], len(CENTRES))
NOISES = (2e-3, 0.03, 4e-4)


def crystals(count: int, seed: int = 0, amplitude: float = 0.1) -> list[Atoms]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        atoms = bulk("Cu", cubic=True, a=3.6)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.uniform(-0.04, 0.04, (3, 3))), scale_atoms=True)
        atoms.positions += rng.normal(scale=amplitude, size=(4, 3))
        found.append(atoms)
    return found


def noisy(labels: LabelSet, seed: int = 1, noises: tuple[float, float, float] = NOISES) -> LabelSet:
    rng = np.random.default_rng(seed)
    found = []
    for label in labels:
        stress = rng.normal(scale=noises[2], size=(3, 3))
        stress = np.triu(stress) + np.triu(stress, 1).T
        energy = label.energy + len(label.structure) * rng.normal(scale=noises[0])
        forces = label.forces + rng.normal(scale=noises[1], size=label.forces.shape)
        found.append(replace(label, energy=energy, forces=forces, stress=label.stress + stress))
    return LabelSet(tuple(found))


@pytest.fixture(scope="module")
def oracle() -> Potential:
    return radial(TRUTH, {29: -3.0})


@pytest.fixture(scope="module")
def labels(oracle: Potential) -> LabelSet:
    groups = ["bulk"] * 30 + ["rare"] * 10
    return noisy(LabelSet.made(oracle, crystals(40), groups))


def test_the_model_for_tests_has_right_derivatives() -> None:
    model, (atoms,) = RadialModel(TRUTH, {}), crystals(1)
    (found,) = model.feature_derivatives([atoms])
    step = 1e-5
    moved = [atoms.copy(), atoms.copy()]
    for one, sign in zip(moved, (1, -1), strict=True):
        one.positions[2, 1] += sign * step
    ahead, behind = (one.sites.sum(0) for one in model.feature_derivatives(moved))
    np.testing.assert_allclose(found.positions[7], (ahead - behind) / (2 * step), atol=1e-8)
    strained = [atoms.copy(), atoms.copy()]
    for one, sign in zip(strained, (1, -1), strict=True):
        shear = np.eye(3)
        shear[1, 2] = shear[2, 1] = sign * step / 2
        one.set_cell(atoms.cell.array @ shear, scale_atoms=True)
    ahead, behind = (one.sites.sum(0) for one in model.feature_derivatives(strained))
    np.testing.assert_allclose(found.strain[3], (ahead - behind) / (2 * step), atol=1e-7)


def test_exact_labels_are_learnt_exactly(oracle: Potential) -> None:
    posterior = fit_posterior(radial(), LabelSet.made(oracle, crystals(20)))
    tuned, others = posterior.mean_potential(), crystals(5, seed=9)
    ours, theirs = tuned.evaluate(others), oracle.evaluate(others)
    np.testing.assert_allclose(ours.energies, theirs.energies, atol=1e-4)
    np.testing.assert_allclose(np.concatenate(ours.forces), np.concatenate(theirs.forces), atol=1e-3)
    predicted = posterior.predict(others)
    np.testing.assert_allclose(predicted.energies, ours.energies, atol=1e-10)
    np.testing.assert_allclose(np.concatenate(predicted.forces), np.concatenate(ours.forces), atol=1e-10)
    np.testing.assert_allclose(predicted.stresses, ours.stresses, atol=1e-10)


def test_marginal_likelihood_finds_the_noise(labels: LabelSet) -> None:
    widths = fit_posterior(radial(), labels).widths
    for found, true in zip(widths.noises, NOISES, strict=True):
        assert found == pytest.approx(true, rel=0.2)  # 40 energies know their scatter to 11 %


def test_gradient_of_the_evidence(labels: LabelSet) -> None:
    """Taylor test in every width."""
    from atomistic.trust.evidence import solve, statistics

    posterior = fit_posterior(radial(), labels)
    widths = replace(posterior.widths, energy=0.01, force=0.1, stress=0.003, weight=0.4)
    known = statistics(posterior.designs, [1.0] * len(labels), np.array(widths.zeros))
    gradient = solve(known, widths).gradient
    for k, name in enumerate(("energy", "force", "stress", "weight")):
        ahead, behind = (
            solve(known, replace(widths, **{name: getattr(widths, name) * np.exp(s)})).evidence for s in (1e-4, -1e-4)
        )
        assert gradient[k] == pytest.approx((ahead - behind) / 2e-4, rel=1e-5)


def test_variances_are_calibrated(oracle: Potential, labels: LabelSet) -> None:
    """Squared errors of new noisy labels over their predicted variances are one on average.

    Each exact label is given many noises. Of n errors the mean of the squares has the standard deviation √(2/n); the
    share of the variance that the parameters have is the same in all of them, and as uncertain as they are few.
    """
    posterior, rng, draws = fit_posterior(radial(), labels, noises=NOISES), np.random.default_rng(7), 100
    exact = LabelSet.made(oracle, crystals(40, seed=4))
    with_noise, without = (posterior.predict(exact.structures, noise=noise) for noise in (True, False))
    upper = np.triu_indices(3)
    energies = [one.energy for one in exact] - with_noise.energies
    forces = np.concatenate([one.forces for one in exact]) - np.concatenate(with_noise.forces)
    stresses = np.array([one.stress[upper] for one in exact]) - with_noise.stresses[:, *upper]
    for errors, noise, variances, own in (
        (energies, 4 * NOISES[0], with_noise.energy_variances, without.energy_variances),
        (forces, NOISES[1], np.concatenate(with_noise.force_variances), np.concatenate(without.force_variances)),
        (stresses, NOISES[2], with_noise.stress_variances[:, *upper], without.stress_variances[:, *upper]),
    ):
        drawn = errors + noise * rng.standard_normal((draws, *errors.shape))
        deviation = np.sqrt(2 / drawn.size) + np.mean(own / variances) * np.sqrt(2 / len(posterior.mean))
        assert np.mean(drawn**2 / variances) == pytest.approx(1, abs=4 * deviation)  # 13 %, 4 %, 6 %


def test_committee_spreads_as_predicted(labels: LabelSet) -> None:
    posterior, others = fit_posterior(radial(), labels), crystals(3, seed=2)
    expected = posterior.predict(others, noise=False)
    energies = np.array([one.evaluate(others).energies for one in posterior.sample(400, seed=3)])
    np.testing.assert_allclose(energies.var(0), expected.energy_variances, rtol=0.3)
    np.testing.assert_allclose(
        energies.mean(0), expected.energies, atol=5 * np.sqrt(expected.energy_variances.max() / 400)
    )
    np.testing.assert_allclose(posterior.energy_variances(others, noise=False), expected.energy_variances, rtol=1e-8)
    assert len({one.fingerprint for one in posterior.sample(5)}) == 5
    assert posterior.sample(2)[0].fingerprint == posterior.sample(2)[0].fingerprint


def test_leave_one_out_equals_brute_force(labels: LabelSet) -> None:
    posterior = fit_posterior(radial(), labels, weights={"rare": 3.0})
    found = posterior.leave_one_out()
    for k in (0, 17, 39):
        others = labels[[i for i in range(len(labels)) if i != k]]
        rest = fit_posterior(radial(), others, weights={"rare": 3.0}, widths=posterior.widths)
        predicted = rest.predict([labels.labels[k].structure])
        assert found.energies[k] == pytest.approx((labels.labels[k].energy - predicted.energies[0]) / 4, abs=1e-8)
        np.testing.assert_allclose(found.forces[k], labels.labels[k].forces - predicted.forces[0], atol=1e-8)
    assert posterior.leverage().sum() < len(posterior.mean)
    assert found.leverages.min() > 0


def test_planted_errors_are_found(labels: LabelSet) -> None:
    wrong = {3: {"energy": 0.03}, 11: {"forces": 0.3}, 25: {"stress": 0.01}}
    planted = list(labels)
    for k, ((name, size),) in ((k, tuple(one.items())) for k, one in wrong.items()):
        planted[k] = replace(planted[k], **{name: getattr(planted[k], name) + size * (4 if name == "energy" else 1)})
    assert set(suspects(fit_posterior(radial(), LabelSet(tuple(planted))), 3).tolist()) == set(wrong)
    planted[30] = replace(planted[30], stress=planted[30].stress + 10.0, energy=planted[30].energy + 10.0)
    masked = fit_posterior(radial(), LabelSet(tuple(planted)))
    assert masked.widths.stress > 100 * NOISES[2]  # one absurd label widens the noise of all, yet hides no other
    assert set(suspects(masked, 4).tolist()) == {30, *wrong}


def test_update_equals_a_fit_from_scratch(labels: LabelSet) -> None:
    whole = fit_posterior(radial(), labels)
    grown = fit_posterior(radial(), labels[:15]).updated(labels)
    np.testing.assert_allclose(grown.mean, whole.mean, rtol=1e-6, atol=1e-9)
    assert len(grown.labels) == len(labels)


def test_given_noises_survive_more_labels(labels: LabelSet, tmp_path: Path) -> None:
    given = (5e-3, 0.08, 1e-3)
    grown = fit_posterior(radial(), labels[:15], noises=given).updated(labels[15:30])
    np.testing.assert_allclose(grown.widths.noises, given, rtol=1e-12)
    save_posterior(grown, tmp_path / "posterior.npz")
    again = load_posterior(tmp_path / "posterior.npz", radial()).updated(labels)
    np.testing.assert_allclose(again.widths.noises, given, rtol=1e-12)
    np.testing.assert_allclose(again.mean, fit_posterior(radial(), labels, noises=given).mean, rtol=1e-9, atol=1e-12)


def test_few_labels_are_not_too_sure() -> None:
    """Energies of unseen crystals over their deviations, over many oracles; one energy is met by its zero alone."""
    for count, largest in ((1, 4.0), (2, 1.8)):
        squares = []
        for seed in range(25):
            weights = np.random.default_rng(100 + seed).normal(size=len(TRUTH)) * np.repeat([0.2, 0.01], len(CENTRES))
            oracle = radial(weights, {29: -3.0})
            posterior = fit_posterior(radial(), noisy(LabelSet.made(oracle, crystals(count, seed)), seed))
            new = noisy(LabelSet.made(oracle, crystals(8, 1000 + seed)), 7)
            found = posterior.predict(new.structures)
            squares.append((np.array([one.energy for one in new]) - found.energies) ** 2 / found.energy_variances)
        assert np.mean(squares) < largest


def test_weights_make_a_rare_group_count(labels: LabelSet) -> None:
    assert balanced(labels) == {"bulk": pytest.approx(2 / 3), "rare": pytest.approx(2.0)}
    light, heavy = (fit_posterior(radial(), labels, weights={"rare": w}).leverage()[30:].sum() for w in (0.1, 10.0))
    assert heavy > 1.5 * light


def test_distance_tells_a_surface_from_bulk(labels: LabelSet) -> None:
    posterior = fit_posterior(radial(), labels)
    seen = np.concatenate(posterior.mahalanobis(labels.structures))
    assert np.sqrt(np.mean(seen**2)) == pytest.approx(1, rel=1e-9)
    opened = crystals(1, seed=3, amplitude=0.02)[0]
    opened.cell[2, 2] += 2.0
    assert max(posterior.mahalanobis([opened])[0]) > 2 * np.quantile(seen, 0.99)


def test_shrinkage_vanishes_with_many_samples() -> None:
    rng = np.random.default_rng(0)
    true = np.diag([4.0, 1.0, 0.25])
    many = rng.standard_normal((20000, 3)) @ np.sqrt(true)
    np.testing.assert_allclose(shrunk_covariance(many), true, atol=0.1)
    assert np.linalg.eigvalsh(shrunk_covariance(rng.standard_normal((3, 10)))).min() > 0


def test_inflation_covers_a_model_discrepancy(oracle: Potential) -> None:
    """An oracle outside the model: a committee is too sure of itself before, and as sure as refits allow after."""
    posterior = fit_posterior(radial(), LabelSet.made(RadialDiscrepancy(oracle), crystals(20), "bulk"))
    squares, variances = 0.0, 0.0
    for left in range(20):
        others = posterior.of([k for k in range(20) if k != left])
        found = others.predict([posterior.labels.structures[left]], noise=False)
        squares += np.sum((posterior.labels.labels[left].forces - found.forces[0]) ** 2)
        variances += np.sum(found.force_variances[0])
    assert squares / variances > 2
    assert posterior.calibrated().inflation ** 2 == pytest.approx(squares / variances, rel=1e-6)
    spread, wider = (one.predict(crystals(1, 9), noise=False) for one in (posterior, posterior.calibrated()))
    np.testing.assert_allclose(wider.force_variances[0] * variances, spread.force_variances[0] * squares, rtol=1e-6)


class RadialDiscrepancy:
    """A potential plus springs to the lattice of its cell that no feature knows."""

    name, elements, cutoff, fingerprint = "discrepancy", frozenset({29}), 4.5, "discrepancy"
    capabilities = Capabilities(interaction_range=4.5, stress=True)

    def __init__(self, inner: Potential) -> None:
        self.inner = inner

    def evaluate(self, structures: list[Atoms], **_: bool) -> object:
        found = self.inner.evaluate(structures)
        extra = tuple(
            0.1 * np.sin(7 * np.linalg.solve(atoms.cell.array.T, atoms.positions.T).T) for atoms in structures
        )
        return replace(found, forces=tuple(f + e for f, e in zip(found.forces, extra, strict=True)))


def test_labels_survive_a_file(labels: LabelSet, tmp_path: Path) -> None:
    labels.save(tmp_path / "labels.xyz")
    read = LabelSet.load(tmp_path / "labels.xyz")
    assert read.groups == labels.groups and read.settings_hash == labels.settings_hash
    for ours, theirs in zip(read, labels, strict=True):
        np.testing.assert_allclose(ours.structure.positions, theirs.structure.positions, atol=1e-7)
        np.testing.assert_allclose(ours.forces, theirs.forces, atol=1e-7)
        np.testing.assert_allclose(ours.stress, theirs.stress, atol=1e-7)
        assert ours.energy == pytest.approx(theirs.energy, abs=1e-7)
    assert len(labels + read) == len(labels)


def test_bad_labels_are_refused(labels: LabelSet, tmp_path: Path, emt: Potential) -> None:
    with pytest.raises(InputError, match="2 different settings"):
        labels + LabelSet.made(emt, crystals(1, seed=77))
    with pytest.raises(InputError, match="not finite"):
        Label(labels.structures[0], float("nan"), np.zeros((4, 3)))
    with pytest.raises(InputError, match="forces"):
        Label(labels.structures[0], 0.0, np.zeros((3, 3)))
    with pytest.raises(InputError, match="There is no structure file 'none.xyz'"):
        LabelSet.load(tmp_path / "none.xyz")
    (tmp_path / "bad.xyz").write_text("nonsense\n")
    with pytest.raises(InputError, match="cannot be read"):
        LabelSet.load(tmp_path / "bad.xyz")
    labels.structures[0].write(tmp_path / "bare.xyz", format="extxyz")
    with pytest.raises(InputError, match="no energy"):
        LabelSet.load(tmp_path / "bare.xyz")
    with pytest.raises(InputError, match="no labels"):
        fit_posterior(radial(), LabelSet())
    with pytest.raises(InputError, match="name groups of the labels: bulk, rare"):
        fit_posterior(radial(), labels, weights={"surface": 1.0})
    with pytest.raises(InputError, match="provides no features"):
        fit_posterior(emt, labels)


def test_a_posterior_survives_a_file(labels: LabelSet, tmp_path: Path) -> None:
    posterior = fit_posterior(radial(), labels, weights={"rare": 2.0}).calibrated()
    save_posterior(posterior, tmp_path / "posterior.npz")
    read, others = load_posterior(tmp_path / "posterior.npz", radial()), crystals(2, seed=6)
    np.testing.assert_array_equal(read.mean, posterior.mean)
    np.testing.assert_array_equal(read.predict(others).energy_variances, posterior.predict(others).energy_variances)
    np.testing.assert_array_equal(read.mahalanobis(others)[0], posterior.mahalanobis(others)[0])
    assert read.sample(1)[0].fingerprint == posterior.sample(1)[0].fingerprint
    with pytest.raises(InputError, match="not to 'radial'"):
        load_posterior(tmp_path / "posterior.npz", radial(TRUTH))
    with pytest.raises(InputError, match="cannot be read"):
        load_posterior(tmp_path / "nothing.npz", radial())
