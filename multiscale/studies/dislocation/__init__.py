"""Dislocations and what the next scale needs: study `dislocation`."""

from multiscale.studies.dislocation.schema import DislocationStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(DislocationStudy, "multiscale.studies.dislocation.run")
