"""A joint of two crystals for the tests of a specimen's ledger: its sides, bodies and interface."""

from dataclasses import replace

import numpy as np

from coupling.elasticity import grain_rotation, rotate_stiffness
from coupling.laws.count import BulkSide, Count
from coupling.specimen.ledger import specimen_ledger
from coupling.specimen.records import BodyRecord, InterfaceRecord

PEAK, WORK, SPACING, LAYERS = 30e9, 4.0, 2e-10, 5.0
CUBIC = np.diag([124e9 if i > 2 else 99e9 for i in range(6)]).astype(float)
CUBIC[:3, :3] += 183e9
GRAIN = rotate_stiffness(CUBIC, grain_rotation([1, 1, -2], [1, 1, 1]))  # mesh axes: y along [111]
C33 = (282e9 + 2 * 183e9 + 4 * 124e9) / 3  # of a cubic crystal along <111>
X, Y = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
FRAME = np.array([X, np.cross(Y, X), Y])
LINEAR = LAYERS * SPACING * PEAK**2 / (2 * C33)


def side(**changes) -> BulkSide:
    given = {
        "material": "Ni fcc", "fingerprint": "", "stiffness_voigt": rotate_stiffness(GRAIN, FRAME), "spacing": SPACING,
        "layers": LAYERS, "strain": np.zeros(3), "energy_at_peak": 1.1 * LINEAR,
    }  # fmt: skip
    return BulkSide(**(given | changes))


COUNT = Count("bulk", side(), side())


def body(name: str, height: float = 50e-9, **changes) -> BodyRecord:
    return replace(BodyRecord(name, GRAIN, extent={"bond": height}), **changes)


def bond(count=COUNT, **changes) -> InterfaceRecord:
    given = InterfaceRecord("bond", "upper", "lower", "in law", count, PEAK, WORK, Y, X, "left out")
    return replace(given, **changes)


def ledger(interface, bodies=None, **options):
    return specimen_ledger(bodies or [body("upper"), body("lower")], [interface], **options)


def only(made, kind):
    found = [verdict for verdict in made.verdicts if verdict.kind == kind]
    assert len(found) == 1, [v.message for v in made.verdicts]
    return found[0]
