"""Friction of an interface whose law has a closed form."""

import numpy as np
import pytest

from coupling.contracts import LawValue
from coupling.errors import InputError
from coupling.upscale.friction import interface_friction, interface_prefactor, slip_enthalpy

STIFFNESS, WAVE, LIFT, HEIGHT = 2e20, 0.25e-9, 0.02e-9, 0.1  # Pa/m, m, m, J/m²


class Corrugated:
    """ψ = ½ k (δ − l(s))² + γ(s), with l and γ ∝ sin²(πs/b): γ(s; p) = γ(s) + p l(s)."""

    def evaluate(self, jump):
        share = np.sin(np.pi * jump[:, 1] / WAVE) ** 2
        energy = 0.5 * STIFFNESS * (jump[:, 0] - LIFT * share) ** 2 + HEIGHT * share
        return LawValue(energy, np.zeros_like(jump), np.zeros((len(jump), 3, 3)))


def friction(**changes):
    arguments = {"prefactor": 40e9, "spacing": 0.25e-9, "pressures": np.array([0.0, 1e9, 2e9])} | changes
    return interface_friction(Corrugated(), np.array([1.0, 0.0]), WAVE, **arguments)


def test_the_enthalpy_under_pressure():
    slip = np.array([[0.1 * WAVE, 0.0], [0.5 * WAVE, 0.0]])
    share = np.sin(np.pi * slip[:, 0] / WAVE) ** 2
    found = slip_enthalpy(Corrugated(), slip, 1e9, -0.05e-9, 0.1e-9)
    assert found == pytest.approx((HEIGHT + 1e9 * LIFT) * share, rel=1e-6)


def test_rigid_faces_have_the_coefficient_of_their_climb():
    """τ = π(γ + p l)/b: the coefficient is the steepest climb πl/b."""
    found = friction()
    assert found.of_rigid_faces.coefficient == pytest.approx(np.pi * LIFT / WAVE, rel=1e-5)
    assert found.of_rigid_faces.adhesion == pytest.approx(np.pi * HEIGHT / WAVE, rel=1e-5)
    assert found.of_rigid_faces.residual < 1e-4 * found.ideal[0]
    assert np.all(found.pinned < found.ideal) and np.all(np.diff(found.pinned) > 0)


def test_a_stiffer_body_lets_dislocations_through():
    soft, stiff = friction(prefactor=30e9), friction(prefactor=40e9)
    assert np.all(soft.pinned > 20 * soft.resolution)
    assert np.all(stiff.pinned[1:] < 0.2 * soft.pinned[1:])


def test_two_equal_bodies_keep_their_prefactor_and_a_rigid_one_doubles_it():
    own = np.diag([40e9, 30e9])
    assert interface_prefactor(own, own) == pytest.approx(own)
    assert interface_prefactor(own, 1e12 * own) == pytest.approx(2 * own, rel=1e-9)


def test_bad_pressures_are_named():
    with pytest.raises(InputError, match="two or more rising"):
        friction(pressures=np.array([1e9]))
    with pytest.raises(InputError, match="beyond the lowest opening"):
        friction(pressures=np.array([0.0, 2e10]))
