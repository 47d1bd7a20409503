"""A Python function as a study: study `function`."""

from multiscale.studies.function.schema import FunctionStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(FunctionStudy, "multiscale.studies.function.run")
