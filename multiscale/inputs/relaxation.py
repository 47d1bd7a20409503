"""Input of viscoelastic bodies: typed elements with a shift, or measured moduli of which a master curve is made."""

from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.crystal import Temperature
from multiscale.inputs.fields import InputFile, Time, quantity
from multiscale.inputs.stress import Stress

if TYPE_CHECKING:
    from continuum.inelastic import Viscoelastic
    from continuum.relaxation import Prony

MolarEnergy = quantity("molar energy", "J/mol")


class WlfInput(Section):
    """log10 a = -c1 (T - reference)/(c2 + T - reference): by how much all is slower at T."""

    c1: float = Field(gt=0, description="Without a unit.")
    c2: Temperature = Field(description="Difference of temperatures.")
    reference: Temperature = Field(description="Temperature of the relaxation times.")


class ArrheniusInput(Section):
    """ln a = energy/R (1/T - 1/reference): by how much all is slower at T."""

    energy: MolarEnergy = Field(description="Of activation.")
    reference: Temperature = Field(description="Temperature of the relaxation times.")


class RelaxationInput(Section):
    """Viscoelasticity: Maxwell elements beside the spring that young and poisson describe, which is what is left in the end."""

    moduli: list[Stress] | None = Field(default=None, max_length=50, description="Young's modulus of each element.")
    times: list[Time] | None = Field(default=None, max_length=50, description="Relaxation time of each.")
    file: InputFile | None = Field(
        default=None,
        description="In place of moduli, times and young: a CSV of measured moduli (temperature_K, time_s, modulus_MPa), of which a "
        "master curve is made.",
    )
    temperature: Temperature | None = Field(default=None, description="Of the body; with wlf, arrhenius or file.")
    wlf: WlfInput | None = Field(default=None, description="How times depend on the temperature.")
    arrhenius: ArrheniusInput | None = Field(default=None, description="The same, by one activation energy.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        typed = (self.moduli, self.times, self.wlf, self.arrhenius)
        if self.file is not None:
            if any(one is not None for one in typed):
                raise InputError(
                    "file holds moduli, times and their shift; leave moduli, times, wlf and arrhenius out."
                )
            if self.temperature is None:
                raise InputError("a master curve is taken at a temperature; give temperature.")
            return self
        if not self.moduli or not self.times:
            raise InputError("give moduli and times of the elements, or file.")
        if len(self.moduli) != len(self.times):
            raise InputError(f"{len(self.moduli)} moduli and {len(self.times)} times; give one time to each.")
        shifts = sum(one is not None for one in (self.wlf, self.arrhenius))
        if shifts > 1 or bool(shifts) != (self.temperature is not None):
            raise InputError("a shift needs temperature and one of wlf and arrhenius.")
        return self

    def check(self, place: str) -> None:
        """Raise `InputError`, with its place in the input, unless the file makes a master curve that has the temperature."""
        try:
            self._measured()
        except InputError as error:
            raise InputError(f"{place}: {error}") from error

    def _measured(self) -> "tuple[Prony, float]":
        """The master curve of the file, and a_T of the body."""
        from continuum.relaxation import master_curve, read_relaxation

        assert self.file is not None and self.temperature is not None
        curve = master_curve(read_relaxation(self.file))
        return curve.prony, 10 ** float(curve.log_shift(np.array([self.temperature]))[0])

    def material(self, young: float | None, poisson: float, free_strain: tuple[float, ...]) -> "Viscoelastic":
        """The body, at its temperature.

        Raises:
            InputError: the file is damaged, or its temperatures do not reach that of the body.
        """
        from continuum.inelastic import Viscoelastic
        from continuum.relaxation import ArrheniusShift, WlfShift

        if self.file is not None:
            prony, factor = self._measured()
            return replace(prony.material(poisson, factor), free_strain=free_strain)
        assert young is not None and self.moduli is not None and self.times is not None
        factor = 1.0
        if self.wlf is not None:
            factor = 10 ** float(
                WlfShift(self.wlf.c1, self.wlf.c2, self.wlf.reference).logarithm(np.array(self.temperature))
            )
        if self.arrhenius is not None:
            shift = ArrheniusShift(self.arrhenius.energy, self.arrhenius.reference)
            factor = 10 ** float(shift.logarithm(np.array(self.temperature)))
        times = tuple(factor * time for time in self.times)
        return Viscoelastic(young, tuple(self.moduli), times, poisson, free_strain=free_strain)
