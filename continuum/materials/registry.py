"""Which bulk materials there are: each file here, and each entry point of `multiscale.materials`, offers its own.

A new material is one new file in this folder (or one module of another distribution whose entry point
names it), with a frozen dataclass under `@offered(...)`. It can then be chosen in inputs by the word
after `strain:`: one of elastic constants takes those (`from_moduli`), one of constants of its own
states each with `parameter(...)`, from which the input's section is made.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_args

from coupling.discovery import own_modules, refuse_twin, third_parties
from coupling.errors import unknown_choice

ENTRY_POINT_GROUP = "multiscale.materials"
"""A third party's entry point in this group names a material's class, or the module that offers it."""

Needs = Literal["stiffness", "isotropic", "third order", "own"]
"""From what a material is made: any stiffness, Young's modulus and Poisson's ratio, a crystal's second- and third-order
constants, or parameters of its own."""


@dataclass(frozen=True)
class Parameter:
    """A constant of a material as an input gives it.

    Attributes:
        quantity: A key of `coupling.units.SI_FACTORS`; empty: a pure number.
        unit: The SI unit.
        about: One line.
        positive: Whether it must be greater than zero.
    """

    quantity: str
    unit: str
    about: str
    positive: bool = True


def parameter(quantity: str, unit: str, about: str, *, positive: bool = True) -> Any:
    """The dataclass field of a material's own constant; see `Parameter`."""
    return field(metadata={"parameter": Parameter(quantity, unit, about, positive)})


@dataclass(frozen=True)
class MaterialModel:
    """A material that inputs can choose.

    Attributes:
        name: The word after `strain:`.
        material: Its class.
        needs: From what it is made.
        about: One line for the schema; may be empty.
        free_strain: Whether it can have a strain without stress.
        plane_stress: Whether it has a form in plane stress.
    """

    name: str
    material: Any
    needs: Needs
    about: str = ""
    free_strain: bool = False
    plane_stress: bool = False

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The constants of its own, by name."""
        return {f.name: f.metadata["parameter"] for f in fields(self.material) if "parameter" in f.metadata}


_OFFERED: dict[str, MaterialModel] = {}


def offered(
    name: str, needs: Needs, *, about: str = "", free_strain: bool = False, plane_stress: bool = False
) -> Callable[[type], type]:
    """Offer a material to inputs under a name; see `MaterialModel`.

    Raises:
        InputError: another class has the name.
    """

    def register(material: type) -> type:
        refuse_twin("material", name, _OFFERED[name].material if name in _OFFERED else None, material)
        _OFFERED[name] = MaterialModel(name, material, needs, about, free_strain, plane_stress)
        return material

    return register


@cache
def _discover() -> None:
    own_modules("continuum.materials")
    third_parties(ENTRY_POINT_GROUP)


def material_models(*needs: Needs) -> dict[str, MaterialModel]:
    """The materials that are made of one of these (by default of anything), linear ones first."""
    _discover()
    order = get_args(Needs)
    found = sorted(_OFFERED.values(), key=lambda m: (not m.material.linear, order.index(m.needs), m.name))
    return {model.name: model for model in found if not needs or model.needs in needs}


def material_model(name: str) -> MaterialModel:
    """The material of a name.

    Raises:
        InputError: there is none.
    """
    models = material_models()
    if name not in models:
        raise unknown_choice("material", name, models)
    return models[name]
