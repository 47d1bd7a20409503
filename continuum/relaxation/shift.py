"""Shift factors a_T: by how much all is slower at a temperature than at the reference one."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import least_squares

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.units import GAS_CONSTANT

_FORMS = ("wlf", "arrhenius")


class Shift(Protocol):
    """How the times of a material depend on its temperature."""

    @property
    def reference(self) -> float:
        """The temperature of a_T = 1, K."""

    def logarithm(self, temperature: FloatArray) -> FloatArray:
        """(n,) log₁₀ a_T at temperatures in K."""


@dataclass(frozen=True)
class WlfShift:
    """log₁₀ a_T = −c₁ (T − T₀)/(c₂ + T − T₀) (Williams, Landel & Ferry, J. Am. Chem. Soc. 77 (1955) 3701).

    Attributes:
        c1: c₁.
        c2: c₂, K.
        reference: T₀, K.

    Raises:
        InputError: constants that are not positive.
    """

    c1: float
    c2: float
    reference: float

    def __post_init__(self) -> None:
        if not (self.c1 > 0 and self.c2 > 0 and self.reference > 0):
            raise InputError(
                f"WLF needs c1, c2 and a reference temperature above 0, not {self.c1}, {self.c2} K, {self.reference} K."
            )

    def logarithm(self, temperature: FloatArray) -> FloatArray:
        """(n,) log₁₀ a_T.

        Raises:
            InputError: a temperature at or below T₀ − c₂, where the law ends.
        """
        above = np.asarray(temperature, dtype=float) - self.reference
        if np.any(above <= -self.c2):
            raise InputError(f"WLF ends at {self.reference - self.c2:.4g} K; {np.min(temperature):.4g} K lies below.")
        return np.asarray(-self.c1 * above / (self.c2 + above))


@dataclass(frozen=True)
class ArrheniusShift:
    """log₁₀ a_T = Q/(R ln 10) (1/T − 1/T₀).

    Attributes:
        energy: Q, J/mol.
        reference: T₀, K.

    Raises:
        InputError: constants that are not positive.
    """

    energy: float
    reference: float

    def __post_init__(self) -> None:
        if not (self.energy > 0 and self.reference > 0):
            raise InputError(
                f"An Arrhenius shift needs a positive energy and temperature, not {self.energy} J/mol, {self.reference} K."
            )

    def logarithm(self, temperature: FloatArray) -> FloatArray:
        """(n,) log₁₀ a_T."""
        inverse = 1 / np.asarray(temperature, dtype=float) - 1 / self.reference
        return np.asarray(self.energy / (GAS_CONSTANT * np.log(10)) * inverse)


def fit_shift(form: str, temperature: FloatArray, logarithm: FloatArray, reference: float) -> Shift:
    """The shift of a form that fits log₁₀ a_T (n,) at temperatures (n,) in K, by least squares.

    Raises:
        InputError: an unknown form, or fewer temperatures than constants beside the reference one.
    """
    if form not in _FORMS:
        raise unknown_choice("form of a shift", form, _FORMS)
    temperature, logarithm = np.asarray(temperature, dtype=float), np.asarray(logarithm, dtype=float)
    if np.count_nonzero(temperature != reference) < (2 if form == "wlf" else 1):
        raise InputError(f"A {form} shift needs data at more temperatures than the reference one, {reference} K.")
    if form == "arrhenius":
        inverse = (1 / temperature - 1 / reference) / (GAS_CONSTANT * np.log(10))
        return ArrheniusShift(float(inverse @ logarithm / (inverse @ inverse)), reference)
    lowest = reference - temperature.min()

    def left(unknowns: FloatArray) -> FloatArray:
        return WlfShift(np.exp(unknowns[0]), lowest + np.exp(unknowns[1]), reference).logarithm(temperature) - logarithm

    found = least_squares(left, np.log([15.0, 50.0]), xtol=1e-14, ftol=1e-14, gtol=1e-14).x
    return WlfShift(float(np.exp(found[0])), float(lowest + np.exp(found[1])), reference)
