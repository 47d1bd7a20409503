import re

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from coupling.errors import InputError
from coupling.exchange.export import export, table, to_abaqus, to_akantu, to_csv, to_moose
from coupling.interface.coarse_graining import coarsen
from coupling.interface.fit import fit
from coupling.laws.tabulated import TabulatedLaw
from tests.coupling.laws import ANALYTIC, PEAK, WORK
from tests.coupling.test_storage import tabulated

LAWS = {**ANALYTIC, "tabulated": tabulated(), "coarse": coarsen(ANALYTIC["uber"], 4)}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
CONTINUOUS = {name: law for name, law in LAWS.items() if name != "coarse"}


def csv_rows(text):
    header, *rows = [line for line in text.splitlines() if not line.startswith("#")]
    return header.split(","), np.array([[float(x) for x in row.split(",")] for row in rows])


@every_law
def test_csv_gives_back_the_numbers(law):
    columns, rows = csv_rows(to_csv(law, "joint"))
    assert columns[:3] == ["opening_m", "energy_J_per_m2", "traction_Pa"]
    energy, traction, _ = law.normal(rows[:, 0])
    np.testing.assert_allclose(rows[:, 1], energy, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(rows[:, 2], traction, rtol=1e-12, atol=1e-9 * PEAK)
    peak = float(re.search(r"# peak_traction = (\S+)", to_csv(law))[1])
    assert peak == law.peak_traction


def test_csv_carries_error_bars():
    law = tabulated()
    columns, rows = csv_rows(to_csv(law))
    assert columns[3:] == ["energy_std_J_per_m2", "traction_std_Pa"]
    np.testing.assert_array_equal(rows[:, 3:], np.column_stack([law.energy_std, law.traction_std]))
    assert f"work_of_separation = {law.work_of_separation!r} +- {law.work_of_separation_std!r} J/m^2" in to_csv(law)
    assert f"peak_traction = {law.peak_traction!r} +- {law.peak_traction_std!r} Pa" in to_csv(law)


def abaqus_numbers(text):
    """Stiffnesses, onset tractions and the damage table, by keyword."""
    blocks, keyword = {}, None
    for line in text.splitlines():
        if line.startswith("**"):
            continue
        if line.startswith("*"):
            keyword = line
            blocks[keyword] = []
        else:
            blocks[keyword].append([float(x) for x in line.split(",")])
    return {key: np.array(rows) for key, rows in blocks.items()}


@pytest.mark.parametrize("law", CONTINUOUS.values(), ids=CONTINUOUS)
def test_abaqus_follows_the_law_from_rise_to_end(law):
    numbers = abaqus_numbers(to_abaqus(law, "joint"))
    assert next(iter(numbers)) == "*MATERIAL, NAME=joint"
    stiffness, onset = numbers["*ELASTIC, TYPE=TRACTION"][0], numbers["*DAMAGE INITIATION, CRITERION=MAXS"][0]
    damage, beyond = numbers["*DAMAGE EVOLUTION, TYPE=DISPLACEMENT, SOFTENING=TABULAR"].T
    assert damage[0] == beyond[0] == 0.0 and damage[-1] == 1.0
    assert (np.diff(damage) >= 0).all() and (np.diff(beyond) > 0).all()
    start = onset[0] / stiffness[0]
    np.testing.assert_allclose(onset / stiffness, start)
    x = np.linspace(0, law.final_opening, 40001)
    traction = (1 - np.where(x < start, 0.0, np.interp(x - start, beyond, damage))) * stiffness[0] * x
    assert traction.max() == pytest.approx(law.peak_traction, rel=1e-3)
    assert np.abs(traction - law.normal(x)[1]).max() < 5e-3 * PEAK
    assert np.trapezoid(traction, x) == pytest.approx(law.work_of_separation, rel=2e-3)


def test_abaqus_of_a_bilinear_law_starts_damage_at_its_strength():
    law = ANALYTIC["bilinear"]
    numbers = abaqus_numbers(to_abaqus(law))
    np.testing.assert_allclose(numbers["*ELASTIC, TYPE=TRACTION"][0], law.stiffness, rtol=1e-12)
    assert numbers["*DAMAGE INITIATION, CRITERION=MAXS"][0, 0] == pytest.approx(law.peak_traction, rel=1e-11)


def settings(text):
    return {key: float(value) for key, value in re.findall(r"^\s*(\w+) = ([-+.\de]+)(?:\s+#.*)?$", text, re.MULTILINE)}


def test_moose_and_akantu_take_a_bilinear_law_as_it_is():
    law = ANALYTIC["bilinear"]
    moose, akantu = settings(to_moose(law)), settings(to_akantu(law))
    assert moose == {
        "penalty_stiffness": law.stiffness,
        "normal_strength": law.peak_traction,
        "shear_strength": law.shear_peak_traction,
        "GI_c": law.work_of_separation,
        "GII_c": law.shear_work,
        "eta": law.exponent,
        "viscosity": 0.0,
    }
    assert akantu["sigma_c"] == law.peak_traction and akantu["G_c"] == law.work_of_separation
    assert akantu["delta_0"] == law.opening_at_peak and akantu["penalty"] == law.stiffness
    assert akantu["beta"] * akantu["sigma_c"] == pytest.approx(law.shear_peak_traction, rel=1e-14)
    assert akantu["kappa"] * akantu["G_c"] == pytest.approx(law.shear_work, rel=1e-14)


@every_law
def test_moose_and_akantu_keep_work_and_peak_of_every_law(law):
    for text, work, peak in ((to_moose(law), "GI_c", "normal_strength"), (to_akantu(law), "G_c", "sigma_c")):
        numbers = settings(text)
        assert numbers[work] == law.work_of_separation
        assert numbers[peak] == law.peak_traction
        if law.kind != "bilinear":
            assert f"RMS traction error {fit(law, 'bilinear').error.traction:.3g} of the peak" in text
    assert to_moose(law).count("[]") == 2 and to_akantu(law).rstrip().endswith("]")


@every_law
def test_table_holds_the_landmarks(law):
    rows = table(law)
    assert (np.diff(rows[:, 0]) > 0).all()
    assert rows[0, 0] == 0.0 and abs(rows[0, 1]) < 1e-15 * WORK and abs(rows[0, 2]) < 1e-15 * PEAK
    assert rows[:, 2].max() == pytest.approx(law.peak_traction, rel=1e-12)
    assert rows[-1, 1] == pytest.approx(law.work_of_separation, rel=1e-4)


def test_table_of_a_law_that_drops_shows_the_drop():
    law = coarsen(ANALYTIC["uber"], 1000)
    rows = table(law)
    assert (np.diff(rows[:, 0]) > 0).all()
    assert rows[50, 2] == pytest.approx(law.peak_traction, rel=1e-13) and rows[51, 2] < 1e-6 * law.peak_traction
    np.testing.assert_allclose(rows[51:, 1], WORK, rtol=1e-9)


FUNCTIONS = {"csv": to_csv, "abaqus": to_abaqus, "moose": to_moose, "akantu": to_akantu}


@pytest.mark.parametrize(("form", "function"), FUNCTIONS.items())
def test_export_writes_what_the_form_says(form, function, tmp_path):
    export(ANALYTIC["uber"], tmp_path / "law.txt", form, "ni_111")
    assert (tmp_path / "law.txt").read_text() == function(ANALYTIC["uber"], "ni_111")


def test_bad_exports_are_refused(tmp_path):
    law = ANALYTIC["uber"]
    with pytest.raises(InputError, match="Did you mean 'abaqus'"):
        export(law, tmp_path / "law.inp", "abacus")
    with pytest.raises(InputError, match="letters, digits"):
        export(law, tmp_path / "law.inp", "abaqus", "two\nlines")
    with pytest.raises(InputError, match="drops at its peak; export coarsen"):
        to_abaqus(coarsen(law, 1000))


def swinging(depth: float) -> TabulatedLaw:
    """A law whose traction falls by a depth over its peak and rises again, as laws of two maxima and held ones do."""
    opening = np.concatenate([[-0.1], np.linspace(0.0, 4.0, 161)])
    traction = 20.0 * np.tanh(opening / 0.08) * 0.5 * (1.0 - np.tanh((opening - 1.6) / 0.15))
    traction *= 1.0 - depth * np.exp(-(((opening - 0.8) / 0.2) ** 2))
    traction[1] = traction[-1] = 0.0
    energy = CubicSpline(opening, traction).antiderivative()(opening)
    return TabulatedLaw(opening * 1e-10, energy * 0.1, traction * 1e9)


@pytest.mark.parametrize("depth", [0.3, 0.45])
def test_abaqus_keeps_peak_and_work_of_a_law_whose_secants_rise_again(depth):
    """Damage cannot heal: a table of the law's own secants, held where they rise, lost a sixth of the work."""
    law = swinging(depth)
    secant = (lambda x: law.normal(x)[1] / x)(np.linspace(0.2e-10, 1.6e-10, 200))
    assert (np.diff(secant) > 0).any()
    text = to_abaqus(law)
    numbers = abaqus_numbers(text)
    stiffness, onset = numbers["*ELASTIC, TYPE=TRACTION"][0, 0], numbers["*DAMAGE INITIATION, CRITERION=MAXS"][0, 0]
    damage, beyond = numbers["*DAMAGE EVOLUTION, TYPE=DISPLACEMENT, SOFTENING=TABULAR"].T
    assert (np.diff(damage) >= 0).all()
    x = np.linspace(0.0, law.final_opening, 400001)
    traction = (1 - np.interp(x - onset / stiffness, beyond, damage, left=0.0)) * stiffness * x
    work = np.trapezoid(traction, x)
    assert work == pytest.approx(law.work_of_separation, rel=1e-6)
    assert traction.max() == pytest.approx(law.peak_traction, rel=2e-3)
    error = np.sqrt(np.mean((traction - law.normal(x)[1]) ** 2)) / law.peak_traction
    own = re.search(
        r"itself: peak_traction = (\S+) Pa, work_of_separation = (\S+) J/m\^2; RMS traction error (\S+) of", text
    )
    assert [float(v) for v in own.groups()] == pytest.approx([traction.max(), work, error], rel=0.02)
    assert error > 0.005


def test_a_law_that_no_damage_table_follows_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"secants of this tabulated law rise again .* export fit\(law, 'bilinear'\)"):
        export(swinging(0.85), tmp_path / "law.inp", "abaqus")
    assert not (tmp_path / "law.inp").exists()
