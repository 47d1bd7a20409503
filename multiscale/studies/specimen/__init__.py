"""A specimen that breaks along interfaces with given laws: study `specimen`."""

from multiscale.studies.kind import StudyKind
from multiscale.studies.specimen.schema import SpecimenStudy

__all__ = ["KIND"]

KIND = StudyKind(SpecimenStudy, "multiscale.studies.specimen.run")
