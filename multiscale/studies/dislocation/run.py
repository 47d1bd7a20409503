"""The dislocation study: from a potential to a core, a barrier, τ(T, strain rate) and the next scale's files."""

import numpy as np

from coupling.elasticity import cubic_averages
from coupling.exchange.storage import write_atomically
from coupling.ledger import Ledger, Term
from coupling.records import pack, unpack
from coupling.units import ANGSTROM, EV, EV_A3
from coupling.upscale.blocks import LATTICES, to_damask, to_opendis
from coupling.upscale.export import MISSING_LAW, DislocationParameters, Value, save
from coupling.upscale.line import LineEnergy
from multiscale.runtime.addresses import code_fingerprint, request
from multiscale.runtime.context import RunContext
from multiscale.runtime.handed_on import DISLOCATIONS
from multiscale.runtime.records import Quantity
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.stages.models import Models
from multiscale.studies.dislocation import report
from multiscale.studies.dislocation.findings import DislocationFindings, Upscaled
from multiscale.studies.dislocation.quantities import quantities
from multiscale.studies.dislocation.records import DislocationAtoms
from multiscale.studies.dislocation.schema import DislocationStudy
from multiscale.studies.dislocation.upscale import estimated, line_table, upscaled

DAMASK, OPENDIS = "damask_phase.yaml", "opendis_mobility.py"
_COMPUTED = (
    "species", "structure", "system", "radius", "boundary", "results", "check_fault", "images", "divisions", "force",
    "drag",
)  # fmt: skip
"""What the atomistic part depends on."""
_SHOWN = {
    "core": "the core at rest", "barrier": "the images of the Peierls barrier",
    "loaded": "the core under rising shear, to the right, then to the left, until it jumps",
}  # fmt: skip


def run(study: DislocationStudy, context: RunContext) -> Results:
    """Run the study; see `DislocationStudy` for its input.

    Raises:
        InputError: the crystal cannot hold the dislocation, or its stacking fault is meaningless and the
            input does not ask to go on.
        NotConverged: a core, a path or a load does not come to rest.
    """
    with context.stage("atomistic"):
        atoms = _atomistic(study, context)
    with context.stage("peierls-nabarro"):
        estimate = context.on_root(lambda: estimated(atoms, study.rows))
    line = LineEnergy(atoms.characters, atoms.burgers_length, study.line.log_ratio)
    findings = DislocationFindings(atoms, line_table(line), estimate, upscaled(study, atoms, estimate, line))
    numbers = quantities(findings, study.boundary)
    results = Results("dislocation", study.title)
    report.report(results, study, findings, numbers)
    for name, frames in atoms.frames.items():
        write_atoms(results, study.output, context, name, frames, _SHOWN[name])
    parameters = _parameters(study, atoms, findings.upscaled, line, numbers)
    context.on_root(lambda: _write(study, parameters, context))
    if findings.upscaled is None:
        results.notes.append(
            f"{DISLOCATIONS} and {DAMASK} have no glide law, and there is no {OPENDIS}. {MISSING_LAW}."
        )
    elif findings.upscaled.mixture:
        results.notes.append(f"The glide law mixes two Peierls stresses: {findings.upscaled.mixture}.")
    results.ledger = list(_ledger(atoms, findings.upscaled).rows())
    return results


def _atomistic(study: DislocationStudy, context: RunContext) -> DislocationAtoms:
    """The atomistic results, from the cache where they are known."""
    from multiscale.studies.dislocation.atoms import compute

    models = Models(context, study.potential, None, study.seed)
    key = context.on_root(lambda: request("dislocation", study, include=_COMPUTED, potentials=[models()]))
    packed = context.cached("dislocation", key, lambda: pack(compute(study, models(), context.progress)))
    atoms = unpack(DislocationAtoms, packed)
    for warning in atoms.warnings:
        context.log.warning("%s", warning)
    return atoms


def _parameters(
    study: DislocationStudy,
    atoms: DislocationAtoms,
    upscaled: Upscaled | None,
    line: LineEnergy,
    numbers: dict[str, Quantity],
) -> DislocationParameters:
    shear, poisson = cubic_averages(atoms.c11, atoms.c12, atoms.c44)
    angles = np.linspace(0.0, np.pi / 2, 19)
    table = {
        "angle": angles,
        "prefactor": line.prefactor(angles) * EV_A3,
        "energy": line.energy(angles) * EV / ANGSTROM,
        "tension": line.tension(angles) * EV / ANGSTROM,
    }
    told = {key: Value(float(q.value), q.unit, q.uncertainty) for key, q in numbers.items() if q.unit}
    source = {"potential": study.potential.model_dump(mode="json")["name"], "potential_fingerprint": atoms.fingerprint,
              "code": code_fingerprint()}  # fmt: skip
    notes = [
        *atoms.warnings,
        "properties: as in the study's report; K, energy and tension of the line hold its ln(R/r0)",
    ]
    if upscaled is None:
        notes.append(f"glide {MISSING_LAW}")
    else:
        source |= {"barrier": upscaled.source, "peierls_stress": upscaled.mixture or upscaled.stress_source}
        source |= _kinetics(atoms, upscaled)
    return DislocationParameters(
        study.species, study.structure, study.system, upscaled and upscaled.law, {} if upscaled is None else upscaled.std,
        {"C_11": atoms.c11, "C_12": atoms.c12, "C_44": atoms.c44},
        shear, poisson, told, {key: [float(v) for v in column] for key, column in table.items()},
        source, notes,
    )  # fmt: skip


def _kinetics(atoms: DislocationAtoms, upscaled: Upscaled) -> dict[str, str]:
    """Where drag and attempt frequency of the glide law come from."""
    drag, barrier = atoms.drag, atoms.barrier
    told = {"drag": "PLACEHOLDER" if upscaled.law.drag_is_placeholder else "given"}
    if drag is not None:
        told["drag"] = f"stress-driven dynamics at {drag.temperature[drag.nearest]:g} K, cell of {drag.atoms} atoms"
    told["attempt_frequency"] = "ASSUMED" if upscaled.law.attempt_is_assumed else "given"
    if barrier is not None and barrier.attempt_frequency is not None:
        told["attempt_frequency"] = "Vineyard's, of one period of straight line over the barrier"
    elif barrier is not None and barrier.no_attempt is not None:
        told["attempt_frequency"] += f"; none was found: {barrier.no_attempt}"
    return told


def _write(study: DislocationStudy, parameters: DislocationParameters, context: RunContext) -> None:
    save(parameters, context.folder / DISLOCATIONS)
    if study.structure in LATTICES:
        write_atomically(context.folder / DAMASK, to_damask(parameters))
        if parameters.law is not None:
            rate = study.strain_rates[len(study.strain_rates) // 2]
            write_atomically(context.folder / OPENDIS, to_opendis(parameters, study.temperatures, rate))


def _drag_owner(atoms: DislocationAtoms, upscaled: Upscaled | None) -> str:
    if atoms.drag is not None:
        return "potential"
    return "placeholder" if upscaled is None or upscaled.law.drag_is_placeholder else "user"


def _ledger(atoms: DislocationAtoms, upscaled: Upscaled | None) -> Ledger:
    """Which model owns which part of the resistance and of the energy: each is counted once."""
    owned = {
        "atoms around the line": "potential" if atoms.core is not None else "γ-surface, K",
        "strain of the crystal beyond them": "elasticity",
        "lattice friction at 0 K": "potential" if atoms.jumps is not None else "γ-surface, K",
        "waiting for kink pairs": "line tension" if upscaled is not None else "next scale",
        "drag on the moving line": _drag_owner(atoms, upscaled),
        "other dislocations, solutes, grains": "next scale",
    }
    sites = list(owned)
    return Ledger([Term(owner, site, 1, np.eye(len(sites))[k]) for k, (site, owner) in enumerate(owned.items())], sites)
