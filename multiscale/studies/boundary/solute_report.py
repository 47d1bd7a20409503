"""What a boundary study reports of a solute: energies of sites, how many are occupied, and what the counting leaves out."""

import numpy as np

from coupling.findings import Finding
from coupling.units import ANGSTROM, BOLTZMANN_EV
from multiscale.runtime.records import Amount, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.stages.boundary_solute import BoundarySolute
from multiscale.stages.solute_occupation import WalkRecord
from multiscale.stages.solute_records import PairRecord, PlaceRecord

_SHOWN = 16  # rows of a table
_POINTS = 61  # of the isotherm
_NOTICED = 0.05  # coverage of two sites too close for both that is worth a warning
_CORRELATED = 0.5
_DRIFTS = 4.0
_PER_AREA = 1 / ANGSTROM**2


def report_solute(results: Results, solute: BoundarySolute) -> None:
    """Numbers, tables, curves and warnings."""
    _report_energies(results, solute)
    _report_occupation(results, solute)
    for place in (solute.record.boundary, solute.record.surface):
        if place is not None:
            _report_sites(results, solute, place)
    if solute.record.pairs is not None:
        _report_pairs(results, solute, solute.record.pairs)
        if solute.record.pairs.full is not None:
            _report_fowler(results, solute, solute.record.pairs.full)
    _report_isotherm(results, solute)
    if solute.walk is not None:
        _report_walk(results, solute, solute.walk)
    _findings(results, solute)
    choice, record = solute.choice, solute.record
    results.summary += f" On its best site there {choice.element} has a segregation energy of {{segregation_energy}}."
    results.notes.append(
        f"{choice.element} is {choice.kind}; its solution energies are counted from {record.reference_source}. Energies are those of "
        "atoms at rest: vibrations, zero-point energy too, are left out. Only sites within "
        f"{choice.angstroms('within'):g} Å of the interface count."
    )


def _report_energies(results: Results, solute: BoundarySolute) -> None:
    record, zero, element = solute.record, solute.zero, solute.choice.element
    boundary, surface = record.boundary, record.surface
    add = results.add
    if solute.choice.reference != "bulk":
        add("bulk_solution_energy", zero - record.reference, "eV", f"energy of solution of {element} in the bulk")
        add(
            "boundary_solution_energy", float(boundary.energies[0]) - record.reference, "eV",
            f"energy of solution of {element} on the best site of the boundary",
        )  # fmt: skip
    add(
        "segregation_energy", float(boundary.energies[0]) - zero, "eV",
        f"segregation energy of {element}, best site of the boundary against the bulk", headline=True,
    )  # fmt: skip
    add("bulk_cell_error", record.cell_error, "eV", "left in the bulk's energy by the size of its cell (as 1/N)")
    if surface is not None:
        add(
            "surface_segregation_energy", float(surface.energies[0]) - zero, "eV",
            f"segregation energy of {element}, best site of the free surface against the bulk",
        )  # fmt: skip
        add(
            "surface_less_boundary", float(surface.energies[0] - boundary.energies[0]), "eV",
            f"{element} on the surface less at the boundary; negative where it makes parting easier (Rice and Wang)",
        )  # fmt: skip


def _report_occupation(results: Results, solute: BoundarySolute) -> None:
    choice, record, mu, add = solute.choice, solute.record, solute.chemical_potential, results.add
    add("solute_temperature", choice.temperature, "K", "temperature at which sites are occupied")
    add(
        "chemical_potential", mu - record.reference, "eV", f"chemical potential of {choice.element}, from the reference"
    )
    concentration = record.bulk.levels.amount(mu, choice.temperature)
    add("bulk_concentration", concentration, "", f"{choice.element} atoms per lattice site of the bulk")
    add("best_site_coverage", float(solute.coverage[0]), "", "occupied fraction of the boundary's best sites, alone")
    what = f"{choice.element} atoms beyond the bulk's per area of the boundary, sites taken not to interact"
    add("boundary_excess", solute.excess(record.boundary, mu) * _PER_AREA, "1/m^2", what, headline=solute.walk is None)
    if record.surface is not None:
        what = f"{choice.element} atoms beyond the bulk's per area of the surface, sites taken not to interact"
        add("surface_excess", solute.excess(record.surface, mu) * _PER_AREA, "1/m^2", what)


def _report_sites(results: Results, solute: BoundarySolute, place: PlaceRecord) -> None:
    each = place.levels.coverage(solute.chemical_potential, solute.choice.temperature)
    energies = place.energies - solute.zero
    counts = np.asarray(place.multiplicities) / place.interfaces
    results.add_curve(
        f"{place.name}_sites", f"different sites of {solute.choice.element}: {place.name}, by rising energy",
        segregation_energy=("eV", energies), sites=("", counts), distance=("m", place.distances * ANGSTROM), coverage=("", each),
    )  # fmt: skip
    rows = tuple(
        (k + 1, place.names[k], Amount(float(energies[k]), "eV"), float(counts[k]), Amount(float(place.distances[k]) * ANGSTROM, "m"),
         f"{each[k]:.3g}")
        for k in range(min(len(energies), _SHOWN))
    )  # fmt: skip
    head = ("site", "kind", "segregation energy", "in the cell", "distance", "coverage alone")
    left = f" {place.left_out} were not relaxed." if place.left_out else ""
    caption = f"Different by symmetry; sites that relax to one are one. {max(len(energies) - _SHOWN, 0)} more are not shown.{left}"
    results.tables.append(Table(f"Sites of {solute.choice.element}: {place.name}", head, rows, caption))


def _report_pairs(results: Results, solute: BoundarySolute, pairs: PairRecord) -> None:
    finite = np.isfinite(pairs.energies)
    results.add_curve(
        "pairs", f"interactions of two {solute.choice.element} atoms at the boundary, positive where they repel each other",
        distance=("m", pairs.distances[finite] * ANGSTROM), energy=("eV", pairs.energies[finite]),
        first_site=("", pairs.classes[finite, 0] + 1.0), second_site=("", pairs.classes[finite, 1] + 1.0),
    )  # fmt: skip
    results.add("pairs", len(pairs.energies), "", "different pairs of sites at the boundary")
    results.add(
        "pairs_too_close",
        int((~finite).sum()),
        "",
        "of these that do not hold two atoms: too close, or one leaves its site",
    )
    if finite.any():
        results.add("strongest_attraction", float(min(pairs.energies[finite].min(), 0.0)), "eV", "of two atoms")
        results.plots.append(
            Plot(
                "Interactions of two atoms", "distance", "Å", "interaction energy", "eV",
                (PlotSeries("pairs", "distance", "energy", style="points"),),
                "E(both) + E(none) - E(first) - E(second), relaxed; negative where they attract each other.",
            )
        )  # fmt: skip


def _report_fowler(results: Results, solute: BoundarySolute, full: float) -> None:
    """The best class of sites with what its atoms do to each other, and where that has several solutions."""
    from atomistic.solutes.isotherms import Fowler

    choice, levels = solute.choice, solute.record.boundary.levels
    energy = float(levels.energies[0]) - solute.chemical_potential
    add = results.add
    add("fowler_interaction", full, "eV", "what all other atoms on the boundary's best sites add to the energy of one")
    found = Fowler(np.array([energy]), full, choice.temperature)
    branch = found.coverage(0.5)  # energies are counted from the chemical potential
    add(
        "fowler_coverage",
        branch.coverage,
        "",
        "occupied fraction of the best sites, which interact in the mean (Fowler)",
    )
    if found.spinodal is None:
        return
    low, high = found.spinodal.coverages
    add("fowler_spinodal_low", low, "", "coverage of the best sites above which they are unstable")
    add("fowler_spinodal_high", high, "", "coverage of the best sites below which they are unstable")
    results.notes.append(
        f"Atoms on the boundary's best sites attract each other so much that between coverages of {low:.3g} and {high:.3g} Fowler's "
        f"isotherm is unstable at {choice.temperature:g} K: it has {len(found.branches(0.5))} solutions at this chemical potential, of "
        "which the one of least grand potential is given."
    )


def _report_isotherm(results: Results, solute: BoundarySolute) -> None:
    """Γ against bulk concentration, sites taken not to interact, about the study's own."""
    levels, kelvin = solute.record.bulk.levels, solute.choice.temperature
    span = 8 * BOLTZMANN_EV * kelvin
    potentials = solute.chemical_potential + np.linspace(-span, span, _POINTS)
    amounts = np.array([levels.amount(mu, kelvin) for mu in potentials])
    excess = np.array([solute.excess(solute.record.boundary, mu) for mu in potentials]) * _PER_AREA
    best = np.array([solute.record.boundary.levels.coverage(mu, kelvin)[0] for mu in potentials])
    results.add_curve(
        "isotherm", "solute at the boundary against solute in the bulk (Langmuir and McLean)",
        concentration=("", amounts), excess=("1/m^2", excess), best_site=("", best),
    )  # fmt: skip
    results.plots.append(
        Plot(
            "Solute at the boundary", "bulk concentration", "", "atoms per area", "1/m^2",
            (PlotSeries("isotherm", "concentration", "excess"),),
            f"At {kelvin:g} K, sites taken not to interact.", log="x",
        )
    )  # fmt: skip


def _report_walk(results: Results, solute: BoundarySolute, walk: WalkRecord) -> None:
    record, add = solute.record, results.add
    area = record.boundary.area * ANGSTROM**2
    what = f"{solute.choice.element} atoms per area of the boundary, Monte Carlo of interacting sites"
    add("boundary_atoms", walk.atoms / area, "1/m^2", what, uncertainty=walk.atoms_error / area, headline=True)
    add("walk_accepted", walk.accepted, "", "accepted part of the trial moves")
    add(
        "walk_drift",
        walk.drift,
        "",
        "change of the coverage from the first half of the walks to the second, in standard errors",
    )
    if walk.pair_error is not None:
        what = "difference of pair energies from the potential's relaxed ones, per atom, where some walks ended"
        add("pair_error", walk.pair_error, "eV", what)
    rows = tuple(
        (int(number) + 1, record.boundary.names[number], Amount(float(record.boundary.energies[number]) - solute.zero, "eV"),
         Amount(float(mean), "", float(error)), f"{solute.coverage[number]:.3g}")
        for number, mean, error in zip(walk.classes, walk.coverage, walk.coverage_error, strict=True)
    )[:_SHOWN]  # fmt: skip
    head = ("site", "kind", "segregation energy", "coverage", "coverage alone")
    caption = f"Standard errors over walks; {walk.step} trial moves of each, {walk.accepted:.2g} of them accepted."
    results.tables.append(Table("Occupation of interacting sites", head, rows, caption))


def _findings(results: Results, solute: BoundarySolute) -> None:
    choice, record = solute.choice, solute.record
    kt, place = BOLTZMANN_EV * choice.temperature, record.boundary
    outer = place.distances > 0.8 * choice.angstroms("within")
    lowest = float((place.energies - solute.zero)[outer].min(initial=0.0))
    if lowest < -max(kt, 0.01):
        what = f"sites at the edge of the region that was searched still hold {choice.element} by {lowest:.2g} eV"
        results.findings.append(Finding(what, "", -lowest, "give a larger solute: within", False))
    if abs(record.cell_error) > kt:
        what = f"the bulk's cell is so small that its energy is off by some {record.cell_error:.2g} eV, more than kT"
        results.findings.append(Finding(what, "", abs(record.cell_error), "give a larger solute: separation", False))
    if solute.walk is None and solute.crowded > _NOTICED:
        what = (
            f"two sites closer than {choice.angstroms('closest'):g} Å would both be occupied, which two atoms cannot, so that the "
            "coverages and the excess are too large"
        )
        change = "give solute: monte_carlo (and pairs), which leaves no two atoms on such sites"
        results.findings.append(Finding(what, "", solute.crowded, change, False))
    if place.left_out:
        what = f"{place.left_out} different sites of the boundary were not relaxed"
        results.findings.append(Finding(what, "", place.left_out, "give a larger solute: most", False))
    if solute.walk is not None:
        results.findings.extend(_walk_findings(solute.walk, kt))


def _walk_findings(walk: WalkRecord, kt: float) -> list[Finding]:
    found = []
    if abs(walk.drift) > _DRIFTS:
        what = f"the coverage still changed by {walk.drift:.2g} standard errors from the first half of the walks to the second"
        found.append(Finding(what, "", abs(walk.drift), "give more monte_carlo: discarded and steps", False))
    if walk.correlation > _CORRELATED:
        what = f"blocks of a walk that follow each other are correlated by {walk.correlation:.2g}, so that bars are too small"
        found.append(Finding(what, "", walk.correlation, "give more monte_carlo: steps or walkers", False))
    if walk.pair_error is not None and walk.pair_error > kt:
        what = (
            f"where walks ended, energies of pairs differ from the potential's by {walk.pair_error:.2g} eV an atom, more than "
            f"kT = {kt:.2g} eV"
        )
        found.append(
            Finding(what, "", walk.pair_error, "give monte_carlo: {energies: relaxed}, or a larger pairs", False)
        )
    return found
