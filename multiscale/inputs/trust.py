"""How a study gets its error bars: from labels of its potential, or from a committee."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.fields import InputFile
from multiscale.inputs.potential import Potential


class Trust(Section):
    """Error bars: everything is computed again with samples of the potential."""

    labels: InputFile | None = Field(
        default=None,
        description="Labelled structures; the potential is fitted to them and sampled from its posterior. Named paths (path) of the "
        "study's kind, nine or more, bear out its 90 % bars; without them these are withheld.",
    )
    committee: list[Potential] = Field(
        default_factory=list, description="Other potentials, each a sample beside the study's own."
    )
    samples: int = Field(default=16, ge=2, le=1000, description="Samples of the posterior (labels).")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.labels is not None) == bool(self.committee):
            raise InputError("give labels (a file) or a committee (a list of potentials), one of the two.")
        return self

    def check(self) -> None:
        """Raise `InputError` unless files and potentials are there."""
        if self.labels is not None and not self.labels.is_file():
            raise InputError(f"There is no file of labels {self.labels}.")
        for member in self.committee:
            member.check()

    def files(self) -> tuple[Path, ...]:
        """The files that it reads."""
        own = () if self.labels is None else (self.labels,)
        return own + tuple(file for member in self.committee for file in member.files())
