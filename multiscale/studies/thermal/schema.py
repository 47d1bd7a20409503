"""Input of the thermal study: a potential, a crystal, temperatures."""

from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Study
from multiscale.inputs.crystal import CrystalInput
from multiscale.inputs.dynamics import DynamicsInput
from multiscale.inputs.fields import quantity
from multiscale.inputs.potential import Potential

_Temperature = quantity("temperature", "K")


class ThermalStudy(Study):
    """A crystal at temperatures: lattice, expansion, isothermal elastic constants, compressibility."""

    study: Literal["thermal"]
    potential: Potential
    crystal: CrystalInput = Field(description="A cubic crystal.")
    temperatures: list[_Temperature] = Field(
        min_length=1, max_length=100,
        description="Rising; an expansion is that between two that follow each other.",
    )  # fmt: skip
    dynamics: DynamicsInput = Field(
        default_factory=DynamicsInput, description="Cell and length of the molecular dynamics."
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not (np.diff(self.temperatures) > 0).all():
            raise InputError("temperatures must rise.")
        return self

    def check(self) -> None:
        """Check names and files, without torch."""
        self.potential.check()
        self.crystal.check()

    def size(self) -> str:
        """How much moves."""
        moved = self.dynamics
        return (
            f"It moves {moved.replicas} cells of {moved.atoms} atoms or more through {moved.steps} steps, six times at each of "
            f"{len(self.temperatures)} temperatures."
        )

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        own = () if self.crystal.file is None else (self.crystal.file,)
        return tuple(dict.fromkeys((*self.potential.files(), *own)))
