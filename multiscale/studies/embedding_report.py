"""What the embedding study shows: regions, ledger, force error against the buffer, energy in dynamics."""

from typing import Any

import numpy as np

from coupling.ledger import LedgerRow
from coupling.units import ANGSTROM
from multiscale.inputs.embedding import EmbeddingStudy
from multiscale.results import Plot, Results, Series, Table


def report_regions(results: Results, found: dict[str, Any]) -> None:
    """Who owns which atom: a table, a view, the ledger."""
    columns = ("region", "atoms", "atoms of the cluster", "link hydrogens", "periodic along")
    results.tables.append(Table("Regions", columns, tuple(tuple(row) for row in found["regions"])))
    label, place = found["label"], found["positions"] * ANGSTROM
    lines = []
    for name, chosen, words in (
        ("bath_atoms", label == 0, "cheap model"),
        ("buffer_atoms", label < 0, "buffer"),
        ("core_atoms", label > 0, "region"),
    ):
        if chosen.any():
            results.add_curve(name, f"positions: {words}", x=("m", place[chosen, 0]), y=("m", place[chosen, 1]))
            lines.append(Series(name, "x", "y", words, "points"))
    results.plots.append(Plot("Regions", "x", "Å", "y", "Å", tuple(lines), "The structure seen along z."))
    results.ledger = [LedgerRow(*row) for row in found["rows"]]
    results.ledger_unit = "eV" if "energy" in found else ""


def report_sizes(results: Results, found: dict[str, Any]) -> None:
    """How much the accurate model computed, and what came out."""
    total = len(found["numbers"])
    accurate = sum(row[2] for row in found["regions"])
    results.add("atoms", total, "", "atoms of the structure")
    results.add(
        "qm_atoms",
        sum(row[2] + row[3] for row in found["regions"]),
        "",
        "atoms of the accurate model, link atoms included",
        headline=True,
    )
    results.add("qm_atoms_fraction", accurate / total, "", "share of the structure's atoms in clusters")
    results.add(
        "max_force", float(np.linalg.norm(found["forces"], axis=1).max()), "eV/Å", "largest force", headline=True
    )
    if "energy" in found:
        results.add("energy", found["energy"], "eV", "embedded energy; its zero is that of both models", headline=True)
        results.add("partition_error", found["partition_error"], "eV", "energy against the sum of the ledger")
        results.notes.append("Link hydrogens are in a cluster's + and - term alike and are no sites of the ledger.")
    else:
        results.add("net_force", found["net_force"], "eV/Å", "net force of the mixing, taken away from the buffer")
        results.notes.append("Mixed forces are no gradient of an energy: the ledger counts owners, not energies.")
    for name, unit, words in (
        ("relaxation_energy", "eV", "energy gained by relaxing"),
        ("relaxation_steps", "", "steps of the relaxation"),
    ):
        if name in found:
            results.add(name, found[name], unit, words)


def report_buffers(results: Results, study: EmbeddingStudy, found: dict[str, Any]) -> None:
    """The force error against the buffer's radius."""
    from atomistic.embedding.buffer import BufferTable
    from coupling.errors import NotConverged

    table = BufferTable(
        found["buffer_radius"], found["buffer_atoms"], found["buffer_difference"], found["buffer_abrupt"],
        float(found["buffer_cheap"]), 1e-10, (),
    )  # fmt: skip
    columns = {
        "radius": ("m", table.radius * ANGSTROM),
        "difference": ("eV/Å", table.difference),
        "abrupt": ("eV/Å", table.abrupt),
    }
    results.add_curve("force_error", "largest error of a core force", **columns, atoms=("", table.atoms))
    lines = (Series("force_error", "radius", "difference", "low + QM - ML", "line and points"),
             Series("force_error", "radius", "abrupt", "QM alone", "line and points"))  # fmt: skip
    against = "the accurate model of the whole" if study.buffers.reference == "whole" else "the largest buffer"
    results.plots.append(
        Plot(
            "Force error against the buffer",
            "buffer",
            "Å",
            "force error",
            "eV/Å",
            lines,
            f"Largest error of a force in the first region, against {against}.",
            "y",
        )
    )
    rows = zip(table.radius, table.atoms, table.difference, table.abrupt, strict=True)
    heads = ("buffer, Å", "atoms", "low + QM - ML, eV/Å", "QM alone, eV/Å")
    results.tables.append(
        Table(
            "Force error against the buffer",
            heads,
            tuple((float(r), int(n), float(d), float(a)) for r, n, d, a in rows),
        )
    )
    results.add("cheap_force_error", table.cheap, "eV/Å", "error of the cheap model alone")
    try:
        results.add(
            "buffer_needed",
            table.buffer_for(study.buffers.error) * ANGSTROM,
            "m",
            f"buffer for {study.buffers.error:g} eV/Å",
            headline=True,
        )
        results.add("decay_length", table.decay_length() * ANGSTROM, "m", "decay length of the force error")
    except NotConverged as error:
        results.notes.append(str(error))


def report_dynamics(results: Results, found: dict[str, Any]) -> None:
    """The account of the energy along a trajectory."""
    time = found["md_time"] * 1e-12
    kinetic, potential, injected = found["md_kinetic"], found["md_potential"], found["md_injected"]
    start = kinetic[0] + potential[0]
    results.add_curve(
        "dynamics", "energies along the trajectory", time=("s", time), total=("eV", kinetic + potential - start),
        conserved=("eV", kinetic + potential - injected - start), temperature=("K", found["md_temperature"]),
        qm_atoms=("", found["md_atoms"]),
    )  # fmt: skip
    results.add("drift", found["md_drift"], "eV/atom/ps", "drift of kinetic + potential energy less what was put in")
    results.add("raw_drift", found["md_raw_drift"], "eV/atom/ps", "drift of kinetic + potential energy")
    results.add(
        "injected_energy",
        float(injected[-1]),
        "eV",
        "energy put in: jumps where regions changed, or non-conservative work",
    )
    results.add("region_switches", found["md_switches"], "", "steps at which a region changed")
    lines = (
        Series("dynamics", "time", "total", "kinetic + potential"),
        Series("dynamics", "time", "conserved", "less what was put in", "dashed"),
    )
    results.plots.append(Plot("Energy in the dynamics", "time", "ps", "energy", "eV", lines))
