"""The fracture study: potential → cohesive law → cohesive finite elements → load-displacement curve."""

from typing import Any

import numpy as np

from coupling.cohesive import PathSamples, consistency, interface_ledger, rigid_law
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM, EV_A3, SI_FACTORS
from multiscale.cache import code_fingerprint
from multiscale.inputs.fracture import FractureStudy
from multiscale.results import Picture, Plot, Results, Series, Table
from multiscale.runs import RunContext

_SAVED_STATES = 24


def run(study: FractureStudy, context: RunContext) -> Results:
    """Run the study; see `FractureStudy` for its input.

    Raises:
        InputError: potential, crystal, mesh and law do not fit together.
        NotConverged: the finite-element solution failed; the states before are in the folder.
    """
    results = Results("fracture", study.title)
    with context.stage("atomistic"):
        atoms = _atomistic(study, context)
    samples = PathSamples(
        atoms["opening"], atoms["energy"], atoms["traction"], float(atoms["area"]),
        (int(atoms["spacings"][0]), int(atoms["spacings"][1])), atoms["tangential_stiffness"],
    )
    law = rigid_law(samples)
    _report_law(results, samples, law, atoms)
    with context.stage("continuum"):
        _continuum(study, context, results, samples, law, atoms["stiffness"])
    return results


def _atomistic(study: FractureStudy, context: RunContext) -> dict[str, FloatArray]:
    """Lattice, elastic constants and opening path, from the cache where they are known."""
    def load():  # type: ignore[no-untyped-def]
        from atomistic.potentials import load_potential

        return load_potential(study.potential.name, **study.potential.options)

    potential = load() if context.is_root else None
    request = {
        "calculation": "rigid opening path and elastic constants",
        "code": code_fingerprint(),
        "potential": potential.fingerprint if potential is not None else "",
        "interface": study.interface.model_dump(mode="json"),
        "x": study.specimen.grain.x,
    }
    return context.cached("atomistic samples", request, lambda: _compute(study, context, potential))


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
    for name, (i, j) in {"C11": (0, 0), "C12": (0, 1), "C44": (3, 3)}.items():
        add(name, atoms["stiffness"][i, j], "Pa", f"elastic constant {name} in the crystal axes")
    opening = np.linspace(law.opening[0], law.final_opening, 600)
    energy, traction, _ = law.normal(opening)
    results.add_curve(
        "law", "cohesive law, interpolated", opening=("m", opening), traction=("Pa", traction), energy=("J/m^2", energy)
    )
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


def _continuum(
    study: FractureStudy, context: RunContext, results: Results, samples: PathSamples, law: TabulatedLaw, stiffness: FloatArray
) -> None:
    """Break the specimen and record it."""
    from continuum.fenics import MPI
    from continuum.materials import LinearElastic, grain_rotation
    from continuum.mesh import read_mesh
    from continuum.model import Bond, Prescribed
    from continuum.output import FieldWriter
    from continuum.problem import CohesiveProblem
    from continuum.stepping import pull

    specimen = study.specimen
    mesh = read_mesh(specimen.mesh, unit=SI_FACTORS["length"][specimen.mesh_unit], bodies=specimen.bodies, comm=context.comm or MPI.COMM_WORLD)
    grain = LinearElastic(stiffness).rotated(grain_rotation(specimen.grain.x, specimen.grain.y))
    materials = dict.fromkeys(specimen.bodies, grain)
    problem = CohesiveProblem(
        mesh,
        materials,
        [Bond(group, sides.plus, sides.minus, law) for group, sides in specimen.interfaces.items()],
        [Prescribed(s.group, s.component) for s in specimen.supports]
        + [Prescribed(item.group, item.component, item.factor) for item in specimen.loads],
    )
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
        _report_loading(results, record, law, samples, (bond.plus, bond.minus))
        snapshot, profiles = fields.snapshot(state["x"]), problem.profiles(state["x"])
    if context.is_root:
        _report_specimen(context, results, snapshot, profiles)
        _notes(study, results, record, grain, law)


def _report_loading(results: Results, record, law: TabulatedLaw, samples: PathSamples, sides: tuple[str, str]) -> None:  # type: ignore[no-untyped-def]
    from continuum.fracture import energy_balance_error, released_energy_per_area

    add, last = results.add, record.steps[-1]
    try:
        released = released_energy_per_area(record)
        add("gc_from_fe", released, "J/m^2", "critical energy release rate from the finite-element energy balance", headline=True)
        add("gc_relative_error", abs(released / law.work_of_separation - 1), "", "its difference from the work of separation", headline=True)
    except InputError as reason:
        results.notes.append(f"G_c could not be taken from this loading: {reason}")
    add("energy_balance_relative_error", energy_balance_error(record), "", "external work against stored plus dissipated energy", headline=True)
    add("peak_load", record.column("force").max(), "N/m", "peak load per thickness", headline=True)
    add("swept_area", last.broken_area, "m", "crack growth (area per thickness)")
    add("process_zone_facets", int(record.column("zone_facets").max()), "", "element edges in the process zone")
    columns = {name: record.column(name) for name in ("load", "force", "work", "broken_area")}
    parts = {
        "elastic": np.array([s.energies.elastic for s in record.steps]),
        "interface_stored": np.array([s.energies.stored for s in record.steps]),
        "dissipated": np.array([s.energies.dissipated for s in record.steps]),
    }
    results.add_curve(
        "load_displacement", "equilibrium states of the loading",
        opening=("m", columns["load"]), load=("N/m", columns["force"]), crack_growth=("m", columns["broken_area"]),
        external_work=("J/m", columns["work"]), **{name: ("J/m", values) for name, values in parts.items()},
    )
    results.plots.append(
        Plot("Load and displacement", "load-point opening", "nm", "load per thickness", "N/m",
             (Series("load_displacement", "opening", "load", "", "line and points"),),
             "Every point is a converged equilibrium state.")
    )
    results.plots.append(
        Plot("Where the work went", "load-point opening", "nm", "energy per thickness", "J/m",
             tuple(Series("load_displacement", "opening", name, label, style) for name, label, style in (
                 ("external_work", "external work", "points"), ("elastic", "elastic, bodies", "line"),
                 ("dissipated", "dissipated, interface", "line"), ("interface_stored", "stored, interface", "dashed"))))
    )
    _report_ledger(results, last, samples, sides)


def _report_ledger(results: Results, last, samples: PathSamples, sides: tuple[str, str]) -> None:  # type: ignore[no-untyped-def]
    plus, minus = (last.energies.bodies[name] for name in sides)
    law = last.energies.stored + last.energies.dissipated
    results.ledger = list(interface_ledger(samples).rows([plus, minus, law, 0.0, 0.0]))
    results.ledger_unit = "J/m"
    rows = [(f"FE, body {name}", "elastic energy", energy) for name, energy in last.energies.bodies.items()]
    rows += [
        ("law from atoms", "stored in the interface", last.energies.stored),
        ("law from atoms", "dissipated: new surfaces", last.energies.dissipated),
        ("", "sum", last.energies.total),
        ("", "external work", last.work),
    ]
    results.tables.append(
        Table("Energies at the end", ("owner", "what", "energy in J/m"),
              tuple((owner, what, f"{energy:.6g}") for owner, what, energy in rows),
              "Per metre of thickness. The sum must equal the external work.")
    )
    results.notes.append(
        "Counting: on the rigid path the bulk layers do not stretch, so the bulk terms of the ledger cancel the "
        "slab's layers exactly and the law holds the energy of one parted spacing. The gap is in the law: the closed "
        "interface has the stiffness of one layer spacing, which the finite elements do not carry."
    )


def _report_specimen(context: RunContext, results: Results, snapshot, profiles) -> None:  # type: ignore[no-untyped-def]
    from multiscale.report.specimen import draw_specimen

    for group, (points, jump, traction) in profiles.items():
        order = np.argsort(points[:, 0])
        results.add_curve(
            f"profile_{group}", f"interface {group!r} at the end", x=("m", points[order, 0]), y=("m", points[order, 1]),
            opening=("m", jump[order, 0]), slip=("m", jump[order, 1]),
            traction=("Pa", traction[order, 0]), shear=("Pa", traction[order, 1]),
        )
    points, jump, traction = next(iter(profiles.values()))
    tip = points[np.argmax(traction[:, 0])]
    draw_specimen(snapshot, tip, context.folder / "deformed.png")
    results.pictures.append(
        Picture("deformed.png", "Deformed specimen",
                "True displacements, not magnified; colour: stress normal to the crack plane. Below: the crack tip.")
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
