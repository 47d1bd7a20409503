"""What a user begins with: templates, keys, examples, changes on the command line."""

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from benchmarks.people_templates import template_fault
from coupling.errors import InputError
from multiscale import Results, load_study, run_study
from multiscale.cli import app
from multiscale.cli.answers import kinds
from multiscale.cli.beginning import EXAMPLES, model_of, starter_of
from multiscale.inputs.changes import changes_of
from multiscale.inputs.documented import meanings
from multiscale.inputs.keys import blocks_of, undescribed
from multiscale.inputs.template import template
from multiscale.inputs.yaml_file import read_yaml

TAKES_LONG = {"fracture", "distil", "learn"}
"""Run by `benchmarks.people_templates` alone."""


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind not in TAKES_LONG])
def test_a_template_is_checked_run_and_reported_without_a_hand(kind):
    assert template_fault(kind) == ""


@pytest.mark.parametrize("kind", kinds())
def test_every_key_of_every_input_says_what_it_means(kind):
    assert undescribed(model_of(kind)) == []


@pytest.mark.parametrize("kind", kinds())
def test_a_template_holds_its_starter_and_names_all_other_keys(kind, tmp_path):
    text = template(kind, model_of(kind), starter_of(kind), "")
    (tmp_path / "made.yaml").write_text(text)
    given = read_yaml(tmp_path / "made.yaml")
    assert {key: one for key, one in given.items() if key != "study"} == dict(starter_of(kind).values)
    for key in blocks_of(model_of(kind))[0].keys:
        assert key.name in given or f"\n# {key.name}:" in text or key.required


def test_a_template_is_not_written_over_a_file():
    assert invoke("new", "specimen", "one.yaml").exit_code == 0
    before = Path("one.yaml").read_text()
    done = invoke("new", "fracture", "one.yaml")
    assert done.exit_code and "is not overwritten" in done.output and Path("one.yaml").read_text() == before
    assert "valid: " in invoke("new", "fractur").output


def test_a_kind_in_place_of_a_file_is_answered_with_the_template():
    for command, kind in (("run", "specimen"), ("check", "fracture"), ("sweep", "sweep")):
        done = invoke(command, kind)
        assert done.exit_code and f"`multiscale new {kind}` writes one" in done.output


def test_keys_are_listed_with_unit_and_default():
    told = invoke("keys", "specimen").output
    assert "interfaces.NAME.law (kind: bilinear)" in told
    assert (
        "  steps: Number of nominal steps to the largest load; cut, and grown where no error shows, automatically. [whole number, from 1"
        in told
    )
    assert "  peak_traction: Normal strength, Pa. [number with unit; Pa, kPa" in told


def test_examples_are_listed_and_copied_whole(tmp_path):
    told = invoke("examples").output
    assert all(name.name in told for name in EXAMPLES.iterdir() if name.is_dir() and not name.name.startswith("_"))
    assert invoke("examples", "specimen_dcb", "--into", "work").exit_code == 0
    study = load_study("work/specimen_dcb/study.yaml")
    assert study.output.folder == tmp_path / "work" / "specimen_dcb" / "runs" / "specimen_dcb"
    assert invoke("check", "work/specimen_dcb/study.yaml").exit_code == 0
    assert "is not overwritten" in invoke("examples", "specimen_dcb", "--into", "work").output
    assert "valid: " in invoke("examples", "none").output


def test_an_example_is_copied_and_run_in_one_command(monkeypatch):
    """What is not a study is refused before anything is copied. `benchmarks.people_install --demo` runs one."""
    ran = []
    monkeypatch.setattr("multiscale.cli.beginning.run_file", ran.append)
    assert invoke("examples", "specimen_dcb", "--run").exit_code == 0
    assert ran == [Path("specimen_dcb/study.yaml")] and ran[0].is_file()
    refused = invoke("examples", "sweep_ni111", "--run")
    assert refused.exit_code == 2 and "is no study but a sweep or a script" in refused.output
    assert not Path("sweep_ni111").exists() and len(ran) == 1


def test_every_example_with_an_input_file_passes_check(tmp_path):
    for folder in (one for one in EXAMPLES.iterdir() if (one / "study.yaml").is_file()):
        assert invoke("examples", folder.name).exit_code == 0
        assert load_study(Path(folder.name) / "study.yaml").study


def test_changes_reach_the_input_that_is_kept(tmp_path):
    study = {"study": "function", "call": "multiscale.studies.function.sample:griffith_strength"}
    study["arguments"] = {"crack": "1 um", "surface_energy": "1 J/m^2", "young": "70 GPa"}
    Path("one.yaml").write_text(yaml.safe_dump(study))
    sets = ("--set", "arguments.crack=4 um", "--set", "title=Four times as long", "--allow-code", "--quiet")
    assert invoke("run", "one.yaml", "--output", "long", *sets).exit_code == 0
    short = run_study("one.yaml", "short", allow_code=True)["strength"]
    assert Results.load("long")["strength"] == pytest.approx(short / 2, rel=1e-12)
    kept = yaml.safe_load(Path("long/input/study.yaml").read_text())
    assert kept["arguments"]["crack"] == "4 um" and kept["title"] == "Four times as long"
    shutil.rmtree("long")
    assert (
        "is not an item of a list"
        in invoke("check", "one.yaml", "--set", "arguments.crack=[1]", "--set", "arguments.crack.3=1").output
    )


@pytest.mark.parametrize("text", ["loading", "=3", "a..b=1", "a=[1", "a=*b"])
def test_what_sets_nothing_is_refused(text):
    with pytest.raises(InputError):
        changes_of([text])
    assert changes_of(["a.b=3", "c=[1, x]", "d=12 nm"]) == {"a.b": 3, "c": [1, "x"], "d": "12 nm"}


def test_runs_are_listed_with_their_state():
    Path("good.yaml").write_text("study: function\ncall: multiscale.studies.function.sample:griffith_strength\n")
    sets = ["--set", "arguments={crack: 1 um, surface_energy: 1 J/m^2, young: 70 GPa}"]
    assert invoke("run", "good.yaml", "--allow-code", "--quiet", *sets).exit_code == 0
    assert invoke(
        "run", "good.yaml", "--allow-code", "--output", "runs/bad", *sets, "--set", "arguments.crack=0"
    ).exit_code
    told = invoke("status").output
    assert "runs/good: done, function, strength" in told and "runs/bad.failed: failed, " in told
    assert "holds no run" in invoke("status", "elsewhere").output


def test_help_and_version():
    assert "For example:\n    multiscale run study.yaml\n" in invoke("run", "-h").output
    assert invoke("--version").output.startswith("multiscale-coupling ")


def test_meanings_of_a_docstring():
    class Told:
        """One.

        Args:
            one: First
                of two.
            two: Second (in m).

        Raises:
            ValueError: not these.
        """

    assert meanings(Told) == {"one": "First of two.", "two": "Second (in m)."}
