"""The law of an interface with solute: a path at each coverage, one law of opening and coverage from all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.contracts import Potential
from coupling.errors import InputError
from coupling.interface.stretches import InterpolatedStretch, interpolated_stretches
from coupling.laws.coverage import CoverageLaw
from coupling.laws.law import Law
from coupling.laws.reservoir import ReservoirLaw
from coupling.laws.solute import Solute
from coupling.records import pack, unpack
from coupling.units import ANGSTROM, EV, EV_A2
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import PotentialChoice
from multiscale.inputs.solute import SoluteInput
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.derived_law import DerivedLaw, OfSolute
from multiscale.stages.grain_boundary import BoundaryRecord
from multiscale.stages.law_atoms import FAR, LawAtoms
from multiscale.stages.law_interface import cut_slab, opened_interface
from multiscale.stages.law_of_samples import law_of_samples
from multiscale.stages.models import Models

if TYPE_CHECKING:
    from atomistic.solutes.filled import Host
    from atomistic.solutes.sites import Sites

_WHOLE = 1e-6
"""By how much a coverage may differ from whole atoms in the cell."""


@dataclass(frozen=True)
class FilledAtoms:
    """The path of an interface at one coverage.

    Attributes:
        amount: Solute atoms at each interface of the cell.
        sites: Sites there.
        names: What they are called.
        energy: Of the closed cell over its interfaces, eV.
        atoms: The samples.
    """

    amount: int
    sites: int
    names: str
    energy: float
    atoms: LawAtoms


@dataclass(frozen=True)
class Dissolved:
    """A solute atom in the bulk, which is the reservoir.

    Attributes:
        energy: E(host and solute) − E(host), of a substitutional one and the replaced atom's in its bulk, eV.
        replaced: Energy of the replaced atom in its bulk, eV; 0 of an interstitial one.
        chemical_potential: Of the concentration that was asked for, from the energy, eV; None where none was.
        cell_error: By which the energy is too large for the size of its cell, eV.
    """

    energy: float
    replaced: float
    chemical_potential: float | None = None
    cell_error: float = 0.0


def law_with_solute(
    options: LawOptions, crystals: dict[str, CrystalRecord], models: Models, context: RunContext,
    potential: PotentialChoice | None, boundary: BoundaryRecord | None,
) -> DerivedLaw:  # fmt: skip
    """The law at the coverage, or in exchange with the reservoir, that the options hold.

    Args:
        options: Of the law stage, with solute.
        crystals: By place.
        models: The study's potentials.
        context: The run.
        potential: The block's own potential; None is the study's.
        boundary: The grain boundary, where the options have one.

    Raises:
        InputError: the potential lacks the solute, or a coverage is no whole number of atoms in the cell.
        NotConverged: some equilibrium was not found.
    """
    choice = options.solute
    assert choice is not None
    if options.plane is not None:  # of two crystals or grains the sites are known when they are closed
        _, sites = _host_and_sites(choice, cut_slab(options, crystals["plane"], "plane"))
        for coverage in choice.coverages:
            _amount(coverage, sites)
    host = next(iter(reversed(crystals.values())))
    dissolved = _dissolved(choice, host, models, context, potential)
    if (dissolved.chemical_potential or 0.0) > 0:
        raise InputError(
            f"A concentration of {choice.concentration:g} fills more than half of the best sites of bulk {host.formula}, which is more "
            "than a host has room for; give a smaller one."
        )
    found = [
        _filled(coverage, options, crystals, models, context, potential, boundary) for coverage in choice.coverages
    ]
    derived = [law_of_samples(options, one.atoms, crystals, models, potential) for one in found]
    reference = f"{choice.element} in bulk {host.formula} at infinite dilution, without entropy of mixing"
    law = _joined(choice, [one.law for one in derived], found, dissolved, reference)
    nearest = int(np.argmin(np.abs(np.array(choice.coverages) - (choice.coverage or 0.0))))
    spacings = tuple(one.atoms.closed_gap * ANGSTROM for one in found)
    agree = tuple(one.law_consistency for one in derived)
    known = OfSolute(
        law, agree, dissolved.energy, found[0].names, spacings, dissolved.cell_error, tuple(map(_stretches, derived))
    )
    return replace(derived[nearest], law=_held(choice, law, dissolved), boundary=boundary, solute=known)


def _stretches(derived: DerivedLaw) -> tuple[InterpolatedStretch, ...]:
    """Openings without a state, of a relaxed path."""
    slab = derived.atoms.slab
    return () if slab is None or derived.static is None else interpolated_stretches(slab, derived.static, derived.law)


def _joined(
    choice: SoluteInput, laws: Sequence[Law], found: Sequence[FilledAtoms], dissolved: Dissolved, reference: str
) -> CoverageLaw:
    """The law of opening and coverage; energies of the closed interface from the solute in the bulk."""
    area, density = found[0].atoms.area, found[0].sites / found[0].atoms.area / ANGSTROM**2
    added = np.array([one.energy - found[0].energy for one in found])
    amounts = np.array([one.amount for one in found])
    closed = (added + amounts * (dissolved.replaced - dissolved.energy)) / area * EV_A2
    counted = [
        law.counted(replace(law.count, solute=Solute(choice.element, reference, "coverage", density, coverage)))
        for law, coverage in zip(laws, choice.coverages, strict=True)
    ]
    return CoverageLaw(counted, np.array(choice.coverages), closed, density)


def _held(choice: SoluteInput, law: CoverageLaw, dissolved: Dissolved) -> Law:
    if choice.coverage is not None:
        return law.at_coverage(choice.coverage)
    potential = dissolved.chemical_potential if choice.chemical_potential is None else choice.chemical_potential
    assert potential is not None and choice.temperature is not None  # the input asks for both
    return ReservoirLaw(law, potential * EV, choice.temperature)


def _dissolved(
    choice: SoluteInput, host: CrystalRecord, models: Models, context: RunContext, potential: PotentialChoice | None
) -> Dissolved:
    key = request(
        "dissolved solute", choice, include={"element", "kind", "concentration", "temperature"},
        potentials=[models(potential)], host=host.formula, cell=host.atoms.cell.array.tolist(),
    )  # fmt: skip

    def work() -> dict[str, object]:
        from atomistic.solutes.spectrum import bulk_solution, replaced_energy

        loaded = _loaded(models, potential)
        bulk = bulk_solution(loaded, host.atoms, choice.element, choice.kind, progress=context.progress)
        energy = float(bulk.energies[0])
        replaced = replaced_energy(loaded, host.atoms) if choice.kind == "substitutional" else 0.0
        if choice.concentration is None:
            return pack(Dissolved(energy, replaced, None, bulk.cell_error))
        assert choice.temperature is not None
        mu = bulk.chemical_potential(choice.concentration, choice.temperature) - energy
        return pack(Dissolved(energy, replaced, mu, bulk.cell_error))

    return unpack(Dissolved, context.cached("dissolved solute", key, work))


def _filled(
    coverage: float, options: LawOptions, crystals: dict[str, CrystalRecord], models: Models, context: RunContext,
    potential: PotentialChoice | None, boundary: BoundaryRecord | None,
) -> FilledAtoms:  # fmt: skip
    """The path at one coverage, from the cache where it is known."""
    key = request(
        "cohesive law with solute",
        options,
        exclude={
            "gap": True, "beyond": True, "check_fault": True,
            "solute": {"coverages": True, "coverage": True, "chemical_potential": True, "concentration": True, "temperature": True},
        },
        potentials=[models(potential)],
        sampled_coverage=coverage,
    )  # fmt: skip

    def work() -> dict[str, object]:
        return pack(_path(coverage, options, crystals, _loaded(models, potential), context, boundary))

    return unpack(FilledAtoms, context.cached(f"coverage {coverage:g}", key, work))


def _path(
    coverage: float, options: LawOptions, crystals: dict[str, CrystalRecord], potential: Potential, context: RunContext,
    boundary: BoundaryRecord | None,
) -> FilledAtoms:  # fmt: skip
    from atomistic.decohesion.path_frames import relaxed_frames, rigid_frames
    from atomistic.decohesion.rigid_path import default_openings
    from atomistic.solutes.filled import filled_cell
    from atomistic.solutes.opening import opened_rigidly, opened_with_solute

    choice = options.solute
    assert choice is not None
    opened = opened_interface(options, crystals, potential, context, boundary, None)
    host, sites = _host_and_sites(choice, opened.cell)
    chosen = _chosen(choice, potential, host, sites, coverage)
    cell = filled_cell(potential, host, choice.element, sites, chosen, progress=context.progress)
    context.log.info("coverage %g: %d atoms on %d sites, %.2f Å²", coverage, len(chosen), len(sites), cell.area)
    gaps = default_openings(options.openings.max / ANGSTROM, options.openings.points)
    found: dict[str, Any]
    if options.path == "relaxed":
        far = FAR if boundary is not None else None
        path = opened_with_solute(
            potential, cell, gaps, tolerance=options.relaxation.force, lost=far, progress=context.progress
        )
        slab, bulks = path.records()
        found = {"slab": slab, "bulks": bulks, "frames": relaxed_frames(path.series, path.states)}
        energy = path.series.closed.energy
    else:
        samples, structures = opened_rigidly(potential, cell, gaps, progress=context.progress)
        found = {"rigid": samples, "frames": rigid_frames(structures, np.pad(gaps[:, None], ((0, 0), (0, 2))))}
        energy = float(potential.evaluate([cell.atoms]).energies[0])
    atoms = LawAtoms(float(cell.area), opened.spacings, float(cell.spacing), opened.sides, **found)
    names = " and ".join(sorted(set(sites.names)))
    return FilledAtoms(len(chosen), len(sites), names, energy / len(cell.bodies), atoms)


def _host_and_sites(choice: SoluteInput, cell: Any) -> "tuple[Host, Sites]":
    """The closed cell, repeated in its plane as asked, and the sites at one interface."""
    from atomistic.decohesion.slab import CleavageSlab
    from atomistic.solutes.filled import gap_sites, wider

    host = wider(cell, (choice.repeats[0], choice.repeats[1])) if isinstance(cell, CleavageSlab) else cell
    within = None if choice.within is None else choice.within / ANGSTROM
    found = gap_sites(host, choice.kind, within)
    named = found.called(choice.site) if choice.site is not None else found.select(found.classes == 0)
    return host, named


def _chosen(
    choice: SoluteInput, potential: Potential, host: "Host", sites: "Sites", coverage: float
) -> tuple[int, ...]:
    """The sites that a coverage fills."""
    from atomistic.solutes.filled import arranged
    from atomistic.solutes.placing import solute_number

    solute_number(choice.element, potential)
    return arranged(potential, host, choice.element, sites, _amount(coverage, sites))


def _amount(coverage: float, sites: "Sites") -> int:
    """Solute atoms of a coverage.

    Raises:
        InputError: it is no whole number.
    """
    amount = coverage * len(sites)
    if abs(amount - round(amount)) > _WHOLE * len(sites):
        each = ", ".join(f"{k / len(sites):.4g}" for k in range(len(sites) + 1)[:9])
        raise InputError(
            f"A coverage of {coverage:g} is {amount:.3g} atoms on the {len(sites)} sites of the cell; give one of {each}, or more repeats."
        )
    return round(amount)


def _loaded(models: Models, potential: PotentialChoice | None) -> Potential:
    loaded = models(potential)
    assert loaded is not None  # rank 0 works, and has it
    return loaded
