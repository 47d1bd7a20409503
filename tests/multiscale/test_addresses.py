"""What runs and sweeps keep: addressed by all that determines it, never without a number, and traced to what made it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.build import bulk
from ase.io import write

from atomistic import load_potential
from coupling.contracts import Evaluation
from coupling.identity.addresses import file_hash
from coupling.wrapped import Wrapped
from multiscale import Results, run_study
from multiscale.inputs.consent import Consent
from multiscale.runtime.addresses import PACKAGES, environment, input_hashes, request
from multiscale.runtime.cache import Cache
from multiscale.runtime.resumable import ResumablePotential
from multiscale.studies import parse_study
from multiscale.sweeps.inputs import SweepInput
from multiscale.sweeps.journal import Journal
from multiscale.sweeps.plan import function_plan, plan_of
from multiscale.sweeps.tasks import perform

EMBEDDING = {
    "study": "embedding", "potential": {"name": "ase.calculators.lj:LennardJones", "sigma": 2.2, "epsilon": 0.1},
    "quantum": {"name": "ase.calculators.emt:EMT", "workers": 1}, "structure": {"file": "atoms.xyz"},
    "regions": {"a": {"kind": "uncertainty", "values": "values.txt", "threshold": 0.5}, "b": {"kind": "atoms", "atoms": [3]}},
    "buffer": "2 Å",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("atoms.xyz", bulk("Cu", cubic=True), format="extxyz")
    Path("values.txt").write_text("1\n0\n0\n0\n")
    Path("table").write_bytes(b"\x93\xff\x00one")
    return tmp_path


def address(change: dict | None = None, **how: object) -> str:
    return request("x", parse_study(EMBEDDING | (change or {})), **how).address  # type: ignore[arg-type]


def test_what_changes_no_number_changes_no_address(place):
    first = address()
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value
        for key, value in reversed(EMBEDDING.items())
    }
    assert request("x", parse_study(turned)).address == first
    for change in (
        {"title": "another"},
        {"output": {"folder": "b"}},
        {"quantum": EMBEDDING["quantum"] | {"workers": 7}},
    ):
        assert address(change) == first, change
    moved = place / "moved"
    moved.mkdir()
    for file in ("atoms.xyz", "values.txt"):
        (moved / file).write_bytes((place / file).read_bytes())
    assert request("x", parse_study(EMBEDDING, moved)).address == first


def test_what_changes_a_number_changes_the_address(place):
    options = EMBEDDING | {"potential": EMBEDDING["potential"] | {"tables": {"Cu": ["table"]}}}
    first = [address(), address(options)]
    changes = (
        {"seed": 1}, {"potential": EMBEDDING["potential"] | {"epsilon": 0.11}}, {"potential": "emt"}, {"buffer": "2.1 Å"},
        {"quantum": "ase.calculators.lj:LennardJones"}, {"regions": {"a": EMBEDDING["regions"]["a"]}},
    )  # fmt: skip
    assert len({*first, *map(address, changes)}) == 2 + len(changes)
    for file, content in (("atoms.xyz", None), ("values.txt", b"1\n1\n0\n0\n"), ("table", b"\x93\xff\x00two")):
        kept = (place / file).read_bytes()
        (place / file).write_bytes(content if content is not None else kept.replace(b"1.805", b"1.806"))
        assert (place / file).read_bytes() != kept
        assert address(options) != first[1], file
        (place / file).write_bytes(kept)
    assert [address(), address(options)] == first


def test_parts_of_the_input_and_further_things_count_as_chosen(place):
    study = parse_study(EMBEDDING)
    some = request("x", study, include={"structure": {"file"}, "seed": True})
    assert some.record["settings"]["input"].keys() == {"structure", "seed"}
    assert request("x", study.structure).record["settings"]["input"]["file"]["content"] == file_hash(
        place / "atoms.xyz"
    )
    (place / "values.txt").write_text("changed")
    assert request("x", study, include={"structure": {"file"}, "seed": True}).address == some.address
    assert address(exclude={"regions"}) == address({"regions": {"b": EMBEDDING["regions"]["b"]}}, exclude=["regions"])
    emt, zbl = load_potential("emt"), load_potential("zbl")
    found = [
        request("x", potentials=[one], **more)
        for one in (emt, zbl, None)
        for more in ({}, {"n": 1}, {"n": np.array([1.0, 2.0])}, {"n": study.structure})
    ]
    assert len({one.address for one in found}) == len(found)
    assert found[0].potentials == (("emt", emt.fingerprint),)


def test_all_four_packages_and_the_libraries_count():
    here = environment()
    assert {"numpy", "scipy", "torch", "ase", "matscipy", "dolfinx-solver-real"} <= dict(here.versions).keys()
    assert request("x").record["environment"] == here.record and set(PACKAGES) == {
        "coupling",
        "atomistic",
        "continuum",
        "multiscale",
    }


def test_results_and_report_tell_the_potentials_and_the_inputs(place):
    data = EMBEDDING | {"larger": "emt", "output": {"folder": "out"}, "potential": EMBEDDING["potential"] | {"rc": 5.0}}
    del data["quantum"]
    Path("case.yaml").write_text(yaml.safe_dump(data, allow_unicode=True))
    run_study("case.yaml", allow_code=True)
    for found in (Results.load("out"), Results.load(run_study("case.yaml", "again", allow_code=True).folder)):
        told = found.provenance
        low = load_potential("ase.calculators.lj:LennardJones", sigma=2.2, epsilon=0.1, rc=5.0)
        assert told["potentials"] == {low.name: low.fingerprint, "emt": load_potential("emt").fingerprint}
        assert told["inputs"] == {name: file_hash(place / name) for name in ("atoms.xyz", "values.txt")}
    assert found.reused == ["embedded structure"]
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert low.fingerprint in page and told["inputs"]["atoms.xyz"] in page


def test_names_of_inputs_that_are_alike_are_all_told(place):
    (place / "deep").mkdir()
    (place / "deep" / "table").write_bytes(b"other")
    study = parse_study(EMBEDDING | {"potential": EMBEDDING["potential"] | {"tables": ["table", "deep/table"]}})
    told = input_hashes(study, study.files())
    assert sorted(told) == ["atoms.xyz", "table", "table (2)", "values.txt"]
    assert {told["table"], told["table (2)"]} == {file_hash(place / "table"), file_hash(place / "deep" / "table")}


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["array", "number", "nested"])
def test_a_result_that_is_no_number_is_handed_on_and_not_kept(value, where, tmp_path):
    made = {"array": np.array([1.0, value]), "number": value, "nested": {"a": [1, {"b": value}]}}[where]
    for _ in range(2):
        found, reused = Cache(tmp_path).get_or_compute({"a": 1}, lambda: {"x": made, "y": 2})
        assert not reused and str(found["x"]) == str(made) and found["y"] == 2
    assert not list(tmp_path.rglob("*.npz"))
    mended = Cache(tmp_path).get_or_compute({"a": 1}, lambda: {"x": 1.0, "y": 2})
    assert not mended.reused and Cache(tmp_path).get_or_compute({"a": 1}, dict).reused


def test_what_an_older_store_holds_without_a_number_is_not_read_back(tmp_path):
    cache = Cache(tmp_path)
    cache.get_or_compute({"a": 1}, lambda: {"x": np.ones(2)})
    path = cache.path({"a": 1})
    stored = dict(np.load(path))
    np.savez(path, **stored | {"x": np.array([1.0, np.nan])})
    found, reused = cache.get_or_compute({"a": 1}, lambda: {"x": np.zeros(2)})
    assert not reused and not found["x"].any()


def test_a_result_of_code_that_changed_meanwhile_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("multiscale.runtime.cache.is_code_unchanged", lambda: False)
    assert not any(Cache(tmp_path).get_or_compute({"a": 1}, lambda: {"x": 1.0}).reused for _ in range(2))
    assert not list(tmp_path.rglob("*.npz"))


class Answering(Wrapped):
    """Hands on what it is told to."""

    def __init__(self, answer: Evaluation) -> None:
        super().__init__(load_potential("emt"))
        self.answer, self.asked = answer, 0

    def evaluate(self, structures, *, site_energies=False, features=False):
        self.asked += 1
        return self.answer


@pytest.mark.parametrize("what", ["energies", "forces", "stresses"])
def test_a_batch_without_a_number_is_evaluated_again(what, tmp_path):
    structures = [bulk("Cu", a=3.6), bulk("Ag", a=4.1)]
    good = load_potential("emt").evaluate(structures)
    bad = np.array(getattr(good, what), dtype=float)
    bad[1:] = np.nan
    answering = Answering(replace(good, **{what: tuple(bad) if what == "forces" else bad}))
    for count in (1, 2):
        ResumablePotential(answering, tmp_path).evaluate(structures)
        assert answering.asked == count and not list(tmp_path.iterdir())
    answering.answer = good
    for _ in range(2):
        found = ResumablePotential(answering, tmp_path).evaluate(structures)
        np.testing.assert_array_equal(getattr(found, what), getattr(good, what))
    assert answering.asked == 3


def test_a_batch_of_structures_without_a_stress_is_kept(tmp_path):
    molecule, crystal = bulk("Cu", cubic=True), bulk("Cu")
    molecule.pbc, molecule.cell = False, None
    emt = load_potential("emt")
    first, again = ResumablePotential(emt, tmp_path), ResumablePotential(emt, tmp_path)
    found, read = first.evaluate([molecule, crystal]), again.evaluate([molecule, crystal])
    assert (first.reused, again.reused) == (0, 2)
    for name in ("energies", "stresses"):
        np.testing.assert_array_equal(getattr(read, name), getattr(found, name))
    assert np.isnan(read.stresses[0]).all() and np.isfinite(read.stresses[1]).all()
    (file,) = tmp_path.iterdir()
    assert all(np.isfinite(values).all() for values in np.load(file).values())


def point(place: Path, change: dict | None = None):
    data = {key: value for key, value in (EMBEDDING | {"larger": "emt"} | (change or {})).items() if key != "quantum"}
    ready = SweepInput.parse({"base": data, "over": {"seed": [1]}}, place, consent=Consent(code=True))
    (task,) = plan_of(ready).tasks
    return task


def test_the_journal_tells_the_potentials_and_the_inputs(place):
    record = perform(point(place), place / "sweep")
    assert record["status"] == "done", record
    assert record["potentials"]["emt"] == load_potential("emt").fingerprint
    assert record["inputs"] == {name: file_hash(place / name) for name in ("atoms.xyz", "values.txt")}
    journal = Journal(place / "sweep")
    with journal.opened():
        journal.append([record])
    assert journal.records()[record["point"]] == json.loads(json.dumps(record))


def test_a_point_is_another_one_where_its_class_or_its_options_files_are(place, monkeypatch):
    monkeypatch.syspath_prepend(place)
    (place / "calculator_of_addresses.py").write_text("import beside_of_addresses\n\n\nclass A:\n    pass\n")
    (place / "beside_of_addresses.py").write_text("X = 1\n")
    change = {"potential": {"name": "calculator_of_addresses:A", "file": "table"}}
    first = point(place, change).address
    assert point(place, change | {"title": "another"}).address == first
    for file in ("calculator_of_addresses.py", "beside_of_addresses.py", "table"):
        kept = (place / file).read_bytes()
        (place / file).write_bytes(kept + b"\n# more")
        assert point(place, change).address != first, file
        (place / file).write_bytes(kept)


def test_a_function_counts_with_what_it_closes_over_and_its_files(place):
    def made(values):
        def function(n, file):
            return {"a": float(values.sum()) * n}

        return function

    def planned(values, file="table"):
        sweep = SweepInput.parse({"base": {"file": file}, "over": {"n": [1]}}, place)
        return function_plan(made(values), sweep).tasks[0].address

    long = np.arange(5000.0)
    first = planned(long)
    assert planned(long.copy()) == first != planned(long + 1e-9)
    (place / "table").write_bytes(b"\x93\xff\x00two")
    assert planned(long) != first


def test_a_worker_with_other_code_computes_nothing(place):
    task = replace(point(place), environment="another")
    record = perform(task, place / "sweep")
    assert record["status"] == "failed" and "other code, or other versions of libraries" in record["error"]
    assert not (place / "sweep").exists()


def test_a_journals_line_and_a_run_without_a_number_are_not_believed(place):
    folder, task = place / "sweep", point(place)
    perform(task, folder)
    results = folder / "points" / task.address / "results.json"
    value = Results.load(results.parent)["energy"]
    results.write_text(results.read_text().replace(repr(value), "NaN"))
    assert perform(task, folder)["values"]["energy"][0] == value
    assert Results.load(results.parent)["energy"] == value
    (folder / "journal.jsonl").write_text(
        '{"point": "a", "values": {"x": [NaN, "", "", null, true]}}\n{"point": "b"}\n'
    )
    assert list(Journal(folder).records()) == ["b"]
