"""Input files: what is valid, and one clear sentence for all that is not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from coupling.errors import InputError
from multiscale.cli import app
from multiscale.inputs.checks import check_groups
from multiscale.studies import check_study, load_study, parse_study
from multiscale.studies.fracture.schema import FractureStudy
from tests.multiscale.conftest import MESH


def put(data: dict, place: str, value: object) -> dict:
    """Set, or with value `...` delete, the entry at a dotted place."""
    *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    for part in path:
        data = data[part]
    if value is ...:
        del data[last]
    else:
        data[last] = value
    return data


def test_quantities_are_si_and_files_are_relative_to_the_input(write, good):
    study = load_study(write(good))
    check_study(study)
    assert study.loading.turning_points == pytest.approx([60e-9])
    assert study.interfaces["bond"].law.atoms.openings.max == pytest.approx(6e-10)
    assert study.mesh == write(good).parent / "tiny.msh"
    assert study.output.folder == write(good).parent / "runs" / "case"
    assert study.potential.options == {"device": "auto"}


def test_written_back_it_is_the_same_study(write, good):
    study = load_study(write(good))
    again = parse_study(yaml.safe_load(yaml.safe_dump(study.model_dump(mode="json"))), study.mesh.parent)
    assert again.model_dump(exclude={"output"}) == study.model_dump(exclude={"output"})
    assert study.model_dump(mode="json")["mesh"] == "tiny.msh"


def test_options_of_a_potential_go_through(write, good):
    good["potential"] = {"name": "7net-mf-0", "device": "cpu", "modal": "PBE"}
    assert load_study(write(good)).potential.options == {"device": "cpu", "modal": "PBE"}


def test_a_potential_file_is_found_beside_the_input_and_kept(folder, write, good):
    (folder / "model.eam.alloy").write_text("...")
    study = load_study(write(good | {"potential": "model.eam.alloy"}))
    check_study(study)
    assert study.potential.files() == (folder / "model.eam.alloy",)
    assert study.model_dump(mode="json")["potential"]["name"] == "model.eam.alloy"


def test_a_checkpoint_named_by_its_kind_is_found_and_kept(folder, write, good):
    (folder / "net.model").write_bytes(b"")
    study = load_study(write(good | {"potential": "mace:net.model"}), trust=True)
    assert study.potential.options["trust"]
    assert study.potential.name == f"mace:{folder / 'net.model'}"
    assert study.potential.files() == (folder / "net.model",)
    assert study.model_dump(mode="json")["potential"]["name"] == "mace:net.model"


def test_numbers_with_an_exponent_are_numbers(write, good):
    text = yaml.safe_dump(good).replace("factor: 0.5", "factor: 5e-1")
    assert "5e-1" in text
    assert load_study(write(text)).loads[0].factor == 0.5


def test_the_schema_describes_the_example(good):
    schema = FractureStudy.model_json_schema()
    assert set(good) <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Openings"]["properties"]["max"]["type"] == ["string", "number"]


BAD = {
    "unknown key": ("mehs", "x.msh", "unknown key 'mehs'", "Did you mean 'mesh'?"),
    "unknown key at the top": ("sede", 1, "unknown key 'sede'", "Did you mean 'seed'?"),
    "missing section": ("loading", ..., "loading is missing"),
    "missing key": ("mesh", ..., "mesh is missing"),
    "unknown study": ("study", "fractur", "'fractur'", "fracture"),
    "study is a list": ("study", ["fracture"], "fracture"),
    "missing mesh": ("mesh", "nope.msh", "'nope.msh'", "tiny.msh"),
    "mesh is a number": ("mesh", 3, "mesh", "3"),
    "mesh is a folder": ("mesh", ".", "no mesh file"),
    "body not in the mesh": ("bodies.uper", {"young": "70 GPa", "poisson": 0.3}, "'uper'", "lower body, upper", "Did you mean 'upper'?"),
    "interface not in the mesh": (
        "interfaces.bnd", {"plus": "upper", "minus": "lower body", "law": {"kind": "uber", "work_of_separation": "1 J/m^2", "length": "1 Å"}},
        "'bnd'", "Did you mean 'bond'?"),
    "side is no body": ("interfaces.bond.plus", "uppr", "interfaces.bond", "'uppr'", "lower body, upper"),
    "both sides the same": ("interfaces.bond.minus", "upper", "plus and minus are both 'upper'"),
    "support not in the mesh": ("supports.0.group", "ende", "'ende'", "Did you mean 'end'?"),
    "group by a bare number": ("supports.0.group", 4, "supports.0.group: 4 is a number", 'in quotation marks: "4"'),
    "body by a bare number": ("bodies.7", {"young": "70 GPa", "poisson": 0.3}, "bodies.7: 7 is a number", 'in quotation marks: "7"'),
    "load on a body": ("loads.0.group", "upper", "'upper'", "load_upper"),
    "bodies as a list": ("bodies", ["upper", "lower body"], "bodies", "block of keys"),
    "a body of two kinds": ("bodies.upper.young", "70 GPa", "bodies.upper", "unknown key 'young'"),
    "no potential": ("potential", ..., "interfaces.bond.law.atoms", "no potential is given"),
    "no law from atoms": (
        "interfaces.bond.law", {"kind": "uber", "work_of_separation": "1 J/m^2", "length": "1 Å"}, "study: specimen"),
    "unknown element of a body": ("bodies.upper.crystal.species", "Nx", "'Nx'", "element symbols"),
    "a naive law of a rigid path": ("naive_law", True, "path: relaxed"),
    "no load": ("loads", [], "loads"),
    "zero load": ("loads.0.factor", 0.0, "factor 0"),
    "unknown unit of the mesh": ("mesh_unit", "nanometre", "mesh_unit", "'nanometre'", "'nm'"),
    "unknown kind": ("kind", "plane strian", "'plane strian'", "'plane strain'"),
    "unknown potential": ("potential", "7net-l3i6", "'7net-l3i6'", "Did you mean '7net-l3i5'?"),
    "missing potential file": ("potential", "nope.eam.alloy", "nope.eam.alloy", "*.eam.alloy"),
    "unknown device": ("potential", {"name": "emt", "device": "tpu"}, "'tpu'", "cuda"),
    "unknown element": ("interfaces.bond.law.atoms.plane.species", "Nx", "'Nx'", "element symbols"),
    "element read as no": ("interfaces.bond.law.atoms.plane.species", False, "plane.species", "not text"),
    "unknown structure": ("interfaces.bond.law.atoms.plane.structure", "fc", "'fc'", "Did you mean 'fcc'?"),
    "unknown path": ("interfaces.bond.law.atoms.path", "rigit", "'rigit'", "rigid"),
    "zero plane": ("interfaces.bond.law.atoms.plane.miller", [0, 0, 0], "plane.miller", "not a direction"),
    "two indices": ("interfaces.bond.law.atoms.plane.miller", [1, 1], "plane.miller"),
    "half index": ("interfaces.bond.law.atoms.plane.miller", [1, 1, 0.5], "plane.miller", "0.5", "whole number"),
    "number as text": ("interfaces.bond.law.atoms.plane.layers", "12", "interfaces.bond.law.atoms.plane.layers", "'12'", "whole number"),
    "too few layers": ("interfaces.bond.law.atoms.plane.layers", 2, "interfaces.bond.law.atoms.plane.layers", "4"),
    "a word for a number": ("interfaces.bond.law.atoms.plane.layers", "auto", "interfaces.bond.law.atoms.plane.layers: 'auto' is not a whole number or 'automatic'"),
    "an opening that ends before the peak": ("interfaces.bond.law.atoms.openings", {"max": "0.5 Å"}, "0.5 Å ends before the faces have parted"),
    "relaxation of held halves": ("interfaces.bond.law.atoms.relaxation", {"force": 1e-3}, "relaxation has no effect", "path: relaxed"),
    "what stands for no equilibrium of held halves": ("interfaces.bond.law.atoms.beyond", "refuse", "beyond has no effect"),
    "slip of a normal law": ("interfaces.bond.law.atoms.slip", {"divisions": 12}, "slip has no effect", "mode: mixed"),
    "a mean force without temperature": ("interfaces.bond.law.atoms.thermal", {"method": "mean force"}, "thermal has no effect", "give temperature"),
    "thickness of a law with slip": (
        "interfaces.bond.law.atoms", {"mode": "mixed", "path": "relaxed", "plane": {"species": "Ni", "structure": "fcc",
        "miller": [1, 1, 1]}, "relaxation": {"thickness": 0.1}}, "thickness has no effect", "more layers"),
    "matching of one crystal": ("interfaces.bond.law.atoms.matching", {"strained": "lower"}, "matching has no effect", "upper and lower"),
    "a stiffness that vanishes": ("bodies.upper", {"young": "1e-300 GPa", "poisson": 0.3}, "implausibly small"),
    "truth as number": ("interfaces.bond.law.atoms.plane.layers", True, "interfaces.bond.law.atoms.plane.layers", "True"),
    "too few openings": ("interfaces.bond.law.atoms.openings", {"points": 3}, "interfaces.bond.law.atoms.openings.points", "12"),
    "wrong unit": ("loading.opening", "60 GPa", "loading.opening", "'60 GPa'", "nm"),
    "no unit": ("loading.opening", 60, "loading.opening", "60", "nm"),
    "negative length": ("interfaces.bond.law.atoms.openings", {"max": "-6 Å"}, "openings.max", "greater than zero"),
    "infinite length": ("loading.opening", "1e999 nm", "loading.opening", "not a finite"),
    "not a number": ("loads.0.factor", float("nan"), "loads.0.factor", "finite"),
    "infinite factor": ("loads.0.factor", float("inf"), "loads.0.factor", "finite"),
    "no steps": ("loading.steps", 0, "loading.steps", "0"),
    "grain not orthogonal": ("bodies.upper.grain.x", [1, 0, 0], "orthogonal", "[1, 0, 0]"),
    "a list for a section": ("interfaces.bond.law.atoms", [1, 2], "atoms", "block of keys"),
    "negative seed": ("seed", -1, "seed"),
    "output is a number": ("output", {"folder": 3}, "output.folder", "3"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_leaves_nothing(case, command, folder, write, good):
    place, value, *words = BAD[case]
    put(good, place, value)
    refused(command, write(good), words)


BROKEN = {
    "not YAML": ("study: [fracture", ["not valid YAML", "line"]),
    "empty": ("", ["'study'"]),
    "a list": ("- 1\n- 2", ["'study'"]),
    "tab": ("study:\n\tfracture", ["not valid YAML", "line 2"]),
    "doubled key": ("study: fracture\nseed: 1\nseed: 2\n", ["'seed'", "twice", "line 3"]),
    "YAML bomb": ("a: &a [1, 1]\nb: &b [*a, *a]\nstudy: [*b, *b]\n", ["aliases", "line 2"]),
    "object": ("study: !!python/object/apply:os.getcwd []", ["tags are not read", "line 1"]),
    "nested without end": ("[" * 50_000, ["nested too deeply"]),
    "a key that is a list": ("? [1, 2]\n: 3\nstudy: fracture\n", ["not valid YAML"]),
    "too large": ("#" * 1_000_001, ["1000000 bytes"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_sentence(case, write):
    text, words = BROKEN[case]
    refused("run", write(text), words)


def test_a_file_that_is_no_text(folder):
    (folder / "case.yaml").write_bytes(b"\xff\xfe\x00study")
    refused("run", folder / "case.yaml", ["UTF-8"])


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_a_file_that_is_not_there(name, folder):
    refused("run", folder / name, ["cannot be read" if name != "." else "is a folder"])


def refused(command: str, path: Path, words: list[str]) -> None:
    """The command ends with status 2, one line with all words, and no file written."""
    folder = path if path.is_dir() else path.parent
    before = sorted(folder.rglob("*"))
    done = CliRunner().invoke(app, [command, str(path)])
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_true_subprocess_refuses_and_shows_the_traceback_only_when_asked(folder, write, good):
    put(good, "mesh", "nope.msh")
    command = [Path(sys.executable).with_name("multiscale"), "run", write(good)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    told = subprocess.run([*command, "--debug"], capture_output=True, text=True)
    assert told.returncode == 2 and "Traceback" in told.stderr
    assert sorted(p.name for p in folder.iterdir()) == ["case.yaml", "tiny.msh"]


def test_check_loads_neither_torch_nor_fenics(write, good):
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom multiscale.cli import app\n"
        f"done = CliRunner().invoke(app, ['check', {str(write(good))!r}])\n"
        "assert done.exit_code == 0, done.output\n"
        "assert not {'torch', 'dolfinx', 'petsc4py', 'matplotlib'} & set(sys.modules), sorted(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_check_schema_version_potentials_answer(write, good, monkeypatch):
    runner = CliRunner()
    assert "valid fracture study" in runner.invoke(app, ["check", str(write(good))]).stdout
    assert "loading" in json.loads(runner.invoke(app, ["schema", "fracture"]).stdout)["properties"]
    assert "oneOf" in json.loads(runner.invoke(app, ["schema"]).stdout)
    assert runner.invoke(app, ["schema", "fractur"]).exit_code == 2
    assert "torch" in runner.invoke(app, ["version"]).stdout
    monkeypatch.setattr("atomistic.potentials.entry.find_spec", lambda name: None if name == "chgnet" else True)
    listed = runner.invoke(app, ["potentials"]).stdout
    assert "7net-l3i5" in listed and "multiscale-coupling[chgnet]" in listed


@pytest.mark.parametrize("version", [2.2, 4.1])
@pytest.mark.parametrize("binary", [0, 1])
def test_groups_of_meshes_as_gmsh_writes_them(version, binary, tmp_path):
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(2, [1], name="body one")
        gmsh.model.addPhysicalGroup(1, [1, 3], name="Kante Ä")
        gmsh.model.mesh.generate(2)
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        gmsh.option.setNumber("Mesh.Binary", binary)
        gmsh.write(str(tmp_path / "made.msh"))
    finally:
        gmsh.finalize()
    check_groups(tmp_path / "made.msh", cells=["body one"], facets=["Kante Ä"], dimension=2)
    with pytest.raises(InputError, match="'kante'; valid: Kante Ä"):
        check_groups(tmp_path / "made.msh", cells=["body one"], facets=["kante"], dimension=2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (MESH[:-2], "cut short"),
        (MESH[: MESH.index("$Elements")], "cut short"),
        (MESH.replace("2.2 0 8", "1.0 0 8"), "version 1.0"),
        ("solid cube\n", "not a Gmsh mesh"),
        ("", "is empty"),
    ],
)
def test_a_mesh_that_cannot_be_used(text, word, tmp_path):
    (tmp_path / "bad.msh").write_text(text)
    with pytest.raises(InputError, match=word):
        check_groups(tmp_path / "bad.msh", cells=["upper", "lower body"], facets=[], dimension=2)
