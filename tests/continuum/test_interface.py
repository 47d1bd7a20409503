import numpy as np
import pytest

from continuum.interface import respond
from tests.continuum.specimens import uber_law

W, L = 3.9, 0.5e-10


@pytest.fixture(scope="module")
def law():
    return uber_law(W, L, shear=0.3)


def at(law, jump, largest):
    response = respond(law, np.asarray(jump, float)[None, None] * L, np.array([[largest * L]]))
    return response.stored[0, 0], response.dissipated[0, 0], response.traction[0, 0], response.tangent[0, 0]


@pytest.mark.parametrize(
    ("jump", "largest"),
    [((0.6, 0.05, -0.02), 0.0), ((1.2, 0.05, 0.03), 2.5), ((-0.3, 0.04, 0.02), 0.0), ((-0.3, 0.04, 0.02), 1.5)],
)
def test_traction_is_the_gradient_of_stored_plus_dissipated_and_tangent_that_of_traction(law, jump, largest):
    stored, dissipated, traction, tangent = at(law, jump, largest)
    direction = np.array([0.3, -0.5, 0.4])
    steps = 2.0 ** -np.arange(5, 10)
    energies, forces = [], []
    for step in steps:
        s, d, t, _ = at(law, jump + step * direction, largest)
        energies.append(abs(s + d - stored - dissipated - step * L * traction @ direction))
        forces.append(np.linalg.norm((t - traction - step * L * tangent @ direction)[0]))
    for remainder in (energies, forces):
        slopes = np.diff(np.log(remainder)) / np.diff(np.log(steps))
        assert slopes.min() > 1.8 or max(remainder) < 1e-9 * W / L, (remainder, slopes)


def test_a_closed_cycle_dissipates_the_area_of_its_loop(law):
    openings = np.concatenate([np.linspace(0, 2, 401), np.linspace(2, 0, 51), np.linspace(0, 14, 2001)]) * L
    largest, tractions = 0.0, []
    for opening in openings:
        response = respond(law, np.array([[[opening, 0, 0]]]), np.array([[largest]]))
        largest = max(largest, opening)
        tractions.append(response.traction[0, 0, 0])
    work = np.trapezoid(tractions[:452], openings[:452])
    _, dissipated, _, _ = at(law, (0, 0, 0), 2.0)
    assert work == pytest.approx(dissipated, rel=1e-5)
    assert np.trapezoid(tractions, openings) == pytest.approx(W, rel=1e-4)


def test_damage_is_continuous_and_unloads_to_the_origin(law):
    _, _, before, _ = at(law, (2.0, 0.03, 0.0), 0.0)
    _, _, after, _ = at(law, (2.0 - 1e-9, 0.03, 0.0), 2.0)
    np.testing.assert_allclose(before, after, rtol=1e-6, atol=1e-6 * W / L)
    assert at(law, (0.0, 0, 0), 2.0)[0] == pytest.approx(0, abs=1e-12)
    assert at(law, (1.0, 0, 0), 2.0)[2][0] == pytest.approx(before_half(law), rel=1e-12)


def before_half(law):
    return 0.5 * law.normal(2.0 * L)[1]


def test_compression_after_damage_is_as_stiff_as_before(law):
    assert at(law, (-0.4, 0, 0), 3.0)[2][0] == pytest.approx(at(law, (-0.4, 0, 0), 0.0)[2][0], rel=1e-12)
