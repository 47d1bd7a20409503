"""The specimen study by its other name: study `fracture`."""

from multiscale.inputs.template import Starter
from multiscale.studies.fracture.schema import FractureStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

_CRYSTAL = {"crystal": {"species": "Cu", "structure": "fcc"}, "grain": {"x": [1, 1, -2], "y": [1, 1, 1]}}
STARTER = Starter(
    "Copper parted along (111), from atoms in effective medium theory to the load that breaks a joint of them.",
    {
        "title": "Cu(111), from atoms to a broken joint",
        "potential": "emt",
        "mesh": {"specimen": "butt_joint", "width": 1.1, "upper": 2.2, "lower": 2.2, "size": 0.19},
        "mesh_unit": "nm",
        "kind": "plane strain",
        "bodies": {"upper": _CRYSTAL, "lower": _CRYSTAL},
        "interfaces": {
            "bond": {
                "plus": "upper",
                "minus": "lower",
                "spacing": "left out",
                "law": {"atoms": {"path": "relaxed", "layers": 6, "openings": {"max": "5 Å", "points": 24}}},
            }
        },
        "supports": [{"group": "bottom", "component": "y"}, {"group": "left", "component": "x"}],
        "loads": [{"group": "top", "component": "y"}],
        "loading": {"opening": "1.2 nm", "steps": 20},
    },
)
KIND = StudyKind(FractureStudy, "multiscale.studies.specimen.run", STARTER)
