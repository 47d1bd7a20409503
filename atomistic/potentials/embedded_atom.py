"""The functions of an embedded-atom potential and their derivatives, from the splines of its calculator."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from atomistic.potentials.splines import UniformSpline
from coupling.contracts import FloatArray

IntArray = NDArray[np.int64]


class EmbeddedAtom:
    """e_i = F(Σ_j ρ(r_ij)) + ½ Σ_j φ(r_ij), any number of elements.

    Args:
        calculator: matscipy's embedded-atom calculator.
    """

    def __init__(self, calculator: Any) -> None:
        self.numbers = np.asarray(calculator._db_atomic_numbers)
        self.index = np.asarray(calculator.atnum_to_index)
        self.cutoff = float(calculator.cutoff)
        count = len(self.numbers)
        self._embedding = [_Table(spline) for spline in calculator.F]
        self._density = [
            [_Table(f[i] if isinstance(f, list) else f, self.cutoff) for i in range(count)] for f in calculator.f
        ]  # [neighbour][centre]
        self._repulsion = [[_Table(calculator.rep[i][j], self.cutoff) for j in range(count)] for i in range(count)]

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
    def _looked_up(tables: list, first: IntArray, second: IntArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
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


class _Table:
    """A cubic spline on its uniform grid: value and slope from one look-up.

    Args:
        spline: Of the calculator.
        end: Where the function ends; None goes on with the last polynomial.
    """

    def __init__(self, spline: Any, end: float | None = None) -> None:
        uniform = UniformSpline.of(spline)
        self.step, self.columns = uniform.step, np.ascontiguousarray(uniform.coefficients[:, ::-1].T)
        self.end = end

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        index = np.clip((x / self.step).astype(np.int64), 0, self.columns.shape[1] - 1)
        t = x - index * self.step
        a, b, c, d = (column.take(index) for column in self.columns)
        d *= t
        c += d
        slope = b + t * (2 * c + d)
        value = a + t * (b + t * c)
        if self.end is not None:
            within = x < self.end
            value, slope = value * within, slope * within
        return value, slope

    def curvature(self, x: FloatArray) -> FloatArray:
        """The second derivative."""
        index = np.clip((x / self.step).astype(np.int64), 0, self.columns.shape[1] - 1)
        c, d = (column.take(index) for column in self.columns[2:])
        found = 2 * c + 6 * d * (x - index * self.step)
        return found if self.end is None else found * (x < self.end)
