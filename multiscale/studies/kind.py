"""What a study registers: its input schema and the module that runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from multiscale.inputs.base import Study
from multiscale.inputs.template import Starter
from multiscale.runtime.context import RunContext
from multiscale.runtime.results import Results


@dataclass(frozen=True)
class StudyKind:
    """One kind of study.

    Attributes:
        model: The model of its input file; or "module:Class", of one that depends on what third parties bring.
        module: The module, imported only when such a study runs, whose `run(study, context) -> Results` does the work.
        starter: What `multiscale new` writes; None: it has no template.
    """

    model: type[Study] | str
    module: str
    starter: Starter | None = None

    @property
    def schema(self) -> type[Study]:
        """The model of its input file."""
        if not isinstance(self.model, str):
            return self.model
        module, name = self.model.split(":")
        found: type[Study] = getattr(import_module(module), name)
        return found

    @property
    def run(self) -> Callable[[Study, RunContext], Results]:
        """The function that runs it; its module is imported now."""
        found: Callable[[Study, RunContext], Results] = import_module(self.module).run
        return found
