"""What a transport problem is made of: media, traps, layers on interfaces, and what happens at boundaries. SI units, moles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from continuum.cohesive.coverage import LawWithCoverage
from continuum.transport.chemistry import Chemistry, FreeSites, Passage, SitesOfLaw
from coupling.errors import InputError, unknown_choice
from coupling.units import AVOGADRO, GAS_CONSTANT


def check_number(owner: str, name: str, value: float, unit: str, *, least: float | None = None) -> None:
    """Raise `InputError` unless a value is finite, and above `least` (with 0 as `least`: positive)."""
    if not np.isfinite(value) or (least is not None and not value > least):
        wanted = "a finite number" if least is None else f"a finite number above {least:g}"
        raise InputError(f"The {name} {value} {unit} of {owner} must be {wanted}.".replace("  ", " "))


def check_temperature(temperature: float | None) -> float:
    """The temperature in K.

    Raises:
        InputError: there is none, or it is not positive.
    """
    if temperature is None:
        raise InputError("Transport of a solute needs a temperature; give one in K.")
    check_number("the transport", "temperature", temperature, "K", least=0.0)
    return float(temperature)


@dataclass(frozen=True)
class Trap:
    """One kind of trap, in local equilibrium with the lattice: Oriani, Acta Metall. 18 (1970) 147.

    c_T = N_T K c/(N_L + K c) with K = exp(E/RT).

    Attributes:
        density: N_T, mol/m³.
        binding_energy: E, J/mol; positive where the trap holds the solute better than the lattice.
    """

    density: float
    binding_energy: float

    def __post_init__(self) -> None:
        check_number("a trap", "density", self.density, "mol/m^3", least=0.0)
        check_number("a trap", "binding energy", self.binding_energy, "J/mol")


@dataclass(frozen=True)
class Medium:
    """A body as the solute meets it: μ = E + RT ln(c/N_L) − V_H σ_h, J = −D ∇c + (D c V_H/RT) ∇σ_h.

    Attributes:
        diffusivity: D, m²/s.
        partial_molar_volume: V_H, m³/mol.
        sites: N_L, mol of lattice sites a m³. Without it the chemical potential is that over 1 mol/m³; traps, and layers with
            sites, need the number.
        solution_energy: E, J/mol, over the state that all chemical potentials of the problem refer to.
        traps: Kinds of traps.
    """

    diffusivity: float
    partial_molar_volume: float = 0.0
    sites: float | None = None
    solution_energy: float = 0.0
    traps: tuple[Trap, ...] = ()

    def __post_init__(self) -> None:
        check_number("a medium", "diffusivity", self.diffusivity, "m^2/s", least=0.0)
        check_number("a medium", "partial molar volume", self.partial_molar_volume, "m^3/mol")
        if self.sites is not None:
            check_number("a medium", "density of lattice sites", self.sites, "mol/m^3", least=0.0)
        elif self.traps:
            raise InputError("The traps of a medium need its density of lattice sites; give sites in mol/m^3.")
        check_number("a medium", "solution energy", self.solution_energy, "J/mol")

    @property
    def reference(self) -> float:
        """N_L, or without one 1 mol/m³."""
        return 1.0 if self.sites is None else self.sites

    def check_holds(self, body: str, what: str, concentration: float) -> None:
        """Raise `InputError` where a concentration in mol/m³ is above the lattice sites."""
        if self.sites is not None and concentration > self.sites * (1.0 + 1e-12):
            raise InputError(
                f"The {what} {concentration:g} mol/m^3 is more than the {self.sites:g} mol/m^3 of lattice sites of {body!r}; give a "
                "smaller one, or the true density of sites."
            )

    def check_potential(self, body: str, what: str, potential: float) -> None:
        """Raise `InputError` where a chemical potential in J/mol asks for more solute than there are lattice sites, without stress."""
        if self.sites is not None and potential > self.solution_energy + 1e-9 * abs(self.solution_energy):
            raise InputError(
                f"The {what} {potential:g} J/mol is above the solution energy {self.solution_energy:g} J/mol of {body!r}, whose lattice "
                "would hold more solute than it has sites; give a lower one, or the true solution energy."
            )

    def concentration_at(self, potential: float, temperature: float) -> float:
        """c in mol/m³ without stress, at a chemical potential in J/mol."""
        return float(self.reference * np.exp((potential - self.solution_energy) / (GAS_CONSTANT * temperature)))

    def potential_at(self, concentration: float, temperature: float) -> float:
        """μ in J/mol without stress, at a concentration in mol/m³."""
        if concentration <= 0:
            return -np.inf
        return float(self.solution_energy + GAS_CONSTANT * temperature * np.log(concentration / self.reference))


@dataclass(frozen=True)
class HeldSolute:
    """A boundary at which the lattice concentration, or the chemical potential, is held.

    Attributes:
        group: Physical group of boundary facets.
        concentration: c, mol/m³, whatever the stress; or
        potential: μ, J/mol.
    """

    group: str
    concentration: float | None = None
    potential: float | None = None

    def __post_init__(self) -> None:
        if (self.concentration is None) == (self.potential is None):
            raise InputError(f"At the boundary {self.group!r} give a concentration or a potential, one of the two.")
        if self.concentration is not None and not (np.isfinite(self.concentration) and self.concentration >= 0):
            raise InputError(
                f"The concentration {self.concentration} mol/m^3 at the boundary {self.group!r} must be 0 or positive."
            )
        if self.potential is not None:
            check_number(f"the boundary {self.group!r}", "chemical potential", self.potential, "J/mol")


@dataclass(frozen=True)
class Flux:
    """A boundary through which the solute is driven; all others are closed.

    Attributes:
        group: Physical group of boundary facets.
        inward: mol/(m² s) into the body.
    """

    group: str
    inward: float

    def __post_init__(self) -> None:
        check_number(f"the boundary {self.group!r}", "inward flux", self.inward, "mol/(m^2 s)")


@dataclass(frozen=True)
class SoluteLayer:
    """An interface as the solute meets it; without a layer no solute crosses an interface.

    Attributes:
        group: Physical group of the interface's facets; None: all facets between the two bodies.
        plus: Body on one side.
        minus: Body on the other; None: a foundation, which takes no solute.
        sites: Γ_max, mol of sites a m²; 0: those of the law, or without one none: the interface lets the solute through.
        energy: μ_Γ − RT ln(θ/(1 − θ)), J/mol, over the state that all chemical potentials refer to; or
        law: A cohesive law with a coverage, whose ∂ψ/∂θ over Γ_max it is.
        diffusivity: D_s along the interface, m²/s.
        exchange: κ, m/s: how fast it exchanges with a body; infinite: local equilibrium.
    """

    group: str | None
    plus: str
    minus: str | None
    sites: float = 0.0
    energy: float | None = None
    law: LawWithCoverage | None = None
    diffusivity: float = 0.0
    exchange: float = np.inf

    def __post_init__(self) -> None:
        owner = f"the layer {self.name!r}"
        if not (np.isfinite(self.sites) and self.sites >= 0):
            raise InputError(f"The density of sites {self.sites} mol/m^2 of {owner} must be 0 or positive.")
        if not (np.isfinite(self.diffusivity) and self.diffusivity >= 0):
            raise InputError(f"The diffusivity {self.diffusivity} m^2/s of {owner} must be 0 or positive.")
        if not self.exchange > 0:
            raise InputError(f"The exchange {self.exchange} m/s of {owner} must be positive; infinite is equilibrium.")
        if self.law is not None and (self.sites or self.energy is not None):
            raise InputError(f"The law of {owner} says its sites and their energy; leave both out, or the law.")
        if self.law is None and self.sites == 0 and (self.diffusivity or self.energy is not None):
            raise InputError(f"Without sites {owner} has neither energy nor diffusivity; give its sites in mol/m^2.")
        if self.sites > 0 and self.energy is None:
            raise InputError(f"The sites of {owner} need an energy in J/mol, or the layer a law with a coverage.")
        if self.energy is not None:
            check_number(owner, "energy", self.energy, "J/mol")

    @property
    def name(self) -> str:
        """Its group, or the names of its two bodies."""
        return self.group or f"{self.plus}-{self.minus}"

    def chemistry(self, temperature: float) -> Chemistry:
        """How its activity depends on its coverage."""
        if self.law is not None:
            return SitesOfLaw(temperature, self.law)
        return FreeSites(temperature, float(self.energy)) if self.energy is not None else Passage()

    @property
    def capacity(self) -> float:
        """Γ_max, mol/m²."""
        return self.sites if self.law is None else self.law.site_density / AVOGADRO

    def resistance(self, capacity: float) -> float:
        """1/(κ S): difference of activities per flux, m² s/mol, to a body of a capacity in mol/m³."""
        return 1.0 / (self.exchange * capacity)


def check_layer(layer: SoluteLayer, media: Mapping[str, Medium]) -> None:
    """Raise `InputError` where a layer with sites lies at a body whose density of lattice sites is not given."""
    for body in (layer.plus, layer.minus):
        if layer.capacity > 0 and body in media and media[body].sites is None:
            raise InputError(
                f"The sites of the layer {layer.name!r} need the density of lattice sites of {body!r}; give sites in mol/m^3."
            )


def check_media(media: Iterable[str], bodies: Iterable[str]) -> None:
    """Raise `InputError` unless media are given for just these bodies."""
    media, bodies = list(media), list(bodies)
    for name in media:
        if name not in bodies:
            raise unknown_choice("body", name, bodies)
    missing = [name for name in bodies if name not in media]
    if missing:
        raise InputError(
            f"The solute has no diffusivity in {', '.join(missing)}; give a medium for each body, its diffusivity among it."
        )
