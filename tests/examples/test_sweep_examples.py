"""The sweeps of the examples, as they stand."""

import importlib.util
from math import pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from multiscale import load, run_sweep

EXAMPLE = Path(__file__).parents[2] / "examples" / "sweep_ni111"


def test_the_law_over_planes_and_openings(tmp_path):
    found = run_sweep(EXAMPLE / "sweep.yaml", tmp_path / "s")
    assert found.status.done == 6 and not found.failures
    work = load(tmp_path / "s")["work_of_separation"]
    assert work.dims == ("plane.layers", "openings.points") and work.attrs["units"] == "J/m^2"
    np.testing.assert_allclose(work.sel({"plane.layers": 12}), work.sel({"plane.layers": 8}), rtol=1e-6)
    assert (tmp_path / "s" / "report.html").read_text(encoding="utf-8").count("points/") == 6


def test_griffith_s_strength_falls_with_the_root_of_the_crack(tmp_path):
    spec = importlib.util.spec_from_file_location("sweep_script", EXAMPLE / "script.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    strength = module.main(tmp_path / "s")["strength"]
    slope = np.polyfit(np.log(strength["crack"].values), np.log(strength.values[:, 0]), 1)[0]
    assert slope == pytest.approx(-0.5, abs=1e-6)
    assert float(strength[0, 0]) == pytest.approx(sqrt(2 * 200e9 / (pi * 10e-9)), rel=1e-12)
