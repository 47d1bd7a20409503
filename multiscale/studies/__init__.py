"""Studies: one folder per kind, which registers itself; read here from files, and run."""

from multiscale.studies.kind import StudyKind
from multiscale.studies.load import check_study, load_study, parse_study
from multiscale.studies.registry import STUDIES, study_kind
from multiscale.studies.runs import run_study

__all__ = ["STUDIES", "StudyKind", "check_study", "load_study", "parse_study", "run_study", "study_kind"]
