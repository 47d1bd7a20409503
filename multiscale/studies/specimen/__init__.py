"""A specimen that breaks along interfaces with given laws: study `specimen`."""

from multiscale.inputs.template import Starter
from multiscale.studies.kind import StudyKind
from multiscale.studies.specimen.schema import SpecimenStudy

__all__ = ["KIND"]

STARTER = Starter(
    "A glued double cantilever beam that is pulled open; a mesh of your own: mesh: FILE, and its groups in bodies and interfaces.",
    {
        "title": "Glued aluminium beams",
        "mesh": {
            "specimen": "dcb", "length": 60.0, "arm": 4.0, "crack": 20.0, "growth": 8.0, "fine": 0.5, "coarse": 2.0,
        },
        "mesh_unit": "mm",
        "kind": "plane strain",
        "bodies": {"upper": {"young": "70 GPa", "poisson": 0.33}, "lower": {"young": "70 GPa", "poisson": 0.33}},
        "interfaces": {
            "bond": {
                "plus": "upper",
                "minus": "lower",
                "law": {
                    "kind": "bilinear", "work_of_separation": "1 kJ/m^2", "peak_traction": "20 MPa",
                    "stiffness": "1e4 N/mm^3",
                },
            }
        },
        "supports": [{"group": "end", "component": "x"}],
        "loads": [
            {"group": "load_upper", "component": "y", "factor": 0.5},
            {"group": "load_lower", "component": "y", "factor": -0.5},
        ],
        "loading": {"opening": "1.5 mm", "steps": 16},
    },
)  # fmt: skip
KIND = StudyKind(SpecimenStudy, "multiscale.studies.specimen.run", STARTER)
