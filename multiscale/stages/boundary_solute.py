"""A solute at a boundary: its energies with what follows from them at a temperature and a chemical potential."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coupling.contracts import FloatArray
from multiscale.inputs.segregation import SegregationInput
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.grain_boundary import BoundaryRecord
from multiscale.stages.models import Models
from multiscale.stages.solute import solute_record
from multiscale.stages.solute_occupation import WalkRecord, chemical_potential, walk_record
from multiscale.stages.solute_records import PlaceRecord, SoluteRecord


@dataclass(frozen=True)
class BoundarySolute:
    """A solute's energies with what follows from them.

    Attributes:
        choice: The input.
        record: The energies.
        chemical_potential: μ on the potential's scale, eV.
        walk: Monte Carlo, where asked for.
    """

    choice: SegregationInput
    record: SoluteRecord
    chemical_potential: float
    walk: WalkRecord | None

    @property
    def zero(self) -> float:
        """Energy of the bulk's site that segregation energies are counted from, eV."""
        return float(self.record.bulk.energies[self.record.best(self.choice.bulk_site)])

    @property
    def segregation_energies(self) -> FloatArray:
        """(k,) of each class of the boundary's sites, rising, eV."""
        return np.asarray(self.record.boundary.energies - self.zero)

    @cached_property
    def coverage(self) -> FloatArray:
        """(k,) of each class of the boundary's sites, taken not to interact."""
        return self.record.boundary.levels.coverage(self.chemical_potential, self.choice.temperature)

    def excess(self, place: PlaceRecord, chemical_potential: float) -> float:
        """Γ of one interface, sites taken not to interact, 1/Å²."""
        kelvin = self.choice.temperature
        held = place.multiplicities @ place.levels.coverage(chemical_potential, kelvin) / place.interfaces
        bulk = self.record.bulk.levels.amount(chemical_potential, kelvin) * place.lattice_sites
        return float((held - bulk) / place.area)

    @property
    def crowded(self) -> float:
        """Largest product of the coverages of two sites of the boundary that are too close for two atoms."""
        place, closest = self.record.boundary, self.choice.angstroms("closest")
        cell = place.cell.cells[0]
        offsets = (place.positions[:, None] - place.positions[None]) @ np.linalg.inv(cell)
        apart = np.linalg.norm((offsets - np.round(offsets)) @ cell, axis=-1)
        near = (apart < closest) & ~np.eye(len(apart), dtype=bool)
        each = self.coverage[np.asarray(place.classes)]
        return float((near * np.outer(each, each)).max(initial=0.0))


def boundary_solute(
    choice: SegregationInput,
    boundary: BoundaryRecord,
    crystal: CrystalRecord,
    seed: int,
    models: Models,
    context: RunContext,
) -> BoundarySolute:
    """The energies and the occupation of a solute at a boundary, from the cache where they are known.

    Args:
        choice: Which, and how much.
        boundary: The boundary.
        crystal: The bulk.
        seed: Of Monte Carlo.
        models: The study's potentials.
        context: The run.

    Raises:
        InputError: the potential lacks the solute, a site is not there, or the concentration cannot be.
        NotConverged: a structure did not relax.
    """
    record = solute_record(choice, boundary, crystal, models, context)
    mu = chemical_potential(choice, record)
    return BoundarySolute(choice, record, mu, walk_record(choice, record, seed, models, context))
