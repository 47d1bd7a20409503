"""The cohesive-law study: a potential and an interface in, a law, its fits and its ledger out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from coupling.cohesive import (
    BulkBranch,
    Excess,
    PathSamples,
    SlabBranch,
    consistency,
    excess,
    interface_ledger,
    rigid_law,
    slab_totals,
)
from coupling.errors import InputError
from coupling.export import FORMS, export
from coupling.laws.law import Law
from coupling.laws.mixed import MixedModeLaw
from coupling.spread import with_error_bars
from coupling.storage import save_law
from coupling.thermal import from_mean_forces, warmed
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.cache import code_fingerprint
from multiscale.inputs.cohesive_law import CohesiveLawStudy
from multiscale.report.cohesive import report_law, report_mixed
from multiscale.results import Plot, Results, Series
from multiscale.resumable import resumable
from multiscale.runs import RunContext
from multiscale.studies import sampled
from multiscale.studies.cohesive_atoms import compute

_AGREE = 0.02  # over the peak: interpolation between openings stays below, a wrong virial does not
_FILES = {"csv": "law_export.csv", "abaqus": "law_abaqus.inp", "moose": "law_moose.i", "akantu": "law_akantu.dat"}


def run(study: CohesiveLawStudy, context: RunContext) -> Results:
    """Run the study; see `CohesiveLawStudy` for its input.

    Raises:
        InputError: potential and crystals do not make a law.
        NotConverged: some equilibrium of the relaxed path was not found.
    """
    results = Results("cohesive_law", study.title)
    with context.stage("atomistic"):
        loaded = sampled.load(study.potential, study.trust, study.seed) if context.is_root else sampled.Sampled(None)
        atoms = _atomistic(study, context, loaded.potential)
    law, samples = _law(study, results, atoms)
    if study.mode == "mixed":
        report_mixed(results, law, atoms["history"], context.folder, context.is_root)
    if study.trust is not None:
        with context.stage("samples"):
            law = _with_error_bars(study, context, results, law, loaded.samples)
    report_law(results, law)
    _pair(results, atoms)
    results.ledger = list(interface_ledger(samples, gap=study.gap).rows())
    context.on_root(lambda: _write(results, law, context))
    return results


def _law(study: CohesiveLawStudy, results: Results, atoms: dict[str, Any]) -> tuple[Any, PathSamples]:
    """The law of one potential's samples of the path, and these as on a static path."""
    spacings = (int(atoms["spacings"][0]), int(atoms["spacings"][1]))
    if study.mode == "mixed":
        return _mixed(results, atoms, spacings)
    if study.path == "rigid":
        samples = PathSamples(
            atoms["opening"], atoms["energy"], atoms["traction"], float(atoms["area"]), spacings, atoms["tangential_stiffness"]
        )
        law = rigid_law(samples)
        results.add("law_consistency", consistency(samples), "", "energies against tractions in tension, over the peak")
        return law, samples
    return _relaxed(study, results, atoms, spacings)


def _with_error_bars(study: CohesiveLawStudy, context: RunContext, results: Results, law: Any, samples: Sequence[Any]) -> Law:
    """The law with the spread of the samples of the potential; each has its own lattice and path."""
    laws = []
    for number in range(sampled.count(study.trust)):
        atoms = _atomistic(study, context, samples[number] if context.is_root else None, "samples of the potential")
        laws.append(_law(study, Results("sample"), atoms)[0])
    results.notes.append(sampled.note(study.trust))
    return with_error_bars(law, laws)


def _atomistic(
    study: CohesiveLawStudy, context: RunContext, potential: Any, what: str = "atomistic samples"
) -> dict[str, Any]:
    request = {
        "calculation": "cohesive law",
        "code": code_fingerprint(),
        "potential": potential.fingerprint if potential is not None else "",
        "study": study.model_dump(mode="json", exclude={"output", "title", "potential", "trust"}),
        "files": [one.file.read_text(errors="replace") for one in study.crystals.values() if one.file is not None],
    }

    def work() -> dict[str, Any]:
        folder = context.cache.folder / "unfinished" / context.cache.path(request).stem
        with resumable(potential, folder, context.log.info) as remembering:
            return compute(study, context, remembering)

    return context.cached(what, request, work)


def _mixed(results: Results, atoms: dict[str, Any], spacings: tuple[int, int]) -> tuple[MixedModeLaw, PathSamples]:
    law = MixedModeLaw(
        atoms["opening"] * ANGSTROM, atoms["period"] * ANGSTROM, atoms["energy"] * EV_A2, atoms["traction"] * EV_A3
    )
    area = float(atoms["area"])
    samples = PathSamples(atoms["opening"], atoms["energy"][:, 0, 0] * area, atoms["traction"][:, 0, 0], area, spacings)
    results.add("law_consistency", consistency(samples), "", "energies against tractions in tension, no slip, over the peak")
    return law, samples


def _relaxed(
    study: CohesiveLawStudy, results: Results, atoms: dict[str, Any], spacings: tuple[int, int]
) -> tuple[Law, PathSamples]:
    """The excess law of the relaxed path, and the naive one beside it."""
    slab = SlabBranch(
        atoms["gap"], atoms["length"], atoms["energy"], atoms["traction"], atoms["traction_by_forces"],
        float(atoms["area"]), tuple(int(n) for n in atoms["repeats"]), int(atoms["interfaces"]),
    )  # fmt: skip
    bulks = [BulkBranch(slab.traction, *columns) for columns in zip(atoms["bulk_height"], atoms["bulk_energy"], atoms["bulk_gap"], strict=True)]
    made = excess(slab, *bulks, gap=study.gap)
    static = excess(slab, *bulks)
    difference = np.abs(slab.traction - slab.traction_by_forces).max() / slab.traction.max()
    results.add("traction_route_difference", difference, "", "virial against the forces on one half, over the peak")
    naive, _ = slab_totals(slab)
    results.add_curve(
        "naive", "the slab's total elongation: bulk not taken away",
        elongation=("m", naive * ANGSTROM), traction=("Pa", slab.traction * EV_A3),
    )  # fmt: skip
    samples = PathSamples(static.opening, static.energy * slab.area, static.traction, slab.area, spacings)
    left_out = atoms["beyond_strength"][:, None]
    bridged = np.any((left_out > slab.gap[:-1]) & (left_out < slab.gap[1:]), axis=0)
    by_energy = consistency(samples, bridged)
    results.add("law_consistency", by_energy, "", "dψ/dδ against the virial in tension, over the peak")
    results.notes.append(_trusted(by_energy, float(difference)))
    if study.temperature is not None:
        made = _warm(study, results, made, atoms)
    _beyond(results, atoms, made)
    return made.law(), samples


def _warm(study: CohesiveLawStudy, results: Results, static: Excess, atoms: dict[str, Any]) -> Excess:
    """The law at the temperature, the static one beside it."""
    results.add_curve(
        "static", "the law without temperature, at the same in-plane cell",
        opening=("m", static.opening * ANGSTROM), traction=("Pa", static.traction * EV_A3), energy=("J/m^2", static.energy * EV_A2),
    )  # fmt: skip
    results.add("temperature", study.temperature, "K", "temperature of the law", headline=True)
    if "free_energy" in atoms:
        made = warmed(static, atoms["free_energy"])
        how = f"quasi-harmonic, {study.thermal.statistics}"
    else:
        made = from_mean_forces(static.opening, atoms["mean_traction"], atoms["mean_traction_std"], static.gap)
        how = f"mean forces of constrained dynamics, time step {float(atoms['time_step']) * 1e15:.2g} fs"
    results.plots.append(
        Plot("Temperature", "opening", "Å", "traction", "GPa",
             (Series("law", "opening", "traction", f"{study.temperature:g} K"), Series("static", "opening", "traction", "static", "dashed")),
             "Both from their own closed interface; the in-plane cell is that of the temperature.")
    )  # fmt: skip
    results.notes.append(
        f"Law at {study.temperature:g} K: {how}. The in-plane cell is held at the crystal's quasi-harmonic lattice parameter "
        "at that temperature, and the bulk is taken away at the same traction; the energy is the excess Helmholtz free energy."
    )
    return made


def _beyond(results: Results, atoms: dict[str, Any], made: Excess) -> None:
    """Say where a crystal would part before the interface does."""
    left_out = atoms["beyond_strength"]
    results.add("openings_beyond_strength", len(left_out), "", "openings without equilibrium: a crystal would part first")
    if len(left_out):
        highest = made.traction.max() * EV_A3
        results.add("highest_equilibrium_traction", highest, "Pa", "highest traction in equilibrium (the peak is interpolated)", headline=True)
        results.notes.append(
            f"WARNING: {len(left_out)} gaps from {left_out.min():.3g} to {left_out.max():.3g} Å ask for more traction than one of the "
            f"crystals bears as strained here (the highest traction in equilibrium is {highest / 1e9:.3g} GPa): that "
            "crystal parts first. There the law is interpolated; the work done across is exact, the peak is not."
        )


def _pair(results: Results, atoms: dict[str, Any]) -> None:
    """What joins two crystals: strain and gap."""
    if "strain" not in atoms:
        return
    for name, value in zip(("xx", "yy", "xy"), atoms["strain"], strict=True):
        results.add(f"strain_{name}", float(value), "", f"in-plane strain {name} of the strained crystal")
    results.add("interface_area", float(atoms["area"]) * ANGSTROM**2, "m^2", "common cell of the two crystals")
    results.add("closed_gap", float(atoms["closed_gap"]) * ANGSTROM, "m", "distance of the facing planes, closed")


def _trusted(by_energy: float, by_forces: float) -> str:
    """Which of the three tractions (dψ/dδ, virial, forces on one half) the law stands on, and why."""
    said = f"Tractions: dψ/dδ and the virial differ by {by_energy:.2g} of the peak, the virial and the forces on one half by {by_forces:.2g} of the peak; "
    if max(by_energy, by_forces) <= _AGREE:
        return said + "all three agree, and the law takes the virial's."
    if by_energy <= _AGREE:
        return said + (
            "the virial's, confirmed by the energies, is trusted: the half slab, cut free for the third route, is "
            "thinner than the range of the potential; more layers bring the third closer."
        )
    return said + "WARNING: energies and virial disagree. Refine the openings; if it stays, the potential's virial is wrong on slabs."


def _write(results: Results, law: Law, context: RunContext) -> None:
    """The law itself, and what other codes read; a form that cannot hold it is left out and named."""
    save_law(law, context.folder / "law.json")
    for form in FORMS:
        try:
            export(law, context.folder / _FILES[form], form)
        except InputError as reason:
            results.notes.append(f"No {form} block was written: {reason}")
