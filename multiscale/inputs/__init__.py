"""Input files: one schema is the validation, the defaults and the documentation."""

from multiscale.inputs.base import Output, Section, Study
from multiscale.inputs.yaml_file import read_yaml

__all__ = ["Output", "Section", "Study", "read_yaml"]
