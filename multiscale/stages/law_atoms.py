"""What atoms say of an interface: the options of the law stage in, records of samples out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from atomistic.decohesion.finite_temperature import Vibrations
from atomistic.decohesion.mixed_path import Refinement
from atomistic.decohesion.slip import SlipGrid
from atomistic.decohesion.spacing import SpacingResponse
from atomistic.decohesion.thickness import Thickness
from atomistic.frames import Frames
from coupling.contracts import FloatArray, Potential
from coupling.interface.excess import BulkBranch, SlabBranch
from coupling.interface.rigid_path import PathSamples
from coupling.units import ANGSTROM
from multiscale.inputs.crystal import FIRST_LAYERS
from multiscale.inputs.law_options import LawOptions
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.runtime.resumable import ResumablePotential
from multiscale.stages.grain_boundary import BoundaryRecord
from multiscale.stages.law_at_temperature import thermal
from multiscale.stages.law_interface import SideAtoms, cut_slab, opened_interface

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.decohesion.law_states import LawPath
    from atomistic.decohesion.mixed_path import Sampler

FAR = 2.5  # Å: about a bond, as far as atoms of a grain boundary go without another plane parting or slipping
_LEAST_OPENING = -0.1  # Å: mixed-mode grids press no deeper, where atoms ride on atoms


@dataclass(frozen=True)
class LawAtoms:
    """The samples of an interface's path; of the paths, those that the options asked for.

    Attributes:
        area: Of the interface in the cell, Å².
        spacings: Layer spacings of the upper and of the lower body.
        closed_gap: Distance of the facing planes, Å.
        sides: The upper (plus) and the lower (minus) crystal.
        rigid: A rigid opening path.
        grid: Energies over opening and slip.
        refinements: How the grid was refined.
        slab: A relaxed path; of a relaxed grid its equilibria without slip.
        bulks: The bulk of the cell's crystals at the slab's tractions.
        spacing: The bulk in the closed spacing, where a mixed-mode law leaves it to the elements.
        vibrations: Vibrational free energies along the relaxed path, or at the grid's jumps in its order.
        mean_traction: (n,) mean tractions along it, eV/Å³.
        mean_traction_std: (n,) their standard errors.
        bulk_mean_traction: (n,) mean tractions of the bulk at the heights that it has along the static path.
        time_step: Of the dynamics, s.
        thickness: How the number of layers was chosen, or by how much more of them than were given move the law.
        frames: The structures of the path, or of the grid's jumps.
    """

    area: float
    spacings: tuple[int, int]
    closed_gap: float
    sides: tuple[SideAtoms, ...]
    rigid: PathSamples | None = None
    grid: SlipGrid | None = None
    refinements: tuple[Refinement, ...] = ()
    slab: SlabBranch | None = None
    bulks: tuple[BulkBranch, ...] = ()
    spacing: SpacingResponse | None = None
    vibrations: Vibrations | None = None
    mean_traction: FloatArray | None = None
    mean_traction_std: FloatArray | None = None
    bulk_mean_traction: FloatArray | None = None
    time_step: float | None = None
    thickness: Thickness | None = None
    frames: Frames | None = None


def law_atoms(
    options: LawOptions,
    crystals: dict[str, CrystalRecord],
    potential: ResumablePotential,
    seed: int,
    context: RunContext,
    boundary: BoundaryRecord | None = None,
) -> LawAtoms:
    """The samples that the options ask for.

    Args:
        options: Of the law stage; its crystals are given.
        crystals: By place: "plane", or "upper" and "lower", or "grain_boundary".
        potential: The potential.
        seed: Of the dynamics.
        context: For progress and log.
        boundary: The grain boundary, where the options have one.
    """
    from atomistic.decohesion.path_frames import rigid_frames
    from atomistic.decohesion.rigid_path import default_openings, rigid_samples

    openings = default_openings(options.openings.max / ANGSTROM, options.openings.points)
    chosen: LawPath | None = None
    thickness: Thickness | None = None
    if options.plane is not None and options.plane.layers == "automatic":
        chosen, thickness = _thick_enough(options, crystals["plane"], potential, openings, context)
    if boundary is not None:
        openings = openings[openings >= _LEAST_OPENING]
    layers = None if thickness is None else thickness.layers[-1]
    opened = opened_interface(options, crystals, potential, context, boundary, layers)
    interface: Any = opened.cell
    period = opened.period
    found: dict[str, Any]
    if options.mode == "mixed" and options.path == "relaxed":
        found = _relaxed_mixed(options, context, potential, interface, openings, period)
    elif options.mode == "mixed":
        found = _mixed(options, context, potential, interface, openings, period)
    elif options.path == "relaxed":
        path = chosen or _path(options, potential, interface, openings, context, boundary is not None)
        if chosen is None and options.plane is not None:
            thickness = _looked_at(options, crystals["plane"], potential, path, context)
        found = _relaxed(options, seed, context, potential, path) | {"thickness": thickness}
    else:
        samples, structures = rigid_samples(potential, interface, openings, progress=context.progress)
        found = {"rigid": samples, "frames": rigid_frames(structures, np.pad(openings[:, None], ((0, 0), (0, 2))))}
    return LawAtoms(float(interface.area), opened.spacings, float(opened.gap), opened.sides, **found)


def _path(
    options: LawOptions, potential: Potential, cell: Any, gaps: FloatArray, context: RunContext, far: bool
) -> "LawPath":
    """The states of an opening; where atoms may go far, from openings that are relaxed with their gaps held."""
    from atomistic.decohesion.held_gap import states_of_held_gaps
    from atomistic.decohesion.jumps import Series
    from atomistic.decohesion.law_states import law_states

    series = Series(potential, cell, options.relaxation.force, lost=FAR if far else None)
    passed = (
        states_of_held_gaps(series, gaps[gaps != 0.0], progress=context.progress) | {0.0: series.closed}
        if far
        else None
    )
    return law_states(series, gaps, passed=passed, progress=context.progress)


def _mixed(
    options: LawOptions,
    context: RunContext,
    potential: Potential,
    interface: Any,
    openings: FloatArray,
    period: FloatArray,
) -> dict[str, Any]:
    from atomistic.decohesion.mixed_path import RigidSampler
    from atomistic.decohesion.path_frames import rigid_frames

    sampler = RigidSampler(potential, interface, context.progress)
    found = _refined(options, sampler, openings, interface.atoms, period)
    return found | {"frames": rigid_frames(sampler.structures, sampler.jumps)}


def _refined(
    options: LawOptions, sampler: "Sampler", openings: FloatArray, closed: "Atoms", period: FloatArray
) -> dict[str, Any]:
    """The grid of the options, and how it was refined."""
    from atomistic.decohesion.mixed_path import refined_grid
    from atomistic.decohesion.slip_symmetry import slip_symmetries

    grid, history = refined_grid(
        sampler, openings[openings >= _LEAST_OPENING], period, symmetries=slip_symmetries(closed, period[:, :2]),
        divisions=options.slip.divisions, tolerance=options.slip.tolerance, budget=options.slip.budget,
    )  # fmt: skip
    return {"grid": grid, "refinements": tuple(history)}


def _relaxed_mixed(
    options: LawOptions, context: RunContext, potential: Potential, cell: Any, openings: FloatArray, period: FloatArray
) -> dict[str, Any]:
    """Equilibria at excess jumps, and what the closed spacing is as bulk where the elements own it."""
    from atomistic.decohesion.jumps import Series
    from atomistic.decohesion.path_frames import relaxed_frames
    from atomistic.decohesion.relaxed_grid import RelaxedSampler
    from atomistic.decohesion.spacing import spacing_response

    far = options.grain_boundary is not None
    series = Series(potential, cell, options.relaxation.force, lost=FAR if far else None)
    sampler = RelaxedSampler(series, period, context.progress)
    found = _refined(options, sampler, openings, cell.atoms, period)
    grid = found["grid"]
    found["slab"], found["bulks"] = sampler.opening_path(grid.opening)
    found["frames"] = relaxed_frames(series, sampler.found)
    thermal = {"in_plane": options.thermal.in_plane, "statistics": options.thermal.statistics}
    if options.temperature is not None:
        found["vibrations"] = sampler.vibrations(grid, options.temperature, **thermal)
    found["spacing"] = spacing_response(series, temperature=options.temperature, progress=context.progress, **thermal)
    return found


def _thick_enough(
    options: LawOptions, crystal: CrystalRecord, potential: Potential, gaps: FloatArray, context: RunContext
) -> "tuple[LawPath, Thickness]":
    """The path of a slab that is thick enough, and how it was found."""
    from atomistic.decohesion.jumps import Series
    from atomistic.decohesion.thickness import thick_enough

    choice = options.relaxation
    return thick_enough(
        lambda layers: Series(potential, cut_slab(options, crystal, "plane", layers), choice.force),
        FIRST_LAYERS, gaps, tolerance=choice.thickness, progress=context.progress,
    )  # fmt: skip


def _looked_at(
    options: LawOptions, crystal: CrystalRecord, potential: Potential, path: "LawPath", context: RunContext
) -> Thickness:
    """By how much half more layers than were given move the law of a path."""
    from atomistic.decohesion.jumps import Series
    from atomistic.decohesion.thickness import looked_at

    choice = options.relaxation
    return looked_at(
        lambda layers: Series(potential, cut_slab(options, crystal, "plane", layers), choice.force),
        path, options.plane.first_layers, tolerance=choice.thickness, progress=context.progress,
    )  # fmt: skip


def _relaxed(
    options: LawOptions, seed: int, context: RunContext, potential: ResumablePotential, path: "LawPath"
) -> dict[str, Any]:
    from atomistic.decohesion.path_frames import relaxed_frames

    slab, bulks = path.records()
    warm: dict[str, Any] = (
        thermal(options, seed, context, potential, path.series.cell, slab, bulks, path.states)
        if options.temperature is not None
        else {}
    )
    return {"slab": slab, "bulks": bulks, "frames": relaxed_frames(path.series, path.states)} | warm
