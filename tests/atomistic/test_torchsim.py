"""Models of torch-sim's interface as potentials, against ASE's own Lennard-Jones."""

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones

from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.check import check_potential
from atomistic.potentials.torchsim import from_torchsim
from coupling.errors import InputError


def lennard_jones(device: str = "cpu", **options: bool) -> BatchedPotential:
    from torch_sim.models.lennard_jones import (
        LennardJonesModel,
    )  # takes seconds, of each worker that collects the tests
    from torch_sim.neighbors import torch_nl_n2

    model = LennardJonesModel(
        sigma=2.3, epsilon=0.4, cutoff=6.0, device=torch.device(device), dtype=torch.float64, **options
    )
    model.neighbor_list_fn = torch_nl_n2  # plain torch; the faster ones need kernels of their own
    return from_torchsim(model, "lj", frozenset({18, 29}), 6.0, "lj 2.3 0.4 6.0")


def test_agrees_with_ase_and_keeps_the_contract() -> None:
    potential = lennard_jones(compute_forces=True, compute_stress=True)
    atoms = bulk("Cu", a=3.6, cubic=True)
    atoms.positions += np.random.default_rng(0).normal(scale=0.05, size=(4, 3))
    found = potential.evaluate([atoms, Atoms("Ar2", [[0, 0, 0], [2.6, 0, 0]]), atoms])
    theirs = atoms.copy()
    theirs.calc = LennardJones(sigma=2.3, epsilon=0.4, rc=6.0)
    np.testing.assert_allclose(found.forces[0], theirs.get_forces(), atol=1e-9)
    np.testing.assert_allclose(found.stresses[2], theirs.get_stress(voigt=False), atol=1e-9)
    assert np.isnan(found.stresses[1]).all()
    wrong = {check.name for check in check_potential(potential, [atoms]).failures}
    assert wrong <= {"cutoff"}  # cut without a switch


def test_a_model_without_forces_is_refused() -> None:
    with pytest.raises(InputError, match="compute_forces=True"):
        lennard_jones(compute_forces=False)
