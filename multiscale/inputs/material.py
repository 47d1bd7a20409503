"""Input of bulk materials: typed constants, or a crystal whose constants the potential gives, or an earlier run."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

import numpy as np
from pydantic import Discriminator, Field, Tag, create_model, model_validator

from continuum.materials.registry import MaterialModel, Parameter, material_model, material_models
from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.boundary import Grain
from multiscale.inputs.crystal import CrystalInput, Temperature
from multiscale.inputs.dynamics import DynamicsInput
from multiscale.inputs.fields import Name, RunFolder, quantity
from multiscale.inputs.inelastic import WithMemory
from multiscale.inputs.polycrystal import GrainsInput
from multiscale.inputs.potential import Potential
from multiscale.inputs.relaxation import RelaxationInput
from multiscale.inputs.stress import SignedStress, Stress

SignedTemperature = quantity("temperature", "K", positive=False)
Expansion = quantity("thermal expansion", "1/K", positive=False)

_TYPED, _OF_CRYSTALS, _OWN = (
    material_models(*n) for n in (("stiffness", "isotropic"), ("stiffness", "third order"), ("own",))
)
if TYPE_CHECKING:
    TypedStrain = CrystalStrain = str
else:
    TypedStrain, CrystalStrain = Literal[*_TYPED], Literal[*_OF_CRYSTALS]
"""The materials of typed constants, and those of crystals."""


def _about(models: dict[str, MaterialModel], needs: str) -> str:
    """The description of materials in a schema: of those that belong to one kind of body, else of all that have one."""
    said = [m for m in models.values() if m.about]
    return "; ".join(f"{m.name}: {m.about}" for m in [m for m in said if m.needs == needs] or said) + "."


def _with_free_strain() -> str:
    return " or ".join(name for name, model in material_models().items() if model.free_strain)


_GRAINS = "Of a polycrystal, in place of grain: the groups of cells that are its grains, and their orientations."


def _check_one(grain: Grain | None, grains: GrainsInput | None) -> None:
    """Raise `InputError` if a body is one grain and many."""
    if grain is not None and grains is not None:
        raise InputError("give grain, the one orientation of a single crystal, or grains of a polycrystal, not both.")


def _check_free(temperature: float | None, stress_free_at: float | None, strain: str) -> None:
    """Raise `InputError` if a thermal strain has no two temperatures, or no place in the material."""
    if stress_free_at is not None and (temperature is None or not material_model(strain).free_strain):
        raise InputError(f"stress_free_at needs the body's own temperature, and strain: {_with_free_strain()}.")


class Stiffness(Section):
    """Elastic constants in the crystal's axes: three cubic ones, or the whole matrix."""

    C11: Stress | None = Field(default=None, description="Of a cubic crystal.")
    C12: SignedStress | None = Field(default=None, description="Of a cubic crystal.")
    C44: Stress | None = Field(default=None, description="Of a cubic crystal, with engineering shear.")
    matrix: list[list[float]] | None = Field(
        default=None,
        description="In place of the three: 6×6 numbers in the order xx yy zz yz xz xy, engineering shear.",
    )
    unit: Literal["Pa", "MPa", "GPa"] | None = Field(default=None, description="Unit of the matrix.")

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


class MaterialInput(WithMemory):
    """The material of a body."""

    young: Stress | None = Field(default=None, description="Young's modulus of an isotropic body.")
    poisson: float | None = Field(default=None, gt=-1, lt=0.5, description="Poisson's ratio of an isotropic body.")
    stiffness: Stiffness | None = Field(default=None, description="Elastic constants of an anisotropic body.")
    grain: Grain | None = Field(
        default=None,
        description="Orientation of the crystal of the stiffness; by default the mesh's axes are the crystal's.",
    )
    grains: GrainsInput | None = Field(default=None, description=_GRAINS)
    expansion: Expansion | None = Field(default=None, description="Thermal expansion, linear.")
    temperature_difference: SignedTemperature | None = Field(default=None, description="From the stress-free state.")
    strain: TypedStrain = Field(default="small", description=_about(_TYPED, "isotropic"))
    relaxation: RelaxationInput | None = Field(default=None, description="Viscoelasticity of an isotropic body.")

    @property
    def relaxes(self) -> RelaxationInput | None:
        """Its Maxwell elements."""
        return self.relaxation

    @model_validator(mode="after")
    def _one_material(self) -> Self:
        measured = self.relaxation is not None and self.relaxation.file is not None
        if measured and self.young is not None:
            raise InputError("relaxation.file holds the modulus; leave young out.")
        has_modulus = measured or self.young is not None
        isotropic = has_modulus and self.poisson is not None
        if isotropic == (self.stiffness is not None) or has_modulus != (self.poisson is not None):
            raise InputError("give young and poisson, or stiffness, one of the two.")
        if self.grain is not None and self.stiffness is None:
            raise InputError("a grain turns the axes of a stiffness, and an isotropic material has none; leave it out.")
        _check_one(self.grain, self.grains)
        self.check_memory(self.strain)
        if not isotropic and (self.flow is not None or self.relaxation is not None):
            raise InputError(f"{self.memories[0]} is isotropic; give young and poisson, or, of a crystal, slip.")
        if isotropic and self.slip is not None:
            raise InputError("slip needs a crystal; give stiffness, and its grain or grains.")
        if (self.expansion is None) != (self.temperature_difference is None):
            raise InputError("a thermal strain needs both expansion and temperature_difference.")
        model = material_model(self.strain)
        if self.expansion is not None and not model.free_strain:
            raise InputError(f"thermal strain is offered with strain: {_with_free_strain()}, not with {self.strain!r}.")
        if model.needs == "isotropic" and not isotropic:
            raise InputError(f"a {self.strain} material is isotropic; give young and poisson.")
        return self


class CrystalMaterial(WithMemory):
    """A body that is a crystal: stiffness, third-order constants and expansion are its potential's own."""

    crystal: CrystalInput
    potential: Potential | None = Field(default=None, description="By default the study's.")
    grain: Grain | None = Field(
        default=None,
        description="Orientation; by default the one that follows from the law of an interface, else the mesh's axes.",
    )
    grains: GrainsInput | None = Field(default=None, description=_GRAINS)
    strain: CrystalStrain = Field(default="small", description=_about(_OF_CRYSTALS, "third order"))
    temperature: Temperature | None = Field(
        default=None, description="Temperature of the body; without one the crystal is static."
    )
    stress_free_at: Temperature | None = Field(
        default=None,
        description="Temperature at which it is free of stress; the thermal strain is the potential's own expansion.",
    )
    dynamics: DynamicsInput | None = Field(
        default=None,
        description="Lattice, expansion and elastic constants at the temperature by molecular dynamics; by default the "
        "quasi-harmonic lattice and the static elastic constants there.",
    )

    @model_validator(mode="after")
    def _one_state(self) -> Self:
        _check_one(self.grain, self.grains)
        self.check_memory(self.strain)
        _check_free(self.temperature, self.stress_free_at, self.strain)
        if self.dynamics is not None and not (self.temperature and material_model(self.strain).needs != "third order"):
            raise InputError(
                "dynamics need a temperature above 0 K, and give no third-order constants; give temperature, and strain: small."
            )
        if self.dynamics is not None and self.stress_free_at == 0:
            raise InputError("dynamics at 0 K do not move; give a stress_free_at above it.")
        return self

    @property
    def same(self) -> tuple[object, ...]:
        """Equal for bodies of one crystal in one state."""
        moving = self.dynamics and self.dynamics.model_dump_json()
        return (*self.crystal.same, self.potential and self.potential.name, self.temperature, moving)


class RunMaterial(WithMemory):
    """A body that is a crystal of an earlier run: its stiffness with error bars, at the run's temperature."""

    run: RunFolder
    crystal: Name | None = Field(
        default=None,
        description="Which, of a run with several (plane, upper, lower, or a body's name); by default that of the same name.",
    )
    grain: Grain | None = Field(
        default=None,
        description="Orientation; by default the one that follows from the law of an interface, else the mesh's axes.",
    )
    grains: GrainsInput | None = Field(default=None, description=_GRAINS)
    strain: CrystalStrain = Field(default="small", description=_about(_OF_CRYSTALS, "third order"))
    temperature: Temperature | None = Field(
        default=None,
        description="Of a thermal study's run: the temperature of the body, one of its temperatures or between two.",
    )
    stress_free_at: Temperature | None = Field(
        default=None, description="Temperature at which it is free of stress; the thermal strain is that of the run."
    )

    @model_validator(mode="after")
    def _one_or_many(self) -> Self:
        _check_one(self.grain, self.grains)
        self.check_memory(self.strain)
        _check_free(self.temperature, self.stress_free_at, self.strain)
        if self.temperature is not None and self.crystal is not None:
            raise InputError(
                "give crystal, by its name, or temperature, by which a thermal study's run is asked, not both."
            )
        return self

    @property
    def same(self) -> tuple[object, ...]:
        """Equal for bodies of one crystal in one state."""
        return (self.run, self.crystal, self.temperature)


class OwnMaterial(Section):
    """A material of constants of its own; the section of each has them as keys."""

    strain: str

    @property
    def constants(self) -> dict[str, float]:
        """The constants by name, SI."""
        return {name: getattr(self, name) for name in material_model(self.strain).parameters}


def _entry(parameter: Parameter) -> tuple[Any, Any]:
    number = quantity(parameter.quantity, parameter.unit, positive=parameter.positive) if parameter.quantity else float
    bound: dict[str, Any] = {"gt": 0} if parameter.positive and not parameter.quantity else {}
    return number, Field(description=parameter.about, **bound)


def own_section(model: MaterialModel) -> type[OwnMaterial]:
    """The section of an input that gives a material's own constants."""
    entries: dict[str, Any] = {name: _entry(parameter) for name, parameter in model.parameters.items()}
    entries["strain"] = (Literal[model.name], Field(description=model.about or "The material."))
    return create_model(
        f"{model.material.__name__}Input", __base__=OwnMaterial, __module__=__name__, __doc__=model.about, **entries
    )


CONSTANTS, CRYSTAL, RUN = "typed constants", "crystal of a potential", "crystal of a run"
BODY_KINDS = (CONSTANTS, CRYSTAL, RUN, *(f"material {name}" for name in _OWN))
"""How the kinds of body are told apart in places of errors, where they are left out."""


def _kind(value: Any) -> str:
    if "run" in value if isinstance(value, dict) else isinstance(value, RunMaterial):
        return RUN
    if "crystal" in value if isinstance(value, dict) else isinstance(value, CrystalMaterial):
        return CRYSTAL
    strain = value.get("strain") if isinstance(value, dict) else getattr(value, "strain", None)
    return f"material {strain}" if isinstance(strain, str) and strain in _OWN else CONSTANTS


if TYPE_CHECKING:
    BodyInput = MaterialInput | CrystalMaterial | RunMaterial | OwnMaterial
else:
    _SECTIONS = (MaterialInput, CrystalMaterial, RunMaterial, *map(own_section, _OWN.values()))
    globals().update((section.__name__, section) for section in _SECTIONS)  # so that inputs go from rank to rank
    BodyInput = Annotated[
        Union[tuple(Annotated[section, Tag(kind)] for section, kind in zip(_SECTIONS, BODY_KINDS, strict=True))],  # noqa: UP007
        Discriminator(_kind),
    ]
"""Typed constants, `crystal` with its potential and grain, `run` with its grain, or a material of constants of its own."""
