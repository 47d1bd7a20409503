"""Batched relaxation: minima, constraints, cells, and failure that says so."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.constraints import FixAtoms
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from atomistic.properties.bulk import equilibrium
from atomistic.relax import Constraints, mean_separation, relax
from coupling.contracts import Potential
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3


def rattled(size: tuple[int, int, int] = (2, 2, 2), seed: int = 0) -> Atoms:
    atoms = bulk("Cu", a=3.7) * size
    atoms.positions += np.random.default_rng(seed).normal(scale=0.1, size=atoms.positions.shape)
    return atoms


def slab() -> Atoms:
    atoms = fcc111("Cu", (2, 1, 5), a=3.6, vacuum=6)
    atoms.positions += np.random.default_rng(7).normal(scale=0.08, size=atoms.positions.shape)
    return atoms


def test_agrees_with_ases_own_optimiser(potential: Potential) -> None:
    atoms, fixed = slab(), np.arange(10) < 2
    found = relax(potential, [atoms], Constraints(free=~fixed), force=1e-3)
    theirs = atoms.copy()
    theirs.set_constraint(FixAtoms(mask=fixed))
    theirs.calc = potential.as_ase()
    assert BFGS(theirs, logfile=None).run(fmax=1e-3, steps=200)
    assert found.energies[0] == pytest.approx(theirs.get_potential_energy(), abs=1e-4)
    np.testing.assert_array_equal(found.structures[0].positions[fixed], atoms.positions[fixed])
    assert found.forces[0] < 1e-3
    assert np.abs(potential.evaluate(found.structures).forces[0][~fixed]).max() < 1e-3


def test_full_cell_agrees_with_ases_filter_and_the_equilibrium(eam: Potential) -> None:
    atoms = rattled()
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + [[0.02, 0.03, 0], [0, -0.01, 0.02], [0, 0, 0.01]]), scale_atoms=True)
    found = relax(eam, [atoms], Constraints(cell="full"), force=1e-4, stress=1e5)
    theirs = atoms.copy()
    theirs.calc = eam.as_ase()
    assert BFGS(FrechetCellFilter(theirs), logfile=None).run(fmax=1e-4, steps=400)
    assert found.energies[0] == pytest.approx(theirs.get_potential_energy(), abs=1e-6)
    perfect = equilibrium(eam, "Cu", "fcc", tolerance=1e3)
    assert found.structures[0].get_volume() == pytest.approx(8 * perfect.get_volume(), rel=1e-5)
    assert np.abs(eam.evaluate(found.structures).stresses[0]).max() * EV_A3 < 1e5


def test_height_alone_moves(eam: Potential) -> None:
    atoms = bulk("Cu", a=3.7, cubic=True)
    atoms.set_cell(atoms.cell.array + [[0, 0, 0], [0, 0, 0], [0.3, -0.2, 0.4]], scale_atoms=True)
    found = relax(eam, [atoms], Constraints(cell="height"), force=1e-3, stress=1e6)
    cell = found.structures[0].cell.array
    np.testing.assert_allclose(cell[:2], atoms.cell.array[:2], atol=1e-12)
    np.testing.assert_allclose(cell[2, :2], atoms.cell.array[2, :2], atol=1e-12)
    assert abs(cell[2, 2] - atoms.cell[2, 2]) > 0.1
    stress = eam.evaluate(found.structures).stresses[0] * EV_A3
    assert abs(stress[2, 2]) < 1e6 < abs(stress[0, 0])


def test_combination_is_kept_and_costs_its_force(eam: Potential) -> None:
    """With the gap held, dE/dgap equals the multiplier: the energy's slope between two gaps."""
    atoms = slab()
    upper = atoms.positions[:, 2] > atoms.positions[:, 2].mean()
    combination = mean_separation(upper)
    pulled = []
    for shift in (0.199, 0.2, 0.201):
        copy = atoms.copy()
        copy.positions[upper, 2] += shift
        pulled.append(copy)
    found = relax(eam, pulled, Constraints(combinations=combination), force=1e-5)
    for start, end in zip(pulled, found.structures, strict=True):
        kept = np.vdot(combination[0], start.positions)
        assert np.vdot(combination[0], end.positions) == pytest.approx(kept, abs=1e-9)
    forces = eam.evaluate([found.structures[1]]).forces[0]
    slope = (found.energies[2] - found.energies[0]) / 0.002
    assert abs(slope) > 0.1
    assert slope == pytest.approx(-(forces[upper, 2].sum() - forces[~upper, 2].sum()) / 2, rel=1e-3)


def test_batch_equals_single_and_inputs_stay(eam: Potential) -> None:
    atoms = [rattled(seed=k) for k in range(3)] + [slab()]
    before = [one.positions.copy() for one in atoms]
    together = relax(eam, atoms)
    for k, one in enumerate(atoms):
        np.testing.assert_allclose(together.energies[k], relax(eam, [one]).energies[0], atol=1e-9)
        np.testing.assert_array_equal(one.positions, before[k])
    assert together.cost.structures == together.steps.sum()


def test_no_convergence_names_the_worst(eam: Potential) -> None:
    with pytest.raises(NotConverged, match=r"1 of 2 structures .* the worst is number 1 \(Cu8\)"):
        relax(eam, [bulk("Cu", a=3.6), rattled()], steps=3)


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (Constraints(cell="heigth"), "Did you mean 'height'"),
        (Constraints(free=np.ones(3, bool)), "does not fit 8 atoms"),
        (Constraints(combinations=np.ones((1, 4, 3))), "do not fit 8 atoms"),
        (Constraints(combinations=np.ones((1, 8, 3)), cell="full"), "cell='fixed' alone"),
        ([Constraints()] * 2, "2 constraints for 1 structures"),
    ],
)
def test_bad_constraints(eam: Potential, constraints: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        relax(eam, [rattled()], constraints)
    assert message in str(caught.value)


def test_bad_separation_and_empty_list(eam: Potential) -> None:
    with pytest.raises(InputError, match="both sides"):
        mean_separation(np.ones(4, bool))
    with pytest.raises(InputError, match="list of structures is empty"):
        relax(eam, [])


def test_fixed_atoms_follow_a_moving_cell(eam: Potential) -> None:
    atoms = rattled()
    found = relax(eam, [atoms], Constraints(free=np.arange(8) > 2, cell="full"), force=1e-3, stress=1e6)
    before, after = (one.get_scaled_positions(wrap=False)[:3] for one in (atoms, found.structures[0]))
    np.testing.assert_allclose(after, before, atol=1e-9)
    assert abs(found.structures[0].get_volume() / atoms.get_volume() - 1) > 0.01


def test_a_free_third_vector_leaves_no_traction_across_its_planes(eam: Potential) -> None:
    atoms = rattled((1, 1, 3))
    atoms.set_cell(
        atoms.cell.array @ (np.eye(3) + [[0.01, 0.0, 0], [0, -0.01, 0.0], [0.03, 0.02, 0.02]]), scale_atoms=True
    )
    atoms.rotate(atoms.cell[0], "x", rotate_cell=True)
    normal = np.cross(*atoms.cell.array[:2])
    atoms.rotate(normal, "z", rotate_cell=True)
    found = relax(eam, [atoms], Constraints(cell="vector"), force=1e-3, stress=1e5)
    stress = eam.evaluate(found.structures).stresses[0] * EV_A3
    assert np.abs(stress[:, 2]).max() < 1e5 < np.abs(stress[:2, :2]).max()
    np.testing.assert_allclose(found.structures[0].cell.array[:2], atoms.cell.array[:2], atol=1e-12)


def test_an_inversion_is_kept_and_what_does_not_converge_may_be_kept_too(eam: Potential) -> None:
    atoms = bulk("Cu", a=3.7) * (2, 2, 2)
    moved = np.random.default_rng(3).normal(scale=0.1, size=(8, 3))
    inverted = np.array([0, 1, 2, 3, 4, 5, 6, 7])  # each site of a doubled cell is its own image
    first = relax(eam, [atoms.copy()], Constraints(inverted=inverted), force=1e-6)
    assert first.steps[0] == 1  # forces that are their own opposites are none
    atoms.positions += moved
    short = relax(eam, [atoms], force=1e-9, steps=3, all_must=False)
    assert short.steps[0] == 3 and short.forces[0] > 1e-9
    again = eam.evaluate(short.structures)
    assert again.energies[0] == pytest.approx(short.energies[0], abs=1e-12)
    with pytest.raises(NotConverged, match="did not relax in 3 steps"):
        relax(eam, [atoms], force=1e-9, steps=3)
