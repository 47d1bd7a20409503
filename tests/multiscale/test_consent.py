"""An input file cannot let code run, or vouch for files, by itself; names in it are not paths."""

import pickle
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from coupling.errors import InputError
from coupling.file_names import file_name
from multiscale import run_study
from multiscale.cli import app
from multiscale.inputs.consent import Consent
from multiscale.runtime.results import Results
from multiscale.studies import parse_study
from multiscale.sweeps.inputs import SweepInput
from multiscale.sweeps.plan import plan_of

MODULE = "hostile_code_of_the_tests"
CODE = f"{MODULE}:Mine"
LAW = {
    "study": "cohesive_law", "potential": "emt", "openings": {"points": 12},
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4}, "output": {"folder": "out"},
}  # fmt: skip
REGIONS = {"a": {"kind": "atoms", "atoms": [0]}}
EMBEDDING = {
    "study": "embedding", "potential": "emt", "quantum": CODE, "regions": REGIONS, "output": {"folder": "out"},
    "structure": {"crystal": {"species": "Cu", "structure": "fcc"}},
}  # fmt: skip
NAMING = {
    "the potential": LAW | {"potential": {"name": CODE}},
    "the potential alone": LAW | {"potential": CODE},
    "a member of the committee": LAW | {"trust": {"committee": [CODE]}},
    "a term of a sum": LAW | {"potential": {"name": "sum", "terms": ["emt", {"name": CODE}]}},
    "the cheap model of an embedded potential": LAW
    | {"potential": {"name": "embedded", "low": CODE, "larger": "emt", "regions": REGIONS}},
    "the quantum engine": EMBEDDING,
    "the larger model": {key: value for key, value in EMBEDDING.items() if key != "quantum"} | {"larger": CODE},
    "a function": {"study": "function", "call": f"{MODULE}:mine", "output": {"folder": "out"}},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module that leaves a trace where it is imported."""
    (tmp_path / f"{MODULE}.py").write_text(
        f"from pathlib import Path\nfrom ase.calculators.emt import EMT\nPath({str(tmp_path / 'ran')!r}).touch()\n\n\n"
        "class Mine(EMT):\n    pass\n\n\ndef mine():\n    return {'one': 1.0}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("MULTISCALE_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop(MODULE, None)


def told(*command: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, list(command))
    return answer.exit_code, answer.output


@pytest.mark.parametrize("name", NAMING)
def test_code_that_an_input_names_runs_with_consent_alone(name, place):
    (place / "study.yaml").write_text(yaml.safe_dump(NAMING[name]))
    before = sorted(place.rglob("*"))
    status, said = told("check", "study.yaml")
    assert status == 0 and f"names code ({MODULE}:" in said and "--allow-code" in said
    status, said = told("run", "study.yaml")
    assert status == 2 and f"would run ({MODULE}:" in said and "--allow-code" in said
    assert sorted(place.rglob("*")) == before
    with pytest.raises(InputError, match="allow_code=True"):
        run_study(parse_study(NAMING[name]))


@pytest.mark.parametrize(
    "potential",
    [
        {"name": "emt", "python": "their_python"},
        {"name": "sum", "terms": ["zbl", {"name": "emt", "python": "their_python"}]},
    ],
)
def test_another_python_runs_with_consent_alone(potential, place):
    (place / "their_python").write_text(f"#!/bin/sh\ntouch {place / 'ran'}\nexit 1\n")
    (place / "their_python").chmod(0o755)
    (place / "study.yaml").write_text(yaml.safe_dump(LAW | {"potential": potential}))
    status, said = told("check", "study.yaml")
    assert status == 0 and "names code (" in said and "--allow-code" in said and not (place / "ran").exists()
    status, said = told("run", "study.yaml")
    assert status == 2 and "would run (" in said and "--allow-code" in said and not (place / "ran").exists()
    status, said = told("run", "study.yaml", "--allow-code", "--quiet")
    assert status == 2 and "did not start" in said and (place / "ran").exists() and not (place / "out").exists()


def test_with_consent_it_runs(place):
    (place / "study.yaml").write_text(yaml.safe_dump(NAMING["a function"]))
    status, said = told("run", "study.yaml", "--allow-code", "--quiet")
    assert status == 0, said
    assert (place / "ran").exists() and Results.load(place / "out")["one"] == 1.0


@pytest.mark.parametrize(
    "engine",
    [
        {"mpi": {"ranks": 2, "launcher": "touch ran {ranks}"}},
        {"kind": "slurm", "workers": 1, "memory": "1 GB", "prologue": ["touch ran"]},
        {"kind": "scheduler", "address": "tcp://127.0.0.1:9"},
    ],
)
def test_commands_of_a_sweeps_engine_need_consent(engine, place):
    data = {"base": LAW, "over": {"seed": [1]}, "engine": engine, "output": {"folder": "out"}}
    (place / "sweep.yaml").write_text(yaml.safe_dump(data))
    status, said = told("check", "sweep.yaml")
    assert status == 0 and "--allow-code" in said
    status, said = told("sweep", "sweep.yaml")
    assert status == 2 and "--allow-code" in said and not (place / "out").exists()


@pytest.mark.parametrize("key", ["directives", "prologue", "queue"])
def test_a_line_of_a_job_is_one_line(key, place):
    text = "a\nrm -rf x"
    engine = {"kind": "slurm", "workers": 1, "memory": "1 GB", key: text if key == "queue" else [text]}
    with pytest.raises(InputError, match=key):
        SweepInput.parse({"base": LAW, "over": {"seed": [1]}, "engine": engine})


def test_a_swept_name_of_code_needs_consent_too(place):
    data = {"base": LAW, "over": {"potential": ["emt", CODE]}}
    with pytest.raises(InputError, match=r"point 1 .*--allow-code"):
        plan_of(SweepInput.parse(data, place))
    assert not (place / "ran").exists()


def test_consent_goes_with_a_point_to_whoever_computes_it(place):
    data = {"base": LAW, "over": {"potential": ["emt", CODE]}}
    tasks = plan_of(SweepInput.parse(data, place, consent=Consent(code=True, trust=True))).tasks
    study = pickle.loads(pickle.dumps(tasks[1])).study
    assert study.consent == study.potential.consent == Consent(True, True)
    assert study.consent.flags == ["--allow-code", "--trust"]


def test_trust_is_not_for_the_file_that_is_to_be_trusted(place):
    (place / "net.model").write_bytes(b"")
    for potential in (
        {"name": "mace:net.model", "trust": True},
        {"name": "sum", "terms": ["emt", {"name": "mace:net.model", "trust": True}]},
    ):
        with pytest.raises(InputError, match="add --trust"):
            parse_study(LAW | {"potential": potential}, place)
    (place / "study.yaml").write_text(
        yaml.safe_dump(LAW | {"potential": {"name": "sum", "terms": ["emt", "mace:net.model"]}})
    )
    status, said = told("run", "study.yaml")
    assert status == 2 and "mace:net.model" in said and "--trust" in said


def test_trust_from_outside_reaches_each_file_that_needs_it(place):
    choice = {"name": "sum", "terms": ["emt", "mace:net.model", {"name": "net.pth", "modal": "x"}, {"name": "emt"}]}
    options = parse_study(LAW | {"potential": choice}, place, trust=True).potential.options
    assert options["terms"] == [
        "emt", {"name": "mace:net.model", "trust": True}, {"name": "net.pth", "modal": "x", "trust": True}, {"name": "emt"},
    ]  # fmt: skip
    assert parse_study(LAW | {"potential": choice}, place).potential.options["terms"] == choice["terms"]


class Bomb:
    """What a pickle can do."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (Path(self.target),)


def test_a_pickled_checkpoint_is_not_opened(place):
    import torch

    torch.save({"state": Bomb(str(place / "ran"))}, place / "net.pth")
    (place / "study.yaml").write_text(yaml.safe_dump(LAW | {"potential": "net.pth"}))
    status, said = told("run", "study.yaml")
    assert status == 2 and "holds more than weights" in said and not (place / "ran").exists()
    assert not (place / "out").exists() and not list(place.glob("*.failed"))


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "a/b", "..", ".", ".hidden", "a\0b", "x" * 300, "é" * 150, "a\\b", "a\nb"]
)
def test_a_name_is_the_name_of_a_file_in_its_folder(name, tmp_path):
    found = file_name(name)
    assert Path(found).name == found and not found.startswith(".") and len(found.encode()) <= 120
    (tmp_path / f"{found}.csv").touch()
    assert [path.name for path in tmp_path.iterdir()] == [f"{found}.csv"]


def test_names_of_files_tell_texts_apart():
    names = ["a/b", "a%2Fb", "a|b", "a b", "..", "%2E.", "x" * 300, "x" * 301, "upper", "lower body", "Grün"]
    assert len({file_name(name) for name in names}) == len(names)
    assert [file_name(name) for name in ("upper", "lower body", "a|b", "law_2.5")] == [
        "upper",
        "lower body",
        "a|b",
        "law_2.5",
    ]


def test_a_curve_that_is_called_like_a_path_stays_in_the_folder(tmp_path):
    results = Results("toy")
    results.provenance = {"potentials": {}, "inputs": {}}
    results.add_curve("profile_../../../escaped", "a curve", x=("m", [1.0, 2.0]))
    results.write(tmp_path / "run")
    assert {path.parent for path in tmp_path.rglob("*.csv")} == {tmp_path / "run" / "curves"}
    assert Results.load(tmp_path / "run").curves["profile_../../../escaped"].values["x"].tolist() == [1.0, 2.0]


def test_a_picture_from_elsewhere_is_not_shown(tmp_path):
    from multiscale.report import write_report
    from multiscale.runtime.records import Picture

    (tmp_path / "secret.png").write_bytes(b"\x89PNG secret")
    (tmp_path / "run").mkdir()
    results = Results("toy")
    results.pictures.append(Picture("../secret.png", "A picture"))
    with pytest.raises(InputError, match="does not lie in the run's folder"):
        write_report(results, tmp_path / "run" / "report.html")


def test_a_posterior_that_would_fill_the_memory_is_not_unpacked(tmp_path):
    from zipfile import ZIP_DEFLATED, ZipFile

    from atomistic.potentials.registry import load_potential
    from atomistic.trust.storage import load_posterior

    with ZipFile(tmp_path / "bomb.npz", "w", ZIP_DEFLATED) as bomb:
        bomb.writestr("record.npy", bytes(10_000_000))
    with pytest.raises(InputError, match=r"would unpack to 1e\+07 bytes"):
        load_posterior(tmp_path / "bomb.npz", load_potential("emt"))
