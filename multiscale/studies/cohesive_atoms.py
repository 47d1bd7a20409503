"""The atomistic part of the cohesive-law study: an input in, arrays for the store out."""

from typing import Any

import numpy as np

from coupling.contracts import FloatArray, Potential
from coupling.units import ANGSTROM
from multiscale.inputs.cohesive_law import CohesiveLawStudy, Crystal
from multiscale.resumable import ResumablePotential
from multiscale.runs import RunContext

_LEAST_OPENING = -0.1  # Å: mixed-mode grids press no deeper, where atoms ride on atoms


def compute(study: CohesiveLawStudy, context: RunContext, potential: ResumablePotential) -> dict[str, Any]:
    """The samples that the study's input asks for."""
    from atomistic.paths import default_openings

    openings = default_openings(study.openings.max / ANGSTROM, study.openings.points)
    if study.plane is not None:
        interface, described = _slab(potential, study, study.plane, context), {}
    else:
        interface, described = _pair(study, context, potential)
    if study.mode == "mixed":
        return described | _mixed(study, context, potential, interface, openings)
    if study.path == "relaxed":
        return described | _relaxed(study, context, potential, interface, openings)
    return described | _rigid(context, potential, interface, openings)


def _slab(potential: Potential, study: CohesiveLawStudy, choice: Crystal, context: RunContext):  # type: ignore[no-untyped-def]
    """A crystal in its equilibrium, cut; at a temperature at the lattice parameter there."""
    from atomistic.interface import cleavage_slab, conventional_cell
    from atomistic.properties.bulk import equilibrium
    from atomistic.thermal import lattice_at

    if choice.file is not None:
        crystal = _from_file(potential, choice, context)
    elif study.temperature is not None:
        crystal = lattice_at(
            potential, choice.species, choice.structure, study.temperature,
            statistics=study.thermal.statistics, progress=context.progress,
        )  # fmt: skip
    else:
        crystal = equilibrium(potential, choice.species, choice.structure)
    lattice = conventional_cell(crystal) if choice.file is None else crystal.cell.array
    return cleavage_slab(crystal, choice.miller, choice.layers, conventional=lattice, termination=choice.termination)


def _from_file(potential: Potential, choice: Crystal, context: RunContext):  # type: ignore[no-untyped-def]
    """A crystal from a file, its cell and atoms relaxed."""
    from atomistic.interface import read_crystal
    from atomistic.relax import Constraints, relax

    crystal = read_crystal(choice.file)
    return relax(potential, [crystal], Constraints(cell="full"), stress=5e6, progress=context.progress).structures[0]


def _pair(study: CohesiveLawStudy, context: RunContext, potential: Potential):  # type: ignore[no-untyped-def]
    """Two crystals matched and closed, and for a relaxed path the periodic cell of both."""
    from atomistic.bicrystal import bicrystal
    from atomistic.hetero import close, hetero_interface, match_lattices

    upper, lower = (_slab(potential, study, choice, context) for choice in (study.crystals["upper"], study.crystals["lower"]))
    match = match_lattices(
        upper, lower, strain=study.matching.strained,
        largest_strain=study.matching.largest_strain, largest_area=study.matching.largest_area,
    )  # fmt: skip
    stacked = hetero_interface(upper, lower, match, strain=study.matching.strained)
    interface = close(potential, stacked, progress=context.progress)
    context.log.info("registry closed: %d atoms, %.2f Å²", len(interface.atoms), interface.area)
    described = {"strain": match.strain, "spacings": np.array(interface.spacings)}
    if study.path == "rigid":
        return interface, described | {"closed_gap": np.array(interface.gap)}
    cell = bicrystal(potential, interface, progress=context.progress)
    return cell, described | {"closed_gap": np.array(cell.spacing)}


def _rigid(context: RunContext, potential: Potential, interface, openings: FloatArray) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.paths import rigid_path

    samples = rigid_path(potential, interface, openings, progress=context.progress)
    names = ("opening", "energy", "traction", "tangential_stiffness")
    return {name: getattr(samples, name) for name in names} | {
        "area": np.array(samples.area), "spacings": np.array(samples.spacings),
    }  # fmt: skip


def _mixed(study: CohesiveLawStudy, context: RunContext, potential: Potential, interface, openings: FloatArray):  # type: ignore[no-untyped-def]
    from atomistic.mixed_path import refined_slip_grid

    period = interface.shifts[:, :2] if study.plane is None else interface.atoms.cell.array[:2, :2]
    grid, history = refined_slip_grid(
        potential, interface, openings[openings >= _LEAST_OPENING], period, divisions=study.slip.divisions,
        tolerance=study.slip.tolerance, budget=study.slip.budget, progress=context.progress,
    )  # fmt: skip
    rows = [(h.evaluations, h.openings, h.divisions, h.opening_error, h.slip_error) for h in history]
    return {
        "opening": grid.opening, "period": grid.period, "energy": grid.energy, "traction": grid.traction,
        "area": np.array(interface.area), "spacings": np.array(interface.spacings), "history": np.array(rows),
    }  # fmt: skip


def _relaxed(study: CohesiveLawStudy, context: RunContext, potential: Potential, cell, gaps: FloatArray):  # type: ignore[no-untyped-def]
    from atomistic.relaxed_path import bulk_branch, relaxed_path

    branch = relaxed_path(potential, cell, gaps, progress=context.progress)
    bulks = [bulk_branch(potential, unit, branch.traction, progress=context.progress) for _, unit in cell.crystals]
    names = ("gap", "length", "energy", "traction", "traction_by_forces")
    found = {name: getattr(branch, name) for name in names} | {
        "area": np.array(branch.area), "repeats": np.array(branch.repeats), "interfaces": np.array(branch.interfaces),
        "beyond_strength": np.array(branch.beyond_strength), "tilt": np.array(cell.atoms.cell.array[2]),
    }  # fmt: skip
    for name in ("height", "energy", "gap"):
        found[f"bulk_{name}"] = np.array([getattr(bulk, name) for bulk in bulks])
    if study.plane is not None:
        found["spacings"] = np.array(cell.spacings)
    if study.temperature is not None:
        found |= _thermal(study, context, potential, cell, branch, bulks[0])
    return found


def _thermal(study: CohesiveLawStudy, context: RunContext, potential: Potential, slab, branch, bulk) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    """Vibrational excess, or mean tractions, at the equilibria of the static path."""
    from atomistic.relaxed_path import bulk_structures, relaxed_structures
    from atomistic.thermal import excess_free_energy

    unit = slab.repeat_unit()
    found = {"lattice": np.array(slab.spacing)}
    opened = relaxed_structures(potential, slab, branch.gap, progress=context.progress)
    bulks = bulk_structures(potential, unit, branch.traction, progress=context.progress)
    if study.thermal.method == "quasi-harmonic":
        excess = excess_free_energy(
            potential, slab, opened, bulks, study.temperature, in_plane=study.thermal.in_plane,
            statistics=study.thermal.statistics, progress=context.progress,
        )  # fmt: skip
        return found | {"free_energy": excess}
    return found | _mean_force(study, context, potential, slab, branch, bulk, opened, bulks)


def _mean_force(study, context, potential, slab, branch, bulk, opened, bulks) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    from atomistic.mean_force import mean_forces, mean_traction
    from atomistic.properties.phonon import phonons
    from atomistic.thermal import gap_coordinate

    m, potential = study.thermal.in_plane, potential.bare
    step = phonons(potential, slab.repeat_unit().atoms, repeats=(2, 2, 2)).safe_time_step
    options = {"seed": study.seed, "progress": context.progress}
    whole = mean_forces(
        potential, opened, study.temperature, step, study.thermal.steps, repeats=(m, m, 1), held=gap_coordinate(slab), **options
    )
    own = mean_forces(potential, bulks, study.temperature, step, study.thermal.steps, repeats=(m, m, slab.repeats), **options)
    traction, error = mean_traction(branch, bulk, whole, own)
    return {"mean_traction": traction, "mean_traction_std": error, "time_step": np.array(step)}
