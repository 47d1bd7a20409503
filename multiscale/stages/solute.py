"""The solute stage: energies of solute atoms in the bulk, at a boundary, on a surface, and of pairs of them."""

from typing import TYPE_CHECKING

import numpy as np

from atomistic.frames import Frames
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError
from coupling.records import pack, unpack
from multiscale.inputs.segregation import SegregationInput
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.grain_boundary import BoundaryRecord
from multiscale.stages.models import Models
from multiscale.stages.solute_records import PairRecord, PlaceRecord, SoluteRecord

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.solutes.interactions import PairEnergies
    from atomistic.solutes.segregation import Place, Segregation
    from atomistic.solutes.spectrum import Relaxing, Spectrum

_SLAB, _DEPTHS = 12.0, 2.2
"""Thickness of a slab with free surfaces: Å, and over the distance up to which its sites count."""


def solute_record(
    choice: SegregationInput, boundary: BoundaryRecord, crystal: CrystalRecord, models: Models, context: RunContext
) -> SoluteRecord:
    """The energies of a solute at a boundary, from the cache where they are known.

    Args:
        choice: Which, and how.
        boundary: The boundary.
        crystal: The bulk.
        models: The study's potentials.
        context: The run.

    Raises:
        InputError: the potential lacks the solute, or a site is not there.
        NotConverged: a structure did not relax.
    """
    key = request(
        "solute", choice, include=choice.sampled_energies, potentials=[models(None)], crystal=crystal.cell,
        boundary=boundary.frames.positions, cells=boundary.frames.cells, lower=boundary.lower, planes=boundary.planes,
    )  # fmt: skip

    def work() -> dict[str, object]:
        loaded = models(None)
        assert loaded is not None  # rank 0 works, and has it
        return pack(_computed(choice, boundary, crystal, loaded, context))

    return unpack(SoluteRecord, context.cached(f"solute {choice.element}", key, work))


def check_solute(choice: SegregationInput, models: Models, context: RunContext) -> None:
    """Refuse a solute that the potential lacks before anything is computed.

    Raises:
        InputError: it does.
    """
    from atomistic.solutes.placing import solute_number

    context.on_root(lambda: solute_number(choice.element, models(None)))


def _computed(
    choice: SegregationInput,
    boundary: BoundaryRecord,
    crystal: CrystalRecord,
    potential: Potential,
    context: RunContext,
) -> SoluteRecord:
    from atomistic.solutes.segregation import segregation, surface_place
    from atomistic.solutes.spectrum import replaced_energy

    element, relaxing = choice.element, relaxing_of(choice)
    replaced = 0.0
    if choice.kind == "substitutional":
        given = choice.replaced_energy
        replaced = given if given is not None else replaced_energy(potential, crystal.atoms)
    context.log.info("%s solute %s: bulk", choice.kind, element)
    bulk = _bulk(choice, crystal.atoms, potential, replaced, context)
    context.log.info("%s at the boundary, up to %g Å from it", element, choice.angstroms("within"))
    options = {"replaced": replaced, "element": choice.replaces, "relaxing": relaxing, "progress": context.progress}
    place = _place(boundary, choice)
    found, surface = segregation(potential, place, bulk, **options), None
    if choice.surface:
        h, k, l = (int(index) for index in boundary.planes[0])  # noqa: E741
        context.log.info("%s on the surface (%d %d %d)", element, h, k, l)
        free = surface_place(
            potential, crystal.atoms, (h, k, l), conventional=crystal.conventional, within=choice.angstroms("within"),
            thickness=max(_SLAB, _DEPTHS * choice.angstroms("within")), progress=context.progress,
        )  # fmt: skip
        surface = _recorded(segregation(potential, free, bulk, **options))
    source = _reference(choice, potential, bulk)
    return SoluteRecord(
        element, choice.kind, source[0], source[1], replaced, _in_bulk(bulk, crystal.atoms), _recorded(found), surface,
        _pairs(choice, potential, found, context) if choice.pairs is not None else None, bulk.cell_error,
    )  # fmt: skip


def relaxing_of(choice: SegregationInput) -> "Relaxing":
    """How structures with solute are relaxed."""
    from atomistic.solutes.spectrum import Relaxing

    return Relaxing(choice.angstroms("separation"), choice.force, most=choice.most)


def _bulk(
    choice: SegregationInput, crystal: "Atoms", potential: Potential, replaced: float, context: RunContext
) -> "Spectrum":
    from atomistic.solutes.placing import solute_number
    from atomistic.solutes.sites import find_sites
    from atomistic.solutes.spectrum import dissolved

    solute_number(choice.element, potential)
    sites = find_sites(crystal, choice.kind, element=choice.replaces)
    if choice.bulk_site is not None:
        sites.called(choice.bulk_site)
    return dissolved(
        potential,
        crystal,
        choice.element,
        sites,
        replaced=replaced,
        relaxing=relaxing_of(choice),
        progress=context.progress,
    )


def _place(boundary: BoundaryRecord, choice: SegregationInput) -> "Place":
    from atomistic.solutes.segregation import Place

    (atoms,) = boundary.frames.structures
    lower, heights = np.asarray(boundary.lower, dtype=bool), atoms.positions[:, 2]
    plane = 0.5 * (heights[lower].max() + heights[~lower].min())
    half, within = 0.25 * float(atoms.cell[2, 2]), choice.angstroms("within")
    if within > half:
        raise InputError(
            f"solute: within {within:.3g} Å reaches beyond {half:.3g} Å, the middle of the grains, from where on sites are those of the "
            "other boundary; give less, or a larger grain_boundary: thickness."
        )
    return Place("boundary", atoms, float(plane), within, 2)


def _reference(choice: SegregationInput, potential: Potential, bulk: "Spectrum") -> tuple[float, str]:
    from atomistic.solutes.reservoir import given, molecule

    if choice.reference == "bulk":
        return float(bulk.energies[0]), "the best site of the bulk"
    found = molecule(potential, choice.element) if choice.reference == "molecule" else given(choice.reference)
    return found.energy, found.source


def _in_bulk(bulk: "Spectrum", crystal: "Atoms") -> PlaceRecord:
    return _of_spectrum("bulk", bulk, crystal, np.zeros(len(bulk.energies)), len(crystal), 0)


def _recorded(found: "Segregation") -> PlaceRecord:
    place = found.place
    return _of_spectrum(place.name, found.spectrum, place.atoms, found.distances, place.host_atoms, place.interfaces)


def _of_spectrum(
    name: str, found: "Spectrum", atoms: "Atoms", distances: FloatArray, lattice_sites: int, interfaces: int
) -> PlaceRecord:
    from atomistic.frames import with_results

    sites, host = found.sites, atoms.copy()
    cell = Frames.of([with_results(host, None, np.zeros((len(host), 3)))])
    frames = tuple(
        Frames.of([one], {"class": np.array([k]), "solute_energy_eV": np.array([energy])})
        for k, (one, energy) in enumerate(zip(found.structures, found.energies, strict=True))
    )
    return PlaceRecord(
        name, found.energies, found.multiplicities, found.names, distances, lattice_sites, interfaces, found.area,
        found.left_out, sites.positions, sites.classes, sites.radii, sites.atoms, cell, frames,
    )  # fmt: skip


def _pairs(choice: SegregationInput, potential: Potential, found: "Segregation", context: RunContext) -> PairRecord:
    from atomistic.solutes.interactions import pair_energies

    walk, energies = choice.monte_carlo, found.energies
    highest = np.inf if walk is None else walk.highest
    classes = np.flatnonzero(energies <= max(highest, energies.min()))
    reach = choice.angstroms("pairs")
    context.log.info("interactions of %s up to %g Å, of %d classes of sites", choice.element, reach, len(classes))
    pairs = pair_energies(
        potential, found.place.atoms, found.spectrum, reach, classes=classes.tolist(), closest=choice.angstroms("closest"),
        relaxing=relaxing_of(choice), progress=context.progress,
    )  # fmt: skip
    apart = np.flatnonzero(np.isfinite(pairs.energies))
    frames = tuple(
        Frames.of([pairs.structures[k]], {"pair_energy_eV": pairs.energies[[k]], "distance_A": pairs.distances[[k]]})
        for k in apart
    )
    full = _on_full_class(found, pairs)
    return PairRecord(reach, pairs.classes, pairs.distances, pairs.energies, pairs.keys, full, frames)


def _on_full_class(found: "Segregation", pairs: "PairEnergies") -> float | None:
    from atomistic.solutes.lattice_gas import lattice_gas
    from atomistic.solutes.spectrum import heights

    sites, atoms = found.spectrum.sites, found.place.atoms
    a, b, c = (int(pairs.reach / height) + 1 for height in heights(atoms))
    own = np.flatnonzero(sites.classes == 0)
    total = float(lattice_gas(atoms, sites, found.spectrum.energies, pairs, (a, b, c), own).pair[0].sum())
    return total if np.isfinite(total) else None
