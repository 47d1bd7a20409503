"""The embedded potential and mixed forces with ASE's own potentials; xTB and PySCF where installed."""

from importlib.util import find_spec

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.md.velocitydistribution import Stationary, thermalize_momenta

from atomistic import load_potential
from atomistic.embedding.bonding import termination
from atomistic.embedding.buffer import buffer_table, cluster_forces
from atomistic.embedding.dynamics import energy_dynamics, mixed_dynamics
from atomistic.embedding.model import calculator, embed
from atomistic.embedding.rules import Defects, Near, Selector, Sphere, Uncertain, centrosymmetry
from coupling.contracts import Capabilities, Cost, Potential
from coupling.embedding.charges import PointCharges, coulomb
from coupling.embedding.mixing import ForceMixing
from coupling.embedding.subtractive import Embedded
from coupling.errors import InputError, NotConverged

BARE = termination("bare")


@pytest.fixture(scope="module")
def lj() -> Potential:
    return load_potential("ase.calculators.lj:LennardJones", sigma=2.3, epsilon=0.4, rc=4.0, smooth=True)


def copper(repeats: int = 3, rattle: float = 0.05) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (repeats, repeats, repeats)
    atoms.rattle(rattle, seed=1)
    return atoms


def butane() -> Atoms:
    atoms = molecule("trans-butane")
    atoms.rattle(0.03, seed=2)
    return atoms


def slope(model: Potential, atoms: Atoms) -> float:
    direction = np.random.default_rng(0).normal(size=atoms.positions.shape)
    steps = np.array([8e-3, 4e-3, 2e-3])
    moved = [atoms.copy() for _ in range(4)]
    for copy, h in zip(moved[1:], steps, strict=True):
        copy.positions += h * direction
    found = model.evaluate(moved)
    rest = np.abs(found.energies[1:] - found.energies[0] + steps * np.vdot(found.forces[0], direction))
    return float(np.polyfit(np.log(steps), np.log(rest), 1)[0])


@pytest.mark.parametrize("rules", [{"a": Near([0])}, {"a": Near([0]), "b": Near([52])}, {"a": Sphere((1, 2, 3), 3.0)}])
@pytest.mark.parametrize("buffer", [0.0, 2.8])
def test_one_model_in_itself_is_that_model(emt, rules, buffer):
    atoms = copper()
    plain, found = emt.evaluate([atoms]), embed(emt, emt, rules, buffer=buffer).evaluate([atoms])
    np.testing.assert_allclose(found.energies, plain.energies, atol=1e-10)
    np.testing.assert_allclose(found.forces[0], plain.forces[0], atol=1e-10)
    np.testing.assert_allclose(found.stresses, plain.stresses, atol=1e-12)
    mixed = ForceMixing(emt, emt, BARE).evaluate(atoms, Selector(rules, buffer)(atoms))
    np.testing.assert_allclose(mixed.forces, plain.forces[0], atol=1e-10)


def test_a_region_of_the_whole_cell_is_the_accurate_model(emt, lj):
    atoms = copper(2)
    for model in (embed(emt, lj, {"all": Near(range(32))}), embed(emt, lj, {"a": Near([0])}, buffer=9.0)):
        found, accurate = model.evaluate([atoms]), lj.evaluate([atoms])
        np.testing.assert_allclose(found.energies, accurate.energies, atol=1e-10)
        np.testing.assert_allclose(found.forces[0], accurate.forces[0], atol=1e-10)
        np.testing.assert_allclose(found.stresses, accurate.stresses, atol=1e-11)


def test_forces_and_stress_are_the_energy_s_derivatives_and_the_ledger_adds_up(emt, lj):
    atoms = copper()
    model = embed(emt, lj, {"a": Near([0], 2.7), "b": Near([52])})
    assert slope(model, atoms) == pytest.approx(2, abs=0.1)
    found, value = model.evaluate([atoms]), model.ledger(atoms)
    assert value.energy == pytest.approx(sum(row.energy for row in value.rows), abs=1e-10)
    assert value.energy == pytest.approx(found.energies[0], abs=1e-10)
    np.testing.assert_allclose(value.forces, found.forces[0], atol=1e-12)
    strain = np.random.default_rng(3).normal(size=(3, 3))
    strain = (strain + strain.T) / 2
    energies = []
    for h in (1e-5, -1e-5):
        bent = atoms.copy()
        bent.set_cell(atoms.cell.array @ (np.eye(3) + h * strain), scale_atoms=True)
        energies.append(model.evaluate([bent]).energies[0])
    work = np.vdot(found.stresses[0], strain) * atoms.get_volume()
    assert (energies[0] - energies[1]) / 2e-5 == pytest.approx(work, rel=1e-5)


def test_through_link_atoms_forces_are_the_energy_s_derivatives(emt, lj):
    atoms = butane()
    model = embed(emt, lj, {"end": Near([0])}, ends="hydrogen")
    (cluster,) = model.regions(atoms)[1]
    assert cluster.links == 1
    assert sorted(atoms.numbers[cluster.atoms].tolist()) == [1, 1, 1, 6]
    assert slope(model, atoms) == pytest.approx(2, abs=0.1)
    found = model.evaluate([atoms])
    np.testing.assert_allclose(found.forces[0].sum(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(np.cross(atoms.positions, found.forces[0]).sum(axis=0), 0, atol=1e-9)
    same = embed(emt, emt, {"end": Near([0])}, ends="hydrogen").evaluate([atoms])
    np.testing.assert_allclose(same.forces[0], emt.evaluate([atoms]).forces[0], atol=1e-10)


class InCharges:
    """The cheap model with the classical interaction: what electrostatic embedding must cancel exactly."""

    def __init__(self, potential: Potential, charges: PointCharges) -> None:
        self.potential, self.charges = potential, charges
        for fact in ("name", "elements", "cutoff", "fingerprint"):
            setattr(self, fact, getattr(potential, fact))
        self.capabilities = Capabilities(point_charges=True)

    def evaluate_in_charges(self, structure, charges, places):
        found = self.potential.evaluate([structure])
        own = self.charges.of(structure)
        own[len(own) - self.links :] = 0.0
        energy, on_own, on_others = coulomb(own, structure.positions, charges, places)
        return found.energies[0] + energy, found.forces[0] + on_own, on_others, Cost()


def test_point_charges_cancel_where_both_models_see_them_alike(emt):
    atoms, charges = butane(), PointCharges({6: -0.2, 1: 0.08})
    high = InCharges(emt, charges)
    model = Embedded(emt, high, Selector({"end": Near([0])}), termination("hydrogen"), charges)
    high.links = model.regions(atoms)[1][0].links
    found = model.evaluate([atoms])
    np.testing.assert_allclose(found.forces[0], emt.evaluate([atoms]).forces[0], atol=1e-10)
    assert found.energies[0] == pytest.approx(emt.evaluate([atoms]).energies[0], abs=1e-10)


def test_mixed_forces_conserve_momentum_and_are_exact_beyond_twice_the_range(emt, lj):
    atoms = copper(4)
    region = Selector({"a": Near([0])}, 2.8)(atoms)
    for kind in ("difference", "abrupt"):
        mixed = ForceMixing(lj, emt, BARE, kind).evaluate(atoms, region)
        np.testing.assert_allclose(mixed.forces.sum(axis=0), 0, atol=1e-10)
        assert np.linalg.norm(mixed.correction) > 1e-4
    table = buffer_table(emt, lj, atoms, [0], [0.0, 2.8, 4.5], BARE)
    assert table.abrupt[-1] < 1e-10 < table.abrupt[0]
    assert table.difference[1] > 1e-3
    with pytest.raises(InputError, match="Unknown kind of force mixing 'sharp'"):
        ForceMixing(lj, emt, BARE, "sharp")


def test_the_buffer_for_a_wanted_error_is_found(emt, lj):
    table = buffer_table(lj, emt, copper(4), [0], [0.0, 3.0, 5.0, 7.0], BARE)
    needed = table.buffer_for(0.01)
    k = table.radius.tolist().index(needed)
    assert (table.difference[k:] <= 0.01).all()
    assert table.difference[k - 1] > 0.01
    assert 0.2 < table.decay_length() < 2.0
    with pytest.raises(NotConverged, match="7 Å still errs"):
        table.buffer_for(1e-14)
    with pytest.raises(InputError, match="must rise"):
        buffer_table(lj, emt, copper(2), [0], [3.0, 2.0], BARE)


def test_the_reference_of_a_large_cluster_is_the_embedded_force_and_where_it_is_all_the_accurate_one(emt, lj):
    atoms, core = copper(), np.array([0, 5])
    found = cluster_forces(emt, lj, atoms, core, 2.8, BARE)
    embedded = embed(emt, lj, {"core": Near(core)}, buffer=2.8).evaluate([atoms])
    np.testing.assert_allclose(found[core], embedded.forces[0][core], atol=1e-12)
    assert not np.delete(found, core, axis=0).any()
    whole = cluster_forces(emt, lj, copper(2), core, 9.0, BARE)
    np.testing.assert_allclose(whole[core], lj.evaluate([copper(2)]).forces[0][core], atol=1e-10)


def test_the_clusters_of_the_first_structure_hold_until_forgotten(emt, lj):
    atoms = copper()
    model = embed(emt, lj, {"a": Sphere(tuple(atoms.positions[0]), 3.0)})
    first = model.regions(atoms)[1][0].atoms
    moved = atoms.copy()
    moved.positions += 1.8
    assert np.array_equal(model.regions(moved)[1][0].atoms, first)
    model.forget()
    assert not np.array_equal(model.regions(moved)[1][0].atoms, first)


def test_as_an_ase_calculator_and_a_potential(emt, lj):
    atoms = copper(2)
    model = embed(emt, lj, {"a": Near([0], 2.7)})
    assert isinstance(model, Potential)
    atoms.calc = calculator(model)
    found = model.evaluate([atoms])
    np.testing.assert_allclose(atoms.get_forces(), found.forces[0], atol=1e-12)
    np.testing.assert_allclose(atoms.get_stress(voigt=False), found.stresses[0], atol=1e-12)
    other = embed(emt, lj, {"a": Near([0], 2.8)})
    assert model.fingerprint != other.fingerprint
    with pytest.raises(InputError, match="no site energies"):
        model.evaluate([atoms], site_energies=True)


def hot(repeats: int = 3) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (repeats, repeats, repeats)
    thermalize_momenta(atoms, 1200, rng=np.random.default_rng(0))
    Stationary(atoms)
    return atoms


def test_dynamics_book_what_changes_of_region_and_mixing_put_in(emt, lj):
    atoms = hot()
    sphere = {"a": Sphere((0.0, 0.0, 0.0), 2.6)}
    kept = {"a": Sphere((0.0, 0.0, 0.0), 2.6, 3.4)}
    how = {"steps": 40, "timestep": 3.0}
    flicker = energy_dynamics(embed(emt, lj, sphere), atoms, selector=Selector(sphere, remember=True), **how)
    calm = energy_dynamics(embed(emt, lj, kept), atoms, selector=Selector(kept, remember=True), **how)
    assert flicker.switches > 3 * max(calm.switches, 1)
    assert np.ptp(flicker.conserved) < 0.02 * np.ptp(flicker.kinetic + flicker.potential)
    mixed = mixed_dynamics(ForceMixing(emt, lj, BARE), atoms, Selector(kept, 2.8, remember=True), **how)
    assert abs(mixed.injected[-1]) > 0.01
    assert np.ptp(mixed.conserved) < 0.2 * np.ptp(mixed.kinetic + mixed.potential)
    assert mixed.temperature[-1] == pytest.approx(mixed.atoms.get_temperature(), rel=1e-12)
    momentum = mixed.atoms.get_momenta().sum(axis=0)
    np.testing.assert_allclose(momentum, atoms.get_momenta().sum(axis=0), atol=1e-9)


def test_the_error_of_the_energy_falls_with_the_square_of_the_timestep(emt, lj):
    model = embed(emt, lj, {"a": Near([0], 2.7)})
    errors = [np.ptp(energy_dynamics(model, hot(), steps=round(72 / dt), timestep=dt).conserved) for dt in (6.0, 3.0)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.4)
    with pytest.raises(InputError, match="not enough for dynamics"):
        energy_dynamics(model, hot(), steps=1)


def test_rules_find_vacancies_surfaces_and_doubt():
    vacancy = bulk("Cu", cubic=True) * (4, 4, 4)
    del vacancy[100]
    by_bonds = Defects(0.0).defects(vacancy)
    by_symmetry = Defects(0.0, by="centrosymmetry", threshold=5.0).defects(vacancy)
    assert len(by_bonds) == 12
    assert np.array_equal(by_bonds, by_symmetry)
    assert (centrosymmetry(bulk("Cu", cubic=True) * (3, 3, 3), 12) < 1e-20).all()
    doubt = np.zeros(255)
    doubt[[7, 200]] = 0.4, 0.2
    assert Selector({"a": Uncertain(doubt, 0.1)})(vacancy)[0].atoms.tolist() == [7, 200]
    assert Selector({"a": Uncertain(lambda atoms: doubt, 0.3)})(vacancy)[0].atoms.tolist() == [7]
    parts = Selector({"a": Uncertain(doubt, 0.1)}, split=0.5)(vacancy)
    assert [part.name for part in parts] == ["a 1", "a 2"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sphere((0, 0, 0), -1.0), "not a distance"),
        (lambda: Near([0], 3.0, 2.0), "outer radius"),
        (lambda: Defects(1.0, by="colour"), "Unknown measure of defects 'colour'"),
        (lambda: Uncertain([1.0], 0.1, 0.2), "would release"),
        (lambda: Selector({}), "No region is given"),
        (lambda: Selector({"a": Sphere((0, 0, 0), 0.0)})(copper()), "has no atoms"),
        (lambda: Selector({"a": Near([999])})(copper()), "names atom 999"),
        (lambda: Selector({"a": Uncertain([1.0], 0.1)})(copper()), "one number for each"),
        (lambda: centrosymmetry(copper(), 11), "even number"),
        (lambda: termination("helium"), "Unknown termination 'helium'"),
    ],
)
def test_rules_that_mean_nothing_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_models_that_do_not_fit_are_refused(emt, lj):
    with pytest.raises(InputError, match="takes no point charges"):
        embed(emt, lj, {"a": Near([0])}, charges={"O": -0.8})
    with pytest.raises(InputError, match="'Xy', which is not a chemical symbol"):
        embed(emt, lj, {"a": Near([0])}, charges={"Xy": -0.8})
    silver_in_iron = Atoms("FeAg", [[0, 0, 0], [2.5, 0, 0]])
    with pytest.raises(InputError, match="lacks Fe"):
        embed(emt, lj, {"a": Near([1])}).evaluate([silver_in_iron])


@pytest.mark.skipif(find_spec("tblite") is None, reason="tblite is not installed")
def test_xtb_through_link_atoms(emt):
    from atomistic.embedding.quantum import QuantumPotential

    atoms, high = butane(), QuantumPotential("gfn1-xtb", accuracy=0.01)
    assert slope(embed(emt, high, {"end": Near([0])}, ends="hydrogen"), atoms) == pytest.approx(2, abs=0.1)
    with pytest.raises(InputError, match=r"gfn1-xtb.*takes no point charges; use pyscf"):
        embed(emt, high, {"end": Near([0])}, charges={"C": -0.1})
    high.close()


@pytest.mark.skipif(find_spec("pyscf") is None, reason="pyscf is not installed")
def test_pyscf_among_point_charges(emt):
    from atomistic.embedding.quantum import QuantumPotential

    high = QuantumPotential("pyscf", xc="hf", basis="sto-3g")
    pair = molecule("H2O") + molecule("H2O")
    pair.positions[3:] += [0.5, 2.9, 0.3]
    charges = {"O": -0.8, "H": 0.4}
    assert slope(embed(emt, high, {"one": Near([0, 1, 2])}, charges=charges), pair) == pytest.approx(2, abs=0.1)
    plain = embed(emt, high, {"one": Near([0, 1, 2])}).evaluate([pair]).energies[0]
    shown = embed(emt, high, {"one": Near([0, 1, 2])}, charges=charges).evaluate([pair]).energies[0]
    assert 1e-4 < abs(plain - shown) < 0.5
    high.close()
