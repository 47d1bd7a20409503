"""A cohesive law from atoms: study `cohesive_law`."""

from multiscale.inputs.template import Starter
from multiscale.studies.cohesive_law.schema import CohesiveLawStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

STARTER = Starter(
    "Copper parted along (111) in effective medium theory, with its bulk taken away; another potential: see `multiscale potentials`.",
    {
        "title": "Cu(111), relaxed, effective medium theory",
        "potential": "emt",
        "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 6},
        "path": "relaxed",
        "openings": {"max": "5 Å", "points": 24},
    },
)
KIND = StudyKind(CohesiveLawStudy, "multiscale.studies.cohesive_law.run", STARTER)
