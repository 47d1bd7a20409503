"""The dislocation examples run, made small, on their own potential files, which are what their maker writes."""

import importlib.util
from pathlib import Path

import pytest

from benchmarks.finnis_sinclair import FILES, SIZE
from benchmarks.students import ALUMINIUM
from multiscale import run_study

EXAMPLES = Path(__file__).parents[2] / "examples"


def aluminium():
    spec = importlib.util.spec_from_file_location("dislocation_al", EXAMPLES / "dislocation_al" / "script.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", FILES)
def test_a_potential_s_file_is_what_its_maker_writes(tmp_path, name):
    assert FILES[name](tmp_path / "made", **SIZE).read_text() == (EXAMPLES / name).read_text()


def test_aluminium_s_screw(tmp_path):
    """With a graph network: the student of the embedded atoms."""
    small = {"results": ["peierls_nabarro"], "divisions": 6, "rows": 60}
    results = aluminium().main("screw", tmp_path, potential=str(ALUMINIUM.checkpoint), **small)
    assert results["pn_separation"] == pytest.approx(5.0e-10, rel=0.2)
    assert (results.folder / "damask_phase.yaml").is_file()


def test_aluminium_s_edge(tmp_path):
    """Of the example's own embedded atoms: its partials stand where elasticity balances the fault."""
    results = aluminium().main(folder=tmp_path, radius="20 Å", divisions=6, rows=60)
    assert results["stacking_fault"] == pytest.approx(0.130, rel=0.03)
    assert results["partial_separation"] == pytest.approx(results["elastic_separation"], rel=0.4)
    assert not results.warnings


def test_tungsten_s_core(tmp_path):
    """Compact: one arctangent narrower than b."""
    small = {"radius": "13 Å", "results": ["core", "peierls_nabarro"], "divisions": 6, "rows": 40, "force": 0.02}
    results = run_study(EXAMPLES / "dislocation_w" / "study.yaml", tmp_path / "run", changes=small)
    assert results["core_half_width"] < results["burgers_vector"]
    assert results["partial_separation"] == 0
