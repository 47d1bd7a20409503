import itertools

import numpy as np
import pytest

from continuum.cohesive.history import History, commit, respond
from continuum.cohesive.separation import separation
from continuum.model import Bond, Contact
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.xu_needleman import XuNeedleman
from tests.continuum.specimens import uber_law
from tests.continuum.test_frame import PERIOD, WORK, lopsided

W, L = 3.9, 0.5e-10
LAWS = {
    "tabulated": uber_law(W, L, shear=0.3),
    "bilinear": Bilinear(W, W / L / np.e, 20 * W / L**2, shear_work=2 * W, shear_peak_traction=0.7 * W / L / np.e),
    "xu-needleman": XuNeedleman(W, L, 2 * L),
    "ppr": ParkPaulinoRoesler(W, W / L / np.e, shear_work=1.5 * W, shear_peak_traction=0.4 * W / L),
}


def bond(law="tabulated", **options):
    return Bond("bond", "top", "bottom", LAWS[law], **options)


def at(bond, jump, largest=0.0, **history):
    jump = np.asarray(jump, float)[None] * L
    past = History.new(np.zeros((1, 3)))
    past.largest[:] = largest * L
    for name, value in history.items():
        getattr(past, name)[:] = value
    return respond(bond, jump, past)


def taylor_slopes(bond, jump, largest, quantity, linear, **history):
    """log₂ slopes of the remainder of `quantity` along a direction as the step is halved."""
    direction = np.array([0.3, -0.5, 0.4])
    base = at(bond, jump, largest, **history)
    remainders = []
    for step in 2.0 ** -np.arange(6, 11):
        moved = at(bond, jump + step * direction, largest, **history)
        remainders.append(np.abs(quantity(moved) - quantity(base) - step * L * linear(base, direction)).max())
    floor = 1e-9 * np.abs(quantity(base)).max() + 1e-300
    return [b / a for a, b in itertools.pairwise(remainders) if a > floor]


CASES = [
    ("tabulated", (0.6, 0.05, -0.02), 0.0, {}),
    ("tabulated", (1.2, 0.05, 0.3), 2.5, {}),
    ("tabulated", (-0.3, 0.04, 0.02), 0.0, {}),
    ("tabulated", (-0.3, 0.4, 0.02), 1.5, {}),
    ("tabulated", (-0.3, 0.4, 0.02), 1.5, {"contact": Contact(30 * W / L**2)}),
    ("bilinear", (0.4, 0.7, -0.2), 0.0, {}),
    ("bilinear", (0.4, 0.7, -0.2), 2.0, {}),
    ("bilinear", (-0.4, 0.7, -0.2), 2.0, {}),
    ("xu-needleman", (0.4, 0.7, -0.2), 9.0, {}),
    ("xu-needleman", (0.4, 0.7, -0.2), 0.0, {"history": "reversible"}),
    ("ppr", (0.4, 0.3, -0.2), 2.0, {}),
    ("tabulated", (-0.3, 0.9, 0.2), 4.5, {"friction": 0.5}),
    ("tabulated", (-0.3, 0.01, 0.02), 4.5, {"friction": 0.5}),
    ("bilinear", (-0.3, 0.7, 0.2), 4.5, {"friction": 0.5, "contact": Contact(30 * W / L**2)}),
    ("bilinear", (0.4, 0.7, -0.2), 2.0, {"viscosity": 10.0}),
]


@pytest.mark.parametrize(("law", "jump", "largest", "options"), CASES)
def test_tangent_is_the_derivative_of_the_traction(law, jump, largest, options):
    ratios = taylor_slopes(
        bond(law, **options),
        np.array(jump),
        largest,
        lambda r: r.traction[0],
        lambda r, d: r.tangent[0] @ d,
    )
    assert all(ratio < 0.3 for ratio in ratios), ratios  # 1/4 for a remainder of second order


@pytest.mark.parametrize(("law", "jump", "largest", "options"), CASES[:5] + CASES[9:10])
def test_traction_is_the_gradient_of_the_energy_where_there_is_a_potential(law, jump, largest, options):
    ratios = taylor_slopes(
        bond(law, **options),
        np.array(jump),
        largest,
        lambda r: (r.stored + r.dissipated)[0],
        lambda r, d: r.traction[0] @ d,
    )
    assert all(ratio < 0.3 for ratio in ratios), ratios


@pytest.mark.parametrize("law", LAWS)
def test_monotone_loading_is_the_law_itself(law):
    rng = np.random.default_rng(0)
    jump = rng.uniform(0.02, 1.5, (20, 3)) * L
    value, response = LAWS[law].evaluate(jump), respond(bond(law), jump, History.new(jump))
    np.testing.assert_allclose(response.traction, value.traction, rtol=1e-12, atol=1e-9 * W / L)
    np.testing.assert_allclose(response.stored + response.dissipated, value.energy, rtol=1e-12, atol=1e-12 * W)


@pytest.mark.parametrize("law", ["bilinear", "ppr", "xu-needleman"])
def test_unloading_goes_straight_to_the_origin_and_reloading_comes_back(law):
    peak = np.array([0.5, 0.6, -0.3])
    largest = float(separation(LAWS[law], peak[None])[0])
    top = at(bond(law), peak).traction[0]
    for part in (0.75, 0.5, 0.1, 1e-9):
        response = at(bond(law), part * peak, largest)
        np.testing.assert_allclose(response.traction[0], part * top, rtol=1e-6)
        assert response.stored[0] == pytest.approx(0.5 * part**2 * L * top @ peak, rel=1e-6)
    np.testing.assert_allclose(at(bond(law), peak, largest).traction[0], top, rtol=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_a_closed_cycle_loses_what_is_reported_as_dissipated(law):
    """Work of opening and closing by quadrature of the traction, against the dissipated energy."""
    options = bond(law)
    path = np.concatenate([np.linspace(0, 1, 2001), np.linspace(1, 0, 2001)[1:]])
    jumps = path[:, None] * np.array([1.8, 0.4, 0.2]) * L
    if law == "tabulated":
        jumps[:, 1:] = 0.0
    history, work, traction = History.new(np.zeros((1, 3))), 0.0, np.zeros(3)
    for before, after in itertools.pairwise(jumps):
        new = respond(options, after[None], history).traction[0]
        work += 0.5 * (traction + new) @ (after - before)
        commit(options, after[None], history)
        traction = new
    lost = respond(options, jumps[-1:], history).dissipated[0]
    assert 0.1 * W < lost < W * 2.1
    assert work == pytest.approx(lost, rel=2e-5)


@pytest.mark.parametrize("slip", [0.3, 0.5])
def test_damage_by_opening_is_continuous_where_slid_faces_push_each_other_apart(slip):
    """A periodic γ-surface: neither a first opening nor closing past zero lets go of the pressure; damage does, bit by bit."""
    slid, law = np.array([0.0, slip * PERIOD / L, 0.0]), lopsided()
    options, start = Bond("bond", "top", "bottom", law), law.evaluate(slid[None] * L)
    assert start.traction[0, 0] < -1e9
    scale, pushed = law.peak_traction, []
    for largest in (0.0, 1e-6, 0.3, 3.0, 12.0):
        across = [at(options, slid + [n, 0, 0], largest) for n in (-1e-7, 0.0, 1e-7)]
        for one in across[::2]:
            np.testing.assert_allclose(one.traction, across[1].traction, atol=1e-5 * scale)
            assert one.stored[0] == pytest.approx(across[1].stored[0], abs=1e-6 * WORK)
        pushed.append(across[1].traction[0, 0])
    np.testing.assert_allclose(pushed[:2], start.traction[0, 0], rtol=1e-6, atol=1e-6 * scale)
    assert np.all(np.diff(pushed) >= -1e-9 * scale) and abs(pushed[-1]) < 1e-3 * scale


@pytest.mark.parametrize("n", [-0.2, 0.1, 0.8])
def test_damage_by_opening_has_a_potential_in_mixed_mode(n):
    options, jump = Bond("bond", "top", "bottom", lopsided()), np.array([n, 0.3 * PERIOD / L, 0.1 * PERIOD / L])
    for slope in (
        taylor_slopes(options, jump, 1.1, lambda r: (r.stored + r.dissipated)[0], lambda r, d: r.traction[0] @ d),
        taylor_slopes(options, jump, 1.1, lambda r: r.traction[0], lambda r, d: r.tangent[0] @ d),
    ):
        assert all(ratio < 0.3 for ratio in slope), slope


def test_complete_separation_dissipates_the_work_of_its_mode():
    for law, jump, work in (("tabulated", (14.1, 0, 0), W), ("bilinear", (0, 60.0, 0), 2 * W), ("ppr", (40, 0, 0), W)):
        response = at(bond(law), np.array(jump), 0.0)
        assert response.dissipated[0] == pytest.approx(work, rel=1e-4)
        assert abs(response.stored[0]) < 1e-4 * work


def test_friction_sticks_slides_and_dissipates_coulombs_work():
    """A broken, pressed face dragged to and fro: |T_t| = μp while sliding, work μp per sliding length."""
    stiffness, pressure, coefficient = 30 * W / L**2, 3.0 * W / L, 0.4
    options = bond("bilinear", friction=coefficient, contact=Contact(stiffness))
    history = History.new(np.zeros((1, 3)))
    history.largest[:] = 2 * LAWS["bilinear"].final_opening
    work, before, force = 0.0, np.zeros(3), np.zeros(3)
    path = np.concatenate([np.linspace(0, 2, 400), np.linspace(2, -1, 600)[1:]]) * L
    for slip in path:
        jump = np.array([-pressure / stiffness, slip, 0.0])
        new = respond(options, jump[None], history).traction[0]
        work += 0.5 * (force + new)[1] * (jump - before)[1]
        commit(options, jump[None], history)
        before, force = jump, new
    assert force[1] == pytest.approx(-coefficient * pressure, rel=1e-9)
    back = coefficient * pressure / stiffness
    sliding = (2 * L - back) + (3 * L - 2 * back)
    assert history.frictional[0] == pytest.approx(coefficient * pressure * sliding, rel=1e-6)
    assert work == pytest.approx(history.frictional[0] + (coefficient * pressure) ** 2 / (2 * stiffness), rel=2e-3)


def test_a_law_that_pulls_at_zero_jump_is_refused_and_stands_on_a_spring():
    x = 14 * L * np.linspace(0, 1, 60) ** 1.5
    rigid = InitiallyRigid(x, W * (1 - np.exp(-x / L)), W / L * np.exp(-x / L))
    with pytest.raises(InputError, match="traction of 78 GPa at zero jump.*on_spring"):
        Bond("bond", "top", "bottom", rigid)
    sprung = rigid.on_spring(100 * W / L**2)
    assert Bond("bond", "top", "bottom", sprung).law.work_of_separation == pytest.approx(W, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"history": "healing"}, "Unknown history of an interface 'healing'.*damage, reversible"),
        ({"friction": -0.1}, "friction -0.1"),
        ({"viscosity": np.nan}, "viscosity nan"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        bond(**options)
    with pytest.raises(InputError, match="contact stiffness"):
        Contact(0.0)
