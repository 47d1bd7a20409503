"""The sums over embedded atoms in numpy: what `atomistic.potentials.compiled` is compared with, and used where it is not."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from ase import Atoms

from atomistic.potentials.crystal_laws import EmbeddedLaw
from atomistic.potentials.embedded_atom import EmbeddedAtom
from atomistic.potentials.inputs import CLOSEST
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.site_sums import EmbeddedSites
from coupling.capabilities import CrystalLaw, WeightedSites
from coupling.contracts import FloatArray
from coupling.elasticity import VOIGT


class WholeSums(NamedTuple):
    """Of one structure of N atoms.

    Attributes:
        energy: eV.
        forces: (N, 3) eV/Å.
        virial: (6,) Σ r_a ∂E/∂r_b over pairs, in the order xx yy zz yz xz xy, eV.
        sites: (N,) energies of sites, eV.
        nearest: The two atoms that are nearest to each other, and their distance, Å; infinite beyond the cutoff.
    """

    energy: float
    forces: FloatArray
    virial: FloatArray
    sites: FloatArray
    nearest: tuple[int, int, float]


class EmbeddedSums(Protocol):
    """What computes the sums over embedded atoms.

    Attributes:
        kind: "compiled" or "numpy": numbers agree to rounding.
        libraries: Distributions whose versions determine its numbers.
    """

    kind: str
    libraries: tuple[str, ...]

    def whole(self, structures: Sequence[Atoms]) -> list[WholeSums]:
        """Of all atoms of each structure; of those that `inputs.refuse_overlap` refuses the nearest atoms alone count."""
        ...

    def sites(self, atoms: Atoms, weights: FloatArray) -> WeightedSites:
        """Σ w_i e_i of atoms at any positions."""
        ...

    def crystal(self, atoms: Atoms) -> CrystalLaw:
        """A periodic cell of one atom as a function of F."""
        ...


class NumpySums:
    """Embedded atoms summed by numpy, with neighbours listed anew for each structure.

    Args:
        functions: The potential's.
    """

    kind: str = "numpy"
    libraries: tuple[str, ...] = ("matscipy", "numpy")

    def __init__(self, functions: EmbeddedAtom) -> None:
        self.functions = functions

    def whole(self, structures: Sequence[Atoms]) -> list[WholeSums]:
        """See `EmbeddedSums`."""
        return list(map(self._one, structures))

    def sites(self, atoms: Atoms, weights: FloatArray) -> EmbeddedSites:
        """See `EmbeddedSums`."""
        return EmbeddedSites(self.functions, atoms, weights)

    def crystal(self, atoms: Atoms) -> EmbeddedLaw:
        """See `EmbeddedSums`."""
        return EmbeddedLaw(self.functions, atoms)

    def _one(self, atoms: Atoms) -> WholeSums:
        functions, count, kinds = self.functions, len(atoms), self.functions.kinds(atoms.numbers)
        i, j, vectors = neighbour_pairs(atoms, functions.cutoff)
        distance = np.sqrt(np.einsum("pc,pc->p", vectors, vectors))
        least = int(np.argmin(distance)) if len(distance) else -1
        nearest = (int(i[least]), int(j[least]), float(distance[least])) if len(distance) else (0, 0, np.inf)
        if nearest[2] < CLOSEST:
            return WholeSums(np.nan, np.full((count, 3), np.nan), np.full(6, np.nan), np.full(count, np.nan), nearest)
        density, slope = functions.density(kinds[i], kinds[j], distance)
        back = slope if np.ptp(kinds) == 0 else functions.density(kinds[j], kinds[i], distance)[1]
        pair, pair_slope = functions.repulsion(kinds[i], kinds[j], distance)
        embedding, answer = functions.embedding(kinds, np.bincount(i, weights=density, minlength=count))
        pull = ((answer[i] * slope + answer[j] * back + pair_slope) / distance)[:, None] * vectors
        return WholeSums(
            float(embedding.sum() + pair.sum() / 2),
            np.stack([np.bincount(i, weights=pull[:, c], minlength=count) for c in range(3)], axis=1),
            np.array([vectors[:, a] @ pull[:, b] for a, b in VOIGT]) / 2,
            embedding + np.bincount(i, weights=pair, minlength=count) / 2,
            nearest,
        )
