"""Tuning of all weights: better on labels that it has not seen, what is to stay stays, worse than its start is refused."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.distil import Dataset, Settings, StructurePath, distil
from atomistic.potentials.batched import BatchedPotential
from atomistic.trust import LabelSet, fit_posterior
from atomistic.trust.finetune import Training, fine_tune
from atomistic.trust.validate import validate
from coupling.contracts import Potential
from coupling.errors import InputError, NotConverged
from tests.atomistic.radial_model import radial
from tests.atomistic.test_trust import TRUTH, crystals


def pairs(count: int, seed: int) -> list[Atoms]:
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        atoms = bulk("Cu", a=3.6) * (2, 1, 1)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.uniform(-0.04, 0.04, (3, 3))), scale_atoms=True)
        atoms.positions += rng.normal(scale=0.1, size=(2, 3))
        found.append(atoms)
    return found


@pytest.fixture(scope="module")
def student(eam: Potential, tmp_path_factory: pytest.TempPathFactory) -> BatchedPotential:
    """A network of eight channels that has hardly learnt."""
    paths = [StructurePath("strain", tuple(pairs(4, seed))) for seed in range(3)]
    settings = Settings(channels=8, lmax=1, epochs=3, cutoff=4.0)
    return distil(eam, Dataset(*((path,) for path in paths)), settings, folder=tmp_path_factory.mktemp("s")).potential


def test_errors_fall_on_labels_that_it_has_not_seen(student: BatchedPotential, eam: Potential) -> None:
    held = LabelSet.made(eam, pairs(6, 11))
    tuned = fine_tune(fit_posterior(student, LabelSet.made(eam, pairs(12, 5))), Training(steps=60, rate=0.01))
    before, after = (validate(one, held).groups["all"] for one in (student, tuned))
    assert after.force.root_mean_square < 0.7 * before.force.root_mean_square
    assert after.energy.root_mean_square < before.energy.root_mean_square
    assert after.stress.root_mean_square < before.stress.root_mean_square


def test_what_is_kept_stays(student: BatchedPotential, eam: Potential) -> None:
    """Structures far from all labels change less if they are given."""
    apart = [bulk("Cu", a=a) for a in (4.2, 4.4, 4.6, 4.8)]
    twice = [replace(one, forces=2 * one.forces, stress=2 * one.stress) for one in LabelSet.made(eam, pairs(4, 5))]
    posterior = fit_posterior(student, LabelSet(tuple(twice)))
    start = student.evaluate(apart).energies
    free, held = (
        np.std(fine_tune(posterior, Training(steps=40, rate=0.01), kept=one).evaluate(apart).energies - start)
        for one in ((), apart)
    )
    assert held < 0.5 * free


def test_a_training_that_makes_it_worse_is_refused(student: BatchedPotential, eam: Potential) -> None:
    """And the start is as it was."""
    posterior = fit_posterior(student, LabelSet.made(eam, pairs(8, 5)))
    (atoms,) = pairs(1, 9)
    start = posterior.mean_potential().evaluate([atoms]).energies[0]
    with pytest.raises(NotConverged, match="lower the learning rate"):
        fine_tune(posterior, Training(steps=4, rate=10.0))
    assert posterior.mean_potential().evaluate([atoms]).energies[0] == start


def test_what_cannot_be_tuned_is_said(eam: Potential) -> None:
    posterior = fit_posterior(radial(), LabelSet.made(radial(TRUTH), crystals(4)))
    with pytest.raises(InputError, match="only SevenNet"):
        fine_tune(posterior)
    with pytest.raises(InputError, match="positive"):
        replace(Training(), steps=0)
