"""What a specimen's mesh carries: its unit, grains, the sides of interfaces, supports and loads."""

from collections.abc import Iterable
from typing import Annotated, Literal, Protocol, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from coupling.errors import InputError, unknown_choice
from coupling.units import normalised
from multiscale.inputs.base import Section
from multiscale.inputs.fields import Direction, Name

LengthUnit = Annotated[
    Literal["m", "mm", "um", "µm", "nm", "Å", "A"],
    BeforeValidator(lambda value: normalised(value) if isinstance(value, str) else value),
]
Component = Literal["x", "y", "z"]


class Grain(Section):
    """Crystal directions along the mesh's x and y."""

    x: Direction = Field(description="Crystal direction [uvw] along the mesh's x.")
    y: Direction = Field(description="Crystal direction [uvw] along the mesh's y; orthogonal to x.")

    @model_validator(mode="after")
    def _orthogonal(self) -> Self:
        if np.dot(self.x, self.y) != 0:
            raise InputError(f"x {list(self.x)} and y {list(self.y)} must be orthogonal crystal directions.")
        return self


class OnGroup(Section):
    """What acts on a boundary of the mesh."""

    group: Name = Field(description="Group of facets of the mesh, on its outer boundary.")


class Support(OnGroup):
    """A boundary on which one displacement component is held."""

    component: Component = Field(description="The component that is held at zero.")


class LoadInput(OnGroup):
    """A boundary on which a displacement component is prescribed: `factor` times the opening."""

    component: Literal["x", "y", "z", "mode I"] = Field(
        description="The component that is prescribed; mode I: the K field of a crack along -x whose tip is at the origin, on the rim "
        "around it (one group above the crack, one below), where the opening is that of its faces."
    )
    factor: float = Field(default=1.0, description="Displacement over the loading's opening; 1 of mode I.")

    @property
    def is_far_field(self) -> bool:
        """Whether it is a K field."""
        return self.component == "mode I"

    @model_validator(mode="after")
    def _whole_field(self) -> Self:
        if self.is_far_field and self.factor != 1.0:
            raise InputError("the opening of mode I is that of the crack's faces at the rim; leave factor out.")
        return self


def check_sides(name: str, plus: str, minus: str | None, bodies: Iterable[str]) -> None:
    """Raise `InputError` unless an interface lies between two bodies, or a body and a rigid foundation."""
    bodies = list(bodies)
    for body in (plus, minus):
        if body is not None and body not in bodies:
            raise InputError(f"interfaces.{name}: {unknown_choice('body', body, bodies)}")
    if plus == minus:
        raise InputError(f"interfaces.{name}: plus and minus are both {plus!r}; give two bodies.")


class HasComponent(Protocol):
    """What acts along an axis of the mesh."""

    @property
    def component(self) -> str:
        """The axis."""
        ...


def check_in_plane(**items: Iterable[HasComponent]) -> None:
    """Raise `InputError` if one asks for the component z, which a mesh of dimension 2 does not have."""
    for place, entries in items.items():
        for number, entry in enumerate(entries):
            if entry.component == "z":
                raise InputError(f"{place}.{number}.component: 'z' is not in the plane of the mesh; valid: x, y.")


def check_loaded(loads: Iterable[LoadInput]) -> None:
    """Raise `InputError` if no load moves anything."""
    if not any(load.factor for load in loads):
        raise InputError("all loads have factor 0, so nothing would be loaded; give one a factor.")


def groups_of(*sections: Iterable[str | OnGroup]) -> list[str]:
    """The groups of facets that these sections name."""
    return [item if isinstance(item, str) else item.group for section in sections for item in section]
