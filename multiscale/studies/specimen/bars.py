"""Error bars of a specimen: it is broken with each sample of what its laws and crystals come from, here or in earlier runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from coupling.errors import InputError
from coupling.findings import Criterion, Finding
from coupling.interface.error_bars import stated_bars, with_error_bars
from coupling.laws.law import Law
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import SampledCrystal
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results
from multiscale.stages import sampled
from multiscale.stages.bars import OF_LAW, bar_findings, barred, barred_law
from multiscale.stages.models import Models
from multiscale.studies.law_report import derived_numbers, write_law
from multiscale.studies.specimen.atoms import crystal_numbers, prefix, suffix
from multiscale.studies.specimen.bodies import SpecimenParts
from multiscale.studies.specimen.report import LANDMARKS, frame_of, landmark
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from atomistic.trust.bars import HeldOut
    from continuum.solver.record import Loading


_ROUNDING = 1e-9


@dataclass(frozen=True)
class SampledSpecimen:
    """A specimen with each sample of what varies together.

    Attributes:
        family: What that is; see `multiscale.stages.models.Models`.
        parts: Its laws and materials, sample by sample.
        records: Its loadings.
        observed: What was observed at the end of each, by the names under which it is reported.
    """

    family: tuple[str, ...]
    parts: Sequence[SpecimenParts]
    records: Sequence["Loading"]
    observed: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class ErrorBars:
    """Spreads over the samples.

    Attributes:
        std: Standard deviations, by the names of the quantities.
        laws: The laws that have error bars, by interface.
        notes: What has no error bar, and why.
        findings: Bars that are withheld, or that reach no load.
        checked: Whether labelled paths were asked which bars they bear out.
    """

    std: Mapping[str, float]
    laws: Mapping[str, Law]
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checked: bool = False


def error_bars(
    study: SpecimenStudy, parts: SpecimenParts, samples: Sequence[SampledSpecimen], models: Models
) -> ErrorBars:
    """Standard deviations of laws, constants and loads; what varies independently is added in quadrature.

    Args:
        study: The study.
        parts: What is reported.
        samples: The same with each sample, for everything that varies by itself.
        models: The study's potentials, with what labelled paths say of them. Collective.
    """
    notes: list[str] = []
    spreads = [_spreads(study, one, notes) for one in samples]
    known = [name for name in (spreads[0] if spreads else ()) if all(name in each for each in spreads)]
    std = {name: float(np.linalg.norm([each[name] for each in spreads])) for name in known}
    laws = {
        name: law for name, law in parts.laws.items() if getattr(law, "work_of_separation_std", None) or law.members
    }
    own = [one.parts for one in samples if one.family == models.own_family()]
    laws |= {
        name: with_error_bars(derived.law, [one.derived[name].law for one in own[0]])
        for name, derived in parts.derived.items() if own and study.atoms_laws[name].atoms.potential is None
    }  # fmt: skip
    plain = ErrorBars({name: value for name, value in std.items() if value > 0}, laws, tuple(notes))
    held = models.held_out()
    checked = plain if held is None else _checked(study, parts, plain, held)
    return _of_laws(study, parts, checked)


def _spreads(study: SpecimenStudy, one: SampledSpecimen, notes: list[str]) -> dict[str, float]:
    """Standard deviations over the samples of one family; what one of them does not tell is left out, and noted."""
    from continuum.post.fracture import released_energy_per_area

    found: dict[str, list[float]] = {}
    for number, (sample, record, observed) in enumerate(zip(one.parts, one.records, one.observed, strict=True)):
        values = _numbers(study, sample) | dict(observed) | {"swept_area": float(record.steps[-1].broken_area)}
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
    whole = {name: each for name, each in found.items() if len(each) == len(one.records)}
    return {name: _std(each) for name, each in whole.items()}


def _std(values: Sequence[float]) -> float:
    """Standard deviation; of values that differ by rounding alone none."""
    return float(np.std(values, ddof=1)) if np.ptp(values) > _ROUNDING * np.abs(values).max() else 0.0


def _checked(
    study: SpecimenStudy, parts: SpecimenParts, plain: ErrorBars, held: "Mapping[str, HeldOut]"
) -> ErrorBars:  # fmt: skip
    """With the bars of laws and C44 that labelled paths bear out; the others are withheld."""
    std: dict[str, float | None] = dict(plain.std)
    laws: dict[str, Law] = dict(plain.laws)
    findings: list[Finding] = []
    for name in plain.laws.keys() & parts.derived.keys():
        spread = {one: float(np.std([getattr(m, one) for m in laws[name].members], ddof=1)) for one in OF_LAW}
        laws[name], bars = barred_law(laws[name], spread, held)
        findings += bar_findings(bars, name)
    for key, (value, body) in crystal_numbers(study, parts).items():
        if key.endswith("C44") and body in study.crystal_bodies and key in std:
            found = barred(held, "shear_modulus", value, plain.std[key])
            std[key] = found.std
            findings += bar_findings((found.bar,), key)
    return replace(
        plain, std={k: v for k, v in std.items() if v is not None}, laws=laws, findings=tuple(findings), checked=True
    )


def _of_laws(study: SpecimenStudy, parts: SpecimenParts, found: ErrorBars) -> ErrorBars:
    """With what the laws say of their own work and peak, where that is not the spread of their members."""
    std, findings = dict(found.std), list(found.findings)
    for name, law in found.laws.items():
        for one, said in stated_bars(law).items():
            key = f"{prefix(study.interfaces, name)}{one}"
            spread = float(np.std([getattr(m, one) for m in law.members], ddof=1)) if law.members else 0.0
            if said is None:
                std.pop(key, None)
            elif spread > 0 and key in std:
                std[key] *= said / spread
            elif not law.members and (one == "work_of_separation" or study.interfaces[name].acting(law) is law):
                std[key] = said
        if not law.members and name not in parts.derived:
            findings.append(Finding(
                "its law has error bars and none of the laws of which they are the spread, so that they reach no load", f"interface {name}",
                float(std.get(f"{prefix(study.interfaces, name)}work_of_separation", 0.0)) / law.work_of_separation,
                "derive the law again, with trust: this version keeps them with it", False,
            ))  # fmt: skip
    return replace(found, std=std, findings=tuple(findings))


def report_error_bars(
    results: Results,
    study: SpecimenStudy,
    parts: SpecimenParts,
    found: ErrorBars,
    samples: Sequence[SampledSpecimen],
    context: RunContext,
) -> None:
    """Error bars beside the numbers, a loading of each sample; the laws from atoms are written again with theirs."""
    if "gc_from_fe" in results.quantities:
        results.notes += found.notes
    for name, std in found.std.items():
        if name in results.quantities:
            results.quantities[name] = replace(results.quantities[name], uncertainty=std)
    results.findings += found.findings
    if found.checked:
        results.checks.append(Criterion("error bars withheld", len(found.findings), 0))
    if samples:
        _report_samples(results, study, samples)
    for name in found.laws.keys() & parts.derived.keys():
        context.on_root(partial(write_law, Results("law"), found.laws[name], context.folder, suffix(study, name)))


def _report_samples(results: Results, study: SpecimenStudy, samples: Sequence[SampledSpecimen]) -> None:
    """The loading of each sample, and what the error bars mean."""
    frame, records = frame_of(study), [record for one in samples for record in one.records]
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
    if study.trust is not None:
        results.notes.append(sampled.note(study.trust))
    earlier = len(samples) - (study.trust is not None)
    if earlier:
        count = len(records) if study.trust is None else len(records) - sampled.count(study.trust)
        results.notes.append(
            f"Error bars: standard deviation over the {count} samples of the potential that laws and crystals carry from the runs "
            "which derived them" + ("; what varies independently is added in quadrature." if len(samples) > 1 else ".")
        )


def crystals_of(
    study: SpecimenStudy, parts: SpecimenParts, samples: Sequence[SampledSpecimen], own: tuple[str, ...]
) -> dict[str, SampledCrystal]:
    """The crystals of the bodies with their samples, or else those of the laws, for later runs.

    Args:
        study: The study.
        parts: Its laws and materials.
        samples: The same with each sample.
        own: The family of the study's potential.
    """
    ours = next((one.parts for one in samples if one.family == own), ())
    if not parts.crystals:
        return {
            f"{prefix(parts.derived, name)}{place}": SampledCrystal(
                crystal, tuple(one.derived[name].crystals[place] for one in ours), own if ours else ()
            )
            for name, derived in parts.derived.items() for place, crystal in derived.crystals.items()
        }  # fmt: skip
    found = {name: study.stored_crystal(name) for name in study.run_bodies}
    for name, body in study.crystal_bodies.items():
        sampled_ones = tuple(one.crystals[name] for one in ours) if body.potential is None else ()
        found[name] = SampledCrystal(parts.crystals[name], sampled_ones, own if sampled_ones else ())
    return found


def _numbers(study: SpecimenStudy, parts: SpecimenParts) -> dict[str, float]:
    """What a sample says of laws and crystals, by the names under which it is reported."""
    values = {name: value for name, (value, _) in crystal_numbers(study, parts).items()}
    for name, law in parts.laws.items():
        acting = study.interfaces[name].acting(law)
        key = prefix(study.interfaces, name)
        values |= {key + one.name: landmark(acting, one.name) for one in LANDMARKS}
    for name, derived in parts.derived.items():
        values |= derived_numbers(derived, prefix(study.interfaces, name))
    return values
