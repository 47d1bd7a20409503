"""The examples of docs/extending.md work as they stand there."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory):
    """The files of the page on the Python path, and their entry points as those of an installed distribution."""
    folder = tmp_path_factory.mktemp("theirs")
    for text in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        file = folder / text.splitlines()[0].removeprefix("# ")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    points = re.findall(r'```toml\n\[project.entry-points."(.*?)"\]\n(\w+) = "(.*?)"\n```', PAGE)
    assert [group for group, _, _ in points] == [
        "multiscale.laws",
        "multiscale.potentials",
        "multiscale.studies",
        "multiscale.materials",
        "multiscale.methods",
        "multiscale.defects",
        "multiscale.specimens",
    ]
    installed = folder / "theirs-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("".join(f"[{g}]\n{n} = {v}\n" for g, n, v in points), encoding="utf-8")
    before = [dict(registry) for registry in registries()]
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for registry, own in zip(registries(), before, strict=True):
        registry.clear()
        registry.update(own)
    theirs = {path.stem for path in folder.iterdir()}
    for name in [name for name in sys.modules if name.split(".")[0] in theirs]:
        del sys.modules[name]


def registries() -> list[dict]:
    """Where classes are entered when their modules are imported, with all of our own."""
    from coupling.laws.law import REGISTERED
    from coupling.laws.registry import law_kinds
    from multiscale.concurrent.method import METHODS
    from multiscale.concurrent.methods import method_kinds
    from multiscale.studies import STUDIES
    from multiscale.studies.concurrent.defect import DEFECTS
    from multiscale.studies.concurrent.defects import defect_kinds

    law_kinds(), method_kinds(), defect_kinds()
    return [REGISTERED, METHODS, DEFECTS, STUDIES]


def test_the_law_is_its_energy_s_derivative_and_can_be_coarsened():
    from morse import Morse

    from coupling.interface.coarse_graining import coarsen

    law, step = Morse(2.0, 5e-11), 1e-15
    jump = np.array([[3e-11, 0.0, 0.0], [1e-10, 2e-11, 0.0], [-1e-11, 0.0, 0.0]])
    ahead, found, behind = (law.evaluate(jump + [shift, 0.0, 0.0]) for shift in (step, 0.0, -step))
    np.testing.assert_allclose(found.traction[:, 0], (ahead.energy - behind.energy) / (2 * step), rtol=1e-4)
    np.testing.assert_allclose(found.tangent[:, 0], (ahead.traction - behind.traction) / (2 * step), rtol=1e-4)
    opening = np.linspace(0, 3e-10, 3001)
    traction = law.normal(opening)[1]
    assert traction.max() == pytest.approx(law.peak_traction, rel=1e-6)
    assert opening[traction.argmax()] == pytest.approx(law.opening_at_peak, abs=1e-13)
    assert coarsen(law, 5).work_of_separation == pytest.approx(2.0, rel=1e-6)


def test_the_potential_is_found_by_name_and_passes_its_checks():
    from atomistic import load_potential
    from atomistic.potentials.check import check_potential

    report = check_potential(load_potential("soft"))
    assert report.passed, report


def test_the_study_runs_by_its_name(tmp_path: Path):
    import multiscale
    from multiscale.studies import parse_study

    given = {"study": "griffith", "young": "70 GPa", "surface_energy": "1 J/m^2", "half_length": "1 mm"}
    results = multiscale.run_study(parse_study(given, tmp_path), tmp_path / "run")
    assert results["strength"] == pytest.approx(np.sqrt(2 * 70e9 / (np.pi * 1e-3)), rel=1e-12)
    assert "Griffith" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_the_method_and_the_defect_go_together():
    from round_void import RoundVoid
    from sharp_force import SharpForce

    from atomistic import load_potential
    from atomistic.properties.bulk import equilibrium
    from multiscale.concurrent.methods import discretise
    from multiscale.concurrent.region import BlendingRegion
    from multiscale.concurrent.solution import ghost_force
    from multiscale.studies.concurrent.loading import Setting

    emt = load_potential("emt")
    crystal = equilibrium(emt, "Cu", "fcc", tolerance=100.0)
    given = RoundVoid.model_validate({"radius": "3 Å"})
    (problem,) = given.problems(Setting(emt, crystal, (2, 2), 4, (1, -1, 0))).problems
    assert 3 < len(problem.voids) < 12
    method = discretise("qcf", problem, BlendingRegion(3.0, 3.0))
    assert isinstance(method, SharpForce) and set(np.unique(method.beta)) == {0.0, 1.0}
    assert ghost_force(discretise("qcf", replace(problem, voids=None), BlendingRegion(3.0, 3.0))) < 1e-9


THEIRS = """
import sys
from pathlib import Path

{first}
from continuum.mesh.inspect import inspect_mesh
from multiscale.studies import parse_study

study = parse_study({{
    "study": "concurrent", "potential": "emt", "species": "Cu", "structure": "fcc", "line": [1, -1, 0],
    "box": {{"cells": [2, 2], "level": 4}}, "methods": [{{"method": "qcf", "core": 3}}], "round_void": {{"radius": "3 Å"}},
}}, Path("."))
assert type(study.defect).__name__ == "RoundVoid"
law = {{"kind": "morse", "work_of_separation": "2 J/m^2", "length": "0.5 Å"}}
body = {{"strain": "blatz-ko", "shear": "1 GPa"}}
study = parse_study({{
    "study": "specimen", "mesh": {{"specimen": "lap_joint", "length": 20, "overlap": 10, "thickness": 2, "size": 1}},
    "mesh_unit": "nm", "kind": "plane strain", "bodies": {{"upper": body, "lower": body}},
    "interfaces": {{"bond": {{"law": law, "plus": "upper", "minus": "lower"}}}},
    "supports": [{{"group": "left", "component": "x"}}], "loads": [{{"group": "right", "component": "y"}}],
    "loading": {{"opening": "1 nm", "steps": 2}},
}}, Path("."))
study.check()
assert {{body.name for body in inspect_mesh(study.mesh_file).bodies}} == {{"upper", "lower"}}
again = parse_study(study.model_dump(mode="json"), Path("."))
assert again.mesh == study.mesh and again.files() == study.files()
"""


@pytest.mark.parametrize("first", ["import multiscale", "import round_void", "import sharp_force"])
def test_what_third_parties_bring_is_named_in_input_files(folder: Path, tmp_path: Path, first: str):
    """By their entry points, whichever module is imported first."""
    done = subprocess.run(
        [sys.executable, "-c", THEIRS.format(first=first)], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_third_party_s_fault_is_told_with_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from coupling.discovery import third_parties
    from coupling.errors import MissingBackend

    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[multiscale.nothing]\none = not_there:Thing\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        MissingBackend,
        match=r"one = 'not_there:Thing' of multiscale\.nothing, which broken provides.*pip uninstall broken",
    ):
        third_parties("multiscale.nothing")


def test_the_specimen_of_the_material_is_pulled_along_the_law(tmp_path: Path):
    from blatz_ko import BlatzKo
    from lap_joint import LapJoint
    from morse import Morse

    import multiscale as ms

    LapJoint(length=20, overlap=10, thickness=2, size=1).write(tmp_path / "lap.msh")
    mesh = ms.read_mesh(tmp_path / "lap.msh", unit="nm")
    hold, load = {"left": "xy", "right": "x"}, {"right": ("y", 1.0)}
    bond = ms.Bond("bond", "upper", "lower", Morse(2.0, 5e-11))
    record = ms.Specimen(mesh, BlatzKo(30e9), {"bond": bond}, hold=hold, load=load).pull("0.02 nm", 2)
    assert record.load[-1] > 0
