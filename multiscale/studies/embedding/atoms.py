"""What the embedding study computes: regions, energies and forces, the buffer's error, dynamics."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from atomistic.structure_files import read_structure
from coupling.contracts import FloatArray, Potential
from coupling.errors import NotConverged
from coupling.units import ANGSTROM
from multiscale.runtime.context import RunContext
from multiscale.studies.counted import counted
from multiscale.studies.embedding.records import (
    Buffers,
    DynamicsFindings,
    EmbeddedStructure,
    EmbeddingFindings,
    Energy,
    RegionSize,
    RelaxationFindings,
)
from multiscale.studies.embedding.regions import selector, totals
from multiscale.studies.embedding.schema import BufferScan, EmbeddingStudy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms

    from atomistic.embedding.buffer import BufferTable
    from atomistic.embedding.dynamics import Trajectory
    from atomistic.embedding.rules import Selector
    from coupling.embedding.cluster import Cluster
    from coupling.embedding.mixing import ForceMixing
    from coupling.embedding.subtractive import Embedded
    from coupling.embedding.terms import Region
    from coupling.embedding.totals import TotalCharges


@dataclass(frozen=True)
class EmbeddingModels:
    """Who computes.

    Attributes:
        low: The cheap potential, of all atoms.
        high: The accurate one.
    """

    low: Potential
    high: Potential


def compute(study: EmbeddingStudy, models: EmbeddingModels, context: RunContext) -> EmbeddingFindings:
    """All that needs the potentials.

    Raises:
        InputError: models, structure and regions do not fit together.
        DoubleCounted: two regions share an atom.
        NotConverged: the quantum code, a relaxation or the dynamics fails.
    """
    given = None if study.structure.file is None else read_structure(study.structure.file)
    atoms = _supercell(study, models.low) if given is None else given.atoms
    charged = totals(study, given)
    if study.scheme == "energy":
        found = _energy(study, models, atoms, charged, context)
    else:
        found = _forces(study, models, atoms, charged)
    if charged and not models.low.capabilities.total_charge:
        found = replace(found, uncharged=models.low.name)
    if study.buffers is not None:
        found = replace(found, buffers=_buffers(study, study.buffers, models, found.structure, charged))
    if study.dynamics is not None:
        found = replace(found, dynamics=_dynamics(study, models, found.structure.atoms, charged, context))
    return found


def _supercell(study: EmbeddingStudy, low: Potential) -> "Atoms":
    from atomistic.properties.bulk import equilibrium

    crystal = study.structure.crystal
    atoms = equilibrium(low, crystal.species, crystal.structure, conventional=True) * tuple(crystal.repeats)
    del atoms[sorted(set(crystal.vacancies))]
    if crystal.rattle is not None:
        atoms.rattle(crystal.rattle / ANGSTROM, seed=study.seed)
    return atoms


def _embedded(
    study: EmbeddingStudy, models: EmbeddingModels, selector: "Selector", charged: "TotalCharges"
) -> "Embedded":
    from atomistic.embedding.model import embed

    return embed(
        models.low, models.high, selector.rules, buffer=selector.buffer, ends=study.termination, split=selector.split,
        charges=study.charges, totals=charged,
    )  # fmt: skip


def _mixing(study: EmbeddingStudy, models: EmbeddingModels, charged: "TotalCharges") -> "ForceMixing":
    from atomistic.embedding.bonding import termination
    from coupling.embedding.mixing import ForceMixing

    kind = "abrupt" if study.scheme == "abrupt forces" else "difference"
    return ForceMixing(models.low, models.high, termination(study.termination), kind, charged)


def _energy(
    study: EmbeddingStudy, models: EmbeddingModels, atoms: "Atoms", charged: "TotalCharges", context: RunContext
) -> EmbeddingFindings:
    """The subtractive scheme, relaxed where that is asked for."""
    from atomistic.relax import relax

    model, relaxation = _embedded(study, models, selector(study), charged), None
    if study.relax is not None:
        start = float(model.evaluate([atoms]).energies[0])
        relaxed = relax(model, [atoms], force=study.relax, progress=context.progress)
        atoms = relaxed.structures[0]
        relaxation = RelaxationFindings(float(relaxed.energies[0]) - start, int(relaxed.steps[0]))
    value, evaluation = model.ledger(atoms), model.evaluate([atoms])
    regions, clusters = model.regions(atoms)
    energy = float(evaluation.energies[0])
    return EmbeddingFindings(
        _owned(atoms, regions, clusters, evaluation.forces[0], energy), _sizes(regions, clusters, charged, len(atoms)), counted(value.rows),
        energy=Energy(energy, abs(value.energy - energy)), relaxation=relaxation,
    )  # fmt: skip


def _forces(
    study: EmbeddingStudy, models: EmbeddingModels, atoms: "Atoms", charged: "TotalCharges"
) -> EmbeddingFindings:
    """Mixed forces."""
    from coupling.embedding.terms import clusters_of, owned_once

    mixing, regions = _mixing(study, models, charged), selector(study)(atoms)
    mixed = mixing.evaluate(atoms, regions)
    clusters = clusters_of(atoms, regions, mixing.termination)
    return EmbeddingFindings(
        _owned(atoms, regions, clusters, mixed.forces), _sizes(regions, clusters, charged, len(atoms)),
        counted(owned_once(len(atoms), regions, clusters).rows()), net_force=float(np.linalg.norm(mixed.correction)),
    )  # fmt: skip


def _owned(
    atoms: "Atoms", regions: "Sequence[Region]", clusters: "Sequence[Cluster]", forces: FloatArray,
    energy: float | None = None,
) -> EmbeddedStructure:  # fmt: skip
    label = np.zeros(len(atoms), dtype=int)
    for number, (region, cluster) in enumerate(zip(regions, clusters, strict=True), 1):
        label[cluster.atoms] = -number
        label[region.atoms] = number
    pbc = atoms.pbc.astype(int)
    return EmbeddedStructure(atoms.numbers, atoms.positions, atoms.cell.array, pbc, label, forces, energy)


def _sizes(
    regions: "Sequence[Region]", clusters: "Sequence[Cluster]", charged: "TotalCharges", size: int
) -> tuple[RegionSize, ...]:
    _, charges = charged.of([region.name for region in regions], clusters, size)
    return tuple(
        RegionSize(
            region.name, len(region.atoms), len(cluster.atoms), cluster.links,
            "".join(axis for axis, p in zip("abc", cluster.pbc, strict=True) if p) or "none", charge,
        )
        for region, cluster, charge in zip(regions, clusters, charges, strict=True)
    )  # fmt: skip


def _buffers(
    study: EmbeddingStudy,
    asked: BufferScan,
    models: EmbeddingModels,
    structure: EmbeddedStructure,
    charged: "TotalCharges",
) -> Buffers:
    """The force error against the buffer's radius, and the radius for the wanted error."""
    from atomistic.embedding.bonding import termination
    from atomistic.embedding.buffer import buffer_table, cluster_forces

    atoms, ends = structure.atoms, termination(study.termination)
    core, radii = np.flatnonzero(structure.label == 1), [radius / ANGSTROM for radius in asked.radii]
    first = next(iter(study.regions))
    own = replace(charged, regions={"core": charged.regions[first]} if first in charged.regions else {}, whole=None)
    reference = None
    if asked.reference == "largest":
        reference = cluster_forces(models.low, models.high, atoms, core, radii.pop(), ends, own)
    table = buffer_table(models.low, models.high, atoms, core, radii, ends, reference=reference, totals=own)
    return _judged(table, asked.error)


def _judged(table: "BufferTable", error: float) -> Buffers:
    """The table with the radius for an error, eV/Å, and the decay length as far as they are known."""
    found = Buffers(table.radius, table.atoms, table.difference, table.abrupt, table.cheap)
    try:
        found = replace(found, needed=table.buffer_for(error))
        return replace(found, decay_length=table.decay_length())
    except NotConverged as reason:
        return replace(found, unknown=str(reason))


def _dynamics(
    study: EmbeddingStudy, models: EmbeddingModels, atoms: "Atoms", charged: "TotalCharges", context: RunContext
) -> DynamicsFindings:
    """A trajectory from the structure, its regions chosen anew at every step."""
    from ase.md.velocitydistribution import Stationary, thermalize_momenta
    from ase.parallel import DummyMPI

    from atomistic.embedding.dynamics import energy_dynamics, mixed_dynamics

    asked, moving = study.dynamics, selector(study, remember=True)
    rng = np.random.default_rng(study.seed)
    thermalize_momenta(atoms, temperature_K=asked.temperature, comm=DummyMPI(), rng=rng)
    Stationary(atoms)
    how = {"steps": asked.steps, "timestep": asked.timestep, "progress": context.progress}
    if study.scheme == "energy":
        path = energy_dynamics(_embedded(study, models, moving, charged), atoms, selector=moving, **how)
    else:
        path = mixed_dynamics(_mixing(study, models, charged), atoms, moving, **how)
    return _accounted(path)


def _accounted(path: "Trajectory") -> DynamicsFindings:
    """Energies from that of the start."""
    start = path.kinetic[0] + path.potential[0]
    return DynamicsFindings(
        path.time, path.kinetic + path.potential - start, path.conserved - start, path.temperature, path.accurate_atoms,
        float(path.injected[-1]), path.drift, path.raw_drift, path.switches, path.frames,
    )  # fmt: skip
