"""Routes of learning beyond a slab: interfaces of two crystals, cores of dislocations, crack tips, any structure that moves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.decohesion.slab import Openable
from atomistic.dislocation.cylinder import OrientedCrystal
from atomistic.dislocation.quadrupole import quadrupole
from atomistic.dislocation.stroh import Stroh
from atomistic.trust.routes import Descent, LangevinRoute, Points, Route, opening, rattles, slip, strains
from coupling.contracts import FloatArray
from coupling.errors import InputError

_VACUUM = 8.0
"""Å about the atoms of a crack tip."""


@dataclass(frozen=True)
class Around:
    """What is looked at around a structure; 0 leaves a kind out.

    Attributes:
        rattles: Copies with random displacements.
        rattle: Largest of them, a coordinate's standard deviation, Å.
        strains: Strained copies; the first two change the volume.
        strain: Largest strain.
        seed: Of both.
    """

    rattles: int = 4
    rattle: float = 0.1
    strains: int = 4
    strain: float = 0.03
    seed: int = 0

    def points(self, atoms: Atoms, name: str = "") -> list[Route]:
        """Rattled and strained copies, of groups rattle and strain after a name."""
        before = f"{name} " if name else ""
        made: list[Route] = []
        if self.rattles:
            made.append(rattles(atoms, self.rattle, self.rattles, self.seed, f"{before}rattle"))
        if self.strains:
            made.append(strains(atoms, self.strain, self.strains, self.seed, f"{before}strain"))
        return made


def interface_routes(
    interface: Openable,
    openings: FloatArray,
    around: Around,
    *,
    slips: int = 0,
    relaxations: int = 0,
    repeats: tuple[int, int] = (1, 1),
    name: str = "",
) -> list[Route]:
    """An interface opened, slid, shaken, strained and relaxed: a slab's plane, two crystals, a grain boundary.

    Args:
        interface: What opens.
        openings: (n,) Å.
        around: What is looked at around the closed interface.
        slips: Points of a slip by one lattice vector, at the closed gap.
        relaxations: Openings, evenly spread, at which the atoms relax.
        repeats: In the plane.
        name: Before the names of the groups opening, slip, rattle, strain, relaxation.
    """
    times, before = (*repeats, 1), f"{name} " if name else ""

    def repeated(points: Points) -> Points:
        return Points(points.group, [atoms * times for atoms in points.structures])

    made: list[Route] = [repeated(opening(interface, openings, f"{before}opening"))]
    if slips:
        steps = np.linspace(0.0, 1.0, slips, endpoint=False) + 0.5 / slips
        along = steps[:, None] * interface.atoms.cell.array[0, :2]
        made.append(repeated(slip(interface, along, group=f"{before}slip")))
    made += around.points(interface.atoms * times, name)
    for distance in np.linspace(0.0, openings[-1], relaxations + 1)[1:]:
        made.append(Descent(f"{before}relaxation", interface.opened(float(distance)) * times))
    return made


def core_routes(
    crystal: OrientedCrystal,
    bulk: Atoms,
    around: Around,
    *,
    width: int,
    height: int,
    separations: Sequence[float] = (0.0,),
    relaxations: int = 1,
    steps: int = 60,
) -> list[Route]:
    """A dislocation's core: periodic quadrupoles of two opposite lines, parted by some distances, shaken, strained, relaxing.

    A quadrupole is small and whole: no free surface, no shell. It must leave the lines room (`quadrupole`).

    Args:
        crystal: The oriented crystal.
        bulk: Its cell, whose strains the elastic field needs.
        around: Rattled quadrupoles; strains of the quadrupole and of the cell.
        width: Glide periods along x; even.
        height: Lattice steps along y.
        separations: Of the partials, Å.
        relaxations: From how many of the separations, the first on, the atoms relax.
        steps: Most steps of a relaxation.

    Raises:
        InputError: a quadrupole leaves the lines no room.
    """
    made = [quadrupole(crystal, width, height, separation=float(one)).atoms for one in separations]
    middle = made[len(made) // 2]
    routes: list[Route] = [Points("core", made)]
    if around.rattles:
        routes.append(rattles(middle, around.rattle, around.rattles, around.seed, "core"))
    if around.strains:
        routes.append(strains(bulk, around.strain, around.strains, around.seed))
    routes += [Descent("core relaxation", one, force=0.02, steps=steps) for one in made[:relaxations]]
    return routes


def crack_routes(
    tip: Sequence[Atoms], free: np.ndarray, around: Around, *, relaxations: int = 1, steps: int = 60
) -> list[Route]:
    """A crack's tip under rising loads, shaken and relaxing within a shell that is held.

    Args:
        tip: The tip at rising loads, `crack_tips`.
        free: (N,) the atoms that may move.
        around: Rattled tips.
        relaxations: At how many of the loads, the last one first, the atoms relax.
        steps: Most steps of a relaxation.
    """
    routes: list[Route] = [Points("crack", list(tip))]
    if around.rattles:
        routes.append(rattles(tip[len(tip) // 2], around.rattle, around.rattles, around.seed, "crack"))
    return routes + [Descent("crack relaxation", one, steps=steps, free=free) for one in tip[::-1][:relaxations]]


def crack_tips(
    crystal: OrientedCrystal, intensities: Sequence[float], radius: float, shell: float
) -> tuple[list[Atoms], np.ndarray]:
    """A cylinder of atoms about a crack's tip in the field of K_I, periodic along the front; the outer surface is free.

    The crack lies in the oriented crystal's slip plane, x < 0; the front is its line direction. Field: Stroh's, with free faces.

    Args:
        crystal: The oriented crystal.
        intensities: K_I, eV/Å^5/2.
        radius: Of the atoms that may move, Å.
        shell: About them, held, Å.

    Returns:
        The tip at each load, and (N,) the atoms within the radius.

    Raises:
        InputError: the radius holds no atoms to speak of.
    """
    if not radius >= 2 * crystal.nearest:
        raise InputError(f"A radius of {radius:.3g} Å holds no crack's tip; give at least {2 * crystal.nearest:.3g} Å.")
    points, sites = crystal.fill(radius + shell)
    medium: Stroh = crystal.stroh
    side = 2 * (radius + shell + _VACUUM)
    at = points[:, :2] - [0.0, crystal.plane_height]
    made = []
    for intensity in intensities:
        field = medium.crack_displacement(at, np.array([0.0, float(intensity), 0.0]))
        made.append(
            Atoms(
                crystal.numbers[sites], points + field + [side / 2, side / 2, 0.0],
                cell=[side, side, crystal.length], pbc=[False, False, True],
            )
        )  # fmt: skip
    return made, np.hypot(at[:, 0], at[:, 1]) < radius


def moving_routes(
    atoms: Atoms,
    around: Around,
    *,
    temperature: float,
    time_step: float,
    steps: int,
    every: int = 10,
    group: str = "md",
) -> list[Route]:
    """Any structure in Langevin dynamics; its rattled and strained copies begin.

    Args:
        atoms: The structure.
        around: What is looked at around it.
        temperature: K.
        time_step: s.
        steps: Time steps.
        every: Time steps between structures that are looked at.
        group: Of the trajectory and its start; rattles and strains have its name before theirs.
    """
    route = LangevinRoute(group, atoms, temperature, time_step, steps, every, around.seed)
    return [Points(group, [atoms]), *around.points(atoms, group), route]


def relaxing_routes(
    atoms: Atoms, around: Around, *, force: float = 0.05, steps: int = 100, group: str = "relax"
) -> list[Route]:
    """Any structure as it relaxes in its cell; its rattled and strained copies begin.

    Args:
        atoms: The structure, not at rest.
        around: What is looked at around it.
        force: Largest force left, eV/Å.
        steps: Most steps.
        group: Of the relaxation and its start; rattles and strains have its name before theirs.
    """
    return [Points(group, [atoms]), *around.points(atoms, group), Descent(group, atoms, force, steps)]
