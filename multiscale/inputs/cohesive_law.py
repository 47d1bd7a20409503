"""Input of the cohesive-law study: a potential, a plane or two crystals, a path."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.fields import Direction, InputFile, quantity
from multiscale.inputs.fracture import Openings
from multiscale.inputs.potential import Potential
from multiscale.inputs.trust import Trust


def _not_negative(kelvin: float) -> float:
    if kelvin < 0:
        raise InputError(f"{kelvin} K is below absolute zero; give 0 K or more.")
    return kelvin


Temperature = Annotated[quantity("temperature", "K", positive=False), AfterValidator(_not_negative)]
"""A temperature in K, written as "300 K"."""


class Crystal(Section):
    """A crystal cut along a plane: by its name, or from a file."""

    species: str | None = Field(default=None, description="Chemical symbols: Ni, TiN.")
    structure: str | None = Field(default=None, description="Crystal structure, as ASE names it: fcc, rocksalt.")
    file: InputFile | None = Field(default=None, description="The crystal's cell in any file that ASE reads.")
    miller: Direction = Field(description="Plane (hkl) in the conventional cell (of a file: in its cell).")
    layers: int = Field(default=12, ge=4, le=1000, description="Atomic planes.")
    termination: str | None = Field(default=None, description="Atoms of the plane below the cut, such as TiO2.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = self.species is not None and self.structure is not None
        if named == (self.file is not None) or (self.species is None) != (self.structure is None):
            raise InputError("give a crystal by species and structure, or by file, one of the two.")
        return self

    def check(self) -> None:
        """Raise `InputError` unless the name or the file is there."""
        if self.file is not None and not self.file.is_file():
            raise InputError(f"There is no structure file {self.file}.")
        if self.species is not None and self.structure is not None:
            from atomistic.properties.crystals import Crystal as Named

            Named.named(self.species, self.structure)


class Matching(Section):
    """How two lattices are brought to coincide."""

    strained: Literal["upper", "lower"] = Field(default="upper", description="The crystal that is strained.")
    largest_strain: float = Field(default=0.05, gt=0, le=0.3, description="Largest principal strain.")
    largest_area: float = Field(default=150.0, gt=0, description="Largest common cell, Å².")


class Slip(Section):
    """How the grid of a mixed-mode law is refined."""

    divisions: int = Field(default=6, ge=4, le=48, description="First slips along each period; even.")
    tolerance: float = Field(default=0.01, gt=0, lt=1, description="Estimated energy error over the work.")
    budget: int = Field(default=6000, ge=200, description="Most structures to evaluate.")


class Thermal(Section):
    """How a law at a temperature is found."""

    method: Literal["quasi-harmonic", "mean force"] = Field(default="quasi-harmonic")
    statistics: Literal["classical", "quantum"] = Field(default="quantum", description="Of the vibrations.")
    in_plane: int = Field(default=2, ge=1, le=8, description="In-plane repeats of the vibrating cell.")
    steps: int = Field(default=4000, ge=200, description="Time steps of each trajectory (mean force).")


class CohesiveLawStudy(Study):
    """A cohesive law of a cleavage plane, or of one crystal on another."""

    study: Literal["cohesive_law"]
    potential: Potential
    plane: Crystal | None = Field(default=None, description="A crystal that parts along a plane.")
    upper: Crystal | None = Field(default=None, description="The upper crystal of a hetero-interface.")
    lower: Crystal | None = Field(default=None, description="The lower crystal of a hetero-interface.")
    matching: Matching = Field(default_factory=Matching)
    mode: Literal["normal", "mixed"] = Field(default="normal", description="Opening alone, or opening and slip.")
    path: Literal["rigid", "relaxed"] = Field(default="rigid", description="Rigid halves, or all atoms relaxed.")
    gap: Literal["in law", "in bulk"] = Field(
        default="in law", description="Who owns the layer spacing across the interface: the law, or the finite elements."
    )
    openings: Openings = Field(default_factory=Openings)
    slip: Slip = Field(default_factory=Slip)
    temperature: Temperature | None = Field(default=None, description="Of the law; none is the static law.")
    thermal: Thermal = Field(default_factory=Thermal)
    trust: Trust | None = Field(default=None, description="Error bars of the law, from samples of the potential.")

    @model_validator(mode="after")
    def _one_interface(self) -> Self:
        pair = (self.upper is not None) + (self.lower is not None)
        if (self.plane is not None) + (pair > 0) != 1 or pair == 1:
            raise InputError("give either plane (one crystal), or upper and lower (two crystals).")
        if self.mode == "mixed" and self.path == "relaxed":
            raise InputError("a mixed-mode law moves rigid halves; take path: rigid, or mode: normal.")
        if self.gap == "in bulk" and self.path == "rigid":
            raise InputError("gap: in bulk takes the strained bulk away, which a rigid path has not; take path: relaxed.")
        if self.temperature is not None and (self.plane is None or self.path == "rigid" or self.gap == "in bulk"):
            raise InputError("a law at a temperature needs one crystal (plane), path: relaxed and gap: in law.")
        if self.trust is not None and (self.mode == "mixed" or self.gap == "in bulk"):
            raise InputError("error bars (trust) go with mode: normal and gap: in law.")
        if self.slip.divisions % 2:
            raise InputError(f"slip.divisions is {self.slip.divisions}; it must be even.")
        return self

    @property
    def crystals(self) -> dict[str, Crystal]:
        """The crystals by their place: "plane", or "upper" and "lower"."""
        named = {"plane": self.plane, "upper": self.upper, "lower": self.lower}
        return {name: crystal for name, crystal in named.items() if crystal is not None}

    def check(self) -> None:
        """Check names and files, without torch or FEniCSx."""
        self.potential.check()
        for crystal in self.crystals.values():
            crystal.check()
            if self.temperature is not None and crystal.file is not None:
                raise InputError("a law at a temperature needs a crystal by species and structure, not by file.")
        if self.trust is not None:
            self.trust.check()

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        own = (crystal.file for crystal in self.crystals.values())
        trusted = () if self.trust is None else self.trust.files()
        return tuple(dict.fromkeys((*self.potential.files(), *(file for file in own if file is not None), *trusted)))
