"""Polycrystals as studies: classes of boundaries, laws of a library, what is reported, what is refused, seeds in sweeps."""

import csv
import json

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from coupling.errors import InputError
from coupling.exchange.storage import save_law
from coupling.laws.bilinear import Bilinear
from coupling.orientations import coincidences, fibre_orientations, of_quaternions
from multiscale import run_study
from multiscale.cli import app
from multiscale.studies import parse_study
from multiscale.studies.specimen.grains import texture_of
from multiscale.studies.specimen.run import read
from multiscale.sweeps.inputs import load_sweep
from multiscale.sweeps.plan import studies_of

LAW = {"kind": "bilinear", "work_of_separation": "2.6 J/m^2", "peak_traction": "5 GPa", "stiffness": "4e19 Pa/m"}
STRONG = LAW | {"work_of_separation": "4 J/m^2", "peak_traction": "8 GPa"}
NICKEL = {"stiffness": {"C11": "247 GPa", "C12": "147 GPa", "C44": "125 GPa"}}
STUDY = {
    "study": "specimen", "seed": 3,
    "mesh": {"specimen": "polycrystal", "width": 30, "height": 20, "grains": 6, "size": 3, "seed": 2},
    "mesh_unit": "nm", "kind": "plane strain",
    "bodies": {"nickel": NICKEL | {"grains": {"fibre": [1, 1, 0]}}},
    "interfaces": {
        "low_angle": {"grains": {"body": "nickel", "angle_below": 15}, "law": STRONG},
        "sigma_3": {"grains": {"body": "nickel", "sigma": 3}, "law": STRONG},
        "general": {"grains": {"body": "nickel"}, "law": LAW},
    },
    "supports": [{"group": "left", "component": "x"}, {"group": "bottom", "component": "y"}],
    "loads": [{"group": "right", "component": "x"}],
    "loading": {"opening": "2 nm", "steps": 12, "growth": 0.05},
    "output": {"fields": "none"},
}  # fmt: skip


def with_grains(**grains):
    return STUDY | {"bodies": {"nickel": NICKEL | {"grains": grains}}}


def with_classes(**classes):
    return STUDY | {
        "interfaces": {name: {"grains": {"body": "nickel"} | rule, "law": LAW} for name, rule in classes.items()}
    }


def table(path):
    rows = list(csv.reader(path.open(encoding="utf-8")))
    return {head.split(" [")[0]: np.array([float(row[i]) for row in rows[1:]]) for i, head in enumerate(rows[0])}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study run once."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return run_study(parse_study(STUDY, folder.parent), folder), folder


def test_the_crack_runs_through_and_its_path_is_reported(whole):
    _, folder = whole
    found = json.loads((folder / "results.json").read_text())["quantities"]
    assert found["grains"]["value"] == 6
    assert found["energy_balance_relative_error"]["value"] < 0.01
    boundaries, crack = table(folder / "curves" / "boundaries.csv"), table(folder / "curves" / "crack_path.csv")
    assert found["grain_boundaries"]["value"] == len(boundaries["area"])
    assert found["boundary_area"]["value"] == pytest.approx(boundaries["area"].sum(), rel=1e-12)
    assert found["crack_area"]["value"] == pytest.approx(crack["area"].sum(), rel=1e-12)
    assert found["crack_area"]["value"] > 20e-9  # from top to bottom
    assert crack["y"].min() < 3e-9 and crack["y"].max() > 17e-9
    assert (boundaries["broken"] <= boundaries["area"] * (1 + 1e-12)).all()
    assert boundaries["broken"].sum() == pytest.approx(crack["area"].sum(), rel=1e-12)
    assert (folder / "crack_path.png").stat().st_size > 5000


def test_the_table_of_classes_adds_up_and_the_ledger_has_each_class(whole):
    results, _ = whole
    (classes,) = [one for one in results.tables if one.title == "Boundaries of 'nickel'"]
    assert [row[0] for row in classes.rows] == ["low_angle", "sigma_3", "general"]
    assert sum(row[3].value for row in classes.rows) == pytest.approx(1, rel=1e-12)
    assert sum(row[4].value for row in classes.rows) == pytest.approx(1, rel=1e-12)
    regions = {row.region for row in results.ledger}
    assert {"body nickel", "interface low_angle", "interface sigma_3", "interface general"} <= regions


def test_orientations_of_the_seed_are_the_reported_ones(whole):
    grains = table(whole[1] / "curves" / "grains.csv")
    wanted = fibre_orientations(6, 3, np.array([1, 1, 0]))
    found = np.array([[grains[f"g{i}{j}"] for j in (1, 2, 3)] for i in (1, 2, 3)])
    np.testing.assert_allclose(np.moveaxis(found, -1, 0), wanted, atol=1e-12)


def test_each_boundary_has_the_first_class_that_it_fits(tmp_path):
    small = of_quaternions(np.array([[np.cos(np.radians(5)), 0.0, 0.0, np.sin(np.radians(5))]]))[0]  # 10° about z
    turned = [np.eye(3), small, coincidences(3)[0], np.eye(3), small, coincidences(5)[0]]
    classes = {
        "low": {"angle_below": 15},
        "twin": {"sigma": 3},
        "tilt": {"axis": [1, 0, 0], "angle_above": 30},
        "general": {},
    }
    study = parse_study(with_classes(**classes) | {
        "bodies": {"nickel": NICKEL | {"grains": {"orientations": [one.tolist() for one in turned]}}}}, tmp_path)  # fmt: skip
    mesh = read(study)
    from coupling.orientations import cubic_rotations

    rules = {name: one.grains for name, one in study.interfaces.items()}
    texture, facets = texture_of(rules, "nickel", mesh, np.array(turned), cubic_rotations())
    kind = {0: "one", 1: "small", 2: "twin", 3: "one", 4: "small", 5: "five"}
    wanted = {
        frozenset(("one",)): "low", frozenset(("small",)): "low", frozenset(("one", "small")): "low",
        frozenset(("one", "twin")): "twin", frozenset(("one", "five")): "tilt",
    }  # fmt: skip
    seen = 0
    for (first, second), name in zip(texture.pairs.tolist(), texture.names, strict=True):
        both = frozenset((kind[first], kind[second]))
        if both in wanted:
            assert name == wanted[both]
            seen += 1
    assert seen >= 4
    assert sum(map(len, facets.values())) == len(mesh.grain_boundaries("nickel")[0])
    assert set(facets) == set(classes)


def test_laws_of_a_library_are_shared_by_name(tmp_path):
    law = Bilinear(3.0, 6e9, 4e19)
    save_law(law, tmp_path / "general.json")
    (tmp_path / "laws.yaml").write_text(yaml.safe_dump({"general": "general.json", "strong": STRONG}))
    classes = {"low": {"library": "laws.yaml", "name": "strong"}, "general": {"library": "laws.yaml"}}
    rules = {"low": {"angle_below": 15}, "general": {}}
    interfaces = {n: {"grains": {"body": "nickel"} | rules[n], "law": law} for n, law in classes.items()}
    study = parse_study(STUDY | {"interfaces": interfaces}, tmp_path)
    study.check()
    assert study.interfaces["general"].stored_law("general").work_of_separation == law.work_of_separation
    assert study.interfaces["low"].stored_law("low").peak_traction == pytest.approx(8e9)
    assert {path.name for path in study.files()} >= {"laws.yaml", "general.json"}


@pytest.mark.parametrize(
    ("library", "words"),
    [
        ({"other": STRONG}, "'general'"),
        ({"general": "sub/law.json"}, "must lie beside the library"),
        ({"general": {"kind": "bilinea"}}, "Did you mean 'bilinear'?"),
        ({"general": "nope.json"}, "nope.json"),
        ([], "holds no laws"),
    ],
)
def test_libraries_that_cannot_be_used_are_refused(tmp_path, library, words):
    (tmp_path / "laws.yaml").write_text(yaml.safe_dump(library))
    interfaces = {"general": {"grains": {"body": "nickel"}, "law": {"library": "laws.yaml"}}}
    with pytest.raises(InputError) as refused:
        parse_study(STUDY | {"interfaces": interfaces}, tmp_path).check()
    assert words in str(refused.value)


TURN = np.eye(3).tolist()
BAD = {
    "one grain": (STUDY | {"mesh": STUDY["mesh"] | {"grains": 1}}, "polycrystal of 1 grain has no boundary"),
    "no such groups": (with_grains(groups="crystal_*"), "'crystal_*'", "2 grains or more"),
    "one group": (with_grains(groups="grain_1"), "1 group of cells", "'grain_1'"),
    "no rotation": (with_grains(orientations=[TURN] * 5 + [np.diag([1.0, 1.0, -1.0]).tolist()]), "grain 6", "is no rotation"),
    "no matrix": (with_grains(orientations=[TURN, [[1.0, 0.0], [0.0, 1.0]]]), "3×3 matrix"),
    "ragged": (with_grains(orientations=[TURN, [[1.0], [0.0, 1.0]]]), "rows differ in length"),
    "too few orientations": (with_grains(orientations=[TURN] * 5), "5 orientations are given", "6 grains"),
    "two sources": (with_grains(orientations=[TURN] * 6, seed=3), "not both"),
    "grain and grains": (
        STUDY | {"bodies": {"nickel": NICKEL | {"grain": {"x": [1, 0, 0], "y": [0, 1, 0]}, "grains": {}}}}, "not both"),
    "no law": (with_classes(low={"angle_below": 15}), "bodies.nickel", "may have no law"),
    "after all": (with_classes(general={}, low={"angle_below": 15}), "interfaces.low", "put that last"),
    "no sigma": (with_classes(even={"sigma": 4}, general={}), "Σ4 is no coincidence"),
    "no angle": (with_classes(low={"angle_below": 15, "angle_above": 20}, general={}), "exchange the two angles"),
    "unknown class": (with_classes(low={"kind": "low angle"}, general={}), "'kind'", "angle_below"),
    "body without grains": (
        STUDY | {"bodies": STUDY["bodies"] | {"left": NICKEL}, "interfaces": STUDY["interfaces"] | {
            "other": {"grains": {"body": "left"}, "law": LAW}}}, "'left' has no grains"),
    "sides": (
        STUDY | {"interfaces": {"general": {"grains": {"body": "nickel"}, "plus": "nickel", "law": LAW}}}, "leave them out"),
    "axis without axis": (with_classes(low={"axis_within": 5.0}, general={}), "axis_within", "no effect"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_leaves_nothing(name, tmp_path):
    study, *words = BAD[name]
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(study))
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_random_orientations_in_a_plane_are_refused_with_their_way_out(tmp_path):
    with pytest.raises(InputError, match="grain 1' couples the plane with shear out of it"):
        run_study(parse_study(with_grains(), tmp_path), tmp_path / "run")


def test_classes_of_cubic_crystals_need_one(tmp_path):
    matrix = np.diag([162.0, 162, 181, 47, 47, 35])  # titanium, hexagonal
    matrix[:3, :3] += [[0, 92, 69], [92, 0, 69], [69, 69, 0]]
    titanium = {"stiffness": {"matrix": matrix.tolist(), "unit": "GPa"}, "grains": {"fibre": [0, 0, 1]}}
    with pytest.raises(InputError, match=r"interfaces.sigma_3.grains: sigma and axis are of cubic crystals"):
        run_study(parse_study(STUDY | {"bodies": {"nickel": titanium}}, tmp_path), tmp_path / "run")


def test_a_sweep_over_seeds_makes_other_grains_in_other_orientations(tmp_path):
    (tmp_path / "study.yaml").write_text(json.dumps(STUDY))
    over = {"design": "paired", "keys": {"mesh.seed": [1, 2, 3], "seed": [1, 2, 3]}}
    (tmp_path / "sweep.yaml").write_text(json.dumps({"base": "study.yaml", "over": over}))
    studies = [study for _, study in studies_of(load_sweep(tmp_path / "sweep.yaml"))]
    assert [one.mesh.specimen.seed for one in studies] == [1, 2, 3]
    turned = [one.polycrystals["nickel"].rotations("nickel", 6, one.seed) for one in studies]
    assert np.abs(turned[0] - turned[1]).max() > 0.1 and np.abs(turned[1] - turned[2]).max() > 0.1
