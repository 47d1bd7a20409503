"""The events of a rates study: their two minima, the saddle between, and the rates over it with their spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from atomistic.frames import Frames, with_results
from atomistic.quantum_nuclei import CentroidSettings, interstitial_diffusion
from atomistic.saddles import Settings, Transition, sampled_rate, transition
from coupling.contracts import FloatArray, Potential, Progress
from coupling.errors import InputError
from coupling.units import ANGSTROM, BOLTZMANN_EV
from multiscale.studies.rates.records import EventRecord, RatesRecord
from multiscale.studies.rates.schema import BoundaryHopInput, RatesStudy

if TYPE_CHECKING:
    from multiscale.stages.grain_boundary import BoundaryRecord

_SAME_SIDE = 0.5
"""Å: a hop along a boundary changes the height by no more, one across by more."""
_WIDEST = 4.5
"""Å: a longer way is no single hop."""


@dataclass(frozen=True)
class Event:
    """An event before its saddle is known.

    Attributes:
        name: In the names of its numbers.
        title: In words.
        first: Where it begins.
        last: Where it ends.
        ways: Equivalent ones.
    """

    name: str
    title: str
    first: Atoms
    last: Atoms
    ways: int = 1


def all_events(
    study: RatesStudy,
    potential: Potential,
    samples: Sequence[Potential],
    boundary: "BoundaryRecord | None",
    progress: Progress,
) -> RatesRecord:
    """Search all of them.

    Raises:
        InputError: an end is no minimum, or there is no such crystal, solute or void.
        NotConverged: a saddle was not found, or there is another minimum on the way.
    """
    at = np.sort(np.asarray(study.temperatures, dtype=float))
    settings = Settings(images=study.images, force=study.force)
    found, formation, diffusion = [], None, None
    given = _given(study, potential, boundary)
    for event in given:
        hop = transition(potential, event.first, event.last, settings=settings, progress=progress)
        found.append(_recorded(event, hop, potential, samples, at, settings, study.barrier_std, progress))
        if event.name == "vacancy":
            formation = _formation(potential, event, hop)
    if study.interstitial is not None:
        own = study.interstitial.centroid
        centroid = own and CentroidSettings(
            tuple(own.temperatures), own.beads, own.planes, own.steps, own.copies, seed=study.seed
        )
        made = interstitial_diffusion(
            potential, _crystal(study, potential), study.interstitial.element, at, repeats=study.repeats, samples=samples,
            barrier_std=study.barrier_std, centroid=centroid, coverage=study.coverage, settings=settings, progress=progress,
        )  # fmt: skip
        diffusion = made.diffusion
        title = f"{study.interstitial.element} from an octahedral to a tetrahedral site"
        event = Event("interstitial", title, made.hop.first.atoms, made.hop.last.atoms, made.hops.ways)
        found.append(_recorded(event, made.hop, potential, samples, at, settings, study.barrier_std, progress))
    return RatesRecord(at, tuple(found), formation, diffusion)


def _given(study: RatesStudy, potential: Potential, boundary: "BoundaryRecord | None") -> list[Event]:
    """The events whose ends are to be relaxed."""
    found = []
    if study.vacancy:
        found.append(vacancy_jump(_crystal(study, potential), study.repeats))
    if study.boundary is not None and boundary is not None:
        (atoms,) = boundary.frames.structures
        lower, heights = np.asarray(boundary.lower, dtype=bool), atoms.positions[:, 2]
        plane = float(0.5 * (heights[lower].max() + heights[~lower].min()))
        found += [boundary_hop(study.boundary, way, atoms, plane) for way in study.boundary.ways]
    if study.ends is not None:
        from ase.io import read

        first, last = (read(file, parallel=False) for file in (study.ends.first, study.ends.last))
        found.append(Event("event", "from one given minimum to the other", first, last, study.ends.ways))
    return found


def _crystal(study: RatesStudy, potential: Potential) -> Atoms:
    """The conventional cell at rest."""
    from atomistic.decohesion.slab import read_crystal
    from atomistic.properties.bulk import equilibrium
    from atomistic.relax import Constraints, relax

    choice = study.crystal
    assert choice is not None
    if choice.file is not None:
        return relax(potential, [read_crystal(choice.file)], Constraints(cell="full"), stress=5e6).structures[0]
    return equilibrium(potential, choice.species, choice.structure, conventional=True, tolerance=1e3)


def vacancy_jump(crystal: Atoms, repeats: int) -> Event:
    """A vacancy before and after the jump of a nearest neighbour into it, unrelaxed.

    Raises:
        InputError: the crystal has several elements.
    """
    if len(set(crystal.numbers.tolist())) > 1:
        raise InputError(
            f"{crystal.get_chemical_formula()} has several elements, in which a vacancy's jump leaves another crystal; give ends."
        )
    whole = crystal * (repeats, repeats, repeats)
    apart = whole.get_distances(0, range(len(whole)), mic=True)
    apart[0] = np.inf
    neighbour, ways = int(np.argmin(apart)), int(np.sum(apart < 1.05 * apart.min()))
    first, last = whole.copy(), whole.copy()
    last.positions[neighbour] = whole.positions[0]
    del first[0], last[0]
    return Event("vacancy", "a neighbour jumps into a vacancy", first, last, ways)


def boundary_hop(choice: BoundaryHopInput, way: str, atoms: Atoms, plane: float) -> Event:
    """A solute from the widest void at a boundary to the nearest one that lies along it, or across.

    Args:
        choice: Solute and reach.
        way: "along" or "across".
        atoms: The periodic cell with two boundaries, z across.
        plane: Height of one of them, Å.

    Raises:
        InputError: there is no such void.
    """
    from atomistic.solutes.sites import find_sites

    sites = find_sites(atoms, "interstitial")
    height = float(atoms.cell[2, 2])
    above = (sites.positions[:, 2] - plane + height / 2) % height - height / 2
    near = np.flatnonzero(np.abs(above) <= choice.within / ANGSTROM)
    if not len(near):
        raise InputError(f"No void lies within {choice.within / ANGSTROM:g} Å of the boundary; give a larger within.")
    order = near[np.lexsort((np.abs(above[near]), -np.round(sites.radii[near], 2)))]
    start = int(order[0])
    offsets = (sites.positions - sites.positions[start]) @ np.linalg.inv(atoms.cell.array)
    vectors = (offsets - np.round(offsets)) @ atoms.cell.array
    apart, rise = np.linalg.norm(vectors, axis=1), np.abs(vectors[:, 2])
    fits = (apart > 0.8) & (apart < _WIDEST) & ((rise <= _SAME_SIDE) if way == "along" else (rise > _SAME_SIDE))
    if not fits.any():
        raise InputError(
            f"No void {way} the boundary lies within {_WIDEST:g} Å of the widest one; leave {way!r} out of ways, or give ends."
        )
    goal = int(np.argmin(np.where(fits, apart, np.inf)))
    ends = []
    for shift in (np.zeros(3), vectors[goal]):
        end = atoms.copy()
        end.calc = None
        end.append(choice.element)
        end.positions[-1] = sites.positions[start] + shift
        ends.append(end)
    title = f"{choice.element} {way} the boundary: from a {sites.names[start]} void to a {sites.names[goal]} one"
    return Event(f"boundary_{way}", title, *ends)


def _recorded(
    event: Event, hop: Transition, potential: Potential, samples: Sequence[Potential], at: FloatArray, settings: Settings,
    barrier_std: float, progress: Progress,
) -> EventRecord:  # fmt: skip
    """The rates of a transition, with their spread over samples."""
    spread, std = np.zeros_like(at), 0.0
    if samples:
        bars = sampled_rate(hop, potential, samples, at, ways=event.ways, settings=settings, progress=progress)
        spread, std = bars.logarithms.std, float(bars.barrier.std)
    found = potential.evaluate(hop.path.structures)
    shown = [
        with_results(one.copy(), float(energy), forces)
        for one, energy, forces in zip(hop.path.structures, found.energies, found.forces, strict=True)
    ]
    moved = hop.last.atoms.positions - hop.first.atoms.positions
    moved -= moved.mean(axis=0)
    return EventRecord(
        event.name, event.title, hop.rate(ways=event.ways), hop.rate(backward=True),
        float(np.linalg.norm(moved, axis=1).max()), hop.path.lengths, hop.path.energies - hop.first.energy,
        np.hypot(spread, barrier_std / (BOLTZMANN_EV * at)), float(np.hypot(std, barrier_std)),
        Frames.of(shown, {"path_A_sqrt_u": hop.path.lengths}),
    )  # fmt: skip


def _formation(potential: Potential, event: Event, hop: Transition) -> float:
    """Formation energy of the vacancy in the same cell, eV."""
    whole = event.first.copy()
    whole.append(whole.get_chemical_symbols()[0])
    spare = event.last.positions[np.argmax(np.linalg.norm(event.last.positions - event.first.positions, axis=1))]
    whole.positions[-1] = spare
    each = float(potential.evaluate([whole]).energies[0]) / len(whole)
    return float(hop.first.energy - (len(whole) - 1) * each)
