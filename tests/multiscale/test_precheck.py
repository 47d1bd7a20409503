"""The pre-check of the crystal in every study that stands on faults or surfaces: it stops, or it is reported."""

import numpy as np
import pytest

from atomistic.potentials.registry import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.properties.precheck import precheck
from coupling.contracts import Evaluation
from coupling.errors import InputError
from multiscale import run_study
from multiscale.studies import parse_study

PAIRS = {"name": "ase.calculators.lj:LennardJones", "sigma": 2.3, "epsilon": 0.4, "rc": 5.0, "smooth": True}
"""Bonds between pairs, which hold no stacking fault: fcc and hcp differ by next to nothing."""
PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4}
LAW = {
    "study": "cohesive_law", "potential": PAIRS, "path": "rigid", "plane": PLANE, "openings": {"points": 12},
}  # fmt: skip
SLIP = LAW | {"mode": "mixed", "slip": {"divisions": 4, "tolerance": 0.9, "budget": 200}}
DIPOLE = {
    "study": "concurrent", "potential": PAIRS, "species": "Cu", "structure": "fcc", "line": [1, -1, 2],
    "dislocation_dipole": {"burgers": [0.5, 0.5, 0], "separation": "12 Å"}, "box": {"cells": [2, 2], "level": 3},
    "methods": [{"method": "bqcf", "core": 2.0, "blend": 1.5}], "reference": "none",
}  # fmt: skip
FAULT = "an intrinsic stacking fault of"


def ran(data, folder):
    return run_study(parse_study(data, allow_code=True), folder / "run", allow_code=True)


@pytest.mark.parametrize("data", [SLIP, DIPOLE], ids=["law of slip", "dislocations in a crystal"])
def test_a_study_that_stands_on_a_meaningless_fault_stops_where_it_shall(tmp_path, data):
    with pytest.raises(InputError, match=FAULT):
        ran(data | {"check_fault": "stop"}, tmp_path)


def test_by_default_the_fault_is_a_warning_beside_the_law(tmp_path):
    results = ran(SLIP, tmp_path)
    assert any(FAULT in warning for warning in results.warnings)


def test_an_opening_stands_on_no_fault(tmp_path):
    results = ran(LAW | {"check_fault": "stop"}, tmp_path)
    assert not any(FAULT in warning for warning in results.warnings)


class Willing:
    """A potential under which slabs with vacuum have less energy than the crystal."""

    def __init__(self, real):
        self.real, self.name, self.cutoff = real, "willing", real.cutoff

    def evaluate(self, structures):
        found = self.real.evaluate(structures)
        room = np.array([one.get_volume() / len(one) for one in structures])
        return Evaluation(found.energies - 10 * (room > 14), found.forces, found.stresses, found.cost)


def test_a_crystal_that_parts_by_itself_is_told():
    real = load_potential("emt")
    bulk = equilibrium(real, "Cu", "fcc")
    stiffness = elastic_constants(real, bulk).stiffness_voigt
    sound = precheck(real, bulk, stiffness, "fcc", faults=False, planes=[(1, 1, 1)])
    assert sound.passed and 0.5 < sound.surface < 2
    found = precheck(Willing(real), bulk, stiffness, "fcc", faults=False, planes=[(1, 1, 1)])
    with pytest.raises(InputError, match=r"part along \(1, 1, 1\) by itself.*No law result"):
        found.require(result="law")
