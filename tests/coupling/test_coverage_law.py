"""A law with a solute: one energy of opening and coverage, its two ends, what it counts."""

import json

import numpy as np
import pytest

from coupling.errors import DoubleCounted, InputError, Uncounted
from coupling.exchange.export import FORMS, to_csv
from coupling.exchange.storage import load_law, save_law
from coupling.interface.coarse_graining import coarsen
from coupling.interface.fit import fit
from coupling.laws.bilinear import Bilinear
from coupling.laws.coverage import CoverageLaw
from coupling.laws.reservoir import ReservoirLaw
from coupling.laws.solute import Solute
from coupling.laws.uber import Uber
from coupling.specimen.ledger import specimen_ledger
from coupling.specimen.records import BodyRecord, InterfaceRecord
from coupling.units import BOLTZMANN, EV
from tests.coupling.laws import LENGTH, WORK, taylor_slopes

COVERAGES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
DENSITY = 1.9e19
ROOM = 300.0
TIGHT = 1e-12


def uber(coverage):
    work, length = WORK * (1 - 0.4 * coverage), LENGTH * (1 + 0.3 * coverage)
    return Uber(work, length, 0.3 * work / length**2)


def bound(coverage):
    """Energy of the solute in the closed interface, J/m²."""
    return DENSITY * EV * (-0.1 * coverage + 0.05 * coverage**2)


def family(made=uber, coverage=None, closed=bound):
    return CoverageLaw([made(c) for c in COVERAGES], COVERAGES, closed(COVERAGES), DENSITY, coverage)


def langmuir(potential, energy):
    return 1 / (1 + np.exp((energy - potential) / (BOLTZMANN * ROOM)))


def same_energy(coverage):
    """Alike laws, so that the solute is bound equally in all states."""
    return Uber(WORK, LENGTH)


def ideal(coverage):
    return -0.2 * EV * DENSITY * coverage


LAW = family(coverage=0.3)
POINTS = np.random.default_rng(0).normal(size=(6, 3)) * [LENGTH, 0.5 * LENGTH, 0.5 * LENGTH]


def test_alike_laws_stay_alike_between_the_samples():
    whole, opened = uber(0.37), POINTS * [1.0, 0.0, 0.0]
    law = family(coverage=0.37)
    for ours, theirs in zip(law.evaluate(opened)[:2], whole.evaluate(opened)[:2], strict=True):
        assert np.abs(ours - theirs).max() < 1e-11 * np.abs(theirs).max()
    for name in ("work_of_separation", "peak_traction", "opening_at_peak"):
        assert abs(getattr(law, name) / getattr(whole, name) - 1) < 1e-9


@pytest.mark.parametrize("point", POINTS[:3])
def test_traction_and_tangent_are_derivatives_of_the_energy(point):
    slopes = taylor_slopes(LAW, point, np.array([0.4, -0.3, 0.5]) * LENGTH)
    assert np.all(np.abs(slopes - 2) < 0.15)


@pytest.mark.parametrize("coverage", [0.1, 0.37, 0.9])
def test_chemical_potential_and_mixed_derivatives_are_those_of_the_same_energy(coverage):
    value, step = LAW.evaluate(POINTS, coverage), 1e-5
    ahead, behind = LAW.evaluate(POINTS, coverage + step), LAW.evaluate(POINTS, coverage - step)
    along = [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]
    assert np.abs(along[0] / DENSITY - value.chemical_potential).max() < 1e-8 * EV
    assert np.abs(along[1] - value.traction_by_coverage).max() < 1e-7 * LAW.peak_traction
    assert np.abs(along[3] - value.chemical_potential_by_coverage).max() < 1e-7 * EV
    for axis, by_jump in enumerate(value.traction_by_coverage.T):  # Maxwell: Γ ∂μ/∂δ = ∂T/∂θ
        moved = np.eye(3)[axis] * 1e-5 * LENGTH
        ahead, behind = (LAW.evaluate(POINTS + sign * moved, coverage).chemical_potential for sign in (1, -1))
        assert np.abs((ahead - behind) / (2e-5 * LENGTH) * DENSITY - by_jump).max() < 1e-7 * LAW.peak_traction


def test_a_parabola_in_the_coverage_is_met_exactly():
    value = LAW.evaluate(np.array([[100 * LENGTH, 0, 0]]), 0.37)
    expected = bound(0.37) + uber(0.37).work_of_separation
    assert abs(value.energy[0] - expected) < TIGHT * abs(expected)
    assert abs(value.chemical_potential[0] - (EV * (-0.1 + 0.1 * 0.37) - 0.4 * WORK / DENSITY)) < 1e-9 * EV
    assert abs(LAW.energy_parted(0.37) - expected) < TIGHT * abs(expected)


def test_slow_separation_of_non_interacting_solute_is_langmuirs():
    law = family(same_energy, closed=ideal)
    potential = -0.25 * EV
    slow = ReservoirLaw(law, potential, ROOM)
    opened = np.column_stack([np.linspace(0, 5, 11) * LENGTH, np.zeros((11, 2))])
    assert np.abs(slow.coverage_at(opened) / langmuir(potential, -0.2 * EV) - 1).max() < 1e-10
    assert abs(slow.work_of_separation / WORK - 1) < 1e-9 and slow.jumps == ()


def test_slow_work_is_gibbs_adsorption_integrated():
    """dW/dμ = −Γ (θ_s − θ_b), here with Γ_s and Γ_b in closed form (Rice & Wang, eq. 14)."""

    def softened(coverage):
        return Uber(WORK - 0.3 * EV * DENSITY * coverage, LENGTH)

    law, potential = family(softened, closed=ideal), -0.35 * EV
    slow = ReservoirLaw(law, potential, ROOM)
    thermal = BOLTZMANN * ROOM
    parted, closed = (-DENSITY * thermal * np.log1p(np.exp((potential - e) / thermal)) for e in (-0.5 * EV, -0.2 * EV))
    assert abs(slow.work_of_separation / (WORK + parted - closed) - 1) < 1e-9


@pytest.mark.parametrize("potential", [-0.6, -0.3, -0.1])
def test_slow_traction_is_the_derivative_of_the_grand_potential(potential):
    slow = ReservoirLaw(LAW, potential * EV, ROOM)
    slopes = taylor_slopes(slow, np.array([0.7, 0.2, 0.1]) * LENGTH, np.array([0.1, -0.1, 0.1]) * LENGTH)
    assert np.all(np.abs(slopes - 2) < 0.2)
    fine = np.linspace(0, 1, 20001) * slow.final_opening
    traction = slow.normal(fine)[1]
    assert abs(np.trapezoid(traction, fine) / slow.work_of_separation - 1) < 1e-5
    assert slow.peak_traction >= traction.max() * (1 - 1e-9)


def test_slow_is_no_stronger_than_fast_at_the_coverage_it_began_with():
    slow = ReservoirLaw(LAW, -0.3 * EV, ROOM)
    fast = LAW.at_coverage(float(slow.coverage_at(np.zeros((1, 3)))[0]))
    opening = np.linspace(0, 1, 50) * slow.final_opening
    assert np.all(slow.normal(opening)[0] <= fast.normal(opening)[0] + 1e-12 * WORK)
    assert slow.work_of_separation < fast.work_of_separation


def test_of_two_minima_the_lower_and_the_jump_is_named():
    """Attraction far above kT: the coverage jumps where a Maxwell construction puts it."""

    def attracting(coverage):
        return DENSITY * EV * (-0.1 * coverage - 0.5 * (coverage**2 - coverage))

    def softened(coverage):
        return Uber(WORK * (1 - 0.1 * coverage), LENGTH)

    law = family(softened, closed=attracting)
    slow = ReservoirLaw(law, -0.2 * EV, ROOM)
    (jump,) = slow.jumps
    assert jump.before < 0.01 < 0.99 < jump.after and jump.traction_after < jump.traction_before
    energies = slow.normal(jump.opening + np.array([-1, 1]) * 1e-9 * LENGTH)[0]
    assert abs(energies[1] - energies[0]) < 1e-8 * WORK
    share = law.laws[0].normal(np.array(jump.opening))[0] / WORK
    # empty and full are symmetric about 1/2 in all but the linear term, which is −0.1 − 0.1 W share/Γ − μ
    assert abs(-0.1 * EV - 0.1 * WORK * share / DENSITY + 0.2 * EV) < 1e-6 * EV


def test_a_law_with_a_crystals_period_keeps_it():
    from tests.coupling.test_storage import mixed

    law = CoverageLaw([mixed(), mixed()], [0.0, 1.0], [0.0, 0.1], DENSITY, 0.4)
    jumps = np.random.default_rng(1).uniform(size=(5, 3)) * LENGTH
    moved = jumps + np.array([0, *mixed().lattice[0]])
    np.testing.assert_allclose(law.evaluate(moved).energy, law.evaluate(jumps).energy, rtol=1e-10)


def counted(coverages=COVERAGES):
    """The family with the solute in its count, as a law from atoms has it."""
    laws = []
    for coverage in coverages:
        one = uber(coverage)
        solute = Solute("H", "H in bulk Ni at infinite dilution", "coverage", DENSITY, float(coverage))
        laws.append(one.counted(type(one.count)("as stated", solute=solute)))
    return CoverageLaw(laws, coverages, bound(coverages), DENSITY, 0.3)


def test_the_count_says_what_is_held():
    law = counted()
    assert (law.count.solute.element, law.count.solute.coverage) == ("H", 0.3)
    assert law.at_coverage(0.6).count.solute.coverage == 0.6
    slow = ReservoirLaw(law, -0.3 * EV, ROOM).count.solute
    assert (slow.held, slow.coverage, slow.chemical_potential, slow.temperature) == (
        "chemical potential", None, -0.3 * EV, ROOM,
    )  # fmt: skip


@pytest.mark.parametrize("made", [counted, lambda: ReservoirLaw(counted(COVERAGES[::4]), -0.3 * EV, ROOM)])
def test_the_solute_survives_files_fits_and_planes(made, tmp_path):
    law = made()
    save_law(law, tmp_path / "law.json")
    assert load_law(tmp_path / "law.json").count == law.count
    assert fit(law, "bilinear").law.count.solute == law.count.solute
    coarse = coarsen(law, 9, 3e20, softening="bilinear")
    assert coarse.count.solute == law.count.solute and coarse.count.planes == 9
    assert abs(coarse.work_of_separation / law.work_of_separation - 1) < 1e-9


@pytest.mark.parametrize("form", FORMS)
def test_exports_say_what_solute_they_hold(form):
    assert "solute H: coverage 0.3" in FORMS[form](counted(), "bond")


def test_coarse_laws_are_triangles_at_every_coverage():
    """The bilinear laws of planes are alike but for work and length, so that no coverage blurs them."""
    coarse = coarsen(family(), 400, softening="bilinear").at_coverage(0.37)
    exact = coarsen(uber(0.37), 400, softening="bilinear")
    opening = np.linspace(0, 1.2, 40) * exact.final_opening
    assert np.abs(coarse.normal(opening)[1] - exact.normal(opening)[1]).max() < 0.002 * exact.peak_traction
    assert abs(coarse.work_of_separation / exact.work_of_separation - 1) < 1e-12


def test_a_fixed_coverage_exports_as_the_law_there():
    rows = to_csv(family(coverage=0.5)).splitlines()
    values = np.array([row.split(",") for row in rows if row[0].isdigit()], dtype=float)
    assert np.abs(values[:, 2] - uber(0.5).normal(values[:, 0])[1]).max() < 1e-11 * uber(0.5).peak_traction


def test_files_of_older_versions_know_no_solute(tmp_path):
    save_law(uber(0.0), tmp_path / "law.json")
    record = json.loads((tmp_path / "law.json").read_text())
    del record["checksum"], record["count"]["solute"]
    record["version"] = 5
    (tmp_path / "law.json").write_text(json.dumps(record))
    assert load_law(tmp_path / "law.json").count.solute is None


def ledger(law, transported):
    record = InterfaceRecord(
        "bond", "upper", None, law.gap, law.count, law.peak_traction, law.work_of_separation,
        np.array([0.0, 1, 0]), np.array([1.0, 0, 0]), "left out", transported=transported,
    )  # fmt: skip
    return specimen_ledger([BodyRecord("upper")], [record])


def test_law_and_mesh_count_the_reservoir_once():
    ledger(LAW, True).check()
    ledger(LAW, False).check()
    slow = ReservoirLaw(LAW, -0.3 * EV, ROOM)
    ledger(slow, False).check()
    with pytest.raises(DoubleCounted, match="'bond'.*fixed chemical potential.*kind: coverage"):
        ledger(slow, True).check()
    with pytest.raises(Uncounted, match="'bond'.*knows of none"):
        ledger(uber(0.0), True).check()
    assert any("reservoir of the solute on bond" in site.name for site in ledger(slow, False).sites)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: LAW.at_coverage(1.2), "coverage = 1.2 must be between 0 and 1"),
        (lambda: LAW.at_coverage(-0.1), "coverage = -0.1 must be between 0 and 1"),
        (lambda: LAW.evaluate(POINTS, 1.2), "coverage = 1.2 must be"),
        (lambda: CoverageLaw([uber(0), uber(0.5)], [0, 0.5], [0, 0], DENSITY).at_coverage(0.7), "sampled at, 0 to 0.5"),
        (lambda: CoverageLaw([uber(0)], [0], [0], DENSITY), "at least two laws"),
        (lambda: CoverageLaw([uber(0), uber(0.5)], [0.5, 0.5], [0, 0], DENSITY), "must rise"),
        (lambda: CoverageLaw([uber(0), uber(0.5)], [0, 0.5], [0, 0], -1.0), "site_density = -1.0"),
        (lambda: CoverageLaw([uber(0), Uber(WORK, LENGTH, gap="in bulk")], [0, 1], [0, 0], DENSITY), "owner of the gap"),
        (lambda: ReservoirLaw(LAW, -0.3 * EV, 0.0), "temperature = 0.0 K"),
        (lambda: ReservoirLaw(uber(0), -0.3 * EV, ROOM), "needs a coverage law"),
        (lambda: ReservoirLaw(CoverageLaw([uber(0), uber(0.5)], [0, 0.5], [0, 0], DENSITY), EV, ROOM), "above 0.5"),
        (lambda: Solute("H", "", "coverage", DENSITY, 0.2, 0.1 * EV, ROOM), "one of the two"),
        (lambda: Solute("H", "", "coverage", DENSITY, chemical_potential=0.0, temperature=ROOM), "not the chemical"),
        (lambda: Solute("H", "", "pressure", DENSITY, 0.2), "pressure"),
    ],
)  # fmt: skip
def test_bad_input_is_named(wrong, said):
    with pytest.raises(InputError, match=said):
        wrong()


def test_a_bilinear_family_keeps_its_final_slip():
    def made(coverage):
        peak = WORK / LENGTH * (1 - 0.3 * coverage)
        return Bilinear(WORK * (1 - 0.4 * coverage), peak, 5 * peak / LENGTH)

    law = family(made, coverage=0.5)
    assert abs(law.final_slip / made(0.5).final_slip - 1) < 1e-3
    assert not hasattr(CoverageLaw([Uber(WORK, LENGTH)] * 2, [0, 1], [0, 0], DENSITY), "final_slip")
