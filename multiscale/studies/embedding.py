"""The embedding study: regions, the ledger of who counts what, forces, the buffer's error, dynamics."""

from typing import Any

import numpy as np

from coupling.addresses import Request
from coupling.units import ANGSTROM
from multiscale.addresses import request
from multiscale.inputs.embedding import EmbeddingStudy, RegionInput
from multiscale.results import Results
from multiscale.runs import RunContext
from multiscale.studies.embedding_report import report_buffers, report_dynamics, report_regions, report_sizes

STRUCTURE = "embedded.extxyz"


def run(study: EmbeddingStudy, context: RunContext) -> Results:
    """Run the study; see `EmbeddingStudy` for its input.

    Raises:
        InputError: models, structure and regions do not fit together.
        DoubleCounted: two regions share an atom.
        NotConverged: the quantum code, a relaxation or the dynamics fails.
    """
    with context.stage("atomistic"):
        found = _atomistic(study, context)
    results = Results("embedding", study.title)
    report_regions(results, found)
    report_sizes(results, found)
    if study.buffers is not None:
        report_buffers(results, study, found)
    if study.dynamics is not None:
        report_dynamics(results, found)
    context.on_root(lambda: _write_structure(context, found))
    return results


def _atomistic(study: EmbeddingStudy, context: RunContext) -> dict[str, Any]:
    models: list[Any] = []
    asked = context.on_root(lambda: _request(study, context, models))
    try:
        return context.cached("embedded structure", asked, lambda: _compute(study, models[0], models[1], context))
    finally:
        if study.quantum is not None and models:
            models[2].close()


def _request(study: EmbeddingStudy, context: RunContext, models: list[Any]) -> Request:
    """All that determines the answer; the cheap model, the accurate one and its engine are put into `models`."""
    from atomistic import load_potential
    from atomistic.embedding.quantum import QuantumPotential
    from atomistic.embedding.scaled import Scaled

    if study.larger is not None:
        engine = load_potential(study.larger.name, **study.larger.options)
    else:
        engine = QuantumPotential(study.quantum.name, folder=context.cache.folder / "quantum", **study.quantum.options)
    high = engine if study.scale == 1.0 else Scaled(engine, study.scale)
    models += [load_potential(study.potential.name, **study.potential.options), high, engine]
    return request("embedding", study, exclude={"potential", "quantum", "larger"}, potentials=models[:2])


def _compute(study: EmbeddingStudy, low, high, context: RunContext) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.embedding.rules import Selector

    atoms = _structure(study, low)
    selector = Selector(
        {name: _rule(name, region) for name, region in study.regions.items()}, _angstrom(study.buffer), _split(study)
    )
    found = (
        _energy(study, low, high, atoms, selector, context)
        if study.scheme == "energy"
        else _forces(study, low, high, atoms, selector)
    )
    if study.buffers is not None:
        found |= _buffers(study, low, high, found)
    if study.dynamics is not None:
        found |= _dynamics(study, low, high, found, context)
    return {name: np.asarray(value) if isinstance(value, list | tuple) and name not in ("rows", "regions") else value
            for name, value in found.items()}  # fmt: skip


def _angstrom(length: float | None) -> float:
    return 0.0 if length is None else length / ANGSTROM


def _split(study: EmbeddingStudy) -> float | None:
    return None if study.split is None else study.split / ANGSTROM


def _rule(name: str, region: RegionInput) -> Any:
    from atomistic.embedding.options import rule

    given = region.model_dump(exclude_none=True)
    if region.values is not None:
        del given["values"]
        given["uncertainty"] = _numbers(region.values)
    if region.kind in ("atoms", "defects", "sphere", "layer"):
        given.setdefault("radius", 0.0)
    return rule(name, given)


def _numbers(path) -> np.ndarray:  # type: ignore[no-untyped-def]
    from coupling.errors import InputError

    try:
        return np.loadtxt(path, ndmin=1)
    except ValueError as error:
        raise InputError(f"{path.name} is not a list of one number an atom ({error}).") from error


def _structure(study: EmbeddingStudy, low) -> Any:  # type: ignore[no-untyped-def]
    from coupling.errors import InputError

    if study.structure.file is not None:
        from ase.io import read

        try:
            return read(study.structure.file, parallel=False)
        except Exception as error:  # ASE's readers fail in any way they like
            raise InputError(f"{study.structure.file.name} cannot be read as a structure ({error}).") from error
    from atomistic.properties.bulk import equilibrium

    crystal = study.structure.crystal
    atoms = equilibrium(low, crystal.species, crystal.structure, conventional=True) * tuple(crystal.repeats)
    if any(not 0 <= index < len(atoms) for index in crystal.vacancies):
        raise InputError(f"vacancies {crystal.vacancies} must be indices from 0 to {len(atoms) - 1}.")
    del atoms[sorted(set(crystal.vacancies))]
    if crystal.rattle is not None:
        atoms.rattle(crystal.rattle / ANGSTROM, seed=study.seed)
    return atoms


def _energy(study, low, high, atoms, selector, context: RunContext) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.embedding.model import embed
    from atomistic.relax import relax

    model = embed(
        low,
        high,
        selector.rules,
        buffer=selector.buffer,
        ends=study.termination,
        split=selector.split,
        charges=study.charges,
    )
    found: dict[str, Any] = {}
    if study.relax is not None:
        start = float(model.evaluate([atoms]).energies[0])
        relaxed = relax(model, [atoms], force=study.relax, progress=context.progress)
        atoms = relaxed.structures[0]
        found = {"relaxation_energy": float(relaxed.energies[0]) - start, "relaxation_steps": int(relaxed.steps[0])}
    value, evaluation = model.ledger(atoms), model.evaluate([atoms])
    regions, clusters = model.regions(atoms)
    return found | {
        "energy": float(evaluation.energies[0]), "forces": evaluation.forces[0],
        "partition_error": abs(value.energy - float(evaluation.energies[0])), "rows": [list(row) for row in value.rows],
    } | _described(atoms, regions, clusters)  # fmt: skip


def _forces(study, low, high, atoms, selector) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.embedding.bonding import termination
    from coupling.embedding.mixing import ForceMixing
    from coupling.embedding.terms import clusters_of, owned_once

    ends, regions = termination(study.termination), selector(atoms)
    mixed = ForceMixing(low, high, ends, _kind(study)).evaluate(atoms, regions)
    clusters = clusters_of(atoms, regions, ends)
    rows = owned_once(len(atoms), regions, clusters).rows()
    return {
        "forces": mixed.forces, "net_force": float(np.linalg.norm(mixed.correction)),
        "rows": [list(row) for row in rows],
    } | _described(atoms, regions, clusters)  # fmt: skip


def _kind(study: EmbeddingStudy) -> str:
    return "abrupt" if study.scheme == "abrupt forces" else "difference"


def _described(atoms, regions, clusters) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    label = np.zeros(len(atoms), dtype=int)
    rows = []
    for number, (region, cluster) in enumerate(zip(regions, clusters, strict=True), 1):
        label[cluster.atoms] = -number
        label[region.atoms] = number
        periodic = "".join(axis for axis, p in zip("abc", cluster.pbc, strict=True) if p) or "none"
        rows.append([region.name, len(region.atoms), len(cluster.atoms), cluster.links, periodic])
    return {
        "numbers": atoms.numbers, "positions": atoms.positions, "cell": atoms.cell.array, "pbc": atoms.pbc.astype(int),
        "label": label, "regions": rows,
    }  # fmt: skip


def _atoms(found: dict[str, Any]) -> Any:
    from ase import Atoms

    return Atoms(found["numbers"], found["positions"], cell=found["cell"], pbc=found["pbc"].astype(bool))


def _buffers(study, low, high, found) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.embedding.bonding import termination
    from atomistic.embedding.buffer import buffer_table
    from coupling.embedding.terms import Region, clusters_of

    atoms, ends = _atoms(found), termination(study.termination)
    core, radii = np.flatnonzero(found["label"] == 1), [radius / ANGSTROM for radius in study.buffers.radii]
    reference = None
    if study.buffers.reference == "largest":
        cluster = clusters_of(atoms, [Region("reference", core, radii.pop())], ends)[0]
        piece = cluster.cut(atoms)
        accurate, cheap, whole = high.evaluate([piece]), low.evaluate([piece]), low.evaluate([atoms])
        rows = np.searchsorted(cluster.atoms, core)
        reference = np.zeros((len(atoms), 3))
        reference[core] = whole.forces[0][core] + accurate.forces[0][rows] - cheap.forces[0][rows]
    table = buffer_table(low, high, atoms, core, radii, ends, reference=reference)
    return {
        "buffer_radius": table.radius, "buffer_atoms": table.atoms, "buffer_difference": table.difference,
        "buffer_abrupt": table.abrupt, "buffer_cheap": table.cheap,
    }  # fmt: skip


def _dynamics(study, low, high, found, context: RunContext) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from ase import units
    from ase.md.velocitydistribution import Stationary, thermalize_momenta
    from ase.parallel import DummyMPI

    from atomistic.embedding.bonding import termination
    from atomistic.embedding.dynamics import energy_dynamics, mixed_dynamics
    from atomistic.embedding.model import embed
    from atomistic.embedding.rules import Selector
    from coupling.embedding.mixing import ForceMixing

    atoms, asked = _atoms(found), study.dynamics
    thermalize_momenta(atoms, temperature_K=asked.temperature, comm=DummyMPI(), rng=np.random.default_rng(study.seed))
    Stationary(atoms)
    rules = {name: _rule(name, region) for name, region in study.regions.items()}
    selector = Selector(rules, _angstrom(study.buffer), _split(study), remember=True)
    how = {"steps": asked.steps, "timestep": asked.timestep, "progress": context.progress}
    if study.scheme == "energy":
        model = embed(
            low,
            high,
            rules,
            buffer=selector.buffer,
            ends=study.termination,
            split=selector.split,
            charges=study.charges,
        )
        path = energy_dynamics(model, atoms, selector=selector, **how)
    else:
        path = mixed_dynamics(
            ForceMixing(low, high, termination(study.termination), _kind(study)), atoms, selector, **how
        )
    temperature = path.kinetic / (1.5 * units.kB * len(atoms))
    return {
        "md_time": path.time, "md_kinetic": path.kinetic, "md_potential": path.potential, "md_injected": path.injected,
        "md_atoms": path.accurate_atoms, "md_temperature": temperature, "md_drift": path.drift,
        "md_raw_drift": path.raw_drift, "md_switches": path.switches,
    }  # fmt: skip


def _write_structure(context: RunContext, found: dict[str, Any]) -> None:
    from ase.io import write

    atoms = _atoms(found)
    atoms.set_array("region", found["label"])
    atoms.set_array("embedded_forces", found["forces"])
    write(context.folder / STRUCTURE, atoms, format="extxyz", parallel=False)
