"""A loading that was interrupted, and one beside another, are as one that was left alone: numbers, curves and fields."""

import json

import h5py
import numpy as np
import pytest

from continuum.solver.checkpoint import Checkpoint
from multiscale import run_study
from multiscale.studies.specimen.watch import Watch
from tests.multiscale.specimen_cases import DCB

RING = {"j_integral": {"inner": "8 mm", "outer": "12 mm"}}


def written(folder):
    """All that a run found, without times and without what it says of its reuse."""
    record = json.loads((folder / "results.json").read_text())
    for key in ("provenance", "reused", "checksum"):
        del record[key]
    found = {"results": record}
    found |= {str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("curves/*")}
    with h5py.File(folder / "fields.vtkhdf") as stored:
        stored.visititems(
            lambda name, item: found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
        )
    assert len(found["VTKHDF/bond/CellData/damage"]) > 0
    return found


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    from continuum.specimens.dcb import DoubleCantileverBeam

    folder = tmp_path_factory.mktemp("resume")
    DoubleCantileverBeam(60, 3, 20, 25, fine=2.0, coarse=3.0, element="quadrilateral").write(folder / "dcb.msh")
    loading = {"opening": "1.6 mm", "steps": 10, "growth": 0.08}
    (folder / "study.yaml").write_text(json.dumps(DCB | RING | {"loading": loading}))
    return folder / "study.yaml"


@pytest.fixture(scope="module")
def whole(study):
    run_study(study, study.parent / "whole" / "run")
    return written(study.parent / "whole" / "run")


def interrupted(method, call, when):
    """A method that is broken off at one of its calls, before or after its work."""
    seen = []

    def broken(*arguments):
        seen.append(method)
        if len(seen) == call and when == "before":
            raise KeyboardInterrupt
        method(*arguments)
        if len(seen) == call and when == "after":
            raise KeyboardInterrupt

    return broken


@pytest.mark.parametrize(
    ("owner", "name", "when"),
    [(Watch, "__call__", "before"), (Watch, "__call__", "after"), (Checkpoint, "save", "after")],
    ids=["before it is seen", "before its commit", "after its commit"],
)
def test_a_loading_goes_on_as_if_it_had_not_stopped(owner, name, when, study, whole, tmp_path, monkeypatch):
    for call in (4, 9):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(owner, name, interrupted(getattr(owner, name), call, when))
            run_study(study, tmp_path / "run")
    results = run_study(study, tmp_path / "run")
    assert "steps of the loading, from an interrupted run" in results.reused[0]
    assert written(tmp_path / "run") == whole
    assert not (tmp_path / ".cache" / "unfinished").exists()


@pytest.mark.parametrize("which", ["0-0.npz", "1-0.npz", "state-*.npz"])
@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_a_damaged_state_is_computed_again(which, damage, study, whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Watch, "__call__", interrupted(Watch.__call__, 6, "after"))
        run_study(study, tmp_path / "run")
    file = sorted((tmp_path / ".cache" / "unfinished").glob(f"*/{which}"))[0]
    data = bytearray(file.read_bytes())
    if damage == "cut":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 3] ^= 4
    file.write_bytes(data)
    run_study(study, tmp_path / "run")
    assert written(tmp_path / "run") == whole


def test_two_equal_runs_with_one_cache_do_not_meet(study, whole, tmp_path, monkeypatch):
    monkeypatch.setenv("MULTISCALE_CACHE", str(tmp_path / "cache"))
    inner = []

    def meanwhile(stage, done, total, note=""):
        seen.append(done)
        if len(seen) == 5:
            inner.append(run_study(study, tmp_path / "two" / "run"))

    seen = []
    outer = run_study(study, tmp_path / "one" / "run", progress=meanwhile)
    assert outer.reused == inner[0].reused == []
    assert written(tmp_path / "one" / "run") == written(tmp_path / "two" / "run") == whole
    assert not (tmp_path / "cache" / "unfinished").exists()


def test_the_loads_of_all_steps_are_in_the_curve_of_a_loading_that_fails_after_a_restart(study, tmp_path, monkeypatch):
    from continuum.solver.newton import NewtonSolver
    from coupling.errors import NotConverged

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Watch, "__call__", interrupted(Watch.__call__, 5, "after"))
        run_study(study, tmp_path / "run")
    solve, calls = NewtonSolver.solve, []

    def tired(self, control, *rest):
        calls.append(control)
        return solve(self, control, *rest) if len(calls) < 4 else None

    monkeypatch.setattr(NewtonSolver, "solve", tired)
    with pytest.raises(NotConverged):
        run_study(study, tmp_path / "run")
    table = np.loadtxt(tmp_path / "run.failed" / "load_displacement_so_far.csv", delimiter=",", skiprows=1)
    assert len(np.unique(table[:, 0])) == len(table) >= 6
