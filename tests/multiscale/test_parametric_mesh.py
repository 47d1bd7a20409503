"""A parametric specimen in the place of a mesh file: the same study, the same numbers."""

from typing import Any

import pytest

from continuum.specimens.butt_joint import ButtJoint
from coupling.errors import InputError
from multiscale.studies import parse_study, run_study

STEEL = {"young": "210 GPa", "poisson": 0.3}
JOINT: dict[str, Any] = {"specimen": "butt_joint", "width": 2, "upper": 1, "lower": 1, "size": 1}
STUDY: dict[str, Any] = {
    "study": "specimen",
    "mesh": JOINT,
    "mesh_unit": "mm",
    "kind": "plane strain",
    "bodies": {"upper": STEEL, "lower": STEEL},
    "interfaces": {
        "bond": {
            "plus": "upper", "minus": "lower",
            "law": {"kind": "bilinear", "work_of_separation": "1 kJ/m^2", "peak_traction": "20 MPa", "stiffness": "1e4 MPa/mm"},
        }
    },
    "supports": [{"group": "bottom", "component": c} for c in "xy"] + [{"group": "top", "component": "x"}],
    "loads": [{"group": "top", "component": "y"}],
    "loading": {"opening": "130 µm", "steps": 6},
}  # fmt: skip


def test_the_study_is_that_of_the_file(tmp_path):
    ButtJoint(2, 1, 1, 1).write(tmp_path / "butt_joint.msh")
    by_file, by_name = (
        run_study(parse_study(STUDY | {"mesh": mesh}, tmp_path), tmp_path / name)
        for name, mesh in (("file", "butt_joint.msh"), ("name", JOINT))
    )
    assert {name: one.value for name, one in by_file.quantities.items()} == {
        name: one.value for name, one in by_name.quantities.items()
    }
    assert by_name.input["mesh"] == JOINT | {"element": "quadrilateral", "order": 1}
    again = parse_study(by_name.input | {"output": {"folder": "again"}}, tmp_path)
    assert again.mesh == parse_study(STUDY, tmp_path).mesh


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"specimen": "but_joint"}, "specimen 'but_joint'.*Did you mean 'butt_joint'"),
        ({"width": "wide"}, "butt_joint: width=wide"),
        ({"heigth": 3}, "dimension of butt_joint 'heigth'"),
        ({"size": None}, "butt_joint: size=None"),
        ({"specimen": 3}, "a mesh is a file, or specimen: NAME"),
    ],
)
def test_what_is_no_specimen_is_said(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        parse_study(STUDY | {"mesh": JOINT | change}, tmp_path)


def test_dimensions_that_make_no_mesh_are_said_before_the_run(tmp_path):
    study = parse_study(STUDY | {"mesh": JOINT | {"width": -2}}, tmp_path)
    with pytest.raises(InputError, match=r"width = -2.* must be a positive length"):
        study.check()
