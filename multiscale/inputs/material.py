"""Input of bulk materials: typed constants, or a crystal whose constants the potential gives."""

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.boundary import Grain
from multiscale.inputs.crystal import CrystalInput, Temperature
from multiscale.inputs.fields import quantity
from multiscale.inputs.potential import Potential
from multiscale.inputs.stress import SignedStress, Stress

SignedTemperature = quantity("temperature", "K", positive=False)
Expansion = quantity("thermal expansion", "1/K", positive=False)


class Stiffness(Section):
    """Elastic constants in the crystal's axes: three cubic ones, or the whole matrix."""

    C11: Stress | None = None
    C12: SignedStress | None = None
    C44: Stress | None = None
    matrix: list[list[float]] | None = Field(
        default=None, description="6×6, order xx yy zz yz xz xy, engineering shear."
    )
    unit: Literal["Pa", "MPa", "GPa"] | None = Field(default=None, description="Of the matrix.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        cubic, full = (self.C11, self.C12, self.C44), (self.matrix, self.unit)
        whole = [all(v is not None for v in form) for form in (cubic, full)]
        if sum(whole) != 1 or any(v is not None for v in (full if whole[0] else cubic)):
            raise InputError("give C11, C12 and C44 with their units, or matrix and unit.")
        if self.matrix is not None and (len(self.matrix) != 6 or any(len(row) != 6 for row in self.matrix)):
            raise InputError("the matrix of the stiffness must have six rows of six numbers.")
        return self

    @property
    def voigt(self) -> FloatArray:
        """(6, 6) Pa, order xx yy zz yz xz xy with engineering shear."""
        if self.matrix is not None:
            return np.array(self.matrix) * {"Pa": 1.0, "MPa": 1e6, "GPa": 1e9}[self.unit or "Pa"]
        assert self.C11 is not None and self.C12 is not None and self.C44 is not None
        stiffness = np.diag([self.C11 - self.C12] * 3 + [self.C44] * 3)
        stiffness[:3, :3] += self.C12
        return stiffness


class MaterialInput(Section):
    """The material of a body."""

    young: Stress | None = None
    poisson: float | None = Field(default=None, gt=-1, lt=0.5)
    stiffness: Stiffness | None = None
    grain: Grain | None = Field(
        default=None, description="Of the stiffness; by default the mesh's axes are the crystal's."
    )
    expansion: Expansion | None = None
    temperature_difference: SignedTemperature | None = Field(default=None, description="From the stress-free state.")
    strain: Literal["small", "finite", "neo-hookean"] = Field(
        default="small", description="finite: the stiffness in the Green-Lagrange strain (St. Venant-Kirchhoff)."
    )

    @model_validator(mode="after")
    def _one_material(self) -> Self:
        isotropic = self.young is not None and self.poisson is not None
        if isotropic == (self.stiffness is not None) or (self.young is None) != (self.poisson is None):
            raise InputError("give young and poisson, or stiffness, one of the two.")
        if self.grain is not None and self.stiffness is None:
            raise InputError("a grain turns the axes of a stiffness, and an isotropic material has none; leave it out.")
        if (self.expansion is None) != (self.temperature_difference is None):
            raise InputError("a thermal strain needs both expansion and temperature_difference.")
        if self.expansion is not None and self.strain != "small":
            raise InputError(f"thermal strain is offered with strain: small, not with {self.strain!r}.")
        if self.strain == "neo-hookean" and not isotropic:
            raise InputError("a neo-hookean material is isotropic; give young and poisson.")
        return self


class CrystalMaterial(Section):
    """A body that is a crystal: stiffness, third-order constants and expansion are its potential's own."""

    crystal: CrystalInput
    potential: Potential | None = Field(default=None, description="By default the study's.")
    grain: Grain | None = Field(
        default=None,
        description="By default what the crystal on the other side of an interface makes it, else the mesh's axes.",
    )
    strain: Literal["small", "finite", "cauchy-born"] = Field(
        default="small",
        description="cauchy-born: to third order in the Green-Lagrange strain, as the crystal's own energy.",
    )
    temperature: Temperature | None = Field(default=None, description="Of the body; none is the static crystal.")
    stress_free_at: Temperature | None = Field(
        default=None,
        description="Temperature at which it is free of stress; the thermal strain is the potential's own expansion.",
    )

    @model_validator(mode="after")
    def _one_state(self) -> Self:
        if self.stress_free_at is not None and (self.temperature is None or self.strain != "small"):
            raise InputError("stress_free_at needs the body's own temperature, and strain: small.")
        return self


CONSTANTS, CRYSTAL = "typed constants", "crystal of a potential"
"""How the two kinds of body are told apart in places of errors, where they are left out."""


def _kind(value: Any) -> str:
    given = "crystal" in value if isinstance(value, dict) else isinstance(value, CrystalMaterial)
    return CRYSTAL if given else CONSTANTS


BodyInput = Annotated[
    Annotated[MaterialInput, Tag(CONSTANTS)] | Annotated[CrystalMaterial, Tag(CRYSTAL)], Discriminator(_kind)
]
"""Typed constants, or `crystal` with its potential and grain."""
