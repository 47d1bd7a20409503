"""How many sites of a boundary hold a solute atom: chemical potential of the bulk, and Monte Carlo where sites interact."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from atomistic.frames import Frames
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError
from coupling.records import pack, unpack
from multiscale.inputs.segregation import MonteCarloInput, SegregationInput
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.stages.models import Models
from multiscale.stages.solute import relaxing_of
from multiscale.stages.solute_records import PlaceRecord, SoluteRecord

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.solutes.lattice_gas import OccupationModel
    from atomistic.solutes.monte_carlo import SampledOccupation
    from atomistic.solutes.sites import Sites

_SHOWN = 8  # walkers whose last occupations are written


@dataclass(frozen=True)
class WalkRecord:
    """What Monte Carlo found at the boundary.

    Attributes:
        classes: (c,) of sites that took part.
        coverage: (c,) mean occupied fraction of each.
        coverage_error: (c,) its standard error.
        atoms: Mean number of solute atoms at one boundary's cell.
        atoms_error: Its standard error.
        energy: Mean, eV in the walked cell.
        energy_error: Its standard error.
        accepted: Part of the trial moves.
        drift: From the first half of the walk to the second, see `SampledOccupation.drift`.
        correlation: Of blocks that follow each other, see `SampledOccupation.correlation`.
        pair_error: By how much the potential's relaxed energy of some last occupations differs from that of pairs, eV an atom,
            root mean square; None where energies are the potential's own.
        occupied: (w, m) where the walks ended.
        step: Trial moves of each so far.
        frames: Last structures of some walkers, not relaxed.
    """

    classes: np.ndarray
    coverage: FloatArray
    coverage_error: FloatArray
    atoms: float
    atoms_error: float
    energy: float
    energy_error: float
    accepted: float
    drift: float
    correlation: float
    occupied: np.ndarray
    step: int
    pair_error: float | None = None
    frames: tuple[Frames, ...] = ()


def chemical_potential(choice: SegregationInput, record: SoluteRecord) -> float:
    """μ on the potential's scale, eV.

    Raises:
        InputError: the concentration cannot be, or the bulk would be full of solute.
    """
    levels = record.bulk.levels
    if choice.chemical_potential is not None:
        found, given = (
            float(record.reference + choice.chemical_potential),
            f"chemical_potential {choice.chemical_potential:g} eV",
        )
    else:
        assert choice.concentration is not None  # refused when the input is read
        found, given = (
            levels.chemical_potential(choice.concentration, choice.temperature),
            f"concentration {choice.concentration:g}",
        )
    levels.check_bulk(found, given)
    return found


def walk_record(
    choice: SegregationInput, record: SoluteRecord, seed: int, models: Models, context: RunContext
) -> WalkRecord | None:
    """Monte Carlo at the boundary, from the cache where it is known; None where it is not asked for.

    Args:
        choice: The solute.
        record: Its energies.
        seed: Of all random numbers.
        models: The study's potentials.
        context: The run.

    Raises:
        InputError: a site interacts with its own image, or more atoms are asked for than there are sites.
    """
    walk = choice.monte_carlo
    if walk is None:
        return None
    key = request(
        "solute walk", choice, potentials=[models(None)], seed=seed, energies=record.boundary.energies,
        positions=record.boundary.positions, pairs=None if record.pairs is None else np.exp(-record.pairs.energies),
    )  # fmt: skip

    def work() -> dict[str, object]:
        loaded = models(None)
        assert loaded is not None  # rank 0 works, and has it
        return pack(_walked(choice, walk, record, seed, loaded, context))

    return unpack(WalkRecord, context.cached("Monte Carlo", key, work))


def _walked(
    choice: SegregationInput,
    walk: MonteCarloInput,
    record: SoluteRecord,
    seed: int,
    potential: Potential,
    context: RunContext,
) -> WalkRecord:
    from atomistic.solutes.lattice_gas import AtomsModel, tiled
    from atomistic.solutes.monte_carlo import sample, start

    (atoms,) = record.boundary.cell.structures
    times = walked_repeats(choice, walk, atoms)
    taking, rows = _taking_part(record, choice, walk)
    sites = tiled(taking, atoms, times)
    model = _model(choice, walk, record, potential, taking, atoms, times, rows)
    context.log.info("Monte Carlo of %s on %d sites, %d walkers", choice.element, len(sites), walk.walkers)
    cells = 2 * times[0] * times[1]  # a cell has two boundaries
    count = None if walk.atoms is None else walk.atoms * times[0] * times[1]
    mu = None if count is not None else chemical_potential(choice, record)
    found = sample(
        model, start(model, walk.walkers, seed, atoms=count), choice.temperature, blocks=walk.blocks, steps=walk.steps,
        chemical_potential=mu, discarded=walk.discarded, progress=context.progress,
    )  # fmt: skip
    made = _recorded(found, choice, sites, rows, atoms * times, cells)
    if walk.energies != "pairs":
        return made
    context.log.info("the last occupations of %d walkers relaxed, against their pairs", _SHOWN)
    own = AtomsModel(potential, atoms * times, choice.element, sites, relaxing_of(choice), record.replaced, 0.0, True)
    return replace(made, pair_error=_pair_error(model, own, found.walkers.occupied[:_SHOWN]))


def _pair_error(pairs: "OccupationModel", own: "OccupationModel", occupied: np.ndarray) -> float:
    """Root mean square of the difference, eV per solute atom."""
    filled = occupied[occupied.any(axis=1)]
    if not len(filled):
        return 0.0
    each = (own.energies(filled) - pairs.energies(filled)) / filled.sum(axis=1)
    return float(np.sqrt((each**2).mean()))


def walked_repeats(choice: SegregationInput, walk: MonteCarloInput, atoms: "Atoms") -> tuple[int, int, int]:
    """Repeats of the cell: those that are asked for, or the least in which a site's own image is out of reach.

    Args:
        choice: The solute: how far pairs reach, and how far images are apart where the potential gives energies.
        walk: Whether pairs or the potential give them.
        atoms: The boundary's cell.
    """
    from atomistic.solutes.spectrum import heights, repeats

    if walk.repeats is not None:
        return (*walk.repeats, 1)
    if walk.energies != "pairs":
        return (*repeats(atoms, choice.angstroms("separation"))[:2], 1)
    a, b, _ = (int(choice.angstroms("pairs") / height) + 1 for height in heights(atoms))
    return a, b, 1


def _recorded(
    found: "SampledOccupation", choice: SegregationInput, sites: "Sites", rows: np.ndarray, host: "Atoms", cells: int
) -> WalkRecord:
    from atomistic.frames import with_results
    from atomistic.solutes.placing import with_solute

    each, mean = found.class_coverage(sites.classes), found.mean_coverage
    ends = found.walkers.occupied
    shown = [with_solute(host, choice.element, sites, np.flatnonzero(one)) for one in ends[:_SHOWN]]
    frames = tuple(Frames.of([with_results(one, None, np.zeros((len(one), 3)))]) for one in shown)
    share = len(sites) / cells
    return WalkRecord(
        rows, each.mean, each.error, float(mean.mean * share), float(mean.error * share), float(found.energy.mean),
        float(found.energy.error), found.accepted, found.drift, found.correlation, ends.astype(np.int64), found.walkers.step, None, frames,
    )  # fmt: skip


def sites_of(place: PlaceRecord, kind: str) -> "Sites":
    """The sites of a record."""
    from atomistic.solutes.sites import Sites

    classes = np.asarray(place.classes)
    names = tuple(place.names[k] for k in classes)
    return Sites(kind, place.positions, classes, names, place.radii, np.asarray(place.atoms))


def _taking_part(record: SoluteRecord, choice: SegregationInput, walk: MonteCarloInput) -> tuple["Sites", np.ndarray]:
    """The boundary's sites up to the highest segregation energy, and the numbers of their classes."""
    place = record.boundary
    energies = place.energies - record.bulk.energies[record.best(choice.bulk_site)]
    rows = np.flatnonzero(energies <= walk.highest)
    if not len(rows):
        raise InputError(
            f"No site of the boundary has a segregation energy up to {walk.highest:g} eV; the least is {energies.min():.3g} eV. "
            "Give a larger monte_carlo: highest."
        )
    return sites_of(place, record.kind).select(np.isin(place.classes, rows)), rows


def _model(
    choice: SegregationInput, walk: MonteCarloInput, record: SoluteRecord, potential: Potential, taking: "Sites", atoms: "Atoms",
    times: tuple[int, int, int], rows: np.ndarray,
) -> "OccupationModel":  # fmt: skip
    from atomistic.solutes.lattice_gas import AtomsModel, lattice_gas, tiled

    if walk.energies == "pairs":
        assert record.pairs is not None  # refused when the input is read
        every = sites_of(record.boundary, record.kind)
        kept = np.flatnonzero(np.isin(every.classes, rows))
        return lattice_gas(atoms, every, record.boundary.energies, record.pairs.pairs, times, kept)
    return AtomsModel(
        potential, atoms * times, choice.element, tiled(taking, atoms, times),
        relaxing_of(choice) if walk.energies == "relaxed" else None, record.replaced, choice.angstroms("closest"),
    )  # fmt: skip
