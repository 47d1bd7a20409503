"""Every engine keeps the contract: derivatives, batches, copies, identities."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT

from atomistic import load_potential
from atomistic.potentials.serial import SerialPotential
from atomistic.properties.elastic import VOIGT_PAIRS, strained
from coupling.contracts import Potential

STEPS = np.array([4e-3, 2e-3, 1e-3])


def rattled(seed: int = 0) -> Atoms:
    atoms = bulk("Cu", a=3.7) * (2, 2, 1)
    atoms.positions += np.random.default_rng(seed).normal(scale=0.06, size=atoms.positions.shape)
    return strained(atoms, np.array([0.01, -0.02, 0.005, 0.01, 0.0, -0.015]))


def taylor_slope(energy: Callable[[float], float], derivative: float) -> float:
    """Order of E(h) - E(0) - h E'(0) in h: 2 when the derivative is right, 1 when it is not."""
    remainders = [abs(energy(h) - energy(0.0) - h * derivative) for h in STEPS]
    return float(np.polyfit(np.log(STEPS), np.log(remainders), 1)[0])


def test_is_a_potential(potential: Potential) -> None:
    assert isinstance(potential, Potential)
    assert 29 in potential.elements
    assert potential.cutoff > 0


def test_forces_are_the_gradient(potential: Potential) -> None:
    atoms = rattled()
    direction = np.random.default_rng(1).normal(size=atoms.positions.shape)

    def energy(h: float) -> float:
        moved = atoms.copy()
        moved.positions += h * direction
        return float(potential.evaluate([moved]).energies[0])

    slope = taylor_slope(energy, -float(np.vdot(potential.evaluate([atoms]).forces[0], direction)))
    assert slope == pytest.approx(2, abs=0.1)


def test_stress_is_the_strain_derivative(potential: Potential) -> None:
    atoms = rattled()
    direction = np.random.default_rng(2).normal(size=6)
    stress = potential.evaluate([atoms]).stresses[0]
    work = sum(e * stress[i, j] for e, (i, j) in zip(direction, VOIGT_PAIRS, strict=True))
    slope = taylor_slope(
        lambda h: float(potential.evaluate([strained(atoms, h * direction)]).energies[0]), work * atoms.get_volume()
    )
    assert slope == pytest.approx(2, abs=0.1)
    assert np.abs(stress - stress.T).max() < 1e-10


def test_batch_equals_single_and_inputs_stay(potential: Potential) -> None:
    pair = Atoms("Cu2", [[0, 0, 0], [2.4, 0, 0]])
    atoms = [rattled(0), bulk("Cu", a=3.6), fcc111("Cu", (1, 1, 4), vacuum=5), rattled(3), pair]
    before = [(one.positions.copy(), one.cell.array.copy(), one.pbc.copy()) for one in atoms]
    together = potential.evaluate(atoms)
    for index, one in enumerate(atoms):
        alone = potential.evaluate([one])
        assert together.energies[index] == pytest.approx(alone.energies[0], abs=1e-9)
        np.testing.assert_allclose(together.forces[index], alone.forces[0], atol=1e-9)
        np.testing.assert_allclose(together.stresses[index], alone.stresses[0], atol=1e-10)
        for was, now in zip(before[index], (one.positions, one.cell.array, one.pbc), strict=True):
            np.testing.assert_array_equal(was, now)
        assert one.calc is None
    assert np.isnan(together.stresses[4]).all()
    assert np.isfinite(together.stresses[:2]).all()
    assert together.cost.structures == 5
    assert together.cost.atom_evaluations == 4 + 1 + 4 + 4 + 2
    assert together.cost.batches >= 1
    assert together.cost.seconds > 0


def test_supercell_is_extensive(potential: Potential) -> None:
    atoms = rattled()
    found = potential.evaluate([atoms, atoms * (1, 2, 2)])
    assert found.energies[1] == pytest.approx(4 * found.energies[0], abs=1e-8)
    np.testing.assert_allclose(found.forces[1], np.tile(found.forces[0], (4, 1)), atol=1e-8)
    np.testing.assert_allclose(found.stresses[1], found.stresses[0], atol=1e-9)


def test_ase_calculator_agrees(potential: Potential) -> None:
    atoms = rattled()
    found = potential.evaluate([atoms])
    atoms.calc = potential.as_ase()
    assert atoms.get_potential_energy() == pytest.approx(found.energies[0], abs=1e-10)
    np.testing.assert_allclose(atoms.get_forces(), found.forces[0], atol=1e-10)
    np.testing.assert_allclose(atoms.get_stress(voigt=False), found.stresses[0], atol=1e-10)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_calculator_is_asked_once_where_it_answers_all_at_once(lazy: bool, emt: Potential) -> None:
    """ASE compares the atoms at every question; one that hands out only what is asked for is asked for the rest."""

    class Counted(EMT):
        asked = 0

        def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
            Counted.asked += 1
            return super().check_state(atoms, tol)

        def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
            super().calculate(atoms, properties, system_changes)
            if lazy:
                self.results = {name: self.results[name] for name in properties}

    atoms = [rattled(), bulk("Cu", a=3.6)]
    found = SerialPotential("counted", emt.elements, emt.cutoff, "", Counted()).evaluate(atoms, site_energies=True)
    wanted = emt.evaluate(atoms, site_energies=True)
    assert Counted.asked == (8 if lazy else 2)
    np.testing.assert_allclose(found.stresses, wanted.stresses, atol=1e-12)
    for k in range(2):
        np.testing.assert_allclose(found.forces[k], wanted.forces[k], atol=1e-11)
        np.testing.assert_allclose(found.site_energies[k], wanted.site_energies[k], atol=1e-11)


def test_results_that_a_calculator_keeps_of_other_atoms_are_not_taken(emt: Potential) -> None:
    """ASE's own `get_property` clears them; of another one nothing is known."""

    class Hoarding(EMT):
        def get_property(self, name, atoms=None, allow_calculation=True):
            kept = self.results.get("forces")
            kept = None if kept is None else kept.copy()
            found = EMT.get_property(self, name, atoms, allow_calculation)
            found = found.copy() if name == "forces" else found
            if kept is not None and name == "energy":
                self.results["forces"] = kept
                self.atoms = None  # so that the next question is computed
            return found

    calculator, atoms = Hoarding(), [rattled(), bulk("Cu", cubic=True)]
    found = SerialPotential("hoarding", emt.elements, emt.cutoff, "", calculator).evaluate(atoms)
    wanted = emt.evaluate(atoms)
    for k in range(2):
        np.testing.assert_allclose(found.forces[k], wanted.forces[k], atol=1e-11)


def test_sevennet_agrees_with_sevenns_own_calculator(sevennet: Potential) -> None:
    """Independent code: sevenn's neighbour list, its own convolution, single precision."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sevenn.calculator import SevenNetCalculator

        calculator = SevenNetCalculator("7net-0", device="cpu")
    single = load_potential("7net-0", device="cpu")
    for atoms in (rattled(), molecule("CH3CH2OH"), Atoms("Ni")):
        theirs = atoms.copy()
        theirs.calc = calculator
        for ours, tolerance in ((single.evaluate([atoms]), 5e-6), (sevennet.evaluate([atoms]), 2e-5)):
            assert ours.energies[0] == pytest.approx(theirs.get_potential_energy(), abs=tolerance * len(atoms))
            np.testing.assert_allclose(ours.forces[0], theirs.get_forces(), atol=tolerance)


def test_sevennet_site_energies_and_features(sevennet: Potential) -> None:
    atoms = [rattled(), bulk("Ni", a=3.5)]
    found = sevennet.evaluate(atoms, site_energies=True, features=True)
    for index, one in enumerate(atoms):
        assert found.site_energies[index].sum() == pytest.approx(found.energies[index], abs=1e-9)
        assert found.features[index].shape == (len(one), 128)
    assert sevennet.evaluate(atoms).site_energies is None


def test_fingerprint_tells_what_determines_the_numbers(sevennet: Potential, eam: Potential, eam_path: object) -> None:
    single = load_potential("7net-0", device="cpu")
    assert single.fingerprint != sevennet.fingerprint
    assert single.fingerprint == load_potential("7net-0", device="auto").fingerprint
    assert eam.fingerprint == load_potential(str(eam_path)).fingerprint
    pbe, scan = (load_potential("7net-mf-0", device="cpu", modal=modal) for modal in ("pbe", "R2SCAN"))
    assert pbe.fingerprint != scan.fingerprint
    atoms = [bulk("Ni", a=3.5)]
    assert abs(pbe.evaluate(atoms).energies[0] - scan.evaluate(atoms).energies[0]) > 0.1


def test_embedded_atoms_of_a_fine_table_are_matscipy_s(eam: Potential, eam_path: object) -> None:
    """It sums on its own and interpolates by other cubics, which differ little on 2001 points."""
    from matscipy.calculators.eam import EAM

    atoms = bulk("Cu", cubic=True) * (3, 3, 3)
    atoms.rattle(0.2, seed=3)
    found = eam.evaluate([atoms])
    atoms.calc = EAM(str(eam_path), kind="eam/alloy")
    assert found.energies[0] == pytest.approx(atoms.get_potential_energy(), rel=1e-11)
    np.testing.assert_allclose(found.forces[0], atoms.get_forces(), atol=3e-8)
    np.testing.assert_allclose(found.stresses[0], atoms.get_stress(voigt=False), atol=1e-9)
