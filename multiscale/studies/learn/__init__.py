"""Labels where a potential cannot be trusted: study `learn`."""

from multiscale.studies.kind import StudyKind
from multiscale.studies.learn.schema import LearnStudy

__all__ = ["KIND"]

KIND = StudyKind(LearnStudy, "multiscale.studies.learn.run")
