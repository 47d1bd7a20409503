"""Small networks from large potentials: study `distil`."""

from multiscale.inputs.template import Starter
from multiscale.studies.distil.schema import DistilStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

STARTER = Starter(
    "A network far too small and too briefly trained to be of use, so that it takes a minute; leave out paths, network and training "
    "for one that is.",
    {
        "title": "A student of effective medium theory for copper",
        "potential": "emt",
        "crystals": [{"species": "Cu", "structure": "fcc", "planes": [[1, 1, 1]]}],
        "thickness": "5 Å",
        "paths": {
            "openings": 3, "relaxed": 0, "slips": 0, "faults": 0, "strains": 4, "rattles": 3, "surfaces": 0,
            "vacancies": 0, "frames": 3,
        },
        "network": {"channels": 4, "lmax": 1, "layers": 1},
        "training": {"epochs": 10, "minutes": 0.2},
    },
    needs="sevennet",
)  # fmt: skip
KIND = StudyKind(DistilStudy, "multiscale.studies.distil.run", STARTER)
