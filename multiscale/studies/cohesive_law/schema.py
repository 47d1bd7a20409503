"""Input of the cohesive-law study: a potential, and the options of the law stage."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Study
from multiscale.inputs.law_options import NO_BARS_WITH_SOLUTE, LawOptions
from multiscale.inputs.potential import Potential
from multiscale.inputs.trust import Trust


class CohesiveLawStudy(Study, LawOptions):
    """A cohesive law of a cleavage plane, of one crystal on another, or of a grain boundary."""

    study: Literal["cohesive_law"]
    potential: Potential
    trust: Trust | None = Field(default=None, description="Error bars of the law, from samples of the potential.")

    @model_validator(mode="after")
    def _an_interface(self) -> Self:
        if not self.crystals:
            raise InputError(
                "give either plane (one crystal), or upper and lower (two crystals), or grain_boundary (two grains)."
            )
        if self.trust is not None and self.solute is not None:
            raise InputError(NO_BARS_WITH_SOLUTE)
        return self

    @property
    def law_options(self) -> LawOptions:
        """What the law stage takes."""
        return LawOptions.model_construct(**{name: getattr(self, name) for name in LawOptions.model_fields})

    def check(self) -> None:
        """Check names and files, without torch or FEniCSx."""
        self.potential.check()
        self.check_crystals()
        if self.trust is not None:
            self.trust.check()

    def size(self) -> str:
        """The openings."""
        return LawOptions.size(self)

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        trusted = () if self.trust is None else self.trust.files()
        return tuple(dict.fromkeys((*self.potential.files(), *self.crystal_files(), *trusted)))
