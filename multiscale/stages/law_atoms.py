"""What atoms say of an interface: the options of the law stage in, records of samples out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from atomistic.decohesion.finite_temperature import Vibrations
from atomistic.decohesion.mixed_path import Refinement
from atomistic.decohesion.slip import SlipGrid
from atomistic.decohesion.spacing import SpacingResponse
from atomistic.decohesion.thickness import Thickness
from coupling.contracts import FloatArray, Potential
from coupling.interface.excess import BulkBranch, SlabBranch
from coupling.interface.rigid_path import PathSamples
from coupling.units import ANGSTROM
from multiscale.inputs.crystal import FIRST_LAYERS
from multiscale.inputs.law_options import LawOptions
from multiscale.runtime.context import RunContext
from multiscale.runtime.resumable import ResumablePotential
from multiscale.stages.crystal import CrystalRecord

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.decohesion.bicrystal import Bicrystal
    from atomistic.decohesion.hetero import HeteroInterface
    from atomistic.decohesion.law_states import LawPath
    from atomistic.decohesion.slab import CleavageSlab

_LEAST_OPENING = -0.1  # Å: mixed-mode grids press no deeper, where atoms ride on atoms


@dataclass(frozen=True)
class SideAtoms:
    """The crystal on one side of an interface, in the interface's frame: z the normal, x the first slip.

    Attributes:
        axes: (3, 3), rows are the x, y, z of the interface in the crystal's Cartesian frame.
        strain: (3,) in-plane strain xx, yy, xy (tensor) against the crystal's own equilibrium.
        spacing: Distance of the planes that part, in this crystal, Å.
        thickness: Of this crystal in the cell, its share of the closed interfaces included, Å an interface.
    """

    axes: FloatArray
    strain: FloatArray
    spacing: float
    thickness: float


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
        thickness: How the number of layers was chosen, where it was.
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


def law_atoms(
    options: LawOptions,
    crystals: dict[str, CrystalRecord],
    potential: ResumablePotential,
    seed: int,
    context: RunContext,
) -> LawAtoms:
    """The samples that the options ask for.

    Args:
        options: Of the law stage; its crystals are given.
        crystals: By place: "plane", or "upper" and "lower".
        potential: The potential.
        seed: Of the dynamics.
        context: For progress and log.
    """
    from atomistic.decohesion.jumps import Series
    from atomistic.decohesion.law_states import law_states
    from atomistic.decohesion.rigid_path import default_openings, rigid_path

    openings = default_openings(options.openings.max / ANGSTROM, options.openings.points)
    slabs = {name: _slab(options, crystals[name], name) for name in options.crystals}
    interface: Any
    chosen: LawPath | None = None
    thickness: Thickness | None = None
    if options.plane is not None and options.plane.layers == "automatic":
        chosen, thickness = _thick_enough(options, crystals["plane"], potential, openings, context)
        slabs["plane"] = _slab(options, crystals["plane"], "plane", thickness.layers[-1])
    if options.plane is not None:
        slab = slabs["plane"]
        side = SideAtoms(slab.axes, np.zeros(3), slab.spacing, 0.5 * slab.atoms.cell[2, 2])
        interface, gap, sides, period = slab, slab.spacing, (side, side), slab.atoms.cell.array[:2, :2]
    else:
        interface, gap, sides, period = _pair(options, slabs, context, potential)
    found: dict[str, Any]
    if options.mode == "mixed" and options.path == "relaxed":
        found = _relaxed_mixed(options, context, potential, interface, openings, period)
    elif options.mode == "mixed":
        found = _mixed(options, context, potential, interface, openings, period)
    elif options.path == "relaxed":
        series = chosen.series if chosen else Series(potential, interface, options.relaxation.force)
        path = chosen or law_states(series, openings, progress=context.progress)
        found = _relaxed(options, seed, context, potential, path) | {"thickness": thickness}
    else:
        found = {"rigid": rigid_path(potential, interface, openings, progress=context.progress)}
    spacings = (
        slabs["plane"].spacings if options.plane is not None else tuple(slabs[n].planes - 1 for n in ("upper", "lower"))
    )
    return LawAtoms(float(interface.area), spacings, float(gap), sides, **found)


def _slab(options: LawOptions, crystal: CrystalRecord, place: str, layers: int | None = None) -> "CleavageSlab":
    """A crystal cut along its plane; None takes the layers that the options begin with."""
    from atomistic.decohesion.slab import cleavage_slab

    choice = options.crystals[place]
    return cleavage_slab(
        crystal.atoms, choice.miller, layers or choice.first_layers, conventional=crystal.conventional, termination=choice.termination,
        x=None if choice.x is None else np.array(choice.x) @ crystal.conventional,
    )  # fmt: skip


def _pair(
    options: LawOptions, slabs: "dict[str, CleavageSlab]", context: RunContext, potential: Potential
) -> "tuple[HeteroInterface | Bicrystal, float, tuple[SideAtoms, SideAtoms], FloatArray]":
    """Two crystals matched and closed, for a relaxed path the periodic cell of both; its gap, sides and period of slip."""
    from atomistic.decohesion.bicrystal import bicrystal
    from atomistic.decohesion.coincidence import match_lattices
    from atomistic.decohesion.hetero import close, hetero_interface, in_plane_turn

    upper, lower, strained = slabs["upper"], slabs["lower"], options.matching.strained
    match = match_lattices(
        upper,
        lower,
        strain=strained,
        largest_strain=options.matching.largest_strain,
        largest_area=options.matching.largest_area,
    )
    interface = close(potential, hetero_interface(upper, lower, match, strain=strained), progress=context.progress)
    context.log.info("registry closed: %d atoms, %.2f Å²", len(interface.atoms), interface.area)
    fixed, sides = interface.atoms.cell.array[:2], []
    for place, slab, integers in (("upper", upper, match.upper), ("lower", lower, match.lower)):
        turn = in_plane_turn(slab, integers, fixed)
        strain = _turned(match.strain, turn) if place == strained else np.zeros(3)
        sides.append(SideAtoms(turn @ slab.axes, strain, slab.spacing, 0.5 * slab.atoms.cell[2, 2]))
    if options.path == "rigid":
        return interface, interface.gap, (sides[0], sides[1]), interface.shifts[:, :2]
    cell = bicrystal(potential, interface, progress=context.progress)
    return cell, cell.spacing, (sides[0], sides[1]), interface.shifts[:, :2]


def _turned(strain: FloatArray, turn: FloatArray) -> FloatArray:
    """A strain xx, yy, xy (tensor) in axes turned about z."""
    tensor = turn[:2, :2] @ np.array([[strain[0], strain[2]], [strain[2], strain[1]]]) @ turn[:2, :2].T
    return np.array([tensor[0, 0], tensor[1, 1], tensor[0, 1]])


def _mixed(
    options: LawOptions,
    context: RunContext,
    potential: Potential,
    interface: Any,
    openings: FloatArray,
    period: FloatArray,
) -> dict[str, Any]:
    from atomistic.decohesion.mixed_path import refined_slip_grid

    grid, history = refined_slip_grid(
        potential, interface, openings[openings >= _LEAST_OPENING], period, divisions=options.slip.divisions,
        tolerance=options.slip.tolerance, budget=options.slip.budget, progress=context.progress,
    )  # fmt: skip
    return {"grid": grid, "refinements": tuple(history)}


def _relaxed_mixed(
    options: LawOptions, context: RunContext, potential: Potential, cell: Any, openings: FloatArray, period: FloatArray
) -> dict[str, Any]:
    """Equilibria at excess jumps, and what the closed spacing is as bulk where the elements own it."""
    from atomistic.decohesion.jumps import Series
    from atomistic.decohesion.mixed_path import refined_grid
    from atomistic.decohesion.relaxed_grid import RelaxedSampler
    from atomistic.decohesion.slip_symmetry import slip_symmetries
    from atomistic.decohesion.spacing import spacing_response

    series = Series(potential, cell, options.relaxation.force)
    sampler = RelaxedSampler(series, period, context.progress)
    grid, history = refined_grid(
        sampler, openings[openings >= _LEAST_OPENING], period, symmetries=slip_symmetries(cell.atoms, period[:, :2]),
        divisions=options.slip.divisions, tolerance=options.slip.tolerance, budget=options.slip.budget,
    )  # fmt: skip
    slab, bulks = sampler.opening_path(grid.opening)
    found: dict[str, Any] = {"grid": grid, "refinements": tuple(history), "slab": slab, "bulks": bulks}
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
        lambda layers: Series(potential, _slab(options, crystal, "plane", layers), choice.force),
        FIRST_LAYERS, gaps, tolerance=choice.thickness, progress=context.progress,
    )  # fmt: skip


def _relaxed(
    options: LawOptions, seed: int, context: RunContext, potential: ResumablePotential, path: "LawPath"
) -> dict[str, Any]:
    slab, bulks = path.records()
    warm: dict[str, Any] = (
        _thermal(options, seed, context, potential, path.series.cell, slab, bulks, path.states)
        if options.temperature is not None
        else {}
    )
    return {"slab": slab, "bulks": bulks} | warm


def _thermal(
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
        "bulk_mean_traction": own.length / cell.area,
        "time_step": step,
    }
