"""The specimen study: a mesh, materials and laws → a broken specimen. No atoms."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from coupling.errors import NotConverged
from coupling.units import SI_FACTORS
from multiscale.cache import code_fingerprint
from multiscale.files import write_text
from multiscale.inputs.material import Material
from multiscale.inputs.specimen import SpecimenStudy
from multiscale.results import Curve, Results, curve_csv
from multiscale.runs import RunContext
from multiscale.studies.specimen_report import frame_of, report
from multiscale.studies.specimen_watch import Watch


def run(study: SpecimenStudy, context: RunContext) -> Results:
    """Run the study; see `SpecimenStudy` for its input. An interrupted run goes on where it stopped.

    Raises:
        InputError: mesh, materials and laws do not fit together.
        NotConverged: the loading was not followed; the states before are in the folder.
    """
    results = Results("specimen", study.title)
    with context.stage("continuum"):
        problem = build(study, context.comm)
        context.log.info("finite elements: %d unknowns", problem.size)
        unfinished = _unfinished(study, context)
        _load(study, context, problem, unfinished, results)
    context.on_root(lambda: shutil.rmtree(unfinished, ignore_errors=True))
    return results


def build(study: SpecimenStudy, comm: Any = None):  # type: ignore[no-untyped-def]
    """The `continuum.problem.CohesiveProblem` of a study, on the ranks of `comm`."""
    from continuum.fenics import MPI
    from continuum.mesh import read_mesh
    from continuum.model import Prescribed, Traction
    from continuum.problem import CohesiveProblem

    bonds = list(study.bonds().values())
    materials = {name: material(item) for name, item in study.bodies.items()}
    mesh = read_mesh(
        study.mesh, unit=SI_FACTORS["length"][study.mesh_unit], bodies=list(study.bodies), dimension=study.dimension,
        comm=comm or MPI.COMM_WORLD,
    )  # fmt: skip
    return CohesiveProblem(
        mesh,
        materials,
        bonds,
        [Prescribed(s.group, s.component) for s in study.supports]
        + [Prescribed(item.group, item.component, item.factor) for item in study.loads],
        tractions=[Traction(item.group, item.component, item.traction) for item in study.tractions],
        kind=study.kind,
        order=study.order,
    )


def material(item: Material):  # type: ignore[no-untyped-def]
    """The `continuum.materials` material of an input.

    Raises:
        InputError: its constants are not those of a stable solid.
    """
    from continuum.materials import (
        LinearElastic,
        NeoHookean,
        StVenantKirchhoff,
        grain_rotation,
        isotropic_stiffness,
        rotate_stiffness,
    )

    if item.strain == "neo-hookean":
        return NeoHookean(item.young, item.poisson)
    stiffness = isotropic_stiffness(item.young, item.poisson) if item.stiffness is None else item.stiffness.voigt
    if item.grain is not None:
        stiffness = rotate_stiffness(stiffness, grain_rotation(item.grain.x, item.grain.y))
    if item.strain == "finite":
        return StVenantKirchhoff(stiffness)
    linear = LinearElastic(stiffness)
    return linear if item.expansion is None else linear.heated(item.expansion, item.temperature_difference)


def _unfinished(study: SpecimenStudy, context: RunContext) -> Path:
    """Where the loading's checkpoint lies until it is done: told by all that determines it."""
    request = {
        "calculation": "specimen",
        "code": code_fingerprint(("coupling", "continuum")),
        "study": study.model_dump(mode="json", exclude={"output", "title"}),
        "files": [hashlib.sha256(path.read_bytes()).hexdigest() for path in study.files()],
        "ranks": 1 if context.comm is None else context.comm.size,
        "folder": context.folder.name,
    }
    return context.on_root(lambda: context.cache.folder / "unfinished" / context.cache.path(request).stem)


def _load(study: SpecimenStudy, context: RunContext, problem, unfinished: Path, results: Results) -> None:  # type: ignore[no-untyped-def]
    """Break the specimen and record it."""
    from continuum.output import FieldWriter
    from continuum.stepping import pull

    loading, fields_folder = study.loading, context.folder / "fields"
    context.on_root(fields_folder.mkdir)
    with FieldWriter(problem, fields_folder) as fields:
        watch = Watch(study, problem, fields, unfinished / "observed.json", context.on_root)
        try:
            record = pull(
                problem, loading.turning_points, loading.steps, closing=loading.closing, growth=loading.growth,
                rate=loading.rate, linear=loading.linear_solver, checkpoint=unfinished, progress=context.progress,
                on_step=watch, stop=_stop(study, problem),
            )  # fmt: skip
        except NotConverged:
            context.on_root(lambda: _leave_curve(study, watch, context.folder))
            raise
        known = len(record.steps) - 1 - watch.calls
        if known > 0:
            context.reused.append(f"the first {known} steps of the loading, from an interrupted run")
            results.notes.append(
                f"The first {known} steps come from a run that was interrupted; their fields are not in this folder."
            )
        report(study, context, problem, record, watch, results)


def _stop(study: SpecimenStudy, problem) -> Callable[[Any], bool]:  # type: ignore[no-untyped-def]
    part = study.loading.stop_at_area
    limit = np.inf if part is None else part * problem.interface_area
    return lambda record: bool(record.steps[-1].broken_area >= limit)


def _leave_curve(study: SpecimenStudy, watch: Watch, folder: Path) -> None:
    """The states before a loading that failed."""
    frame = frame_of(study)
    units = {"load": "m" if study.loads else "", "force": frame.force, "work": frame.energy, "broken_area": frame.area}
    columns = {name: np.array([row[name] for row in watch.steps]) for name in units}
    write_text(folder / "load_displacement_so_far.csv", curve_csv(Curve("", units, columns)))
