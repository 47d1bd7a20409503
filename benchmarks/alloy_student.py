"""A student of several elements that costs next to nothing: linear in sums over pairs, and in powers of a few densities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from scipy.sparse import csr_array

from atomistic.potentials.batched import BatchedPotential, BatchOutput
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.properties.elastic import VOIGT_PAIRS
from coupling.capabilities import FeatureDerivatives
from coupling.contracts import Capabilities, FloatArray


@dataclass(frozen=True)
class AlloyModel:
    """E = Σ_i w·φ_i + z, φ_i the sums Σ_j g_k(r_ij) over each element's neighbours, and powers of ρ_m = Σ_j f_m(r_ij) over all.

    g_k are Gaussians and f_m decay exponentially, both times (1 - r²/R²)³. Each element has its own weights.

    Attributes:
        elements: Atomic numbers, rising.
        cutoff: R, Å.
        centres: (K,) of the Gaussians, Å; their width is half their distance.
        decays: (M,) of the densities, 1/Å.
        bond: Å, where the densities are about one an atom.
        powers: (P,) of the densities.
        weights: (S (S K + M P),) eV.
        zeros: Atomic number to energy of an atom, eV.
    """

    elements: tuple[int, ...]
    cutoff: float
    centres: FloatArray
    decays: FloatArray
    bond: float
    powers: tuple[float, ...]
    weights: FloatArray
    zeros: Mapping[int, float]

    def __call__(self, structures: Sequence[Atoms]) -> BatchOutput:
        """Energies, forces and stresses, from the derivatives of the features contracted with the weights."""
        found = [self._evaluated(atoms) for atoms in structures]
        energies, forces, stresses, sites, features = zip(*found, strict=True)
        return BatchOutput(
            np.array(energies), np.concatenate(forces), np.array(stresses), np.concatenate(sites), np.concatenate(features)
        )  # fmt: skip

    def feature_derivatives(self, structures: Sequence[Atoms]) -> list[FeatureDerivatives]:
        """Of each structure, written out."""
        return [self._derivatives(atoms) for atoms in structures]

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> "AlloyModel":
        """With other weights and zeros."""
        zeros = {z: self.zeros.get(z, 0.0) + shifts.get(z, 0.0) for z in {*self.zeros, *shifts}}
        return replace(self, weights=self.weights + change, zeros=zeros)

    def with_all_layers(self) -> "AlloyModel":
        """Itself: it has one."""
        return self

    @property
    def width(self) -> int:
        """Features of one element."""
        return len(self.elements) * len(self.centres) + len(self.decays) * len(self.powers)

    def _pairs(self, atoms: Atoms) -> tuple[np.ndarray, ...]:
        """i, j (p,), unit vectors and lengths, values and slopes (p, K + M) of the pair functions."""
        i, j, vectors = neighbour_pairs(atoms, self.cutoff)
        r = np.linalg.norm(vectors, axis=1)[:, None]
        x, sharp = 1 - (r / self.cutoff) ** 2, 2 / (self.centres[1] - self.centres[0]) ** 2
        bump, decay = np.exp(-sharp * (r - self.centres) ** 2), np.exp(-self.decays * (r - self.bond))
        base, steep = (
            np.hstack([bump, decay]),
            np.hstack([-2 * sharp * (r - self.centres) * bump, -self.decays * decay]),
        )
        return (
            i,
            j,
            vectors,
            r,
            base * x**3 / _NEIGHBOURS,
            (steep * x - 6 * r / self.cutoff**2 * base) * x**2 / _NEIGHBOURS,
        )

    def _sites(self, atoms: Atoms) -> tuple[np.ndarray, ...]:
        """Pairs with slopes, features (N, F), and densities (N, M)."""
        i, j, vectors, r, values, slopes = self._pairs(atoms)
        count, own = len(self.centres), np.searchsorted(self.elements, atoms.numbers)
        density = _summed(i, values[:, count:], len(atoms))
        features = np.zeros((len(atoms), len(self.elements), self.width))
        local = [_summed(i, values[:, :count] * (own[j] == s)[:, None], len(atoms)) for s in range(len(self.elements))]
        local += [np.maximum(density, 1e-12) ** p for p in self.powers]
        features[np.arange(len(atoms)), own] = np.hstack(local)
        return i, j, vectors, r, slopes, features.reshape(len(atoms), -1), density, own

    def _per_pair(
        self, j: np.ndarray, i: np.ndarray, slopes: np.ndarray, density: np.ndarray, own: np.ndarray
    ) -> np.ndarray:
        """(p, width) derivatives of the features of i by the distance to j, for i's own element."""
        count = len(self.centres)
        parts = [slopes[:, :count] * (own[j] == s)[:, None] for s in range(len(self.elements))]
        parts += [p * np.maximum(density[i], 1e-12) ** (p - 1) * slopes[:, count:] for p in self.powers]
        return np.hstack(parts)

    def _evaluated(self, atoms: Atoms) -> tuple[float, FloatArray, FloatArray, FloatArray, FloatArray]:
        i, j, vectors, r, slopes, features, density, own = self._sites(atoms)
        table = self.weights.reshape(len(self.elements), -1)
        pull = np.sum(self._per_pair(j, i, slopes, density, own) * table[own[i]], axis=1)[:, None] * vectors / r
        site = features @ self.weights + np.array([self.zeros.get(int(z), 0.0) for z in atoms.numbers])
        force = _summed(i, pull, len(atoms)) - _summed(j, pull, len(atoms))
        return site.sum(), force, pull.T @ vectors / max(abs(np.linalg.det(atoms.cell.array)), 1e-9), site, features

    def _derivatives(self, atoms: Atoms) -> FeatureDerivatives:
        i, j, vectors, r, slopes, features, density, own = self._sites(atoms)
        per_pair = self._per_pair(j, i, slopes, density, own)
        positions = np.zeros((len(atoms), 3, len(self.elements), self.width))
        strain = np.zeros((6, len(self.elements), self.width))
        for s in range(len(self.elements)):
            of = own[i] == s
            toward = per_pair[of][:, None, :] * (vectors[of] / r[of])[:, :, None]
            flat = toward.reshape(len(toward), 3 * self.width)
            moved = _summed(j[of], flat, len(atoms)) - _summed(i[of], flat, len(atoms))
            positions[:, :, s] = moved.reshape(len(atoms), 3, self.width)
            virial = np.einsum("pa,pbf->abf", vectors[of], toward)
            strain[:, s] = [(virial[a, b] + virial[b, a]) / 2 for a, b in VOIGT_PAIRS]
        return FeatureDerivatives(features, positions.reshape(3 * len(atoms), -1), strain.reshape(6, -1))


def _summed(places: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """(count, K) sums of the rows (p, K) that belong to each place."""
    return csr_array((np.ones(len(places)), places, np.arange(len(places) + 1)), (len(places), count)).T @ values


_NEIGHBOURS = 12.0


def alloy_student(
    elements: Sequence[int], bond: float, cutoff: float, count: int = 14,
    decays: Sequence[float] = (0.8, 1.6, 2.6), powers: tuple[float, ...] = (0.5, 1.5, 2.0),
) -> BatchedPotential:  # fmt: skip
    """The student before it has learnt anything: its energy is zero.

    Args:
        elements: Atomic numbers.
        bond: Nearest-neighbour distance, Å; the first centre lies at 0.78 of it, the last a fifteenth within the cutoff.
        cutoff: Å.
        count: Centres.
        decays: 1/Å.
        powers: Of the densities.
    """
    numbers, centres = tuple(sorted(elements)), np.linspace(0.78 * bond, cutoff * 14 / 15, count)
    size = len(numbers) * (len(numbers) * count + len(decays) * len(powers))
    model = AlloyModel(numbers, cutoff, centres, np.array(decays), bond, powers, np.zeros(size), {})
    identity = repr((numbers, cutoff, centres.tolist(), tuple(decays), powers))
    offers = Capabilities(cutoff, stress=True, site_energies=True, features=True)
    return BatchedPotential(
        "alloy student", frozenset(numbers), cutoff, identity, model, "cpu", "float64", 1e4, capabilities=offers
    )
