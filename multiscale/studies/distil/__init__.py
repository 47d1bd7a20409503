"""Small networks from large potentials: study `distil`."""

from multiscale.studies.distil.schema import DistilStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(DistilStudy, "multiscale.studies.distil.run")
