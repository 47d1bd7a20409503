"""What a phases study reports."""

import numpy as np

from coupling.contracts import FloatArray
from coupling.findings import Criterion, Finding
from multiscale.runtime.records import Amount, NextStep, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.phases.labels import enough
from multiscale.studies.phases.records import InterfacesRecord, LabelledRecord, PhasesRecord
from multiscale.studies.phases.schema import PhasesStudy
from multiscale.studies.phases.sections import InterfacesInput

_SHOWN = 25
_LIKELY = 0.05


def report(
    results: Results,
    study: PhasesStudy,
    phases: PhasesRecord,
    labelled: LabelledRecord | None,
    interfaces: InterfacesRecord | None,
) -> None:
    """Numbers, table, hull, probabilities, interfaces, and how to go on."""
    stable = [name for name, above in zip(phases.names, phases.above, strict=True) if above == 0]
    results.add("phases", len(phases.names), "", "different phases that relaxed")
    results.add(
        "stable_phases", ", ".join(stable), "", f"stable by {study.potential.name.rpartition('/')[2]}", headline=True
    )
    results.add(
        "lowest_formation_energy", phases.formation.min(), "eV", "lowest formation energy per atom", headline=True
    )
    results.summary = "Of {phases} phases these are stable: {stable_phases}."
    _tell_left_out(results, phases)
    if labelled is not None:
        _report_labels(results, study, phases, labelled)
    _report_table(results, phases, labelled)
    if len(phases.elements) == 2:
        _report_hull(results, phases, labelled)
    if interfaces is not None and study.interfaces is not None:
        _report_interfaces(results, study.interfaces, interfaces)
    results.notes.append(
        "A phase is stable among these candidates, at 0 K and zero pressure, vibrations left out; a structure that is not among them "
        "may lie lower."
    )
    if labelled is None:
        results.onward.append(
            NextStep(
                "Ask an accurate potential for a few of them, which makes probabilities: add this, and multiscale run again",
                "accurate: {potential: 7net-0, budget: 20}",
            )
        )


def _tell_left_out(results: Results, phases: PhasesRecord) -> None:
    if phases.unrelaxed:
        results.findings.append(
            Finding(
                f"{len(phases.unrelaxed)} candidates did not relax and are left out ({', '.join(phases.unrelaxed[:5])})", "",
                len(phases.unrelaxed), "give them nearer to their equilibrium, in a file", False,
            )
        )  # fmt: skip
    if phases.merged:
        pairs = ", ".join(f"{one} into {other}" for one, other in zip(phases.merged[:8], phases.twins, strict=False))
        more = f" and {len(phases.merged) - 8} more" if len(phases.merged) > 8 else ""
        results.notes.append(f"Candidates that relaxed into another one are counted once: {pairs}{more}.")


def _report_labels(results: Results, study: PhasesStudy, phases: PhasesRecord, labelled: LabelledRecord) -> None:
    assert study.accurate is not None
    likely = [
        f"{phases.names[k]} ({labelled.probability[k]:.2f})"
        for k in np.argsort(-labelled.probability, kind="stable")
        if labelled.probability[k] > _LIKELY
    ]
    results.add("accurate_labels", len(labelled.labelled), "", "accurate energies that were used")
    results.add(
        "probably_stable", ", ".join(likely), "", "phases that may be stable, with their probability", headline=True
    )
    results.add("accurate_factor", labelled.factor, "", "accurate formation energy by cheap one (ρ)")
    results.add(
        "open_deviation",
        labelled.open_deviation,
        "eV",
        "largest error bar, per atom, of an unlabelled phase that may be stable",
    )
    results.summary = "Of {phases} phases these may be stable, with their probability: {probably_stable}."
    bar = study.accurate.bar
    results.checks.append(
        Criterion("error bar of phases that may be stable, per atom", labelled.open_deviation, bar, "eV")
    )
    wanted = min(enough(len(phases.elements)), len(phases.names))
    if len(labelled.labelled) < wanted:
        what = f"{len(labelled.labelled)} accurate labels hardly tell how wrong the cheap potential is, so that error bars may be too small"
        results.findings.append(
            Finding(what, "", len(labelled.labelled), f"give {wanted} or more, of mixed phases too", False)
        )
    if labelled.open_deviation > bar:
        what = (
            f"phases that may be stable are known to {labelled.open_deviation:.2g} eV per atom, and {bar:g} is wanted"
        )
        change = "give more labels" if study.accurate.labels is not None else "raise accurate: budget"
        results.findings.append(Finding(what, "", labelled.open_deviation, change, False))


def _report_table(results: Results, phases: PhasesRecord, labelled: LabelledRecord | None) -> None:
    height = phases.above if labelled is None else labelled.above
    order = np.lexsort((np.arange(len(height)), height))[:_SHOWN]
    columns: tuple[str, ...] = ("phase", *phases.elements, "formation energy", "above the hull")
    if labelled is not None:
        columns += ("accurate formation energy", "accurate above the hull", "probability", "labelled")
    rows = []
    for k in order:
        row = [phases.names[k], *(round(float(x), 4) for x in phases.fractions[k])]
        row += [Amount(float(phases.formation[k]), "eV"), Amount(float(phases.above[k]), "eV")]
        if labelled is not None:
            row += [
                Amount(float(labelled.formation[k]), "eV", float(labelled.deviation[k])),
                Amount(float(labelled.above[k]), "eV", float(labelled.above_deviation[k])),
                round(float(labelled.probability[k]), 3),
                "yes" if k in labelled.labelled else "",
            ]
        rows.append(tuple(row))
    caption = f"Per atom, from the pure elements; the {len(order)} nearest to the hull of {len(height)}, which are all in phases.csv."
    results.tables.append(Table("Phases", columns, tuple(rows), caption))


def _report_hull(results: Results, phases: PhasesRecord, labelled: LabelledRecord | None) -> None:
    """Formation energies over composition, and the hull: of two elements."""
    x, second = phases.fractions[:, 1], phases.elements[1]
    results.add_curve(
        "formation", "all phases", fraction=("", x), formation=("eV", phases.formation), above_hull=("eV", phases.above)
    )
    results.add_curve("hull", "the convex hull", **_hull(x, phases.formation, phases.above == 0))
    series = [
        PlotSeries("formation", "fraction", "formation", "phases", "points"),
        PlotSeries("hull", "fraction", "formation", "hull"),
    ]
    if labelled is not None:
        on_mean = labelled.formation
        results.add_curve(
            "accurate", "all phases as the accurate labels have them", fraction=("", x), formation=("eV", on_mean),
            deviation=("eV", labelled.deviation), probability=("", labelled.probability),
        )  # fmt: skip
        from atomistic.phases.hull import ConvexHull

        stable = ConvexHull(phases.fractions, on_mean).above == 0
        results.add_curve("accurate_hull", "their hull", **_hull(x, on_mean, stable))
        series += [
            PlotSeries("accurate", "fraction", "formation", "accurate, with predictions", "points"),
            PlotSeries("accurate_hull", "fraction", "formation", "hull of these", "dashed"),
        ]
    caption = "A phase on the hull is stable; one above it falls apart into the two beside it."
    results.plots.append(
        Plot(
            "Formation energy",
            f"atomic fraction of {second}",
            "",
            "formation energy per atom",
            "eV",
            tuple(series),
            caption,
        )
    )


def _hull(x: FloatArray, formation: FloatArray, stable: np.ndarray) -> dict[str, tuple[str, FloatArray]]:
    order = np.flatnonzero(stable)[np.argsort(x[stable], kind="stable")]
    return {"fraction": ("", x[order]), "formation": ("eV", formation[order])}


def _report_interfaces(results: Results, choice: InterfacesInput, found: InterfacesRecord) -> None:
    from multiscale.studies.phases.interfaces import diagram_of

    diagram = diagram_of(found, choice)
    results.add(
        "stable_interface",
        diagram.at(choice.at),
        "",
        f"stable interface at a chemical potential of {choice.at:g} eV",
        headline=True,
    )
    for number, (place, name) in enumerate(zip(found.transitions, found.stable[1:], strict=True), 1):
        results.add(f"transition_{number}", place, "eV", f"chemical potential from which {name} is stable")
    grown = f"{found.limited_by} grows" if found.limited_by else f"{choice.solute}'s own crystal grows"
    results.add("solubility_limit", found.limit, "eV", f"chemical potential of {choice.solute} from which {grown}")
    mu = np.linspace(choice.lowest, choice.highest, 101)
    gamma = diagram.gamma(mu)
    columns = {f"gamma_{k + 1}": ("J/m^2", gamma[:, k]) for k in range(len(found.names))}
    results.add_curve(
        "interfaces",
        "; ".join(f"gamma_{k + 1}: {name}" for k, name in enumerate(found.names)),
        mu=("eV", mu),
        **columns,
    )
    series = tuple(PlotSeries("interfaces", "mu", f"gamma_{k + 1}", name) for k, name in enumerate(found.names))
    caption = f"The lowest line is the stable interface; beyond {found.limit:.3g} eV {grown} instead."
    results.plots.append(
        Plot("Interfaces", f"chemical potential of {choice.solute}", "eV", "interface energy", "J/m^2", series, caption)
    )
    if choice.at > found.limit + 1e-9:
        what = f"at a chemical potential of {choice.at:g} eV {grown}, from {found.limit:.3g} eV on"
        results.findings.append(Finding(what, "", choice.at - found.limit, "choose a lower interfaces: at", False))
    if choice.start is not None and (told := diagram.told(choice.start, choice.at)):
        results.findings.append(
            Finding(told, "", diagram.above(choice.start, choice.at), "begin the law from that one", False)
        )
