"""Input of a loading: tractions, how far they or the displacements go, the ring around a crack tip."""

from collections.abc import Collection
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.boundary import OnGroup
from multiscale.inputs.fields import Length, Name, Position, Time, quantity
from multiscale.inputs.stress import SignedStress

AboveZero = quantity("temperature", "K")


def _several(kind: Any) -> Any:
    """A list of a kind, or one of it."""
    one_of_them = lambda value: value if isinstance(value, list | tuple) else [value]  # noqa: E731
    return Annotated[list[kind], BeforeValidator(one_of_them, json_schema_input_type=kind | list[kind])]


class TractionInput(OnGroup):
    """A boundary under a dead traction that grows with the loading: `traction` times its number."""

    component: Literal["x", "y", "z", "pressure"] = Field(
        description="Axis along which it acts; pressure acts against the outer normal."
    )
    traction: SignedStress = Field(description="Its value at the load multiple 1.")


class LoadingInput(Section):
    """How far the loads go, and how."""

    opening: _several(Position) | None = Field(
        default=None, description="End of the displacement, or its turning points."
    )
    final: _several(float) | None = Field(default=None, description="The same for tractions: multiples of them.")
    steps: int = Field(
        default=60,
        ge=1,
        le=100_000,
        description="Number of nominal steps to the largest load; cut, and grown where no error shows, automatically.",
    )
    closing: bool = Field(default=False, description="The load brings faces together (adhesive contact).")
    growth: float = Field(
        default=0.02, gt=0, le=0.5, description="Largest step of crack growth over the interfaces' area."
    )
    duration: Time | None = Field(
        default=None, description="Time to the largest load; where interfaces or bodies feel it."
    )
    temperature: AboveZero | None = Field(default=None, description="Of the sites of activated interfaces.")
    hold: Time | None = Field(
        default=None,
        description="Time for which the largest load is then held, until the specimen breaks: for activated interfaces.",
    )
    time_tolerance: float = Field(
        default=0.1, gt=0, lt=0.5,
        description="Of a load that is held: error of the part of sites that breaks in a step, over that part.",
    )  # fmt: skip
    linear_solver: Literal["auto", "direct", "iterative"] = Field(
        default="auto",
        description="Direct (MUMPS), or GMRES with multigrid; auto takes the second for large problems in 3D.",
    )
    balance_tolerance: float = Field(
        default=0.01, gt=0, lt=1,
        description="Fraction of the external work by which it may differ from the energies; steps are cut for it (not "
        "beside transport), and a run that misses it fails.",
    )  # fmt: skip
    peak_tolerance: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Fraction of the largest load by which the true one may be higher; steps are cut for it (not beside transport), "
        "else it is a warning.",
    )
    stop_at_area: float | None = Field(
        default=None, gt=0, le=1, description="Fraction of the interfaces' area that may open."
    )

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.opening is None) == (self.final is None):
            raise InputError("give opening (with displacement loads) or final (with tractions), one of the two.")
        turns = self.turning_points
        if not turns or any(a == b for a, b in zip((0.0, *turns), turns, strict=False)):
            raise InputError(
                "the load must change: each turning point must differ from the one before, the first from 0."
            )
        return self

    def check_end(self, by_displacement: bool) -> None:
        """Raise `InputError` unless its end is one of displacements, or of tractions."""
        if by_displacement != (self.opening is not None):
            wanted, given = ("opening", "loads") if by_displacement else ("final", "tractions")
            raise InputError(f"loading: the end of a loading by {given} is {wanted!r}.")

    def check_activated(self, activated: bool, alone: bool) -> None:
        """Refuse what an activated loading lacks or cannot have.

        Args:
            activated: Whether some interface is such.
            alone: Whether there is no solute, naive law or error bars by samples beside it.
        """
        if activated and not alone:
            raise InputError(
                "activated interfaces are not offered beside transport, trust or naive_law; leave them out."
            )
        if not activated:
            self.refuse_given("interfaces of which none is activated; give one activated", "temperature", "hold")
        elif self.temperature is None or self.duration is None:
            raise InputError(
                "loading: activated interfaces need temperature, and duration, the time to the largest load."
            )
        if self.hold is None:
            self.refuse_given("a load that is not held; give hold", "time_tolerance")
            return
        if len(self.turning_points) > 1 or self.closing:
            raise InputError("loading: a load that is held goes one way; give one end, and no closing.")
        self.refuse_given(
            "a load that is held, whose steps follow the sites that break; take hold out", "growth", "peak_tolerance"
        )

    @property
    def turning_points(self) -> list[float]:
        """Load parameters at which the loading turns or ends, m or multiples of the tractions."""
        return list(self.opening if self.opening is not None else self.final or [])

    @property
    def rate(self) -> float | None:
        """Load parameter per second."""
        return None if self.duration is None else max(abs(t) for t in self.turning_points) / self.duration


class JIntegral(Section):
    """The ring of the domain integral around the crack tip; the process zone lies within."""

    inner: Length = Field(description="Inner radius of the ring around the crack tip.")
    outer: Length = Field(description="Outer radius of the ring.")
    direction: list[float] = Field(
        default=[1.0, 0.0], min_length=2, max_length=2, description="Direction of crack growth."
    )
    interface: Name | None = Field(default=None, description="Interface of the crack; by default the only one.")

    @model_validator(mode="after")
    def _ring(self) -> Self:
        if not self.inner < self.outer:
            raise InputError(f"the ring needs inner < outer, not {self.inner:g} m and {self.outer:g} m.")
        if not any(self.direction):
            raise InputError("the direction of crack growth must not be [0, 0].")
        return self

    def check_fits(self, kind: str, interfaces: Collection[str]) -> None:
        """Refuse a ring of an analysis that has none, or around a crack that is not named.

        Args:
            kind: Of the analysis.
            interfaces: Names of the interfaces.
        """
        if kind in ("axisymmetric", "3D"):
            raise InputError(
                f"j_integral: it is offered in plane strain and plane stress, not for {kind!r}; see the R-curve."
            )
        valid = ", ".join(interfaces)
        if self.interface is None and len(interfaces) > 1:
            raise InputError(f"j_integral: name the interface of the crack; valid: {valid}.")
        if self.interface not in (None, *interfaces):
            raise InputError(f"j_integral.interface: there is none called {self.interface!r}; valid: {valid}.")
