"""Input of the cohesive-law study: a potential, a plane or two crystals, a path."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.checks import check_crystal
from multiscale.inputs.fields import Direction
from multiscale.inputs.fracture import Openings
from multiscale.inputs.potential import Potential


class Crystal(Section):
    """A crystal cut along a plane."""

    species: str = Field(description="Chemical symbol.")
    structure: str = Field(description="Crystal structure, as ASE names it.")
    miller: Direction = Field(description="Plane (hkl) in the conventional cell.")
    layers: int = Field(default=12, ge=4, le=1000, description="Atomic planes.")


class Matching(Section):
    """How two lattices are brought to coincide."""

    strained: Literal["upper", "lower"] = Field(default="upper", description="The crystal that is strained.")
    largest_strain: float = Field(default=0.05, gt=0, le=0.3, description="Largest principal strain.")
    largest_area: float = Field(default=150.0, gt=0, description="Largest common cell, Å².")


class CohesiveLawStudy(Study):
    """A cohesive law of a cleavage plane, or of one crystal on another."""

    study: Literal["cohesive_law"]
    potential: Potential
    plane: Crystal | None = Field(default=None, description="A crystal that parts along a plane.")
    upper: Crystal | None = Field(default=None, description="The upper crystal of a hetero-interface.")
    lower: Crystal | None = Field(default=None, description="The lower crystal of a hetero-interface.")
    matching: Matching = Field(default_factory=Matching)
    path: Literal["rigid", "relaxed"] = Field(default="rigid", description="Rigid halves, or all atoms relaxed.")
    gap: Literal["in law"] = Field(default="in law", description="Who owns the layer spacing across the interface.")
    openings: Openings = Field(default_factory=Openings)

    @model_validator(mode="after")
    def _one_interface(self) -> Self:
        pair = (self.upper is not None) + (self.lower is not None)
        if (self.plane is not None) + (pair > 0) != 1 or pair == 1:
            raise InputError("give either plane (one crystal), or upper and lower (two crystals).")
        if pair and self.path == "relaxed":
            raise InputError("a relaxed path needs one crystal (plane); two crystals take path: rigid.")
        return self

    @property
    def crystals(self) -> dict[str, Crystal]:
        """The crystals by their place: "plane", or "upper" and "lower"."""
        named = {"plane": self.plane, "upper": self.upper, "lower": self.lower}
        return {name: crystal for name, crystal in named.items() if crystal is not None}

    def check(self) -> None:
        """Check names, without torch or FEniCSx."""
        self.potential.check()
        for crystal in self.crystals.values():
            check_crystal(crystal.species, crystal.structure)

    def files(self) -> tuple[Path, ...]:
        return self.potential.files()
