"""The concurrent study: one problem by several methods, each beside all atoms."""

from typing import Any

import numpy as np

from multiscale.inputs.concurrent import ConcurrentStudy
from multiscale.results import Plot, Results, Series, Table
from multiscale.runs import RunContext
from multiscale.studies.concurrent_loading import loading

_SUPERCELL = 24.0
"""Å: least width of the cell in which the locality of forces is measured."""


def run(study: ConcurrentStudy, context: RunContext) -> Results:
    """Run the study; see `ConcurrentStudy` for its input. Under MPI the first rank solves and all evaluate the continuum.

    Raises:
        InputError: potential, crystal and regions do not go together.
        NotConverged: an equilibrium was not found.
    """
    from multiscale.concurrent.shared_law import release, serve

    if context.comm is None or context.comm.size == 1:
        return _results(study, context)
    if not context.is_root:
        serve(context.comm)
        return context.on_root(lambda: None)

    def solving() -> Results:
        try:
            return _results(study, context)
        finally:
            release(context.comm)

    return context.on_root(solving)


def _results(study: ConcurrentStudy, context: RunContext) -> Results:
    results, found = Results("concurrent", study.title), _compared(study, context)
    _headlines(results, found)
    _tables(results, found)
    if found["loading"].read is not None:
        _response(results, found)
    results.ledger, results.ledger_unit = list(found["ledger"].rows()), "eV"
    results.notes += found["notes"]
    return results


def _compared(study: ConcurrentStudy, context: RunContext) -> dict[str, Any]:
    from atomistic.cauchy_born import polynomial_law
    from atomistic.potentials import load_potential
    from atomistic.properties.bulk import equilibrium
    from coupling.capabilities import require
    from multiscale.concurrent.compare import compare
    from multiscale.concurrent.methods import METHODS
    from multiscale.concurrent.shared_law import SharedLaw

    potential = load_potential(study.potential.name, **study.potential.options)
    context.uses(potential)
    if any(METHODS[one.method].weighted for one in study.methods):
        require(potential, "weighted_sites")
    notes: list[str] = []
    with context.stage("crystal"):
        crystal = equilibrium(potential, study.species, study.structure, tolerance=1e4)
        loads = loading(study, potential, crystal)
        if study.surrogate is not None:
            law = polynomial_law(loads.problems[0].law, strain=study.surrogate.strain, degree=study.surrogate.degree)
            loads = loads.with_law(law)
            notes.append(
                f"The Cauchy-Born law is a polynomial of degree {study.surrogate.degree} fitted to strains up to "
                f"{law.strain:g}; at strains that were not fitted it errs by at most {law.energy_error:.2g} eV a site and "
                f"{law.stress_error:.2g} eV/Å³."
            )
        if context.comm is not None and context.comm.size > 1:
            loads = loads.with_law(SharedLaw(loads.problems[0].law, context.comm))
            notes.append(f"The continuum was evaluated by {context.comm.size} MPI ranks, the atoms by the first.")
        pad = _pad(study, potential, crystal, notes)
    cases = _cases(study, pad)
    with context.stage("equilibria"):
        atoms, rows = compare(loads.problems, cases, tolerance=study.tolerance, pad=pad, solver=study.solver, progress=context.progress)
    notes.append(
        f"Errors are those beside all {atoms[-1].unknowns // 3} atoms of the box, solved with the same potential, the same far "
        "boundary and the same tolerance; a lattice unit is "
        f"{loads.problems[0].lattice.spacing:.4g} Å."
    )
    notes += [
        f"The region of {row.case.method} was adapted: its core of {row.case.region.core:g} lattice units became "
        f"{row.solution.method.region.core:.3g}."
        for row in rows if row.case.adaptions
    ]
    return {"loading": loads, "atoms": atoms, "rows": rows, "notes": notes, "ledger": rows[-1].solution.method.ledger()}


def _cases(study: ConcurrentStudy, pad: float | None) -> list[Any]:
    from multiscale.concurrent.compare import Case
    from multiscale.concurrent.region import Region

    cases = []
    for one in study.methods:
        region = Region(one.core, one.blend, one.buffer, one.grading, one.blending)
        cases.append(Case(one.method, region, pad, *((one.adapt.steps, one.adapt.left) if one.adapt else ())))
    return cases


def _pad(study: ConcurrentStudy, potential, crystal, notes: list[str]) -> float | None:  # type: ignore[no-untyped-def]
    from atomistic.locality import force_locality

    if study.pad == "whole":
        return None
    height = 1 / np.linalg.norm(np.linalg.inv(crystal.cell.array), axis=0).max()
    local = force_locality(potential, crystal.repeat(int(np.ceil(_SUPERCELL / height))))
    notes.append(
        f"Moving an atom by {local.displacement:g} Å changes no force by {1e3 * local.threshold:g} meV/Å or more beyond "
        f"{local.radius:.2f} Å, which is the pad of atoms carried along; the potential's layout would allow "
        f"{local.receptive_field:.3g} Å. What the shorter pad leaves on the perfect crystal is a dead load."
    )
    return local.radius


def _headlines(results: Results, found: dict[str, Any]) -> None:
    exact, add = found["atoms"][-1], results.add
    for fact in found["loading"].facts:
        add(fact.name, fact.value, fact.unit, fact.description, headline=True)
    add("unknowns", exact.unknowns, "", "unknowns of all atoms")
    if np.isfinite(exact.energy):
        add("energy", exact.energy, "eV", "energy of all atoms less that of the perfect crystal")
    add("evaluations", exact.evaluations, "", "evaluations of all atoms' forces")
    for number, row in enumerate(found["rows"], 1):
        name, label = f"{number}_{row.case.method}", f"{row.case.method}, core {row.case.region.core:g}"
        what = f"{label}: relative error of the displacement"
        add(f"{name}_displacement_error", row.difference.displacement, "", what, headline=number < 4)
        add(f"{name}_strain_error", row.difference.relative_strain, "", f"{label}: relative error of the strain")
        add(f"{name}_unknowns_fraction", row.unknowns_fraction, "", f"{label}: unknowns over those of all atoms")
        add(f"{name}_cost_fraction", row.cost_fraction, "", f"{label}: time over that of all atoms")
        add(f"{name}_ghost_force", row.ghost_force, "eV/Å", f"{label}: largest force on the perfect crystal")
        if np.isfinite(row.energy_error):
            add(f"{name}_energy_error", row.energy_error, "eV", f"{label}: error of the energy")


def _tables(results: Results, found: dict[str, Any]) -> None:
    head = (
        "method", "core", "blend", "unknowns", "atoms", "ghost force, eV/Å", "energy error, eV", "displacement error",
        "strain error", "time, s", "time over all atoms'",
    )  # fmt: skip
    rows = tuple(
        (
            row.case.method, round(row.solution.method.region.core, 2), round(row.solution.method.region.blend, 2), row.solution.unknowns, row.solution.method.atoms,
            f"{row.ghost_force:.1e}", f"{row.energy_error:.2e}" if np.isfinite(row.energy_error) else "none",
            f"{row.difference.displacement:.2e}", f"{row.difference.relative_strain:.2e}", f"{row.seconds:.2f}",
            f"{row.cost_fraction:.3f}",
        )
        for row in found["rows"]
    )  # fmt: skip
    results.tables.append(Table("Methods beside all atoms", head, rows))
    series = []
    for method in dict.fromkeys(row.case.method for row in found["rows"]):
        mine = sorted((r for r in found["rows"] if r.case.method == method), key=lambda r: r.solution.unknowns)
        results.add_curve(
            method, f"errors of {method}", unknowns=("", [r.solution.unknowns for r in mine]),
            strain_error=("", [r.difference.relative_strain for r in mine]),
        )  # fmt: skip
        series.append(Series(method, "unknowns", "strain_error", method, "line and points"))
    results.plots.append(
        Plot("Error against unknowns", "unknowns", "", "relative error of the strain", "", tuple(series), log="xy")
    )


def _response(results: Results, found: dict[str, Any]) -> None:
    """What is read off each equilibrium against the load, all atoms first."""
    loads = found["loading"]
    (load, load_unit), (name, unit, description) = loads.load, loads.answer
    paths = {"all atoms": found["atoms"]} | {f"{k} {row.case.method}": row.path for k, row in enumerate(found["rows"], 1)}
    series = []
    for label, path in paths.items():
        values, key = [loads.read(one) for one in path], label.replace(" ", "_")
        results.add(f"{key}_{name}", values[-1], unit, f"{label}: {description}")
        results.add_curve(f"response_{key}", f"{description}, {label}", **{load: (load_unit, loads.loads), name: (unit, values)})
        series.append(Series(f"response_{key}", load, name, label, "line and points"))
    results.plots.append(Plot(description, load, load_unit, name, unit, tuple(series)))
