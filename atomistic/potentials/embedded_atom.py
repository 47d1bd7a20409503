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

    Attributes:
        embedding_tables: F of each element.
        density_tables: ρ, by neighbour and centre.
        repulsion_tables: r φ, by either.
    """

    def __init__(self, tables: Tables) -> None:
        self.cutoff, step = tables.cutoff, tables.distance_step
        self.index = np.full(max(tables.numbers) + 1, -1)
        for kind, number in reversed(tuple(enumerate(tables.numbers))):
            self.index[number] = kind
        self.embedding_tables = [UniformTable(tables.density_step, values, tables.limit) for values in tables.embedding]
        self.density_tables, self.repulsion_tables = (
            [[UniformTable(step, values, end=self.cutoff) for values in row] for row in matrix]
            for matrix in (tables.density, tables.repulsion)
        )

    def kinds(self, numbers: IntArray) -> IntArray:
        """Indices of the elements in the tables."""
        return self.index[np.asarray(numbers)]

    def density(self, centre: IntArray, neighbour: IntArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ρ and dρ/dr that neighbours give to centres at distances r (p,) in Å; zero beyond the cutoff."""
        return self._looked_up(self.density_tables, neighbour, centre, r)

    def repulsion(self, centre: IntArray, neighbour: IntArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """φ and dφ/dr in eV and eV/Å at distances r (p,) in Å; zero beyond the cutoff."""
        charge, slope = self._looked_up(self.repulsion_tables, centre, neighbour, r)
        value = charge / r
        return value, (slope - value) / r

    def curvatures(self, kind: int, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ρ'' and φ'' of one element at distances r (p,) in Å; zero beyond the cutoff."""
        slope = self.repulsion(np.full(r.shape, kind), np.full(r.shape, kind), r)[1]
        charge = self.repulsion_tables[kind][kind].curvature(r)
        return self.density_tables[kind][kind].curvature(r), (charge - 2 * slope) / r

    def bends(self, centre: IntArray, neighbour: IntArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ρ'' and φ'' of any elements at distances r (p,) in Å, as `density` and `repulsion` have them."""
        slope = self.repulsion(centre, neighbour, r)[1]
        density, charge = np.zeros_like(r), np.zeros_like(r)
        for a, b in np.ndindex(len(self.density_tables), len(self.density_tables)):
            chosen = np.flatnonzero((neighbour == a) & (centre == b))
            density[chosen] = self.density_tables[a][b].curvature(r[chosen])
            charge[chosen] = self.repulsion_tables[b][a].curvature(r[chosen])
        return density, (charge - 2 * slope) / r

    def stiffening(self, kind: int, density: FloatArray) -> FloatArray:
        """F'' of one element at densities (n,)."""
        return self.embedding_tables[kind].curvature(density)

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
            value[mine], slope[mine] = self.embedding_tables[kind](density[mine])
        return value, slope
