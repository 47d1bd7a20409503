"""Surfaces, faults, vacancies: against cells built by hand and relaxed by ASE."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc100, fcc111
from ase.optimize import BFGS

from atomistic import load_potential
from atomistic.decohesion.slab import cleavage_slab
from atomistic.properties.bulk import equilibrium
from atomistic.properties.fault import fcc_stacking_fault, gamma_surface
from atomistic.properties.surface import surface_energies
from atomistic.properties.vacancy import vacancy_formation
from coupling.contracts import Potential
from coupling.errors import InputError
from coupling.units import EV_A2


@pytest.fixture(scope="module")
def copper(eam: Potential) -> Atoms:
    return equilibrium(eam, "Cu", "fcc", tolerance=1e3)


def test_surfaces_equal_ases_slabs(eam: Potential, copper: Atoms) -> None:
    a = 2**0.5 * np.linalg.norm(copper.cell[0])
    planes = [(1, 1, 1), (1, 0, 0)]
    found = surface_energies(eam, copper, planes, conventional=np.eye(3) * a, force=1e-3)
    each = eam.evaluate([copper]).energies[0]
    for one, build in zip(found, (fcc111, fcc100), strict=True):
        slab = build("Cu", (1, 1, one.planes[1]), a=a, vacuum=8)
        area = np.linalg.norm(np.cross(slab.cell[0], slab.cell[1]))
        slab.calc = eam.as_ase()
        rigid = (slab.get_potential_energy() - len(slab) * each) / (2 * area) * EV_A2
        assert one.rigid.value == pytest.approx(rigid, abs=1e-9)
        assert BFGS(slab, logfile=None).run(fmax=1e-3)
        relaxed = (slab.get_potential_energy() - len(slab) * each) / (2 * area) * EV_A2
        assert one.relaxed.value == pytest.approx(relaxed, abs=1e-5)
        assert one.relaxed.value < one.rigid.value
        assert one.relaxed.error < 0.02 * one.relaxed.value
    assert found[0].rigid.value < found[1].rigid.value


def stacked(layers: str, a: float) -> Atoms:
    """Close-packed layers by their letters, the cell upright."""
    d, h = a / 2**0.5, a / 3**0.5
    place = {letter: np.array([0, k * a / 6**0.5, 0]) for k, letter in enumerate("ABC")}
    positions = [place[letter] + [0, 0, k * h] for k, letter in enumerate(layers)]
    cell = [[d, 0, 0], [d / 2, d * 0.75**0.5, 0], [0, 0, h * len(layers)]]
    return Atoms(f"Cu{len(layers)}", positions, cell=cell, pbc=True)


def test_intrinsic_fault_equals_one_missing_layer(eam: Potential, copper: Atoms) -> None:
    """ABCABCABC AB: 11 layers with a missing C, upright cell, rigid; against the tilted cell, rigid."""
    a = 2**0.5 * np.linalg.norm(copper.cell[0])
    area = a**2 * 3**0.5 / 4
    by_hand = eam.evaluate([stacked("ABCABCABCAB", a), copper]).energies
    rigid = (by_hand[0] - 11 * by_hand[1]) / area * EV_A2
    found = fcc_stacking_fault(eam, copper)
    assert rigid != 0
    assert found.intrinsic.value == pytest.approx(rigid, rel=0.05)
    assert found.intrinsic.value <= rigid + 1e-12  # rounding of equal energies
    assert found.unstable.value > 3 * abs(found.intrinsic.value)


def test_gamma_surface_has_the_lattices_period(eam: Potential, copper: Atoms) -> None:
    slab = cleavage_slab(copper, (1, 1, 1), 6, conventional=copper.cell.array)
    period = slab.atoms.cell.array[:2, :2]
    found = gamma_surface(eam, slab, [period[0], 0.3 * period[0], period[0] * 1.3 - period[1]])
    assert found.energies[0] == pytest.approx(0, abs=1e-9)
    assert found.energies[1] > 0.05
    assert found.energies[2] == pytest.approx(found.energies[1], rel=1e-3)
    assert found.expansion[1] > 0


def test_vacancy_equals_ases_relaxation(eam: Potential) -> None:
    cube = equilibrium(eam, "Cu", "fcc", conventional=True, tolerance=1e3)
    found = vacancy_formation(eam, cube, force=1e-3)
    theirs = (cube * (3, 3, 3))[1:]
    theirs.calc = eam.as_ase()
    bulk_energy = eam.evaluate([cube]).energies[0] / 4
    assert found.unrelaxed == pytest.approx(theirs.get_potential_energy() - 107 * bulk_energy, abs=1e-9)
    assert BFGS(theirs, logfile=None).run(fmax=1e-3)
    assert found.formation.value == pytest.approx(theirs.get_potential_energy() - 107 * bulk_energy, abs=1e-4)
    assert found.atoms == (32, 108)
    assert found.formation.error < 0.1


def test_bad_input(eam: Potential, copper: Atoms) -> None:
    with pytest.raises(InputError, match="multiple of 3"):
        fcc_stacking_fault(eam, copper, layers=10)
    with pytest.raises(InputError, match="not an element's fcc"):
        fcc_stacking_fault(eam, bulk("Cu", "bcc", a=2.9))
    with pytest.raises(InputError, match="no plane"):
        surface_energies(eam, copper, [])
    with pytest.raises(InputError, match="do not grow"):
        vacancy_formation(eam, copper, repeats=(3, 3))
    with pytest.raises(InputError, match="several elements"):
        vacancy_formation(load_potential("emt"), bulk("NiAl", "cesiumchloride", a=2.9))
