"""The structure and energy of a grain boundary: study `boundary`."""

from multiscale.inputs.template import Starter
from multiscale.studies.boundary.schema import BoundaryStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

STARTER = Starter(
    "The Σ5 (210) tilt boundary of copper in effective medium theory; for its cohesive law give the same grain_boundary to a "
    "cohesive_law study.",
    {
        "title": "Σ5 (210) in copper, effective medium theory",
        "potential": "emt",
        "grain_boundary": {
            "species": "Cu", "structure": "fcc", "sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0], "thickness": "9 Å", "step": "1.2 Å",
        },
    },
)  # fmt: skip
KIND = StudyKind(BoundaryStudy, "multiscale.studies.boundary.run", STARTER)
