"""A crystal in an input file: by its name or from a file; and one that is cut along a plane."""

from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.checks import check_cut
from multiscale.inputs.fields import Direction, InputFile, quantity

if TYPE_CHECKING:
    from ase import Atoms


def _not_negative(kelvin: float) -> float:
    if kelvin < 0:
        raise InputError(f"{kelvin} K is below absolute zero; give 0 K or more.")
    return kelvin


FIRST_LAYERS = 12
"""Layers that an automatic choice begins with."""
Temperature = Annotated[quantity("temperature", "K", positive=False), AfterValidator(_not_negative)]
"""A temperature in K, written as "300 K"."""


class CrystalInput(Section):
    """A crystal: by species and structure, or from a file."""

    species: str | None = Field(default=None, description="Chemical symbols: Ni, TiN.")
    structure: str | None = Field(default=None, description="Crystal structure, as ASE names it: fcc, rocksalt.")
    file: InputFile | None = Field(default=None, description="The crystal's cell in any file that ASE reads.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = self.species is not None and self.structure is not None
        if named == (self.file is not None) or (self.species is None) != (self.structure is None):
            raise InputError("give a crystal by species and structure, or by file, one of the two.")
        return self

    @property
    def label(self) -> str:
        """Its name in reports: "Ni fcc", or its file."""
        return self.file.name if self.file is not None else f"{self.species} {self.structure}"

    @property
    def same(self) -> tuple[object, ...]:
        """Equal for equal crystals."""
        return (self.species, self.structure, self.file)

    def check(self) -> None:
        """Raise `InputError` unless the name or the file is there."""
        if self.file is not None:
            from atomistic.decohesion.slab import read_crystal

            read_crystal(self.file)
        if self.species is not None and self.structure is not None:
            from atomistic.properties.crystals import Crystal as Named

            Named.named(self.species, self.structure)

    def shape(self) -> "tuple[Atoms, FloatArray]":
        """The crystal, not at rest, and the cell that indices refer to: (3, 3) Å."""
        from atomistic.decohesion.slab import conventional_cell, read_crystal
        from atomistic.properties.crystals import Crystal as Named

        if self.file is not None:
            crystal = read_crystal(self.file)
            return crystal, crystal.cell.array
        assert self.species is not None and self.structure is not None
        named = Named.named(self.species, self.structure)
        crystal = named.build(named.lengths(named.guess()))
        return crystal, conventional_cell(crystal)


class CutCrystal(CrystalInput):
    """A crystal cut along a plane."""

    miller: Direction = Field(description="Plane (hkl) in the conventional cell (of a file: in its cell).")
    x: Direction | None = Field(
        default=None,
        description="Crystal direction of the first slip, in the plane; by default a short lattice vector.",
    )
    layers: Annotated[int, Field(ge=4, le=1000)] | Literal["automatic"] = Field(
        default=12,
        description="Atomic planes; or automatic: half more of them, from 12 on, until the peak of a relaxed law no longer changes.",
    )
    termination: str | None = Field(default=None, description="Atoms of the plane below the cut, such as TiO2.")

    @model_validator(mode="before")
    @classmethod
    def _four_indices(cls, data: Any) -> Any:
        """Of a hexagonal crystal, (h k i l) is (h k l), and [u v t w] is [2u + v, u + 2v, w]."""
        hexagonal = isinstance(data, dict) and data.get("structure") == "hcp"
        return three_indices(data, planes=("miller",), directions=("x",)) if hexagonal else data

    @property
    def first_layers(self) -> int:
        """The number of layers, or that to begin with."""
        return FIRST_LAYERS if self.layers == "automatic" else self.layers

    def check(self) -> None:
        """Raise `InputError` unless the crystal is there and can be cut so."""
        super().check()
        check_cut(*self.shape(), self.miller, self.first_layers, self.x, self.termination)


def three_indices(
    data: dict[str, Any], *, planes: Sequence[str] = (), directions: Sequence[str] = ()
) -> dict[str, Any]:
    """The keys of a hexagonal crystal with three indices, where they have four: those of planes, and those of directions."""
    changes: dict[str, Any] = {}
    for key in planes:
        if (plane := _four(data.get(key), key)) is not None:
            changes[key] = [plane[0], plane[1], plane[3]]
    for key in directions:
        if (along := _four(data.get(key), key)) is not None:
            changes[key] = _shortest([2 * along[0] + along[1], along[0] + 2 * along[1], along[3]])
    return data | changes


def _four(given: object, key: str) -> list[int] | None:
    """Four indices whose first three add up to nothing; None for anything else than four."""
    if not isinstance(given, list | tuple) or len(given) != 4 or not all(type(index) is int for index in given):
        return None
    if sum(given[:3]):
        raise InputError(f"{key}: of the four indices {list(given)} the first three must add up to 0.")
    return list(given)


def _shortest(direction: list[int]) -> list[int]:
    divisor = gcd(*direction)
    return [index // divisor for index in direction] if divisor else direction
