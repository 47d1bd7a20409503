"""Input of the distillation study: a teacher, crystals and their paths, a student."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.checks import check_planes
from multiscale.inputs.fields import AtomicLength, Direction, number, quantity
from multiscale.inputs.potential import Potential
from multiscale.inputs.precheck import Precheck, precheck_field

Temperature = quantity("temperature", "K")


class DistilledCrystal(Section):
    """A crystal whose paths the student learns."""

    species: str = Field(description="Chemical symbol.")
    structure: str = Field(description="Crystal structure, as ASE names it: fcc, bcc, sc or diamond.")
    planes: list[Direction] = Field(min_length=1, description="Planes (hkl) that are opened and slid.")
    surfaces: list[Direction] = Field(default_factory=list, description="Further planes whose surfaces are learnt.")


class PathCounts(Section):
    """Paths of each family; for a plane's or a surface's families, of each of them. 0 leaves a family out."""

    openings: int = Field(default=12, ge=0, le=1000, description="Rigid openings of strained, rattled slabs.")
    relaxed: int = Field(default=4, ge=0, le=1000, description="Openings whose atoms have begun to relax.")
    slips: int = Field(default=10, ge=0, le=1000, description="Slips of one half over the other.")
    faults: int = Field(default=8, ge=0, le=1000, description="Stackings of the planes at random.")
    strains: int = Field(default=24, ge=0, le=1000, description="Directions of all six strains.")
    rattles: int = Field(default=20, ge=0, le=1000, description="Patterns of rattled atoms.")
    surfaces: int = Field(default=12, ge=0, le=1000, description="Free surfaces, strained and rattled.")
    vacancies: int = Field(default=14, ge=0, le=1000, description="Rattled cells that lack an atom.")
    relaxed_slips: int = Field(default=0, ge=0, le=1000, description="γ-lines whose gap has begun to relax.")
    cores: int = Field(default=0, ge=0, le=1000, description="Dislocation dipoles of about a hundred atoms.")
    frames: int = Field(default=8, ge=2, le=1000, description="Structures along a path.")


class Network(Section):
    """The student's network."""

    channels: int = Field(default=32, ge=4, le=256, multiple_of=4, description="Scalars of an atom's features.")
    lmax: int = Field(default=2, ge=1, le=2, description="Highest rank of the features.")
    layers: int = Field(default=2, ge=1, le=5, description="Rounds of messages.")
    cutoff: AtomicLength | None = Field(default=None, description="By default the teacher's, at most 2.3 bonds.")
    fading: int = Field(default=6, ge=3, le=24, description="Power by which messages fade; 12 reaches farther.")


class TrainingInput(Section):
    """How it learns; the defaults of the weights are those of `atomistic.distil.Settings`."""

    epochs: int = Field(default=400, ge=1, le=1_000_000, description="Passes over the training set.")
    minutes: number("min") = Field(default=20.0, gt=0, description="Longest time; the schedule is fitted into it.")
    batch: int = Field(default=16, ge=1, le=4096, description="Structures in a step.")
    learning_rate: float = Field(default=0.02, gt=0, le=1, description="Learning rate at the start.")
    threads: int = Field(default=1, ge=1, le=1024, description="CPU threads.")


class DistilStudy(Study):
    """A small, fast student of a slow potential, for the structures of later studies."""

    study: Literal["distil"]
    potential: Potential = Field(description="The teacher.")
    crystals: list[DistilledCrystal] = Field(min_length=1, max_length=20, description="What the student learns.")
    temperature: Temperature = Field(
        default="300 K", validate_default=True, description="Temperature of the rattled atoms."
    )
    thickness: AtomicLength = Field(default="10 Å", validate_default=True, description="Least thickness of a slab.")
    paths: PathCounts = Field(default_factory=PathCounts)
    network: Network = Field(default_factory=Network)
    training: TrainingInput = Field(default_factory=TrainingInput)
    check_fault: Precheck = precheck_field("report")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        counts = self.paths.model_dump(exclude={"frames"})
        if max(counts.values()) < 3:
            raise InputError("paths: no family has three paths, so that none could be held out; draw more.")
        return self

    def size(self) -> str:
        """The training."""
        return f"It trains for at most {self.training.minutes:g} minutes, once the labels are there."

    def check(self) -> None:
        """Check names, and that a SevenNet can be trained here, without torch."""
        from atomistic.potentials.sevennet.loader import require_installed

        require_installed("A student")
        self.potential.check()
        for crystal in self.crystals:
            check_planes(crystal.species, crystal.structure, [*crystal.planes, *crystal.surfaces])

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        return self.potential.files()
