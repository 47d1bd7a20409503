"""What the concurrent study shows: each method's errors beside all atoms, its cost, the response along a loading."""

from multiscale.runtime.records import Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.concurrent.records import ConcurrentFindings, MethodFindings, ProbeResponse

_HEADLINED = 3
"""Methods whose error stands at the top of the report."""


def report(results: Results, found: ConcurrentFindings) -> None:
    """Everything that was found.

    Args:
        results: Takes it.
        found: The findings.
    """
    _headlines(results, found)
    _table(results, found.methods)
    _errors(results, found.methods)
    if found.response is not None:
        _response(results, found.response, found.methods)
    results.ledger, results.ledger_unit = [one.row for one in found.counted], "eV"
    results.notes += _notes(found)


def _headlines(results: Results, found: ConcurrentFindings) -> None:
    add = results.add
    for fact in found.facts:
        add(fact.axis.name, fact.value, fact.axis.unit, fact.axis.description, headline=True)
    add("unknowns", found.unknowns, "", "unknowns of all atoms")
    if found.energy is not None:
        add("energy", found.energy, "eV", "energy of all atoms less that of the perfect crystal")
    add("evaluations", found.evaluations, "", "evaluations of all atoms' forces")
    for number, one in enumerate(found.methods, 1):
        name, label = f"{number}_{one.method}", f"{one.method}, core {one.core_asked:g}"
        what = f"{label}: relative error of the displacement"
        add(f"{name}_displacement_error", one.displacement_error, "", what, headline=number <= _HEADLINED)
        add(f"{name}_strain_error", one.strain_error, "", f"{label}: relative error of the strain")
        add(f"{name}_unknowns_fraction", one.unknowns_fraction, "", f"{label}: unknowns over those of all atoms")
        add(f"{name}_cost_fraction", one.cost_fraction, "", f"{label}: time over that of all atoms")
        add(f"{name}_ghost_force", one.ghost_force, "eV/Å", f"{label}: largest force on the perfect crystal")
        if one.energy_error is not None:
            add(f"{name}_energy_error", one.energy_error, "eV", f"{label}: error of the energy")


def _table(results: Results, methods: tuple[MethodFindings, ...]) -> None:
    head = (
        "method", "core", "blend", "unknowns", "atoms", "ghost force, eV/Å", "energy error, eV", "displacement error",
        "strain error", "time, s", "time over all atoms'",
    )  # fmt: skip
    rows = tuple(
        (
            one.method, round(one.core, 2), round(one.blend, 2), one.unknowns, one.atoms, f"{one.ghost_force:.1e}",
            "none" if one.energy_error is None else f"{one.energy_error:.2e}", f"{one.displacement_error:.2e}",
            f"{one.strain_error:.2e}", f"{one.seconds:.2f}", f"{one.cost_fraction:.3f}",
        )
        for one in methods
    )  # fmt: skip
    results.tables.append(Table("Methods beside all atoms", head, rows))


def _errors(results: Results, methods: tuple[MethodFindings, ...]) -> None:
    """The strain's error against the number of unknowns, one curve per method."""
    series = []
    for method in dict.fromkeys(one.method for one in methods):
        mine = sorted((one for one in methods if one.method == method), key=lambda one: one.unknowns)
        results.add_curve(
            method, f"errors of {method}", unknowns=("", [one.unknowns for one in mine]),
            strain_error=("", [one.strain_error for one in mine]),
        )  # fmt: skip
        series.append(PlotSeries(method, "unknowns", "strain_error", method, "line and points"))
    results.plots.append(
        Plot("Error against unknowns", "unknowns", "", "relative error of the strain", "", tuple(series), log="xy")
    )


def _response(results: Results, found: ProbeResponse, methods: tuple[MethodFindings, ...]) -> None:
    """What is read off each equilibrium against the load, all atoms first."""
    load, answer, series = found.load, found.answer, []
    paths = {"all atoms": found.values} | {f"{k} {one.method}": one.response for k, one in enumerate(methods, 1)}
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
    told.append(
        f"Errors are relative to all {found.unknowns // 3} atoms of the box, solved with the same potential, the same "
        f"far boundary and the same tolerance; a lattice unit is {found.spacing:.4g} Å."
    )
    return told + [
        f"The region of {one.method} was adapted: its core of {one.core_asked:g} lattice units became {one.core:.3g}."
        for one in found.methods
        if one.adapted
    ]
