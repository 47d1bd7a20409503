"""Input of the fracture study: a potential, an interface, a specimen, a loading."""

from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.boundary import (
    Grain,
    LengthUnit,
    Load,
    Support,
    check_in_plane,
    check_loaded,
    check_sides,
    groups_of,
)
from multiscale.inputs.checks import check_crystal, check_groups
from multiscale.inputs.fields import Direction, InputFile, Length, Name
from multiscale.inputs.potential import Potential
from multiscale.inputs.trust import Trust


class Openings(Section):
    """The sampled openings of the interface."""

    max: Length = Field(default="6 Å", validate_default=True, description="Largest opening; beyond the potential's range.")
    points: int = Field(default=40, ge=12, le=10_000, description="Number of samples.")


class Interface(Section):
    """The plane that is opened, and how."""

    species: str = Field(description="Chemical symbol.")
    structure: str = Field(description="Crystal structure, as ASE names it.")
    miller: Direction = Field(description="Plane (hkl) in the conventional cell.")
    layers: int = Field(default=12, ge=4, le=1000, description="Atomic planes in the slab.")
    path: Literal["rigid"] = "rigid"
    openings: Openings = Field(default_factory=Openings)


class Bond(Section):
    """An interface of the mesh: the bodies on its two sides; the normal points from minus to plus."""

    plus: Name
    minus: Name


class Specimen(Section):
    """The finite-element specimen."""

    mesh: InputFile = Field(description="Gmsh mesh with named physical groups.")
    mesh_unit: LengthUnit = Field(description="Unit of the mesh's coordinates.")
    kind: Literal["plane strain"] = "plane strain"
    grain: Grain
    bodies: list[Name] = Field(min_length=1, description="Physical groups of the bodies.")
    interfaces: dict[Name, Bond] = Field(min_length=1, description="Physical group of each interface.")
    supports: list[Support] = Field(default_factory=list)
    loads: list[Load] = Field(min_length=1)

    @model_validator(mode="after")
    def _sides(self) -> Self:
        for name, bond in self.interfaces.items():
            check_sides(name, bond.plus, bond.minus, self.bodies)
        if len(set(self.bodies)) != len(self.bodies):
            raise InputError(f"bodies {self.bodies} names a body twice.")
        check_in_plane(supports=self.supports, loads=self.loads)
        check_loaded(self.loads)
        return self


class Loading(Section):
    """Displacement-controlled opening."""

    opening: Length = Field(description="Largest load-point opening.")
    steps: int = Field(default=60, ge=1, le=100_000, description="Least number of steps; cut automatically.")


class FractureStudy(Study):
    """From a potential to a cohesive law to a broken specimen."""

    study: Literal["fracture"]
    potential: Potential
    interface: Interface
    specimen: Specimen
    loading: Loading
    trust: Trust | None = Field(
        default=None, description="Error bars, from samples of the potential; the specimen is broken with each of them."
    )

    @model_validator(mode="after")
    def _opened_plane(self) -> Self:
        along, plane = np.array(self.specimen.grain.y), np.array(self.interface.miller)
        if self.interface.structure in _CUBIC and (np.cross(along, plane).any() or along @ plane < 0):
            raise InputError(
                f"specimen.grain.y {along.tolist()} must be parallel to interface.miller {plane.tolist()}: "
                "the mesh's y is the normal of the plane that opens."
            )
        return self

    def check(self) -> None:
        """Check names, files and physical groups, without torch or FEniCSx."""
        self.potential.check()
        if self.trust is not None:
            self.trust.check()
        check_crystal(self.interface.species, self.interface.structure)
        check_groups(
            self.specimen.mesh,
            cells=self.specimen.bodies,
            facets=groups_of(self.specimen.interfaces, self.specimen.supports, self.specimen.loads),
            dimension=2,
        )

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        trusted = () if self.trust is None else self.trust.files()
        return tuple(dict.fromkeys((self.specimen.mesh, *self.potential.files(), *trusted)))


_CUBIC = ("sc", "fcc", "bcc", "diamond", "zincblende", "rocksalt", "cesiumchloride", "fluorite")
