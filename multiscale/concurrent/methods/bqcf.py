"""Blended forces of atoms and continuum."""

import numpy as np

from continuum.mesh.lattice import rows_of
from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.concurrent.method import Method, whole_forces
from multiscale.concurrent.parts import ContinuumPart


class BlendedForce(Method):
    """BQCF."""

    name = "bqcf"
    conservative = False

    def _build(self) -> None:
        sites, beta = self.blend()
        self.atomistic = whole_forces(self.problem, self.mesh, sites, self.pad)
        if self.pad is not None:  # what a shortened range leaves on the perfect crystal
            self.atomistic.correct(whole_forces(self.problem.without_defect(), self.mesh, sites, self.pad))
        self.beta = np.ones(len(self.mesh.sites))
        vertices = self.mesh.vertices_of(sites)
        if (vertices < 0).any():
            raise InputError("The mesh lacks a site of the atomistic region; refine it there.")
        self.beta[vertices] = beta
        felt = (self.beta[self.mesh.simplices] > 0).any(axis=1) & ~self._severed()
        self.continuum = ContinuumPart(self.problem, self.mesh, self.elements, felt.astype(float))
        rows = rows_of(self.atomistic.sites, sites)
        self.vertices, self.rows = vertices[rows >= 0], rows[rows >= 0]

    @property
    def atoms(self) -> int:
        """Atoms whose neighbourhood is evaluated."""
        return len(self.atomistic.sites)

    def energy(self, displacement: FloatArray) -> float:
        """Raises `InputError`: blended forces have no energy."""
        raise InputError(f"The forces of {self.name} have no energy; take bqce or bgfc.")

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """NaN in place of an energy, and the blended forces on the vertices, eV/Å."""
        pull = self.atomistic.evaluate(displacement)[1]
        forces = self.beta[:, None] * self.continuum.evaluate(displacement)[1]
        forces[self.vertices] += (1 - self.beta[self.vertices, None]) * pull[self.rows]
        return np.nan, forces
