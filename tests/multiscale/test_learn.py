"""Studies with error bars, and the learning study."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase import Atoms
from ase.build import bulk

from atomistic.potentials.effective_medium import EffectiveMedium
from coupling.errors import InputError
from coupling.exchange.storage import load_law
from multiscale import run_study
from multiscale.studies import parse_study
from multiscale.studies.learn.run import student

PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 6}
LAW = {"study": "cohesive_law", "potential": "emt", "plane": PLANE, "openings": {"max": "4.5 Å", "points": 20}}
STIFFER = [{"name": f"{__name__}:StrongerEMT", "factor": factor} for factor in (0.9, 1.06)]


class StrongerEMT(EffectiveMedium):
    """Effective medium theory with all energies enlarged: the same crystal, stronger by a factor."""

    cutoff = 6.0

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def calculate(self, atoms: Atoms | None = None, properties=("energy",), system_changes=()) -> None:
        super().calculate(atoms, list(properties), list(system_changes))
        self.results = {name: self.factor * np.asarray(value) for name, value in self.results.items()}


def written(folder: Path, data: dict) -> Path:
    file = folder / "case.yaml"
    file.write_text(yaml.safe_dump(data))
    return file


def test_a_law_with_a_committee_carries_its_spread(tmp_path: Path) -> None:
    """Members that are the potential times 1, 0.9 and 1.06: all relative errors are the factors' own."""
    run_study(written(tmp_path, LAW | {"trust": {"committee": STIFFER}, "output": {"folder": "out"}}), allow_code=True)
    found = json.loads((tmp_path / "out" / "results.json").read_text())["quantities"]
    law = load_law(tmp_path / "out" / "law.json")
    relative = np.std([1.0, 0.9, 1.06], ddof=1)
    for name in ("work_of_separation", "peak_traction"):
        assert found[name]["uncertainty"] == pytest.approx(
            relative * found[name]["value"], rel=0.02
        )  # the peak lies between two openings
    assert law.work_of_separation_std == found["work_of_separation"]["uncertainty"]
    assert "one standard deviation" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trust": {}}, "labels"),
        ({"trust": {"committee": ["emt"], "labels": "a.xyz"}}, "one of the two"),
        ({"trust": {"committee": ["7net-00"]}}, "Did you mean"),
        ({"trust": {"labels": "absent.xyz"}}, "no file of labels"),
    ],
)
def test_error_bars_that_cannot_be(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_study(LAW | change, tmp_path).check()


@pytest.fixture
def teachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cheap potential with features, "teachable", that knows copper from a few labels."""
    known = []
    for k, a in enumerate((3.5, 3.55, 3.6, 3.65, 3.7, 3.8)):
        known.append(bulk("Cu", "fcc", a=a, cubic=True))
        known[-1].rattle(0.05 * (1 + k % 3), seed=k)
    teach(monkeypatch, known)


@pytest.fixture
def stable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, taught strains, so that its crystal is elastically stable."""
    from atomistic.properties.elastic import strained

    rng = np.random.default_rng(0)
    teach(monkeypatch, [strained(bulk("Cu", "fcc", a=3.6, cubic=True), 0.02 * rng.normal(size=6)) for _ in range(16)])


def teach(monkeypatch: pytest.MonkeyPatch, known: list[Atoms]) -> None:
    from atomistic import load_potential
    from atomistic.potentials import PotentialEntry, registry
    from atomistic.trust import LabelSet, fit_posterior
    from tests.atomistic.radial_model import radial

    posterior = fit_posterior(radial(), LabelSet.made(load_potential("emt"), known))
    module = sys.modules[__name__]
    monkeypatch.setattr(module, "load_teachable", lambda name, device, dtype: posterior.mean_potential(), raising=False)
    entry = PotentialEntry("teachable", "test", "a toy", f"{__name__}:load_teachable")
    monkeypatch.setattr(registry, "_BUILT_IN", (entry, *registry._BUILT_IN))


LEARN = {
    "study": "learn", "potential": "teachable", "oracle": "emt",
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 3},
    "routes": {"openings": {"max": "5 Å", "points": 12}, "slips": 2, "rattles": 2, "strains": 2, "relaxations": 1,
               "dynamics": {"temperature": "600 K", "steps": 20}},
    "threshold": 0.02, "budget": 30, "samples": 4,
}  # fmt: skip


def test_the_learning_study(tmp_path: Path, teachable: None) -> None:
    """Labels, radii, the law with its error bars and what they cost; run again, it computes no label."""
    found = run_study(written(tmp_path, LEARN | {"output": {"folder": "out"}}))
    value = {name: quantity.value for name, quantity in found.quantities.items()}
    assert value["below_threshold"] and 6 < value["labels"] < 30
    assert value["largest_radius_before"] > 0.02
    assert value["labels_computed"] == value["labels"]
    from atomistic import load_potential
    from atomistic.trust import LabelSet
    from atomistic.trust.propagate import cleavage

    labels = LabelSet.load(tmp_path / "out" / "labels.extxyz")
    assert len(labels) == value["labels"] and set(labels.groups) >= {"opening", "slip", "rattle", "strain"}
    exact = cleavage("Cu", "fcc", (1, 1, 1), layers=3, largest=5.0)(load_potential("emt"))["work_of_separation"]
    work = found.quantities["work_of_separation"]
    assert abs(work.value - exact) < max(3 * work.uncertainty, 0.02 * exact)
    assert load_law(tmp_path / "out" / "law.json").work_of_separation_std == work.uncertainty
    again = run_study(written(tmp_path, LEARN | {"output": {"folder": "again"}}))
    assert again.quantities["labels_computed"].value == 0
    assert again.quantities["work_of_separation"].value == work.value
    law = LAW | {
        "potential": "teachable",
        "trust": {"labels": "out/labels.extxyz", "samples": 3},
        "output": {"folder": "law"},
    }
    plain = run_study(written(tmp_path, law))
    assert plain.quantities["work_of_separation"].uncertainty is None
    assert any("error bar of the work of separation is withheld: 0 of the labelled" in one for one in plain.warnings)


def test_bars_of_a_law_come_from_labelled_paths_of_its_kind(tmp_path: Path, teachable: None) -> None:
    """Nine other planes: the bar is what they say, in the results, in the law's file and nowhere wider or narrower."""
    from scipy.special import ndtri

    from atomistic import load_potential
    from atomistic.decohesion.slab import cleavage_slab
    from atomistic.trust import LabelSet, fit_posterior
    from atomistic.trust.bars import held_out
    from atomistic.trust.propagate import cleavage, propagate

    emt, crystal = load_potential("emt"), bulk("Cu", "fcc", a=3.6)
    planes = [(1, 0, 0), (1, 1, 0), (2, 1, 0), (2, 1, 1), (2, 2, 1), (3, 1, 0), (3, 1, 1), (3, 2, 0), (3, 3, 1)]
    structures, names = [], []
    for plane in planes:
        slab = cleavage_slab(crystal, plane, 4, conventional=3.6 * np.eye(3))
        structures += [slab.opened(d) for d in (0.0, 0.3, 0.6, 0.9, 1.5, 5.0)]
        names += [str(plane)] * 6
    structures += [bulk("Cu", "fcc", a=a) for a in (2.9, 3.2, 3.4, 3.5, 3.6, 3.7, 3.8, 4.1, 4.5)]
    labels = LabelSet.made(emt, structures, "any", names + [""] * 9)
    labels.save(tmp_path / "labels.extxyz")
    law = LAW | {
        "potential": "teachable",
        "trust": {"labels": "labels.extxyz", "samples": 3},
        "output": {"folder": "law"},
    }
    found = run_study(written(tmp_path, law))
    posterior = fit_posterior(load_potential("teachable"), LabelSet.load(tmp_path / "labels.extxyz")).calibrated()
    held = held_out(posterior)
    whole = propagate(
        cleavage("Cu", "fcc", (1, 1, 1), layers=6, largest=4.5, points=20),
        posterior.mean_potential(),
        posterior.sample(3),
    )
    for name in ("work_of_separation", "peak_traction"):
        bar = held[name].bar(float(whole[name].value), float(whole[name].std))
        shown = found.quantities[name]
        assert bar.given and shown.uncertainty * ndtri(0.95) == pytest.approx(bar.radius, rel=0.05)
    assert (
        load_law(tmp_path / "law" / "law.json").work_of_separation_std
        == found.quantities["work_of_separation"].uncertainty
    )


def test_a_crystal_that_leaves_its_labels_is_named() -> None:
    """A lattice 10 % larger has a plane 21 % larger; labels strained by 3 % do not reach it."""
    from types import SimpleNamespace

    from multiscale.studies.learn.run import drifted

    labelled, near, far = (SimpleNamespace(area=8.0 * size**2) for size in (1.0, 0.98, 1.1))
    assert drifted(labelled, near, 0.03) == []
    (warning,) = drifted(labelled, far, 0.03)
    assert warning.startswith("WARNING") and "+10.0%" in warning and "3.0%" in warning


def test_a_larger_budget_goes_on(tmp_path: Path, teachable: None) -> None:
    small = run_study(written(tmp_path, LEARN | {"budget": 7, "output": {"folder": "small"}}))
    assert not small.quantities["below_threshold"].value
    assert any("run it again with a larger" in note for note in small.notes)
    large = run_study(written(tmp_path, LEARN | {"budget": 9, "output": {"folder": "large"}}))
    assert large.quantities["labels_computed"].value == 2


def test_the_command_takes_no_other_study(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from multiscale.cli import app

    answer = CliRunner().invoke(app, ["learn", str(written(tmp_path, LAW))])
    assert answer.exit_code == 2 and "not 'learn'" in answer.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"oracle": "gfn3-xtb"}, "Did you mean"),
        ({"budget": 4}, "allow more labels"),
        ({"threshold": 0.0}, "greater than 0"),
        ({"plane": LEARN["plane"] | {"repeats": [0, 1]}}, "two numbers from 1 to 50"),
        ({"plane": LEARN["plane"] | {"structure": "fc"}}, "Did you mean 'fcc'"),
        ({"routes": {"rattle": 1}}, "has no unit; write it with one of m, mm"),
    ],
)
def test_learning_that_cannot_be(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_study(LEARN | {"potential": "emt"} | change, tmp_path).check()


def test_a_potential_without_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="provides no features"):
        run_study(written(tmp_path, LEARN | {"potential": "emt"}))


def test_the_example_is_valid() -> None:
    from multiscale.studies import check_study, load_study

    pytest.importorskip("tblite")
    study = load_study(Path(__file__).parents[2] / "examples" / "learn_si111" / "study.yaml")
    check_study(study)
    assert study.study == "learn" and study.oracle.own == {}


@pytest.mark.parametrize(("given", "dtype"), [({}, "float64"), ({"dtype": "float32"}, "float32")])
def test_a_readout_is_fitted_in_double_precision_unless_told_otherwise(given: dict, dtype: str) -> None:
    """In single precision a fitted readout left stresses of megapascals in the crystal's cell."""
    plane = PLANE | {"layers": 3}
    potential = {"name": "7net-0", **given}
    study = parse_study({"study": "learn", "potential": potential, "oracle": "emt", "plane": plane})
    assert student(study).capabilities.dtype == dtype


CU = {"species": "Cu", "structure": "fcc"}
ELSEWHERE = {
    "core": {"core": CU | {"system": "edge", "width": 14, "height": 4, "separations": ["0.1 Å", "1.5 Å"], "relaxations": 0}},
    "crack": {"crack": CU | {"system": "edge", "loads": [0.6, 1.0], "radius": "6 Å", "shell": "4 Å"}},
    "md": {"md": CU | {"repeats": [2, 2, 1], "temperature": "600 K", "steps": 20}},
    "relax": {"relax": {"file": "shaken.xyz"}},
    "interface": {"interface": {
        "upper": CU | {"miller": [1, 1, 1], "layers": 4}, "lower": CU | {"miller": [1, 0, 0], "layers": 4},
        "matching": {"largest_strain": 0.15, "largest_area": 40.0},
    }},
}  # fmt: skip


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_learning_elsewhere(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every route without a slab: labels of its group, an oracle that was checked, and a law only where something parts."""
    request.getfixturevalue("teachable" if kind == "interface" else "stable")
    shaken = bulk("Cu", "fcc", a=3.6, cubic=True)
    shaken.rattle(0.15, seed=4)
    shaken.write(tmp_path / "shaken.xyz")
    study = {name: LEARN[name] for name in ("study", "potential", "oracle")} | {
        "routes": ELSEWHERE[kind] | {"rattles": 2, "strains": 2}, "threshold": 0.1, "budget": 6, "first": 4,
        "halt": "committee" if kind == "md" else "radius", "weights": {kind: 2.0}, "output": {"folder": "out"},
    }  # fmt: skip
    found = run_study(written(tmp_path, study | ({"samples": 2} if kind == "interface" else {})))
    value = {name: quantity.value for name, quantity in found.quantities.items()}
    assert 4 <= value["labels"] <= 6 and value["oracle_gradient_error"] < 1e-4
    assert value["worst_group_force_error"] > 0 and "Learning curve" in (tmp_path / "out" / "report.html").read_text()
    assert value["labels_computed"] == value["labels"]
    from atomistic.trust import LabelSet

    assert any(group.startswith(kind) for group in LabelSet.load(tmp_path / "out" / "labels.extxyz").groups)
    assert ("work_of_separation" in value) == (tmp_path / "out" / "law.json").exists() == (kind == "interface")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"routes": {}}, "give a plane, or one of routes"),
        ({"routes": ELSEWHERE["md"] | {"slips": 2}}, "slips has no effect with no plane"),
        ({"routes": ELSEWHERE["md"], "samples": 3}, "samples has no effect"),
        ({"routes": {"core": CU | {"system": "edg"}}}, "Did you mean 'edge'"),
        ({"routes": {"crack": CU | {"system": "edge", "loads": [0.0]}}}, "positive loads"),
        ({"routes": {"relax": {"file": "absent.xyz"}}}, "no file of atoms"),
        ({"routes": {"md": CU | {"repeats": [0, 1, 1]}}}, "three numbers from 1"),
        ({"routes": ELSEWHERE["md"], "weights": {"md": -1.0}}, "must be positive"),
        ({"routes": ELSEWHERE["md"], "halt": "comittee"}, "committee"),
    ],
)
def test_routes_that_cannot_be(tmp_path: Path, change: dict, message: str) -> None:
    study = {"study": "learn", "potential": "emt", "oracle": "emt"} | change
    with pytest.raises(InputError, match=message):
        parse_study(study, tmp_path).check()
