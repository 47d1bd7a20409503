"""The benchmark's reference is the same network, and the memory that it counts is less than half of that one's."""

import numpy as np
import pytest
from ase.build import bulk

from atomistic import load_potential
from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.sevennet.convolution import Convolution
from benchmarks.speed_network import allocated, batch, grown, with_their_products


@pytest.fixture(scope="module")
def potential() -> BatchedPotential:
    return load_potential("7net-0", device="cpu")


def test_the_reference_is_the_same_network(potential: BatchedPotential) -> None:
    theirs = with_their_products(potential.model)
    assert not any(isinstance(layer, Convolution) for layer in theirs.network.children())
    ours, other = (model(batch()[:1]) for model in (potential.model, theirs))
    np.testing.assert_allclose(ours.energies, other.energies, rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.forces, other.forces, rtol=0, atol=3e-6)
    assert np.abs(other.forces).max() > 0.1


def test_messages_are_not_kept(potential: BatchedPotential) -> None:
    """What torch allocates does not depend on the machine."""
    cell = [bulk("Ni", a=3.52) * (2, 2, 2)]
    ours, theirs = (allocated(model, cell) for model in (potential.model, with_their_products(potential.model)))
    assert 0.1 < ours / theirs < 0.45


def test_a_process_grows_by_less_than_predicted(potential: BatchedPotential) -> None:
    cell = bulk("Ni", a=3.52) * (5, 4, 4)
    potential.model([cell])
    assert 0.4 < grown(potential.model, [cell]) / potential.predicted_memory(cell) < 1.4
