import numpy as np
import pytest

from coupling.contracts import CohesiveLaw
from coupling.errors import InputError
from coupling.interface.coarse_graining import chain, coarsen
from coupling.laws.bilinear import Bilinear
from coupling.laws.coarse import CoarseLaw
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from tests.coupling.laws import LENGTH, PEAK, WORK, taylor_slopes
from tests.coupling.test_mixed import sampled

UBER = Uber(WORK, LENGTH)


def tabulated():
    x = np.concatenate([LENGTH * np.linspace(-0.5, 0, 8, endpoint=False), 40 * LENGTH * np.linspace(0, 1, 160) ** 2])
    energy, traction, _ = UBER.normal(x)
    return TabulatedLaw(x, energy, traction)


@pytest.mark.parametrize(
    ("planes", "opening", "traction"),
    [(10, 1.161, 0.691), (100, 1.051, 0.906), (1000, 1.016, 0.971), (10000, 1.005, 0.991)],
)
@pytest.mark.parametrize("law", [UBER, tabulated()], ids=["uber", "tabulated"])
def test_crossing_of_relaxed_uber_chains(law, planes, opening, traction):
    """Critical values 2√(γN/C) and 2√(Cγ/N) of Nguyen & Ortiz, with C = W/l² and 2γ = W."""
    coarse = coarsen(law, planes)
    assert coarse.opening_at_peak / (LENGTH * np.sqrt(2 * planes)) == pytest.approx(opening, abs=1e-3)
    assert coarse.peak_traction / (WORK / LENGTH * np.sqrt(2 / planes)) == pytest.approx(traction, abs=1e-3)


def test_peak_falls_with_the_root_of_the_planes_and_the_opening_grows():
    planes = np.array([10**3, 10**4, 10**5, 10**6])
    laws = [coarsen(UBER, n) for n in planes]
    fall = np.polyfit(np.log(planes), np.log([law.peak_traction for law in laws]), 1)[0]
    growth = np.polyfit(np.log(planes), np.log([law.opening_at_peak for law in laws]), 1)[0]
    assert fall == pytest.approx(-0.5, abs=0.005)
    assert growth == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("planes", [2, 3, 10, 1000, 10**6])
def test_work_is_kept_and_is_the_integral_of_the_traction(planes):
    law = coarsen(UBER, planes)
    assert law.normal(2 * law.final_opening + 100 * LENGTH)[0] == pytest.approx(WORK, rel=1e-12)
    edges = np.concatenate(
        [np.linspace(0, 1, 9)[:-1] * law.opening_at_peak, law.opening_at_peak + np.arange(61) * LENGTH]
    )
    points, weights = np.polynomial.legendre.leggauss(24)
    half = 0.5 * np.diff(edges)[:, None]
    work = np.sum(half * weights * law.normal(edges[:-1, None] + half * (1 + points))[1])
    assert work == pytest.approx(WORK, rel=1e-9)


@pytest.mark.parametrize("planes", [2, 3, 10, 100])
def test_energy_is_the_least_over_all_openings_of_one_plane(planes):
    """Against a blunt search over the opening x of one plane, the others sharing what is left."""
    law = coarsen(UBER, planes)
    for total in np.array([0.3, 0.8, 0.999, 1.001, 1.3, 3.0]) * law.opening_at_peak:
        x = np.linspace(0, total, 200001)
        chains = UBER.normal(x)[0] + (planes - 1) * UBER.normal((total - x) / (planes - 1))[0]
        assert law.normal(total)[0] == pytest.approx(chains.min(), rel=1e-8)


@pytest.mark.parametrize("planes", [2, 3, 30])
@pytest.mark.parametrize("stiffness", [None, 0.7 * WORK / LENGTH**2])
@pytest.mark.parametrize("place", [-0.3, 0.4, 0.9, 1.1, 1.6])
def test_traction_and_tangent_are_derivatives(planes, stiffness, place):
    law = coarsen(UBER, planes, stiffness)
    jump, step = np.array([place * law.opening_at_peak, 0, 0]), np.array([0.05 * LENGTH, 0, 0])
    np.testing.assert_allclose(taylor_slopes(law, jump, step)[0], 2.0, atol=0.06)


def test_drop_keeps_the_energy_and_leaves_less_traction():
    law = coarsen(UBER, 10)
    before, after = law.opening_at_peak * (1 - 1e-12), law.opening_at_peak * (1 + 1e-12)
    assert law.normal(before)[0] == pytest.approx(law.normal(after)[0], rel=1e-10)
    assert law.normal(after)[1] < 0.5 * law.normal(before)[1]
    assert law.normal(law.final_opening)[1] == pytest.approx(1e-6 * law.peak_traction, rel=1e-9)


def test_two_planes_part_continuously():
    law = coarsen(UBER, 2)
    assert law.opening_at_peak == pytest.approx(2 * LENGTH)
    assert law.peak_traction == pytest.approx(PEAK)
    assert law.normal(law.opening_at_peak * (1 + 1e-9))[1] == pytest.approx(PEAK, rel=1e-3)


def test_given_plane_stiffness_is_the_elastic_compliance():
    stiffness = 5 * WORK / LENGTH**2
    law = coarsen(UBER, 50, stiffness)
    compliance = 49 / stiffness + LENGTH**2 / WORK
    assert law.evaluate(np.zeros((1, 3))).tangent[0, 0, 0] == pytest.approx(1 / compliance, rel=1e-12)
    rigid = coarsen(Uber(WORK, LENGTH, gap="in bulk"), 50, stiffness)
    compliance += 1 / stiffness
    assert rigid.evaluate(np.zeros((1, 3))).tangent[0, 0, 0] == pytest.approx(1 / compliance, rel=1e-12)


@pytest.mark.parametrize("law", [ParkPaulinoRoesler(WORK, PEAK, WORK, PEAK), Bilinear(WORK, PEAK, 2 * PEAK / LENGTH)])
def test_laws_with_an_end(law):
    coarse = chain(law, 100)
    assert coarse.opening_at_peak > law.final_opening
    energy, traction, _ = law.normal(coarse.opening_at_peak / 100)
    assert 100 * energy == pytest.approx(WORK, rel=1e-12)
    assert coarse.peak_traction == pytest.approx(traction, rel=1e-12)
    assert coarse.normal(2 * coarse.opening_at_peak)[0] == pytest.approx(WORK, rel=1e-13)


def test_chain_of_chains_is_one_chain():
    assert coarsen(coarsen(UBER, 10), 100) == coarsen(UBER, 1000)
    assert isinstance(coarsen(UBER, 10), CohesiveLaw)


def test_bilinear_variant_keeps_work_and_peak():
    exact, smooth = coarsen(UBER, 1000), coarsen(UBER, 1000, softening="bilinear")
    assert isinstance(smooth, Bilinear) and smooth.gap == "in bulk"
    assert smooth.work_of_separation == exact.work_of_separation
    assert smooth.peak_traction == exact.peak_traction
    # 2W/σ_c is the critical opening of Nguyen & Ortiz
    assert smooth.final_opening == pytest.approx(2 * WORK / exact.peak_traction, rel=1e-14)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: coarsen(UBER, 1), "planes = 1"),
        (lambda: coarsen(UBER, 2.5), "planes = 2.5"),
        (lambda: coarsen(UBER, 5, -1.0), "plane_stiffness = -1.0"),
        (lambda: coarsen(Uber(WORK, LENGTH, gap="in bulk"), 5), "give plane_stiffness"),
        (lambda: coarsen(UBER, 5, softening="linear"), "bilinear, exact"),
        (lambda: coarsen(CoarseLaw(UBER, 5), 5, 1e20), "keeps the stiffness"),
    ],
)
def test_bad_chains_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_a_mixed_law_keeps_its_mixed_mode():
    """N closed planes hold N t·c·t/2 at most the work: along the normal and along the softest slip."""
    law, planes = sampled(with_shear=True), 10_000
    coarse = coarsen(law, planes, softening="bilinear")
    compliance = np.linalg.inv(law.evaluate(np.zeros((1, 3))).tangent[0])
    softest = np.linalg.eigvalsh(compliance[1:, 1:])[-1]
    assert coarse.shear_work == coarse.work_of_separation == pytest.approx(WORK, rel=1e-6)
    assert planes * softest * coarse.shear_peak_traction**2 / 2 == pytest.approx(WORK, rel=0.02)
    assert planes * compliance[0, 0] * coarse.peak_traction**2 / 2 == pytest.approx(WORK, rel=0.02)
    assert coarse.shear_peak_traction != pytest.approx(coarse.peak_traction, rel=0.1)
    assert coarse.shear_peak_traction < law.strength_in_contact()


def test_a_mixed_law_that_slips_before_it_parts_or_whose_chain_bears_no_shear_is_refused():
    whole = sampled()
    energy, traction = (v[:, :1, :1] + 0.1 * (v - v[:, :1, :1]) for v in (whole.energy, whole.traction))
    law = MixedModeLaw(whole.opening, whole.lattice, energy, traction)  # a tenth of the resistance to slip
    with pytest.raises(InputError, match="slip in contact.*about") as found:
        coarsen(law, 3, softening="bilinear")
    enough = int(str(found.value).split("about ")[1].split()[0])
    assert coarsen(law, enough, softening="bilinear").shear_peak_traction < law.strength_in_contact()
    for mixed in (law, ParkPaulinoRoesler(WORK, PEAK, WORK, PEAK)):
        with pytest.raises(InputError, match="softening: bilinear"):
            coarsen(mixed, 100)


def test_a_closed_form_keeps_its_work_and_strength_in_shear():
    """Isotropic stiffness, twice the work in shear: strengths as the root of the works, at all mixities one law."""
    coarse = coarsen(Bilinear(WORK, PEAK, 2 * PEAK / LENGTH, 2 * WORK), 400, softening="bilinear")
    assert coarse.shear_work == 2 * WORK
    assert coarse.shear_peak_traction == pytest.approx(np.sqrt(2) * coarse.peak_traction, rel=1e-12)
    slip = np.array([[0.0, 1.01 * coarse.final_slip, 0.0]])
    assert coarse.evaluate(slip).energy[0] == pytest.approx(2 * WORK, rel=1e-12)
