"""The specimen and the fracture study: bodies and laws, from files, constants or atoms → a broken specimen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coupling.errors import NotConverged, Refuted
from coupling.exchange.storage import law_text
from coupling.files import write_text
from coupling.identity.addresses import Request
from coupling.units import SI_FACTORS
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Curve, curve_csv
from multiscale.runtime.results import Results
from multiscale.stages.models import Models
from multiscale.studies.specimen.atoms import error_bars, naive_laws, report_atoms, report_error_bars, report_naive
from multiscale.studies.specimen.bodies import SpecimenParts, specimen_parts
from multiscale.studies.specimen.findings import loading_findings, unresolved
from multiscale.studies.specimen.report import frame_of, report
from multiscale.studies.specimen.schema import SpecimenStudy
from multiscale.studies.specimen.watch import Watch

if TYPE_CHECKING:
    from continuum.mesh.specimen_mesh import SpecimenMesh
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading

Counting = Literal["strict", "reported"]


def run(study: SpecimenStudy, context: RunContext) -> Results:
    """Run the study; see `SpecimenStudy` for its input. An interrupted run resumes where it stopped.

    Raises:
        InputError: mesh, materials and laws do not fit together.
        DoubleCounted, Uncounted: the ledger of bodies and laws does not add up; nothing was solved.
        NotConverged: an equilibrium of atoms was not found, or the loading was not followed; the states before are in
            the folder.
        Refuted: openings of an interface are below double precision. What else refutes the result is in its findings.
    """
    results = Results(study.study, study.title)
    models = Models(context, study.potential, study.trust, study.seed)
    mesh = read(study, context.comm)
    with context.stage("atomistic"):
        parts = specimen_parts(study, mesh, models, context)
    report_atoms(results, study, parts, context)
    with context.scratch(_unfinished(study, context, parts)) as unfinished:
        with context.stage("continuum"):
            problem = build(study, mesh, parts)
            context.log.info("finite elements: %d unknowns", problem.size)
            _load(study, context, problem, parts, unfinished, results)
        if study.naive_law:
            with context.stage("naive law"):
                naive = naive_laws(parts)
                wrong = build(study, mesh, replace(parts, laws=parts.laws | naive), counting="reported")
                record = _record(study, context, wrong, results, "With the naive law")
                report_naive(results, study, naive, record, wrong.counting.verdicts)
        if models.count:
            with context.stage("samples"):
                _sample(study, context, mesh, models, parts, results)
    return results


def _sample(
    study: SpecimenStudy, context: RunContext, mesh: "SpecimenMesh", models: Models, parts: SpecimenParts, results: Results
) -> None:  # fmt: skip
    """Break the specimen with each sample of the potential, for the error bars."""
    sampled = models.each_sample(lambda _: specimen_parts(study, mesh, models, context))
    records = [
        _record(study, context, build(study, mesh, one), results, f"With sample {number} of the potential")
        for number, one in enumerate(sampled, 1)
    ]
    bars = error_bars(study, parts, sampled, records, models.held_out())
    report_error_bars(results, study, parts, bars, records, context)


def read(study: SpecimenStudy, comm: Any = None) -> "SpecimenMesh":
    """The mesh of a study, on the ranks of `comm`."""
    from continuum.fenics import MPI
    from continuum.mesh.specimen_mesh import read_mesh

    return read_mesh(
        study.mesh_file, unit=SI_FACTORS["length"][study.mesh_unit], bodies=list(study.bodies), dimension=study.dimension,
        comm=comm or MPI.COMM_WORLD,
    )  # fmt: skip


def build(
    study: SpecimenStudy, mesh: "SpecimenMesh", parts: SpecimenParts, counting: Counting = "strict"
) -> "CohesiveProblem":
    """The `continuum.solver.problem.CohesiveProblem` of a study.

    Args:
        study: The study.
        mesh: Its mesh.
        parts: Its laws and materials.
        counting: "strict", or "reported" for a model that is wrong on purpose.
    """
    from continuum.model import Prescribed, Traction
    from continuum.solver.problem import CohesiveProblem

    return CohesiveProblem(
        mesh,
        parts.materials,
        [interface.bond(name, parts.laws[name]) for name, interface in study.interfaces.items()],
        [Prescribed(s.group, s.component) for s in study.supports]
        + [Prescribed(item.group, item.component, item.factor) for item in study.loads],
        tractions=[Traction(item.group, item.component, item.traction) for item in study.tractions],
        kind=study.kind,
        order=study.order,
        counting=counting,
    )


def _unfinished(study: SpecimenStudy, context: RunContext, parts: SpecimenParts) -> Request:
    """All that determines the loading, whose checkpoint is kept until it is done."""
    return request(
        "specimen", study, exclude={"trust", "naive_law"}, ranks=1 if context.comm is None else context.comm.size,
        laws={name: law_text(law) for name, law in parts.laws.items()},
        crystals={name: crystal.stiffness_voigt for name, crystal in parts.crystals.items()},
    )  # fmt: skip


def _record(
    study: SpecimenStudy, context: RunContext, problem: "CohesiveProblem", results: Results, when: str
) -> "Loading":
    """A loading of which only the record is wanted; what its checks find goes into the findings."""
    from continuum.solver.diagnostics import assess, still_rising
    from continuum.solver.stepping import pull

    loading = study.loading
    record = pull(
        problem, loading.turning_points, loading.steps, closing=loading.closing, growth=loading.growth, rate=loading.rate,
        linear=loading.linear_solver, balance=loading.balance_tolerance, peak=loading.peak_tolerance,
        progress=context.progress, stop=_stop(study, problem),
    )  # fmt: skip
    found = assess(record, loading.balance_tolerance, loading.peak_tolerance)
    found += still_rising(record) if study.loads else ()
    results.findings += [replace(one, what=f"{when}: {one.what}") for one in found]
    return record


def _load(
    study: SpecimenStudy, context: RunContext, problem: "CohesiveProblem", parts: SpecimenParts, unfinished: Path,
    results: Results,
) -> None:  # fmt: skip
    """Break the specimen and record it."""
    from continuum.post.output import FieldWriter
    from continuum.solver.stepping import pull

    loading, fields_folder = study.loading, context.folder / "fields"
    context.on_root(fields_folder.mkdir)
    fields = FieldWriter(problem, fields_folder)
    watch = Watch(study, problem, fields, unfinished)
    try:
        record = pull(
            problem, loading.turning_points, loading.steps, closing=loading.closing, growth=loading.growth,
            rate=loading.rate, linear=loading.linear_solver, balance=loading.balance_tolerance,
            peak=loading.peak_tolerance, checkpoint=unfinished, progress=context.progress, on_step=watch,
            kept=watch, stop=_stop(study, problem),
        )  # fmt: skip
    except (NotConverged, Refuted):
        if context.is_root:  # alone: the other ranks may have another error, or none
            _leave_curve(study, watch, context.folder)
        raise
    known = len(record.steps) - 1 - watch.calls
    if known > 0:
        context.reused.append(f"the first {known} steps of the loading, from an interrupted run")
    found, coarse = loading_findings(study, problem, record), []
    if context.is_root:
        coarse = unresolved(study, problem, record, parts.laws)
    report(study, context, problem, record, watch, found, coarse, results)


def _stop(study: SpecimenStudy, problem: "CohesiveProblem") -> "Callable[[Loading], bool]":
    part = study.loading.stop_at_area
    limit = np.inf if part is None else part * problem.interface_area
    return lambda record: bool(record.steps[-1].broken_area >= limit)


def _leave_curve(study: SpecimenStudy, watch: Watch, folder: Path) -> None:
    """The states before a loading that failed."""
    frame = frame_of(study)
    units = {"load": "m" if study.loads else "", "force": frame.force, "work": frame.energy, "broken_area": frame.area}
    columns = {name: np.array([row[name] for row in watch.steps]) for name in units}
    write_text(folder / "load_displacement_so_far.csv", curve_csv(Curve("", units, columns)))
