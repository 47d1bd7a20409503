"""Input of an interface: its law, contact, friction, initial gap, coarsening."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.fields import Length, Name, Position, quantity
from multiscale.inputs.law import AtomsLaw, InterfaceStiffness, LawInput, LawOfLibrary, LawOfRun
from multiscale.inputs.polycrystal import BoundariesInput
from multiscale.studies.specimen.activation_input import ActivationInput

if TYPE_CHECKING:
    from continuum.model import Bond
    from coupling.laws.law import Law

Viscosity = quantity("viscosity of an interface", "Pa*s/m")


class ContactInput(Section):
    """Resistance of closed faces, in place of the law's own compressive branch."""

    stiffness: InterfaceStiffness = Field(description="Contact pressure over penetration.")
    penetration: Length | None = Field(
        default=None, description="Largest penetration (augmented Lagrangian); by default the penalty alone."
    )


class InitialGap(Section):
    """The distance r²/2R of undeformed faces, as of a sphere or cylinder on a flat."""

    radius: Length = Field(description="R of the sphere or cylinder.")
    normal: Literal["x", "y", "z"] = Field(
        default="y", description="Axis across the interface; r is measured across it."
    )
    centre: list[Position] | None = Field(default=None, description="Where r = 0; by default the origin.")
    standoff: Length | None = Field(default=None, description="Distance added to the gap.")
    overlap: Length | None = Field(
        default=None, description="Distance taken from the gap: the faces are pressed together."
    )

    @model_validator(mode="after")
    def _one_shift(self) -> Self:
        if self.standoff is not None and self.overlap is not None:
            raise InputError("give standoff or overlap, not both.")
        return self

    def distance(self) -> Callable[[FloatArray], FloatArray]:
        """The gap in m at points (..., dim) in m."""
        across, shift = "xyz".index(self.normal), (self.standoff or 0.0) - (self.overlap or 0.0)

        def gap(points: FloatArray) -> FloatArray:
            dimension = points.shape[-1]
            apart = points - np.array(self.centre or [0.0] * dimension)
            aside = [i for i in range(dimension) if i != across]
            return np.asarray(np.sum(apart[..., aside] ** 2, axis=-1) / (2 * self.radius) + shift)

        return gap


class Coarsening(Section):
    """The law of several planes in series, of which one opens, for elements that are too large for one."""

    planes: int = Field(ge=2, le=1_000_000, description="Number of planes in series, of which one opens.")
    softening: Literal["bilinear", "exact"] = Field(default="bilinear", description="exact keeps the drop at the peak.")
    plane_stiffness: InterfaceStiffness | None = Field(
        default=None, description="Stiffness of a closed plane; by default the law's own."
    )


class InterfaceInput(Section):
    """A law on an interface; the normal points into `plus`."""

    plus: Name | None = Field(default=None, description="Not needed for an interface that is called plus|minus.")
    minus: Name | None = Field(default=None, description="The other body; by default a rigid foundation.")
    grains: BoundariesInput | None = Field(
        default=None,
        description="In place of plus and minus: boundaries between the grains of a polycrystal. Each has the law of the first "
        "interface whose conditions it fits.",
    )
    law: LawInput = Field(
        description="The cohesive law: a file's name, library: FILE of laws by name, run: FOLDER of a cohesive_law study, a closed "
        "form, or atoms."
    )
    coarsen: Annotated[
        Coarsening | None,
        BeforeValidator(
            lambda v: {"planes": v} if isinstance(v, int) and not isinstance(v, bool) else v,
            json_schema_input_type=int | Coarsening | None,
        ),
    ] = Field(default=None, description="A number of planes, or a block.")
    history: Literal["damage", "reversible"] = Field(
        default="damage", description="Unloading to the origin with damage kept, or back along the law (adhesion)."
    )
    contact: ContactInput | None = None
    friction: float = Field(default=0.0, ge=0, description="Coulomb's coefficient of damaged faces.")
    viscosity: Viscosity | None = Field(
        default=None, description="Traction per rate of the jump; needs loading.duration."
    )
    activated: ActivationInput | None = Field(
        default=None,
        description="Its sites break by themselves in time; needs loading.temperature and loading.duration.",
    )
    initial_gap: InitialGap | None = None
    spring: InterfaceStiffness | None = Field(
        default=None,
        description="Of an initially rigid law (gap: in bulk): stiffness before the faces part; its compliance is reported.",
    )
    spacing: Literal["meshed", "left out"] = Field(
        default="meshed", description="Whether the mesh holds the closed layer spacing of the interface, too."
    )
    misfit: Literal["carried", "relaxed"] = Field(
        default="carried",
        description="Of two crystals: the strained one's body carries the strain, or dislocations have relieved it.",
    )
    tangential: list[float] | None = Field(
        default=None,
        min_length=3,
        max_length=3,
        description="Direction, in mesh axes, whose projection is tangential 1; by default normal × z.",
    )

    def sides(self, name: str) -> tuple[str | None, str, str | None]:
        """Group, plus and minus.

        Raises:
            InputError: the name and the sides do not fit together.
        """
        plus, bar, minus = name.partition("|")
        if self.grains is not None:
            if bar or self.plus is not None or self.minus is not None:
                raise InputError(f"interfaces.{name}: boundaries of grains have no plus and minus; leave them out.")
            return (name, self.grains.body, self.grains.body)
        if bar and (self.plus is not None or self.minus is not None):
            raise InputError(f"interfaces.{name}: its name gives both sides; leave out plus and minus.")
        if not bar and self.plus is None:
            raise InputError(f"interfaces.{name}: plus is missing; it names the body that the normal points into.")
        return (None, plus, minus) if bar else (name, self.plus or "", self.minus)

    def check_gap(self, name: str, dimension: int) -> None:
        """Raise `InputError` unless the centre of its gap is a point of the mesh's space."""
        if self.initial_gap is not None and len(self.initial_gap.centre or [0.0] * dimension) != dimension:
            raise InputError(f"interfaces.{name}.initial_gap.centre: give {dimension} lengths.")

    def stored_law(self, name: str = "") -> "Law | None":
        """The law of a file, of an earlier run or a closed form; None of one that comes from atoms.

        Args:
            name: Of the interface.

        Raises:
            InputError: the file, the run or the parameters make no law.
        """
        from coupling.exchange.storage import load_law
        from multiscale.runtime.handed_on import law_file

        if isinstance(self.law, LawOfLibrary):
            return self.law.law(name)
        if isinstance(self.law, LawOfRun):
            return load_law(law_file(self.law.run, self.law.interface, name))
        return None if isinstance(self.law, AtomsLaw) else self.law.law()

    def acting(self, law: "Law") -> "Law":
        """The law as it acts: coarse-grained, and in series with a spring, if that is asked for.

        Raises:
            InputError: it cannot be coarsened, or is initially rigid and has no spring.
        """
        from coupling.interface.coarse_graining import coarsen
        from coupling.laws.mixed_in_bulk import MixedInBulk
        from coupling.laws.rigid import InitiallyRigid

        if self.coarsen is not None:
            law = coarsen(law, self.coarsen.planes, self.coarsen.plane_stiffness, self.coarsen.softening)
        if isinstance(law, InitiallyRigid):
            if self.spring is None:
                raise InputError(
                    f"its law is initially rigid, with {law.initial_traction / 1e9:.4g} GPa at zero jump, which elements cannot hold; give "
                    f"spring, a stiffness that they hold before the faces part (its on_spring), such as {20 * law.steepest:.2g} Pa/m."
                )
            return law.on_spring(self.spring)
        if isinstance(law, MixedInBulk) and self.spring is not None:
            return law.on_spring(self.spring)
        return law

    def bond(self, name: str, law: "Law", temperature: float | None = None) -> "Bond":
        """What the solver takes.

        Args:
            name: Of the interface.
            law: Of one plane.
            temperature: Of its sites, where they break by themselves, K.

        Raises:
            InputError: the law has a traction at rest, or cannot be coarsened.
        """
        from continuum.model import Bond, Contact

        try:
            group, plus, minus = self.sides(name)
            contact = self.contact and Contact(self.contact.stiffness, self.contact.penetration)
            gap, acting = self.initial_gap and self.initial_gap.distance(), self.acting(law)
            activation = None if self.activated is None else self.activated.activation(acting, temperature)
            return Bond(
                group, plus, minus, acting, self.history, gap, contact, self.friction, self.viscosity or 0.0,
                spacing=self.spacing, misfit=self.misfit, tangential=self.tangential and tuple(self.tangential),
                activation=activation,
            )  # fmt: skip
        except InputError as error:
            text = str(error)
            raise InputError(text if text.startswith("interfaces.") else f"interfaces.{name}: {text}") from error
