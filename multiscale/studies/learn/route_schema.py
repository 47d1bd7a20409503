"""Input of the routes of learning beside a slab: two crystals, a core, a crack's tip, anything that moves or relaxes."""

from typing import Self

from pydantic import Field, model_validator

from coupling.errors import InputError, unknown_choice
from coupling.units import ANGSTROM
from multiscale.inputs.base import Section
from multiscale.inputs.checks import check_crystal
from multiscale.inputs.crystal import CrystalInput, CutCrystal, Temperature
from multiscale.inputs.fields import AtomicLength
from multiscale.inputs.law_options import Openings
from multiscale.inputs.matching import Matching

_STRUCTURES = ("fcc", "bcc")


class InterfaceRoute(Section):
    """Two crystals on each other, matched and closed by the potential that learns, then opened."""

    upper: CutCrystal = Field(description="The upper crystal.")
    lower: CutCrystal = Field(description="The lower crystal.")
    matching: Matching = Field(default_factory=Matching, description="How the two lattices are brought to coincide.")
    openings: Openings = Field(default_factory=lambda: Openings(points=12), description="The rigid opening path.")
    slips: int = Field(default=0, ge=0, le=1000, description="Points of a slip by one lattice vector.")
    relaxations: int = Field(default=0, ge=0, le=1000, description="Openings at which the atoms relax.")

    def check(self) -> None:
        """Raise `InputError` unless both crystals are there and can be cut so."""
        for crystal in (self.upper, self.lower):
            crystal.check()
            if crystal.layers == "automatic":
                raise InputError("layers: automatic is not for learning; give a number, such as 4.")


class LineRoute(Section):
    """A line in a crystal, on a slip plane."""

    species: str = Field(description="Chemical symbol.")
    structure: str = Field(description="fcc or bcc.")
    system: str = Field(description="Slip system and character, such as edge or screw; of a crack its plane and front.")

    def check(self) -> None:
        """Raise `InputError` unless there is such a system."""
        from atomistic.dislocation.systems import slip_system

        if self.structure not in _STRUCTURES:
            raise unknown_choice("structure of a line", self.structure, _STRUCTURES)
        check_crystal(self.species, self.structure)
        slip_system(self.structure, self.system)


class CoreRoute(LineRoute):
    """A dislocation's core, in a periodic quadrupole of two opposite lines."""

    width: int = Field(default=26, ge=4, le=200, multiple_of=2, description="Glide periods along x.")
    height: int = Field(default=6, ge=2, le=100, description="Lattice steps along y.")
    separations: list[AtomicLength] = Field(
        default=["0.1 Å", "4 Å", "8 Å"], validate_default=True, min_length=1, max_length=50,
        description="Distances of the partials in the elastic field that is begun with.",
    )  # fmt: skip
    relaxations: int = Field(default=1, ge=0, le=50, description="From how many of these the atoms relax.")


class CrackRoute(LineRoute):
    """A crack's tip in the field of K, in a cylinder whose shell is held."""

    loads: list[float] = Field(
        default=[0.6, 0.9, 1.2], min_length=1, max_length=50,
        description="K_I over Griffith's, of the potential's own surface energy.",
    )  # fmt: skip
    radius: AtomicLength = Field(default="8 Å", validate_default=True, description="Of the atoms that may move.")
    shell: AtomicLength = Field(default="6 Å", validate_default=True, description="About them, held.")
    relaxations: int = Field(default=1, ge=0, le=50, description="At how many loads, from the last, the atoms relax.")

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if min(self.loads) <= 0:
            raise InputError(f"{self.loads}: a crack needs positive loads, 1 for Griffith's.")
        return self


class AtomsRoute(CrystalInput):
    """Any atoms: a crystal by its name, or a file of any structure as it is."""

    repeats: tuple[int, int, int] = Field(default=(1, 1, 1), strict=False, description="Repeats of the cell.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if min(self.repeats) < 1:
            raise InputError(f"repeats {list(self.repeats)} must be three numbers from 1.")
        return self

    def check(self) -> None:
        """Raise `InputError` unless the name or the file is there."""
        if self.file is None:
            super().check()
        elif not self.file.is_file():
            raise InputError(f"There is no file of atoms {self.file}.")


class MovingRoute(AtomsRoute):
    """Langevin dynamics of any atoms, in steps that are safe for the potential."""

    temperature: Temperature = Field(default="300 K", validate_default=True, description="Of the thermostat.")
    steps: int = Field(default=100, ge=1, le=1_000_000, description="Time steps.")
    every: int = Field(default=10, ge=1, description="Time steps between looks.")


class RelaxingRoute(AtomsRoute):
    """The relaxation of any atoms in their cell."""

    steps: int = Field(default=100, ge=1, le=10_000, description="Most steps.")


def in_angstrom(lengths: list[float]) -> list[float]:
    """Lengths in m as Å."""
    return [one / ANGSTROM for one in lengths]
