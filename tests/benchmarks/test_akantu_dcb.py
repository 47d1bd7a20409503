"""The cohesive solver beside Akantu on a small double cantilever beam."""

import importlib.util
import math

import pytest

from benchmarks.akantu_dcb import compare
from continuum.specimens.dcb import DoubleCantileverBeam

SMALL = DoubleCantileverBeam(length=100, arm=10, crack=40, growth=20, fine=1.5, coarse=4.0)


def test_peak_loads_agree():
    pytest.importorskip("akantu", reason="the bench extra brings Akantu")
    figures = compare(SMALL, 3e-4, 15)
    assert 0 < figures["peak_akantu_N_m"]
    assert figures["akantu_peak_relative_difference"] < 2e-3


def test_without_akantu_the_difference_is_not_a_number_and_a_note_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    figures = compare(SMALL, 1e-5, 1)
    assert math.isnan(figures["akantu_peak_relative_difference"])
    assert any("multiscale-coupling[bench]" in note for note in figures["notes"])
