"""A crystal in an input file: by its name or from a file; and one that is cut along a plane."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.fields import Direction, InputFile, quantity


def _not_negative(kelvin: float) -> float:
    if kelvin < 0:
        raise InputError(f"{kelvin} K is below absolute zero; give 0 K or more.")
    return kelvin


Temperature = Annotated[quantity("temperature", "K", positive=False), AfterValidator(_not_negative)]
"""A temperature in K, written as "300 K"."""


class CrystalInput(Section):
    """A crystal: by species and structure, or from a file."""

    species: str | None = Field(default=None, description="Chemical symbols: Ni, TiN.")
    structure: str | None = Field(default=None, description="Crystal structure, as ASE names it: fcc, rocksalt.")
    file: InputFile | None = Field(default=None, description="The crystal's cell in any file that ASE reads.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = self.species is not None and self.structure is not None
        if named == (self.file is not None) or (self.species is None) != (self.structure is None):
            raise InputError("give a crystal by species and structure, or by file, one of the two.")
        return self

    @property
    def label(self) -> str:
        """What a reader calls it: "Ni fcc", or its file."""
        return self.file.name if self.file is not None else f"{self.species} {self.structure}"

    @property
    def same(self) -> tuple[object, ...]:
        """Equal for equal crystals."""
        return (self.species, self.structure, self.file)

    def check(self) -> None:
        """Raise `InputError` unless the name or the file is there."""
        if self.file is not None and not self.file.is_file():
            raise InputError(f"There is no structure file {self.file}.")
        if self.species is not None and self.structure is not None:
            from atomistic.properties.crystals import Crystal as Named

            Named.named(self.species, self.structure)


class CutCrystal(CrystalInput):
    """A crystal cut along a plane."""

    miller: Direction = Field(description="Plane (hkl) in the conventional cell (of a file: in its cell).")
    x: Direction | None = Field(
        default=None,
        description="Crystal direction, in the plane, that the first slip is along; by default a short lattice vector.",
    )
    layers: int = Field(default=12, ge=4, le=1000, description="Atomic planes.")
    termination: str | None = Field(default=None, description="Atoms of the plane below the cut, such as TiO2.")
