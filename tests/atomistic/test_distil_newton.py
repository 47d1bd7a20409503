"""Students learnt by least squares: derivatives, and that the network written is the one that was fitted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.distil import CrystalChoice, Dataset, Settings, Sizes, distil, draw
from atomistic.distil.dataset import REPULSION, SETS
from atomistic.distil.newton import tolerances, train_newton
from atomistic.distil.site_energy import Parameters, Sample, jacobian, residuals, voigt
from coupling.contracts import Potential
from coupling.errors import InputError

FEW = Sizes(openings=0, relaxed=0, slips=0, faults=0, strains=5, rattles=6, surfaces=0, vacancies=0, frames=4)
SETTINGS = Settings(channels=8, layers=1, lmax=1, cutoff=6.0, newton=20)


@pytest.fixture(scope="module")
def dataset(eam: Potential) -> Dataset:
    drawn = draw(eam, [CrystalChoice("Cu", "fcc", [(1, 1, 1)])], FEW, thickness=6.0).labelled(eam)
    sets = ([path for path in getattr(drawn, name) if path.family != REPULSION] for name in SETS)
    return Dataset(*map(tuple, sets))


def sample(rng: np.random.Generator) -> Sample:
    """Three atoms that are all neighbours, with radial functions of no particular form."""
    first, second = np.array([0, 0, 1, 1, 2, 2]), np.array([1, 2, 0, 2, 0, 1])
    pair = np.array([0, 1, 0, 2, 1, 2])
    unit = np.array([[0.6, 0.8, 0], [0, 0.6, -0.8], [0, 0, 1.0]])[pair] * np.sign(second - first)[:, None]
    return Sample(
        rng.normal(size=(3, 4)), rng.normal(size=(3, 4))[pair], np.array([0, 2, 4, 6]), second, unit,
        np.array([2.0, 2.2, 2.5])[pair], 30.0, -3.0, rng.normal(size=(3, 3)), rng.normal(size=6),
        (2.0, rng.uniform(1, 2, size=(3, 1)), 5.0),
    )  # fmt: skip


def test_the_derivatives_are_the_differences() -> None:
    rng = np.random.default_rng(1)
    one, at = sample(rng), Parameters(rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5), 0.3)
    for each in (one, replace(one, volume=np.nan)):
        found = jacobian(each, at)
        steps = 1e-5 * np.eye(len(at.vector))
        right = np.array([(residuals(each, at.moved(s)) - residuals(each, at.moved(-s))) / 2e-5 for s in steps]).T
        np.testing.assert_allclose(found, right, atol=1e-7)


def test_the_network_is_what_was_fitted_and_comes_close(eam: Potential, dataset: Dataset, tmp_path: Path) -> None:
    student = distil(eam, dataset, SETTINGS, folder=tmp_path)
    history = student.history
    assert (np.diff(history[:, 1]) < 0).all() and student.epochs <= SETTINGS.newton
    assert student.errors["all"].force < 0.2 * student.errors["all"].force_size
    network = load_potential(str(student.checkpoint), device="cpu", dtype="float64")
    assert _weighted_loss(network, dataset) == pytest.approx(history[:, 2].min(), rel=0.02)


def _weighted_loss(network: Potential, dataset: Dataset) -> float:
    """The training's own validation loss, from the written network's energies, forces and stresses."""
    lowest = min(min(path.labels.energies / [len(one) for one in path.structures]) for path in dataset.train)
    total, count = 0.0, 0
    for path in dataset.valid:
        found, right = network.evaluate(path.structures), path.labels
        for k, atoms in enumerate(path.structures):
            energy, force, stress = tolerances(
                right.energies[k] / len(atoms) - lowest, right.forces[k], right.stresses[k]
            )
            total += len(atoms) * ((found.energies[k] - right.energies[k]) / len(atoms) / energy) ** 2
            total += (((found.forces[k] - right.forces[k]) / force) ** 2).sum()
            total += (voigt((found.stresses[k] - right.stresses[k]) / stress) ** 2).sum()
            count += 1
    return total / count


def test_it_is_for_one_round_and_one_element(dataset: Dataset) -> None:
    with pytest.raises(InputError, match="for one layer and one element, not 2 and 1; set newton to 0"):
        train_newton(dataset, replace(SETTINGS, layers=2), 5.0)


def test_stresses_are_in_our_order() -> None:
    np.testing.assert_array_equal(voigt(np.array([[1, 6, 5], [6, 2, 4], [5, 4, 3]])), [1, 2, 3, 4, 5, 6])
