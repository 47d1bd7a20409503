"""Input of what a body does beside being elastic: it flows, or its crystal slips; `relaxation` has what relaxes."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.crystal import Temperature
from multiscale.inputs.fields import RunFolder, quantity
from multiscale.inputs.relaxation import RelaxationInput
from multiscale.inputs.stress import Stress

if TYPE_CHECKING:
    from continuum.inelastic import Flow, SlipHardening
    from coupling.upscale.flow import GlideLaw

StrainRate = quantity("strain rate", "1/s")
Density = quantity("dislocation density", "1/m^2")
Storage = quantity("wave number", "1/m")


class FlowRate(Section):
    """How the flow stress grows with the rate: by a factor 1 + (rate/reference)^exponent."""

    reference: StrainRate = Field(description="Plastic strain rate at which the flow stress is twice that at rest.")
    exponent: float = Field(gt=0, le=1, description="Of the rate; small for metals.")


class Forest(Section):
    """Hardening by dislocations that cut others: α M G b √ρ, ρ growing with the strain (Kocks and Mecking)."""

    interaction: float = Field(
        default=0.3, gt=0, le=2, description="α of Taylor's law; assumed, 0.2 to 0.5 for metals."
    )
    density: Density = Field(default=1e12, description="Of the forest at the start.")
    storage: Storage = Field(description="k1 of Kocks and Mecking; measured, from the initial rate of hardening.")
    recovery: float = Field(
        gt=0, description="k2 of Kocks and Mecking; measured, from the stress at which hardening ends."
    )


_FORMS = {"linear": (), "power": ("exponent",), "voce": ("saturation", "strain")}


class FlowInput(Section):
    """Isotropic plasticity: typed constants, or the flow stress that dislocations of an earlier run have."""

    yield_stress: Stress | None = Field(default=None, description="Of typed constants: the flow stress at the start.")
    modulus: Stress | None = Field(default=None, description="Of linear hardening: stress per plastic strain.")
    exponent: float | None = Field(
        default=None, ge=0, lt=1,
        description="Of power hardening: N of strain = yield stress/E (stress/yield stress)^(1/N); 0 is perfectly plastic.",
    )  # fmt: skip
    saturation: Stress | None = Field(
        default=None, description="Of hardening that saturates (Voce): the last flow stress."
    )
    strain: float | None = Field(default=None, gt=0, description="The plastic strain over which it does.")
    kinematic: Stress | None = Field(
        default=None, description="Stress of a moving yield surface per plastic strain (Prager)."
    )
    rate: FlowRate | None = Field(default=None, description="Without it the flow stress depends on no rate.")
    run: RunFolder | None = Field(
        default=None,
        description="In place of typed constants: a run of the dislocation study, whose flow stress at a temperature and rate it is.",
    )
    temperature: Temperature | None = Field(default=None, description="Of the body, with run.")
    taylor_factor: float = Field(
        default=3.06, ge=1, le=5, description="M of the texture, with run; 3.06 is a random fcc polycrystal."
    )
    forest: Forest | None = Field(default=None, description="Hardening, with run; without it only the lattice resists.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        typed = [
            n
            for n in ("yield_stress", "modulus", "exponent", "saturation", "strain", "rate")
            if getattr(self, n) is not None
        ]
        if self.run is not None:
            if typed:
                raise InputError(
                    f"{typed[0]} belongs to typed constants, and run gives the flow stress of dislocations; give one."
                )
            if self.temperature is None:
                raise InputError("the flow stress of a run is that at a temperature; give temperature.")
            return self
        if self.yield_stress is None:
            raise InputError("give yield_stress, or run with the folder of a dislocation study.")
        if self.temperature is not None or self.forest is not None:
            raise InputError("temperature and forest belong to run, which is not given; leave them out.")
        hardening = [
            bool(self.modulus),
            self.exponent is not None,
            self.saturation is not None or self.strain is not None,
        ]
        if sum(hardening) > 1 or (self.saturation is None) != (self.strain is None):
            raise InputError("give one hardening: modulus, exponent, or saturation and strain.")
        return self

    @property
    def depends_on_rate(self) -> bool:
        """Whether the loading must take time."""
        return self.rate is not None or self.run is not None

    def flow(self, young: float, shear: float, glide: "GlideLaw | None" = None) -> "Flow":
        """The flow stress of a body.

        Args:
            young: E, Pa.
            shear: G, Pa.
            glide: The kinetics of the run's dislocations.
        """
        from continuum.inelastic import GlideFlow, LinearHardening, PowerHardening, RatePower, VoceHardening

        if self.run is not None:
            assert self.temperature is not None and glide is not None
            forest = {}
            if self.forest is not None:
                given = self.forest
                forest = {"interaction": given.interaction, "shear_modulus": shear, "density": given.density,
                          "storage": given.storage, "recovery": given.recovery}  # fmt: skip
            return GlideFlow(glide, self.temperature, self.taylor_factor, **forest)
        assert self.yield_stress is not None
        slow: Flow
        if self.exponent is not None:
            slow = PowerHardening(self.yield_stress, self.exponent, young)
        elif self.saturation is not None and self.strain is not None:
            slow = VoceHardening(self.yield_stress, self.saturation, self.strain)
        else:
            slow = LinearHardening(self.yield_stress, self.modulus or 0.0)
        return slow if self.rate is None else RatePower(slow, self.rate.reference, self.rate.exponent)


class SlipInput(Section):
    """Crystal plasticity: slip on the systems of a lattice, in the orientation of the body's grain or grains."""

    family: Literal["fcc", "bcc"] = Field(description="fcc: {111}<110>; bcc: {110}<111>.")
    resistance: Stress = Field(description="Shear stress at which a system slips at the reference rate, at the start.")
    saturation: Stress | None = Field(default=None, description="Where hardening ends.")
    modulus: Stress | None = Field(
        default=None, description="Resistance gained per slip at the start; without it none."
    )
    exponent: float = Field(default=1.0, ge=1, description="Of (1 - resistance/saturation), by which hardening falls.")
    latent: float = Field(default=1.4, ge=0, description="Hardening of other systems over that of the one that slips.")
    rate: StrainRate = Field(description="Reference rate of slip.")
    sensitivity: float = Field(gt=0, le=1, description="m of rate = reference (stress/resistance)^(1/m).")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.saturation is None) != (self.modulus is None):
            raise InputError("hardening needs both saturation and modulus.")
        if self.saturation is not None and not self.saturation > self.resistance:
            raise InputError(
                f"the saturation {self.saturation:g} Pa must be above the resistance {self.resistance:g} Pa."
            )
        return self

    @property
    def hardening(self) -> "SlipHardening":
        """Of the resistance."""
        from continuum.inelastic import SlipHardening

        return SlipHardening(self.resistance, self.saturation or 0.0, self.modulus or 0.0, self.exponent, self.latent)


class WithMemory(Section):
    """What any body can do beside being elastic."""

    flow: FlowInput | None = Field(default=None, description="Isotropic plasticity; needs order: 2.")
    slip: SlipInput | None = Field(default=None, description="Crystal plasticity; needs order: 2.")

    @property
    def relaxes(self) -> RelaxationInput | None:
        """Its Maxwell elements, if it may have such."""
        return None

    @property
    def memories(self) -> list[str]:
        """The keys by which it has a memory."""
        given = {"flow": self.flow, "slip": self.slip, "relaxation": self.relaxes}
        return [name for name, one in given.items() if one is not None]

    @property
    def depends_on_rate(self) -> bool:
        """Whether the loading must take time."""
        timed = self.slip is not None or self.relaxes is not None
        return timed or (self.flow is not None and self.flow.depends_on_rate)

    def check_memory(self, strain: str) -> None:
        """Refuse several memories, or one at large strain."""
        if len(self.memories) > 1:
            raise InputError(f"give one of {' and '.join(self.memories)}: a body has one memory.")
        if self.memories and strain != "small":
            raise InputError(f"{self.memories[0]} is offered with strain: small, not with {strain!r}.")
