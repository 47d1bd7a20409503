"""Labels where a potential cannot be trusted: study `learn`."""

from multiscale.studies.kind import StudyKind
from multiscale.studies.learn.schema import LearnStudy

KIND = StudyKind(LearnStudy, "multiscale.studies.learn.run")
