"""A Python function as a study: study `function`."""

from multiscale.inputs.template import Starter
from multiscale.studies.function.schema import FunctionStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

STARTER = Starter(
    "A function of the package that stands for one of yours, in a module beside this file.",
    {
        "title": "Griffith's strength",
        "call": "multiscale.studies.function.sample:griffith_strength",
        "arguments": {"crack": "1 um", "surface_energy": "1 J/m^2", "young": "70 GPa"},
    },
    consent="--allow-code",
)
KIND = StudyKind(FunctionStudy, "multiscale.studies.function.run", STARTER)
