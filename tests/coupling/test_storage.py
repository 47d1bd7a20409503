import json

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.exchange.storage import FORMAT, law_text, load_law, save_law
from coupling.interface.coarse_graining import coarsen
from coupling.laws.coarse import CoarseLaw
from coupling.laws.coverage import CoverageLaw
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.mixed_in_bulk import MixedInBulk
from coupling.laws.registry import law_kinds
from coupling.laws.reservoir import ReservoirLaw
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from coupling.units import EV
from tests.coupling.laws import ANALYTIC, LENGTH, WORK

UBER = Uber(WORK, LENGTH / 3, 1e20 / 7)


def tabulated():
    x = np.concatenate([-0.1 * LENGTH * np.arange(5, 0, -1), 40 * LENGTH * np.linspace(0, 1, 60) ** 2])
    energy, traction, _ = UBER.normal(x)
    shear = np.outer(np.exp(-np.clip(x / LENGTH, -1, None)), [3e20, 1e20])
    errors = np.random.default_rng(0).uniform(size=(2, len(x)))
    return TabulatedLaw(x, energy, traction, shear, "in bulk", 0.01 * errors[0], 1e8 * errors[1])


def mixed():
    x, slip = 12 * LENGTH * np.linspace(0, 1, 40) ** 2, 1 - 0.1 * np.cos(np.arange(3))[:, None] * np.ones(4)
    slip = slip / slip[0, 0]
    energy, traction, _ = (a[:, None, None] * slip for a in UBER.normal(x))
    energy += (UBER.work_of_separation - energy[-1]) * np.linspace(0, 1, 40)[:, None, None] ** 4
    return MixedModeLaw(x, np.array([[2.5e-10, 0], [0, 1e-10 / 3]]), energy, traction)


def mixed_in_bulk():
    law, stiffness = mixed(), WORK / (LENGTH / 3) ** 2
    traction = np.linspace(0, 1.1 * law.peak_traction, 9)
    return MixedInBulk(
        law.opening,
        law.lattice,
        law.energy,
        law.traction,
        traction,
        traction / stiffness,
        np.eye(2) / stiffness,
        LENGTH / 9,
    )


def rigid():
    opening = np.linspace(0.0, 4e-10, 8)
    return InitiallyRigid(opening, 1e10 * opening * (1 - opening / 8e-10), 1e10 * (1 - opening / 4e-10))


COVERAGE = CoverageLaw([UBER, Uber(0.8 * WORK, LENGTH / 3, 1e20 / 7)], [0.0, 1.0], [0.0, 0.01 / 3], 1e19 / 3, 0.3)
LAWS = {
    **ANALYTIC,
    "tabulated": tabulated(),
    "rigid": rigid(),
    "mixed": mixed(),
    "mixed in bulk": mixed_in_bulk(),
    "coarse": CoarseLaw(UBER, 1000, 1e21),
    "plain": coarsen(UBER, 7),
    "coverage": COVERAGE,
    "reservoir": ReservoirLaw(COVERAGE, -0.01 * EV, 300.0),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_round_trip_gives_back_every_bit(law, tmp_path):
    save_law(law, tmp_path / "law.json")
    back = load_law(tmp_path / "law.json")
    assert type(back) is type(law) and back.gap == law.gap
    for name in law.units:
        np.testing.assert_array_equal(getattr(back, name), getattr(law, name))
    jumps = np.random.default_rng(2).normal(size=(50, 3)) * 3 * LENGTH
    for ours, theirs in zip(back.evaluate(jumps), law.evaluate(jumps), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    save_law(back, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "law.json").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.json", "law.json"]


def test_every_kind_is_tested():
    assert {law.kind for law in LAWS.values()} == set(law_kinds())


def test_error_bars_are_kept_and_interpolated(tmp_path):
    law = tabulated()
    save_law(law, tmp_path / "law.json")
    back = load_law(tmp_path / "law.json")
    assert back.work_of_separation_std == law.energy_std[-1]
    i = np.searchsorted(law.opening, law.opening_at_peak)
    assert min(law.traction_std[i - 1 : i + 1]) < back.peak_traction_std < max(law.traction_std[i - 1 : i + 1])
    assert tabulated().__class__(law.opening, law.energy, law.traction).work_of_separation_std is None


def test_units_are_in_the_keys(tmp_path):
    save_law(UBER, tmp_path / "law.json")
    record = json.loads((tmp_path / "law.json").read_text())
    assert len(record.pop("checksum")) == 64
    assert record == {
        "format": FORMAT,
        "version": 6,
        "kind": "uber",
        "gap": "in law",
        "count": {
            "taken_away": "as stated",
            "plus": None,
            "minus": None,
            "held_rigid": False,
            "temperature [K]": None,
            "equilibrium_until [m]": None,
            "statement": UBER.count.statement,
            "planes [1]": 1,
            "equilibrium_traction [Pa]": None,
            "beyond": "",
            "solute": None,
        },
        "parameters": {
            "work_of_separation [J/m^2]": WORK,
            "length [m]": LENGTH / 3,
            "shear_stiffness [Pa/m]": 1e20 / 7,
        },
    }


def edited(path, change):
    save_law(UBER, path)
    record = json.loads(path.read_text())
    del record["checksum"]
    change(record)
    path.write_text(json.dumps(record))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(version=7), "version 7 of the law format; this code reads versions 1 to 6"),
        (lambda r: r.update(kind="ubr"), "'ubr'; valid.*Did you mean 'uber'"),
        (lambda r: r.pop("format"), "not a cohesive law"),
        (lambda r: r.update(note="x"), "Unknown key.*'note'"),
        (lambda r: r["parameters"].pop("length [m]"), r"length \[m\] is missing"),
        (lambda r: r["parameters"].update({"length [nm]": 1}), r"Did you mean 'length \[m\]'"),
        (lambda r: r["parameters"].update({"length [m]": float("nan")}), "finite numbers only.*NaN"),
        (lambda r: r["parameters"].update({"length [m]": "1"}), "must be a number"),
        (lambda r: r["parameters"].update({"length [m]": None}), "does not make a law"),
        (lambda r: r["parameters"].update({"length [m]": [[1.0], 2.0]}), "equal lengths"),
        (lambda r: r["parameters"].update({"length [m]": -1.0}), "does not make a law: length = -1.0"),
        (lambda r: r.pop("parameters"), '"kind" and "parameters"'),
    ],
)
def test_damaged_files_are_refused(change, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_law(edited(tmp_path / "law.json", change))


@pytest.mark.parametrize("law", [UBER, tabulated()], ids=["uber", "tabulated"])
def test_a_changed_digit_is_found(law, tmp_path):
    path = tmp_path / "law.json"
    save_law(law, path)
    text = path.read_text()
    places = [k for k, letter in enumerate(text) if letter.isdigit() and k > text.index('"kind"')]
    for place in places[:: max(1, len(places) // 60)]:
        changed = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
        path.write_text(changed)
        if json.loads(changed) != json.loads(text):  # the 17th digit of a number may say nothing
            with pytest.raises(InputError):
                load_law(path)
    path.write_text(text)
    assert law_text(load_law(path)) == law_text(law)


@pytest.mark.parametrize("version", [2, 3, 4])
def test_files_without_a_checksum_still_load(version, tmp_path):
    path = edited(tmp_path / "law.json", lambda r: r.update(version=version))
    assert load_law(path) == UBER


def test_files_cut_short_or_missing_are_refused(tmp_path):
    path = tmp_path / "law.json"
    with pytest.raises(InputError, match="There is no law file .*law.json"):
        load_law(path)
    save_law(UBER, path)
    path.write_text(path.read_text()[:-30])
    with pytest.raises(InputError, match="not a complete JSON"):
        load_law(path)
    with pytest.raises(InputError, match="cannot be written: No such file"):
        save_law(UBER, tmp_path / "none" / "law.json")


def test_a_law_that_is_not_finite_leaves_the_old_file_alone(tmp_path):
    path, law = tmp_path / "law.json", tabulated()
    save_law(law, path)
    before = path.read_bytes()
    law.energy[3] = np.nan
    with pytest.raises(InputError, match="not finite"):
        save_law(law, path)
    assert path.read_bytes() == before


def test_only_laws_of_a_stored_kind_are_written(tmp_path):
    class Other(Uber):
        pass

    with pytest.raises(InputError, match="Other"):
        save_law(Other(WORK, LENGTH), tmp_path / "law.json")
