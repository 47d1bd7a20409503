"""What the dislocation study shows: core, line, barrier, kink pairs, flow stress; each number with its unit."""

from collections.abc import Mapping

import numpy as np

from coupling.contracts import FloatArray
from coupling.findings import Criterion
from coupling.units import ANGSTROM, EV_A3
from multiscale.runtime.numbers import amount_text
from multiscale.runtime.records import Amount, NextStep, Plot, PlotSeries, Quantity, Table
from multiscale.runtime.results import Results
from multiscale.studies.dislocation.findings import (
    DislocationFindings,
    FlowTable,
    LineTable,
    PeierlsNabarroEstimate,
    Upscaled,
)
from multiscale.studies.dislocation.records import DislocationAtoms, GlideDrag
from multiscale.studies.dislocation.schema import DislocationStudy
from multiscale.studies.dislocation.upscale import POOR

_ROUTES = 0.2
"""Relative difference of the two routes to the Peierls stress, up to which they say the same."""
_ONWARD = """\
from coupling.upscale.export import read

parameters = read("FOLDER/dislocation.yaml")
print(parameters.law.flow_stress(300.0, 1.0))  # Pa, at 300 K and a shear strain rate of 1/s

# for DAMASK:  FOLDER/damask_phase.yaml
# for OpenDiS: FOLDER/opendis_mobility.py
"""
_SHOWN = 15.0
"""Burgers vectors on each side of the core that are drawn where no atoms say how many."""


def report(
    results: Results, study: DislocationStudy, findings: DislocationFindings, numbers: Mapping[str, Quantity]
) -> None:
    """Everything but the ledger.

    Args:
        results: Takes it.
        study: The input.
        findings: What was found.
        numbers: Its quantities by name.
    """
    for name, one in numbers.items():
        results.add(name, one.value, one.unit, one.description, uncertainty=one.uncertainty, headline=one.headline)
    _core(results, findings.atoms, findings.estimate)
    _line(results, findings.line)
    _barrier(results, findings.atoms, findings.estimate)
    _stresses(results, findings.atoms, findings.estimate)
    if findings.atoms.drag is not None:
        _glide(results, findings.atoms.drag)
    if findings.upscaled is not None:
        _kinks(results, findings.upscaled)
        _flow(results, findings.upscaled.flow)
    results.summary = _summary(findings)
    results.checks += _checks(findings)
    results.notes += _notes(study, findings)
    if findings.upscaled is not None:
        results.onward.append(NextStep("Give its flow stress to the next scale", _ONWARD))


def _glide(results: Results, drag: GlideDrag) -> None:
    """Velocity against stress at each temperature."""
    columns = {f"velocity_{kelvin:g}K": ("m/s", drag.velocity[k]) for k, kelvin in enumerate(drag.temperature)}
    errors = {f"error_{kelvin:g}K": ("m/s", drag.velocity_std[k]) for k, kelvin in enumerate(drag.temperature)}
    results.add_curve("glide", "steady velocity under a shear stress", stress=("Pa", drag.stress), **columns, **errors)
    lines = tuple(PlotSeries("glide", "stress", name, f"{name[9:-1]} K", "line and points") for name in columns)
    about = f"By dynamics of a row of lines, cell of {drag.atoms} atoms; B is the slope of a straight line through none at no stress."
    results.plots.append(Plot("Glide", "shear stress", "Pa", "velocity", "m/s", lines, about))


def _summary(findings: DislocationFindings) -> str:
    """What was found, in the order of the scales."""
    atoms, parts = findings.atoms, []
    if atoms.core is not None:
        split = len(atoms.core.positions) > 1
        parts.append("the core splits into partials {partial_separation} apart" if split else "the core is one")
    elif findings.estimate is not None:
        parts.append("the Peierls-Nabarro core is {pn_separation} wide")
    if atoms.jumps is not None:
        parts.append("it moves at a stress of {peierls_stress}")
    elif findings.estimate is not None:
        parts.append("the Peierls-Nabarro model moves it at {pn_peierls_stress}")
    if findings.upscaled is not None:
        parts.append("a kink pair without stress costs {kink_pair_enthalpy}")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _checks(findings: DislocationFindings) -> list[Criterion]:
    """The potential's pre-check, the core's forces, the two routes to the Peierls stress, Kocks' fit."""
    atoms, up = findings.atoms, findings.upscaled
    found = [Criterion("warnings of the pre-check", len(atoms.warnings), 0)]
    if atoms.route_difference is not None:
        found.append(Criterion("barrier's slope against loading", atoms.route_difference, _ROUTES))
    if up is not None:
        found.append(Criterion("residual of Kocks' law", up.kocks.residual, POOR))
    return found


def _core(results: Results, atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None) -> None:
    """The slip across the glide plane."""
    lines, core = [], atoms.core
    if core is not None:
        _add_slip(results, "core", "slip in the atomistic core", core.x - core.middle, atoms.share(core.slip))
        lines.append(PlotSeries("core", "x", "share", "atoms", "points"))
    if estimate is not None:
        near = np.abs(estimate.rows) < (np.abs(core.x).max() if core is not None else _SHOWN * atoms.burgers_length)
        _add_slip(results, "pn_core", "slip in the Peierls-Nabarro model", estimate.rows[near], estimate.share[near])
        lines.append(PlotSeries("pn_core", "x", "share", "Peierls-Nabarro", "line"))
    caption = "From b (slipped) to nothing; the core moves to the right under a positive stress."
    if lines:
        results.plots.append(Plot("Core", "x along the glide direction", "Å", "slip over b", "", tuple(lines), caption))


def _add_slip(results: Results, name: str, description: str, x: FloatArray, share: FloatArray) -> None:
    """A disregistry curve, x in Å."""
    results.add_curve(name, description, x=("m", x * ANGSTROM), share=("", share))


def _line(results: Results, line: LineTable) -> None:
    """Energy and tension by character."""
    results.add_curve(
        "line", "line energy and tension by character",
        angle=("°", line.angle), energy=("eV/Å", line.energy), tension=("eV/Å", line.tension),
    )  # fmt: skip
    drawn = (
        PlotSeries("line", "angle", "energy", "energy"),
        PlotSeries("line", "angle", "tension", "tension", "dashed"),
    )
    caption = f"0° is screw, 90° edge; anisotropic, with ln(R/r₀) = {line.log_ratio:g}, which elasticity does not give."
    results.plots.append(Plot("Line energy", "character", "°", "per length", "eV/Å", drawn, caption))


def _barrier(results: Results, atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None) -> None:
    """The Peierls barrier, of the atoms and of the model."""
    lines, barrier = [], atoms.barrier
    if barrier is not None:
        place = barrier.positions(atoms.period)
        _add_barrier(results, "barrier", "Peierls barrier", place, barrier.energy)
        lines.append(PlotSeries("barrier", "x", "energy", "nudged elastic band"))
        _add_barrier(results, "images", "its images", barrier.image_x, barrier.image_energy)
        if not barrier.turns_back:
            lines.append(PlotSeries("images", "x", "energy", "its images", "points"))
    if estimate is not None:
        _add_barrier(results, "pn_barrier", "barrier of the Peierls-Nabarro model", *estimate.from_valley(atoms.period))
        lines.append(PlotSeries("pn_barrier", "x", "energy", "Peierls-Nabarro", "dashed"))
    if lines:
        caption = "Energy of the straight line per length between two valleys; the ends are neighbouring valleys."
        results.plots.append(
            Plot("Peierls barrier", "x of the line", "Å", "energy per length", "eV/Å", tuple(lines), caption)
        )


def _add_barrier(results: Results, name: str, description: str, x: FloatArray, energy: FloatArray) -> None:
    """Energy per length against position, Å and eV/Å."""
    results.add_curve(name, description, x=("m", x * ANGSTROM), energy=("eV/Å", energy))


def _stresses(results: Results, atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None) -> None:
    """The Peierls stress, from every method used."""
    rows: list[tuple[str, Amount, str]] = []
    if atoms.barrier is not None:
        rows.append(
            ("steepest slope of the ascent over b", Amount(atoms.barrier.stress, "Pa"), "from the atoms' barrier")
        )
    if estimate is not None:
        rows.append(("Peierls-Nabarro, loaded", Amount(estimate.stress * EV_A3, "Pa"), "a cheap estimate"))
    if atoms.jumps is not None:
        plus, minus = (Amount(float(stress), "Pa") for stress in atoms.jumps.stress)
        error = f"± {amount_text(Amount(float(atoms.jumps.error.max()), 'Pa'))}"
        rows += [("sheared until the core jumps, to the right", plus, error), ("the same, to the left", minus, error)]
    if rows:
        results.tables.append(Table("Peierls stress", ("route", "stress", "remark"), tuple(rows)))


def _kinks(results: Results, found: Upscaled) -> None:
    """The kink pair's enthalpy and Kocks' law."""
    kinks, fit = found.kinks, found.kocks
    results.add_curve(
        "kink_pair", "enthalpy of a kink pair",
        stress=("Pa", kinks.stress * EV_A3), enthalpy=("eV", kinks.enthalpy), kocks=("eV", kinks.fitted),
    )  # fmt: skip
    drawn = (
        PlotSeries("kink_pair", "stress", "enthalpy", "line tension"),
        PlotSeries("kink_pair", "stress", "kocks", "Kocks", "dashed"),
    )
    law = f"ΔH = ΔH₀ [1 − (τ/τ_P)^p]^q with p = {fit.p:.3g}, q = {fit.q:.3g}."
    caption = f"From the barrier of the {found.source}; {law}"
    results.plots.append(Plot("Kink pair", "resolved shear stress", "MPa", "enthalpy", "eV", drawn, caption))


def _flow(results: Results, flow: FlowTable) -> None:
    """τ(T, strain rate) with error bars."""
    columns: dict[str, tuple[str, FloatArray]] = {}
    drawn = []
    for k, rate in enumerate(flow.rate):
        columns |= {f"rate_{k}": ("Pa", flow.stress[:, k]), f"rate_{k}_std": ("Pa", flow.std[:, k])}
        drawn.append(PlotSeries("flow_stress", "temperature", f"rate_{k}", f"{rate:g}/s", "line and points"))
    what = "lattice friction by temperature; columns by strain rate"
    results.add_curve("flow_stress", what, temperature=("K", flow.temperature), **columns)
    caption = (
        "Resolved shear stress at which the lattice lets dislocations pass; "
        "error bars are in the table and the curve's file."
    )
    results.plots.append(Plot("Flow stress", "temperature", "K", "stress", "MPa", tuple(drawn), caption))
    head = ("temperature, K", *(f"τ at {rate:g}/s" for rate in flow.rate))
    rows = tuple(
        (float(t), *(Amount(float(s), "Pa", float(e)) for s, e in zip(row, errors, strict=True)))
        for t, row, errors in zip(flow.temperature, flow.stress, flow.std, strict=True)
    )
    results.tables.append(Table("Flow stress", head, rows, "± is one standard deviation."))


def _notes(study: DislocationStudy, findings: DislocationFindings) -> list[str]:
    """What a reader must know to use the numbers."""
    atoms, estimate = findings.atoms, findings.estimate
    told = [f"WARNING: {warning} The study continues because the input asks for it." for warning in atoms.warnings]
    if atoms.no_barrier is not None:
        told.append(f"There is no atomistic barrier: {atoms.no_barrier}")
    if atoms.no_jumps is not None:
        told.append(f"There is no atomistic Peierls stress by loading: {atoms.no_jumps}")
    if atoms.barrier is not None and atoms.barrier.turns_back:
        told.append(
            "On its path the line turns back, so that its energy is not a function of its position. The barrier is drawn, and "
            "kink pairs are computed, with shares of the path's length as positions."
        )
    if atoms.core is not None and atoms.core.compact is not None:
        compact = "compact" if atoms.core.compact else "degenerate"
        told.append(
            f"The core of this potential is {compact}; density-functional theory gives bcc screws compact ones."
        )
        if atoms.barrier is not None:
            shape = "one hump" if atoms.barrier.humps == 1 else f"{atoms.barrier.humps} humps"
            told.append(f"Its barrier has {shape}; density-functional theory gives bcc screws one.")
    if estimate is not None:
        told.append(
            "The Peierls-Nabarro estimate counts the elastic strain between the two planes twice, in the γ-surface and "
            "in K; it is a cheap estimate beside the atomistic result. "
            f"Its interplanar energy is {estimate.virial:.3g} of b·K·b/4π (1 for wide cores)."
        )
    return told if findings.upscaled is None else told + _notes_on_flow(study, findings.upscaled)


def _notes_on_flow(study: DislocationStudy, found: Upscaled) -> list[str]:
    law, told = found.law, []
    if found.fit_is_poor:
        told.append(
            "Kocks' law fits this barrier poorly, or with exponents outside theory's: look at the kink pair's diagram."
        )
    if found.kinks.humps > 1:
        told.append(
            "ΔH drops at the stress that pulls the dip between the humps below the valley: "
            "from there the first hump counts alone."
        )
    told += [
        f"ΔH₀ grows as the square root of the line tension, which holds ln(R/r₀) = {study.line.log_ratio:g}: "
        f"a choice with a standard deviation of {study.line.relative_std:.0%}, carried to the flow stress.",
        f"Not from the potential: segment length {law.segment_length * 1e6:g} µm, "
        f"mobile density {law.mobile_density:g} /m².",
        f"Attempt frequency {law.attempt_frequency:.4g} /s"
        + (" (ASSUMED)" if law.attempt_is_assumed else "")
        + f", drag {law.drag:.4g} Pa s"
        + (" (a PLACEHOLDER)." if law.drag_is_placeholder else "."),
    ]
    if found.barrier_is_low:
        told.append(
            "The barrier is so low that thermal activation hardly limits glide: the drag coefficient"
            + (", a placeholder," if law.drag_is_placeholder else "")
            + " determines the flow stress."
        )
    return [*told, "Files for the next scale: dislocation.yaml (documented), damask_phase.yaml, opendis_mobility.py."]
