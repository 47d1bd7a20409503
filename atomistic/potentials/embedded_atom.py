"""The functions of an embedded-atom potential and their derivatives, from the tables of its file."""

import numpy as np
from numpy.typing import NDArray

from atomistic.potentials.eam_files import Tables
from atomistic.potentials.splines import UniformTable
from coupling.contracts import FloatArray

IntArray = NDArray[np.int64]


class EmbeddedAtom:
    """e_i = F(Σ_j ρ(r_ij)) + ½ Σ_j φ(r_ij), any number of elements.

    Args:
        tables: Of a file.
    """

    def __init__(self, tables: Tables) -> None:
        self.cutoff, step = tables.cutoff, tables.distance_step
        self.index = np.full(max(tables.numbers) + 1, -1)
        for kind, number in reversed(tuple(enumerate(tables.numbers))):
            self.index[number] = kind
        self._embedding = [UniformTable(tables.density_step, values, tables.limit) for values in tables.embedding]
        self._density, self._repulsion = (
            [[UniformTable(step, values, end=self.cutoff) for values in row] for row in matrix]
            for matrix in (tables.density, tables.repulsion)
        )  # [neighbour][centre]

    def kinds(self, numbers: IntArray) -> IntArray:
        """Indices of the elements in the tables."""
        return self.index[np.asarray(numbers)]

    def density(self, centre: IntArray, neighbour: IntArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ρ and dρ/dr that neighbours give to centres at distances r (p,) in Å; zero beyond the cutoff."""
        return self._looked_up(self._density, neighbour, centre, r)

    def repulsion(self, centre: IntArray, neighbour: IntArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """φ and dφ/dr in eV and eV/Å at distances r (p,) in Å; zero beyond the cutoff."""
        charge, slope = self._looked_up(self._repulsion, centre, neighbour, r)
        value = charge / r
        return value, (slope - value) / r

    def curvatures(self, kind: int, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ρ'' and φ'' of one element at distances r (p,) in Å; zero beyond the cutoff."""
        slope = self.repulsion(np.full(r.shape, kind), np.full(r.shape, kind), r)[1]
        charge = self._repulsion[kind][kind].curvature(r)
        return self._density[kind][kind].curvature(r), (charge - 2 * slope) / r

    def stiffening(self, kind: int, density: FloatArray) -> FloatArray:
        """F'' of one element at densities (n,)."""
        return self._embedding[kind].curvature(density)

    @staticmethod
    def _looked_up(
        tables: list[list[UniformTable]], first: IntArray, second: IntArray, r: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        if r.size and (first == first.flat[0]).all() and (second == second.flat[0]).all():
            return tables[first.flat[0]][second.flat[0]](r)
        value, slope = np.zeros_like(r), np.zeros_like(r)
        for a, row in enumerate(tables):
            for b, table in enumerate(row):
                chosen = np.flatnonzero((first == a) & (second == b))
                if len(chosen):
                    value[chosen], slope[chosen] = table(r[chosen])
        return value, slope

    def embedding(self, kinds: IntArray, density: FloatArray) -> tuple[FloatArray, FloatArray]:
        """F and dF/dρ at densities (n,)."""
        value, slope = np.zeros_like(density), np.zeros_like(density)
        for kind in np.unique(kinds):
            mine = kinds == kind
            value[mine], slope[mine] = self._embedding[kind](density[mine])
        return value, slope
