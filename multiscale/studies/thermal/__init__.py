"""A crystal at temperatures, as the material of a mesh: study `thermal`."""

from multiscale.inputs.template import Starter
from multiscale.studies.kind import StudyKind
from multiscale.studies.thermal.schema import ThermalStudy

__all__ = ["KIND"]

STARTER = Starter(
    "Copper in effective medium theory from 300 K to 400 K; a body of a mesh takes what it finds with {run: FOLDER, temperature, "
    "stress_free_at}. For error bars that a report can show, give more steps.",
    {
        "title": "Copper at temperatures, effective medium theory",
        "potential": "emt",
        "crystal": {"species": "Cu", "structure": "fcc"},
        "temperatures": ["300 K", "400 K"],
        "dynamics": {"atoms": 32, "replicas": 2, "steps": 100},
    },
)
KIND = StudyKind(ThermalStudy, "multiscale.studies.thermal.run", STARTER)
