"""K of lines in a slip plane, and the γ-surface in the dislocation's frame."""

import numpy as np
import pytest

from atomistic.dislocation import oriented, slip_system
from atomistic.dislocation.slip_plane import CHARACTERS, line_prefactors, plane_prefactor, slip_plane_energies
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.properties.fault import fcc_stacking_fault
from coupling.units import EV_A2, EV_A3
from coupling.upscale.line import isotropic_prefactor
from tests.atomistic.test_dislocation import CELLS, CU, cubic, isotropic


@pytest.mark.parametrize("name", ["edge", "screw", "60"])
def test_prefactors_of_an_isotropic_medium_are_the_closed_form(name):
    mu, nu = 0.3, 0.25
    crystal = oriented(CELLS["fcc"], isotropic(mu, nu), slip_system("fcc", name))
    angles = np.arange(CHARACTERS) * np.pi / CHARACTERS
    found = line_prefactors(isotropic(mu, nu), crystal)
    np.testing.assert_allclose(found, isotropic_prefactor(angles, mu, nu), rtol=1e-5)
    in_plane = plane_prefactor(crystal.stroh.energy_tensor)
    np.testing.assert_allclose(in_plane, np.diag([mu / (1 - nu), mu]), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("name", "angle"), [("screw", 0.0), ("60", np.pi / 3), ("edge", np.pi / 2)])
def test_the_line_s_own_character_is_among_them(name, angle):
    """Of an anisotropic crystal, K along b is the same from the dislocation's frame and from the plane's."""
    crystal = oriented(CELLS["fcc"], cubic(*CU), slip_system("fcc", name))
    along = crystal.burgers[[0, 2]] / np.linalg.norm(crystal.burgers)
    found = line_prefactors(cubic(*CU), crystal)
    expected = along @ plane_prefactor(crystal.stroh.energy_tensor) @ along
    places = [round(angle * CHARACTERS / np.pi), round((np.pi - angle) * CHARACTERS / np.pi) % CHARACTERS]
    assert np.abs(found[places] / expected - 1).min() < 1e-9


def test_the_gamma_surface_holds_the_stacking_fault_where_the_partials_leave_it(emt):
    bulk = equilibrium(emt, "Cu", "fcc")
    stiffness = elastic_constants(emt, bulk).stiffness_voigt / EV_A3
    crystal = oriented(bulk, stiffness, slip_system("fcc", "edge"))
    periods, energy = slip_plane_energies(emt, bulk, crystal, 3)
    assert energy[0, 0] == pytest.approx(0, abs=1e-9)
    thirds = (
        3 * crystal.partials[1][[0, 2]] @ np.linalg.inv(periods)
    )  # between the two, the right one has still to slip
    np.testing.assert_allclose(thirds, np.round(thirds), atol=1e-6)
    fault = energy[tuple(np.round(thirds).astype(int) % 3)]
    assert fault * EV_A2 == pytest.approx(fcc_stacking_fault(emt, bulk).intrinsic.value, rel=1e-5)
