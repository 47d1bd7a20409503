import itertools

import numpy as np
import pytest
from scipy.integrate import quad

from coupling.contracts import CohesiveLaw
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman
from tests.coupling.laws import ANALYTIC, LENGTH, PEAK, WORK, taylor_slopes

POTENTIALS = [name for name in ANALYTIC if name != "bilinear"]
DIRECTION = np.array([0.03, 0.02, -0.025]) * LENGTH
every_law = pytest.mark.parametrize("law", ANALYTIC.values(), ids=ANALYTIC)


@pytest.mark.parametrize("name", POTENTIALS)
@pytest.mark.parametrize(
    "jump",
    [(0.4, 0.3, -0.2), (1.3, 0.5, 0.4), (0.2, 0.0, 0.0), (-0.5, 0.2, 0.1), (-1.6, 0.3, 0.2), (1.1, -0.6, 0.0)],
)
def test_traction_and_tangent_are_derivatives(name, jump):
    slopes = taylor_slopes(ANALYTIC[name], np.array(jump) * LENGTH, DIRECTION)
    np.testing.assert_allclose(slopes[-1], 2.0, atol=0.06)


@pytest.mark.parametrize(
    "jump", [(0.5, 0.3, -0.2), (1.3, 0.5, 0.4), (2.0, 0.0, 0.1), (-0.5, 1.2, 0.1), (0.0, 1.5, 0.3)]
)
def test_bilinear_tangent_is_the_derivative_of_the_traction(jump):
    inward = DIRECTION * [np.sign(jump[0]), 1, 1]
    np.testing.assert_allclose(
        taylor_slopes(ANALYTIC["bilinear"], np.array(jump) * LENGTH, inward, False)[-1], 2, atol=0.06
    )


@every_law
def test_satisfies_the_protocol_and_leaves_its_input_alone(law):
    assert isinstance(law, CohesiveLaw)
    jumps = np.random.default_rng(1).normal(size=(7, 3)) * 2 * LENGTH
    before = jumps.copy()
    batch = law.evaluate(jumps)
    np.testing.assert_array_equal(jumps, before)
    assert [a.shape for a in batch] == [(7,), (7, 3), (7, 3, 3)]
    for i, jump in enumerate(jumps):
        for one, many in zip(law.evaluate(jump[None]), batch, strict=True):
            np.testing.assert_allclose(one[0], many[i], rtol=1e-14)


@every_law
def test_normal_work_and_peak_are_the_parameters(law):
    assert law.work_of_separation == WORK
    assert law.peak_traction == pytest.approx(PEAK, rel=1e-14)
    at_peak = law.normal(law.opening_at_peak)
    assert at_peak[1] == pytest.approx(PEAK, rel=1e-12)
    around = law.normal(law.opening_at_peak * np.array([0.99, 1.01]))[1]
    assert around.max() < PEAK
    pieces = np.unique(np.append(np.linspace(0, law.final_opening, 40), law.opening_at_peak))
    ends = itertools.pairwise(pieces)
    work = sum(quad(lambda d: law.normal(d)[1], a, b, epsabs=0, epsrel=1e-12)[0] for a, b in ends)
    assert work == pytest.approx(law.normal(law.final_opening)[0], rel=1e-10)
    assert law.normal(1e3 * LENGTH)[0] == pytest.approx(WORK, rel=1e-13)
    assert law.evaluate(np.zeros((1, 3))).energy[0] == pytest.approx(0.0, abs=1e-15 * WORK)


@every_law
def test_final_opening_is_where_the_traction_ends(law):
    assert law.normal(law.final_opening * 1.0001)[1] < 1e-6 * PEAK
    if isinstance(law, Uber | XuNeedleman):
        assert law.normal(law.final_opening)[1] == pytest.approx(1e-6 * PEAK, rel=1e-9)
    else:
        assert law.normal(law.final_opening * 0.9)[1] > 1e-6 * PEAK
        assert law.normal(law.final_opening * 1.0001)[1] == 0.0


@every_law
def test_compression_resists_without_overflow(law):
    energy, traction, tangent = law.evaluate(np.array([[-1e6 * LENGTH, 0.0, 0.0], [-2e6 * LENGTH, 0.0, 0.0]]))
    assert np.isfinite(energy).all() and np.isfinite(tangent).all()
    assert traction[1, 0] - traction[0, 0] == pytest.approx(-1e6 * LENGTH * tangent[0, 0, 0], rel=1e-12)
    assert tangent[0, 0, 0] > 0


@pytest.mark.parametrize("name", [n for n in POTENTIALS if n in ("uber", "xu-needleman", "ppr equal")])
def test_closed_loop_takes_no_work(name):
    law, loop = ANALYTIC[name], np.linspace(0, 2 * np.pi, 257)
    jumps = LENGTH * np.column_stack([1 + 0.7 * np.cos(loop), 0.5 * np.sin(loop), 0.3 * np.cos(2 * loop)])
    velocity = LENGTH * np.column_stack([-0.7 * np.sin(loop), 0.5 * np.cos(loop), -0.6 * np.sin(2 * loop)])
    power = np.sum(law.evaluate(jumps).traction * velocity, axis=1)[:-1]
    assert abs(power.mean() * 2 * np.pi) < 1e-10 * WORK


def test_xu_needleman_is_uber_at_zero_slip_and_has_its_shear_work_and_strength():
    law, openings = ANALYTIC["xu-needleman"], np.linspace(-2, 12, 50) * LENGTH
    for ours, uber, scale in zip(
        law.normal(openings), Uber(WORK, LENGTH).normal(openings), (1, 1e10, 1e20), strict=True
    ):
        np.testing.assert_allclose(ours, uber, rtol=1e-12, atol=1e-14 * WORK * scale)
    far = law.evaluate(np.array([[0.0, 0.0, 50 * LENGTH]]))
    assert far.energy[0] == pytest.approx(law.q * WORK, rel=1e-13)
    slip = np.zeros((1, 3))
    slip[0, 2] = law.tangential_length / np.sqrt(2)
    assert law.evaluate(slip).traction[0, 2] == pytest.approx(law.shear_peak_traction, rel=1e-13)
    # r: the normal traction after complete shear vanishes at r δ_n (Xu & Needleman 1993)
    sheared = law.evaluate(np.array([[law.r * LENGTH, 50 * LENGTH, 0.0]]))
    assert abs(sheared.traction[0, 0]) < 1e-13 * PEAK


@pytest.mark.parametrize("name", ["ppr equal", "ppr normal", "ppr shear"])
def test_ppr_shear_work_strength_and_failure_box(name):
    law = ANALYTIC[name]
    slips = np.zeros((3, 3))
    slips[:, 1] = [law.tangential_slope * law.final_slip, law.final_slip, 1.01 * law.final_slip]
    value = law.evaluate(slips)
    assert value.traction[0, 1] == pytest.approx(law.shear_peak_traction, rel=1e-12)
    np.testing.assert_allclose(value.energy[1:], law.shear_work, rtol=1e-13)
    assert not value.traction[1:].any() and not value.tangent[1:, 1:, 1:].any()
    outside = np.array(
        [
            [1.001 * law.final_opening, 0.2 * law.final_slip, 0.0],
            [0.3 * law.final_opening, 1.001 * law.conjugate_slip, 0.0],
            [1.001 * law.conjugate_opening, 0.3 * law.final_slip, 0.0],
        ]
    )
    traction = law.evaluate(outside).traction
    assert not traction[0].any() and traction[1, 0] == 0.0 and not traction[2, 1:].any()
    inside = law.evaluate(outside * [0.99, 0.99, 1.0] * [[1, 1, 1], [1, 0.5, 1], [0.5, 1, 1]]).traction
    assert (inside[1:, :2] > 0).all()
    at_conjugate = law.evaluate(np.array([[0.2 * law.final_opening, law.conjugate_slip * (1 - 1e-9), 0.0]]))
    assert abs(at_conjugate.traction[0, 0]) < 1e-6 * PEAK


@pytest.mark.parametrize("name", ["ppr normal", "ppr shear"])
def test_ppr_tangent_beyond_a_conjugate_opening_is_the_derivative_of_the_cut_traction(name):
    """Where φn ≠ φt one traction is cut there (Park et al. 2009), and the tangent follows the cut."""
    law = ANALYTIC[name]
    jump = np.array([0.3 * law.final_opening, 0.3 * law.final_slip, 0.2 * law.final_slip])
    if name == "ppr normal":
        jump[0] = 0.5 * (law.conjugate_opening + law.final_opening)
    else:
        jump[1] = 0.5 * (law.conjugate_slip + law.final_slip)
    cut = law.evaluate(jump[None]).traction[0] == 0.0
    np.testing.assert_array_equal(cut, [False, True, True] if name == "ppr normal" else [True, False, False])
    np.testing.assert_allclose(taylor_slopes(law, jump, DIRECTION, energy=False)[-1], 2.0, atol=0.06)


def test_bilinear_dissipates_benzeggagh_kenane_at_every_mixity():
    law = ANALYTIC["bilinear"]
    for angle in np.linspace(0, np.pi / 2, 7):
        direction = np.array([np.cos(angle), 0.6 * np.sin(angle), 0.8 * np.sin(angle)])
        onset, final = (f[0] for f in law._onset_and_final(np.array([np.sin(angle) ** 2]))[:2])
        along = lambda d, u=direction: float(law.evaluate(d * u[None]).traction[0] @ u)  # noqa: E731
        work = quad(along, 0, onset)[0] + quad(along, onset, final)[0]
        expected = WORK + 0.8 * WORK * np.sin(angle) ** (2 * law.exponent)
        assert work == pytest.approx(expected, rel=1e-12)
        assert law.evaluate(2 * final * direction[None]).energy[0] == pytest.approx(expected, rel=1e-12)
        middle = 0.5 * (onset + final)
        partial = quad(along, 0, onset)[0] + quad(along, onset, middle)[0]
        assert law.evaluate(middle * direction[None]).energy[0] == pytest.approx(partial, rel=1e-12)
        stress = law.stiffness * onset * direction
        quadratic = (stress[0] / PEAK) ** 2 + (np.linalg.norm(stress[1:]) / law.shear_peak_traction) ** 2
        assert quadratic == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Uber(-1.0, LENGTH), "work_of_separation = -1.0"),
        (lambda: Uber(WORK, np.nan), "length = nan"),
        (lambda: Uber(WORK, LENGTH, -1.0), "shear_stiffness"),
        (lambda: Uber(WORK, LENGTH, gap="in between"), "in bulk, in law"),
        (lambda: XuNeedleman(WORK, LENGTH, LENGTH, r=1.0), "r = 1.0"),
        (lambda: XuNeedleman(WORK, LENGTH, 0.0), "tangential_length"),
        (lambda: ParkPaulinoRoesler(WORK, PEAK, WORK, PEAK, alpha=1.0), "alpha = 1.0"),
        (lambda: ParkPaulinoRoesler(WORK, PEAK, WORK, PEAK, normal_slope=0.6), "below 1/√alpha = 0.5774"),
        (lambda: Bilinear(WORK, PEAK, 1e10), "snap back; take more than"),
        (lambda: Bilinear(WORK, PEAK, 1e22, exponent=0.5), "at least 1"),
    ],
)
def test_parameters_out_of_range_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()
