"""The energy of atoms as a function of the coordinates that may move."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.relax import moving_coordinates
from coupling.contracts import FloatArray
from coupling.errors import InputError


@dataclass(frozen=True, eq=False)
class Landscape:
    """Points are vectors (m,) of the free Cartesian coordinates, Å; cell and held coordinates are the structure's.

    Attributes:
        atoms: The structure, N atoms.
        free: (N,) or (N, 3) True where a coordinate may move; None is all of them.
    """

    atoms: Atoms
    free: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if not self.moving.any():
            raise InputError("No coordinate may move; mark some atoms as free.")

    @cached_property
    def moving(self) -> NDArray[np.bool_]:
        """(3N,) True where a coordinate may move."""
        return moving_coordinates(self.free, len(self.atoms)).ravel()

    @cached_property
    def masses(self) -> FloatArray:
        """(m,) of the atoms that the coordinates belong to, u."""
        return np.repeat(self.atoms.get_masses(), 3)[self.moving]

    def point(self, atoms: Atoms) -> FloatArray:
        """(m,) of a structure of the same atoms."""
        return atoms.positions.ravel()[self.moving].copy()

    def structure(self, point: FloatArray) -> Atoms:
        """The structure at a point, without results."""
        start = self.atoms
        atoms = Atoms(start.numbers, start.positions, cell=start.cell, pbc=start.pbc, masses=start.get_masses())
        atoms.positions = start.positions + self.displacements(point - self.point(start))
        return atoms

    def displacements(self, vector: FloatArray) -> FloatArray:
        """(N, 3) of a vector (m,), zero where nothing may move."""
        found = np.zeros(self.moving.size)
        found[self.moving] = vector
        return found.reshape(-1, 3)

    def gradients(self, forces: Sequence[FloatArray]) -> FloatArray:
        """(n, m) eV/Å of the forces on n structures."""
        return np.array([-one.ravel()[self.moving] for one in forces])

    def largest(self, vectors: FloatArray) -> float:
        """The largest length of one atom's part of vectors (..., m): of a displacement, or of a force."""
        rows = vectors.reshape(-1, int(self.moving.sum()))
        return max(float(np.linalg.norm(self.displacements(row), axis=1).max()) for row in rows)

    def rigid(self, point: FloatArray, weights: FloatArray | None = None) -> FloatArray:
        """(r, m) orthonormal displacements that cost no energy: translations, and rotations of free molecules.

        A translation is one where no coordinate along it is held; rotations where none at all is, and nothing is periodic.

        Args:
            point: About which it is turned.
            weights: (m,) factors on displacements, such as √mass; None is 1.
        """
        free, count = self.moving.reshape(-1, 3), len(self.atoms)
        rows = [np.tile(np.eye(3)[c], count) for c in range(3) if free[:, c].all()]
        if free.all() and not self.atoms.pbc.any():
            places = self.structure(point).positions
            rows += [np.cross(axis, places - places.mean(axis=0)).ravel() for axis in np.eye(3)]
        if not rows:
            return np.zeros((0, len(point)))
        basis = np.array(rows)[:, self.moving] * (1.0 if weights is None else weights)
        _, sizes, directions = np.linalg.svd(basis, full_matrices=False)
        return directions[sizes > 1e-8 * sizes.max()]
