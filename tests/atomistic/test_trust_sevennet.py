"""The readout of SevenNet: linear in its features, whose derivatives are exact."""

import numpy as np
import pytest
from ase import Atoms

from atomistic import load_potential
from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.sevennet import tangents as sevennet_tangents
from atomistic.trust import LabelSet, fit_posterior
from atomistic.trust.design import VOIGT
from coupling.contracts import Potential
from coupling.errors import InputError

TWO = Atoms("AlNi", [[0, 0, 0], [1.9, 1.0, 0.3]], cell=[3.4, 3.9, 3.6], pbc=True)
ONE = Atoms("Al", cell=[[0, 2.1, 2.0], [2.0, 0, 2.1], [2.1, 2.0, 0]], pbc=True)


def variants(sevennet: BatchedPotential) -> dict[str, BatchedPotential]:
    return {"last": sevennet, "all": sevennet.with_all_layers()}


@pytest.mark.parametrize("layers", ["last", "all"])
def test_another_readout_changes_what_the_features_say(sevennet: BatchedPotential, layers: str) -> None:
    """Energy, forces and stress change by the features' own derivatives times the weights."""
    potential, structures = variants(sevennet)[layers], [TWO, ONE]
    before = potential.evaluate(structures, features=True, site_energies=True)
    count = {"last": 128, "all": 640}[layers]
    rng = np.random.default_rng(0)
    for _ in range(2):  # a change upon a change
        change, shifts = 0.02 * rng.normal(size=count), {13: 0.5, 28: -0.25}
        other = potential.with_readout(change, shifts)
        after = other.evaluate(structures, features=True)
        derivatives = potential.feature_derivatives(structures)
        for k, (atoms, one) in enumerate(zip(structures, derivatives, strict=True)):
            np.testing.assert_allclose(one.sites, before.features[k], atol=1e-12)
            np.testing.assert_allclose(after.features[k], before.features[k], atol=1e-12)
            shift = sum(shifts[z] for z in atoms.numbers)
            assert after.energies[k] - before.energies[k] == pytest.approx(one.sites.sum(0) @ change + shift, abs=1e-10)
            np.testing.assert_allclose(
                after.forces[k] - before.forces[k], -(one.positions @ change).reshape(-1, 3), atol=1e-10
            )
            stress = (after.stresses[k] - before.stresses[k]) * abs(np.linalg.det(atoms.cell.array))
            np.testing.assert_allclose([stress[i, j] for i, j in VOIGT], one.strain @ change, atol=1e-7)
        assert other.fingerprint != potential.fingerprint
        potential, before = other, after


def test_derivatives_do_not_depend_on_how_the_work_is_cut(
    sevennet: BatchedPotential, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sevennet.feature_derivatives([TWO, ONE])
    monkeypatch.setattr(sevennet_tangents, "PAIRS_AT_ONCE", {"cpu": 100})
    monkeypatch.setattr(sevennet_tangents, "_PRODUCTS", 3)
    for one, other in zip(whole, sevennet.feature_derivatives([TWO, ONE]), strict=True):
        np.testing.assert_allclose(other.positions, one.positions, atol=1e-10)
        np.testing.assert_allclose(other.strain, one.strain, atol=1e-10)


def test_all_layers_change_no_number(sevennet: BatchedPotential) -> None:
    ours, theirs = (one.evaluate([TWO]) for one in (sevennet.with_all_layers(), sevennet))
    assert ours.energies[0] == theirs.energies[0]
    np.testing.assert_array_equal(ours.forces[0], theirs.forces[0])
    assert sevennet.with_all_layers().fingerprint != sevennet.fingerprint


def test_a_model_of_several_modals_can_be_shifted() -> None:
    potential = load_potential("7net-mf-0", device="cpu", modal="PBE")
    other = potential.with_readout(np.zeros(128), {13: 0.75})
    before, after = (one.evaluate([ONE]).energies[0] for one in (potential, other))
    assert after - before == pytest.approx(0.75, abs=1e-5)


def test_readout_learns_its_own_shift(sevennet: Potential) -> None:
    """An oracle that differs by a readout: found from a few labels of one to two atoms."""
    rng = np.random.default_rng(1)
    change = 0.01 * rng.normal(size=128)
    oracle = sevennet.with_readout(change, {13: -1.0, 28: 2.0})
    structures = []
    for k in range(16):
        atoms = TWO.copy() if k % 2 else ONE.copy()
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.04 * rng.normal(size=(3, 3))), scale_atoms=True)
        atoms.positions += 0.05 * rng.normal(size=atoms.positions.shape)
        structures.append(atoms)
    posterior = fit_posterior(sevennet, LabelSet.made(oracle, structures[:14]))
    tuned, before, true = (one.evaluate(structures[14:]) for one in (posterior.mean_potential(), sevennet, oracle))
    for field in ("energies", "stresses"):
        old, new = (np.abs(getattr(one, field) - getattr(true, field)).max() for one in (before, tuned))
        assert new < 0.5 * old
    sigmas = np.sqrt(posterior.predict(structures[14:]).energy_variances)
    assert np.all(np.abs(tuned.energies - true.energies) < 4 * sigmas + 1e-4)


def test_potentials_without_features_say_so(emt: Potential, eam: Potential) -> None:
    for potential in (emt, eam):
        with pytest.raises(InputError, match="no features"):
            fit_posterior(potential, LabelSet.made(potential, [Atoms("Cu", cell=[2.5, 2.5, 2.5], pbc=True)]))
