"""What a specimen takes from atoms: its laws and crystals, the naive law for comparison, error bars of everything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from coupling.errors import InputError
from coupling.findings import Finding
from coupling.interface.error_bars import with_error_bars
from coupling.interface.naive import naive_law
from coupling.laws.law import Law
from coupling.specimen import Verdict
from coupling.units import ANGSTROM, EV_A3
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results
from multiscale.stages import sampled
from multiscale.stages.bars import OF_LAW, bar_findings, barred, barred_law
from multiscale.studies.law_report import report_derived, write_law
from multiscale.studies.specimen.bodies import SpecimenParts
from multiscale.studies.specimen.report import frame_of
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from atomistic.trust.bars import HeldOut
    from continuum.solver.record import Loading

_CUBIC_CONSTANTS = {"C11": (0, 0), "C12": (0, 1), "C44": (3, 3)}


def prefix(names: Mapping[str, Any], name: str) -> str:
    """Prefix of the numbers of one of several."""
    return "" if len(names) == 1 else f"{name}_"


def _suffix(parts: SpecimenParts, name: str) -> str:
    """What a law's files have after "law"."""
    return "" if len(parts.derived) == 1 else f"_{name}"


def report_atoms(results: Results, study: SpecimenStudy, parts: SpecimenParts, context: RunContext) -> None:
    """Laws from atoms, each with what was taken away, and the crystals of the bodies."""
    for name, derived in parts.derived.items():
        key = prefix(study.interfaces, name)
        report_derived(results, study.atoms_laws[name].atoms, derived, key)
        samples = derived.samples
        columns: dict[str, Any] = {"traction": ("Pa", samples.traction * EV_A3)}
        if samples.tangential_stiffness is not None:
            columns["shear_stiffness"] = ("eV/Å^4", samples.tangential_stiffness.min(axis=1))
            if samples.tangential_stiffness.min() < 0:
                results.notes.append(
                    "At some openings the potential's tangential stiffness is negative (the faces would slide by themselves); "
                    f"the law takes it as zero there. See the column shear_stiffness of {key}law_samples.csv."
                )
        results.add_curve(
            f"{key}law_samples", "atomistic samples of the law", opening=("m", samples.opening * ANGSTROM), **columns
        )
        suffix = _suffix(parts, name)
        context.on_root(partial(write_law, results, derived, context, suffix))
        if derived.law.count.held_rigid:
            results.notes.append(
                "The rigid path lets no atom relax: work of separation and peak traction are upper bounds; the shear resistance "
                "of a law of opening alone is its small-slip expansion."
            )
    shown: list[tuple[object, ...]] = []
    for name, crystal in parts.crystals.items():
        body = study.crystal_bodies[name]
        what = (*body.crystal.same, body.potential and body.potential.name, body.temperature)
        if what in shown:
            continue
        shown.append(what)
        key = prefix({str(one): None for one in {b.crystal.same for b in study.crystal_bodies.values()}}, name)
        for constant, place in _CUBIC_CONSTANTS.items():
            results.add(
                f"{key}{constant}",
                crystal.stiffness_voigt[place],
                "Pa",
                f"elastic constant {constant} of {name} in the crystal axes",
            )


def naive_laws(parts: SpecimenParts) -> dict[str, Law]:
    """Of each interface whose slab was opened with relaxed atoms, the law without the bulk taken away."""
    return {
        name: naive_law(derived.atoms.slab, derived.law.count)
        for name, derived in parts.derived.items()
        if derived.atoms.slab is not None
    }


def report_naive(
    results: Results, study: SpecimenStudy, naive: Mapping[str, Law], record: "Loading", verdicts: Iterable[Verdict]
) -> None:
    """The specimen with the naive laws, which the ledger names and does not refuse here."""
    frame = frame_of(study)
    results.notes += [
        f"Naive law, not refused since it was asked for: {verdict.message}" for verdict in verdicts if verdict.error
    ]
    load, force = record.column("load"), record.column("force")
    results.add_curve("naive_loading", "loading with the naive law", opening=("m", load), load=(frame.force, force))
    for name, law in naive.items():
        key = prefix(study.interfaces, name)
        results.add(
            f"{key}naive_work",
            law.work_of_separation,
            "J/m^2",
            "work of the naive law: with the bulk's elastic energy, counted twice",
        )
    peak = float(force.max())
    results.add(
        "naive_peak_load", peak, frame.force, f"peak load{frame.per} that the naive law predicts", headline=True
    )
    results.add(
        "naive_peak_load_ratio",
        peak / cast(float, results["peak_load"]),
        "",
        "the naive law's peak load over this one",
        headline=True,
    )
    lines = (PlotSeries("load_displacement", "opening", "load", "excess law: bulk taken away", "line and points"),
             PlotSeries("naive_loading", "opening", "load", "naive law: bulk counted twice", "dashed"))  # fmt: skip
    results.plots.insert(0, Plot("Who counts the bulk", "load-point opening", frame.shown, f"load{frame.per}", frame.force, lines,
                                 "The same mesh and crystal; the naive law takes the slab's own elongation for the opening."))  # fmt: skip


@dataclass(frozen=True)
class ErrorBars:
    """Spreads over the samples of the potential.

    Attributes:
        std: Standard deviations, by the names of the quantities.
        laws: The laws from atoms with their error bars, by interface.
        notes: What has no error bar, and why.
        findings: Bars that are withheld.
    """

    std: Mapping[str, float]
    laws: Mapping[str, Law]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def error_bars(
    study: SpecimenStudy,
    parts: SpecimenParts,
    samples: Sequence[SpecimenParts],
    records: Sequence["Loading"],
    held: "Mapping[str, HeldOut] | None" = None,
) -> ErrorBars:
    """Standard deviations of laws, constants and loads over the samples of the potential.

    Args:
        study: The study.
        parts: What is reported.
        samples: The same with each sample of the potential.
        records: Their loadings.
        held: What labelled paths say, against which those of laws and C44 are checked; None without labels.
    """
    from continuum.post.fracture import released_energy_per_area

    found: dict[str, list[float]] = {}
    notes = []
    for number, (one, record) in enumerate(zip(samples, records, strict=True)):
        values = _numbers(study, one)
        if study.loads:
            values["peak_load"] = float(record.column("force").max())
        else:
            values["peak_load_factor"] = float(record.column("load").max())
        try:
            values["gc_from_fe"] = released_energy_per_area(record)
        except InputError as reason:
            notes.append(
                f"G_c has no error bar: with sample {number + 1} of the potential it could not be taken: {reason}"
            )
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    std = {name: float(np.std(each, ddof=1)) for name, each in found.items() if len(each) == len(records)}
    laws = {
        name: with_error_bars(derived.law, [one.derived[name].law for one in samples])
        for name, derived in parts.derived.items()
    }
    plain = ErrorBars(std, laws, tuple(notes))
    return plain if held is None else _checked(study, parts, plain, held)


def _checked(
    study: SpecimenStudy, parts: SpecimenParts, plain: ErrorBars, held: "Mapping[str, HeldOut]"
) -> ErrorBars:  # fmt: skip
    """With the bars of laws and C44 that labelled paths bear out; the others are withheld."""
    std: dict[str, float | None] = dict(plain.std)
    laws: dict[str, Law] = {}
    findings: list[Finding] = []
    for name, law in plain.laws.items():
        key = prefix(study.interfaces, name)
        laws[name], bars = barred_law(law, {one: plain.std[f"{key}{one}"] for one in OF_LAW}, held)
        findings += bar_findings(bars, name)
        std |= {f"{key}{one.quantity}": getattr(laws[name], f"{one.quantity}_std") for one in bars}
    for name, value in _numbers(study, parts).items():
        if name.endswith("C44"):
            found = barred(held, "shear_modulus", value, plain.std[name])
            std[name] = found.std
            findings += bar_findings((found.bar,), name)
    return replace(plain, std={k: v for k, v in std.items() if v is not None}, laws=laws, findings=tuple(findings))


def report_error_bars(
    results: Results,
    study: SpecimenStudy,
    parts: SpecimenParts,
    found: ErrorBars,
    records: Sequence["Loading"],
    context: RunContext,
) -> None:
    """Error bars beside the numbers, a loading of each sample; the laws are written again with theirs."""
    frame = frame_of(study)
    if "gc_from_fe" in results.quantities:
        results.notes += found.notes
    for name, std in found.std.items():
        if name in results.quantities:
            results.quantities[name] = replace(results.quantities[name], uncertainty=std)
    if study.loads:
        series = [PlotSeries("load_displacement", "opening", "load", "reported", "line and points")]
        for number, record in enumerate(records, 1):
            curve = f"sample_{number}"
            results.add_curve(
                curve, "loading with a sample of the potential",
                opening=("m", record.column("load")), load=(frame.force, record.column("force")),
            )  # fmt: skip
            series.append(PlotSeries(curve, "opening", "load", "", "dashed"))
        results.plots.append(Plot("Error bar of the load", "load-point opening", frame.shown, f"load{frame.per}", frame.force,
                                  tuple(series),
                                  "Dashed: each sample of the potential, with its own law and stiffness."))  # fmt: skip
    results.findings += found.findings
    results.notes.append(sampled.note(study.trust))
    for name, derived in parts.derived.items():
        barred = replace(derived, law=found.laws[name])
        context.on_root(partial(write_law, Results("law"), barred, context, _suffix(parts, name)))


def _numbers(study: SpecimenStudy, parts: SpecimenParts) -> dict[str, float]:
    """What a sample says of laws and crystals, by the names under which it is reported."""
    values: dict[str, float] = {}
    for name, law in parts.laws.items():
        if name in parts.derived:
            key = prefix(study.interfaces, name)
            values |= {f"{key}work_of_separation": law.work_of_separation, f"{key}peak_traction": law.peak_traction}
    kinds = {b.crystal.same for b in study.crystal_bodies.values()}
    for name, crystal in parts.crystals.items():
        key = prefix({str(one): None for one in kinds}, name)
        values |= {
            f"{key}{constant}": float(crystal.stiffness_voigt[place]) for constant, place in _CUBIC_CONSTANTS.items()
        }
    return values
