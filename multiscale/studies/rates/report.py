"""What a rates study reports: barriers, prefactors, Arrhenius plots with bands, paths, diffusion."""

import numpy as np
from scipy.stats import norm

from atomistic.rates import Arrhenius, HarmonicRate, arrhenius
from atomistic.rates.harmonic import Statistics, Tunnelling
from coupling.contracts import FloatArray
from coupling.findings import Finding
from coupling.units import ANGSTROM
from coupling.upscale.diffusion import DiffusionCoefficient, SoluteDiffusion
from multiscale.runtime.records import Amount, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.rates.records import EventRecord, RatesRecord
from multiscale.studies.rates.schema import RatesStudy

_TREATMENTS: tuple[tuple[str, Statistics, Tunnelling], ...] = (
    ("classical", "classical", "none"), ("wigner", "classical", "wigner"), ("harmonic_quantum", "quantum", "wigner"),
)  # fmt: skip
"""Name in curves, vibrations, tunnelling."""


def report(results: Results, study: RatesStudy, found: RatesRecord) -> None:
    """Numbers, tables and diagrams of all events."""
    for event in found.events:
        _report_event(results, study, found.temperatures, event)
    if found.formation is not None:
        results.add("vacancy_formation", found.formation, "eV", "formation energy of the vacancy in the same cell")
    if found.diffusion is not None:
        _report_diffusion(results, found.diffusion)
    told = [f"{{{event.name}_barrier}} ({event.title})" for event in found.events]
    results.summary = f"Barriers: {'; '.join(told)}."
    results.notes.append(
        "Rates are those of harmonic transition-state theory: no recrossing, and vibrations as of springs. Cells are of constant "
        "volume, and one of each event is searched."
    )
    if study.trust is None and not study.barrier_std:
        results.notes.append("The rates have no bands: give trust, samples of the potential, or barrier_std.")


def _report_event(results: Results, study: RatesStudy, at: FloatArray, event: EventRecord) -> None:
    name, rate = event.name, event.forward
    std = event.barrier_std or None
    results.add(f"{name}_barrier", rate.barrier, "eV", f"barrier: {event.title}", uncertainty=std)
    results.add(f"{name}_backward_barrier", event.backward.barrier, "eV", "barrier of the way back")
    results.add(f"{name}_prefactor", rate.prefactor, "1/s", f"Vineyard's prefactor, of {rate.ways} ways together")
    results.add(f"{name}_zero_point", rate.zero_point, "eV", "change of the barrier by zero-point energies")
    results.add(f"{name}_crossover", rate.crossover, "K", "temperature below which tunnelling is no correction")
    results.add(f"{name}_hop", event.length * ANGSTROM, "m", "how far the atom that moves most goes")
    _report_arrhenius(results, study, at, event)
    results.add_curve(f"{name}_path", f"energy along the reaction path: {event.title}",
                      length=("Å√u", event.lengths), energy=("eV", event.energies))  # fmt: skip
    results.plots.append(
        Plot(f"Reaction path: {event.title}", "length from the saddle", "Å√u", "energy", "eV",
             (PlotSeries(f"{name}_path", "length", "energy"),), "Steepest descent from the saddle to both minima.")
    )  # fmt: skip
    if at[0] < rate.crossover:
        results.findings.append(Finding(
            f"Below {rate.crossover:.3g} K atoms tunnel through the barrier of {event.title}, where harmonic corrections do not hold",
            "", float(rate.crossover), "give centroid to interstitial, or take higher temperatures", False,
        ))  # fmt: skip


def _tables(rate: HarmonicRate, at: FloatArray, spread: FloatArray, coverage: float) -> dict[str, Arrhenius]:
    """The Arrhenius table of each treatment."""
    width = float(norm.ppf(0.5 + coverage / 2)) * spread
    return {
        name: arrhenius(rate, at, statistics=statistics, tunnelling=tunnelling, bars=width, coverage=coverage)
        for name, statistics, tunnelling in _TREATMENTS
    }


def _report_arrhenius(results: Results, study: RatesStudy, at: FloatArray, event: EventRecord) -> None:
    tables, curve = _tables(event.forward, at, event.spread, study.coverage), f"{event.name}_rates"
    columns: dict[str, tuple[str, FloatArray]] = {"inverse_temperature": ("1/K", 1 / at), "temperature": ("K", at)}
    for name, table in tables.items():
        columns |= {name: ("1/s", table.rates), f"log_{name}": ("", np.log10(table.rates))}
    classical = tables["classical"]
    if event.spread.any():
        columns |= {"log_lower": ("", np.log10(classical.lower)), "log_upper": ("", np.log10(classical.upper))}
    results.add_curve(curve, f"rates: {event.title}", **columns)
    series = [
        PlotSeries(curve, "inverse_temperature", f"log_{name}", name.replace("_", " "), "line and points")
        for name in tables
    ]
    if event.spread.any():
        series += [PlotSeries(curve, "inverse_temperature", f"log_{end}", f"{study.coverage:.0%} band", "dashed")
                   for end in ("lower", "upper")]  # fmt: skip
    results.plots.append(
        Plot(f"Arrhenius plot: {event.title}", "1/T", "1/K", "log10 of the rate in 1/s", "", tuple(series),
             "Classical; with Wigner's factor for tunnelling; with quantum vibrations and Wigner's factor.")
    )  # fmt: skip
    rows = [
        (Amount(float(t), "K"), *(Amount(float(tables[name].rates[k]), "1/s") for name in tables),
         round(float(classical.decades[k]), 2))
        for k, t in enumerate(at)
    ]  # fmt: skip
    caption = f"The last column is half of the {study.coverage:.0%} band of the classical rate, in powers of ten."
    results.tables.append(
        Table(
            f"Rates: {event.title}",
            ("temperature", "classical", "with Wigner's factor", "quantum", "band"),
            tuple(rows),
            caption,
        )
    )


def _report_diffusion(results: Results, found: SoluteDiffusion) -> None:
    """D(T) of all treatments."""
    series = []
    for one in found.curves:
        name = one.treatment.replace(" ", "_")
        results.add_curve(f"diffusion_{name}", f"{found.solute} in {found.host}, {one.treatment}", **_columns(one))
        series.append(
            PlotSeries(f"diffusion_{name}", "inverse_temperature", "log_diffusivity", one.treatment, "line and points")
        )
    best = found.curves[-1]
    if len(found.classical.temperatures) > 1:
        front, activation = found.classical.arrhenius
        results.add("diffusion_prefactor", front, "m^2/s", f"D0 of {found.solute} in {found.host}, classical")
        results.add("diffusion_activation", activation, "J/mol", "its activation energy", headline=True)
    coldest = float(best.temperatures[0])
    results.add(
        "diffusivity_coldest", best.values[0], "m^2/s", f"D of {found.solute} at {coldest:g} K, {best.treatment}"
    )
    results.plots.append(
        Plot(f"Diffusion of {found.solute} in {found.host}", "1/T", "1/K", "log10 of D in m²/s", "", tuple(series),
             "At infinite dilution, without traps.")
    )  # fmt: skip


def _columns(one: DiffusionCoefficient) -> dict[str, tuple[str, FloatArray]]:
    return {
        "inverse_temperature": ("1/K", 1 / one.temperatures), "temperature": ("K", one.temperatures),
        "diffusivity": ("m^2/s", one.values), "lower": ("m^2/s", one.lower), "upper": ("m^2/s", one.upper),
        "log_diffusivity": ("", np.log10(one.values)),
    }  # fmt: skip
