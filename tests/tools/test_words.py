"""Each word has one meaning: the glossary's terms are listed once, and the code uses them so."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def listed() -> list[str]:
    """The terms of the glossary, of rows that have several each of them."""
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    return [term.strip() for row in rows for term in row.split(", ") if term.strip() not in ("term", "3D")]


def test_no_term_stands_twice_in_the_glossary() -> None:
    terms = [re.sub(r" \(.*\)", "", term) for term in listed()]
    assert len(terms) > 70 and sorted(set(terms)) == sorted(terms)


@pytest.mark.parametrize(
    "folder",
    [
        "coupling/interface",
        "coupling/laws",
        "coupling/upscale",
        "coupling/exchange",
        "atomistic/trust",
        "atomistic/dislocation",
    ],
)
def test_misfit_is_no_error_of_a_fit_and_no_slip(folder: str) -> None:
    """Fits have errors and residuals, a dislocation a disregistry: misfit is the strain of one crystal on another."""
    assert [p.name for p in (ROOT / folder).rglob("*.py") if "misfit" in p.read_text(encoding="utf-8").lower()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_inputs_on_a_page_are_yaml_and_its_items_begin_lines(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        yaml.safe_load(block)
    assert re.findall(r"\. - (?:\*\*|`)", text) == []
