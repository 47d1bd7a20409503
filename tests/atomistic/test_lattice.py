"""Phonons and finite strain: closed forms, sound waves, Taylor slopes, frame indifference."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from scipy import constants
from scipy.spatial.transform import Rotation

from atomistic.potentials.serial import SerialPotential
from atomistic.properties.bulk import equation_of_state, equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.properties.finite_strain import cauchy_born, third_order_constants
from atomistic.properties.phonon import phonons
from coupling.contracts import Potential
from coupling.errors import InputError


@pytest.fixture(scope="module")
def copper(eam: Potential) -> Atoms:
    return equilibrium(eam, "Cu", "fcc", tolerance=1e2)


def test_nearest_neighbour_chain_of_fcc_has_its_textbook_top() -> None:
    """fcc, first neighbours alone at their minimum, force constant k: ω² = 8k/m at X."""
    epsilon, r = 0.4, 2.55
    pair = LennardJones(sigma=r / 2 ** (1 / 6), epsilon=epsilon, rc=1.2 * r)
    potential = SerialPotential("lj", frozenset({29}), 1.2 * r, "", pair)
    atoms = Atoms("Cu", cell=r / 2**0.5 * (np.ones((3, 3)) - np.eye(3)), pbc=True)
    found = phonons(potential, atoms, repeats=(4, 4, 4), displacement=1e-3)
    stiffness = 72 * epsilon / r**2 * constants.e / constants.angstrom**2
    omega = np.sqrt(8 * stiffness / (atoms.get_masses()[0] * constants.atomic_mass))
    assert found.largest.value == pytest.approx(omega / (2 * np.pi) / 1e12, rel=1e-4)
    assert found.safe_time_step == pytest.approx(2 * np.pi / omega / 20, rel=1e-4)
    assert np.abs(found.gamma).max() < 1e-2 * found.largest.value
    assert found.stable


def test_long_waves_travel_at_the_speed_of_sound(eam: Potential, copper: Atoms) -> None:
    """Along [100]: ρv² = C11 and C44; the chain's dispersion sin(x)/x is divided out."""
    a = 2**0.5 * np.linalg.norm(copper.cell[0])
    cube = equilibrium(eam, "Cu", "fcc", conventional=True, tolerance=1e2)
    n = 16
    found = phonons(eam, cube, repeats=(n, 1, 1), displacement=2e-3)
    modes = found.frequencies[1][:3] * 1e12
    q = 2 * np.pi / (n * a * 1e-10)
    density = 4 * cube.get_masses()[0] * constants.atomic_mass / (a * 1e-10) ** 3
    c11, _, c44 = elastic_constants(eam, copper).cubic
    expected = np.sqrt(np.array([c44, c44, c11]) / density) * q / (2 * np.pi)
    np.testing.assert_allclose(np.sort(modes), expected, rtol=0.02)


def test_unstable_crystal_says_so(eam: Potential) -> None:
    square = equilibrium(eam, "Cu", "sc", tolerance=1e3)
    found = phonons(eam, square, repeats=(2, 2, 2))
    assert not found.stable
    assert found.frequencies.min() < -0.1


def test_cauchy_born_stress_is_the_derivative_and_ignores_rotation(potential: Potential) -> None:
    crystal = equilibrium(potential, "Al" if 13 in potential.elements else "Cu", "fcc")
    rng = np.random.default_rng(3)
    base = np.eye(3) + 0.08 * rng.normal(size=(3, 3))
    direction = rng.normal(size=(3, 3))
    steps = np.array([4e-3, 2e-3, 1e-3])
    found = cauchy_born(potential, crystal, [base, *(base + h * direction for h in steps)])
    remainders = np.abs(found.energy_density[1:] - found.energy_density[0] - steps * np.vdot(found.piola[0], direction))
    assert np.polyfit(np.log(steps), np.log(remainders), 1)[0] == pytest.approx(2, abs=0.1)
    turn = Rotation.from_rotvec([0.2, 0.9, -0.4]).as_matrix()
    turned = cauchy_born(potential, crystal, [turn @ base])
    assert turned.energy_density[0] == pytest.approx(found.energy_density[0], rel=1e-6)
    np.testing.assert_allclose(turned.piola[0], turn @ found.piola[0], atol=1e-6 * np.abs(found.piola[0]).max())


def test_cauchy_born_relaxes_the_sublattice(sevennet: Potential) -> None:
    """Sheared silicon: the small-strain stress is the relaxed C44, not the clamped one."""
    crystal = equilibrium(sevennet, "Si", "diamond", tolerance=1e4)
    shear = np.eye(3)
    shear[1, 2] = 2e-3
    found = cauchy_born(sevennet, crystal, [shear], force=1e-5)
    c = elastic_constants(sevennet, crystal)
    assert found.cauchy[0][1, 2] / 2e-3 == pytest.approx(c.stiffness_voigt[3, 3], rel=0.01)


def test_third_order_constants_follow_from_the_equation_of_state(eam: Potential, copper: Atoms) -> None:
    """dK/dP = -(C111 + 6 C112 + 2 C123)/(9K) for a cubic crystal without stress (Birch 1947)."""
    found = third_order_constants(eam, copper)
    c = found.cubic
    eos = equation_of_state(eam, copper, volumetric_strain=0.01)
    slope = -(c["C111"] + 6 * c["C112"] + 2 * c["C123"]) / (9 * eos.bulk_modulus)
    assert slope == pytest.approx(eos.bulk_modulus_derivative, rel=0.01)
    assert found.asymmetry < 1e-3
    assert found.step_error < 0.05
    assert found.tensor_voigt[0, 3, 3] == pytest.approx(c["C144"], rel=1e-6)


def test_third_order_constants_predict_the_stiffness_of_a_sheared_crystal(eam: Potential, copper: Atoms) -> None:
    """C155: the second Piola stress S5 at η5 = h changes with η1 as C55 h + C155 h η1."""
    h, e = 4e-3, 4e-3
    eta = np.diag([e, 0, 0])
    stresses = []
    for sign in (1, -1):
        strain = sign * eta + h / 2 * np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]])
        values, modes = np.linalg.eigh(np.eye(3) + 2 * strain)
        gradient = modes @ np.diag(np.sqrt(values)) @ modes.T
        piola = cauchy_born(eam, copper, [gradient]).piola[0]
        stresses.append((np.linalg.inv(gradient) @ piola)[0, 2])
    c155 = third_order_constants(eam, copper).cubic["C155"]
    assert (stresses[0] - stresses[1]) / (2 * e * h) == pytest.approx(c155, rel=0.02)


def test_bad_input(eam: Potential, copper: Atoms) -> None:
    with pytest.raises(InputError, match="positive determinant"):
        cauchy_born(eam, copper, [-np.eye(3)])
    with pytest.raises(InputError, match="periodic in three"):
        phonons(eam, Atoms("Cu"))
    with pytest.raises(InputError, match="must both be positive"):
        phonons(eam, copper, displacement=0)
