"""The interface whose path makes a law: a plane of one crystal, one crystal on another, or a grain boundary."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coupling.contracts import FloatArray, Potential
from multiscale.inputs.law_options import LawOptions
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.grain_boundary import BoundaryRecord

if TYPE_CHECKING:
    from atomistic.decohesion.bicrystal import Bicrystal
    from atomistic.decohesion.hetero import HeteroInterface
    from atomistic.decohesion.slab import CleavageSlab


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


class OpenedInterface(NamedTuple):
    """What a path opens.

    Attributes:
        cell: Of one crystal its slab; of two, or of two grains, on a relaxed path the periodic cell with both interfaces.
        gap: Distance of the facing planes, closed, Å.
        sides: The upper (plus) and the lower (minus) crystal.
        period: (2, 2) of the slip, Å.
        spacings: Layer spacings of the upper and of the lower body.
    """

    cell: "CleavageSlab | HeteroInterface | Bicrystal"
    gap: float
    sides: tuple[SideAtoms, SideAtoms]
    period: FloatArray
    spacings: tuple[int, int]


def cut_slab(options: LawOptions, crystal: CrystalRecord, place: str, layers: int | None = None) -> "CleavageSlab":
    """A crystal cut along its plane; None takes the layers that the options begin with."""
    from atomistic.decohesion.slab import cleavage_slab

    choice = options.cuts[place]
    return cleavage_slab(
        crystal.atoms, choice.miller, layers or choice.first_layers, conventional=crystal.conventional, termination=choice.termination,
        x=None if choice.x is None else np.array(choice.x) @ crystal.conventional,
    )  # fmt: skip


def opened_interface(
    options: LawOptions, crystals: dict[str, CrystalRecord], potential: Potential, context: RunContext,
    boundary: BoundaryRecord | None, layers: int | None,
) -> OpenedInterface:  # fmt: skip
    """The interface of the options, closed.

    Args:
        options: Of the law stage; its crystals are given.
        crystals: By place.
        potential: The potential.
        context: For progress and log.
        boundary: The grain boundary, where the options have one.
        layers: Of a single crystal; None is as the options say.
    """
    if boundary is not None:
        return _boundary(options, crystals["grain_boundary"], boundary)
    if options.plane is None:
        return _pair(options, crystals, context, potential)
    slab = cut_slab(options, crystals["plane"], "plane", layers)
    side = SideAtoms(slab.axes, np.zeros(3), slab.spacing, 0.5 * slab.atoms.cell[2, 2])
    return OpenedInterface(slab, slab.spacing, (side, side), slab.atoms.cell.array[:2, :2], slab.spacings)


def _pair(
    options: LawOptions, crystals: dict[str, CrystalRecord], context: RunContext, potential: Potential
) -> OpenedInterface:
    """Two crystals matched and closed, for a relaxed path the periodic cell of both."""
    from atomistic.decohesion.bicrystal import bicrystal
    from atomistic.decohesion.coincidence import match_lattices
    from atomistic.decohesion.hetero import close, hetero_interface

    upper, lower = (cut_slab(options, crystals[place], place) for place in ("upper", "lower"))
    strained = options.matching.strained
    match = match_lattices(
        upper,
        lower,
        strain=strained,
        largest_strain=options.matching.largest_strain,
        largest_area=options.matching.largest_area,
    )
    interface = close(potential, hetero_interface(upper, lower, match, strain=strained), progress=context.progress)
    context.log.info("registry closed: %d atoms, %.2f Å²", len(interface.atoms), interface.area)
    rest = _sides(upper, lower, interface), interface.shifts[:, :2], (upper.planes - 1, lower.planes - 1)
    if options.path == "rigid":
        return OpenedInterface(interface, interface.gap, *rest)
    cell = bicrystal(potential, interface, progress=context.progress)
    return OpenedInterface(cell, cell.spacing, *rest)


def _boundary(options: LawOptions, crystal: CrystalRecord, boundary: BoundaryRecord) -> OpenedInterface:
    """A grain boundary in its structure, for a relaxed path the periodic cell with two."""
    from atomistic.grain_boundary.boundary import single_boundary

    choice = options.grain_boundary
    assert choice is not None
    stacking = choice.stacking(crystal.atoms, crystal.conventional, choice.thickness_in_angstrom)
    cell = boundary.cell(stacking)
    alone, (lower, upper) = single_boundary(stacking, cell), stacking.slabs
    heights = [0.5 * count * unit.atoms.cell[2, 2] for count, unit in cell.crystals]
    plus, minus = _sides(upper, lower, alone)
    sides = replace(plus, thickness=heights[1]), replace(minus, thickness=heights[0])
    gap = 0.5 * (upper.spacing + lower.spacing) + boundary.excess_volume
    whole = alone if options.path == "rigid" else cell
    return OpenedInterface(whole, gap, sides, alone.shifts[:, :2], alone.spacings)


def _sides(upper: "CleavageSlab", lower: "CleavageSlab", interface: "HeteroInterface") -> tuple[SideAtoms, SideAtoms]:
    """The upper and the lower crystal in the interface's frame."""
    from atomistic.decohesion.hetero import in_plane_turn

    match, sides = interface.coincidence, []
    for place, slab, integers in (("upper", upper, match.upper), ("lower", lower, match.lower)):
        turn = in_plane_turn(slab, integers, interface.atoms.cell.array[:2])
        strain = _turned(match.strain, turn) if place == match.strained else np.zeros(3)
        sides.append(SideAtoms(turn @ slab.axes, strain, slab.spacing, 0.5 * slab.atoms.cell[2, 2]))
    return sides[0], sides[1]


def _turned(strain: FloatArray, turn: FloatArray) -> FloatArray:
    """A strain xx, yy, xy (tensor) in axes turned about z."""
    tensor = turn[:2, :2] @ np.array([[strain[0], strain[2]], [strain[2], strain[1]]]) @ turn[:2, :2].T
    return np.array([tensor[0, 0], tensor[1, 1], tensor[0, 1]])
