"""All atoms, clamped."""

from collections.abc import Callable

import numpy as np

from coupling.contracts import FloatArray
from multiscale.concurrent.harmonic import periodic_inverse
from multiscale.concurrent.method import IntArray, Method, whole_forces

_LARGE = 3000
"""Free atoms of a solid from which its stiffness is inverted by Fourier transform."""


class Atomistic(Method):
    """All atoms, free within the core, held at the predictor beyond: the clamped boundary."""

    name = "atomistic"
    adapts = False

    def _build(self) -> None:
        lattice = self.problem.lattice
        distance = lattice.distance(self.mesh.sites, self.problem.centres)
        self.free = self.free & (distance <= self.region.core * lattice.spacing)
        sites = self.mesh.sites[self.free]
        self.atomistic = whole_forces(self.problem, self.mesh, sites, self.pad)
        if self.pad is not None:
            self.atomistic.correct(whole_forces(self.problem.without_defect(), self.mesh, sites, self.pad))

    @property
    def has_energy(self) -> bool:
        """Whether the energy of all atoms carried along can be compared: not with a far field or a vacuum."""
        problem = self.problem
        return problem.potential.capabilities.weighted_sites or (problem.predictor is None and problem.surface is None)

    @property
    def atoms(self) -> int:
        """Atoms whose neighbourhood is evaluated."""
        return len(self.atomistic.sites)

    def preconditioner(self) -> Callable[[FloatArray], FloatArray]:
        """That of all methods; or the crystal's own force constants, where a solid's box is too large to be factorised."""
        problem = self.problem
        if problem.lattice.dimension == 2 or self.free.sum() < _LARGE:
            return super().preconditioner()
        inverse, vertices = periodic_inverse(problem), self.mesh.vertices_of(problem.sites)
        inside = np.flatnonzero(vertices >= 0)
        inside = inside[self.free[vertices[inside]]]

        def solve(forces: FloatArray) -> FloatArray:
            pull, moved = np.zeros((len(problem.sites), 3)), np.zeros((len(self.free), 3))
            on_vertices = np.zeros_like(moved)
            on_vertices[self.free] = forces.reshape(-1, 3)
            pull[inside] = on_vertices[vertices[inside]]
            moved[vertices[inside]] = inverse(pull)[inside]
            return moved[self.free].ravel()

        return solve

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and forces on the vertices, eV/Å, of the atoms."""
        energy, forces = self.atomistic.evaluate(displacement)
        return energy, self.atomistic.transfer.to_vertices(forces)

    def blend(self) -> tuple[IntArray, FloatArray]:
        """The free sites, all wholly the atoms', and their β."""
        sites = self.mesh.sites[self.free]
        return sites, np.zeros(len(sites))
