"""Bravais lattices as concurrent problems see them: columns along a line, or a solid."""

from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coupling.contracts import FloatArray
from coupling.errors import InputError

IntArray = NDArray[np.int64]
_PARALLEL = 1e-6


@dataclass(frozen=True)
class Lattice:
    """One atom at every integer combination of three vectors.

    Attributes:
        vectors: (3, 3) rows, Å; with dimension 2 the third is the period of the columns, along z.
        number: Atomic number.
        dimension: 2: displacements do not depend on the place along z; or 3.
        axes: (3, 3) rows are x, y, z in the Cartesian axes of the given crystal.
    """

    vectors: FloatArray = field(repr=False)
    number: int
    dimension: int
    axes: FloatArray = field(repr=False)

    @property
    def volume(self) -> float:
        """Of a site, Å³."""
        return float(abs(np.linalg.det(self.vectors)))

    @property
    def period(self) -> float:
        """Of the columns, Å."""
        return float(self.vectors[2, 2])

    @property
    def spacing(self) -> float:
        """Length of a lattice unit: the d-th root of a site's volume, or area seen along the columns, Å."""
        return self.volume ** (1 / 3) if self.dimension == 3 else float(np.sqrt(self.volume / self.period))

    @property
    def bond(self) -> float:
        """Distance of nearest neighbours, Å."""
        steps = np.array([s for s in product(range(-2, 3), repeat=3) if any(s)])
        return float(np.linalg.norm(steps @ self.vectors, axis=1).min())

    @property
    def neighbour_steps(self) -> IntArray:
        """(k, d) lattice steps to the nearest neighbours, one of each ±; columns beside a column included."""
        steps = np.array([s for s in product(range(-2, 3), repeat=3) if any(s)])
        length = np.linalg.norm(steps @ self.vectors, axis=1)
        near = steps[length < 1.01 * self.bond, : self.dimension]
        near = np.unique(near[np.abs(near).any(axis=1)], axis=0)
        return near[[tuple(step) > tuple(-step) for step in near]]

    @property
    def rows(self) -> tuple[float, float]:
        """Repeat of the columns along x within a plane of atoms normal to y, and the distance of these planes, Å."""
        steps = np.array([s for s in product(range(-6, 7), repeat=2) if any(s)])
        places = steps @ self.vectors[:2, :2]
        along = places[np.abs(places[:, 1]) < 1e-6, 0]
        repeat = float(np.abs(along).min())
        return repeat, self.volume / self.period / repeat

    def crystal(self) -> Atoms:
        """The primitive cell, one atom, in these axes."""
        return Atoms([self.number], positions=np.zeros((1, 3)), cell=self.vectors, pbc=True)

    def points(self, sites: FloatArray | IntArray) -> FloatArray:
        """(n, 3) places of sites (n, d), Å; with columns, z is held to one period."""
        places: FloatArray = np.asarray(sites, dtype=float) @ self.vectors[: self.dimension]
        if self.dimension == 2:
            places[:, 2] %= self.period
        return places

    def corners(self, half: IntArray) -> FloatArray:
        """(2**d, d) places of the corners of a box of half so many cells (d,) along each vector, Å."""
        d = self.dimension
        signs = np.array(list(product((-1, 1), repeat=d)))
        return signs * half @ self.vectors[:d, :d]

    def coordinates(self, points: FloatArray) -> FloatArray:
        """(n, d) lattice coordinates of points (n, 2 or 3), Å; the height z of columns does not count."""
        d = self.dimension
        return np.asarray(points)[:, :d] @ np.linalg.inv(self.vectors[:d, :d])

    def within(self, centres: FloatArray, radius: float) -> IntArray:
        """(n, d) all sites no farther than a radius from any of some points (k, d), Å; no others are looked at far away."""
        d = self.dimension
        centres = np.asarray(centres)[:, :d]
        width = np.ceil(radius * np.linalg.norm(np.linalg.inv(self.vectors[:d, :d]), axis=0)).astype(int) + 1
        tiles = np.unique(np.floor(self.coordinates(centres) / width).astype(int), axis=0)
        around = np.array(list(product((-1, 0, 1), repeat=d)))
        tiles = np.unique((tiles[:, None] + around).reshape(-1, d), axis=0)
        inner = np.stack(np.meshgrid(*map(np.arange, width), indexing="ij"), axis=-1).reshape(-1, d)
        sites = (tiles[:, None] * width + inner).reshape(-1, d)
        sites = sites[self.distance(sites, centres) <= radius]
        return sites[np.lexsort(sites.T[::-1])]

    def distance(self, sites: FloatArray | IntArray, centres: FloatArray) -> FloatArray:
        """(n,) distance of sites from the nearest of some points (k, d), Å; across the columns in 2D."""
        d = self.dimension
        tree = cKDTree(np.asarray(centres, dtype=float)[:, :d])
        return tree.query(self.points(sites)[:, :d])[0]


def solid(crystal: Atoms) -> Lattice:
    """The lattice of a primitive cell, in three dimensions.

    Raises:
        InputError: the cell holds more than one atom.
    """
    _one_atom(crystal)
    return Lattice(crystal.cell.array.copy(), int(crystal.numbers[0]), 3, np.eye(3))


def columns(crystal: Atoms, line: FloatArray, x: FloatArray | None = None) -> Lattice:
    """The lattice seen along a line, one atom a column and period.

    Args:
        crystal: A primitive cell of one atom.
        line: Cartesian direction of the columns in the crystal's axes; a lattice direction.
        x: Direction that becomes x, made perpendicular to the line; None takes a short lattice vector.

    Raises:
        InputError: the cell holds more than one atom, or the line is no lattice direction.
    """
    _one_atom(crystal)
    line = np.asarray(line, dtype=float) / np.linalg.norm(line)
    steps = np.array([s for s in product(range(-4, 5), repeat=3) if any(s)])
    vectors = steps @ crystal.cell.array
    length = np.linalg.norm(vectors, axis=1)
    along = vectors @ line
    on_line = np.flatnonzero(along > (1 - _PARALLEL) * length)
    if not len(on_line):
        raise InputError(
            f"{np.round(line, 4).tolist()} is not along a short lattice vector; give a direction such as [1, 1, 0]."
        )
    period = vectors[on_line[np.argmin(length[on_line])]]
    across = vectors - np.outer(along, line)
    order = np.argsort(np.round(np.linalg.norm(across, axis=1), 6) + 1e-9 * length)
    first, second = _pair(vectors[order], across[order], period, crystal.get_volume())
    toward = np.asarray(first if x is None else x, dtype=float)
    toward = toward - (toward @ line) * line
    if np.linalg.norm(toward) < _PARALLEL:
        raise InputError("The direction x lies along the line of the columns; give one across it.")
    toward /= np.linalg.norm(toward)
    axes = np.array([toward, np.cross(line, toward), line])
    basis = np.array([first, second, period]) @ axes.T
    basis[2, :2] = 0.0
    return Lattice(basis, int(crystal.numbers[0]), 2, axes)


def _pair(vectors: FloatArray, across: FloatArray, period: FloatArray, volume: float) -> tuple[FloatArray, FloatArray]:
    """The two lattice vectors, shortest across the line, that span the lattice with the period."""
    short = [k for k in range(len(vectors)) if np.linalg.norm(across[k]) > _PARALLEL][:60]
    for i, j in combinations(short, 2):
        if abs(abs(np.linalg.det([vectors[i], vectors[j], period])) - volume) < 1e-6 * volume:
            return vectors[i], vectors[j]
    raise InputError("No two lattice vectors span the lattice with the line's period; give a reduced primitive cell.")


def _one_atom(crystal: Atoms) -> None:
    if len(crystal) != 1:
        raise InputError(
            f"Concurrent coupling takes crystals with one atom in the primitive cell, and this one has {len(crystal)}; "
            "take an fcc or bcc element."
        )
