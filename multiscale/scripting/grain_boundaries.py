"""Grain boundaries for scripts."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from coupling.contracts import Potential, Progress
from coupling.errors import InputError
from coupling.units import ANGSTROM
from multiscale.inputs.crystal import CrystalInput
from multiscale.inputs.faults import sentence
from multiscale.inputs.grain_boundary import GrainBoundaryInput
from multiscale.inputs.segregation import SegregationInput
from multiscale.scripting.crystals import BulkCrystal
from multiscale.scripting.given import Given, context
from multiscale.stages.boundary_solute import BoundarySolute, boundary_solute
from multiscale.stages.grain_boundary import BoundaryRecord, boundary_record

if TYPE_CHECKING:
    from ase import Atoms

Indices = tuple[int, int, int]


@dataclass(frozen=True)
class JoinedGrains:
    """Two grains of a crystal and the plane between them; made by `grain_boundary`. Its structure is searched when first asked for.

    Attributes:
        crystal: The crystal.
        choice: Which boundary, and how it is searched.
        progress: Called with the progress of the search.
    """

    crystal: BulkCrystal
    choice: GrainBoundaryInput
    progress: Progress | None = None

    @property
    def potential(self) -> Potential:
        """With which the crystal is in equilibrium."""
        return self.crystal.potential

    @cached_property
    def record(self) -> BoundaryRecord:
        """The structure of least energy, and all others that were found."""
        with TemporaryDirectory() as folder:
            return boundary_record(
                self.choice, self.crystal.record, Given(self.potential), context(Path(folder), self.progress),
                temperature=self.crystal.temperature,
            )  # fmt: skip

    @property
    def energy(self) -> float:
        """γ, J/m²."""
        return self.record.energy

    @property
    def excess_volume(self) -> float:
        """Per area, m."""
        return self.record.excess_volume * ANGSTROM

    @property
    def atoms(self) -> "Atoms":
        """The periodic cell with two equal boundaries, Å."""
        return self.record.frames.structures[0]

    def solute(self, element: str, *, seed: int = 0, **options: Any) -> BoundarySolute:
        """Atoms of another element at the boundary.

        Args:
            element: Its symbol.
            seed: Of Monte Carlo.
            **options: Further keys of `solute` in the study `boundary`: concentration=1e-4, temperature="300 K", …

        Raises:
            InputError: the potential lacks the solute, or an option cannot be.
            NotConverged: a structure did not relax.
        """
        data = {"element": element} | options
        try:
            choice = SegregationInput.model_validate(data)
        except ValidationError as error:
            raise InputError(sentence(error, data)) from error
        with TemporaryDirectory() as folder:
            return boundary_solute(
                choice,
                self.record,
                self.crystal.record,
                seed,
                Given(self.potential),
                context(Path(folder), self.progress),
            )


def grain_boundary(
    crystal: BulkCrystal,
    *,
    sigma: int | None = None,
    axis: Indices | None = None,
    plane: Indices | None = None,
    kind: Literal["tilt", "twist", "mixed"] | None = None,
    lower: tuple[Indices, Indices] | None = None,
    upper: tuple[Indices, Indices] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> JoinedGrains:
    """A grain boundary by Σ, axis and plane, or by two planes that lie on each other.

    Args:
        crystal: The crystal.
        sigma: Σ of the coincidence-site lattice.
        axis: [uvw] about which the upper grain is turned.
        plane: (hkl) of the boundary in the lower grain.
        kind: What it must be; None is any.
        lower: Instead of these, plane (hkl) and direction [uvw] in it of the lower grain,
        upper: and of the upper one; the directions are one line.
        progress: Called with the progress of the search.
        **options: Further keys of `grain_boundary` in an input file: thickness="15 Å", matching={"largest_area": 300.0}, …

    Raises:
        InputError: there is no such boundary, or its strain exceeds the limit.
    """
    own = {name: getattr(crystal.choice, name) for name in CrystalInput.model_fields}
    grains = {
        side: {"plane": list(grain[0]), "x": list(grain[1])}
        for side, grain in (("lower", lower), ("upper", upper))
        if grain
    }
    given = {"sigma": sigma, "axis": axis, "plane": plane, "kind": kind} | grains | options
    data = own | {name: value for name, value in given.items() if value is not None}
    try:
        choice = GrainBoundaryInput.model_validate(data)
    except ValidationError as error:
        raise InputError(sentence(error, data)) from error
    choice.stacking(crystal.atoms, crystal.record.conventional, choice.thickness_in_angstrom)
    return JoinedGrains(crystal, choice, progress)
