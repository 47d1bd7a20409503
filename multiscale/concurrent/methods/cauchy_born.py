"""The continuum alone."""

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.concurrent.method import IntArray, Method
from multiscale.concurrent.parts import ContinuumPart


class CauchyBornMethod(Method):
    """The continuum everywhere; a missing atom takes its share of the volume with it."""

    name = "cauchy_born"
    knows_surfaces = False
    adapts = False

    def _build(self) -> None:
        if self.problem.faces is not None:
            raise InputError("cauchy_born allows no free surfaces; take another method.")
        nothing = np.zeros((0, self.problem.lattice.dimension), dtype=np.int64)
        self.continuum = ContinuumPart(self.problem, self.mesh, self.elements, self._fractions(nothing, np.zeros(0)))

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and forces on the vertices, eV/Å, of the elements."""
        return self.continuum.evaluate(displacement)

    def blend(self) -> tuple[IntArray, FloatArray]:
        """The sites of the core, all wholly the continuum's, and their β."""
        sites = self.problem.lattice.within(self.problem.centres, self.region.core * self.problem.lattice.spacing)
        return sites, np.ones(len(sites))
