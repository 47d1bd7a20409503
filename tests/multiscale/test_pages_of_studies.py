"""Reports of small studies, read without a browser: links, cells, numbers, sentence, checks, how to go on."""

import json
import re

import pytest

from benchmarks.report_cases import page
from coupling.findings import Criterion
from multiscale import Results, load
from multiscale.runtime.numbers import check_texts, column_texts, number_text, suited
from multiscale.runtime.records import Amount
from multiscale.studies import parse_study
from tests.multiscale.pages import page_faults


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    made, folder = {}, tmp_path_factory.mktemp("pages")

    def of(name):
        if name not in made:
            made[name] = page(name, folder)
        return made[name]

    return of


@pytest.mark.parametrize("name", ["law", "specimen", "embedding", "function", "sweep_plane", "sweep_line"])
def test_a_page_is_whole(name, pages):
    path = pages(name)
    assert page_faults(path) == []
    text = re.sub(r'base64,[^"]*|<script.*?</script>', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert '<p class="result">' in text and "GNN" not in text and "energy ()" not in text and "5.00000" not in text
    assert text.count("<a href=") >= 3


def test_what_is_wrong_with_a_page_is_found(pages, tmp_path):
    text = pages("function").read_text(encoding="utf-8").replace('name="viewport"', 'name="port"')
    wrong = (
        '<a href="gone.txt">x</a><table><tr><td></td><td>1.2345678</td></tr></table><p style="width: 900px"></p></body>'
    )
    (tmp_path / "report.html").write_text(text.replace("</body>", wrong), encoding="utf-8")
    found = page_faults(tmp_path / "report.html")
    for words in (
        "leads nowhere: gone.txt",
        "empty <td>",
        "long number: 1.2345678",
        "wide: width: 900px",
        "no viewport",
    ):
        assert words in found


def test_a_law_says_its_result_and_goes_on_to_a_mesh(pages):
    found = Results.load(pages("law").parent)
    assert "20.5" in found.sentence and "{" not in found.sentence
    assert [check.name for check in found.checks] == [
        "tractions against energies",
        "openings without equilibrium",
        "change with more layers",
    ]
    assert all(check.passed for check in found.checks[:2])
    assert not found.checks[2].passed and any("6 layers are not thick enough" in one.what for one in found.findings)
    (traction,) = (plot for plot in found.plots if plot.title == "Traction")
    assert traction.limits == pytest.approx((-0.2 * found["peak_traction"], 1.15 * found["peak_traction"]))
    snippet = found.onward[0].snippet.replace("FOLDER", str(found.folder))
    import yaml

    study = parse_study(yaml.safe_load(snippet), found.folder)
    study.check()
    assert study.interfaces["bond"].law.run == found.folder


def test_a_specimen_is_checked_with_its_figures(pages):
    found = Results.load(pages("specimen").parent)
    checks = {check.name: check for check in found.checks}
    assert checks["elements in the process zone"].at_least and checks["elements in the process zone"].limit == 5
    assert checks["energy balance"].value == found["energy_balance_relative_error"]
    assert checks["G_c against the law"].value == pytest.approx(found["gc_relative_error"], rel=1e-12)
    assert all(check.passed for check in found.checks)
    assert {"Cohesive law", "Load and displacement"} <= {plot.title for plot in found.plots}


def test_a_sweep_shows_what_varies_and_counts_its_failures(pages):
    plane, line = (load(pages(name).parent) for name in ("sweep_plane", "sweep_line"))
    text = pages("sweep_plane").read_text(encoding="utf-8")
    assert (
        "strength from 3.989 GPa to 19.54 GPa" in text
        and "points pending" not in text
        and "results.parquet" not in text
    )
    said = pages("sweep_line").read_text(encoding="utf-8")
    assert '<li class="failed">points failed <b>1</b>' in said and "energy spent, the same at all points" in said
    assert "4 of 5 points" in repr(line) and "<SweepResults of function" in repr(plane)
    assert list(plane.to_pandas()["strength [Pa]"]) == list(plane.to_xarray()["strength"].values.ravel())
    assert plane.plot("strength")._repr_svg_().count("<svg") == 1


def test_results_as_tables(pages):
    found = Results.load(pages("law").parent)
    table = found.to_pandas()
    assert (
        table.loc["work_of_separation", "value"] == found["work_of_separation"]
        and table.loc["peak_traction", "unit"] == "Pa"
    )
    curve, whole = found.to_pandas("law"), found.to_xarray()
    assert (
        list(curve["opening [m]"]) == list(found.curves["law"].values["opening"]) == list(whole["law.opening"].values)
    )
    assert whole["law.traction"].attrs["units"] == "Pa"
    assert repr(found).count("\n") == 0 and "work_of_separation" in found._repr_html_()


def test_without_pandas_one_sentence_says_so(monkeypatch):
    import sys

    from coupling.errors import MissingBackend

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingBackend, match="pip install pandas"):
        Results("toy").to_pandas()


@pytest.mark.parametrize(("value", "limit", "least", "passed"), [(0.02, 0.02, False, True), (0.021, 0.02, False, False),
                                                                 (5.0, 5.0, True, True), (4.9, 5, True, False), (0, 0, False, True)])  # fmt: skip
def test_a_check_is_on_one_side_of_its_limit(value, limit, least, passed):
    check = Criterion("one", value, limit, at_least=least)
    assert check.passed == passed
    assert check_texts(check) == (number_text(value), f"{'needed' if least else 'allowed'} {number_text(limit)}")


def test_a_column_of_amounts_has_one_unit():
    unit, texts = column_texts([Amount(1.5e-6, "J/m"), Amount(2e-9, "J/m"), None])
    assert unit == "µJ/m" and texts == ["1.5", "0.002", "–"]
    assert (
        suited("m", [5e-10]) == (1e-10, "Å") and suited("GPa", [5e4]) == (1.0, "GPa") and suited("m", []) == (1.0, "m")
    )


def test_results_of_older_runs_still_load(pages, tmp_path):
    import shutil

    shutil.copytree(pages("law").parent, tmp_path / "old")
    record = json.loads((tmp_path / "old" / "results.json").read_text(encoding="utf-8"))
    for name in ("checksum", "checks", "maps", "onward", "summary"):
        record.pop(name)
    (tmp_path / "old" / "results.json").write_text(json.dumps(record), encoding="utf-8")
    found = Results.load(tmp_path / "old")
    assert found.checks == [] and found.sentence.startswith("Elastic energy") and "peak traction" in found.sentence
