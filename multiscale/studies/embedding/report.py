"""What the embedding study shows: regions, ledger, force error against the buffer, energy in dynamics."""

import numpy as np

from coupling.findings import Criterion
from coupling.units import ANGSTROM
from multiscale.runtime.records import Amount, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.embedding.records import Buffers, DynamicsFindings, EmbeddedStructure, EmbeddingFindings
from multiscale.studies.embedding.schema import BufferScan, EmbeddingStudy

_ROUNDING = 1e-6
"""eV that summing in another order may change."""


def report(results: Results, study: EmbeddingStudy, found: EmbeddingFindings) -> None:
    """Everything that was found.

    Args:
        results: Takes it.
        study: The input.
        found: The findings.
    """
    _regions(results, found)
    _sizes(results, found)
    if study.buffers is not None and found.buffers is not None:
        _buffers(results, study.buffers, found.buffers)
    if found.dynamics is not None:
        _dynamics(results, found.dynamics)
    _verdict(results, study, found)


def _verdict(results: Results, study: EmbeddingStudy, found: EmbeddingFindings) -> None:
    """The result in a sentence, and what it is held against."""
    energy = " and the energy {energy}" if found.energy is not None else ""
    results.summary = (
        f"{{qm_atoms}} of {{atoms}} atoms are the accurate model's; the largest force is {{max_force}}{energy}."
    )
    check = results.checks.append
    if found.energy is not None:
        check(Criterion("energy against the ledger", found.energy.partition_error, _ROUNDING, "eV"))
    if study.relax is not None and found.relaxation is not None:
        check(Criterion("largest force after relaxing", found.structure.largest_force, study.relax, "eV/Å"))
    if study.buffers is not None and found.buffers is not None:
        error = float(np.interp((study.buffer or 0.0) / ANGSTROM, found.buffers.radius, found.buffers.difference))
        check(Criterion("force error of the buffer", error, study.buffers.error, "eV/Å"))


def _regions(results: Results, found: EmbeddingFindings) -> None:
    """Who owns which atom: a table, a view, the ledger."""
    columns = ("region", "atoms", "atoms of the cluster", "link hydrogens", "periodic along", "total charge, e")
    rows = tuple((one.name, one.atoms, one.cluster_atoms, one.links, one.periodic, one.charge) for one in found.regions)
    results.tables.append(Table("Regions", columns, rows))
    if found.uncharged:
        results.notes.append(
            f"{found.uncharged} takes no total charge: it treats charged atoms as neutral ones, in the whole and in the "
            "cluster alike, so that they cancel there."
        )
    _view(results, found.structure)
    results.ledger = [one.row for one in found.counted]
    results.ledger_unit = "eV"


def _view(results: Results, structure: EmbeddedStructure) -> None:
    """The structure seen along z."""
    label, place, lines = structure.label, structure.positions * ANGSTROM, []
    for name, chosen, words in (
        ("bath_atoms", label == 0, "cheap model"),
        ("buffer_atoms", label < 0, "buffer"),
        ("core_atoms", label > 0, "region"),
    ):
        if chosen.any():
            results.add_curve(name, f"positions: {words}", x=("m", place[chosen, 0]), y=("m", place[chosen, 1]))
            lines.append(PlotSeries(name, "x", "y", words, "points"))
    results.plots.append(Plot("Regions", "x", "Å", "y", "Å", tuple(lines), "The structure seen along z."))


def _sizes(results: Results, found: EmbeddingFindings) -> None:
    """How much the accurate model computed, and the results."""
    add = results.add
    add("atoms", len(found.structure.numbers), "", "atoms of the structure")
    add("qm_atoms", found.accurate_atoms, "", "atoms of the accurate model, link atoms included", headline=True)
    add("qm_atoms_fraction", found.clustered, "", "share of the structure's atoms in clusters")
    add("max_force", found.structure.largest_force, "eV/Å", "largest force", headline=True)
    if found.energy is not None:
        add("energy", found.energy.value, "eV", "embedded energy; its zero is that of both models", headline=True)
        add("partition_error", found.energy.partition_error, "eV", "energy against the sum of the ledger")
        results.notes.append(
            "Link hydrogens occur in the + and the - term of a cluster alike and are not sites of the ledger."
        )
    if found.net_force is not None:
        add("net_force", found.net_force, "eV/Å", "net force of the mixing, taken away from the buffer")
        results.notes.append("Mixed forces are not the gradient of an energy: the ledger counts owners, not energies.")
    if found.relaxation is not None:
        add("relaxation_energy", found.relaxation.energy, "eV", "energy gained by relaxing")
        add("relaxation_steps", found.relaxation.steps, "", "steps of the relaxation")


def _buffers(results: Results, asked: BufferScan, found: Buffers) -> None:
    """The force error against the buffer's radius."""
    results.add_curve(
        "force_error", "largest error of a core force", radius=("m", found.radius * ANGSTROM),
        difference=("eV/Å", found.difference), abrupt=("eV/Å", found.abrupt), atoms=("", found.atoms),
    )  # fmt: skip
    lines = (
        PlotSeries("force_error", "radius", "difference", "low + QM - ML", "line and points"),
        PlotSeries("force_error", "radius", "abrupt", "QM alone", "line and points"),
    )
    against = "the accurate model of the whole" if asked.reference == "whole" else "the largest buffer"
    title = "Force error against the buffer"
    caption = f"Largest error of a force in the first region, against {against}."
    results.plots.append(Plot(title, "buffer", "Å", "force error", "eV/Å", lines, caption, "y"))
    columns = zip(found.radius, found.atoms, found.difference, found.abrupt, strict=True)
    rows = tuple(
        (Amount(float(r) * ANGSTROM, "m"), int(n), Amount(float(d), "eV/Å"), Amount(float(a), "eV/Å"))
        for r, n, d, a in columns
    )
    results.tables.append(Table(title, ("buffer", "atoms", "low + QM − ML", "QM alone"), rows))
    results.add("cheap_force_error", found.cheap, "eV/Å", "error of the cheap model alone")
    if found.needed is not None:
        what = f"buffer for {asked.error:g} eV/Å"
        results.add("buffer_needed", found.needed * ANGSTROM, "m", what, headline=True)
    if found.decay_length is not None:
        results.add("decay_length", found.decay_length * ANGSTROM, "m", "decay length of the force error")
    if found.unknown is not None:
        results.notes.append(found.unknown)


def _dynamics(results: Results, found: DynamicsFindings) -> None:
    """The account of the energy along a trajectory."""
    results.add_curve(
        "dynamics", "energies along the trajectory", time=("s", found.time * 1e-12), total=("eV", found.total),
        conserved=("eV", found.conserved), temperature=("K", found.temperature), qm_atoms=("", found.accurate_atoms),
    )  # fmt: skip
    what = "energy put in: jumps where regions changed, or non-conservative work"
    results.add("drift", found.drift, "eV/atom/ps", "drift of kinetic + potential energy less what was put in")
    results.add("raw_drift", found.raw_drift, "eV/atom/ps", "drift of kinetic + potential energy")
    results.add("injected_energy", found.injected, "eV", what)
    results.add("region_switches", found.switches, "", "steps at which a region changed")
    lines = (
        PlotSeries("dynamics", "time", "total", "kinetic + potential"),
        PlotSeries("dynamics", "time", "conserved", "less what was put in", "dashed"),
    )
    results.plots.append(Plot("Energy in the dynamics", "time", "ps", "energy", "eV", lines))
