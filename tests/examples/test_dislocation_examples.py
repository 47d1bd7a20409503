"""The dislocation examples run, made small, on potentials that need no wheel."""

import importlib.util
from pathlib import Path

import pytest

from benchmarks.students import ALUMINIUM
from tests.atomistic.tungsten import write_tungsten

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / name / "script.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_aluminium_s_screw(tmp_path):
    """With a graph network: the student of the embedded atoms."""
    small = {"results": ["peierls_nabarro"], "divisions": 6, "rows": 60}
    results = load("dislocation_al").main("screw", tmp_path, potential=str(ALUMINIUM.checkpoint), **small)
    assert results["pn_separation"] == pytest.approx(5.0e-10, rel=0.2)
    assert (results.folder / "damask_phase.yaml").is_file()


def test_tungsten_s_core(tmp_path):
    """Compact: one arctangent narrower than b."""
    potential = str(write_tungsten(tmp_path / "W.eam.alloy"))
    results = load("dislocation_w").main(tmp_path, potential=potential, radius="13 Å", results=["core"], force=0.02)
    assert results["core_half_width"] < results["burgers_vector"]
    assert results["partial_separation"] == 0
