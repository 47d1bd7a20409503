"""The benchmark of dislocations: its closed forms, and what it says without the wheel that holds the potentials."""

import pytest

import benchmarks.dislocation as dislocation
from coupling.errors import MissingBackend


def test_elastic_fields_are_the_closed_forms():
    figures = dislocation.elastic_fields()
    assert figures["stroh_isotropic_max_error"] < 1e-6
    reference = figures["energy_factor_Cu_screw_reference_GPa"]
    assert figures["energy_factor_Cu_screw_GPa"] == pytest.approx(reference, rel=1e-9)


def test_without_the_wheel_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(dislocation, "find_spec", lambda name: None)
    with pytest.raises(MissingBackend, match=r"multiscale-coupling\[bench\]"):
        dislocation.wheel_file("Fe_mm.eam.fs")
