"""The cohesive-law study: a potential and an interface in, a law, its fits and its ledger out."""

from typing import Any

import numpy as np

from coupling.cohesive import (
    BulkBranch,
    PathSamples,
    SlabBranch,
    consistency,
    excess,
    interface_ledger,
    rigid_law,
    slab_totals,
)
from coupling.export import export
from coupling.fit import fit_all
from coupling.laws.tabulated import TabulatedLaw
from coupling.storage import save_law
from coupling.units import ANGSTROM, EV_A3
from multiscale.cache import code_fingerprint
from multiscale.inputs.cohesive_law import CohesiveLawStudy
from multiscale.results import Plot, Results, Series, Table
from multiscale.runs import RunContext

_AGREE = 0.02  # over the peak: interpolation between openings stays below, a wrong virial does not
_EXPORTS = {"csv": "law_export.csv", "abaqus": "law_abaqus.inp", "moose": "law_moose.i", "akantu": "law_akantu.dat"}


def run(study: CohesiveLawStudy, context: RunContext) -> Results:
    """Run the study; see `CohesiveLawStudy` for its input.

    Raises:
        InputError: potential and crystals do not make a law.
        NotConverged: some equilibrium of the relaxed path was not found.
    """
    results = Results("cohesive_law", study.title)
    with context.stage("atomistic"):
        atoms = _atomistic(study, context)
    if study.path == "rigid":
        samples = PathSamples(
            atoms["opening"], atoms["energy"], atoms["traction"], float(atoms["area"]),
            (int(atoms["spacings"][0]), int(atoms["spacings"][1])), atoms["tangential_stiffness"],
        )
        law = rigid_law(samples)
        results.add("law_consistency", consistency(samples), "", "energies against tractions in tension, over the peak")
    else:
        law, samples = _relaxed(results, atoms)
    _report(results, law, samples)
    if context.is_root:
        save_law(law, context.folder / "law.json")
        for form, name in _EXPORTS.items():
            export(law, context.folder / name, form)
    return results


def _atomistic(study: CohesiveLawStudy, context: RunContext) -> dict[str, Any]:
    potential = None
    if context.is_root:
        from atomistic.potentials import load_potential

        potential = load_potential(study.potential.name, **study.potential.options)
    request = {
        "calculation": "cohesive law",
        "code": code_fingerprint(),
        "potential": potential.fingerprint if potential is not None else "",
        "study": study.model_dump(mode="json", exclude={"output", "title", "potential", "seed"}),
    }
    return context.cached("atomistic samples", request, lambda: _compute(study, context, potential))


def _compute(study: CohesiveLawStudy, context: RunContext, potential) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.hetero import close, hetero_interface, match_lattices
    from atomistic.interface import cleavage_slab
    from atomistic.paths import default_openings, rigid_path
    from atomistic.properties.bulk import equilibrium

    slabs = {}
    for name, choice in study.crystals.items():
        crystal = equilibrium(potential, choice.species, choice.structure, conventional=True)
        slabs[name] = cleavage_slab(crystal, choice.miller, choice.layers)
    openings = default_openings(study.openings.max / ANGSTROM, study.openings.points)
    if study.path == "relaxed":
        return _compute_relaxed(potential, slabs["plane"], openings, context)
    described: dict[str, Any] = {}
    if study.plane is not None:
        interface = slabs["plane"]
    else:
        match = match_lattices(
            slabs["upper"], slabs["lower"], strain=study.matching.strained,
            largest_strain=study.matching.largest_strain, largest_area=study.matching.largest_area,
        )
        stacked = hetero_interface(slabs["upper"], slabs["lower"], match, strain=study.matching.strained)
        interface = close(potential, stacked, progress=context.progress)
        described = {"strain": match.strain, "gap": np.array(interface.gap)}
    samples = rigid_path(potential, interface, openings, progress=context.progress)
    return described | {
        "opening": samples.opening, "energy": samples.energy, "traction": samples.traction,
        "tangential_stiffness": samples.tangential_stiffness,
        "area": np.array(samples.area), "spacings": np.array(samples.spacings),
    }  # fmt: skip


def _compute_relaxed(potential, slab, openings, context: RunContext) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.relaxed_path import bulk_branch, relaxed_path

    branch = relaxed_path(potential, slab, openings, progress=context.progress)
    bulk = bulk_branch(potential, slab, branch.traction, progress=context.progress)
    names = ("gap", "length", "energy", "traction", "traction_by_forces")
    return {name: getattr(branch, name) for name in names} | {
        "area": np.array(branch.area), "repeats": np.array(branch.repeats), "spacings": np.array(slab.spacings),
        "bulk_height": bulk.height, "bulk_energy": bulk.energy, "bulk_gap": bulk.gap,
    }  # fmt: skip


def _relaxed(results: Results, atoms: dict[str, Any]) -> tuple[TabulatedLaw, PathSamples]:
    """The excess law of the relaxed path, and the naive one beside it."""
    slab = SlabBranch(
        atoms["gap"], atoms["length"], atoms["energy"], atoms["traction"], atoms["traction_by_forces"],
        float(atoms["area"]), int(atoms["repeats"]),
    )
    made = excess(slab, BulkBranch(slab.traction, atoms["bulk_height"], atoms["bulk_energy"], atoms["bulk_gap"]))
    difference = np.abs(slab.traction - slab.traction_by_forces).max() / slab.traction.max()
    results.add("traction_route_difference", difference, "", "virial against the forces on one half, over the peak")
    naive, _ = slab_totals(slab)
    results.add_curve(
        "naive", "the slab's total elongation: bulk not taken away",
        elongation=("m", naive * ANGSTROM), traction=("Pa", slab.traction * EV_A3),
    )
    spacings = (int(atoms["spacings"][0]), int(atoms["spacings"][1]))
    law = made.law()
    samples = PathSamples(made.opening, made.energy * slab.area, made.traction, slab.area, spacings)
    by_energy = consistency(samples)
    results.add("law_consistency", by_energy, "", "dψ/dδ against the virial in tension, over the peak")
    results.notes.append(_trusted(by_energy, float(difference)))
    return law, samples


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


def _report(results: Results, law: TabulatedLaw, samples: PathSamples) -> None:
    add = results.add
    add("work_of_separation", law.work_of_separation, "J/m^2", "work of separation", headline=True)
    add("peak_traction", law.peak_traction, "Pa", "peak traction", headline=True)
    add("opening_at_peak", law.opening_at_peak, "m", "opening at the peak", headline=True)
    add("initial_stiffness", law.initial_stiffness, "Pa/m", "normal stiffness of the closed interface")
    opening = np.linspace(law.opening[0], law.final_opening, 600)
    energy, traction, _ = law.normal(opening)
    columns: dict[str, Any] = {"traction": ("Pa", traction), "energy": ("J/m^2", energy)}
    lines = [Series("law", "opening", "traction", "law"), Series("samples", "opening", "traction", "atoms", "points")]
    rows = []
    for found in fit_all(law):
        rows.append((found.misfit.kind, found.misfit.traction, found.misfit.energy))
        column = found.misfit.kind.replace("-", "_")
        columns[column] = ("Pa", found.law.normal(opening)[1])
        lines.append(Series("law", "opening", column, found.misfit.kind, "dashed"))
    results.add_curve("law", "the law and its closed-form fits", opening=("m", opening), **columns)
    results.add_curve(
        "samples", "atomistic samples", opening=("m", law.opening), traction=("Pa", law.traction), energy=("J/m^2", law.energy)
    )
    results.plots.append(Plot("Traction", "opening", "Å", "traction", "GPa", tuple(lines),
                              "Points are atomistic samples; dashed lines are closed forms with the same work and peak."))  # fmt: skip
    energies = (Series("law", "opening", "energy", "law"), Series("samples", "opening", "energy", "atoms", "points"))
    results.plots.append(Plot("Energy per area", "opening", "Å", "energy per area", "J/m^2", energies))
    if "naive" in results.curves:
        both = (Series("samples", "opening", "traction", "excess", "line and points"),
                Series("naive", "elongation", "traction", "naive: slab's elongation", "line and points"))  # fmt: skip
        results.plots.append(Plot("What the subtraction buys", "opening", "Å", "traction", "GPa", both,
                                  "The naive curve depends on the slab's thickness and turns back; the excess does not."))  # fmt: skip
    results.tables.append(Table("Closed-form fits", ("form", "traction misfit over peak", "energy misfit over work"), tuple(rows)))
    results.ledger = list(interface_ledger(samples).rows())
    results.notes.append("The gap is in the law: it has the stiffness of one layer spacing, which the mesh must not carry again.")
    results.notes.append("law.json can be used without atoms (coupling.storage.load_law); law_*.* are blocks for other codes.")
