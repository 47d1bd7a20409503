"""The grain-boundary stage: a crystal, two grains and a potential in; the boundary's structure, energy and volume out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from atomistic.frames import Frames
from coupling.contracts import FloatArray
from coupling.records import pack, unpack
from coupling.units import ANGSTROM
from multiscale.inputs.grain_boundary import GrainBoundaryInput
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.models import Models

if TYPE_CHECKING:
    from atomistic.decohesion.bicrystal import Bicrystal
    from atomistic.grain_boundary.boundary import GrainBoundary
    from atomistic.grain_boundary.stacking import Stacking


@dataclass(frozen=True)
class BoundaryRecord:
    """A grain boundary in the structure of least energy that was found.

    Attributes:
        label: Such as "Σ5 (2 1 0)".
        kind: "tilt", "twist" or "mixed".
        symmetric: Whether the plane is one of the same kind in both grains.
        angle: The disorientation, degrees.
        axis: (3,) unit vector of it in the lower crystal's Cartesian axes.
        planes: (2, 3) indices of the boundary in the lower and in the upper grain.
        strain: (3,) in-plane strain xx, yy, xy (tensor) of the grain that is strained, in its own axes.
        turn: By which it is turned away from the boundary that was asked for, rad.
        area: Of the common cell, Å².
        energy: γ, J/m².
        energy_error: By how much half more layers moved it last, J/m².
        excess_volume: Per area, Å.
        removed: Atoms taken out of the upper grain at each boundary, per cell.
        lower: (N,) 1 for atoms of the lower grain, 0 for those of the upper.
        frames: The periodic cell with two equal boundaries.
        found_energy: (m,) of all boundaries that were found, J/m².
        found_volume: (m,) Å.
        found_removed: (m,) atoms.
        found_shift: (m, 2) of the upper grain at the start, Å.
        found: Their cells.
    """

    label: str
    kind: str
    symmetric: bool
    angle: float
    axis: FloatArray
    planes: FloatArray
    strain: FloatArray
    turn: float
    area: float
    energy: float
    energy_error: float
    excess_volume: float
    removed: int
    lower: np.ndarray
    frames: Frames
    found_energy: FloatArray
    found_volume: FloatArray
    found_removed: np.ndarray
    found_shift: FloatArray
    found: tuple[Frames, ...] = ()

    def cell(self, stacking: "Stacking") -> "Bicrystal":
        """The periodic cell, ready to be opened."""
        from atomistic.grain_boundary.parting import divided

        (atoms,) = self.frames.structures
        return divided(stacking, atoms, np.asarray(self.lower, dtype=bool))


def boundary_record(
    choice: GrainBoundaryInput, crystal: CrystalRecord, models: Models, context: RunContext, *,
    potential: PotentialChoice | None = None, temperature: float | None = None, what: str = "grain boundary",
) -> BoundaryRecord:  # fmt: skip
    """The grain boundary of a choice, from the cache where it is known.

    Args:
        choice: Which, and how it is searched.
        crystal: Its crystal, at rest.
        models: The study's potentials.
        context: The run.
        potential: The block's own potential; None is the study's.
        temperature: K, at whose lattice the crystal is; None is the static one.
        what: What it is called in the log.

    Raises:
        InputError: there is no such boundary.
        NotConverged: no structure of it relaxed.
    """
    key = request("grain boundary", choice, potentials=[models(potential)], temperature=temperature)

    def work() -> dict[str, object]:
        from atomistic.grain_boundary.boundary import grain_boundary

        loaded = models(potential)
        assert loaded is not None  # rank 0 works, and has it
        stacking = choice.stacking(crystal.atoms, crystal.conventional, choice.thickness_in_angstrom)
        context.log.info("grain boundary %s, %.2f Å²", choice.label, stacking.interface.area)
        found = grain_boundary(
            loaded, stacking, step=choice.step / ANGSTROM, overlap=choice.overlap, most=choice.structures,
            tolerance=choice.tolerance, progress=context.progress,
        )  # fmt: skip
        return pack(_recorded(found, choice, crystal))

    return unpack(BoundaryRecord, context.cached(what, key, work))


def _recorded(found: "GrainBoundary", choice: GrainBoundaryInput, crystal: CrystalRecord) -> BoundaryRecord:
    geometry, match = choice.geometry(crystal.atoms, crystal.conventional), found.stacking.interface.coincidence
    lower = np.zeros(len(found.cell.atoms), dtype=np.int64)
    lower[found.cell.bodies[0]] = 1
    return BoundaryRecord(
        label=geometry.label,
        kind=geometry.kind,
        symmetric=geometry.symmetric,
        angle=geometry.angle,
        axis=geometry.axis,
        planes=np.array([geometry.lower.plane, geometry.upper.plane], dtype=float),
        strain=match.strain,
        turn=match.turn,
        area=found.cell.area,
        energy=found.energy,
        energy_error=found.energy_error,
        excess_volume=found.excess_volume,
        removed=found.removed,
        lower=lower,
        frames=Frames.of([found.cell.atoms], {"energy_J_m2": np.array([found.energy])}, {"lower": lower}),
        found_energy=np.array([one.energy for one in found.candidates]),
        found_volume=np.array([one.excess_volume for one in found.candidates]),
        found_removed=np.array([one.variant.removed for one in found.candidates]),
        found_shift=np.array([one.variant.shift for one in found.candidates]),
        found=tuple(Frames.of([one.cell.atoms], {"energy_J_m2": np.array([one.energy])}) for one in found.candidates),
    )
