"""Input of the learning study: a potential, an oracle, a slab or other atoms, the routes on which errors are looked for."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.checks import check_planes
from multiscale.inputs.crystal import CrystalInput, Temperature
from multiscale.inputs.fields import AtomicLength, Direction, Name, number
from multiscale.inputs.law_options import Openings
from multiscale.inputs.potential import Potential, PotentialChoice
from multiscale.studies.learn.route_schema import (
    AtomsRoute,
    CoreRoute,
    CrackRoute,
    InterfaceRoute,
    LineRoute,
    MovingRoute,
    RelaxingRoute,
)

_MOST_REPEATS = 50


class OracleChoice(PotentialChoice, extra="allow"):
    """What computes the labels: a quantum engine, an ASE calculator or any other potential; further keys are its options."""

    name: Name = Field(
        description="gfn1-xtb, gfn2-xtb, pyscf, gpaw, module:Class, or a potential or file of `multiscale potentials`."
    )

    @property
    def own(self) -> dict[str, Any]:
        """The options of the code or the potential."""
        from atomistic.embedding.engines import ENGINES

        return dict(self.model_extra or {}) if self.name.lower() in ENGINES else self.options

    def check(self) -> None:
        """Raise `InputError` if it is unknown or not installed."""
        from atomistic.embedding.engines import ENGINES, check_engine

        if self.name.lower() in ENGINES:
            check_engine(self.name, self.model_extra or {})
        else:
            super().check()


class LearnedPlane(Section):
    """The crystal and the plane that parts."""

    species: str = Field(description="Chemical symbol.")
    structure: str = Field(description="Crystal structure, as ASE names it.")
    miller: Direction = Field(description="Plane (hkl) in the conventional cell.")
    layers: int = Field(default=6, ge=2, le=200, description="Atomic planes of the labelled slab.")
    repeats: tuple[int, int] = Field(
        default=(1, 1),
        strict=False,
        max_length=2,
        description="In-plane repeats of the labelled slab: for an oracle at the Γ point.",
    )


class LearnDynamicsInput(Section):
    """Langevin dynamics of the slab, in steps that are safe for the potential."""

    temperature: Temperature = Field(
        default="300 K", validate_default=True, description="Temperature of the thermostat."
    )
    steps: int = Field(default=100, ge=1, le=1_000_000, description="Time steps of each trajectory.")
    every: int = Field(default=10, ge=1, description="Time steps between checks of the radius.")
    opening: AtomicLength | None = Field(default=None, description="Opening of the slab; by default closed.")


class Routes(Section):
    """Where errors are looked for; 0 leaves a kind out."""

    openings: Openings = Field(default_factory=lambda: Openings(points=12), description="The rigid opening path.")
    slips: int = Field(
        default=0, ge=0, le=1000, description="Points of a slip by one lattice vector, at the closed gap."
    )
    rattles: int = Field(default=4, ge=0, le=1000, description="Rattled closed slabs.")
    rattle: AtomicLength = Field(
        default="0.1 Å", validate_default=True, description="Largest displacement of a coordinate."
    )
    strains: int = Field(
        default=4, ge=0, le=1000, description="Strained closed slabs; the first two change the volume."
    )
    strain: float = Field(default=0.03, gt=0, lt=0.3, description="Largest strain.")
    relaxations: int = Field(default=0, ge=0, le=1000, description="Openings, evenly spread, at which the atoms relax.")
    dynamics: LearnDynamicsInput | None = Field(default=None, description="Molecular dynamics; none by default.")
    interface: InterfaceRoute | None = Field(default=None, description="Two crystals on each other.")
    core: CoreRoute | None = Field(default=None, description="A dislocation's core.")
    crack: CrackRoute | None = Field(default=None, description="A crack's tip.")
    md: MovingRoute | None = Field(default=None, description="Molecular dynamics of any atoms.")
    relax: RelaxingRoute | None = Field(default=None, description="The relaxation of any atoms.")

    @property
    def others(self) -> dict[str, InterfaceRoute | LineRoute | AtomsRoute]:
        """Those beside the slab's, by their names."""
        named = {name: getattr(self, name) for name in ("interface", "core", "crack", "md", "relax")}
        return {name: route for name, route in named.items() if route is not None}


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class LearnStudy(Study):
    """A potential that asks an oracle where it cannot be trusted, along the study's own routes."""

    study: Literal["learn"]
    potential: Potential = Field(description="The potential that learns; it must provide features (SevenNet).")
    oracle: Annotated[OracleChoice, BeforeValidator(_named, json_schema_input_type=str | OracleChoice)] = Field(
        description="What computes the labels."
    )
    plane: LearnedPlane | None = Field(
        default=None, description="The slab, and the plane that parts; its law is derived."
    )
    routes: Routes = Field(default_factory=Routes)
    threshold: number("eV/Å") = Field(
        default=0.1, gt=0, description="Radius of a force above which a structure is labelled."
    )
    budget: int = Field(default=40, ge=2, le=100_000, description="Largest number of labels.")
    first: int = Field(default=6, ge=2, description="Labels before the model is asked.")
    halt: Literal["radius", "conformal", "committee"] = Field(
        default="radius",
        description="What is compared with the threshold: the radius of what labels can settle, the conformal radius by labels left "
        "out in turn (noise included), or the largest pairwise force deviation of samples.",
    )
    weights: dict[str, float] = Field(
        default_factory=dict,
        description="How much more often than its share a group of labels counts, by the group's name.",
    )
    check_oracle: int = Field(
        default=1, ge=0, le=100,
        description="Structures on which the oracle's forces are compared with its energy's slope, five labels each; 0 trusts it.",
    )  # fmt: skip
    samples: int = Field(default=16, ge=2, le=1000, description="Samples of the posterior for the law's error bars.")

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        if self.first > self.budget:
            raise InputError(f"first ({self.first}) is above budget ({self.budget}); allow more labels.")
        if any(not factor > 0 for factor in self.weights.values()):
            raise InputError(f"weights {self.weights} must be positive; leave a group out to count it by its share.")
        if self.plane is None:
            self._check_routes()
        elif not all(1 <= count <= _MOST_REPEATS for count in self.plane.repeats):
            raise InputError(f"plane.repeats {list(self.plane.repeats)} must be two numbers from 1 to {_MOST_REPEATS}.")
        return self

    def _check_routes(self) -> None:
        """Without a plane there must be another route, and what is the slab's has no effect."""
        if not self.routes.others:
            raise InputError("give a plane, or one of routes: interface, core, crack, md, relax.")
        because = "no plane; give one"
        self.routes.refuse_given(because, "openings", "slips", "relaxations", "dynamics")
        if self.routes.interface is None:
            self.refuse_given("no plane and no interface, whose law it would be; give one", "samples")

    def size(self) -> str:
        """The labels."""
        what = [f"{self.plane.layers} atomic planes"] if self.plane is not None else []
        what += [f"the route {name}" for name in self.routes.others]
        law = (
            ""
            if self.plane is None and self.routes.interface is None
            else f", and computes {self.samples} samples of the law"
        )
        return f"It labels at most {self.budget} structures of {', '.join(what)}{law}."

    def check(self) -> None:
        """Check names and files, without torch."""
        self.potential.check()
        self.oracle.check()
        if self.plane is not None:
            check_planes(self.plane.species, self.plane.structure, [self.plane.miller])
        for route in self.routes.others.values():
            route.check()

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        crystals: list[CrystalInput | None] = [self.routes.md, self.routes.relax]
        if self.routes.interface is not None:
            crystals += [self.routes.interface.upper, self.routes.interface.lower]
        own = [one.file for one in crystals if one is not None and one.file is not None]
        return tuple(dict.fromkeys((*self.potential.files(), *self.oracle.files(), *own)))
