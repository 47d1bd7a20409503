"""Coupled methods compared with all atoms on one defect: study `concurrent`."""

from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind("multiscale.studies.concurrent.schema:ConcurrentStudy", "multiscale.studies.concurrent.run")
