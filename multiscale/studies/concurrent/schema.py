"""Input of the concurrent study: a crystal, what is in its middle, and the methods that are compared."""

from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, create_model, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from coupling.errors import InputError, unknown_choice
from multiscale.inputs.base import Section, Study
from multiscale.inputs.checks import check_crystal
from multiscale.inputs.fields import Direction, number
from multiscale.inputs.potential import Potential
from multiscale.inputs.precheck import Precheck, precheck_field
from multiscale.studies.concurrent.defects import Defect, defect_kinds


def _known_method(name: str) -> str:
    from multiscale.concurrent.methods import method_kinds

    if name not in method_kinds():
        raise unknown_choice("method", name, method_kinds())
    return name


class _Listed:
    """The methods as the choices of the JSON Schema; they are imported only then."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        from multiscale.concurrent.methods import method_kinds

        return handler(schema) | {"enum": list(method_kinds())}


MethodName = Annotated[str, AfterValidator(_known_method), _Listed]
"""A key of `multiscale.concurrent.methods.method_kinds()`."""


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
    """The region goes where atoms and continuum disagree; core and blend as given are where it begins. A crack's follows the tip."""

    steps: int = Field(default=2, ge=1, le=10, description="How often, under each load.")
    left: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="Fraction of the indicator's norm that may remain beyond the core; not for a crack.",
    )


class MethodInput(Section):
    """A method and its region; lengths in lattice units, the root of the area or volume of a site."""

    method: MethodName = Field(
        description="atomistic (clamped at the core's radius), flexible (in a linear elastic medium), cauchy_born, bqce, bqcf or bgfc."
    )
    core: float = Field(gt=0, le=1e4, description="Radius of the atomistic core, in which atoms count alone.")
    blend: float = Field(default=4.0, ge=0, le=1e4, description="Width over which they give way to the continuum.")
    buffer: float = Field(
        default=1.0, ge=0, le=100, description="Width beyond that in which every site is a node of the mesh."
    )
    grading: float = Field(default=1.5, ge=0, le=3, description="Elements grow as this power of the distance.")
    blending: Literal["cubic", "optimised"] = Field(
        default="cubic",
        description="Shape of the transition: a cubic of the distance, or the one with the least second derivative.",
    )
    adapt: Adapt | None = Field(default=None, description="By default the region stays as it is.")

    def check_defect(self, defect: Defect) -> None:
        """Raise `InputError` if the method cannot have the defect, or cannot adapt its region to it."""
        from multiscale.concurrent.methods import method_kinds

        method = method_kinds()[self.method]
        if defect.is_open and not method.knows_surfaces:
            raise InputError(f"{self.method} allows no free surfaces and has no {defect.key}; take another method.")
        if self.adapt is not None and not method.adapts:
            raise InputError(f"{self.method} cannot adapt its region; adapt is for bqce, bqcf and bgfc.")
        if self.adapt is not None and not defect.moves_region:
            raise InputError(f"{defect.key}: the region cannot adapt, its whole surface is atomistic; leave adapt out.")


class SurrogateInput(Section):
    """A polynomial for the Cauchy-Born law of a slow potential."""

    strain: float = Field(default=0.02, gt=0, lt=0.3, description="Largest strain that it is fitted to.")
    degree: int = Field(default=4, ge=2, le=6, description="Degree of the polynomial in the strains.")


class _CrystalStudy(Study):
    """The crystal that the defect is in."""

    study: Literal["concurrent"]
    potential: Potential
    species: str = Field(description="Chemical symbol.")
    structure: Literal["fcc", "bcc"] = Field(description="Crystals of one atom in the primitive cell.")
    line: Direction | None = Field(
        default=None, description="Direction of the columns of a plane problem; without it the problem is 3D."
    )


_WithDefect: Any = create_model(
    "_WithDefect", __base__=_CrystalStudy, **{key: (kind | None, None) for key, kind in defect_kinds().items()}
)
"""Each defect under its key; exactly one is given."""


class ConcurrentStudy(_WithDefect):
    """Atoms and continuum solved together: several methods on one problem, beside all atoms."""

    box: Box
    methods: list[MethodInput] = Field(min_length=1, max_length=30, description="What is compared with all atoms.")
    reference: Literal["all atoms", "none"] = Field(
        default="all atoms",
        description="all atoms of the box are solved too and errors are beside them; none makes no more atoms than the methods have.",
    )
    tolerance: number("eV/Å") = Field(default=1e-4, gt=0, description="Largest force component left.")
    solver: Literal["lbfgs", "newton_krylov"] = Field(
        default="lbfgs", description="Newton's method is worth its cost where forces must be tiny."
    )
    pad: Literal["whole", "measured"] = Field(
        default="whole",
        description="Atoms carried along: the potential's whole range, or the measured locality of forces.",
    )
    check_fault: Precheck = precheck_field("report")
    surrogate: SurrogateInput | None = Field(default=None, description="By default the Cauchy-Born law is exact.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = [name for name in defect_kinds() if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError(
                f"{' and '.join(given) or 'no defect'} given; give exactly one of {', '.join(defect_kinds())}."
            )
        defect, plane = self.defect, getattr(self.defect, "plane", None)
        if self.line is None and defect.needs_line:
            raise InputError(f"{defect.key} needs line, the direction of the columns.")
        if plane is not None and self.line is not None and sum(a * b for a, b in zip(plane, self.line, strict=True)):
            raise InputError(
                f"{defect.key}: line {list(self.line)} does not lie in the plane {list(plane)}; give hu + kv + lw = 0."
            )
        for one in self.methods:
            one.check_defect(defect)
        if len(self.box.cells) != (3 if self.line is None else 2):
            raise InputError(
                f"box: {len(self.box.cells)} cells do not fit; a problem with line takes two, one without takes three."
            )
        return self

    @property
    def defect(self) -> Defect:
        """The defect that is given."""
        return next(found for name in defect_kinds() if (found := getattr(self, name)) is not None)

    def size(self) -> str:
        """The sites of the box."""
        sites = 2 ** (self.box.level * len(self.box.cells)) * prod(self.box.cells)
        return f"The box has about {sites} {'columns of atoms' if self.line is not None else 'atoms'}."

    def check(self) -> None:
        """Check names and files, without torch."""
        self.potential.check()
        check_crystal(self.species, self.structure)

    def files(self) -> tuple[Path, ...]:
        """The files that it reads."""
        return self.potential.files()
