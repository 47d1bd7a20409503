"""The examples of docs/extending.md work as they stand there."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")


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
    ]
    installed = folder / "theirs-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("".join(f"[{g}]\n{n} = {v}\n" for g, n, v in points), encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    theirs = {path.stem for path in folder.iterdir()}
    for name in [name for name in sys.modules if name.split(".")[0] in theirs]:
        del sys.modules[name]


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
    from multiscale.studies import STUDIES, parse_study

    given = {"study": "griffith", "young": "70 GPa", "surface_energy": "1 J/m^2", "half_length": "1 mm"}
    try:
        results = multiscale.run_study(parse_study(given, tmp_path), tmp_path / "run")
        assert results["strength"] == pytest.approx(np.sqrt(2 * 70e9 / (np.pi * 1e-3)), rel=1e-12)
        assert "Griffith" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    finally:
        STUDIES.pop("griffith", None)


def test_the_method_and_the_defect_go_together():
    from round_void import RoundVoid
    from sharp_force import SharpForce

    from atomistic import load_potential
    from atomistic.properties.bulk import equilibrium
    from multiscale.concurrent.methods import METHODS, discretise
    from multiscale.concurrent.region import BlendingRegion
    from multiscale.concurrent.solution import ghost_force
    from multiscale.studies.concurrent.defects import DEFECTS
    from multiscale.studies.concurrent.loading import Setting

    try:
        emt = load_potential("emt")
        crystal = equilibrium(emt, "Cu", "fcc", tolerance=100.0)
        given = RoundVoid.model_validate({"radius": "3 Å"})
        (problem,) = given.problems(Setting(emt, crystal, (2, 2), 4, (1, -1, 0))).problems
        assert 3 < len(problem.voids) < 12
        method = discretise("qcf", problem, BlendingRegion(3.0, 3.0))
        assert isinstance(method, SharpForce) and set(np.unique(method.beta)) == {0.0, 1.0}
        assert ghost_force(discretise("qcf", replace(problem, voids=None), BlendingRegion(3.0, 3.0))) < 1e-9
    finally:
        METHODS.pop("qcf", None)
        DEFECTS.pop("round_void", None)


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
