"""A mesh that breaks: study `specimen`."""

from multiscale.studies.kind import StudyKind
from multiscale.studies.specimen.schema import SpecimenStudy

__all__ = ["KIND"]

KIND = StudyKind(SpecimenStudy, "multiscale.studies.specimen.run")
