"""Atoms in an elastic medium: study `concurrent`."""

from multiscale.studies.concurrent.schema import ConcurrentStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(ConcurrentStudy, "multiscale.studies.concurrent.run")
