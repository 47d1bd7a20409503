"""A quantum region in a larger one: study `embedding`."""

from multiscale.studies.embedding.schema import EmbeddingStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

KIND = StudyKind(EmbeddingStudy, "multiscale.studies.embedding.run")
