"""Labels where a potential cannot be trusted: study `learn`."""

from multiscale.inputs.template import Starter
from multiscale.studies.kind import StudyKind
from multiscale.studies.learn.schema import LearnStudy

__all__ = ["KIND"]

STARTER = Starter(
    "7net-0 asks effective medium theory about copper where it cannot be trusted, and is fitted to the answers.",
    {
        "title": "Cu(111), 7net-0 taught by effective medium theory",
        "potential": {"name": "7net-0", "dtype": "float64"},
        "oracle": "emt",
        "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4},
        "routes": {"openings": {"max": "5 Å", "points": 12}, "rattles": 2, "strains": 2},
        "budget": 8,
        "samples": 2,
    },
    needs="sevennet",
)
KIND = StudyKind(LearnStudy, "multiscale.studies.learn.run", STARTER)
