"""What a Peierls-Nabarro model returns: a core, and its path over one period of the lattice."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coupling.contracts import FloatArray


class Core(NamedTuple):
    """A dislocation core in equilibrium.

    Attributes:
        rows: (n,) positions of the atomic rows.
        slip: (n, m) their disregistry: across the line, along it.
        position: Of the core, see `PeierlsNabarro.path`.
        stress: Resolved shear stress along b on it: applied, or its force on what holds it over b.
        elastic: Elastic energy per length at a cut-off radius of one Burgers vector.
        interplanar: Energy of the glide plane per length: that of the γ-surface at the disregistry.
    """

    rows: FloatArray
    slip: FloatArray
    position: float
    stress: float
    elastic: float
    interplanar: float

    @property
    def energy(self) -> float:
        """Elastic and interplanar energy, per length."""
        return self.elastic + self.interplanar


@dataclass(frozen=True)
class PeierlsPath:
    """A core pushed over one period of the lattice.

    Attributes:
        position: (n,) rising, relative to the valley.
        energy: (n,) per length, relative to the valley.
        stress: (n,) dE/dx over b.
        cores: The n cores.
    """

    position: FloatArray
    energy: FloatArray
    stress: FloatArray
    cores: tuple[Core, ...]

    @property
    def barrier(self) -> float:
        """Peierls barrier, energy per length."""
        return float(np.ptp(self.energy))

    @property
    def steepest_slope(self) -> float:
        """The largest dE/dx over b, an estimate of the Peierls stress."""
        k = int(np.argmax(self.stress))
        if not 0 < k < len(self.stress) - 1:
            return float(self.stress[k])
        return float(_summit(self.position[k - 1 : k + 2], self.stress[k - 1 : k + 2]))


def _summit(x: FloatArray, y: FloatArray) -> float:
    """Largest value of the parabola through three points."""
    a, b, c = np.polyfit(x - x[1], y, 2)
    return float(c - b * b / (4 * a)) if a < 0 else float(y.max())
