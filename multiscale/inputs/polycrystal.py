"""Input of polycrystals: the grains of a body with their orientations, and which of their boundaries a law is on."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.orientations import (
    checked_rotation,
    coincidences,
    fibre_orientations,
    random_orientations,
)
from multiscale.inputs.base import Section
from multiscale.inputs.fields import Direction, Name


class GrainsInput(Section):
    """The grains of a polycrystal: groups of cells, each a crystal of the body's material in its own orientation."""

    groups: Name = Field(
        default="grain_*",
        description="Groups of cells that are its grains, * standing for anything; they are numbered by the number at their end.",
    )
    seed: int | None = Field(
        default=None, ge=0, lt=2**32, description="Of random orientations; by default the study's seed."
    )
    fibre: Direction | None = Field(
        default=None,
        description="Crystal direction along the mesh's z in all grains, which are turned about it at random (columnar grains); by "
        "default all orientations are equally likely.",
    )
    orientations: list[list[list[float]]] | None = Field(
        default=None,
        min_length=2,
        description="In place of random ones: for each grain 3×3 numbers, whose rows are the mesh's x, y and z in the crystal's axes.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.orientations is not None:
            if self.fibre is not None or self.seed is not None:
                raise InputError("give orientations, or seed and fibre of random ones, not both.")
            for number, one in enumerate(self.orientations, 1):
                checked_rotation(_matrix(one), f"orientations: that of grain {number}")
        return self

    def rotations(self, body: str, count: int, seed: int) -> FloatArray:
        """(count, 3, 3) orientations of the grains, rows the mesh's axes in the crystal.

        Args:
            body: Whose grains.
            count: How many there are in the mesh.
            seed: The study's.

        Raises:
            InputError: other than as many are given.
        """
        if self.orientations is not None:
            if len(self.orientations) != count:
                raise InputError(
                    f"bodies.{body}.grains: {len(self.orientations)} orientations are given, and the mesh has {count} grains; give "
                    "each grain one."
                )
            return np.array([_matrix(one) for one in self.orientations])
        chosen = seed if self.seed is None else self.seed
        if self.fibre is None:
            return random_orientations(count, chosen)
        return fibre_orientations(count, chosen, np.array(self.fibre, dtype=float))


def _matrix(rows: list[list[float]]) -> FloatArray:
    if len({len(row) for row in rows}) != 1:
        raise InputError(f"{rows} is not a matrix: its rows differ in length.")
    return np.array(rows, dtype=float)


class BoundariesInput(Section):
    """Boundaries between the grains of a polycrystal: those that fit all conditions, and none of the interfaces before."""

    body: Name = Field(description="The polycrystal, a body with grains.")
    angle_below: float | None = Field(
        default=None, gt=0, le=180, json_schema_extra={"unit": "degrees"},
        description="The misorientation, the least angle between equivalent orientations, is less.",
    )  # fmt: skip
    angle_above: float | None = Field(
        default=None, ge=0, lt=180, json_schema_extra={"unit": "degrees"}, description="The misorientation is at least that."
    )  # fmt: skip
    axis: Direction | None = Field(
        default=None, description="The misorientation is about one of these directions <uvw>, in a cubic crystal."
    )
    axis_within: float = Field(
        default=10.0, gt=0, le=45, json_schema_extra={"unit": "degrees"}, description="How far its axis may be from them."
    )  # fmt: skip
    sigma: int | None = Field(
        default=None,
        description="The misorientation is this Σ by Brandon's criterion, within 15°/√Σ, in a cubic crystal.",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.sigma is not None:
            coincidences(self.sigma)
        if self.angle_below is not None and self.angle_above is not None and not self.angle_above < self.angle_below:
            raise InputError(
                f"no misorientation is at least {self.angle_above:g}° and below {self.angle_below:g}°; exchange the two angles."
            )
        if self.axis is None:
            self.refuse_given("boundaries about any axis; give axis", "axis_within")
        return self

    @property
    def is_general(self) -> bool:
        """Whether it takes all boundaries that are left."""
        return all(value is None for value in (self.angle_below, self.angle_above, self.axis, self.sigma))

    @property
    def is_of_cubic(self) -> bool:
        """Whether it has a meaning for cubic crystals alone."""
        return self.axis is not None or self.sigma is not None


def check_classes(classes: dict[str, BoundariesInput | None], bodies: dict[str, GrainsInput | None]) -> None:
    """Check that each boundary of each polycrystal will have one law.

    Args:
        classes: By interface; None of those between bodies.
        bodies: Their grains; None of those without.

    Raises:
        InputError: a body has no grains, or boundaries that may have no law; an interface comes after one that takes all.
    """
    general: dict[str, str] = {}
    for name, one in classes.items():
        if one is None:
            continue
        if bodies.get(one.body) is None:
            grained = ", ".join(body for body, grains in bodies.items() if grains is not None) or "(none)"
            raise InputError(
                f"interfaces.{name}.grains: the body {one.body!r} has no grains; valid: {grained}. Give it grains: {{}}."
            )
        if one.body in general:
            raise InputError(
                f"interfaces.{name}: no boundary of {one.body!r} is left for it, as {general[one.body]!r} before it has no "
                "conditions and takes all; put that last."
            )
        if one.is_general:
            general[one.body] = name
    for body, grains in bodies.items():
        if grains is not None and body not in general:
            raise InputError(
                f"bodies.{body}: boundaries of its grains may have no law; end the interfaces with one that takes all that are left, "
                f"such as general: {{grains: {{body: {body}}}, law: ...}}."
            )
