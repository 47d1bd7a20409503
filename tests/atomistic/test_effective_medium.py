"""Effective medium theory by a compiled neighbour search, against ASE's own."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.emt import EMT

from atomistic import load_potential

ROUNDING = 1e-11


def rattled(atoms: Atoms, seed: int = 0) -> Atoms:
    """Atoms moved at random, some of them out of their cell."""
    atoms = atoms.copy()
    atoms.positions += np.random.default_rng(seed).normal(0, 0.08, atoms.positions.shape)
    atoms.positions[0] += atoms.cell.array[0]
    return atoms


def alloy() -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 2, 1)
    atoms.symbols[::3] = "Au"
    atoms.symbols[1] = "Ni"
    return atoms


def wire() -> Atoms:
    atoms = bulk("Ni", cubic=True) * (1, 1, 3)
    atoms.pbc = (False, False, True)
    return atoms


STRUCTURES = {
    "one atom in its cell": bulk("Al"),
    "an alloy": rattled(alloy()),
    "a slab without a third cell vector": rattled(fcc111("Cu", (2, 1, 3))),
    "a wire": rattled(wire()),
    "a molecule": molecule("N2"),
    "atoms out of range of each other": Atoms("Cu2", [[0, 0, 0], [0, 0, 30]], cell=[40, 40, 40]),
    "a skew cell": rattled(Atoms("Pd", cell=[[2.7, 0, 0], [1.3, 2.4, 0], [8.1, -6.9, 2.2]], pbc=True) * (2, 1, 1)),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_it_is_ases_own_to_rounding(name, emt):
    atoms = STRUCTURES[name]
    found = emt.evaluate([atoms], site_energies=True)
    reference = atoms.copy()
    reference.calc = EMT()
    assert found.energies[0] == pytest.approx(reference.get_potential_energy(), rel=ROUNDING, abs=ROUNDING)
    assert found.site_energies[0] == pytest.approx(reference.get_potential_energies(), rel=ROUNDING, abs=ROUNDING)
    assert found.forces[0] == pytest.approx(reference.get_forces(), abs=1e-10)
    if reference.cell.rank == 3:
        assert found.stresses[0] == pytest.approx(reference.get_stress(voigt=False), abs=1e-11)


def test_asaps_cutoff_is_an_option_and_another_potential(emt):
    potential, reference = load_potential("emt", asap_cutoff=True), bulk("Cu")
    reference.calc = EMT(asap_cutoff=True)
    energy = potential.evaluate([bulk("Cu")]).energies[0]
    assert energy == pytest.approx(reference.get_potential_energy(), abs=ROUNDING)
    assert abs(energy - emt.evaluate([bulk("Cu")]).energies[0]) > 1e-5
    assert potential.fingerprint != emt.fingerprint
    assert potential.cutoff >= reference.calc.rc_list


def test_a_batch_of_different_structures_is_each_by_itself(emt):
    together = emt.evaluate(list(STRUCTURES.values()))
    for k, atoms in enumerate(STRUCTURES.values()):
        assert together.energies[k] == emt.evaluate([atoms]).energies[0]
