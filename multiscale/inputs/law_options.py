"""The options of the law stage: an interface, a path, a temperature; the same in every study that derives a law."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.crystal import CutCrystal, Temperature
from multiscale.inputs.fields import AtomicLength


class Openings(Section):
    """The sampled openings of the interface."""

    max: AtomicLength = Field(
        default="6 Å", validate_default=True, description="Largest opening; beyond the potential's range."
    )
    points: int = Field(default=40, ge=12, le=10_000, description="Number of samples.")


class Matching(Section):
    """How two lattices are brought to coincide."""

    strained: Literal["upper", "lower"] = Field(default="upper", description="The crystal that is strained.")
    largest_strain: float = Field(default=0.05, gt=0, le=0.3, description="Largest principal strain.")
    largest_area: float = Field(default=150.0, gt=0, description="Largest common cell, Å².")


class Slip(Section):
    """How the grid of a mixed-mode law is refined."""

    divisions: int = Field(default=6, ge=4, le=48, description="First slips along each period; even.")
    tolerance: float = Field(default=0.01, gt=0, lt=1, description="Estimated energy error over the work.")
    budget: int = Field(
        default=6000, ge=200, description="Most jumps to sample; on a relaxed path each takes some tens of evaluations."
    )


class Thermal(Section):
    """How a law at a temperature is found."""

    method: Literal["quasi-harmonic", "mean force"] = Field(default="quasi-harmonic")
    statistics: Literal["classical", "quantum"] = Field(default="quantum", description="Of the vibrations.")
    in_plane: int = Field(default=2, ge=1, le=8, description="In-plane repeats of the vibrating cell.")
    steps: int = Field(default=4000, ge=200, description="Time steps of each trajectory (mean force).")


class RelaxationOptions(Section):
    """How closely the equilibria of a relaxed path are solved."""

    force: float = Field(default=2e-5, gt=0, le=0.01, description="Largest force on any atom, eV/Å.")
    thickness: float = Field(
        default=0.005, gt=0, lt=0.5,
        description="By how much of the peak the traction may move with half more layers, where layers: automatic.",
    )  # fmt: skip


class LawOptions(Section):
    """A cleavage plane of one crystal, or one crystal on another, and the path on which it parts."""

    plane: CutCrystal | None = Field(default=None, description="A crystal that parts along a plane.")
    upper: CutCrystal | None = Field(default=None, description="The upper crystal of a hetero-interface.")
    lower: CutCrystal | None = Field(default=None, description="The lower crystal of a hetero-interface.")
    matching: Matching = Field(default_factory=Matching)
    mode: Literal["normal", "mixed"] = Field(default="normal", description="Opening alone, or opening and slip.")
    path: Literal["rigid", "relaxed"] = Field(default="rigid", description="Rigid halves, or all atoms relaxed.")
    gap: Literal["in law", "in bulk"] = Field(
        default="in law",
        description="Who owns the layer spacing across the interface: the law, or the finite elements.",
    )
    openings: Openings = Field(default_factory=Openings)
    relaxation: RelaxationOptions = Field(default_factory=RelaxationOptions)
    beyond: Literal["cut", "bridge", "refuse"] = Field(
        default="cut",
        description="Where a crystal parts before its interface: the traction held at the highest in equilibrium until the work is "
        "done, interpolated, or no law. A mixed law is bridged.",
    )
    slip: Slip = Field(default_factory=Slip)
    temperature: Temperature | None = Field(default=None, description="Of the law; none is the static law.")
    thermal: Thermal = Field(default_factory=Thermal)

    @model_validator(mode="after")
    def _one_interface(self) -> Self:
        pair = (self.upper is not None) + (self.lower is not None)
        if (self.plane is not None) + (pair > 0) > 1 or pair == 1:
            raise InputError("give either plane (one crystal), or upper and lower (two crystals).")
        if self.gap == "in bulk" and self.path == "rigid":
            raise InputError(
                "gap: in bulk takes the strained bulk away, which a rigid path has not; take path: relaxed."
            )
        if self.temperature is not None and self.path == "rigid":
            raise InputError(
                "on a rigid path atoms are held, and held atoms do not vibrate; take path: relaxed for a law at a temperature."
            )
        if self.temperature is not None and self.thermal.method == "mean force" and (pair or self.mode == "mixed"):
            raise InputError(
                "the mean force is that of one gap coordinate, and two crystals have two and a mixed law three; take "
                "method: quasi-harmonic."
            )
        automatic = any(crystal.layers == "automatic" for crystal in self.crystals.values())
        if automatic and (pair or self.mode == "mixed" or self.path == "rigid"):
            raise InputError(
                "layers: automatic is for the relaxed opening (mode: normal, path: relaxed) of one crystal; give a number."
            )
        if self.slip.divisions % 2:
            raise InputError(f"slip.divisions is {self.slip.divisions}; it must be even.")
        return self

    @property
    def crystals(self) -> dict[str, CutCrystal]:
        """The crystals by their place: "plane", or "upper" and "lower"."""
        named = {"plane": self.plane, "upper": self.upper, "lower": self.lower}
        return {name: crystal for name, crystal in named.items() if crystal is not None}

    def check_crystals(self) -> None:
        """Check names and files, without torch or FEniCSx."""
        for crystal in self.crystals.values():
            crystal.check()

    def crystal_files(self) -> tuple[Path, ...]:
        """The structure files that it reads."""
        return tuple(crystal.file for crystal in self.crystals.values() if crystal.file is not None)
