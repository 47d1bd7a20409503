"""What a distillation study shows: the student's errors and speed beside its teacher's, and how it learned."""

import numpy as np

from coupling.findings import Criterion
from coupling.units import GPA
from multiscale.runtime.numbers import unit_text
from multiscale.runtime.records import NextStep, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.stages.precheck import precheck_finding
from multiscale.studies.distil.findings import DistilFindings


def report(results: Results, found: DistilFindings) -> None:
    """Everything that was found."""
    _headlines(results, found)
    _tables(results, found)
    results.notes.append(
        f"Errors are those on {found.held_out} held-out paths: their strains, patterns of rattled atoms, "
        "directions, gaps and openings differ from all that were trained on; each path belongs wholly to one set."
    )
    results.notes.append(
        "The student is student.pth; it is valid for structures like those it was trained on, and no others."
    )
    results.notes += found.warnings
    results.findings += map(precheck_finding, found.cautions)
    results.summary = (
        "On held-out paths the student errs by {force_rmse} in a force and {energy_rmse} per atom in energies; it is {speedup} "
        "times as fast as its teacher."
    )
    results.checks.append(Criterion("checks of the potential that it fails", len(found.warnings), 0))
    results.onward.append(
        NextStep("Use the student, in place of its teacher, in any study", f"potential: FOLDER/{found.checkpoint}")
    )


def _headlines(results: Results, found: DistilFindings) -> None:
    add, errors = results.add, found.errors["all"]
    add("force_rmse", 1e-3 * errors.force, "eV/Å", "force error on held-out paths, root mean square", headline=True)
    add(
        "energy_rmse",
        1e-3 * errors.energy,
        "eV",
        "energy error per atom on held-out paths, root mean square",
        headline=True,
    )
    if np.isfinite(errors.stress):
        add("stress_rmse", errors.stress * GPA, "Pa", "stress error on held-out paths, root mean square")
    cell = f"cell of {found.timed_atoms} atoms"
    add("student_ms_per_atom", found.student_ms, "ms", f"student's time per atom, {cell}")
    add("teacher_ms_per_atom", found.teacher_ms, "ms", f"teacher's ({found.teacher}) time per atom, same cell")
    add("speedup", found.teacher_ms / found.student_ms, "", "student's speed over the teacher's", headline=True)
    add("epochs", found.epochs, "", "epochs trained")
    for name, count in found.structures.items():
        add(f"{name}_structures", count, "", f"structures in the {name} set")


def _tables(results: Results, found: DistilFindings) -> None:
    rows = tuple(
        (name, one.structures, one.energy, one.force, one.force_size, _shown(one.stress))
        for name, one in found.errors.items()
    )
    head = ("held-out paths", "structures", "energy, meV/atom", "force, meV/Å", "teacher's force, meV/Å", "stress, GPa")
    results.tables.append(Table("Root-mean-square errors", head, rows))
    shown = tuple(
        (
            species,
            f"{one.name}, {unit_text(one.unit)}",
            _shown(one.teacher),
            _shown(one.student),
            _shown(one.relative_error),
        )
        for species, one in found.compared
    )
    results.tables.append(Table("What matters", ("crystal", "quantity", "teacher", "student", "relative error"), shown))
    for species, one in found.compared:
        key = "_".join([species, *one.name.replace("(", "").replace(")", "").split()])
        if np.isfinite(one.relative_error):
            what = f"{species}: {one.name}, student against teacher"
            results.add(f"{key}_relative_error", one.relative_error, "", what)
        else:
            results.notes.append(f"{species}, {one.name}: no comparison, as a faulted crystal did not relax.")
    epoch, *losses = found.history.T
    named = {
        name: loss for name, loss in zip(("training", "validation"), losses, strict=True) if np.isfinite(loss).all()
    }
    results.add_curve(
        "learning", "loss by epoch", epoch=("", epoch), **{name: ("", loss) for name, loss in named.items()}
    )  # the training of one round on one element has no loss of an epoch
    lines = tuple(PlotSeries("learning", "epoch", column, column) for column in named)
    caption = "The weights with the least validation loss are kept."
    results.plots.append(Plot("Learning", "epoch", "", "loss", "", lines, caption, "y"))


def _shown(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
