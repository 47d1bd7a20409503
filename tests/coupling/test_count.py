"""What a law counted, and that it travels with the law."""

import json
from dataclasses import replace

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.exchange.export import to_abaqus, to_akantu, to_csv, to_moose
from coupling.exchange.storage import load_law, save_law
from coupling.interface.coarse_graining import coarsen
from coupling.interface.error_bars import with_error_bars
from coupling.interface.fit import Samples, fit
from coupling.laws.bilinear import Bilinear
from coupling.laws.coarse import CoarseLaw
from coupling.laws.count import NOT_KNOWN, BulkSide, Count, as_stated
from coupling.laws.registry import closed_forms
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from tests.coupling.laws import ANALYTIC, LENGTH, PEAK, WORK
from tests.coupling.test_storage import LAWS, UBER, edited, rigid, tabulated

C33 = 3.1e11
STIFFNESS = np.diag([2.4e11, 2.4e11, C33, 0.5e11, 0.5e11, 0.6e11]) / 3


def side(**changes) -> BulkSide:
    linear = 5.5 * 2e-10 * PEAK**2 / (2 * C33 / 3)
    given = {
        "material": "Ni fcc, 7net-0", "fingerprint": "ab12", "stiffness_voigt": STIFFNESS, "spacing": 2e-10,
        "layers": 5.5, "strain": np.array([0.01, -0.02, 1 / 3000]), "energy_at_peak": 1.3 * linear,
    }  # fmt: skip
    return BulkSide(**(given | changes))


COUNT = Count("bulk", side(), side(spacing=1e-10 / 3, strain=np.zeros(3)), False, 300.0, 3.1 * LENGTH, "by hand")


def rigidly_opening(points=9):
    law = rigid()
    return law.counted(replace(COUNT, equilibrium_until=1e-10))


def test_elastic_energy_is_that_of_layers_in_series():
    """n springs of stiffness C33/d a unit area under T: n T² d/2C33."""
    assert side(layers=3).elastic_energy(2e9) == pytest.approx(3 * 0.5 * (2e9) ** 2 / (C33 / 3 / 2e-10), rel=1e-14)


def test_the_closed_spacing_is_half_of_either_side():
    assert COUNT.spacing == pytest.approx(0.5 * (2e-10 + 1e-10 / 3), rel=1e-14)
    assert Count("bulk", plus=side()).spacing == 2e-10 and Count("bulk").spacing is None
    assert replace(COUNT, planes=7).spacing == pytest.approx(7 * COUNT.spacing, rel=1e-14)


def test_laws_say_by_default_what_their_kind_says():
    assert all(
        law.count.taken_away == "as stated" and "elastic bodies" in law.count.statement for law in ANALYTIC.values()
    )
    for name in ("tabulated", "rigid", "mixed"):
        assert LAWS[name].count == NOT_KNOWN
    assert CoarseLaw(tabulated(), 3, 1e20).count.taken_away == "not known"


def test_counted_is_a_copy_that_only_counts_otherwise():
    for law in LAWS.values():
        before, same = law.count, law.counted(COUNT)
        assert same is not law and type(same) is type(law)
        assert same.count == COUNT and law.count == before
        jumps = np.random.default_rng(3).normal(size=(20, 3)) * LENGTH
        np.testing.assert_array_equal(same.evaluate(jumps).traction, law.evaluate(jumps).traction)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize(
    "count", [COUNT, Count("nothing", plus=side()), Count("bulk", held_rigid=True), as_stated("mine"), NOT_KNOWN]
)
def test_files_give_back_every_bit_of_the_count(law, count, tmp_path):
    save_law(law.counted(count), tmp_path / "law.json")
    back = load_law(tmp_path / "law.json")
    assert back.count == count
    if count.plus is not None:
        np.testing.assert_array_equal(back.count.plus.strain, count.plus.strain)
    save_law(back, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "law.json").read_bytes()


def test_units_of_a_side_are_in_the_keys(tmp_path):
    save_law(UBER.counted(COUNT), tmp_path / "law.json")
    plus = json.loads((tmp_path / "law.json").read_text())["count"]["plus"]
    assert list(plus) == [
        "material", "fingerprint", "stiffness_voigt [Pa]", "spacing [m]", "layers [1]", "strain [1]", "energy_at_peak [J/m^2]",
        "formula", "axes [1]",
    ]  # fmt: skip


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_files_of_version_1_still_load_as_not_known(law, tmp_path):
    save_law(law.counted(COUNT), tmp_path / "law.json")
    record = json.loads((tmp_path / "law.json").read_text())

    def aged(one):
        return {
            key: aged(value) if key == "law" else [aged(each) for each in value] if key == "laws" else value
            for key, value in one.items()
            if key not in ("count", "checksum")
        }

    (tmp_path / "old.json").write_text(json.dumps(aged(record) | {"version": 1}))
    old = load_law(tmp_path / "old.json")
    assert old.count.taken_away == "not known" and old.count.plus is None
    jumps = np.random.default_rng(4).normal(size=(20, 3)) * LENGTH
    np.testing.assert_array_equal(old.evaluate(jumps).traction, law.evaluate(jumps).traction)


def test_a_user_states_in_a_file_that_a_law_is_naive(tmp_path):
    path = edited(tmp_path / "law.json", lambda r: r.update(count={"taken_away": "nothing"}))
    assert load_law(path).count == Count("nothing") and load_law(path).count.naive
    stated = {"taken_away": "as stated", "statement": "of Smith 2001, peak at the interface"}
    assert load_law(edited(path, lambda r: r.update(count=stated))).count == as_stated(
        "of Smith 2001, peak at the interface"
    )


@pytest.mark.parametrize(
    ("count", "message"),
    [
        ({}, "taken_away is missing"),
        ({"taken_away": "bulks"}, "'bulks'.*Did you mean 'bulk'"),
        ({"taken_away": "bulk", "temperature": 3}, r"Did you mean 'temperature \[K\]'"),
        ({"taken_away": "bulk", "temperature [K]": -3}, "temperature = -3 K"),
        ({"taken_away": "bulk", "held_rigid": 1}, "held_rigid = 1"),
        ({"taken_away": "bulk", "planes [1]": 0}, "planes = 0"),
        ({"taken_away": "bulk", "statement": "two\nlines"}, "one line of text"),
        ({"taken_away": "bulk", "plus": {"material": "Ni"}}, "stiffness_voigt.*is missing"),
        ({"taken_away": "bulk", "plus": 3}, "must be an object"),
        ("bulk", "must be an object"),
    ],
)
def test_damaged_counts_are_refused(count, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_law(edited(tmp_path / "law.json", lambda r: r.update(count=count)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spacing": 0.0}, "spacing.*positive"),
        ({"layers": -1.0}, "layers = -1.0"),
        ({"energy_at_peak": np.nan}, "energy_at_peak = nan"),
        ({"strain": np.zeros(6)}, r"strain.*\(3,\)"),
        ({"stiffness_voigt": np.zeros((6, 6))}, "positive diagonal"),
    ],
)
def test_sides_that_no_crystal_has_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        side(**changes)


def test_a_side_cannot_be_changed_behind_the_law():
    given = np.zeros(3)
    one = side(strain=given)
    given[0] = 1.0
    assert one.strain[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        one.strain[0] = 1.0


def test_fits_and_error_bars_keep_the_count():
    source = LAWS["uber"].counted(COUNT)
    for kind in closed_forms():
        assert fit(source, kind).law.count == COUNT
    x = np.linspace(0, 14 * LENGTH, 60)
    energy, traction, _ = LAWS["uber"].normal(x)
    assert fit(Samples(x, energy, traction), "bilinear").law.count == NOT_KNOWN
    assert fit(Samples(x, energy, traction, count=COUNT), "bilinear").law.count == COUNT
    table = TabulatedLaw(x, energy, np.append(traction[:-1], 0.0)).counted(COUNT)
    assert with_error_bars(table, [table, table.counted(NOT_KNOWN)]).count == COUNT


def test_a_spring_moves_the_end_of_equilibrium_by_its_own_stretch():
    law = rigidly_opening()
    sprung = law.on_spring(1e22)
    reached = sprung.count.equilibrium_until
    assert sprung.normal(reached)[1] == pytest.approx(float(law.normal(1e-10)[1]), rel=1e-6)
    assert reached > 1e-10 and replace(sprung.count, equilibrium_until=1e-10) == law.count


def test_a_chain_owns_the_spacings_of_all_its_planes():
    count = coarsen(UBER.counted(COUNT), 10).count
    assert (count.planes, count.taken_away) == (10, "bulk")
    assert count.spacing == pytest.approx(10 * COUNT.spacing, rel=1e-14)
    assert count.plus.layers == COUNT.plus.layers  # the slab's bulk is what was taken away
    chain = coarsen(coarsen(UBER.counted(COUNT), 10), 7)
    assert chain.count.planes == 70 and chain.gap == "in law"


def test_a_triangle_leaves_its_planes_to_the_bulk():
    law = UBER.counted(COUNT)
    triangle = coarsen(law, 10, softening="bilinear")
    assert isinstance(triangle, Bilinear) and triangle.gap == "in bulk"
    assert triangle.count.planes == 10 and triangle.count.plus.layers == COUNT.plus.layers + 0.5
    back = Uber(WORK, LENGTH, gap="in bulk").counted(COUNT)
    assert coarsen(back, 10, 1e21).count.plus.layers == COUNT.plus.layers - 0.5
    assert coarsen(back, 10, 1e21, softening="bilinear").count.plus.layers == COUNT.plus.layers


def test_energy_of_the_layers_falls_to_the_linear_one_with_the_peak():
    """E/E_linear = 1 + a T: 1.3 at the plane's peak, 1 + 0.3 T/T₀ at the chain's."""
    for planes in (10, 1000):
        chain = coarsen(Uber(WORK, LENGTH).counted(COUNT), planes)
        linear = chain.count.plus.elastic_energy(chain.peak_traction)
        wanted = 1 + 0.3 * chain.peak_traction / PEAK
        assert chain.count.plus.energy_at_peak / linear == pytest.approx(wanted, rel=1e-9)
    rigid_halves = Uber(WORK, LENGTH).counted(Count("bulk", side(energy_at_peak=0.0), held_rigid=True))
    assert coarsen(rigid_halves, 5).count.plus.energy_at_peak == 0


@pytest.mark.parametrize("part", [0.5, 0.97, 1.2, 3.0, 6.0])
def test_a_chain_is_an_equilibrium_until_its_plane_is_none(part):
    law = Uber(WORK, LENGTH).counted(replace(COUNT, equilibrium_until=part * LENGTH))
    chain = coarsen(law, 10)
    reached, plane = chain.count.equilibrium_until, float(law.normal(np.array(part * LENGTH))[1])
    _, after, before = (
        chain.opening_at_peak,
        float(chain.normal(chain.opening_at_peak * (1 + 1e-9))[1]),
        chain.peak_traction,
    )
    if plane < before and part < 1:  # reached with all planes on the rising branch
        assert reached == pytest.approx(10 * part * LENGTH, rel=1e-9)
    elif plane < after and part > 1:  # on the softening branch
        assert reached > chain.opening_at_peak and chain.normal(reached)[1] == pytest.approx(plane, rel=1e-6)
    else:  # the chain jumps over that opening
        assert reached == chain.opening_at_peak
    triangle = coarsen(law, 10, softening="bilinear")
    at = float(triangle.normal(np.array(triangle.count.equilibrium_until))[1])
    assert at == pytest.approx(float(chain.normal(np.array(reached))[1]), rel=1e-6)


def test_a_chain_that_was_told_its_own_count_keeps_it_when_made_longer():
    told = coarsen(Uber(WORK, LENGTH), 10).counted(Count("nothing", planes=10))
    assert coarsen(told, 3).count == Count("nothing", planes=30)
    assert coarsen(told, 3, softening="bilinear").count.naive


@pytest.mark.parametrize(("write", "mark"), [(to_csv, "# "), (to_abaqus, "** "), (to_moose, "# "), (to_akantu, "# ")])
def test_exports_say_in_comments_what_was_counted_and_who_owns_the_spacing(write, mark):
    text = write(Uber(WORK, LENGTH).counted(COUNT), "joint")
    for words in (
        "bulk on both sides was taken away at equal traction: by hand",
        "5.5 layers of 2e-10 m",
        "belongs to the law",
        "300 K",
    ):
        assert any(line.startswith(mark) and words in line for line in text.splitlines()), words
    assert "nothing was taken away" in write(Uber(WORK, LENGTH).counted(Count("nothing")))
    assert "belongs to the bulk" in write(Uber(WORK, LENGTH, gap="in bulk"))
