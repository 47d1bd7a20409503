"""Laws and crystals from earlier runs: their error bars reach the load, and runs that do not stand are refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from coupling.errors import InputError
from coupling.exchange.storage import load_law, save_law
from coupling.interface.error_bars import rescaled_error_bars
from multiscale import Results, run_study
from multiscale.runtime.addresses import request
from multiscale.runtime.crystals import load_crystals
from multiscale.studies import check_study, load_study, parse_study
from tests.multiscale.test_learn import STIFFER

BARS = (
    "C11", "C44", "work_of_separation", "peak_traction", "initial_stiffness", "peak_load", "gc_from_fe", "j_integral",
)  # fmt: skip
SAME = ("opening_at_peak", "final_opening", "zone_length", "swept_area")
CRYSTAL = {"species": "Cu", "structure": "fcc"}
GRAIN = {"x": [1, 1, -2], "y": [1, 1, 1]}
FRACTURE = {
    "study": "fracture", "potential": "emt", "mesh": "small.msh", "mesh_unit": "nm", "kind": "plane strain",
    "bodies": {name: {"crystal": CRYSTAL, "grain": GRAIN} for name in ("upper", "lower")},
    "interfaces": {"bond": {"plus": "upper", "minus": "lower", "coarsen": 3,  # for the mesh: else Newton's way is one of many
                            "law": {"atoms": {"layers": 4, "openings": {"max": "5 Å", "points": 20}}}}},
    "supports": [{"group": "end", "component": "x"}],
    "loads": [{"group": "load_upper", "component": "y", "factor": 0.5}, {"group": "load_lower", "component": "y", "factor": -0.5}],
    "loading": {"opening": "7 nm", "steps": 8}, "j_integral": {"inner": "2 nm", "outer": "4 nm"}, "trust": {"committee": STIFFER[:1]},
}  # fmt: skip


def downstream(run: str = "out", **changes: object) -> dict:
    """The same specimen, with law and crystals of a run in place of the potential."""
    study = {key: value for key, value in FRACTURE.items() if key not in ("potential", "trust")} | {"study": "specimen"}
    study["bodies"] = {name: {"run": run, "grain": GRAIN} for name in ("upper", "lower")}
    study["interfaces"] = {"bond": FRACTURE["interfaces"]["bond"] | {"law": {"run": run}}}
    return json.loads(json.dumps(study | changes))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a mesh and a fracture run that has error bars."""
    from continuum.specimens.dcb import DoubleCantileverBeam

    folder = tmp_path_factory.mktemp("composing")
    DoubleCantileverBeam(length=30, arm=6, crack=12, growth=8, fine=0.25, coarse=3, grading=0.3).write(
        folder / "small.msh"
    )
    (folder / "case.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(FRACTURE))))
    run_study(folder / "case.yaml", folder / "out", allow_code=True)
    return folder


@pytest.fixture(scope="module")
def taken(place: Path) -> Results:
    return run_study(parse_study(downstream(), place), place / "taken")


def test_a_broken_specimen_carries_error_bars(place: Path) -> None:
    """A sample that is the potential times 0.9 scales law and stiffness alike: the load, too, and G_c."""
    found, relative = Results.load(place / "out").quantities, np.std([1.0, 0.9], ddof=1)
    for name in BARS:
        assert found[name].uncertainty == pytest.approx(relative * found[name].value, rel=0.01), name
    assert [name for name in SAME if found[name].uncertainty] == []  # lengths do not feel the factor
    of_checks = {
        "gc_from_fe_spread",
        "gc_relative_error",
        "energy_balance_relative_error",
        "law_consistency",
        "process_zone_facets",
    }
    without = {name for name, one in found.items() if not one.uncertainty}
    assert without == {*SAME, *of_checks, "lattice_parameter", "bulk_energy_taken_away"}


def test_bars_of_a_run_reach_the_load_as_in_the_study_that_derived_them(place: Path, taken: Results) -> None:
    """One mechanism: peak load, G_c and the curve of each sample are those of the fracture study, to the last digits."""
    derived = Results.load(place / "out")
    for name in BARS:
        one, other = derived.quantities[name], taken.quantities[name]
        assert other.value == pytest.approx(one.value, rel=1e-9) and one.uncertainty > 0
        assert other.uncertainty == pytest.approx(one.uncertainty, rel=1e-6), name
    for number in (1, 2):
        first, second = (run.curves[f"sample_{number}"].values["load"] for run in (derived, taken))
        np.testing.assert_allclose(second, first, rtol=1e-8, atol=1e-9 * first.max())
    assert any("from the runs which derived them" in note for note in taken.notes)


def test_bars_of_a_run_reach_the_load_of_a_polycrystal(place: Path) -> None:
    """Grains of the run's crystal with its law between them: stiffness and law vary together, and the load by their factor."""
    boundary = {"grains": {"body": "copper"}, "law": {"run": "out"}, "coarsen": 400}
    study = {
        "study": "specimen", "mesh": {"specimen": "polycrystal", "width": 12, "height": 6, "grains": 2, "size": 3, "seed": 2},
        "mesh_unit": "nm", "kind": "plane strain", "interfaces": {"general": boundary},
        "bodies": {"copper": {"run": "out", "crystal": "upper", "grains": {"fibre": [1, 1, 0]}}},
        "supports": [{"group": "left", "component": "x"}, {"group": "bottom", "component": "y"}],
        "loads": [{"group": "right", "component": "x"}], "loading": {"opening": "0.04 nm", "steps": 2, "growth": 0.5},
        "output": {"fields": "none"},
    }  # fmt: skip
    found = run_study(parse_study(study, place), place / "grains").quantities
    relative = np.std([1.0, 0.9], ddof=1)
    for name in ("C11", "peak_traction", "initial_stiffness", "peak_load"):
        assert found[name].uncertainty == pytest.approx(relative * found[name].value, rel=0.01), name
    assert found["crack_area"].value == 0 and found["crack_area"].uncertainty is None


def test_one_file_carries_the_bars(place: Path, tmp_path: Path) -> None:
    law = load_law(place / "out" / "law.json")
    assert len(law.members) == 2 and {len(one.members) for one in law.members} == {0}
    save_law(law, tmp_path / "law.json")
    assert (tmp_path / "law.json").read_bytes() == (place / "out" / "law.json").read_bytes()
    spread = np.std([one.work_of_separation for one in law.members], ddof=1)
    assert law.work_of_separation_std == pytest.approx(spread, rel=1e-12)
    crystals = load_crystals(place / "out" / "crystals.json")
    assert crystals["upper"].family == tuple(one.count.plus.fingerprint for one in law.members)


def test_a_kept_input_runs_again_without_the_first_run(place: Path, taken: Results, tmp_path: Path) -> None:
    shutil.copytree(taken.folder / "input", tmp_path / "input")
    study = load_study(tmp_path / "input" / "study.yaml")
    check_study(study)
    assert study.interfaces["bond"].stored_law().members
    assert {path.name for path in (tmp_path / "input" / "out").iterdir()} == {
        "results.json",
        "law.json",
        "crystals.json",
    }


def test_the_address_follows_what_is_taken(place: Path, tmp_path: Path) -> None:
    """Not the run's dates and report, but its law with its samples, and its crystals."""
    for item in ("out", "small.msh"):
        (shutil.copytree if item == "out" else shutil.copyfile)(place / item, tmp_path / item)

    def address() -> str:
        return request("specimen", parse_study(downstream(), tmp_path)).address

    first = address()
    (tmp_path / "out" / "report.html").write_text("another")
    assert address() == first
    law = load_law(tmp_path / "out" / "law.json")
    save_law(law.with_members(law.members[::-1]), tmp_path / "out" / "law.json")
    second = address()
    assert second != first
    text = (tmp_path / "out" / "crystals.json").read_text()
    (tmp_path / "out" / "crystals.json").write_text(text + "\n")
    assert address() not in (first, second)


def test_withheld_bars_stay_withheld_and_bars_without_samples_are_named(place: Path, tmp_path: Path) -> None:
    from multiscale.studies.specimen.bars import ErrorBars, _of_laws

    study = parse_study(downstream(), place)
    law = rescaled_error_bars(load_law(place / "out" / "law.json"), 2.0, None)
    plain = {"work_of_separation": law.work_of_separation_std / 2, "peak_traction": 1e9, "peak_load": 3.0}
    parts = type("Parts", (), {"laws": {"bond": law}, "derived": {}})
    kept = _of_laws(study, parts, ErrorBars(plain, {"bond": law}))
    assert kept.std["work_of_separation"] == pytest.approx(law.work_of_separation_std, rel=1e-12)
    assert set(kept.std) == {"work_of_separation", "peak_load"} and not kept.findings
    alone = law.with_members(())
    (finding,) = _of_laws(study, parts, ErrorBars({}, {"bond": alone})).findings
    assert "reach no load" in finding.what and not finding.fatal


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: run.rename(run.with_name("out.failed")), "out failed"),
        (lambda run: run.rename(run.with_name("out.partial")), "out is unfinished"),
        (lambda run: shutil.rmtree(run), "There is no run"),
        (lambda run: (run / "results.json").unlink(), "no finished run"),
        (lambda run: edit(run / "results.json", format="multiscale results 0"), "not in the format"),
        (lambda run: edit(run / "law.json", version=99), "version 99"),
        (lambda run: edit(run / "crystals.json", version=99), "not in version 1"),
        (lambda run: (run / "crystals.json").unlink(), r"has no crystals\.json"),
        (lambda run: (run / "law.json").unlink(), "has no law"),
    ],
)
def test_runs_that_cannot_be_taken_are_refused_in_one_sentence(
    place: Path, tmp_path: Path, spoil, message: str
) -> None:
    shutil.copytree(place / "out", tmp_path / "out")
    shutil.copyfile(place / "small.msh", tmp_path / "small.msh")
    spoil(tmp_path / "out")
    with pytest.raises(InputError, match=message) as found:
        check_study(parse_study(downstream(), tmp_path))
    assert "\n" not in str(found.value)


def edit(path: Path, **changes: object) -> None:
    record = {key: value for key, value in json.loads(path.read_text()).items() if key != "checksum"}
    path.write_text(json.dumps(record | changes))


def test_of_several_interfaces_and_crystals_the_right_one_is_taken(place: Path, tmp_path: Path) -> None:
    from multiscale.runtime.handed_on import law_file

    shutil.copytree(place / "out", tmp_path / "out")
    run = tmp_path / "out"
    (run / "law.json").rename(run / "law_bond.json")
    shutil.copyfile(run / "law_bond.json", run / "law_other.json")
    assert law_file(run, None, "bond").name == "law_bond.json" and law_file(run, "other").name == "law_other.json"
    with pytest.raises(InputError, match="Did you mean"):
        law_file(run, "bonds")
    with pytest.raises(InputError, match="say which interface"):
        law_file(run, None, "seam")
    shutil.copyfile(place / "small.msh", tmp_path / "small.msh")
    wrong = downstream()
    wrong["bodies"]["upper"]["crystal"] = "uper"
    with pytest.raises(InputError, match=r"bodies\.upper: .*crystal.*upper"):
        check_study(parse_study(wrong, tmp_path))
