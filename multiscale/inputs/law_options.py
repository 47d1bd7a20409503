"""The options of the law stage: an interface, a path, a temperature; the same in every study that derives a law."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from coupling.errors import InputError
from coupling.units import ANGSTROM
from multiscale.inputs.base import Section
from multiscale.inputs.crystal import CrystalInput, CutCrystal, Temperature
from multiscale.inputs.fields import AtomicLength, number
from multiscale.inputs.grain_boundary import GrainBoundaryInput
from multiscale.inputs.matching import Matching
from multiscale.inputs.precheck import Precheck, precheck_field
from multiscale.inputs.solute import SoluteInput

NO_BARS_WITH_SOLUTE = "error bars are not derived for a law with solute; take trust out, or solute."
"""A study may have one of the two."""


class Openings(Section):
    """The sampled openings of the interface."""

    max: AtomicLength = Field(
        default="6 Å", validate_default=True, description="Largest opening; beyond the potential's range."
    )
    points: int = Field(default=40, ge=12, le=10_000, description="Number of samples.")

    @field_validator("max")
    @classmethod
    def _parts(cls, largest: float) -> float:
        from coupling.interface.rigid_path import check_largest_opening

        check_largest_opening(largest / ANGSTROM)
        return largest


class Slip(Section):
    """How the grid of a mixed-mode law is refined."""

    divisions: int = Field(default=6, ge=4, le=48, description="First slips along each period; even.")
    tolerance: float = Field(default=0.01, gt=0, lt=1, description="Estimated energy error over the work.")
    budget: int = Field(
        default=6000, ge=200, description="Most jumps to sample; on a relaxed path each takes some tens of evaluations."
    )


class Thermal(Section):
    """How a law at a temperature is found."""

    method: Literal["quasi-harmonic", "mean force"] = Field(
        default="quasi-harmonic", description="Free energy of vibrations, or the mean force in molecular dynamics."
    )
    statistics: Literal["classical", "quantum"] = Field(default="quantum", description="Statistics of the vibrations.")
    in_plane: int = Field(default=2, ge=1, le=8, description="In-plane repeats of the vibrating cell.")
    steps: int = Field(default=4000, ge=200, description="Time steps of each trajectory (mean force).")


class RelaxationOptions(Section):
    """How closely the equilibria of a relaxed path are solved."""

    force: number("eV/Å") = Field(default=2e-5, gt=0, le=0.01, description="Largest force left on any atom.")
    thickness: float = Field(
        default=0.005, gt=0, lt=0.5,
        description="By how much of the peak the traction may move with half more layers: layers: automatic takes more until it "
        "does not, a given number is checked near the peak, and a finding says where it is not thick enough.",
    )  # fmt: skip


class LawOptions(Section):
    """A cleavage plane of one crystal, one crystal on another or a grain boundary, and the path on which it parts."""

    plane: CutCrystal | None = Field(default=None, description="A crystal that parts along a plane.")
    upper: CutCrystal | None = Field(default=None, description="The upper crystal of a hetero-interface.")
    lower: CutCrystal | None = Field(default=None, description="The lower crystal of a hetero-interface.")
    grain_boundary: GrainBoundaryInput | None = Field(
        default=None, description="Two grains of one crystal, in the structure of least energy that is found."
    )
    matching: Matching = Field(
        default_factory=Matching, description="How two lattices are brought to coincide (upper and lower)."
    )
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
    check_fault: Precheck = precheck_field("report")
    temperature: Temperature | None = Field(
        default=None, description="Temperature of the law; without one it is the static law."
    )
    thermal: Thermal = Field(default_factory=Thermal)
    solute: SoluteInput | None = Field(
        default=None, description="Solute between the faces: the law at a coverage, or in exchange with a reservoir."
    )

    @model_validator(mode="after")
    def _one_interface(self) -> Self:
        pair = (self.upper is not None) + (self.lower is not None)
        boundary = self.grain_boundary is not None
        if (self.plane is not None) + (pair > 0) + boundary > 1 or pair == 1:
            raise InputError(
                "give either plane (one crystal), or upper and lower (two crystals), or grain_boundary (two grains)."
            )
        if self.gap == "in bulk" and self.path == "rigid":
            raise InputError(
                "gap: in bulk takes the strained bulk away, which a rigid path has not; take path: relaxed."
            )
        if self.temperature is not None and self.path == "rigid":
            raise InputError(
                "on a rigid path atoms are held, and held atoms do not vibrate; take path: relaxed for a law at a temperature."
            )
        if (
            self.temperature is not None
            and self.thermal.method == "mean force"
            and (pair or boundary or self.mode == "mixed")
        ):
            raise InputError(
                "the mean force is that of one gap coordinate, and two crystals or grains have two and a mixed law three; take "
                "method: quasi-harmonic."
            )
        automatic = any(crystal.layers == "automatic" for crystal in self.cuts.values())
        if automatic and (pair or self.mode == "mixed" or self.path == "rigid"):
            raise InputError(
                "layers: automatic is for the relaxed opening (mode: normal, path: relaxed) of one crystal; give a number."
            )
        self._check_solute(bool(pair), automatic)
        if self.slip.divisions % 2:
            raise InputError(f"slip.divisions is {self.slip.divisions}; it must be even.")
        self._refuse_unused()
        return self

    def _check_solute(self, pair: bool, automatic: bool) -> None:
        """Refuse what a law with solute is not derived for."""
        if self.solute is None:
            return
        if self.mode == "mixed" or self.temperature is not None:
            raise InputError(
                "a law with solute is one of the opening alone, its atoms static; take mode: normal without temperature "
                "(that of a reservoir is solute: temperature)."
            )
        if self.path == "rigid" and self.plane is None:
            raise InputError("on a rigid path solute is offered for a plane of one crystal; take path: relaxed.")
        if automatic:
            raise InputError("layers: automatic is not offered with solute; give a number, and compare two.")
        if self.plane is None and self.solute.repeats != [1, 1]:
            raise InputError(
                "solute: repeats is for a plane of one crystal; two crystals or grains have the cell in which they match."
            )

    def _refuse_unused(self) -> None:
        """Refuse what is given and would have no effect: whoever gave it expects another law than this one."""
        if self.path == "rigid":
            self.refuse_given("path: rigid, on which nothing relaxes; take path: relaxed", "relaxation", "beyond")
        if self.mode == "normal":
            self.refuse_given("mode: normal, without slip; take mode: mixed", "slip")
        if self.plane is not None:
            self.refuse_given("one crystal, which is nobody's match; give upper and lower", "matching")
        if self.grain_boundary is not None:
            self.refuse_given("a grain boundary, whose grains match as its own block says", "matching")
        if self.crystals and (self.plane is None or self.mode == "mixed"):
            because = "two crystals, a grain boundary or slip, where no thicker slab is tried; give more layers"
            self.relaxation.refuse_given(because, "thickness")
        if self.temperature is None:
            self.refuse_given("the static law; give temperature", "thermal")
        elif self.thermal.method == "quasi-harmonic":
            self.thermal.refuse_given("method: quasi-harmonic; take method: mean force", "steps")

    @property
    def cuts(self) -> dict[str, CutCrystal]:
        """The crystals that are cut along planes of their own, by their place: "plane", or "upper" and "lower"."""
        named = {"plane": self.plane, "upper": self.upper, "lower": self.lower}
        return {name: crystal for name, crystal in named.items() if crystal is not None}

    @property
    def crystals(self) -> dict[str, CrystalInput]:
        """The crystals by their place: "plane", or "upper" and "lower", or "grain_boundary"."""
        return {**self.cuts, **({} if self.grain_boundary is None else {"grain_boundary": self.grain_boundary})}

    def cut(self, side: Literal["upper", "lower"]) -> CutCrystal:
        """The crystal on a side of the interface, and its plane there."""
        if self.grain_boundary is not None:
            return self.grain_boundary.cut(side)
        return self.cuts.get(side) or self.cuts["plane"]

    def size(self) -> str:
        """How many structures the path takes, as a sentence: jumps of a slab, and of a relaxed one its bulk's."""
        layers = {crystal.first_layers for crystal in self.cuts.values()}
        planes = f"{' and '.join(map(str, sorted(layers)))} atomic planes" if layers else "the bodies' crystals"
        if self.grain_boundary is not None:
            planes = f"two grains of {self.grain_boundary.thickness * 1e10:g} Å or more"
        if self.mode == "mixed":
            return f"It samples up to {self.slip.budget} jumps of {planes}."
        how = "relaxes" if self.path == "relaxed" else "evaluates"
        times = "" if self.solute is None else f", {len(self.solute.coverages)} times with solute"
        return f"It {how} {self.openings.points} openings of {planes}{times}."

    def check_crystals(self) -> None:
        """Check names and files, without torch or FEniCSx."""
        for crystal in self.crystals.values():
            crystal.check()
        if self.solute is not None:
            self.solute.check_element(list(self.crystals.values())[-1].species)  # that of the reservoir

    def crystal_files(self) -> tuple[Path, ...]:
        """The structure files that it reads."""
        return tuple(crystal.file for crystal in self.crystals.values() if crystal.file is not None)
