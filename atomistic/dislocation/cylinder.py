"""Straight dislocations in a cylinder of crystal, periodic along the line."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from atomistic.dislocation.stroh import Stroh, rotated_voigt
from atomistic.dislocation.systems import SlipSystem, conventional_cell
from coupling.contracts import FloatArray
from coupling.errors import InputError

_VACUUM = 10.0
"""Å beyond the cylinder on each side."""
_SAME = 1e-3
"""Å: heights closer than this are one plane."""
_FEWEST_BURGERS = 4.0
"""A cylinder's radius of free atoms in Burgers vectors, and its distance from the outer partial."""


@dataclass(frozen=True)
class OrientedCrystal:
    """An oriented crystal around a dislocation's line, which lies at the origin of x and y.

    Attributes:
        system: Its slip system.
        stroh: Its elastic medium in the dislocation's frame, eV/Å³.
        burgers: (3,) Å.
        partials: (n, 3) Å, from left to right; one row, the Burgers vector, where there is no split.
        lattice: (3, 3) primitive vectors as rows, Å, in the frame.
        sites: (s, 3) atoms of the primitive cell, Å, with the line at the origin.
        numbers: (s,) atomic numbers.
        plane_height: Height of the slip plane's middle above the line, Å.
        length: Shortest period along the line, Å.
        glide_period: Distance of neighbouring Peierls valleys along x, Å.
        glide_vector: (3,) the lattice vector that takes the line from one valley to the next, Å.
        nearest: Distance of nearest neighbours, Å.
        axes: (3, 3) rows are x, y, z in the Cartesian axes of the given crystal.
    """

    system: SlipSystem
    stroh: Stroh
    burgers: FloatArray
    partials: FloatArray
    lattice: FloatArray
    sites: FloatArray
    numbers: NDArray[np.int64]
    plane_height: float
    length: float
    glide_period: float
    glide_vector: FloatArray
    nearest: float
    axes: FloatArray

    def fill(self, radius: float) -> tuple[FloatArray, NDArray[np.int64]]:
        """Positions (N, 3) within `radius` of the line and over one period of it, and their site."""
        return _fill(self.lattice, self.sites, radius, self.length)


@dataclass(frozen=True)
class Cylinder:
    """A dislocation in a cylinder.

    Attributes:
        crystal: The oriented crystal.
        perfect: Without the dislocation.
        atoms: With it, by the elastic field; not relaxed.
        free: (N,) True for the atoms inside `radius`; the shell around them holds the elastic field.
        sites: (N,) which atom of the primitive cell each one is.
        radius: Of the free atoms, Å.
        separation: Of the partials in the elastic field, Å.
        origin: (2,) where x = y = 0 lies in the cell, Å.
        centre: Where along x the elastic field has its middle, Å.
    """

    crystal: OrientedCrystal
    perfect: Atoms
    atoms: Atoms
    free: NDArray[np.bool_]
    sites: NDArray[np.int64]
    radius: float
    separation: float
    origin: FloatArray
    centre: float = 0.0

    @property
    def points(self) -> FloatArray:
        """(N, 2) x and y of the perfect crystal's atoms relative to the line, Å."""
        return self.perfect.positions[:, :2] - self.origin

    def field(self, shift: float = 0.0) -> FloatArray:
        """Elastic displacement (N, 3), Å, of the dislocation moved by `shift` along x from its centre."""
        return spread_field(self.crystal, self.points - [self.centre + shift, 0.0], self.separation)

    def placed(self, shift: float = 0.0) -> Atoms:
        """The crystal with that displacement."""
        moved = self.perfect.copy()
        moved.positions += self.field(shift)
        return moved

    def refitted(self, centre: float, separation: float) -> "Cylinder":
        """With an elastic field that has its middle and its partials elsewhere."""
        fitted = replace(self, centre=centre, separation=separation)
        return replace(fitted, atoms=fitted.placed())

    def advanced(self, atoms: Atoms) -> Atoms:
        """The same core one valley further along +x; where its atoms come from outside, the elastic field."""
        step, length = self.crystal.glide_vector, self.crystal.length
        places = np.column_stack([self.points, self.perfect.positions[:, 2]])
        images = np.concatenate([places + [0, 0, k * length] for k in (-1, 0, 1)])
        wanted = places - step
        wanted[:, 2] %= length
        distance, found = cKDTree(images).query(wanted)
        known = distance < 10 * _SAME
        moved = self.placed(self.crystal.glide_period)
        change = atoms.positions - self.perfect.positions
        moved.positions[known] = self.perfect.positions[known] + change[found[known] % len(atoms)]
        return moved


def spread_field(crystal: OrientedCrystal, points: FloatArray, separation: float, sign: int = 1) -> FloatArray:
    """Displacement (N, 3) at points (N, 2) relative to the middle of the partials, spread evenly over `separation`, Å.

    The opposite dislocation (sign -1) has its partials in the opposite order, so that the fault stays the same.
    """
    n = len(crystal.partials)
    offsets = separation * (np.arange(n) / max(n - 1, 1) - 0.5) if n > 1 else np.zeros(1)
    fields = (
        sign * crystal.stroh.displacement(points - [sign * offset, 0.0], b)
        for offset, b in zip(offsets, crystal.partials, strict=True)
    )
    return sum(fields, np.zeros((len(points), 3)))


def oriented(bulk: Atoms, stiffness_voigt: FloatArray, system: SlipSystem) -> OrientedCrystal:
    """Turn a crystal into a dislocation's frame.

    Args:
        bulk: An element's primitive or cubic cell at its equilibrium, as `properties.bulk.equilibrium` returns it.
        stiffness_voigt: (6, 6) along the Cartesian axes of `bulk`, eV/Å³.
        system: The slip system.

    Raises:
        InputError: the crystal is not the slip system's, or not elastically stable.
    """
    cell = conventional_cell(bulk, system.structure)
    axes = system.frame(cell)
    burgers, partials = system.vectors(cell)
    lattice, sites = bulk.cell.array @ axes.T, bulk.positions @ axes.T
    _check_structure(bulk, system, lattice, burgers)
    along = _translations(lattice)
    length = min(t[2] for t in along if t[2] > _SAME and np.hypot(t[0], t[1]) < _SAME)
    in_plane = [t for t in along if t[0] > _SAME and abs(t[1]) < _SAME]
    glide = min(in_plane, key=lambda t: (round(t[0] / _SAME), abs(t[2])))
    points, _ = _fill(lattice, sites, 3 * length + 12.0, length)
    nearest = float(np.sort(np.linalg.norm(_around(points, length), axis=1))[1])
    line, height = _line_place(system, points, burgers, length)
    return OrientedCrystal(
        system=system,
        stroh=Stroh(rotated_voigt(stiffness_voigt, axes)),
        burgers=burgers,
        partials=_ordered(points, height, partials, length) if len(partials) else burgers[None],
        lattice=lattice,
        sites=sites - [*line, 0.0],
        numbers=bulk.numbers.copy(),
        plane_height=height - line[1],
        length=length,
        glide_period=float(glide[0]),
        glide_vector=glide,
        nearest=nearest,
        axes=axes,
    )


def cylinder(crystal: OrientedCrystal, radius: float, *, shell: float, separation: float = 0.0) -> Cylinder:
    """A cylinder of free atoms in a shell that holds the elastic field.

    Args:
        crystal: The oriented crystal.
        radius: Of the free atoms, Å.
        shell: Thickness of the shell, Å: all that the free atoms' forces depend on, for an
            embedded-atom model twice its cutoff.
        separation: Of the partials in the elastic field, Å.

    Raises:
        InputError: the radius is too small for the core.
    """
    least = separation / 2 + _FEWEST_BURGERS * float(np.linalg.norm(crystal.burgers))
    if not radius >= least:
        raise InputError(
            f"A radius of {radius:.4g} Å is too small for the core: partials {separation:.3g} Å apart and "
            f"{_FEWEST_BURGERS:.0f} Burgers vectors around them need at least {least:.4g} Å."
        )
    if not shell > 0:
        raise InputError(f"A shell of {shell:.4g} Å holds no field; give twice the potential's cutoff.")
    outer = radius + shell
    positions, sites = crystal.fill(outer)
    side = 2 * (outer + _VACUUM)
    perfect = Atoms(
        crystal.numbers[sites],
        positions + [side / 2, side / 2, 0],
        cell=[side, side, crystal.length],
        pbc=[False, False, True],
    )
    free = np.hypot(positions[:, 0], positions[:, 1]) < radius
    origin = np.array([side / 2, side / 2])
    return Cylinder(crystal, perfect, perfect, free, sites, radius, separation, origin).refitted(0.0, separation)


def _fill(lattice: FloatArray, sites: FloatArray, radius: float, length: float) -> tuple[FloatArray, NDArray[np.int64]]:
    corners = np.array(list(product((-radius, radius), (-radius, radius), (-length, 2 * length))))
    inside = corners @ np.linalg.inv(lattice)
    ranges = [
        np.arange(np.floor(low) - 1, np.ceil(high) + 2) for low, high in zip(inside.min(0), inside.max(0), strict=True)
    ]
    nodes = np.stack(np.meshgrid(*ranges, indexing="ij"), -1).reshape(-1, 3) @ lattice
    found, kinds = [], []
    for kind, site in enumerate(sites):
        points = nodes + site
        kept = (
            (np.hypot(points[:, 0], points[:, 1]) < radius) & (points[:, 2] > -_SAME) & (points[:, 2] < length - _SAME)
        )
        found.append(points[kept])
        kinds.append(np.full(int(kept.sum()), kind))
    return np.concatenate(found), np.concatenate(kinds)


def _translations(lattice: FloatArray) -> FloatArray:
    steps = np.arange(-6, 7)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3) @ lattice


def _check_structure(bulk: Atoms, system: SlipSystem, lattice: FloatArray, burgers: FloatArray) -> None:
    """The Burgers vector must be a lattice vector."""
    steps = burgers @ np.linalg.inv(lattice)
    if np.abs(steps - np.round(steps)).max() > 1e-3:
        raise InputError(
            f"The crystal {bulk.get_chemical_formula()} is not {system.structure}: the Burgers vector of "
            f"{system.name!r} is not a vector of its lattice."
        )


def _around(points: FloatArray, length: float) -> FloatArray:
    """Points relative to the one nearest to the axis, with periodic images along it."""
    centre = points[np.argmin(np.hypot(points[:, 0], points[:, 1]))]
    return np.concatenate([points + [0, 0, k * length] for k in range(-3, 4)]) - centre


def _line_place(system: SlipSystem, points: FloatArray, burgers: FloatArray, length: float) -> tuple[FloatArray, float]:
    """Where the line pierces the plane (2,), and the height of the middle of its slip plane."""
    heights = np.sort(points[:, 1])
    planes = heights[np.concatenate([[True], np.diff(heights) > _SAME])]
    spacings, middles = np.diff(planes), (planes[1:] + planes[:-1]) / 2
    inner = np.abs(middles) < 6.0
    wanted = spacings[inner].max() if system.spacing == "wide" else spacings[inner].min()
    fitting = inner & (np.abs(spacings - wanted) < 10 * _SAME)
    height = float(middles[fitting][np.argmin(np.abs(middles[fitting]))])
    if system.structure == "bcc" and system.name == "screw":
        return easy_core(points, height, burgers[2], length), height
    upper = points[points[:, 1] > height]
    row = upper[upper[:, 1] < height + wanted / 2 + _SAME]
    return np.array([row[np.argmin(np.abs(row[:, 0])), 0], height]), height


def easy_core(points: FloatArray, height: float, burgers: float, length: float) -> FloatArray:
    """The middle (2,) of the three ⟨111⟩ columns whose winding the screw turns round."""
    offsets = np.abs(points[:, 1] - height)
    near = points[offsets < offsets.min() + 2 * _SAME]
    lower, upper = near[near[:, 1] < height], near[near[:, 1] > height]
    lower = lower[np.argsort(np.abs(lower[:, 0]))]
    side = np.sort(np.abs(lower[1:, 0] - lower[0, 0]))[0]
    first = lower[0]
    second = lower[np.argmin(np.abs(lower[:, 0] - first[0] - side))]
    third = upper[np.argmin(np.abs(upper[:, 0] - first[0] - side / 2))]
    rise = (second[2] - first[2]) / length % 1.0
    easy = np.isclose(rise, 1 / 3 if burgers > 0 else 2 / 3, atol=0.05)
    if easy:
        return np.array([(first[0] + second[0] + third[0]) / 3, (first[1] + second[1] + third[1]) / 3])
    return np.array([third[0] + side / 2, (2 * third[1] + first[1]) / 3])


def _ordered(points: FloatArray, height: float, partials: FloatArray, length: float) -> FloatArray:
    """Left partial first: between the two the upper body has slipped by the right one, into the fault.

    The other order would put the layers' atoms on top of each other.
    """
    upper, lower = points[points[:, 1] > height], points[points[:, 1] < height]
    row = upper[upper[:, 1] < upper[:, 1].min() + _SAME]
    atop = row[np.argmin(np.abs(row[:, 0]))]
    below = np.concatenate([lower + [0, 0, k * length] for k in range(-2, 3)])

    def closest(slip: FloatArray) -> float:
        return float(np.linalg.norm(below - atop - slip, axis=1).min())

    first, second = partials
    return np.array([second, first] if closest(first) > closest(second) else [first, second])
