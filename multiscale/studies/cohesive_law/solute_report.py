"""What a law with solute shows: its works and energies at each coverage, the curves, how well it interpolates, its jumps."""

import numpy as np

from coupling.findings import Criterion, Finding
from coupling.interface.left_out_coverage import left_out_coverages
from coupling.laws.coverage import CoverageLaw
from coupling.laws.law import Law
from coupling.laws.reservoir import ReservoirLaw
from coupling.units import EV
from multiscale.runtime.records import Amount, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.stages.derived_law import OfSolute
from multiscale.studies.law_findings import AGREE
from multiscale.studies.law_report import tension

_POINTS = 300
_INTERPOLATES = 0.02
"""RMS error of the traction over the peak at a coverage left out, above which coverages are too few."""
_APART = 1.5
"""Of the closed spacing without solute: more, and the faces have parted."""


def report_solute(results: Results, law: Law, known: OfSolute) -> None:
    """Numbers, curves and tables of a law with solute.

    Args:
        results: Takes them.
        law: What is held: a coverage, or a reservoir.
        known: What it was made of.
    """
    own = known.law
    results.add(
        "dissolved_energy", known.dissolved_energy, "eV", "one solute atom in the bulk, on the potential's scale"
    )
    what = "left in the dissolved energy by the size of its cell (as 1/N)"
    results.add("dissolved_cell_error", known.cell_error, "eV", what)
    results.add("site_density", own.site_density, "1/m^2", f"{known.names} sites per area of the interface")
    _curves(results, own)
    _coverages(results, known)
    _left_out(results, own)
    if isinstance(law, ReservoirLaw):
        _reservoir(results, law)
    results.checks += [
        Criterion(f"tractions against energies, coverage {coverage:g}", value, AGREE)
        for coverage, value in zip(own.coverages, known.consistency, strict=True)
    ]
    results.findings += _pushed_apart(known) + _coarse(own) + _interpolated(results, known)
    results.notes.append(
        "The law has a coverage as internal variable: ψ(δ; θ), its traction, the chemical potential ∂ψ/∂θ and ∂T/∂θ are those of one "
        "energy. law.json holds it whole; law_*.* hold what is held here."
    )


def _pushed_apart(known: OfSolute) -> list[Finding]:
    """Faces that the solute alone has parted."""
    widest = max(range(len(known.spacings)), key=lambda k: known.spacings[k])
    ratio = known.spacings[widest] / known.spacings[0]
    if ratio <= _APART:
        return []
    what = (
        f"at a coverage of {known.law.coverages[widest]:g} the closed faces rest {known.spacings[widest] * 1e10:.3g} Å apart, and "
        f"{known.spacings[0] * 1e10:.3g} Å without solute: it has parted them by itself"
    )
    return [Finding(what, "", ratio, "check the potential on this solute, take lower coverages, or other sites", False)]


def _interpolated(results: Results, known: OfSolute) -> list[Finding]:
    """Openings without a state: how well the law is known across them, and what it says so."""
    doubts = [max((one.doubt for one in each), default=0.0) for each in known.stretches]
    if not known.stretches:
        return []
    what = "traction across openings without a state against a straight line between the states beside them, over the peak, the worst"
    results.add("opening_interpolation_error", max(doubts), "", what)
    change = "take path: rigid beside it, more layers, or more openings there"
    return [
        Finding(f"at a coverage of {coverage:g} {one.in_words}", "", one.doubt, change, False)
        for coverage, each in zip(known.law.coverages, known.stretches, strict=True)
        for one in each
        if one.doubt > _INTERPOLATES
    ]


def _coarse(law: CoverageLaw) -> list[Finding]:
    """A law that does not predict one of its coverages from the others."""
    worst = max(left_out_coverages(law), key=lambda one: one.traction_rms, default=None)
    if worst is None or worst.traction_rms <= _INTERPOLATES:
        return []
    what = (
        f"the law at a coverage of {worst.coverage:g}, left out and predicted from the others, is off by "
        f"{100 * worst.traction_rms:.2g} % of the peak (RMS)"
    )
    return [Finding(what, "", worst.traction_rms, "sample more coverages between (solute: coverages)", False)]


def _curves(results: Results, law: CoverageLaw) -> None:
    """The law at each sampled coverage."""
    lines = []
    for k, one in enumerate(law.laws):
        opening = np.linspace(0.0, one.final_opening, _POINTS)
        energy, traction, _ = one.normal(opening)
        name = f"coverage_{k}"
        results.add_curve(
            name, f"the law at a coverage of {law.coverages[k]:g}",
            opening=("m", opening), traction=("Pa", traction), energy=("J/m^2", energy),
        )  # fmt: skip
        lines.append(PlotSeries(name, "opening", "traction", f"coverage {law.coverages[k]:g}"))
    highest = max(law.laws, key=lambda one: one.peak_traction)
    caption = "Each at a coverage that is held while the faces part (fast separation)."
    plot = Plot(
        "Traction and coverage", "opening", "Å", "traction", "GPa", tuple(lines), caption, limits=tension(highest)
    )
    results.plots.append(plot)


def _coverages(results: Results, known: OfSolute) -> None:
    law, columns = known.law, []
    for coverage, one, closed in zip(law.coverages, law.laws, law.closed_energy, strict=True):
        jump = np.array([[0.0, 0.0, 0.0], [10.0 * one.final_opening, 0.0, 0.0]])
        inside, apart = law.evaluate(jump, float(coverage)).chemical_potential / EV
        columns.append(
            (float(coverage), one.work_of_separation, one.peak_traction, float(closed), float(inside), float(apart))
        )
    rows = tuple(
        (c, Amount(w, "J/m^2"), Amount(p, "Pa"), Amount(e, "J/m^2"), Amount(b, "eV"), Amount(s, "eV"))
        for c, w, p, e, b, s in columns
    )
    table = np.array(columns)
    results.add_curve(
        "coverages", "works and energies at the sampled coverages", coverage=("", table[:, 0]),
        work_of_separation=("J/m^2", table[:, 1]), peak_traction=("Pa", table[:, 2]), closed_energy=("J/m^2", table[:, 3]),
        chemical_potential_closed=("eV", table[:, 4]), chemical_potential_parted=("eV", table[:, 5]),
    )  # fmt: skip
    head = ("coverage", "work of separation", "peak traction", "energy when closed", "μ when closed", "μ when parted")
    caption = "Energies and chemical potentials from one solute atom in the bulk, without entropy of mixing."
    results.tables.append(Table("What the solute changes", head, rows, caption))


def _left_out(results: Results, law: CoverageLaw) -> None:
    left = left_out_coverages(law)
    if not left:
        results.notes.append(
            "With two coverages the law is a line in the coverage, and how well it interpolates is not known."
        )
        return
    worst = max(one.traction_rms for one in left)
    results.add(
        "interpolation_error", worst, "", "traction predicted at a coverage left out, RMS over the peak, the worst"
    )
    results.add(
        "interpolation_error_work", max(abs(one.work) for one in left), "", "work predicted there, relative, the worst"
    )
    rows = tuple(
        (one.coverage, one.traction, one.traction_rms, one.work, Amount(one.closed_energy, "J/m^2")) for one in left
    )
    head = ("left out", "largest traction error", "RMS traction error", "work, relative", "energy when closed")
    caption = "Each coverage inside predicted from the others; tractions over the peak."
    results.tables.append(Table("Interpolation in the coverage", head, rows, caption))


def _reservoir(results: Results, law: ReservoirLaw) -> None:
    """The coverage as the faces part, and where it jumps."""
    opening = np.linspace(0.0, 1.2 * law.final_opening, _POINTS)
    coverage = law.coverage_at(np.column_stack([opening, np.zeros((_POINTS, 2))]))
    results.add(
        "chemical_potential", law.chemical_potential / EV, "eV", "of the reservoir, from one solute atom in the bulk"
    )
    results.add("coverage_closed", coverage[0], "", "coverage of the closed interface")
    results.add("coverage_parted", coverage[-1], "", "coverage of the parted faces")
    results.add_curve(
        "coverage", "coverage in exchange with the reservoir", opening=("m", opening), coverage=("", coverage)
    )
    lines = (PlotSeries("coverage", "opening", "coverage", "coverage"),)
    results.plots.append(Plot("Coverage as the faces part", "opening", "Å", "solute atoms per site", "", lines))
    for jump in law.jumps:
        results.notes.append(
            f"At an opening of {jump.opening * 1e10:.4g} Å the coverage jumps from {jump.before:.3g} to "
            f"{jump.after:.3g} and the traction from {jump.traction_before / 1e9:.4g} to {jump.traction_after / 1e9:.4g} GPa; the energy "
            "is continuous there."
        )
