"""The fracture study: potential → cohesive law → cohesive finite elements → load-displacement curve."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from coupling.cohesive import PathSamples, consistency, interface_ledger, rigid_law
from coupling.contracts import FloatArray
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM, EV_A3, SI_FACTORS
from multiscale.cache import code_fingerprint
from multiscale.inputs.fracture import FractureStudy
from multiscale.results import Plot, Results, Series
from multiscale.runs import RunContext
from multiscale.studies import sampled
from multiscale.studies.loading_report import (
    Frame,
    report_energies,
    report_growth,
    report_law_curve,
    report_loading,
    report_picture,
    report_profiles,
)

_SAVED_STATES = 24
_FRAME = Frame()
_CUBIC_CONSTANTS = {"C11": (0, 0), "C12": (0, 1), "C44": (3, 3)}


def run(study: FractureStudy, context: RunContext) -> Results:
    """Run the study; see `FractureStudy` for its input.

    Raises:
        InputError: potential, crystal, mesh and law do not fit together.
        NotConverged: the finite-element solution failed; the states before are in the folder.
    """
    results = Results("fracture", study.title)
    with context.stage("atomistic"):
        loaded = sampled.load(study.potential, study.trust, study.seed) if context.is_root else sampled.Sampled(None)
        atoms = _atomistic(study, context, loaded.potential)
    samples = _samples(atoms)
    law = rigid_law(samples)
    _report_law(results, samples, law, atoms)
    with context.stage("continuum"):
        mesh = _mesh(study, context)
        _continuum(study, context, results, samples, law, atoms["stiffness"], mesh)
    if study.trust is not None:
        with context.stage("samples"):
            _error_bars(study, context, results, loaded.samples, mesh)
    return results


def _samples(atoms: dict[str, FloatArray]) -> PathSamples:
    return PathSamples(
        atoms["opening"], atoms["energy"], atoms["traction"], float(atoms["area"]),
        (int(atoms["spacings"][0]), int(atoms["spacings"][1])), atoms["tangential_stiffness"],
    )  # fmt: skip


def _atomistic(
    study: FractureStudy, context: RunContext, potential: Any, what: str = "atomistic samples"
) -> dict[str, FloatArray]:
    """Lattice, elastic constants and opening path, from the cache where they are known."""
    request = {
        "calculation": "rigid opening path and elastic constants",
        "code": code_fingerprint(),
        "potential": potential.fingerprint if potential is not None else "",
        "interface": study.interface.model_dump(mode="json"),
        "x": study.specimen.grain.x,
    }
    return context.cached(what, request, lambda: _compute(study, context, potential))


def _compute(study: FractureStudy, context: RunContext, potential) -> dict[str, FloatArray]:  # type: ignore[no-untyped-def]
    from atomistic.interface import cleavage_slab
    from atomistic.paths import default_openings, rigid_path
    from atomistic.properties.bulk import equilibrium
    from atomistic.properties.elastic import elastic_constants

    choice = study.interface
    context.log.info("relaxing the lattice of %s %s", choice.structure, choice.species)
    crystal = equilibrium(potential, choice.species, choice.structure)
    lattice = _conventional(crystal, choice.structure)
    context.log.info("elastic constants")
    elastic = elastic_constants(potential, crystal)
    slab = cleavage_slab(crystal, choice.miller, choice.layers, conventional=lattice, x=np.array(study.specimen.grain.x))
    openings = default_openings(choice.openings.max / ANGSTROM, choice.openings.points)
    context.log.info("rigid path: %d openings of %d atoms", len(openings), len(slab.atoms))
    samples = rigid_path(potential, slab, openings, progress=context.progress)
    return {
        "lattice": lattice,
        "stiffness": elastic.stiffness_voigt,
        "opening": samples.opening,
        "energy": samples.energy,
        "traction": samples.traction,
        "tangential_stiffness": samples.tangential_stiffness,
        "area": np.array(samples.area),
        "spacings": np.array(samples.spacings),
        "planes": np.array(slab.planes),
        "spacing": np.array(slab.spacing),
    }


def _conventional(crystal, structure: str) -> FloatArray:  # type: ignore[no-untyped-def]
    """The cell that Miller indices refer to: the cube of cubic structures, else the cell itself."""
    lattice = crystal.cell.get_bravais_lattice()
    return lattice.a * _CUBE[lattice.name] * np.eye(3) if lattice.name in _CUBE else crystal.cell.array


_CUBE = {"CUB": 1.0, "FCC": 1.0, "BCC": 1.0}


def _report_law(results: Results, samples: PathSamples, law: TabulatedLaw, atoms: dict[str, FloatArray]) -> None:
    add = results.add
    add("work_of_separation", law.work_of_separation, "J/m^2", "work of separation", headline=True)
    add("peak_traction", law.peak_traction, "Pa", "peak traction of the law", headline=True)
    add("opening_at_peak", law.opening_at_peak, "m", "opening at the peak traction")
    add("final_opening", law.final_opening, "m", "opening beyond which the traction is zero")
    add("initial_stiffness", law.initial_stiffness, "Pa/m", "normal stiffness of the closed interface")
    add("law_consistency", consistency(samples), "", "energies against forces and virial in tension, over the peak traction")
    add("lattice_parameter", float(atoms["lattice"][0, 0]) * ANGSTROM, "m", "lattice parameter of the potential")
    for name, place in _CUBIC_CONSTANTS.items():
        add(name, atoms["stiffness"][place], "Pa", f"elastic constant {name} in the crystal axes")
    report_law_curve(results, "law", law, law.opening[0])
    results.add_curve(
        "law_samples", "atomistic samples of the law", opening=("m", law.opening),
        traction=("Pa", law.traction), energy=("J/m^2", law.energy),
        shear_stiffness_x=("Pa/m", law.tangential_stiffness[:, 0]),
        shear_stiffness_z=("Pa/m", law.tangential_stiffness[:, 1]),
        shear_stiffness_sampled=("Pa/m", samples.tangential_stiffness.min(axis=1) * EV_A3 / ANGSTROM),
    )
    for quantity, unit, label in (("traction", "GPa", "traction"), ("energy", "J/m^2", "energy per area")):
        results.plots.append(
            Plot(
                f"Cohesive law: {label}", "opening", "Å", label, unit,
                (Series("law", "opening", quantity, "law"), Series("law_samples", "opening", quantity, "atoms", "points")),
                "Points are atomistic samples; the traction curve is the derivative of the energy curve.",
            )
        )


def _mesh(study: FractureStudy, context: RunContext) -> Any:
    from continuum.fenics import MPI
    from continuum.mesh import read_mesh

    specimen = study.specimen
    return read_mesh(
        specimen.mesh, unit=SI_FACTORS["length"][specimen.mesh_unit], bodies=specimen.bodies, comm=context.comm or MPI.COMM_WORLD
    )


def _grain(study: FractureStudy, stiffness: FloatArray) -> Any:
    from continuum.materials import LinearElastic, grain_rotation

    return LinearElastic(stiffness).rotated(grain_rotation(study.specimen.grain.x, study.specimen.grain.y))


def _problem(study: FractureStudy, mesh: Any, grain: Any, law: TabulatedLaw) -> Any:
    from continuum.model import Bond, Prescribed
    from continuum.problem import CohesiveProblem

    specimen = study.specimen
    return CohesiveProblem(
        mesh,
        dict.fromkeys(specimen.bodies, grain),
        [Bond(group, sides.plus, sides.minus, law) for group, sides in specimen.interfaces.items()],
        [Prescribed(s.group, s.component) for s in specimen.supports]
        + [Prescribed(item.group, item.component, item.factor) for item in specimen.loads],
    )


def _continuum(
    study: FractureStudy, context: RunContext, results: Results, samples: PathSamples, law: TabulatedLaw,
    stiffness: FloatArray, mesh: Any,
) -> None:  # fmt: skip
    """Break the specimen and record it."""
    from continuum.output import FieldWriter
    from continuum.stepping import pull

    grain = _grain(study, stiffness)
    problem = _problem(study, mesh, grain, law)
    context.log.info("finite elements: %d unknowns", problem.size)
    folder = context.folder / "fields"
    context.on_root(folder.mkdir)
    with FieldWriter(problem, folder) as fields:
        state: dict[str, Any] = {"next": 0.0}

        def keep(step, x) -> None:  # type: ignore[no-untyped-def]
            state["x"] = x
            if step.load >= state["next"] or step.most_opened > 1:
                fields.write(x, step.load)
                state["next"] = step.load + study.loading.opening / _SAVED_STATES

        record = pull(problem, study.loading.opening, study.loading.steps, progress=context.progress, on_step=keep)
        bond = problem.bonds[0]
        report_growth(results, record, _FRAME, law.work_of_separation)
        report_loading(results, record, _FRAME)
        _report_ledger(results, record, samples, (bond.plus, bond.minus))
        snapshot, profiles = fields.snapshot(state["x"]), problem.profiles(state["x"])
    if context.is_root:
        report_profiles(results, profiles)
        report_picture(results, context.folder, snapshot, profiles)
        _notes(study, results, record, grain, law)


def _error_bars(study: FractureStudy, context: RunContext, results: Results, samples: Sequence[Any], mesh: Any) -> None:
    """Break the specimen again with the law and the stiffness of every sample of the potential."""
    from continuum.fracture import released_energy_per_area
    from continuum.stepping import pull

    found: dict[str, list[float]] = {}
    series = [Series("load_displacement", "opening", "load", "reported", "line and points")]
    for number in range(sampled.count(study.trust)):
        atoms = _atomistic(study, context, samples[number] if context.is_root else None, "samples of the potential")
        law = rigid_law(_samples(atoms))
        record = pull(
            _problem(study, mesh, _grain(study, atoms["stiffness"]), law), study.loading.opening, study.loading.steps,
            progress=context.progress,
        )  # fmt: skip
        values = {name: float(atoms["stiffness"][place]) for name, place in _CUBIC_CONSTANTS.items()}
        values |= {"work_of_separation": law.work_of_separation, "peak_traction": law.peak_traction}
        values["peak_load"] = float(record.column("force").max())
        if "gc_from_fe" in results.quantities:
            values["gc_from_fe"] = released_energy_per_area(record)
        for name, value in values.items():
            found.setdefault(name, []).append(value)
        curve = f"sample_{number + 1}"
        results.add_curve(
            curve, "loading with a sample of the potential",
            opening=("m", record.column("load")), load=(_FRAME.force, record.column("force")),
        )  # fmt: skip
        series.append(Series(curve, "opening", "load", "", "dashed"))
    for name, values in found.items():
        results.quantities[name] = replace(results.quantities[name], uncertainty=float(np.std(values, ddof=1)))
    results.plots.append(Plot("Error bar of the load", "load-point opening", _FRAME.shown, f"load{_FRAME.per}", _FRAME.force, tuple(series),
                              "Dashed: each sample of the potential, with its own law and stiffness."))  # fmt: skip
    results.notes.append(sampled.note(study.trust))


def _report_ledger(results: Results, record, samples: PathSamples, sides: tuple[str, str]) -> None:  # type: ignore[no-untyped-def]
    energies = record.steps[-1].energies
    plus, minus = (energies.bodies[name] for name in sides)
    law = energies.stored + energies.dissipated
    results.ledger = list(interface_ledger(samples).rows([plus, minus, law, 0.0, 0.0]))
    results.ledger_unit = "J/m"
    report_energies(results, record, _FRAME, "law from atoms")
    results.notes.append(
        "Counting: on the rigid path the bulk layers do not stretch, so the bulk terms of the ledger cancel the "
        "slab's layers exactly and the law holds the energy of one parted spacing. The gap is in the law: the closed "
        "interface has the stiffness of one layer spacing, which the finite elements do not carry."
    )


def _notes(study: FractureStudy, results: Results, record, grain, law: TabulatedLaw) -> None:  # type: ignore[no-untyped-def]
    zone = grain.plane_strain_modulus_x * law.work_of_separation / law.peak_traction**2
    results.add("process_zone_length", zone, "m", "E' W / peak² (Irwin's length of the process zone)")
    facets = int(record.column("zone_facets").max())
    results.notes.append(
        f"Size: an ideal interface of atomic strength has a process zone of about {zone * 1e9:.2g} nm, resolved here by "
        f"{facets} element edges. That ties the elements to less than an atomic spacing and the specimen to about a "
        "micrometre; the elements there integrate the law, they do not claim that matter is continuous at that scale."
    )
    if results.curves["law_samples"].values["shear_stiffness_sampled"].min() < 0:
        results.notes.append(
            "At some openings the potential's tangential stiffness is negative (the faces would slide by themselves); "
            "the law takes it as zero there. See the column shear_stiffness_sampled of law_samples.csv."
        )
    if facets < 4:
        results.notes.append("WARNING: fewer than 4 element edges lie in the process zone; refine the mesh along the crack.")
    results.notes.append(
        "The rigid path lets no atom relax: work of separation and peak traction are upper bounds. Strain is small "
        "strain; the shear resistance of the law is its small-slip expansion."
    )
