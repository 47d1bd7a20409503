"""Input files: one schema is the validation, the defaults and the documentation."""

from multiscale.inputs.base import Section, Study
from multiscale.inputs.load import check_study, load_study, parse_study

__all__ = ["Section", "Study", "check_study", "load_study", "parse_study"]
