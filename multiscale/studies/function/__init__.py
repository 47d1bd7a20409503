"""A function of one's own: study `function`."""

from multiscale.studies.function.schema import FunctionStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(FunctionStudy, "multiscale.studies.function.run")
