"""An indenter on a free surface: Hertz' contact, the indenter's energy, atoms and continuum beneath it."""

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.dislocation.stroh import Stroh
from atomistic.properties.bulk import equilibrium
from coupling.errors import InputError
from multiscale.concurrent.compare import Case, compare, taylor_slope
from multiscale.concurrent.defects import point_defect
from multiscale.concurrent.far_field import stiffness_voigt
from multiscale.concurrent.indent import Indenter, indentation, indentation_force, pressure
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.region import ALL, BlendingRegion
from multiscale.concurrent.solution import solve
from tests.atomistic.conftest import write_eam_alloy


@pytest.fixture(scope="module")
def copper(tmp_path_factory):
    potential = load_potential(str(write_eam_alloy(tmp_path_factory.mktemp("eam") / "Cu_model.eam.alloy")))
    return potential, equilibrium(potential, "Cu", "fcc", tolerance=100.0)


def pressed(copper, level=4, **changes):
    given = {"plane": [0, 0, 1], "line": [1, -1, 0], "radius": 100.0, "depth": 0.4} | changes
    return indentation(*copper, (2, 2) if given["line"] else (2, 2, 2), level, **given)


def test_the_indenter_s_forces_are_its_energy_s_gradient():
    indenter, rng = Indenter(np.array([0.0, 1.0, 4.0]), 5.0, 3.0), np.random.default_rng(0)
    positions, h = rng.normal(size=(20, 3)), 1e-5
    energy, push = indenter.evaluate(positions)
    assert (energy > 0).any() and (energy == 0).any()
    for axis, unit in enumerate(np.eye(3)):
        slope = (indenter.evaluate(positions + h * unit)[0] - indenter.evaluate(positions - h * unit)[0]) / (2 * h)
        np.testing.assert_allclose(push[:, axis], -slope, atol=1e-7)


def test_contact_of_a_cylinder_is_hertz_s_and_coupled_methods_find_it(copper):
    """p ∝ √(a² − x²) with a² = 4PR / πE*, so that ∫ p x² = P a² / 4; E* = 2 / (L⁻¹)_yy."""
    problem, region = pressed(copper), BlendingRegion(5.0, 3.0, buffer=0.5)
    atoms, rows = compare(problem, [Case("bqcf", region), Case("bgfc", region)], tolerance=1e-4)
    force, (x, push) = indentation_force(atoms[-1]), pressure(atoms[-1])
    modulus = 2 / np.linalg.inv(Stroh(stiffness_voigt(problem.law)).energy_tensor)[1, 1]
    wanted = np.sqrt(4 * force * problem.indenter.radius / (np.pi * modulus))
    assert 2 * np.sqrt((push @ x[:, 0] ** 2) / push.sum()) == pytest.approx(wanted, rel=0.02)
    assert len(x) >= 5
    for row in rows:
        assert indentation_force(row.solution) == pytest.approx(force, rel=5e-3)
        assert row.unknowns_fraction < 0.85 and row.ghost_force < 1e-8
        np.testing.assert_allclose(row.solution.method.ledger().count, 1.0, atol=1e-12)


def test_a_sphere_needs_more_force_the_deeper_it_is_and_feels_it_at_its_axis(copper):
    found = None
    forces = []
    for depth in (0.2, 0.5):
        problem = pressed(copper, level=2, line=None, radius=30.0, depth=depth, stiffness=10.0)
        found = solve(discretise("atomistic", problem, ALL), tolerance=1e-3, start=found)
        forces.append(indentation_force(found))
    x, push = pressure(found)
    assert forces[1] > 1.5 * forces[0] > 0
    middle = push @ x / push.sum()
    assert middle[0] == pytest.approx(middle[1], abs=1e-4)  # the box has this mirror
    assert np.abs(middle).max() < 0.05 * problem.lattice.bond
    assert found.unknowns == 3 * problem.atoms < 3 * 15**3


def test_energies_differentiate_and_senseless_indenters_are_refused(copper):
    for name in ("atomistic", "bqce", "bgfc"):
        assert taylor_slope(
            pressed(copper, level=3, depth=1.0), Case(name, BlendingRegion(2.5, 1.5, buffer=0.5))
        ) == pytest.approx(2.0, abs=0.05)
    with pytest.raises(InputError, match="below the radius"):
        pressed(copper, depth=200.0)
    with pytest.raises(InputError, match="does not lie in the surface"):
        pressed(copper, plane=[1, 0, 0])
    with pytest.raises(InputError, match="no free surfaces"):
        discretise("cauchy_born", pressed(copper), BlendingRegion(3.0, 3.0))
    plain = point_defect(*copper, (2, 2), 3, line=[1, -1, 0])
    with pytest.raises(InputError, match="with an indenter"):
        pressure(solve(discretise("atomistic", plain, BlendingRegion(2.0, 0.0)), tolerance=1e-2))
