"""The aluminium that examples and tests use: what it was fitted to, relaxed."""

import pytest

from atomistic.potentials.registry import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.properties.fault import fcc_stacking_fault
from benchmarks.finnis_sinclair import ALUMINIUM_FIT, write_aluminium


def test_aluminium_is_what_it_was_fitted_to(tmp_path):
    potential = load_potential(str(write_aluminium(tmp_path / "Al.eam.alloy")))
    bulk = equilibrium(potential, "Al", "fcc")
    energy = -float(potential.evaluate([bulk]).energies[0])
    c11, c12, c44 = (value / 1e9 for value in elastic_constants(potential, bulk).cubic)
    found = {
        "a": (4 * bulk.get_volume()) ** (1 / 3), "cohesive energy": energy, "C11": c11, "C12": c12, "C44": c44,
        "intrinsic fault": 1e3 * fcc_stacking_fault(potential, bulk).intrinsic.value,
    }  # fmt: skip
    assert found == {name: pytest.approx(ALUMINIUM_FIT[name][0], rel=0.015) for name in found}
