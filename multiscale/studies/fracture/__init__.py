"""The specimen study by its other name: study `fracture`."""

from multiscale.studies.fracture.schema import FractureStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(FractureStudy, "multiscale.studies.specimen.run")
