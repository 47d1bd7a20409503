"""What the concurrent study shows: each method's errors beside all atoms, its cost, the response along a loading."""

from coupling.findings import Criterion
from multiscale.runtime.records import Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.stages.precheck import precheck_finding
from multiscale.studies.concurrent.records import ConcurrentFindings, MethodErrors, MethodFindings, ProbeResponse

_GHOST = 1e-4
"""eV/Å on the perfect crystal that no method should exceed: a tenth of the tolerance of a relaxation."""
_HEADLINED = 3
"""Methods whose error stands at the top of the report."""


def report(results: Results, found: ConcurrentFindings) -> None:
    """Everything that was found.

    Args:
        results: Takes it.
        found: The findings.
    """
    _headlines(results, found)
    _verdict(results, found)
    _table(results, found.methods, found.reference is not None)
    if found.reference is not None:
        _errors(results, found.methods)
    if found.response is not None:
        _response(results, found.response, found.methods)
    results.ledger, results.ledger_unit = [one.row for one in found.counted], "eV"
    results.notes += _notes(found)
    results.findings += map(precheck_finding, found.cautions)


def _headlines(results: Results, found: ConcurrentFindings) -> None:
    add = results.add
    for fact in found.facts:
        add(fact.axis.name, fact.value, fact.axis.unit, fact.axis.description, headline=True)
    add("box_atoms", found.box_atoms, "", "atoms that the box would hold if all of it were atoms")
    if (exact := found.reference) is not None:
        add("unknowns", exact.unknowns, "", "unknowns of all atoms")
        if exact.energy is not None:
            add("energy", exact.energy, "eV", "energy of all atoms less that of the perfect crystal")
        add("evaluations", exact.evaluations, "", "evaluations of all atoms' forces")
    for number, one in enumerate(found.methods, 1):
        name, label = f"{number}_{one.method}", f"{one.method}, core {one.core_asked:g}"
        add(f"{name}_unknowns", one.unknowns, "", f"{label}: unknowns")
        add(f"{name}_atoms", one.atoms, "", f"{label}: atoms whose neighbourhood is evaluated")
        add(f"{name}_ghost_force", one.ghost_force, "eV/Å", f"{label}: largest force on the perfect crystal")
        if one.energy is not None:
            add(f"{name}_energy", one.energy, "eV", f"{label}: energy less that of the perfect crystal")
        if one.errors is not None:
            _headline_errors(results, name, label, one.errors, first=number <= _HEADLINED)


def _verdict(results: Results, found: ConcurrentFindings) -> None:
    """The method that comes nearest to all atoms, and the force that each leaves on the perfect crystal."""
    ranked = [(one.errors.displacement, number, one) for number, one in enumerate(found.methods, 1) if one.errors]
    if ranked:
        _, number, best = min(ranked, key=lambda item: item[:2])
        name = f"{number}_{best.method}"
        results.summary = (
            f"Of {len(found.methods)} methods {best.method} with a core of {best.core_asked:g} comes nearest to all atoms: its "
            f"displacements err by {{{name}_displacement_error}} with {{{name}_unknowns_fraction}} of the unknowns."
        )
    ghosts: dict[str, float] = {}
    for one in found.methods:
        ghosts[one.method] = max(ghosts.get(one.method, 0.0), one.ghost_force)
    results.checks += [Criterion(f"ghost force, {name}", force, _GHOST, "eV/Å") for name, force in ghosts.items()]


def _headline_errors(results: Results, name: str, label: str, errors: MethodErrors, *, first: bool) -> None:
    """A method's errors relative to all atoms, that of the displacement at the top for the first methods."""
    add = results.add
    what = f"{label}: relative error of the displacement"
    add(f"{name}_displacement_error", errors.displacement, "", what, headline=first)
    add(f"{name}_strain_error", errors.strain, "", f"{label}: relative error of the strain")
    add(f"{name}_unknowns_fraction", errors.unknowns_fraction, "", f"{label}: unknowns over those of all atoms")
    add(f"{name}_cost_fraction", errors.cost_fraction, "", f"{label}: time over that of all atoms")
    if errors.energy is not None:
        add(f"{name}_energy_error", errors.energy, "eV", f"{label}: error of the energy")


def _table(results: Results, methods: tuple[MethodFindings, ...], compared: bool) -> None:
    head = ("method", "core", "blend", "unknowns", "atoms", "ghost force, eV/Å", "time, s")
    beside = ("energy error, eV", "displacement error", "strain error", "time over all atoms'")
    rows = tuple(
        (
            one.method, round(one.core, 2), round(one.blend, 2), one.unknowns, one.atoms, one.ghost_force, one.seconds,
            *_error_cells(one.errors),
        )
        for one in methods
    )  # fmt: skip
    results.tables.append(
        Table("Methods beside all atoms", head + beside, rows) if compared else Table("Methods", head, rows)
    )


def _error_cells(errors: MethodErrors | None) -> tuple[float | None, ...]:
    return () if errors is None else (errors.energy, errors.displacement, errors.strain, errors.cost_fraction)


def _errors(results: Results, methods: tuple[MethodFindings, ...]) -> None:
    """The strain's error against the number of unknowns, one curve per method."""
    series = []
    for method in dict.fromkeys(one.method for one in methods):
        mine = sorted((one for one in methods if one.method == method), key=lambda one: one.unknowns)
        results.add_curve(
            method, f"errors of {method}", unknowns=("", [one.unknowns for one in mine]),
            strain_error=("", [one.errors.strain for one in mine if one.errors]),
        )  # fmt: skip
        series.append(PlotSeries(method, "unknowns", "strain_error", method, "line and points"))
    results.plots.append(
        Plot("Error against unknowns", "unknowns", "", "relative error of the strain", "", tuple(series), log="xy")
    )


def _response(results: Results, found: ProbeResponse, methods: tuple[MethodFindings, ...]) -> None:
    """What is read off each equilibrium against the load, all atoms first."""
    load, answer, series = found.load, found.answer, []
    exact = {} if found.values is None else {"all atoms": found.values}
    paths = exact | {f"{k} {one.method}": one.response for k, one in enumerate(methods, 1)}
    for label, values in paths.items():
        key, what = label.replace(" ", "_"), f"{answer.description}, {label}"
        results.add(f"{key}_{answer.name}", values[-1], answer.unit, f"{label}: {answer.description}")
        columns = {load.name: (load.unit, found.loads), answer.name: (answer.unit, values)}
        results.add_curve(f"response_{key}", what, **columns)
        series.append(PlotSeries(f"response_{key}", load.name, answer.name, label, "line and points"))
    results.plots.append(Plot(answer.description, load.name, load.unit, answer.name, answer.unit, tuple(series)))


def _notes(found: ConcurrentFindings) -> list[str]:
    """What the numbers depend on."""
    told, law, pad = [], found.surrogate, found.pad
    if law is not None:
        told.append(
            f"The Cauchy-Born law is a polynomial of degree {law.degree} fitted to strains up to "
            f"{law.strain:g}; at strains that were not fitted it errs by at most {law.energy_error:.2g} eV per site and "
            f"{law.stress_error:.2g} eV/Å³."
        )
    if found.ranks > 1:
        told.append(f"The continuum was evaluated by {found.ranks} MPI ranks, the atoms by the first.")
    if pad is not None:
        told.append(
            f"Moving an atom by {pad.displacement:g} Å changes no force by {1e3 * pad.threshold:g} meV/Å or more "
            f"beyond {pad.radius:.2f} Å, which is the pad of atoms carried along; the potential's layout would allow "
            f"{pad.receptive_field:.3g} Å. The forces that the shorter pad leaves on the perfect crystal are applied as a dead load."
        )
    unit = f"A lattice unit is {found.spacing:.4g} Å."
    if found.reference is None:
        told.append(
            f"No reference was solved, so that no errors are known: all {found.box_atoms} atoms of the box would need "
            f"about {found.box_memory / 2**30:.3g} GiB. {unit}"
        )
    else:
        told.append(
            f"Errors are relative to all {found.reference.unknowns // 3} atoms of the box, solved with the same "
            f"potential, the same far boundary and the same tolerance. {unit}"
        )
    return told + [
        f"The region of {one.method} was adapted: its core of {one.core_asked:g} lattice units became {one.core:.3g}."
        for one in found.methods
        if one.adapted
    ]
