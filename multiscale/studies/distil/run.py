"""The distillation study: a teacher and crystals in, a student's checkpoint and its errors out."""

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from coupling.contracts import Potential
from coupling.units import ANGSTROM
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.studies.distil.findings import DistilFindings
from multiscale.studies.distil.report import report
from multiscale.studies.distil.schema import DistilStudy

if TYPE_CHECKING:
    from atomistic.distil.dataset import Dataset
    from atomistic.distil.student import Student

_TIMED = (4, 4, 4)  # repeats of the primitive cell on which both are timed
_LABELLED = ("crystals", "temperature", "thickness", "paths", "seed")  # what the labelled paths depend on


def run(study: DistilStudy, context: RunContext) -> Results:
    """Run the study; see `DistilStudy` for its input.

    Labelled paths are kept in the cache, and so is the state of the training: a run that was
    interrupted resumes where it stopped.

    Raises:
        InputError: potential and crystals do not go together.
        NotConverged: a crystal has no equilibrium, or the training diverged.
    """
    results = Results("distil", study.title)
    found = context.on_root(lambda: _distilled(study, context))
    report(results, found)
    write_atoms(
        results, study.output, context, "labels", found.frames, "the labelled structures, by set, family and origin"
    )
    return results


def _distilled(study: DistilStudy, context: RunContext) -> DistilFindings:
    from atomistic.distil import Dataset, Settings, distil
    from atomistic.potentials import load_potential

    teacher = load_potential(study.potential.name, **study.potential.options)
    context.uses(teacher)
    cautions = _prechecked(study, teacher, context)
    labelling = request("labelled paths", study, include=_LABELLED, potentials=[teacher])
    with context.stage("labels"):
        arrays, reused = context.cache.get_or_compute(labelling, lambda: _labelled(study, teacher, context).arrays())
        context.reused.extend(["labelled paths"] if reused else [])
    cutoff = None if study.network.cutoff is None else study.network.cutoff / ANGSTROM
    chosen = study.network.model_dump() | study.training.model_dump() | {"cutoff": cutoff, "seed": study.seed}
    settings = Settings(**chosen)
    training = request("training", study, include={*_LABELLED, "network", "training"}, potentials=[teacher])
    folder = context.cache.folder / "distil" / training.address[:16]
    dataset = Dataset.from_arrays(arrays)
    with context.stage("training"):
        student = distil(teacher, dataset, settings, folder=folder, progress=context.progress)
    shutil.copyfile(student.checkpoint, context.folder / student.checkpoint.name)
    with context.stage("comparison"):
        return replace(_judged(study, context, teacher, dataset, student), cautions=cautions)


def _prechecked(study: DistilStudy, teacher: Potential, context: RunContext) -> tuple[str, ...]:
    """The warnings of the pre-check of the teacher's crystals: what it gets wrong, the student learns."""
    from atomistic.properties.bulk import equilibrium
    from atomistic.properties.elastic import elastic_constants
    from atomistic.properties.precheck import precheck

    warnings: list[str] = []
    for one in study.crystals:
        bulk = equilibrium(teacher, one.species, one.structure)
        stiffness = elastic_constants(teacher, bulk).stiffness_voigt
        checked = precheck(teacher, bulk, stiffness, one.structure, faults=study.paths.faults > 0)
        checked.require(override=study.check_fault == "report", result="distillation")
        warnings += checked.warnings
    for warning in warnings:
        context.log.warning("%s", warning)
    return tuple(warnings)


def _labelled(study: DistilStudy, teacher: Potential, context: RunContext) -> "Dataset":
    from atomistic.distil import CrystalChoice, Sizes, draw
    from atomistic.distil.student import teaching

    crystals = [CrystalChoice(c.species, c.structure, c.planes, c.surfaces) for c in study.crystals]
    drawn = draw(
        teacher, crystals, Sizes(**study.paths.model_dump()), temperature=study.temperature,
        thickness=study.thickness / ANGSTROM, seed=study.seed, progress=context.progress,
    )  # fmt: skip
    return drawn.labelled(teaching(teacher, drawn.elements), context.progress)


def _judged(
    study: DistilStudy, context: RunContext, teacher: Potential, dataset: "Dataset", student: "Student"
) -> DistilFindings:
    from atomistic.distil import compare, milliseconds_per_atom
    from atomistic.distil.dataset import SETS
    from atomistic.potentials.check import check_potential
    from atomistic.properties.bulk import equilibrium

    compared = [
        (crystal.species, one)
        for crystal in study.crystals
        for one in compare(
            teacher, student.potential, crystal.species, crystal.structure, crystal.planes,
            faults=study.paths.faults > 0, progress=context.progress,
        )
    ]  # fmt: skip
    cell = equilibrium(student.potential, study.crystals[0].species, study.crystals[0].structure) * _TIMED
    failures = check_potential(student.potential).failures
    return DistilFindings(
        errors=student.errors,
        history=student.history,
        epochs=student.epochs,
        compared=tuple(compared),
        teacher=teacher.name,
        timed_atoms=len(cell),
        student_ms=milliseconds_per_atom(student.potential, cell),
        teacher_ms=milliseconds_per_atom(teacher, cell),
        held_out=len(dataset.test),
        structures={name: sum(len(path.structures) for path in getattr(dataset, name)) for name in SETS},
        frames=dataset.frames(),
        warnings=tuple(f"WARNING: the student fails the check {one.name!r}. {one.note}".rstrip() for one in failures),
        checkpoint=student.checkpoint.name,
    )
