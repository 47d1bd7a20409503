"""Input of the boundary study: a potential, two grains, and a solute between them."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from multiscale.inputs.base import Study
from multiscale.inputs.grain_boundary import GrainBoundaryInput
from multiscale.inputs.potential import Potential
from multiscale.inputs.segregation import SegregationInput


class BoundaryStudy(Study):
    """A grain boundary: its structure of least energy, its energy and excess volume, and the solute that gathers there."""

    study: Literal["boundary"]
    potential: Potential
    grain_boundary: GrainBoundaryInput
    solute: SegregationInput | None = Field(
        default=None, description="Atoms of another element at the boundary; by default none."
    )

    def check(self) -> None:
        """Check names, files and the boundary's shape, without torch."""
        self.potential.check()
        self.grain_boundary.check()
        if self.solute is not None:
            self.solute.check_host(self.grain_boundary.species)

    def size(self) -> str:
        """How much is searched."""
        choice = self.grain_boundary
        solute = f", and {self.solute.element} on up to {self.solute.most} sites of each place" if self.solute else ""
        return f"It relaxes up to {choice.structures} structures of two grains of {choice.thickness_in_angstrom:g} Å or more{solute}."

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        own = () if self.grain_boundary.file is None else (self.grain_boundary.file,)
        return tuple(dict.fromkeys((*self.potential.files(), *own)))
