"""A cohesive-law study with solute: carbon between copper planes, by effective medium theory."""

import numpy as np
import pytest
import yaml

import multiscale as ms
from coupling.errors import InputError
from coupling.exchange.storage import load_law
from coupling.laws.coverage import CoverageLaw
from coupling.laws.uber import Uber
from coupling.units import BOLTZMANN_EV, EV
from multiscale import run_study
from multiscale.runtime.results import Results
from multiscale.stages.derived_law import OfSolute
from multiscale.studies import parse_study
from multiscale.studies.cohesive_law.solute_report import report_solute

SOLUTE = {"element": "C", "site": "octahedral", "coverages": [0, 1]}
STUDY = {
    "study": "cohesive_law", "potential": "emt", "path": "relaxed", "openings": {"max": "6 Å", "points": 18},
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 6},
}  # fmt: skip


def written(folder, **solute):
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY | {"solute": SOLUTE | solute}), encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture(scope="module")
def fast(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fast")
    return run_study(written(folder, coverage=1), folder / "run"), folder / "run"


def test_a_study_at_a_coverage(fast):
    results, folder = fast
    law = load_law(folder / "law.json")
    assert law.kind == "coverage" and law.coverage == 1.0
    assert law.count.solute.element == "C" and "bulk Cu at infinite dilution" in law.count.solute.reference
    assert law.count.taken_away == "bulk" and law.count.plus.layers == pytest.approx(2.5)
    assert results["work_of_separation"] == pytest.approx(law.works(1.0), rel=1e-12)
    assert all(check.passed for check in results.checks), [one for one in results.checks if not one.passed]
    for name in ("coverages", "coverage_0", "coverage_1", "law"):
        assert (folder / "curves" / f"{name}.csv").is_file()
    assert "solute C: coverage 1" in (folder / "law_export.csv").read_text()
    assert "What the solute changes" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_study_in_exchange_with_a_reservoir(tmp_path):
    """The closed coverage is Langmuir's at the energy of the closed plane; the concentration's potential is that of the bulk."""
    kt = 300 * BOLTZMANN_EV
    path = written(tmp_path, concentration=1e-4, temperature="300 K")
    path.write_text(path.read_text().replace("path: relaxed", "path: rigid"))
    full = run_study(path, tmp_path / "run")
    assert full["chemical_potential"] == pytest.approx(
        kt * np.log(1e-4 / (1 - 1e-4)), abs=1e-6
    )  # one octahedral site an atom
    law = load_law(tmp_path / "run" / "law.json").law
    inside = float(law.evaluate(np.zeros((1, 3)), 0.5).chemical_potential[0]) / EV
    path.write_text(path.read_text().replace("concentration: 0.0001", f"chemical_potential: {inside - 0.05}"))
    slow = run_study(path, tmp_path / "slow")
    made = load_law(tmp_path / "slow" / "law.json")
    assert made.kind == "reservoir" and made.count.solute.held == "chemical potential"
    assert slow["coverage_closed"] == pytest.approx(1 / (1 + np.exp(0.05 / kt)), rel=1e-6)  # a line: no interaction
    assert slow["work_of_separation"] < law.at_coverage(slow["coverage_closed"]).work_of_separation
    assert "Coverage as the faces part" in (tmp_path / "slow" / "report.html").read_text(encoding="utf-8")


def test_the_same_from_python(fast):
    potential = ms.load_potential("emt")
    plane = ms.cleave(ms.crystal(potential, "Cu", "fcc"), (1, 1, 1), layers=6)
    law = ms.cohesive_law(
        potential, plane, path="rigid", openings=18, largest_opening="6 Å", solute=SOLUTE | {"coverage": 0.5}
    )
    assert law.kind == "coverage" and law.count.held_rigid and law.count.solute.coverage == 0.5
    assert law.works(1.0) > load_law(fast[1] / "law.json").works(1.0)  # rigid halves do not relax


@pytest.mark.parametrize(("curved", "said"), [(0.0, 0), (0.02, 0), (0.6, 1)])
def test_coverages_too_few_to_interpolate_are_a_finding(curved, said):
    """Works that are a line in the coverage, nearly one, and a hat, which no other coverage knows of."""
    works, coverages = 3.0 * (1 - curved * np.array([0.0, 1.0, 0.0])), np.array([0.0, 0.5, 1.0])
    own = CoverageLaw([Uber(work, 5e-11) for work in works], coverages, np.zeros(3), 1.9e19)
    results = Results("cohesive_law", "")
    report_solute(results, own.at_coverage(0.5), OfSolute(own, (0.0, 0.0, 0.0), 0.0, "octahedral", (2e-10,) * 3))
    found = [one for one in results.findings if "left out and predicted" in one.what]
    assert len(found) == said and (results["interpolation_error"] > 0.02) == bool(said)
    assert all("sample more coverages" in one.change for one in found)


@pytest.mark.parametrize(
    ("solute", "said"),
    [
        ({"coverage": 1.2}, "coverage of 1.2 solute atoms per site cannot be"),
        ({"coverage": -0.1}, "coverage of -0.1 solute atoms"),
        ({"coverages": [0, 1.5], "coverage": 1}, "coverage of 1.5 solute"),
        ({"coverages": [0.5, 1], "coverage": 1}, "must rise from 0"),
        ({"coverage": 1, "chemical_potential": -0.1, "temperature": "300 K"}, "coverage and chemical_potential .* one of the three"),
        ({"chemical_potential": -0.1, "concentration": 1e-4, "temperature": "300 K"}, "one of the three"),
        ({}, "nothing of the solute is given to be held"),
        ({"chemical_potential": -0.1}, "a reservoir needs temperature"),
        ({"chemical_potential": 0.3, "temperature": "300 K"}, "chemical_potential of 0.3 eV is above .* more than half"),
        ({"coverage": 1, "temperature": "300 K"}, "a coverage that is held has none"),
        ({"coverage": 1, "repeats": [0, 1]}, "repeats.0: 0: input should be greater than or equal to 1"),
        ({"chemical_potential": "-0.1 eV", "temperature": "300 K"}, "this number stands alone, in eV"),
        ({"coverage": 1, "element": "Hx"}, "'Hx' is no element"),
        ({"coverage": 1, "element": "Cu"}, "Cu is the host's own element"),
        ({"coverage": 1, "coverages": [0, 0.5]}, "beyond those sampled, 0 to 0.5"),
    ],
)  # fmt: skip
def test_wrong_solute_is_named_before_anything_runs(solute, said):
    with pytest.raises(InputError, match=said):
        parse_study(STUDY | {"solute": SOLUTE | solute}).check()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "mixed"}, "a law with solute is one of the opening alone"),
        ({"temperature": "300 K"}, "its atoms static"),
        ({"trust": {"committee": ["emt", "emt"]}}, "error bars are not derived for a law with solute"),
        ({"plane": STUDY["plane"] | {"layers": "automatic"}}, "layers: automatic is not offered with solute"),
    ],
)
def test_what_is_not_derived_with_solute_is_refused(changes, said):
    with pytest.raises(InputError, match=said):
        parse_study(STUDY | changes | {"solute": SOLUTE | {"coverage": 1}})


def test_a_potential_without_the_solute_and_half_an_atom_are_named(tmp_path):
    with pytest.raises(InputError, match="lacks the solute Fe"):
        run_study(written(tmp_path, coverage=1, element="Fe"), tmp_path / "run")
    with pytest.raises(InputError, match="concentration of 0.8 fills more than half of the best sites of bulk Cu"):
        run_study(written(tmp_path, concentration=0.8, temperature="300 K"), tmp_path / "full")
    with pytest.raises(InputError, match=r"0.3 is 0.3 atoms on the 1 sites of the cell; give one of 0, 1"):
        run_study(written(tmp_path, coverage=0, coverages=[0, 0.3]), tmp_path / "other")
