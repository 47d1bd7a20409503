"""The phases study: labels asked for and labels given, probabilities, interfaces, and what is refused before anything is relaxed."""

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.build import bulk, fcc111
from ase.io import read, write

import multiscale as ms
from atomistic.frames import with_results
from coupling.errors import InputError
from multiscale.runtime.results import Results
from multiscale.studies.load import parse_study
from multiscale.studies.phases.interfaces import on_both_faces, unlike_faces
from multiscale.studies.phases.labels import asked, enough
from multiscale.studies.phases.records import PhasesRecord

BASE = {
    "study": "phases", "potential": "emt", "elements": ["Cu", "Au"], "prototypes": ["fcc", "L1_0", "L1_2", "B2"],
    "lattices": ["fcc"], "atoms": 3,
}  # fmt: skip


def run(folder: Path, **changes) -> Results:
    (folder / "study.yaml").write_text(yaml.safe_dump(BASE | changes))
    return ms.run_study(folder / "study.yaml", folder / "run")


def refused(folder: Path, **changes) -> str:
    with pytest.raises(InputError) as caught:
        parse_study(BASE | changes, folder=folder).check()
    return str(caught.value)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return run(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def labels(plain, tmp_path_factory):
    """All phases with energies that are the cheap ones and 0.05 eV per atom lower in the middle."""
    path = tmp_path_factory.mktemp("labels") / "labels.extxyz"
    frames = []
    for atoms in read(plain.folder / "atoms" / "phases.extxyz", ":"):
        x = float(np.mean(atoms.numbers == 79))
        one = with_results(
            atoms.copy(), atoms.get_potential_energy() - 0.05 * 4 * x * (1 - x) * len(atoms), atoms.get_forces()
        )
        one.info["name"] = atoms.info["name"]
        frames.append(one)
    write(path, frames)
    return path


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory):
    """Cu(111) with none, one and all of its outer atoms gold."""
    path = tmp_path_factory.mktemp("surfaces") / "surfaces.extxyz"
    slabs = []
    for count in (0, 1, 2):
        slab = fcc111("Cu", (2, 1, 6), a=3.61, vacuum=8.0, periodic=True)
        tags = slab.get_tags()
        for side in (1, 6):
            slab.symbols[np.flatnonzero(tags == side)[:count]] = "Au"
        bare = slab.copy()
        bare.set_tags(None)
        bare.info = {"name": f"{count} of 2"}
        slabs.append(bare)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(path, slabs)
    return path


def test_hull_table_and_files_of_a_run(plain):
    assert "fcc Cu" in plain["stable_phases"] and "L1_0 AuCu" in plain["stable_phases"]
    rows = list(csv.DictReader((plain.folder / "phases.csv").open()))
    assert len(rows) == plain["phases"] == len(plain.curves["formation"].values["fraction"])
    above = {row["name"]: float(row["above_hull [eV]"]) for row in rows}
    assert above["L1_0 AuCu"] == 0 and above["B2 AuCu"] > 0.003
    names = {atoms.info["name"] for atoms in read(plain.folder / "atoms" / "phases.extxyz", ":")}
    assert names == set(above)
    page = (plain.folder / "report.html").read_text(encoding="utf-8")
    assert "Formation energy" in page and "L1_0 AuCu" in page and "accurate: {potential: 7net-0" in page
    found = ms.formation_energies(ms.load_potential("emt"), parse_study(BASE).candidates())
    formation = dict(zip(found.names, found.formation, strict=True))
    assert {row["name"]: float(row["formation [eV]"]) for row in rows} == pytest.approx(formation, abs=1e-9)


def test_all_labels_make_certain_what_is_stable(labels, tmp_path):
    results = run(tmp_path, accurate={"labels": str(labels), "draws": 50})
    probability = results.curves["accurate"].values["probability"]
    assert set(probability) <= {0.0, 1.0} and results["open_deviation"] == 0
    rows = list(csv.DictReader((results.folder / "phases.csv").open()))
    middle = next(row for row in rows if row["name"] == "L1_0 AuCu")
    assert float(middle["accurate_formation [eV]"]) == pytest.approx(float(middle["formation [eV]"]) - 0.05, abs=1e-9)


def chosen(labels, folder, *names):
    """A file of some of the labels."""
    write(folder / "few.extxyz", [one for one in read(labels, ":") if one.info["name"] in names])
    return {"labels": "few.extxyz", "draws": 200}


def test_eight_labels_predict_the_others_within_their_bars(labels, tmp_path):
    mixed = ("L1_0 AuCu", "L1_2 AuCu3", "B2 AuCu", "fcc AuCu 1", "fcc AuCu2 3", "fcc Au2Cu 1")
    results = run(tmp_path, accurate=chosen(labels, tmp_path, "fcc Cu", "fcc Au", *mixed))
    truth = {one.info["name"]: one.get_potential_energy() / len(one) for one in read(labels, ":")}
    scores = []
    for row in csv.DictReader((results.folder / "phases.csv").open()):
        x = float(row["Au [1]"])
        error = (
            float(row["accurate_formation [eV]"]) - truth[row["name"]] + x * truth["fcc Au"] + (1 - x) * truth["fcc Cu"]
        )
        assert row["labelled [1]"] == "0" or abs(error) < 1e-9
        scores += [error / float(row["deviation [eV]"])] if row["labelled [1]"] == "0" else []
    assert len(scores) == 5 and np.sqrt(np.mean(np.square(scores))) < 1.7
    assert not any("hardly tell" in warning for warning in results.warnings)


def test_few_labels_come_with_a_warning(labels, tmp_path):
    results = run(tmp_path, accurate=chosen(labels, tmp_path, "fcc Cu", "fcc Au", "L1_0 AuCu", "L1_2 AuCu3"))
    assert any("4 accurate labels hardly tell" in warning for warning in results.warnings)


def test_an_accurate_potential_is_asked_where_it_tells_most(tmp_path):
    (tmp_path / "study.yaml").write_text(
        yaml.safe_dump(
            BASE
            | {
                "accurate": {
                    "potential": {"name": "ase.calculators.emt:EMT", "asap_cutoff": True},
                    "budget": 8,
                    "draws": 100,
                }
            }
        )
    )
    results = ms.run_study(tmp_path / "study.yaml", tmp_path / "run", allow_code=True)
    assert 6 <= results["accurate_labels"] <= 8 and results["accurate_factor"] == pytest.approx(1, abs=0.2)
    assert "fcc Cu (1.00)" in results["probably_stable"]
    log = (results.folder / "log.txt").read_text()
    assert log.count("accurate energy of ") == results["accurate_labels"]
    again = ms.run_study(tmp_path / "study.yaml", tmp_path / "again", allow_code=True)
    assert again["probably_stable"] == results["probably_stable"] and "accurate energies" in again.reused


def test_labels_of_an_earlier_run_are_not_computed_again(tmp_path):
    """A larger budget goes on from the labels that there are."""
    accurate = {"potential": {"name": "ase.calculators.emt:EMT", "asap_cutoff": True}, "draws": 50, "bar": 1e-6}
    logs = []
    for budget in (5, 6):
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(BASE | {"accurate": accurate | {"budget": budget}}))
        found = ms.run_study(tmp_path / "study.yaml", tmp_path / f"run{budget}", allow_code=True)
        assert found["accurate_labels"] == budget
        logs.append((found.folder / "log.txt").read_text().count("accurate energy of "))
    assert logs == [5, 1]


def test_three_elements_have_a_triangle(tmp_path):
    results = run(tmp_path, elements=["Cu", "Au", "Ag"], prototypes=["fcc", "L1_0", "L1_2"], lattices=[], atoms=4)
    assert (results.folder / "hull.png").stat().st_size > 5000 and [one.file for one in results.pictures] == [
        "hull.png"
    ]
    assert results["phases"] == 12 and "formation" not in results.curves


def record(formation, places):
    x = np.array([[1, 0], [0, 1], *([[0.5, 0.5]] * (len(formation) - 2))])
    names = tuple(f"p{k}" for k in range(len(formation)))
    above = np.maximum(formation - formation.min() * (x.min(axis=1) > 0), 0)
    return PhasesRecord(names, ("Cu", "Au"), x, formation, formation, above, places)


def test_labels_go_to_what_may_be_stable_and_stop_at_the_bar():
    """Accurate = 1.2 cheap + a smooth difference, of forty phases: the lowest is found from few, and none is asked twice."""
    rng = np.random.default_rng(4)
    places = np.vstack([[[-2.0, 0.0], [2.0, 0.0]], rng.uniform(-1, 1, (38, 2))])
    formation = np.concatenate([[0, 0], -0.1 + 0.1 * np.sin(3 * places[2:, 0]) * np.cos(2 * places[2:, 1])])
    truth = 1.2 * formation + np.concatenate([[0, 0], 0.03 * places[2:, 1]])
    calls = []

    def oracle(numbers):
        calls.extend(numbers)
        return [float(truth[k]) for k in numbers]

    found = asked(record(formation, places), oracle, 20, 0.004, 200, 0)
    best = int(np.argmin(truth))
    assert len(calls) == len(set(calls)) == len(found.labelled) < 20
    assert found.probability[best] > 0.5 and found.open_deviation <= 0.004
    assert np.abs(found.formation - truth)[found.probability > 0.02].max() < 0.012
    assert enough(2) == 6


def test_the_stable_surface_is_named_and_a_wrong_start_is_told(surfaces, tmp_path):
    choice = {"file": str(surfaces), "solute": "Au", "lowest": -1.0, "highest": 0.2, "at": 0.05, "start": "0 of 2"}
    results = run(tmp_path, interfaces=choice)
    mu, gamma = (results.curves["interfaces"].values[name] for name in ("mu", "gamma_1"))
    assert gamma == pytest.approx(np.full(101, gamma[0])) and len(mu) == 101
    assert results["stable_interface"] == "1 of 2"
    told = "interface '0 of 2' is not the stable one at a chemical potential of 0.05 eV: '1 of 2'"
    assert any(told in one for one in results.warnings)
    assert any(
        "at a chemical potential of 0.05 eV L1_0 AuCu grows" in one or "AuCu3 grows" in one for one in results.warnings
    )
    first = results["transition_1"]
    curves = results.curves["interfaces"].values
    at = [np.interp(first, mu, curves[f"gamma_{k + 1}"]) for k in range(3)]
    assert sorted(at)[0] == pytest.approx(sorted(at)[1], abs=1e-9)
    assert -0.2 < results["solubility_limit"] < 0


def test_what_does_not_fit_is_refused_before_anything_is_relaxed(labels, surfaces, tmp_path):
    frames = read(labels, ":")
    write(tmp_path / "one.extxyz", frames[:1])
    unknown = frames[0].copy()
    unknown.info["name"] = "L1_2 Cu4Au"
    write(tmp_path / "unknown.extxyz", [unknown, *frames[1:4]])
    bare = frames[0].copy()
    write(tmp_path / "bare.extxyz", [bare, *frames[1:4]])
    surface = {"file": str(surfaces), "solute": "Au"}
    for changes, said in (
        ({"prototypes": ["L1_0"], "lattices": [], "atoms": 4}, "No candidate phase is pure Cu"),
        ({"prototypes": [], "lattices": [], "atoms": 4}, "give candidates by prototypes, lattices or structures"),
        ({"lattices": []}, "atoms has no effect with no lattices"),
        ({"elements": ["Cu", "Cu"]}, "name one twice"),
        ({"elements": ["Cu", "Xx"]}, "Unknown element 'Xx'"),
        ({"prototypes": ["L12"]}, "Unknown prototype 'L12'"),
        ({"lattices": ["hcp"]}, "Unknown lattice 'hcp'"),
        ({"atoms": 12, "elements": ["Cu", "Au", "Ag"]}, "3^12 orderings"),
        ({"accurate": {}}, "by potential or by labels, one of the two"),
        ({"accurate": {"labels": str(labels), "budget": 5}}, "budget has no effect with labels"),
        ({"accurate": {"labels": "one.extxyz"}}, "holds 1 label; give 3 or more"),
        ({"accurate": {"labels": "unknown.extxyz"}}, "Unknown structure 'L1_2 Cu4Au'"),
        ({"accurate": {"labels": "bare.extxyz"}}, "has no energy, and a label is one"),
        ({"interfaces": surface | {"solute": "Ag"}}, "is none of the elements Cu, Au"),
        ({"interfaces": surface | {"start": "3 of 2"}}, "Unknown interface '3 of 2'"),
        ({"interfaces": surface | {"lowest": 1.0}}, "must be below highest"),
        ({"interfaces": surface, "elements": ["Ag", "Au"]}, "holds Cu, which is none of Ag, Au"),
    ):  # fmt: skip
        assert said in refused(tmp_path, **changes), changes


def test_a_slab_with_unlike_faces_is_no_pair_of_equal_interfaces(tmp_path):
    slab = fcc111("Cu", (1, 1, 5), vacuum=6.0)
    slab.pbc = True
    assert unlike_faces(slab) == ""
    slab.positions[:, 2] += 8.0  # the slab lies across the cell's end
    slab.wrap()
    assert unlike_faces(slab) == ""
    slab.symbols[int(slab.get_tags().argmin())] = "Au"
    assert unlike_faces(slab) == "Au"
    slab.symbols[int(slab.get_tags().argmax())] = "Au"
    assert unlike_faces(slab) == "" and unlike_faces(bulk("Cu", cubic=True)) == ""
    slab.symbols[int(slab.get_tags().argmax())] = "Cu"
    slab.info["name"] = "one face"
    write(tmp_path / "unlike.extxyz", [slab])
    words = refused(tmp_path, interfaces={"file": str(tmp_path / "unlike.extxyz"), "solute": "Au"})
    assert "'one face' has more Au on one face" in words


def test_a_solute_at_both_faces_is_not_one_face_s(surfaces, tmp_path):
    """With sides: 1 twice the solute would be counted for one area; at one face alone, or in the middle, it is right."""
    words = refused(tmp_path, interfaces={"file": str(surfaces), "solute": "Au", "sides": 1})
    assert "'1 of 2' has Au at both of its faces, and with sides: 1" in words
    slab = fcc111("Cu", (1, 1, 6), vacuum=6.0, periodic=True)
    heights = np.argsort(slab.positions[:, 2])
    for places, both in (
        ((0,), False),
        ((5,), False),
        ((2, 3), False),
        ((0, 3), False),
        ((0, 4), True),
        ((0, 5), True),
    ):
        own = slab.copy()
        own.symbols[heights[list(places)]] = "Au"
        own.positions[:, 2] += 7.0
        own.wrap()
        assert on_both_faces(own, "Au") == both, places
    assert not on_both_faces(bulk("Au", cubic=True), "Au")


def test_elements_and_labels_that_only_a_run_can_judge(labels, tmp_path):
    with pytest.raises(InputError, match="holds W, which the potential 'emt' lacks"):
        run(tmp_path, elements=["Cu", "W"])
    frames = [one for one in read(labels, ":") if one.info["name"] != "fcc Au"]
    write(tmp_path / "no_gold.extxyz", frames)
    with pytest.raises(InputError, match=r"has no label of pure Au, .* add one of fcc Au"):
        run(tmp_path, accurate={"labels": "no_gold.extxyz"})
