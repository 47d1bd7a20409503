"""What a temperature adds to the samples of a relaxed path: vibrations, or mean tractions by dynamics."""

from typing import TYPE_CHECKING, Any

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

    opened = [state.slab for state in states]
    repeats = [[state.bulks[k] for state in states] for k in range(len(bulks))]
    if options.thermal.method == "quasi-harmonic":
        return {"vibrations": path_vibrations(
            potential, cell, opened, repeats, options.temperature, in_plane=options.thermal.in_plane,
            statistics=options.thermal.statistics, progress=context.progress,
        )}  # fmt: skip
    return _mean_force(options, seed, context, potential, cell, slab, bulks[0], opened, repeats[0])


def _mean_force(
    options: LawOptions, seed: int, context: RunContext, resumable: ResumablePotential, cell: Any, slab: SlabBranch,
    bulk: BulkBranch, opened: "list[Atoms]", repeats: "list[Atoms]",
) -> dict[str, Any]:  # fmt: skip
    """Mean tractions of the slab and of the bulk's repeats, by dynamics."""
    from atomistic.decohesion.finite_temperature import gap_coordinates
    from atomistic.decohesion.mean_force import mean_forces, mean_traction
    from atomistic.properties.phonon import phonons

    m, potential = options.thermal.in_plane, resumable.bare
    step = phonons(potential, cell.repeat_unit().atoms, repeats=(2, 2, 2)).safe_time_step
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
        "time_step": step,
    }
