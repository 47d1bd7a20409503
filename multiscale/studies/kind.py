"""What a study registers: its input schema and the module that runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from multiscale.inputs.base import Study
from multiscale.runtime.context import RunContext
from multiscale.runtime.results import Results


@dataclass(frozen=True)
class StudyKind:
    """One kind of study.

    Attributes:
        schema: The model of its input file.
        module: The module, imported only when such a study runs, whose `run(study, context) -> Results` does the work.
    """

    schema: type[Study]
    module: str

    @property
    def run(self) -> Callable[[Study, RunContext], Results]:
        """The function that runs it; its room is imported now."""
        return import_module(self.module).run
