"""What a temperature adds to the samples of a relaxed path: vibrations, or mean tractions by dynamics."""

from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.contracts import Potential
from coupling.interface.excess import BulkBranch, SlabBranch
from multiscale.inputs.law_options import LawOptions
from multiscale.runtime.context import RunContext
from multiscale.runtime.resumable import ResumablePotential

if TYPE_CHECKING:
    from ase import Atoms


def thermal(
    options: LawOptions, seed: int, context: RunContext, potential: ResumablePotential, cell: Any, slab: SlabBranch,
    bulks: tuple[BulkBranch, ...], states: tuple[Any, ...],
) -> dict[str, Any]:  # fmt: skip
    """Vibrational excess, or mean tractions, at the equilibria of the static path."""
    from atomistic.decohesion.finite_temperature import path_vibrations
    from atomistic.properties.phonon import phonons

    opened = [state.slab for state in states]
    repeats = [[state.bulks[k] for state in states] for k in range(len(bulks))]
    if options.thermal.method == "quasi-harmonic":
        return {"vibrations": path_vibrations(
            potential, cell, opened, repeats, options.temperature, in_plane=options.thermal.in_plane,
            statistics=options.thermal.statistics, progress=context.progress,
        )}  # fmt: skip
    step = phonons(potential.bare, cell.repeat_unit().atoms, repeats=(2, 2, 2)).safe_time_step
    sampled = _mean_force if options.thermal.method == "mean force" else _populations
    found = sampled(options, seed, context, potential.bare, cell, slab, bulks[0], opened, repeats[0], step)
    return found | {"time_step": step}


def _mean_force(
    options: LawOptions, seed: int, context: RunContext, potential: Potential, cell: Any, slab: SlabBranch,
    bulk: BulkBranch, opened: "list[Atoms]", repeats: "list[Atoms]", step: float,
) -> dict[str, Any]:  # fmt: skip
    """Mean tractions of the slab and of the bulk's repeats, by dynamics."""
    from atomistic.decohesion.finite_temperature import gap_coordinates
    from atomistic.decohesion.mean_force import mean_forces, mean_traction

    m = options.thermal.in_plane
    rest: dict[str, Any] = {"seed": seed, "progress": context.progress}
    steps, temperature = options.thermal.steps, options.temperature
    assert temperature is not None  # a static law has no mean force
    whole = mean_forces(
        potential, opened, temperature, step, steps, repeats=(m, m, 1), held=gap_coordinates(cell), **rest
    )
    own = mean_forces(potential, repeats, temperature, step, steps, repeats=(m, m, cell.repeats), **rest)
    traction, error = mean_traction(slab, bulk, whole, own)
    return {
        "mean_traction": traction,
        "mean_traction_std": error,
        "bulk_mean_traction": own.on_length / cell.area,
    }


def _populations(
    options: LawOptions, seed: int, context: RunContext, potential: Potential, cell: Any, slab: SlabBranch,
    bulk: BulkBranch, opened: "list[Atoms]", repeats: "list[Atoms]", step: float,
) -> dict[str, Any]:  # fmt: skip
    """The same by umbrella sampling or metadynamics over the place on the static path."""
    from atomistic.decohesion.finite_temperature import gap_coordinates
    from atomistic.decohesion.opening_free_energy import thermal_part
    from atomistic.decohesion.opening_tractions import rising_heights, warm_tractions

    m, count, temperature = options.thermal.in_plane, cell.repeats, options.temperature
    assert temperature is not None  # a static law has no free energy
    rest: dict[str, Any] = {"seed": seed, "method": options.thermal.method, "progress": context.progress}
    held = np.tile(gap_coordinates(cell).reshape(-1, len(opened[0]), 3), (1, m * m, 1)) / m**2
    whole = thermal_part(
        potential, slab.gap, [atoms * (m, m, 1) for atoms in opened], m * m * slab.energy, temperature, step,
        options.thermal.steps, held=held, **rest,
    )  # fmt: skip
    kept = rising_heights(bulk)
    own = thermal_part(
        potential, count * bulk.height[kept], [repeats[k] * (m, m, count) for k in kept], m * m * count * bulk.energy[kept],
        temperature, step, options.thermal.steps, **rest,
    )  # fmt: skip
    found = warm_tractions(slab, bulk, whole, own, m * m, count)
    return {"mean_traction": found.law, "mean_traction_std": found.law_std, "bulk_mean_traction": found.bulk}
