"""Initially rigid laws, and excesses whose gap the bulk has."""

import numpy as np
import pytest

from coupling.errors import DoubleCounted, InputError
from coupling.exchange.export import export
from coupling.exchange.storage import load_law, save_law
from coupling.interface.excess import BulkBranch, SlabBranch, excess
from coupling.interface.rigid_path import PathSamples, interface_ledger
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from coupling.ledger import Ledger, Term

WORK, PEAK = 2.0, 10e9


def linear(points=9):
    """T = P (1 − δ/δc), ψ = P δ (1 − δ/2δc)."""
    final = 2 * WORK / PEAK
    opening = np.linspace(0, final, points)
    return InitiallyRigid(opening, PEAK * opening * (1 - opening / (2 * final)), PEAK * (1 - opening / final))


def test_it_begins_at_its_strength_and_does_its_work():
    law = linear()
    assert (law.initial_traction, law.peak_traction, law.opening_at_peak) == (PEAK, PEAK, 0.0)
    assert law.work_of_separation == pytest.approx(WORK, rel=1e-12) and law.gap == "in bulk"
    assert law.final_opening == pytest.approx(2 * WORK / PEAK)
    steps, errors = np.array([1e-12, 5e-13, 2.5e-13]), []
    for h in steps:
        energy = law.normal(np.array([1e-10 - h, 1e-10 + h]))[0]
        errors.append(abs(np.diff(energy)[0] / (2 * h) - law.normal(1e-10)[1]))
    assert max(errors) < 1e-4 * PEAK


def test_on_a_spring_work_and_peak_stay_and_stiff_ones_come_back_to_it():
    law, opening = linear(), np.linspace(0.0, 4e-10, 50)
    distances = []
    for stiffness in (1e21, 1e22, 1e23):
        sprung = law.on_spring(stiffness)
        assert sprung.gap == "in bulk"
        assert sprung.work_of_separation == pytest.approx(WORK, rel=1e-12)
        assert sprung.peak_traction == pytest.approx(PEAK, rel=2e-3)
        np.testing.assert_allclose(sprung.normal(0.5 * PEAK / stiffness)[1], 0.5 * PEAK, rtol=1e-6)
        distances.append(np.abs(sprung.normal(opening)[0] - law.normal(opening)[0]).max())
    slopes = np.diff(np.log(distances)) / np.log(10)
    np.testing.assert_allclose(slopes, -1, atol=0.1)  # ψ differs by T²/2k
    with pytest.raises(InputError, match="softer than the law falls"):
        law.on_spring(1e18)


def test_saved_and_loaded_bit_for_bit_and_exported_where_it_can_be(tmp_path):
    law = linear()
    save_law(law, tmp_path / "law.json")
    np.testing.assert_array_equal(load_law(tmp_path / "law.json").traction, law.traction)
    export(law, tmp_path / "akantu.dat", "akantu")
    assert "material cohesive_linear [" in (tmp_path / "akantu.dat").read_text()
    export(law, tmp_path / "law.csv", "csv")
    for form in ("abaqus", "moose"):
        with pytest.raises(InputError, match="on_spring"):
            export(law, tmp_path / "no", form)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"opening": [0, 2, 1, 3, 4]}, "openings rise"),
        ({"energy": [1, 1, 2, 3, 4]}, "energy 0"),
        ({"traction": [0, 1, 1, 1, 0]}, "positive traction at zero"),
        ({"traction": [1, 1, 1, 1, 1]}, "still interact"),
        ({"traction": [1, np.nan, 1, 1, 0]}, "not finite"),
        ({"traction": [1, 0]}, "at least 5"),
    ],
)
def test_samples_that_make_no_such_law_are_refused(change, message):
    good = {"opening": [0, 1, 2, 3, 4], "energy": [0, 1, 2, 3, 4], "traction": [4, 3, 2, 1, 0]}
    with pytest.raises(InputError, match=message):
        InitiallyRigid(**(good | change))


def branches(softness: float, planes: int = 8):
    """A slab of harmonic layers of stiffness C and one interface UBER + softness, in atomistic units."""
    law, stiffness = Uber(2.0, 0.5), 50.0  # eV/Å², Å; per plane eV/Å⁴
    gap = np.concatenate([[-0.05], np.linspace(0, 1, 40) ** 1.5 * 8])
    energy, traction, _ = law.normal(gap)
    scale = law.peak_traction
    stretch = traction / stiffness  # each plane
    bulk = BulkBranch(traction, 2.0 + stretch, 0.5 * stiffness * stretch**2, 2.0 + stretch)
    own = gap + softness * traction / scale
    length = planes * 2.0 + own + (planes - 1) * stretch
    total = energy + softness * traction**2 / (2 * scale) + (planes - 1) * 0.5 * stiffness * stretch**2
    return SlabBranch(gap, length, total, traction, traction, 1.0, (planes,)), bulk, law


@pytest.mark.parametrize("planes", [4, 20])
def test_gap_in_law_gives_the_interface_back_whatever_the_slab(planes):
    slab, bulk, law = branches(0.0, planes)
    made = excess(slab, bulk)
    np.testing.assert_allclose(made.opening, slab.gap, atol=1e-12)
    np.testing.assert_allclose(made.energy, law.normal(slab.gap)[0], atol=1e-12)


def test_gap_in_bulk_takes_one_spacing_more_and_an_interface_softer_than_it_opens_from_the_first():
    slab, bulk, _ = branches(0.3)
    made, in_law = excess(slab, bulk, gap="in bulk"), excess(slab, bulk)
    np.testing.assert_allclose(in_law.opening - made.opening, bulk.spacing - 2.0, atol=1e-12)
    law = made.law()
    assert isinstance(law, TabulatedLaw) and law.gap == "in bulk"
    assert law.work_of_separation == pytest.approx(in_law.law().work_of_separation, rel=1e-9)
    assert law.peak_traction == pytest.approx(in_law.law().peak_traction, rel=2e-3)


def test_the_ledger_gives_half_of_the_gap_to_either_body_or_all_to_the_law():
    samples = PathSamples(np.zeros(1), np.zeros(1), np.zeros(1), 1.0, (2, 3))
    for gap, share in (("in law", 0.0), ("in bulk", 0.5)):
        ledger = interface_ledger(samples, gap=gap)
        np.testing.assert_array_equal(ledger.count, 1.0)
        assert ledger.terms[0].weights[2] == ledger.terms[1].weights[2] == share
    wrong = [
        Term("FE", "both", 1, np.ones(6)),
        *ledger.terms[2:3],
        Term("GNN", "bulk", -1, np.array([1, 1, 0, 1, 1, 1])),
    ]
    with pytest.raises(DoubleCounted, match="interface"):
        Ledger(wrong, ledger.sites)
