"""The kinds of study: each is an input schema and a module with `run(study, context) -> Results`."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from coupling.errors import unknown_choice
from multiscale.inputs.base import Study
from multiscale.inputs.cohesive_law import CohesiveLawStudy
from multiscale.inputs.concurrent import ConcurrentStudy
from multiscale.inputs.dislocation import DislocationStudy
from multiscale.inputs.distil import DistilStudy
from multiscale.inputs.embedding import EmbeddingStudy
from multiscale.inputs.fracture import FractureStudy
from multiscale.inputs.function import FunctionStudy
from multiscale.inputs.learn import LearnStudy
from multiscale.inputs.specimen import SpecimenStudy
from multiscale.results import Results

if TYPE_CHECKING:
    from multiscale.runs import RunContext


@dataclass(frozen=True)
class StudyKind:
    """One kind of study.

    Attributes:
        schema: The model of its input file.
        module: The module, imported only when such a study runs, whose `run` does the work.
    """

    schema: type[Study]
    module: str

    @property
    def run(self) -> "Callable[[Study, RunContext], Results]":
        """The function that runs it; its room is imported now."""
        return import_module(self.module).run


STUDIES: dict[str, StudyKind] = {
    "cohesive_law": StudyKind(CohesiveLawStudy, "multiscale.studies.cohesive_law"),
    "dislocation": StudyKind(DislocationStudy, "multiscale.studies.dislocation"),
    "concurrent": StudyKind(ConcurrentStudy, "multiscale.studies.concurrent"),
    "distil": StudyKind(DistilStudy, "multiscale.studies.distil"),
    "embedding": StudyKind(EmbeddingStudy, "multiscale.studies.embedding"),
    "fracture": StudyKind(FractureStudy, "multiscale.studies.specimen"),
    "function": StudyKind(FunctionStudy, "multiscale.studies.function"),
    "learn": StudyKind(LearnStudy, "multiscale.studies.learn"),
    "specimen": StudyKind(SpecimenStudy, "multiscale.studies.specimen"),
}
"""All kinds by the name that stands after `study:` in the input."""


def study_kind(name: object) -> StudyKind:
    """Look up a kind of study.

    Raises:
        InputError: there is none of that name.
    """
    if not isinstance(name, str) or name not in STUDIES:
        raise unknown_choice("study", name, STUDIES)
    return STUDIES[name]
