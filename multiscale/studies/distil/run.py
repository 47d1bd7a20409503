"""The distillation study: a teacher and crystals in, a student's checkpoint and its errors out."""

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.contracts import Potential
from coupling.units import ANGSTROM
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Plot, PlotSeries, Table
from multiscale.runtime.results import Results
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
        NotConverged: a crystal has no equilibrium, or the training went astray.
    """
    results = Results("distil", study.title)
    found = context.on_root(lambda: _distilled(study, context))
    _headlines(results, found)
    _tables(results, found)
    results.notes.append(
        f"Errors are those on {found['held_out']} held-out paths: other strains, patterns of rattled atoms, "
        "directions, gaps and openings than any that were trained on, whole paths dealt to one set each."
    )
    results.notes.append("The student is student.pth; it knows the structures it was drawn for, and no others.")
    results.notes += found["warnings"]
    return results


def _distilled(study: DistilStudy, context: RunContext) -> dict[str, Any]:
    from atomistic.distil import Dataset, Settings, distil
    from atomistic.potentials import load_potential

    teacher = load_potential(study.potential.name, **study.potential.options)
    context.uses(teacher)
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
        return _judged(study, context, teacher, dataset, student)


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
) -> dict[str, Any]:
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
    return {
        "errors": student.errors,
        "history": student.history,
        "epochs": student.epochs,
        "compared": compared,
        "teacher": teacher.name,
        "timed_atoms": len(cell),
        "student_ms": milliseconds_per_atom(student.potential, cell),
        "teacher_ms": milliseconds_per_atom(teacher, cell),
        "held_out": len(dataset.test),
        "structures": {name: sum(len(path.structures) for path in getattr(dataset, name)) for name in SETS},
        "warnings": [f"WARNING: the student fails the check {one.name!r}. {one.note}".rstrip() for one in failures],
    }


def _headlines(results: Results, found: dict[str, Any]) -> None:
    add, errors = results.add, found["errors"]["all"]
    add("force_rmse", errors.force, "meV/Å", "force error on held-out paths, root mean square", headline=True)
    add("energy_rmse", errors.energy, "meV", "energy error per atom on held-out paths, root mean square", headline=True)
    if np.isfinite(errors.stress):
        add("stress_rmse", errors.stress, "GPa", "stress error on held-out paths, root mean square")
    cell = f"cell of {found['timed_atoms']} atoms"
    add("student_ms_per_atom", found["student_ms"], "ms", f"student's time per atom, {cell}")
    add("teacher_ms_per_atom", found["teacher_ms"], "ms", f"teacher's ({found['teacher']}) time per atom, same cell")
    add("speedup", found["teacher_ms"] / found["student_ms"], "", "student's speed over the teacher's", headline=True)
    add("epochs", found["epochs"], "", "epochs trained")
    for name, count in found["structures"].items():
        add(f"{name}_structures", count, "", f"structures in the {name} set")


def _tables(results: Results, found: dict[str, Any]) -> None:
    rows = tuple(
        (name, one.structures, round(one.energy, 3), round(one.force, 2), round(one.force_size, 1), _shown(one.stress))
        for name, one in found["errors"].items()
    )
    head = ("held-out paths", "structures", "energy, meV/atom", "force, meV/Å", "teacher's force, meV/Å", "stress, GPa")
    results.tables.append(Table("Root-mean-square errors", head, rows))
    rows = tuple(
        (species, f"{one.name}, {one.unit}", f"{one.teacher:.5g}", f"{one.student:.5g}", f"{one.relative_error:.2g}")
        for species, one in found["compared"]
    )
    results.tables.append(Table("What matters", ("crystal", "quantity", "teacher", "student", "relative error"), rows))
    for species, one in found["compared"]:
        key = "_".join([species, *one.name.replace("(", "").replace(")", "").split()])
        if np.isfinite(one.relative_error):
            what = f"{species}: {one.name}, student against teacher"
            results.add(f"{key}_relative_error", one.relative_error, "", what)
        else:
            results.notes.append(f"{species}, {one.name}: no comparison, as a faulted crystal did not relax.")
    history = found["history"]
    results.add_curve(
        "learning",
        "loss by epoch",
        epoch=("", history[:, 0]),
        training=("", history[:, 1]),
        validation=("", history[:, 2]),
    )
    lines = tuple(PlotSeries("learning", "epoch", column, column) for column in ("training", "validation"))
    caption = "The weights with the least validation loss are kept."
    results.plots.append(Plot("Learning", "epoch", "", "loss", "", lines, caption, "y"))


def _shown(value: float) -> str | float:
    return round(value, 4) if np.isfinite(value) else "none"
