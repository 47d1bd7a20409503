"""The coarse law of opening and slip that peels a film off."""

from pathlib import Path

import pytest

from coupling.exchange.storage import load_law
from coupling.interface.coarse_graining import coarsen
from multiscale import run_study

EXAMPLE = Path(__file__).parents[2] / "examples" / "peel_coarse"


def test_a_coarse_mixed_law_breaks_a_peel_mesh(tmp_path):
    """G_c of the elements is the work of one plane; strengths in opening and shear are apart, as the closed planes' moduli."""
    results = run_study(EXAMPLE / "study.yaml", tmp_path / "run")
    plane = load_law(tmp_path / "run" / "law.json")
    acting = coarsen(plane, 4500, softening="bilinear")
    assert results["work_of_separation"] == pytest.approx(plane.work_of_separation, rel=1e-12)
    assert results["peak_traction"] == pytest.approx(acting.peak_traction, rel=1e-9)
    assert 0.3 < acting.shear_peak_traction / acting.peak_traction < 0.6
    assert results["gc_from_fe"] == pytest.approx(plane.work_of_separation, rel=0.01)
    assert results["energy_balance_relative_error"] < 0.005
