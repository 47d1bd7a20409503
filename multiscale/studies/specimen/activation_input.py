"""Input of an interface whose sites break by themselves: what passes over the barrier at once, and how often it tries."""

from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.fields import number, quantity

if TYPE_CHECKING:
    from coupling.interface.activation import Activation
    from coupling.laws.law import Law

Area = quantity("area", "m^2")
Frequency = quantity("frequency", "1/s")
EnergyPerArea = quantity("energy per area", "J/m^2", positive=False)
Stress = quantity("stress", "Pa", positive=False)


class BarrierInput(Section):
    """Barriers of one site at some tractions, such as saddles of atoms give them, in place of the law's own."""

    tractions: list[Stress] = Field(min_length=2, description="Rising from 0 to the law's peak traction.")
    energies: list[number("eV")] = Field(min_length=2, description="Falling to 0.")

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.tractions) != len(self.energies):
            raise InputError(f"{len(self.tractions)} tractions need as many energies, not {len(self.energies)}.")
        return self


class ActivationInput(Section):
    """Sites break at the rate ν exp(−ΔG/kT); ΔG is that of the law's own path, times the area, or a table."""

    area: Area | None = Field(
        default=None,
        description="Area of interface that passes over the barrier as one: of a surface atom, times the atoms of a critical nucleus.",
    )
    barrier: BarrierInput | None = Field(default=None, description="In place of the area and the law's own path.")
    attempt_frequency: Frequency = Field(
        description="ν; Vineyard's prefactor of the event (study rates), or one that is stated."
    )
    reversible_work: EnergyPerArea = Field(
        default=0.0,
        description="Work of separation at equilibrium, in the environment of the parted faces, below which nothing breaks; 0: they "
        "never bond again.",
    )
    deviation: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Standard deviation of the barrier over itself, for the lifetime's error bar.",
    )

    @model_validator(mode="after")
    def _one_barrier(self) -> Self:
        if (self.area is None) == (self.barrier is None):
            raise InputError(
                "give area, the area of interface that passes over the barrier as one, or barrier, a table of barriers; one of the two."
            )
        return self

    def activation(self, law: "Law", temperature: float | None) -> "Activation":
        """What the solver takes.

        Raises:
            InputError: there is no temperature, or law and barrier do not fit together.
        """
        from coupling.interface.activation import Activation, BarrierTable, LawBarrier
        from coupling.units import EV

        if temperature is None:
            raise InputError("an activated interface needs loading.temperature.")
        barrier: LawBarrier | BarrierTable
        if self.barrier is None:
            barrier = LawBarrier(law, float(self.area or 0.0))
        else:
            barrier = BarrierTable(law, np.array(self.barrier.tractions), EV * np.array(self.barrier.energies))
        return Activation(barrier, temperature, self.attempt_frequency, self.reversible_work)
