"""A double cantilever beam and a butt joint as specimen studies, and their meshes."""

import copy
import json

import pytest
import yaml

from coupling.laws.bilinear import Bilinear
from multiscale import run_study
from multiscale.studies import parse_study

LAW = Bilinear(1e3, 20e6, 1e13)
DCB = {
    "study": "specimen",
    "mesh": "dcb.msh",
    "mesh_unit": "mm",
    "kind": "plane strain",
    "order": 2,
    "bodies": {"upper": {"young": "70 GPa", "poisson": 0.33}, "lower": {"young": "70 GPa", "poisson": 0.33}},
    "interfaces": {
        "bond": {
            "plus": "upper",
            "minus": "lower",
            "law": {
                "kind": "bilinear",
                "work_of_separation": "1 kJ/m^2",
                "peak_traction": "20 MPa",
                "stiffness": "1e4 MPa/mm",
            },
        }
    },
    "supports": [{"group": "end", "component": "x"}],
    "loads": [
        {"group": "load_upper", "component": "y", "factor": 0.5},
        {"group": "load_lower", "component": "y", "factor": -0.5},
    ],
    "loading": {"opening": "2.2 mm", "steps": 20, "growth": 0.04},
}


@pytest.fixture(scope="session")
def meshes(tmp_path_factory):
    from continuum.specimens.butt_joint import ButtJoint
    from continuum.specimens.dcb import DoubleCantileverBeam
    from continuum.specimens.flat_contact import SphereOnFlat

    folder = tmp_path_factory.mktemp("meshes")
    DoubleCantileverBeam(60, 3, 20, 25, fine=1.0, coarse=2.0, element="quadrilateral").write(folder / "dcb.msh")
    ButtJoint(1, 1, 1, 0.5, thickness=0.5, element="hexahedron").write(folder / "joint3d.msh")
    ButtJoint(1, 1, 1, 0.5).write(folder / "joint.msh")
    SphereOnFlat(reach=2, extent=8, fine=0.1, coarse=2, grading=0.3).write(folder / "sphere.msh")
    return folder


@pytest.fixture
def case(tmp_path, meshes):
    """A study in a folder of its own, changed as told, as an input file."""

    def write(base=DCB, name="case", **changes):
        for mesh in meshes.glob("*.msh"):
            if not (tmp_path / mesh.name).exists():
                (tmp_path / mesh.name).symlink_to(mesh)
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(json.loads(json.dumps(base | changes)), sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def whole(tmp_path_factory, meshes):
    """The study run once."""
    folder = tmp_path_factory.mktemp("whole")
    ring = {"inner": "8 mm", "outer": "12 mm"}
    return run_study(parse_study(DCB | {"j_integral": ring}, meshes), folder / "run")


def joint(kind="plane strain", **changes):
    """A butt joint that is pulled apart as a whole."""
    study = copy.deepcopy(DCB) | {"mesh": "joint3d.msh" if kind == "3D" else "joint.msh", "kind": kind, "order": 1}
    study["supports"] = [{"group": "bottom", "component": c} for c in ("x", "y")] + [{"group": "top", "component": "x"}]
    if kind == "3D":
        study["supports"].append({"group": "bottom", "component": "z"})
    study["loads"] = [{"group": "top", "component": "y"}]
    study["loading"] = {"opening": "130 µm", "steps": 6, "growth": 0.2}
    return study | changes
