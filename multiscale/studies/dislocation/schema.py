"""Input of the dislocation study: a crystal, a slip system, what to compute, the next scale's microstructure."""

from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from coupling.errors import InputError, unknown_choice
from coupling.upscale.flow import ATTEMPT_ASSUMED, DRAG_PLACEHOLDER
from multiscale.inputs.base import Section, Study
from multiscale.inputs.checks import check_crystal
from multiscale.inputs.fields import AtomicLength, Length, number, quantity
from multiscale.inputs.potential import Potential
from multiscale.inputs.precheck import Precheck, precheck_field
from multiscale.inputs.stress import Stress

Temperature = quantity("temperature", "K")
STRUCTURES = ("fcc", "bcc")

Wanted = Literal["core", "peierls_nabarro", "barrier", "peierls_stress", "attempt_frequency", "drag"]


class Microstructure(Section):
    """What the flow stress needs and a potential cannot give."""

    segment_length: Length = Field(default="1 um", validate_default=True, description="Free length of a dislocation.")
    mobile_density: number("1/m²") = Field(default=1e12, gt=0, description="Density of mobile dislocations.")
    attempt_frequency: number("1/s") = Field(
        default=ATTEMPT_ASSUMED,
        gt=0,
        description="Attempt frequency of kink pairs; the default is assumed. Or results: attempt_frequency computes it.",
    )
    drag: number("Pa s") = Field(
        default=DRAG_PLACEHOLDER,
        gt=0,
        description="Drag on a gliding dislocation; the default is a placeholder. Or results: drag computes it.",
    )


class DragChoice(Section):
    """The stress-driven dynamics by which the drag on a gliding edge dislocation is found."""

    temperatures: list[Temperature] = Field(
        default=["300 K"], validate_default=True, min_length=1, max_length=20,
        description="Rising; the glide law takes the drag at the one nearest to 300 K.",
    )  # fmt: skip
    stresses: list[Stress] = Field(
        default=["30 MPa", "60 MPa", "90 MPa"], validate_default=True, min_length=1, max_length=20,
        description="Shear stresses, above the Peierls stress; the line must stay well below the speed of sound.",
    )  # fmt: skip
    periods: int = Field(
        default=20, ge=8, le=1000, description="Burgers vectors of crystal between two lines of a row."
    )
    height: AtomicLength = Field(
        default="50 Å", validate_default=True, description="Of the cell, the two plates included."
    )
    replicas: int = Field(default=4, ge=1, le=1000, description="Cells that glide side by side.")
    steps: int = Field(default=3000, ge=200, le=10_000_000, description="Time steps of each that are counted.")


class LineChoice(Section):
    """What elasticity leaves undetermined in the energy of the line, K b²/(4π) ln(R/r₀)."""

    log_ratio: float = Field(default=2.0, gt=0, le=20, description="ln(R/r0); for a kink, R is its width: 1 to 3.")
    relative_std: float = Field(default=0.3, ge=0, lt=1, description="Relative standard deviation of the line tension.")


class DislocationStudy(Study):
    """A dislocation from a potential to τ(T, strain rate) and the files of the next scale."""

    study: Literal["dislocation"]
    potential: Potential
    species: str = Field(description="Chemical symbol.")
    structure: str = Field(description="fcc or bcc.")
    system: str = Field(description="Slip system and character, such as edge, screw or 60.")
    radius: AtomicLength = Field(
        default="25 Å", validate_default=True, description="Radius of the free atoms around the line."
    )
    boundary: Literal["fixed", "flexible"] = Field(default="fixed", description="How the shell around them behaves.")
    results: list[Wanted] = Field(
        default=["core", "peierls_nabarro", "barrier", "peierls_stress"],
        description="What is computed; the barrier (or else peierls_nabarro) leads to kink pairs and the flow stress.",
    )
    check_fault: Precheck = precheck_field("stop")
    images: int = Field(default=7, ge=3, le=100, description="Images of the barrier's path, between its ends.")
    divisions: int = Field(
        default=18, ge=6, le=60, multiple_of=3, description="Divisions of the γ-surface, in each direction."
    )
    rows: int = Field(default=160, ge=40, le=1000, description="Atomic rows of the Peierls-Nabarro model.")
    force: number("eV/Å") = Field(default=2e-3, gt=0, le=0.1, description="Largest force left on an atom.")
    line: LineChoice = Field(default_factory=LineChoice)
    microstructure: Microstructure = Field(default_factory=Microstructure)
    drag: DragChoice = Field(default_factory=DragChoice)
    temperatures: list[Temperature] = Field(
        default=["77 K", "150 K", "300 K", "450 K", "600 K"], validate_default=True, min_length=1, max_length=100,
        description="Temperatures of the flow stress, rising.",
    )  # fmt: skip
    strain_rates: list[number("1/s")] = Field(
        default=[1e-3, 1.0, 1e3], min_length=1, max_length=10, description="Shear strain rates."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.structure not in STRUCTURES:
            raise unknown_choice("structure of a dislocation study", self.structure, STRUCTURES)
        if not self.results or len(set(self.results)) != len(self.results):
            raise InputError("results: name at least one, each once.")
        if min(self.strain_rates) <= 0:
            raise InputError("strain_rates must be positive, in 1/s.")
        if not (np.diff(self.temperatures) > 0).all():
            raise InputError("temperatures must rise.")
        if "barrier" not in self.results:
            self.refuse_given("results without barrier; name it there", "images")
            if "attempt_frequency" in self.results:
                raise InputError("results: the attempt frequency is that over the barrier; name barrier, too.")
        self._check_drag()
        if "peierls_nabarro" not in self.results:
            self.refuse_given("results without peierls_nabarro; name it there", "divisions", "rows")
        if not self.upscaled:
            because = (
                "results without barrier or peierls_nabarro, from which nothing goes to the next scale; name one there"
            )
            self.refuse_given(because, "microstructure", "temperatures", "strain_rates")
        return self

    def _check_drag(self) -> None:
        if "drag" not in self.results:
            self.refuse_given("results without drag; name it there", "drag")
        elif self.system != "edge":
            raise InputError(
                f"results: drag is computed of edge dislocations, not of {self.system!r}; take system: edge."
            )
        if not (np.diff(self.drag.temperatures) > 0).all():
            raise InputError("drag.temperatures must rise.")
        for name in ("attempt_frequency", "drag"):
            if name in self.results:
                self.microstructure.refuse_given(f"results with {name}, which compute it; leave it out of one", name)

    @property
    def upscaled(self) -> bool:
        """Whether there is a barrier to make kink pairs of."""
        return bool({"barrier", "peierls_nabarro"} & set(self.results))

    def check(self) -> None:
        """Check names, without torch."""
        from atomistic.dislocation.systems import slip_system

        self.potential.check()
        check_crystal(self.species, self.structure)
        slip_system(self.structure, self.system)

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        return self.potential.files()
