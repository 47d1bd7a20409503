"""The benchmark of dislocations: its closed forms, and what it says without the wheel that holds the potentials."""

import numpy as np
import pytest

import benchmarks.dislocation_elastic as elastic
import benchmarks.wheel as wheel
from atomistic.dislocation import slip_system
from coupling.errors import MissingBackend


def test_elastic_fields_and_energy_factors_are_the_closed_forms():
    figures = elastic.measure()
    assert figures["stroh_isotropic_max_error"] < 1e-6
    assert figures["energy_factor_max_relative_error"] < 1e-9
    assert figures["energy_factor_Cu_screw_GPa"] == pytest.approx(np.sqrt(75.4 * (168.4 - 121.4) / 2))
    assert figures["energy_factor_Cu_lomer_edge_GPa"] > 1.9 * figures["energy_factor_Cu_screw_GPa"]


@pytest.mark.parametrize("angle", [0.3, 1.1])
def test_the_factor_of_a_threefold_screw_does_not_hang_on_the_axes(angle):
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    stiffness = elastic.rotated(elastic.IRON, turn @ slip_system("bcc", "screw").frame(np.eye(3)))
    assert elastic.tensor(stiffness)[2, 2] == pytest.approx(elastic.threefold_screw(stiffness), rel=1e-9)


def test_without_the_wheel_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(wheel, "find_spec", lambda name: None)
    with pytest.raises(MissingBackend, match=r"multiscale-coupling\[bench\]"):
        wheel.wheel_file("Fe_mm.eam.fs")
