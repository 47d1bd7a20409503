"""Input of the rates study: which atoms hop, in which crystal or boundary, at which temperatures."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.crystal import CrystalInput
from multiscale.inputs.fields import AtomicLength, InputFile, Name, number, quantity
from multiscale.inputs.grain_boundary import GrainBoundaryInput
from multiscale.inputs.potential import Potential
from multiscale.inputs.trust import Trust

AboveZero = quantity("temperature", "K")


class CentroidInput(Section):
    """The quantum nucleus by the free energy of its centroid: path integrals, minutes to hours."""

    temperatures: list[AboveZero] = Field(min_length=1, description="Each is a run of its own.")
    beads: int = Field(default=32, ge=2, le=1024, description="Of each ring polymer.")
    planes: int = Field(default=8, ge=4, le=100, description="Between the site and beyond the saddle.")
    steps: int = Field(default=4000, ge=10, le=100_000_000, description="Of each plane.")
    copies: int = Field(default=1, ge=1, le=10_000, description="Ring polymers in each plane.")


class InterstitialInput(Section):
    """A solute atom between those of an fcc crystal: hops between octahedral and tetrahedral sites, and its diffusion."""

    element: Name = Field(description="Chemical symbol.")
    centroid: CentroidInput | None = Field(
        default=None, description="Path integrals besides the harmonic corrections; by default none."
    )


class BoundaryHopInput(Section):
    """A solute atom that hops between voids at a grain boundary."""

    grain_boundary: GrainBoundaryInput
    element: Name = Field(description="Chemical symbol.")
    ways: list[Literal["along", "across"]] = Field(
        default_factory=lambda: ["along", "across"], min_length=1,
        description="From the widest void at the boundary to its nearest one beside it, or on the other side.",
    )  # fmt: skip
    within: AtomicLength = Field(
        default="3 Å", validate_default=True, description="Distance from the boundary within which voids count."
    )


class EndsInput(Section):
    """Any other event, by its two minima: the same atoms in the same order."""

    first: InputFile = Field(description="Where it begins, in any file that ASE reads.")
    last: InputFile = Field(description="Where it ends.")
    ways: int = Field(default=1, ge=1, le=10_000, description="Equivalent events out of the first minimum.")


class RatesStudy(Study):
    """Saddles between minima, the rates over them, and the diffusion that follows."""

    study: Literal["rates"]
    potential: Potential
    trust: Trust | None = Field(default=None, description="Bands, from samples of the potential.")
    crystal: CrystalInput | None = Field(default=None, description="Of a vacancy or an interstitial.")
    vacancy: bool = Field(default=False, description="The jump of a neighbour into a vacancy of the crystal.")
    interstitial: InterstitialInput | None = None
    boundary: BoundaryHopInput | None = None
    ends: EndsInput | None = None
    repeats: int = Field(default=3, ge=2, le=20, description="Of the conventional cell, along each of its vectors.")
    temperatures: list[AboveZero] = Field(
        default=["300 K", "500 K", "800 K", "1200 K"], validate_default=True, min_length=1,
        description="Of the Arrhenius plot.",
    )  # fmt: skip
    images: int = Field(default=7, ge=1, le=101, description="Of the elastic band, between its ends.")
    force: number("eV/Å") = Field(default=1e-3, gt=0, le=0.1, description="Largest force that may remain.")
    barrier_std: number("eV") = Field(
        default=0.0, ge=0, le=5, description="Standard deviation of barriers that is known otherwise; for the bands."
    )
    coverage: float = Field(default=0.9, gt=0, lt=1, description="Probability with which bands hold the rate.")

    @model_validator(mode="after")
    def _some_event(self) -> Self:
        if not (self.vacancy or self.interstitial or self.boundary or self.ends):
            raise InputError("give an event: vacancy: true, interstitial, boundary or ends, one or several of them.")
        if (self.crystal is None) == (self.vacancy or self.interstitial is not None):
            raise InputError(
                "crystal belongs to vacancy and interstitial: give it with one of them, and leave it out without (a boundary brings "
                "its own)."
            )
        if len(set(self.temperatures)) < len(self.temperatures):
            raise InputError("temperatures repeat one; give each once.")
        return self

    def check(self) -> None:
        """Check names, files and shapes, without torch."""
        self.potential.check()
        if self.trust is not None:
            self.trust.check()
        if self.crystal is not None:
            self.crystal.check()
        for element in (one.element for one in (self.interstitial, self.boundary) if one is not None):
            from atomistic.solutes.placing import solute_number

            solute_number(element)
        if self.boundary is not None:
            self.boundary.grain_boundary.check()

    def size(self) -> str:
        """How much is searched."""
        bands = self.vacancy + (self.interstitial is not None) + (self.ends is not None)
        bands += 0 if self.boundary is None else len(self.boundary.ways)
        return f"It searches {bands} saddle{'s' if bands > 1 else ''} with bands of {self.images} images."

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        crystals = (self.crystal, None if self.boundary is None else self.boundary.grain_boundary)
        own = [one.file for one in crystals if one is not None and one.file is not None]
        own += [] if self.ends is None else [self.ends.first, self.ends.last]
        trusted = () if self.trust is None else self.trust.files()
        return tuple(dict.fromkeys((*self.potential.files(), *own, *trusted)))
