"""Wells whose free energies are known by quadrature: one atom in two wells, its other coordinates softer in one than in the other."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from atomistic.sampling import LinearVariables
from benchmarks.moving_models import Model
from coupling.contracts import FloatArray


class TwoWells(Model):
    """U = B (x² − 1)² + t x + ½ k e^(a x) (y − ½ x)² + ½ k z² of one atom, in eV and Å; k = 1.5, a = 0.6, t = 0.03.

    Integrated over y and z the free energy of x is B (x² − 1)² + t x + ½ kT a x, up to a constant.
    """

    tilt, stiffness, softening = 0.03, 1.5, 0.6

    def __init__(self, barrier: float = 0.2) -> None:
        """`barrier` B in eV."""
        self.barrier, self.fingerprint = barrier, f"two wells {barrier}"

    def of(self, positions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Energies, forces, and no virial."""
        x, y, z = np.moveaxis(positions[:, 0], -1, 0)
        away, stiff = y - 0.5 * x, self.stiffness * np.exp(self.softening * x)
        energies = self.energy(x, y) + 0.5 * self.stiffness * z**2
        along = (
            4 * self.barrier * x * (x**2 - 1) + self.tilt - 0.5 * stiff * away + 0.5 * self.softening * stiff * away**2
        )
        forces = -np.stack([along, stiff * away, self.stiffness * z], axis=-1)[:, None]
        return energies, forces, np.zeros((len(cells), 3, 3))

    def energy(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Of x and y alone, eV: their free energy but for a constant."""
        stiff = self.stiffness * np.exp(self.softening * x)
        return np.asarray(self.barrier * (x**2 - 1) ** 2 + self.tilt * x + 0.5 * stiff * (y - 0.5 * x) ** 2)

    def exact(self, edges: tuple[FloatArray, ...], thermal: float) -> FloatArray:
        """−kT ln of the mean density in cells over x, or over x and y, eV, as in `FreeEnergy`: by the midpoint rule."""
        fine = 20
        x = _inside(edges[0], fine)
        y = _inside(edges[1], fine) if len(edges) == 2 else np.linspace(-8.0, 8.0, 4001)
        density = np.exp(-self.energy(x[:, None], y[None]) / thermal)
        shape = (
            (len(edges[0]) - 1, fine, len(edges[1]) - 1, fine) if len(edges) == 2 else (len(edges[0]) - 1, fine, 1, -1)
        )
        share = density.reshape(shape).mean(axis=(1, 3))
        sizes = np.diff(edges[0])[:, None] * (np.diff(edges[1]) if len(edges) == 2 else 1.0)
        found = -thermal * np.log(share / np.sum(share * sizes))
        return np.asarray(found if len(edges) == 2 else found[:, 0])


def _inside(edges: FloatArray, fine: int) -> FloatArray:
    """`fine` middles in each cell."""
    share = (np.arange(fine) + 0.5) / fine
    return np.asarray((edges[:-1, None] + np.diff(edges)[:, None] * share).ravel())


def atom_in_wells() -> Atoms:
    """At the bottom of the left well."""
    return Atoms("Ar", [[-1.0, -0.5, 0.0]], cell=[20.0] * 3, pbc=True)


def places(count: int) -> LinearVariables:
    """x, or x and y, as variables."""
    return LinearVariables(np.eye(3)[:count, None, :])


class FarFromHome:
    """A trigger that fires beyond a distance from the left well, along x."""

    what, unit = "distance from the left well", "Å"

    def __init__(self, limit: float) -> None:
        self.limit, self.identity = limit, f"far from home {limit}"

    def of_atoms(self, structures: Sequence[Atoms]) -> tuple[FloatArray, ...]:
        """Of the one atom of each, Å."""
        return tuple(np.abs(one.positions[:, 0] + 1.0) for one in structures)

    def values(self, structures: Sequence[Atoms]) -> FloatArray:
        """(n,) Å."""
        return np.array([one.max() for one in self.of_atoms(structures)])
