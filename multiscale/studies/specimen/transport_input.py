"""Input of the transport of a solute in a specimen: media, layers on interfaces, boundaries, what it starts with."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from coupling.errors import InputError, unknown_choice
from multiscale.inputs.base import Section
from multiscale.inputs.fields import Name, Time, quantity
from multiscale.studies.specimen.interface_input import InterfaceInput
from multiscale.studies.specimen.loading_input import LoadingInput

if TYPE_CHECKING:
    from continuum.model import Bond
    from continuum.transport import Flux, HeldSolute, Medium, SoluteLayer

Diffusivity = quantity("diffusivity", "m^2/s")
Speed = quantity("speed", "m/s")
Concentration = quantity("concentration", "mol/m^3")
AnyConcentration = quantity("concentration", "mol/m^3", positive=False)
SiteDensity = quantity("density of sites", "mol/m^2")
MolarVolume = quantity("molar volume", "m^3/mol", positive=False)
MolarEnergy = quantity("molar energy", "J/mol", positive=False)
SoluteFlux = quantity("flux of a solute", "mol/(m^2*s)", positive=False)
AboveZero = quantity("temperature", "K")


class TrapInput(Section):
    """One kind of trap, in local equilibrium with the lattice (Oriani)."""

    density: Concentration = Field(description="Traps per volume.")
    binding_energy: MolarEnergy = Field(description="By how much a trap holds the solute better than the lattice.")


class MediumInput(Section):
    """A body as the solute meets it."""

    diffusivity: Diffusivity = Field(description="Of the solute in the lattice.")
    partial_molar_volume: MolarVolume = Field(
        default=0.0, description="What draws the solute to where the hydrostatic stress is high."
    )
    sites: Concentration | None = Field(
        default=None, description="Lattice sites per volume; traps, interfaces with sites, and potentials need it."
    )
    solution_energy: MolarEnergy = Field(
        default=0.0, description="From the state that all chemical potentials and laws of this input refer to."
    )
    traps: list[TrapInput] = Field(default_factory=list)

    def medium(self) -> "Medium":
        """What the solver takes."""
        from continuum.transport import Medium, Trap

        traps = tuple(Trap(one.density, one.binding_energy) for one in self.traps)
        return Medium(self.diffusivity, self.partial_molar_volume, self.sites, self.solution_energy, traps)


class SoluteBoundary(Section):
    """A boundary at which the solute is held or driven in; all others are closed."""

    group: Name = Field(description="Group of facets of the mesh.")
    concentration: AnyConcentration | None = Field(default=None, description="In the lattice, whatever the stress.")
    potential: MolarEnergy | None = Field(default=None, description="Chemical potential.")
    flux: SoluteFlux | None = Field(default=None, description="Into the body.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.concentration, self.potential, self.flux)) != 1:
            raise InputError(f"boundary {self.group!r}: give concentration, potential or flux, one of the three.")
        if self.concentration is not None and self.concentration < 0:
            raise InputError(
                f"boundary {self.group!r}: the concentration {self.concentration:g} mol/m^3 must not be negative."
            )
        return self

    def boundary(self) -> "HeldSolute | Flux":
        """What the solver takes."""
        from continuum.transport import Flux, HeldSolute

        return (
            HeldSolute(self.group, self.concentration, self.potential)
            if self.flux is None
            else Flux(self.group, self.flux)
        )


class LayerInput(Section):
    """An interface as the solute meets it; a law with a coverage brings its sites and their energy."""

    sites: SiteDensity | None = Field(
        default=None, description="Sites per area, of a law without a coverage; by default it lets the solute through."
    )
    energy: MolarEnergy | None = Field(default=None, description="Of the solute on these sites, from the common state.")
    diffusivity: Diffusivity | None = Field(default=None, description="Along the interface; by default none.")
    exchange: Speed | None = Field(
        default=None, description="How fast it exchanges with the bodies; by default at once (local equilibrium)."
    )

    def layer(self, bond: "Bond") -> "SoluteLayer":
        """What the solver takes, on a bond."""
        from continuum.transport import SoluteLayer
        from coupling.laws.coverage import CoverageLaw

        law = bond.law if isinstance(bond.law, CoverageLaw) else None
        exchange = float("inf") if self.exchange is None else self.exchange
        return SoluteLayer(
            bond.group, bond.plus, bond.minus, self.sites or 0.0, self.energy, law, self.diffusivity or 0.0, exchange
        )


class TransportInput(Section):
    """A solute that diffuses while the specimen is loaded, in loading.duration, and moves to where stress and openings draw it."""

    species: Name = Field(description="Name of the solute, for the report.")
    temperature: AboveZero = Field(description="Temperature of solute and sites.")
    bodies: dict[Name, MediumInput] = Field(description="How the solute is in each body, by the body's name.")
    interfaces: dict[Name, LayerInput] = Field(
        default_factory=dict, description="Interfaces that hold the solute or let it through; no solute crosses others."
    )
    boundaries: list[SoluteBoundary] = Field(default_factory=list)
    initial: AnyConcentration | None = Field(
        default=None, description="Lattice concentration of all bodies at the start; or initial_potential."
    )
    initial_potential: MolarEnergy | None = Field(
        default=None, description="Chemical potential with which bodies and interfaces are in equilibrium at the start."
    )
    hold: Time | None = Field(default=None, description="Time at the largest load after loading.duration.")
    scheme: Literal["staggered", "iterated"] = Field(
        default="staggered",
        description="Equilibrium and transport once a step, or by turns until they agree: then all equations hold at once.",
    )
    tolerance: float = Field(default=0.01, gt=0, lt=1, description="Error of a step in time, over the amounts.")

    @field_validator("species")
    @classmethod
    def _one_line(cls, species: str) -> str:
        if not species.isprintable():
            raise InputError(f"{species!r} is no name of a species; write it in one line, such as H.")
        return species

    @model_validator(mode="after")
    def _start(self) -> Self:
        if (self.initial is None) == (self.initial_potential is None):
            raise InputError("give initial (a concentration) or initial_potential, one of the two.")
        if self.initial is not None and self.initial < 0:
            raise InputError(f"initial: the concentration {self.initial:g} mol/m^3 must not be negative.")
        groups = [one.group for one in self.boundaries]
        twice = sorted({group for group in groups if groups.count(group) > 1})
        if twice:
            raise InputError(f"boundaries name {twice[0]!r} twice; give concentration, potential or flux there, once.")
        return self

    def _check_sites(self) -> None:
        """Raise `InputError` where sites are missing, or fewer than the solute that they are to hold."""
        needing = [f"the potential at {one.group!r}" for one in self.boundaries if one.potential is not None]
        needing += [f"the sites of {name!r}" for name, layer in self.interfaces.items() if layer.sites is not None]
        needing += ["initial_potential"] if self.initial_potential is not None else []
        for name, medium in self.bodies.items():
            wanted = needing or (["the traps"] if medium.traps else [])
            if medium.sites is None and wanted:
                raise InputError(
                    f"transport.bodies.{name}: {wanted[0]} needs the lattice sites; give sites in mol/m^3."
                )
            if medium.sites is not None and (self.initial or 0.0) > medium.sites:
                raise InputError(
                    f"transport.initial: {self.initial:g} mol/m^3 is more than the {medium.sites:g} mol/m^3 of lattice sites of {name!r}."
                )
            if self.initial_potential is not None:
                _check_potential("initial_potential:", self.initial_potential, name, medium)
        self._check_held()

    def _check_held(self) -> None:
        """Raise `InputError` where a boundary holds more solute than any body has lattice sites."""
        roomy = max(self.bodies, key=lambda name: _room(self.bodies[name]))
        high = max(self.bodies, key=lambda name: self.bodies[name].solution_energy)
        for one in self.boundaries:
            if one.concentration is not None and one.concentration > _room(self.bodies[roomy]):
                raise InputError(
                    f"transport.boundaries: {one.concentration:g} mol/m^3 at {one.group!r} is more than the "
                    f"{_room(self.bodies[roomy]):g} mol/m^3 of lattice sites of {roomy!r}."
                )
            if one.potential is not None:
                _check_potential(f"boundaries: the potential at {one.group!r},", one.potential, high, self.bodies[high])

    def check_fits(
        self, bodies: Iterable[str], interfaces: Mapping[str, InterfaceInput], loading: LoadingInput
    ) -> None:
        """Raise `InputError` unless all bodies, and only known bodies and interfaces, are named, and the loading takes its time."""
        bodies = list(bodies)
        for name in self.bodies:
            if name not in bodies:
                raise unknown_choice("body in transport.bodies", name, bodies)
        for name in bodies:
            if name not in self.bodies:
                raise InputError(
                    f"transport.bodies: {self.species} has no diffusivity in {name!r}; give the body there."
                )
        for name in self.interfaces:
            if name not in interfaces:
                raise unknown_choice("interface in transport.interfaces", name, interfaces)
        for group in (one.group for one in self.boundaries):
            if group in interfaces and interfaces[group].sides(group)[2] is not None:
                raise InputError(
                    f"transport.boundaries: {group!r} is an interface, where a boundary would act on both of its bodies; name a "
                    "group of the surface, and give the interface in transport.interfaces."
                )
        self._check_sites()
        if loading.duration is None:
            raise InputError("transport: the loading takes time; give loading.duration.")
        if len(loading.turning_points) > 1 or loading.closing:
            raise InputError("transport: a loading with a solute goes one way; give one end, and no closing.")
        loading.refuse_given("transport, whose steps are nominal ones of the time; take more steps", "growth")
        loading.refuse_given("transport, whose equations choose their solver themselves", "linear_solver")
        if any(interface.viscosity for interface in interfaces.values()):
            raise InputError(
                "transport: interfaces with a viscosity are not offered beside a solute; leave one of the two out."
            )


def _room(medium: MediumInput) -> float:
    """Lattice sites, mol/m³; without the number of them as many as are asked for."""
    return float("inf") if medium.sites is None else float(medium.sites)


def _check_potential(what: str, potential: float, body: str, medium: MediumInput) -> None:
    """Raise `InputError` where a lattice would hold more solute than it has sites: c = N_L exp((μ − E)/RT)."""
    if potential > medium.solution_energy:
        raise InputError(
            f"transport.{what} {potential / 1e3:g} kJ/mol is above the solution_energy of {body!r}, {medium.solution_energy / 1e3:g} "
            "kJ/mol, so that its lattice would hold more solute than it has sites; give a lower one, or the true solution_energy."
        )
