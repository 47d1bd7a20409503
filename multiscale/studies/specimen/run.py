"""The specimen and the fracture study: bodies and laws, from files, constants or atoms → a broken specimen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coupling.errors import NotConverged, Refuted
from coupling.exchange.storage import law_text
from coupling.files import write_text
from coupling.findings import Finding
from coupling.identity.addresses import Request
from coupling.units import SI_FACTORS
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import save_crystals
from multiscale.runtime.handed_on import CRYSTALS
from multiscale.runtime.records import Curve, RunFile, curve_csv
from multiscale.runtime.results import Results
from multiscale.stages.models import Models
from multiscale.studies.specimen.atoms import naive_laws, report_atoms, report_naive
from multiscale.studies.specimen.bars import SampledSpecimen, crystals_of, error_bars, report_error_bars
from multiscale.studies.specimen.bodies import SpecimenParts, specimen_parts
from multiscale.studies.specimen.far_field import prescribed_loads
from multiscale.studies.specimen.findings import loading_findings, resolution
from multiscale.studies.specimen.grain_report import crack_areas, report_grains
from multiscale.studies.specimen.holding import held
from multiscale.studies.specimen.report import frame_of, last_state, report
from multiscale.studies.specimen.schema import SpecimenStudy
from multiscale.studies.specimen.transport import pull_with_solute, with_solute
from multiscale.studies.specimen.watch import Watch

if TYPE_CHECKING:
    from continuum.mesh.specimen_mesh import SpecimenMesh
    from continuum.post.output import FieldWriter
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading

FIELDS = "fields.vtkhdf"
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
                _compare(study, context, mesh, parts, results)
        sampled = [
            _sampled(study, context, mesh, models, family, results, unfinished / f"samples-{k}")
            for k, family in enumerate(parts.families)
        ]
    bars = error_bars(study, parts, sampled, models)
    report_error_bars(results, study, parts, bars, sampled, context)
    crystals = crystals_of(study, parts, sampled, models.own_family())
    if crystals:
        context.on_root(lambda: save_crystals(crystals, context.folder / CRYSTALS))
    return results


def _sampled(
    study: SpecimenStudy, context: RunContext, mesh: "SpecimenMesh", models: Models, family: tuple[str, ...], results: Results,
    scratch: Path,
) -> SampledSpecimen:  # fmt: skip
    """Break the specimen with each sample of what varies together, for the error bars."""
    from continuum.post.output import FieldWriter

    what = "the potential" if family == models.own_family() else "an earlier run"
    records, observed = [], []
    with context.stage("samples"):
        parts = models.each_sample(lambda _: specimen_parts(study, mesh, models, context), family)
        for number, one in enumerate(parts, 1):
            problem = build(study, mesh, one)
            watch = Watch(study, problem, FieldWriter(problem), scratch / str(number), filmed=False)
            record = _record(study, context, problem, results, f"With sample {number} of {what},", watch)
            state = last_state(problem, record.steps[-1].load)
            records.append(record)
            observed.append(
                {each.name: each.value for each in watch.numbers()} | crack_areas(problem, state, one.textures)
            )
    return SampledSpecimen(family, parts, records, observed)


def read(study: SpecimenStudy, comm: Any = None) -> "SpecimenMesh":
    """The mesh of a study, on the ranks of `comm`."""
    from continuum.fenics import MPI
    from continuum.mesh.specimen_mesh import read_mesh

    return read_mesh(
        study.mesh_file, unit=SI_FACTORS["length"][study.mesh_unit], bodies=list(study.bodies), grains=study.grain_groups,
        dimension=study.dimension, comm=comm or MPI.COMM_WORLD,
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
        replace(mesh, facets=mesh.facets | parts.boundaries),
        parts.materials,
        [
            with_solute(study, name, interface.bond(name, parts.laws[name], study.loading.temperature))
            for name, interface in study.interfaces.items()
        ],
        [Prescribed(s.group, s.component) for s in study.supports]
        + prescribed_loads(study.loads, mesh, parts.materials),
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


def _compare(
    study: SpecimenStudy, context: RunContext, mesh: "SpecimenMesh", parts: SpecimenParts, results: Results
) -> None:
    """Load the specimen with the naive laws, too; where that cannot be followed, the specimen's own results stand without it."""
    from continuum.solver.dead_end import DeadEnd

    when, naive = "With the naive law,", naive_laws(parts)
    wrong = build(study, mesh, replace(parts, laws=parts.laws | naive), counting="reported")
    try:
        record = _record(study, context, wrong, results, when)
    except DeadEnd as error:  # of all ranks; what a law raises on one of them ends the run
        said = str(error).rstrip(".")
        results.findings.append(
            Finding(
                _within(when, said),
                "",
                1.0,
                "its load is left out of the comparison, and all else stands",
                False,
            )
        )
    else:
        report_naive(results, study, naive, record, wrong.counting.verdicts)


def _record(
    study: SpecimenStudy, context: RunContext, problem: "CohesiveProblem", results: Results, when: str, watch: Watch | None = None
) -> "Loading":  # fmt: skip
    """A loading of which only the record is wanted; what its checks find goes into the findings."""
    from continuum.solver.diagnostics import assess, still_rising
    from continuum.solver.stepping import pull

    loading = study.loading
    record = pull(
        problem, loading.turning_points, loading.steps, closing=loading.closing, growth=loading.growth, rate=loading.rate,
        linear=loading.linear_solver, balance=loading.balance_tolerance, peak=loading.peak_tolerance,
        progress=context.progress, stop=_stop(study, problem), on_step=watch,
    )  # fmt: skip
    found = assess(record, loading.balance_tolerance, loading.peak_tolerance)
    found += still_rising(record) if study.loads else ()
    results.findings += [replace(one, what=_within(when, one.what)) for one in found]
    return record


def _within(when: str, sentence: str) -> str:
    """A sentence that goes on after other words."""
    named = sentence.startswith(("Newton", "MUMPS")) or not sentence[1:2].islower()
    return f"{when} {sentence if named else sentence[0].lower() + sentence[1:]}"


def _load(
    study: SpecimenStudy, context: RunContext, problem: "CohesiveProblem", parts: SpecimenParts, unfinished: Path,
    results: Results,
) -> None:  # fmt: skip
    """Break the specimen and record it."""
    from continuum.solver.stepping import pull

    loading = study.loading
    watch = Watch(study, problem, _fields(study, context, problem, results), unfinished)
    try:
        if study.transport is not None:
            record = pull_with_solute(
                study, problem, watch, unfinished, _stop(study, problem), context.progress, results
            )
        elif loading.hold is not None:
            record = held(study, problem, watch, unfinished, _stop(study, problem), context.progress, results)
        else:
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
    found = loading_findings(study, problem, record)
    resolved = resolution(study, problem, record, parts.laws) if context.is_root else None
    report(study, context, problem, record, watch, found, resolved, results)
    state = last_state(problem, record.steps[-1].load)
    report_grains(results, study, context, problem, state, parts.textures, frame_of(study))


def _fields(study: SpecimenStudy, context: RunContext, problem: "CohesiveProblem", results: Results) -> "FieldWriter":
    """Who writes the fields, as the input asks for."""
    from continuum.post.output import FieldWriter
    from continuum.post.vtkhdf_fields import VtkHdfWriter
    from continuum.post.xdmf import XdmfWriter

    if study.output.fields == "none":
        return FieldWriter(problem)
    if study.output.fields == "vtkhdf":
        what = "displacement and stress of the bodies, opening, slip, traction and damage of the interfaces; time is the step"
        what = what if study.transport is None else f"{what}; concentration and coverage of {study.transport.species}"
        results.files.append(RunFile(FIELDS, what))
        return VtkHdfWriter(problem, context.folder / FIELDS)
    folder = context.folder / "fields"
    context.on_root(folder.mkdir)
    writer = XdmfWriter(problem, folder)
    files = [path.relative_to(context.folder).as_posix() for path in writer.paths.values()]
    results.files += [RunFile(file, "displacement and stress; time is the step") for file in files]
    return writer


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
