"""Blended energies of atoms and continuum."""

from coupling.contracts import FloatArray
from multiscale.concurrent.method import Method
from multiscale.concurrent.parts import AtomisticPart, ContinuumPart
from multiscale.concurrent.problem import Problem


class BlendedEnergy(Method):
    """BQCE."""

    name = "bqce"
    weighted = True

    def _build(self) -> None:
        self.atomistic = self._atoms_of(self.problem)
        self.continuum = ContinuumPart(self.problem, self.mesh, self.elements, self._fractions(*self.blend()))

    def _atoms_of(self, problem: Problem) -> AtomisticPart:
        sites, beta = self.region.beta(problem)
        return AtomisticPart(problem, self.mesh, sites, 1 - beta, self.pad)

    @property
    def atoms(self) -> int:
        """Atoms whose neighbourhood is evaluated."""
        return len(self.atomistic.sites)

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and its forces on the vertices, eV/Å: atoms and elements, each with its weights."""
        atoms, pull = self.atomistic.evaluate(displacement)
        bulk, forces = self.continuum.evaluate(displacement)
        return atoms + bulk, self.atomistic.transfer.to_vertices(pull) + forces
