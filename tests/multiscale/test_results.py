"""Results, report and progress."""

import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from coupling.errors import InputError, MultiscaleError
from multiscale.report import write_report
from multiscale.runtime.drawing import conversion
from multiscale.runtime.numbers import amount_text, number_text
from multiscale.runtime.progress import Bars, Lines, display
from multiscale.runtime.records import Picture, Plot, PlotSeries, Quantity
from multiscale.runtime.results import Results
from tests.multiscale.conftest import toy_results


@pytest.fixture
def results(tmp_path):
    opening = np.array([0.0, 0.1, 0.7e-10, 1 / 3, 1e-300])
    made = toy_results(opening, tmp_path)
    made.title = "Title <script>alert(1)</script>"
    made.provenance = {"versions": {"python": "3"}, "revision": "", "seed": 0}
    made.input = {"study": "toy", "title": "a < b"}
    return made


def test_round_trip_is_exact(results, tmp_path):
    results.write(tmp_path)
    again = Results.load(tmp_path)
    for name in (
        "study",
        "title",
        "quantities",
        "plots",
        "pictures",
        "ledger",
        "tables",
        "notes",
        "provenance",
        "input",
    ):
        assert getattr(again, name) == getattr(results, name), name
    for column, values in results.curves["law"].values.items():
        np.testing.assert_array_equal(again.curves["law"].values[column], values)
    assert again.curves["law"].units == {"opening": "m", "traction": "Pa"}
    assert again["peak"] == 29.8e9 and type(again["steps"]) is int
    with pytest.raises(InputError, match="Did you mean 'peak'"):
        again["paek"]


@pytest.mark.parametrize("file", ["results.json", "curves/law.csv"])
def test_a_changed_digit_and_a_lost_row_are_found(file, results, tmp_path):
    results.write(tmp_path)
    path = tmp_path / file
    text = path.read_text()
    digits = [k for k, letter in enumerate(text) if letter.isdigit() and k > text.index("\n")]
    for place in digits[:: max(1, len(digits) // 40)]:
        path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :])
        with pytest.raises(InputError, match="cannot be read|is not in the format"):
            Results.load(tmp_path)
    path.write_text("".join(text.splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match="cannot be read"):
        Results.load(tmp_path)


def test_results_without_checksums_still_load(results, tmp_path):
    results.write(tmp_path)
    record = json.loads((tmp_path / "results.json").read_text())
    del record["checksum"]
    for head in record["curves"].values():
        del head["checksum"]
    (tmp_path / "results.json").write_text(json.dumps(record))
    assert Results.load(tmp_path).quantities == results.quantities


def test_every_number_has_its_unit_and_curves_their_header(results, tmp_path):
    results.write(tmp_path)
    record = json.loads((tmp_path / "results.json").read_text(), parse_constant=pytest.fail)
    assert all({"value", "unit", "description"} <= set(entry) for entry in record["quantities"].values())
    assert (tmp_path / "curves" / "law.csv").read_text().splitlines()[0] == "opening [m],traction [Pa]"


@pytest.mark.parametrize("bad", [float("nan"), np.float32("inf")])
def test_what_is_not_finite_is_refused(bad):
    results = Results("toy")
    with pytest.raises(MultiscaleError, match="'peak'"):
        results.add("peak", bad, "Pa", "")
    with pytest.raises(MultiscaleError, match="'peak'"):
        results.add("peak", 1.0, "Pa", "", uncertainty=bad)
    with pytest.raises(MultiscaleError, match="'t'"):
        results.add_curve("law", "", x=("m", [0, 1]), t=("Pa", [0, bad]))
    assert not results.quantities and not results.curves


def test_a_nan_hidden_in_a_table_writes_nothing(results, tmp_path):
    results.provenance["seconds"] = {"total": float("nan")}
    with pytest.raises(MultiscaleError, match="JSON"):
        results.write(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(MultiscaleError, match="differ in length"):
        Results("toy").add_curve("law", "", x=("m", [0, 1]), t=("Pa", [0, 1, 2]))


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": "other"}', '{"format": "multiscale results 1"}'])
def test_what_is_no_run_cannot_be_loaded(content, tmp_path):
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    with pytest.raises(InputError, match="run"):
        Results.load(tmp_path)


class Page(HTMLParser):
    """Tags that are open, and all that would be fetched."""

    VOID = frozenset({"meta", "img", "br", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.references: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.references += [value for name, value in attributes if name in ("src", "href", "xlink:href", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_needs_nothing_else(results, tmp_path):
    write_report(results, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert not re.search(r"https?:|url\((?!#)|@import", text)
    files = {one.name for one in tmp_path.iterdir()} - {"report.html"}
    assert page.references and all(
        item.startswith(("#", "data:image/png;base64,")) or item in files for item in page.references
    )
    assert not {"link", "iframe"} & page.tags and {"svg", "img", "script"} <= page.tags
    for shown in (
        "peak &lt;traction&gt;",
        "29.80 ± 0.40 GPa",
        "A note &amp; more.",
        "slab",
        "−1",
        "Energy balance",
        "a &lt; b",
    ):
        assert shown in text
    ids = re.findall(r'<svg[^>]*viewBox="0 0 (\d+)', text)
    assert len(ids) == len(results.plots)


def test_a_picture_that_is_missing_is_said(results, tmp_path):
    results.pictures.append(Picture("absent.png", ""))
    with pytest.raises(MultiscaleError, match="absent.png"):
        write_report(results, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_axes_convert_units():
    assert conversion("m", "Å") == pytest.approx(1e10)
    assert conversion("Pa", "GPa") == pytest.approx(1e-9)
    assert conversion("N/m", "N/m") == 1
    with pytest.raises(InputError, match="'m' cannot be shown in 'GPa'"):
        conversion("m", "GPa")


def test_a_plot_shows_the_numbers_in_its_axes_units(results, tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn = []
    plot = Axes.plot
    opening = np.array([0.0, 0.7e-10, 3e-10])
    results.add_curve("law", "", opening=("m", opening), traction=("Pa", 1e10 * np.sin(opening * 1e10)))
    monkeypatch.setattr(Axes, "plot", lambda self, x, y, **style: drawn.append((x, y)) or plot(self, x, y, **style))
    results.plots[:] = [Plot("", "opening", "Å", "traction", "GPa", (PlotSeries("law", "opening", "traction"),))]
    write_report(results, tmp_path / "report.html")
    values = results.curves["law"].values
    np.testing.assert_allclose(drawn[0][0], values["opening"] * 1e10)
    np.testing.assert_allclose(drawn[0][1], values["traction"] * 1e-9)


@pytest.mark.parametrize(
    ("value", "unit", "spread", "text"),
    [
        (29.8e9, "Pa", None, "29.8 GPa"),
        (3.8712, "J/m^2", 0.05, "3.871 ± 0.050 J/m²"),
        (5.04e-11, "m", None, "0.504 Å"),
        (1 / 3 * 1e-10, "m", None, "0.3333 Å"),
        (2.86e-9, "m", None, "2.86 nm"),
        (1e20, "Pa/m", None, "100 GPa/nm"),
        (1.234e-6, "J/m", None, "1.234 µJ/m"),
        (0.8063, "J/m^2", None, "806.3 mJ/m²"),
        (1.2e-5, "", 4e-7, "(1.200 ± 0.040) × 10⁻⁵"),
        (300.0, "K", None, "300 K"),
        (1234567, "", None, "1.235 × 10⁶"),
        (None, "", None, "–"),
        (0.00001234, "", None, "1.234 × 10⁻⁵"),
        (-0.5, "", None, "−0.5"),
        (0.0, "m", None, "0 m"),
        (12, "", None, "12"),
        (999.96e6, "Pa", None, "1.000 GPa"),
        ("7net", "", None, "7net"),
        (True, "", None, "yes"),
    ],
)
def test_numbers_as_people_read_them(value, unit, spread, text):
    assert amount_text(Quantity(value, unit, "", spread)) == text


def test_significant_digits_round_up_cleanly():
    assert [number_text(x, 2) for x in (0.996, 9.96, 99.6)] == ["1.0", "10", "100"]


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def test_lines_are_few_and_none_is_lost_at_the_end():
    out = console(False)
    with Lines(out, seconds=1000) as progress:
        for step in range(1001):
            progress("loading", step, 1000, "[bold]1 nm")
        progress("loading", 1000, 1000)
    lines = out.file.getvalue().splitlines()
    assert lines == ["loading: 0 of 1000, [bold]1 nm", "loading: 1000 of 1000, [bold]1 nm"]


def test_bars_on_a_terminal_lines_elsewhere():
    assert isinstance(display(console(True)), Bars) and isinstance(display(console(False)), Lines)
    out = console(True)
    with display(out) as progress:
        progress("atoms", 3, 12, "[x]")
    assert "atoms" in out.file.getvalue() and "3/12" in out.file.getvalue()
