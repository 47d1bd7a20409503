"""A cohesive law from atoms: study `cohesive_law`."""

from multiscale.studies.cohesive_law.schema import CohesiveLawStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(CohesiveLawStudy, "multiscale.studies.cohesive_law.run")
