"""Priors as additive terms: point charges, learned charges, dispersion, and their ledger."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.potentials.additive import ledger
from atomistic.potentials.check import check_potential
from atomistic.potentials.coulomb import Coulomb, learned
from atomistic.potentials.zbl import COULOMB, ZBL, SumPotential
from coupling.contracts import Potential
from coupling.errors import DoubleCounted, InputError, MissingBackend

IONS = {"Na": 1.0, "Cl": -1.0}


def rattled(a: float = 5.64, seed: int = 0, amplitude: float = 0.1) -> Atoms:
    atoms = bulk("NaCl", "rocksalt", a=a) * (2, 2, 2)
    atoms.rattle(amplitude, seed=seed)
    strain = np.random.default_rng(seed).normal(scale=0.02, size=(3, 3))
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    return atoms


def central_stress(potential: Potential, atoms: Atoms, i: int, j: int, h: float = 1e-4) -> float:
    energies = []
    for sign in (1, -1):
        strain = np.eye(3)
        strain[i, j] += sign * h / 2
        strain[j, i] += sign * h / 2
        moved = atoms.copy()
        moved.set_cell(atoms.cell.array @ strain, scale_atoms=True)
        energies.append(potential.evaluate([moved]).energies[0])
    return (energies[0] - energies[1]) / (2 * h) / atoms.get_volume()


@pytest.mark.parametrize(
    ("crystal", "madelung"),
    [("rocksalt", 1.747564594633182), ("cesiumchloride", 1.762674773070988), ("zincblende", 1.638055053388790)],
)
def test_madelung_constants(crystal: str, madelung: float) -> None:
    atoms = bulk("NaCl", crystal, a=5.0)
    nearest = {"rocksalt": 2.5, "cesiumchloride": 2.5 * 3**0.5, "zincblende": 1.25 * 3**0.5}[crystal]
    energy = Coulomb(IONS).evaluate([atoms]).energies[0]
    assert -energy * nearest / COULOMB == pytest.approx(madelung, abs=1e-9)


def test_ewald_is_that_of_another_code_and_does_not_depend_on_the_split() -> None:
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.io.ase import AseAtomsAdaptor

    atoms = rattled()
    near, far = (Coulomb(IONS, reach=reach).evaluate([atoms]) for reach in (7.0, 10.0))
    assert near.energies[0] == pytest.approx(far.energies[0], abs=1e-8)
    np.testing.assert_allclose(near.forces[0], far.forces[0], atol=1e-8)
    structure = AseAtomsAdaptor.get_structure(atoms)
    structure.add_oxidation_state_by_element(IONS)
    other = EwaldSummation(structure, acc_factor=14, compute_forces=True)
    assert near.energies[0] == pytest.approx(other.total_energy, abs=1e-5)
    np.testing.assert_allclose(near.forces[0], other.forces, atol=1e-5)


def test_forces_and_stress_are_the_energys_gradients() -> None:
    potential, atoms = Coulomb(IONS), rattled()
    report = check_potential(potential, [atoms])
    assert {check.name for check in report.failures} <= {"repulsion"}  # equal elements alone have no charge
    stress = potential.evaluate([atoms]).stresses[0]
    for i, j in ((0, 0), (1, 2)):
        assert stress[i, j] == pytest.approx(central_stress(potential, atoms, i, j), abs=1e-7)


def test_a_molecule_is_summed_directly() -> None:
    pair = Atoms("NaCl", [[0, 0, 0], [0, 0, 2.5]])
    found = Coulomb(IONS).evaluate([pair])
    assert found.energies[0] == pytest.approx(-COULOMB / 2.5)
    np.testing.assert_allclose(found.forces[0][0], [0, 0, COULOMB / 2.5**2])
    boxed = Atoms("NaCl", pair.positions, cell=60 * np.eye(3), pbc=True)  # images: a dipole's, p²/L³
    assert Coulomb(IONS).evaluate([boxed]).energies[0] == pytest.approx(found.energies[0], abs=3e-3)


def test_an_element_alone_has_no_charge() -> None:
    found = Coulomb(IONS).evaluate([bulk("Na", "bcc", a=4.2)])
    assert found.energies[0] == 0 and not found.forces[0].any()


def test_charges_are_learned_on_top_of_another_potential() -> None:
    base, truth = ZBL(), Coulomb({"Na": 0.83, "Cl": -0.83})
    structures = [rattled(5.0, seed, 0.2) for seed in range(3)]
    forces = SumPotential((base, truth)).evaluate(structures).forces
    found = learned(structures, forces, {"Na": 0.5, "Cl": -0.5}, base=base)
    assert found.charges["Na"] == pytest.approx(0.83, abs=1e-6)
    assert found.charges["Cl"] == pytest.approx(-0.83, abs=1e-6)


def test_three_elements_with_noise() -> None:
    rng = np.random.default_rng(3)
    truth = Coulomb({"Sr": 1.6, "Ti": 2.0, "O": -1.2})
    structures = []
    for _ in range(3):
        atoms = Atoms("SrTiO3", scaled_positions=[(0, 0, 0), (0.5,) * 3, (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)],
                      cell=3.9 * np.eye(3), pbc=True)  # fmt: skip
        atoms.positions += rng.normal(scale=0.1, size=(5, 3))
        structures.append(atoms)
    forces = [f + rng.normal(scale=0.01, size=f.shape) for f in truth.evaluate(structures).forces]
    found = learned(structures, forces, {"Sr": 1.0, "Ti": 3.0, "O": -1.0})
    assert [found.charges[s] for s in truth.charges] == pytest.approx(list(truth.charges.values()), abs=0.02)


def test_input_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="no element alone|alone are zero"):
        learned([bulk("Na")], [np.zeros((1, 3))], {"Na": 1.0})
    with pytest.raises(InputError, match="vanish by symmetry"):
        learned([bulk("NaCl", "rocksalt", a=5.6)], [np.zeros((2, 3))], IONS)
    layer = bulk("NaCl", "rocksalt", a=5.6)
    layer.pbc = (True, True, False)
    with pytest.raises(InputError, match="put vacuum around"):
        Coulomb(IONS).evaluate([layer])
    with pytest.raises(InputError, match="Unknown element 'Nq'"):
        Coulomb({"Nq": 1.0})
    with pytest.raises(InputError, match="lacks"):
        Coulomb(IONS).evaluate([bulk("Cu")])
    with pytest.raises(InputError, match="two terms"):
        load_potential("sum", terms=["emt"])


def test_every_term_is_counted_once() -> None:
    atoms = rattled(5.0, amplitude=0.3)
    total = load_potential("sum", terms=["zbl", {"name": "coulomb", "charges": IONS}])
    value = ledger(total).evaluate(atoms)
    found = total.evaluate([atoms])
    assert value.energy == pytest.approx(found.energies[0], abs=1e-12)
    np.testing.assert_allclose(value.forces, found.forces[0], atol=1e-12)
    assert [row.owner for row in value.rows] == ["zbl", "coulomb"]
    assert value.rows[1].energy == pytest.approx(Coulomb(IONS).evaluate([atoms]).energies[0])
    with pytest.raises(DoubleCounted, match="zbl"):
        load_potential("sum", terms=["zbl", "emt", "zbl"])


def test_a_sum_is_fitted_through_its_first_term() -> None:
    """Labels are a linear model plus repulsion: with the repulsion as a prior the readout gives them back."""
    from atomistic.trust import LabelSet, fit_posterior
    from tests.atomistic.radial_model import radial

    rng = np.random.default_rng(0)
    structures = [bulk("Cu", "fcc", a=a, cubic=True) for a in rng.uniform(3.0, 3.8, size=8)]
    for k, atoms in enumerate(structures):
        atoms.rattle(0.15, seed=k)
    truth = SumPotential((radial(rng.normal(size=12)), ZBL(reach=1.1)))
    fitted = fit_posterior(
        SumPotential((radial(), ZBL(reach=1.1))), LabelSet.made(truth, structures[:7])
    ).mean_potential()
    found, exact = fitted.evaluate(structures[7:]), truth.evaluate(structures[7:])
    np.testing.assert_allclose(found.forces[0], exact.forces[0], atol=1e-3)
    with pytest.raises(InputError, match="provides no features"):
        fit_posterior(SumPotential((ZBL(), radial())), LabelSet.made(truth, structures[:2]))


def test_dispersion() -> None:
    pytest.importorskip("dftd3")
    d3 = load_potential("d3", method="PBE")
    pair = Atoms("Ar2", [[0, 0, 0], [0, 0, 12.0]])
    far = pair.copy()
    far.positions[1, 2] = 24.0
    near, away = d3.evaluate([pair, far]).energies
    assert near / away == pytest.approx(2**6, rel=0.05)  # -C6/r^6 at long range
    crystal = bulk("Ar", "fcc", a=5.3) * (2, 2, 1)
    crystal.rattle(0.05, seed=0)
    assert d3.evaluate([crystal]).stresses[0][2, 2] == pytest.approx(central_stress(d3, crystal, 2, 2), rel=1e-4)
    with pytest.raises(InputError, match="no parameters"):
        load_potential("d3", method="nothing")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atomistic.potentials.entry.find_spec", lambda name: None)
    with pytest.raises(MissingBackend, match=r"pip install 'multiscale-coupling\[d3\]'"):
        load_potential("d3")
