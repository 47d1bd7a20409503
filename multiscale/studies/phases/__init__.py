"""Which phases are stable, and how surely; which interface is, against a chemical potential: study `phases`."""

from multiscale.inputs.template import Starter
from multiscale.studies.kind import StudyKind
from multiscale.studies.phases.schema import PhasesStudy

__all__ = ["KIND"]

STARTER = Starter(
    "Copper and gold in effective medium theory: known ordered structures, and all orderings of the fcc lattice in cells of up to "
    "four atoms. With an accurate potential or labels of your own, `accurate` tells how probable each phase is.",
    {
        "title": "Copper and gold, effective medium theory",
        "potential": "emt",
        "elements": ["Cu", "Au"],
        "prototypes": ["fcc", "L1_0", "L1_2", "B2"],
        "lattices": ["fcc"],
        "atoms": 4,
    },
)
KIND = StudyKind(PhasesStudy, "multiscale.studies.phases.run", STARTER)
