"""A grain boundary in an input file: by Σ, axis and plane, or by the two planes that lie on each other."""

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from coupling.units import ANGSTROM
from multiscale.inputs.base import Section
from multiscale.inputs.crystal import CrystalInput, CutCrystal, three_indices
from multiscale.inputs.fields import AtomicLength, Direction, quantity
from multiscale.inputs.matching import Matching

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.grain_boundary.geometry import BoundaryGeometry
    from atomistic.grain_boundary.stacking import Stacking
    from coupling.contracts import FloatArray

EnergyPerArea = quantity("energy per area", "J/m^2")
_SHORT = 4.0  # Å: grains by which a boundary is checked


class Grain(Section):
    """A grain by the plane that it turns to the other and a direction in it."""

    plane: Direction = Field(description="Plane (hkl) of this grain in the boundary, in the conventional cell.")
    x: Direction = Field(description="Direction [uvw] in the plane that is parallel to that of the other grain.")


class GrainBoundaryInput(CrystalInput):
    """Two grains of one crystal: by Σ, axis and plane, or by lower and upper; their structure is searched."""

    sigma: int | None = Field(default=None, ge=1, le=9999, description="Σ of the coincidence-site lattice.")
    axis: Direction | None = Field(default=None, description="Axis [uvw] about which the upper grain is turned.")
    plane: Direction | None = Field(default=None, description="Boundary plane (hkl) in the lower grain.")
    kind: Literal["tilt", "twist", "mixed"] | None = Field(
        default=None, description="What the plane must make of it; by default any."
    )
    angle: float | None = Field(
        default=None, ge=-180, le=180, json_schema_extra={"unit": "degrees"},
        description="Which rotation, where several about the axis have this Σ.",
    )  # fmt: skip
    lower: Grain | None = Field(default=None, description="The lower grain of a boundary without Σ.")
    upper: Grain | None = Field(default=None, description="The upper grain of a boundary without Σ.")
    matching: Matching = Field(
        default_factory=lambda: Matching(largest_strain=0.03),
        description="How grains without Σ are brought to coincide; the strain is also the largest turn, in rad.",
    )
    thickness: AtomicLength = Field(
        default="12 Å", validate_default=True,
        description="Of each grain at first; half more layers are added until the energy no longer changes.",
    )  # fmt: skip
    tolerance: EnergyPerArea = Field(
        default="0.002 J/m^2", validate_default=True, description="By how much half more layers may move the energy."
    )
    step: AtomicLength = Field(
        default="0.7 Å", validate_default=True, description="Largest distance of the shifts that are tried."
    )
    overlap: float = Field(
        default=0.8,
        gt=0,
        le=1.2,
        description="Shortest bonds below which atoms of the two grains are too close to stay.",
    )
    structures: int = Field(default=200, ge=1, le=100_000, description="How many structures are relaxed at most.")

    @model_validator(mode="before")
    @classmethod
    def _four_indices(cls, data: Any) -> Any:
        """Of a hexagonal crystal (h k i l) and [u v t w], too."""
        if not isinstance(data, dict) or data.get("structure") != "hcp":
            return data
        grains = {
            side: three_indices(data[side], planes=("plane",), directions=("x",))
            for side in ("lower", "upper") if isinstance(data.get(side), dict)
        }  # fmt: skip
        return three_indices(data, planes=("plane",), directions=("axis",)) | grains

    @model_validator(mode="after")
    def _one_description(self) -> Self:
        by_sigma = [self.sigma is not None, self.axis is not None, self.plane is not None]
        by_planes = [self.lower is not None, self.upper is not None]
        extra = self.kind is not None or self.angle is not None
        if not ((all(by_sigma) and not any(by_planes)) or (all(by_planes) and not any(by_sigma) and not extra)):
            raise InputError(
                "give a grain boundary by sigma, axis and plane (with kind and angle if need be), or by lower and upper, each "
                "with plane and x."
            )
        if self.sigma is not None:
            self.refuse_given("grains with a Σ, which coincide; give lower and upper", "matching")
        return self

    @classmethod
    def between(cls, upper: CutCrystal, lower: CutCrystal) -> Self:
        """The boundary of two cuts through one crystal, each with its x."""
        own = {name: getattr(lower, name) for name in CrystalInput.model_fields}
        grains = {"upper": Grain(plane=upper.miller, x=upper.x), "lower": Grain(plane=lower.miller, x=lower.x)}
        return cls.model_validate({name: value for name, value in (own | grains).items() if value is not None})

    def geometry(self, crystal: "Atoms", conventional: "FloatArray") -> "BoundaryGeometry":
        """The two grains and their plane, of a crystal in a conventional cell (3, 3) in Å.

        Raises:
            InputError: there is no such boundary.
        """
        from atomistic.grain_boundary.geometry import by_planes, by_sigma

        if self.lower is not None and self.upper is not None:
            lower, upper = ((grain.plane, grain.x) for grain in (self.lower, self.upper))
            return by_planes(crystal, conventional, lower, upper)
        assert self.sigma is not None and self.axis is not None and self.plane is not None
        return by_sigma(crystal, conventional, self.sigma, self.axis, self.plane, kind=self.kind, angle=self.angle)

    def stacking(self, crystal: "Atoms", conventional: "FloatArray", thickness: float) -> "Stacking":
        """The grains of a thickness in Å, matched.

        Raises:
            InputError: there is no such boundary, or the grains do not match within the limits.
        """
        from atomistic.grain_boundary.stacking import Coincide, stacked

        match = self.matching
        limits = Coincide(match.strained, match.largest_strain, match.largest_area)
        geometry = self.geometry(crystal, conventional)
        return stacked(crystal, conventional, geometry, thickness, None if self.sigma is not None else limits)

    def cut(self, side: Literal["upper", "lower"]) -> CutCrystal:
        """A grain as a crystal cut along its plane, with the direction that is parallel to the other grain's."""
        crystal, conventional = self.shape()
        found = self.geometry(crystal, conventional)
        grain = found.upper if side == "upper" else found.lower
        own = {name: getattr(self, name) for name in CrystalInput.model_fields}
        return CutCrystal.model_construct(**own, miller=grain.plane, x=grain.direction(conventional), termination=None)

    def check(self) -> None:
        """Raise `InputError` unless the crystal and the boundary are there: their shape alone decides."""
        super().check()
        self.stacking(*self.shape(), _SHORT)

    @property
    def thickness_in_angstrom(self) -> float:
        """Of each grain at first, Å."""
        return float(self.thickness) / ANGSTROM
