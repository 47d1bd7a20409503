"""Input of the concurrent study: a crystal, what is in its middle, and the methods that are compared."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.checks import check_crystal
from multiscale.inputs.fields import Direction, Length
from multiscale.inputs.potential import Potential

_DEFECTS = ("point_defect", "dislocation_dipole", "crack", "indentation")
_OPEN = ("crack", "indentation")
_PLANE = ("dislocation_dipole", "crack")
MethodName = Literal["atomistic", "flexible", "cauchy_born", "bqce", "bqcf", "bgfc"]


class PointDefect(Section):
    """Missing atoms in a row; in a plane problem, missing columns."""

    missing: int = Field(default=1, ge=1, le=20, description="Atoms or columns.")


class DislocationDipole(Section):
    """Two straight edge dislocations of opposite sign on one plane; plane problems only."""

    burgers: list[float] = Field(
        min_length=3, max_length=3, description="Burgers vector in lattice parameters, along cubic axes: [0.5, 0.5, 0]."
    )
    separation: Length = Field(description="Of the two.")


class Crack(Section):
    """A sharp crack in mode I, its tip in the middle of the box, in the far field of K; plane problems only."""

    plane: Direction = Field(description="Plane (hkl) of the crack, which holds line, its front.")
    loads: list[float] = Field(
        default=[1.0], min_length=1, max_length=50,
        description="K_I over Griffith's, of the potential's own surface energy; one after another.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if min(self.loads) <= 0:
            raise InputError(f"{self.loads}: a crack needs positive loads, 1 for Griffith's.")
        return self


class Indentation(Section):
    """A rigid frictionless indenter on a free surface through the middle of the box: a cylinder along line, else a sphere."""

    plane: Direction = Field(description="Surface (hkl); with line, which lies in it.")
    radius: Length = Field(description="Of the indenter.")
    depths: list[Length] = Field(
        min_length=1, max_length=50, description="Below the last plane of atoms, one after another."
    )

    @model_validator(mode="after")
    def _shallow(self) -> Self:
        if max(self.depths) >= self.radius:
            raise InputError(
                f"An indenter of radius {self.radius:g} m cannot be {max(self.depths):g} m deep; stay below the radius."
            )
        return self


class Box(Section):
    """The far boundary, where the displacement is the predictor's."""

    cells: list[int] = Field(
        min_length=2, max_length=3, description="Coarsest cells along each primitive lattice vector."
    )
    level: int = Field(ge=1, le=10, description="A coarsest cell is 2**level lattice cells wide.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if min(self.cells) < 1:
            raise InputError(f"{self.cells} are not numbers of cells; give whole numbers from 1.")
        return self


class Adapt(Section):
    """The region goes where atoms and continuum disagree; core and blend as given are where it begins."""

    steps: int = Field(default=2, ge=1, le=10, description="How often, under each load.")
    left: float = Field(
        default=0.5, gt=0, lt=1, description="Part of the indicator's norm that may remain beyond the core."
    )


class MethodInput(Section):
    """A method and its region; lengths in lattice units, the root of the area or volume of a site."""

    method: MethodName = Field(
        description="atomistic (clamped at the core's radius), flexible (in a linear elastic medium), cauchy_born, bqce, bqcf or bgfc."
    )
    core: float = Field(gt=0, le=1e4, description="Radius in which atoms count alone.")
    blend: float = Field(default=4.0, ge=0, le=1e4, description="Width over which they give way to the continuum.")
    buffer: float = Field(default=1.0, ge=0, le=100, description="Width beyond that is meshed to the last site.")
    grading: float = Field(default=1.5, ge=0, le=3, description="Elements grow as this power of the distance.")
    blending: Literal["cubic", "optimised"] = "cubic"
    adapt: Adapt | None = Field(default=None, description="By default the region stays as it is.")


class Surrogate(Section):
    """A polynomial for the Cauchy-Born law of a slow potential."""

    strain: float = Field(default=0.02, gt=0, lt=0.3, description="Largest strain that it is fitted to.")
    degree: int = Field(default=4, ge=2, le=6)


class ConcurrentStudy(Study):
    """Atoms and continuum solved together: several methods on one problem, beside all atoms."""

    study: Literal["concurrent"]
    potential: Potential
    species: str = Field(description="Chemical symbol.")
    structure: Literal["fcc", "bcc"] = Field(description="Crystals of one atom in the primitive cell.")
    line: Direction | None = Field(default=None, description="Of the columns of a plane problem; none is a solid.")
    point_defect: PointDefect | None = None
    dislocation_dipole: DislocationDipole | None = None
    crack: Crack | None = None
    indentation: Indentation | None = None
    box: Box
    methods: list[MethodInput] = Field(min_length=1, max_length=30, description="What is compared with all atoms.")
    tolerance: float = Field(default=1e-4, gt=0, description="Largest force component left, eV/Å.")
    solver: Literal["lbfgs", "newton_krylov"] = Field(
        default="lbfgs", description="Newton's method pays where forces must be tiny."
    )
    pad: Literal["whole", "measured"] = Field(
        default="whole",
        description="Atoms carried along: the potential's whole range, or the measured locality of forces.",
    )
    surrogate: Surrogate | None = Field(default=None, description="By default the Cauchy-Born law is exact.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = [name for name in _DEFECTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError(f"{' and '.join(given) or 'no defect'} given; give exactly one of {', '.join(_DEFECTS)}.")
        if self.line is None and given[0] in _PLANE:
            raise InputError(f"{given[0]} needs line, the direction of the columns.")
        plane = getattr(getattr(self, given[0]), "plane", None)
        if plane is not None and self.line is not None and sum(a * b for a, b in zip(plane, self.line, strict=True)):
            raise InputError(
                f"{given[0]}: line {list(self.line)} does not lie in the plane {list(plane)}; give hu + kv + lw = 0."
            )
        for one in self.methods:
            if given[0] in _OPEN and one.method == "cauchy_born":
                raise InputError(f"cauchy_born allows no free surfaces and has no {given[0]}; take another method.")
            if one.adapt is not None and (given[0] in _OPEN or one.method in ("atomistic", "cauchy_born")):
                raise InputError(
                    f"{one.method} cannot adapt its region here; adapt is for bqce, bqcf and bgfc away from free surfaces."
                )
        if len(self.box.cells) != (3 if self.line is None else 2):
            raise InputError(
                f"box: {len(self.box.cells)} cells do not fit; a problem with line takes two, one without takes three."
            )
        return self

    def check(self) -> None:
        """Check names and files, without torch."""
        self.potential.check()
        check_crystal(self.species, self.structure)

    def files(self) -> tuple[Path, ...]:
        """The files that it reads."""
        return self.potential.files()
