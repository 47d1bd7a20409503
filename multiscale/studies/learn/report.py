"""What a learning study shows: its labels, the radii before and after, the law of the fitted potential."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coupling.contracts import FloatArray
from coupling.findings import Criterion
from multiscale.runtime.records import Amount, NextStep, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.learn.schema import LearnStudy

if TYPE_CHECKING:
    from atomistic.trust.gradients import GradientCheck
    from atomistic.trust.learn import Learned
    from atomistic.trust.oracle import Oracle
    from atomistic.trust.posterior import Posterior
    from atomistic.trust.surrogate import Surrogate


@dataclass(frozen=True)
class OracleCheck:
    """How an oracle's forces compare with its energy's slope.

    Attributes:
        checks: Of each structure.
        computed: Labels that were computed for it in this run.
    """

    checks: "tuple[GradientCheck, ...]"
    computed: int


def report_oracle(results: Results, checked: OracleCheck) -> None:
    """Whether the oracle's forces are its energy's gradient."""
    if not checked.checks:
        results.notes.append(
            "WARNING: the oracle's forces were not compared with its energy's slope (check_oracle: 0)."
        )
        return
    worst = max(checked.checks, key=lambda one: one.error)
    results.add(
        "oracle_gradient_error", worst.error, "eV/Å", "oracle's force against its energy's slope, largest difference"
    )
    results.notes.append(
        f"The oracle's force is its energy's slope to {worst.error:.2g} eV/Å along a random direction of {len(checked.checks)} "
        "structure(s)."
    )


def report_labels(
    results: Results, study: LearnStudy, found: "Learned[Surrogate]", posterior: "Posterior", asked: "Oracle",
    checked: "OracleCheck",
) -> None:  # fmt: skip
    """How many labels there are, of what, and what they cost."""
    add, labels = results.add, found.labels
    add("labels", len(labels), "", f"labels by {asked.name}", headline=True)
    add(
        "below_threshold",
        found.below,
        "",
        "routes followed to their ends with nothing new above the threshold",
        headline=True,
    )
    add("laps", found.laps, "", "times that the routes were followed")
    add("labels_computed", asked.computed - checked.computed, "", "labels computed in this run")
    add("oracle_seconds", asked.cost.seconds, "s", "time of the oracle in this run")
    add("oracle_atoms", asked.cost.atom_evaluations, "", "atoms computed by the oracle in this run")
    add("settings_hash", labels.settings_hash, "", "settings of the oracle, the same for all labels")
    groups, failed = labels.groups, sum(entry.label is None for entry in found.entries)
    weights = posterior.weights
    rows = tuple((group, groups.count(group), float(weights[group])) for group in dict.fromkeys(groups))
    results.tables.append(Table("Labels", ("group", "labels", "weight of each"), rows, "Every group counts alike."))
    if failed:
        results.notes.append(f"WARNING: the oracle failed on {failed} structures, which were skipped.")
    if not found.below:
        results.notes.append(
            f"WARNING: the budget of {study.budget} labels was spent before all radii were below {study.threshold:g} eV/Å; "
            "run it again with a larger one, and it resumes where it stopped."
        )
    noise = posterior.widths.force
    add("force_noise", noise, "eV/Å", "force error that the readout cannot represent")
    results.notes.append(
        f"The radius covers 90 % of the force error that labels can still reduce; {noise:.2g} eV/Å of each component the readout "
        "cannot represent, whatever the number of labels. labels.extxyz and posterior.npz can be used by other studies (trust)."
    )
    if study.plane is not None or study.routes.interface is not None:
        results.notes.append(
            "The law's deviations are those of the readout, scaled by the errors of forces; what it cannot represent of work and peak "
            "is not in them, for which 90 % bars take labelled openings of nine other planes."
        )


def report_radii(results: Results, study: LearnStudy, found: "Learned[Surrogate]", openings: FloatArray) -> None:
    """Radii along the path of openings (n,), m, and the largest of each group."""
    if "opening" in found.before:
        _plot_openings(results, study, found, openings)
    rows = tuple(
        (group, *(Amount(float(radii[group].max()), "eV/Å") for radii in (found.before, found.after)))
        for group in found.before
    )
    results.tables.append(Table("Largest radius", ("group", "before", "after"), rows))
    results.add(
        "largest_radius_before",
        float(max(v.max() for v in found.before.values())),
        "eV/Å",
        "largest radius after the first labels",
    )
    results.checks += [
        Criterion(
            "largest radius of a force", float(max(v.max() for v in found.after.values())), study.threshold, "eV/Å"
        ),
        Criterion("labels that the oracle failed on", sum(entry.label is None for entry in found.entries), 0),
    ]
    results.add(
        "largest_radius",
        float(max(v.max() for v in found.after.values())),
        "eV/Å",
        "largest radius at the end",
        headline=True,
    )


def _plot_openings(
    results: Results, study: LearnStudy, found: "Learned[Surrogate]", openings: FloatArray
) -> None:  # fmt: skip
    """Radii along the slab's opening path, before and after."""
    columns = {"before": found.before["opening"], "after": found.after["opening"]}
    results.add_curve(
        "radii",
        "radius along the opening path",
        opening=("m", openings),
        **{k: ("eV/Å", v) for k, v in columns.items()},
    )
    lines = tuple(PlotSeries("radii", "opening", name, label, "line and points")
                  for name, label in (("before", f"after the first {study.first} labels"), ("after", "at the end")))  # fmt: skip
    caption = "Largest radius of a force in each structure; in a labelled structure the noise remains."
    results.plots.append(Plot("Where the potential can be trusted", "opening", "Å", "radius", "eV/Å", lines, caption))


def report_diagnosis(results: Results, posterior: "Posterior") -> None:
    """Errors of the fitted model by group, in and out of domain, what they consist of, and how they fell with labels."""
    from atomistic.trust.diagnostics import diagnose

    found = diagnose(posterior)
    rows = tuple(
        (
            one.group, one.labels, Amount(one.force, "eV/Å"), Amount(one.epistemic, "eV/Å"), Amount(one.aleatoric, "eV/Å"),
            Amount(one.energy, "eV"), Amount(one.force_outside, "eV/Å") if one.force_outside == one.force_outside else "",
        )
        for one in found.groups
    )  # fmt: skip
    columns = (
        "group",
        "labels",
        "force, left out",
        "labels settle",
        "noise",
        "energy per atom, left out",
        "force, group left out",
    )
    caption = (
        "Root mean squares. Left out: each label predicted by the others (in domain); group left out: by the other groups alone (out of "
        "domain). More labels of a kind lessen what labels settle; the noise is what the readout cannot represent."
    )
    results.tables.append(Table("Errors by group", columns, rows, caption))
    results.add(
        "worst_group_force_error",
        found.worst.force,
        "eV/Å",
        f"force error left out of the worst group, {found.worst.group}",
    )
    results.add_curve(
        "learning", "force error on the labels to come", labels=("", found.counts), error=("eV/Å", found.curve)
    )
    line = (PlotSeries("learning", "labels", "error", "on the labels to come", "line and points"),)
    results.plots.append(
        Plot("Learning curve", "labels", "", "force error", "eV/Å", line, "In the order of the labels.")
    )


def report_verdict(results: Results, *, law: bool) -> None:
    """The result in a sentence, and what its labels are for; `law` says whether there is one."""
    results.summary = (
        "{labels} labels bring the largest radius of a force from {largest_radius_before} to {largest_radius}"
    )
    results.summary += "; the fitted potential's interface takes {work_of_separation} to part." if law else "."
    results.onward.append(
        NextStep(
            "Give a law of the same potential error bars from these labels", "trust: {labels: FOLDER/labels.extxyz}"
        )
    )
