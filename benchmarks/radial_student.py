"""A student that costs next to nothing: linear in sums of Gaussians of distances and, as it is told, their powers."""

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
class RadialModel:
    """E = Σ_i Σ_p w_p·ρ_i^p + z, ρ_ik = Σ_j exp(-(r_ij - c_k)²/2s²) (1 - r²/R²)³ / n.

    Attributes:
        cutoff: R, Å.
        centres: (K,) c, Å; s is half their distance.
        powers: p; the first alone is a sum over pairs.
        weights: (K powers) eV.
        zeros: Atomic number to energy of an atom, eV.
    """

    cutoff: float
    centres: FloatArray
    powers: tuple[float, ...]
    weights: FloatArray
    zeros: Mapping[int, float]

    def __call__(self, structures: Sequence[Atoms]) -> BatchOutput:
        """Energies, forces and stresses, written out."""
        energies, forces, stresses, sites, features = [], [], [], [], []
        table = self.weights.reshape(len(self.powers), -1)
        for atoms in structures:
            i, j, vectors, slope, density = self._sums(atoms)
            site = np.hstack([density**p for p in self.powers])
            answer = sum(p * density ** (p - 1) * w for p, w in zip(self.powers, table, strict=True))
            pull = np.sum(answer[i] * slope, axis=1)[:, None] * vectors
            length = np.linalg.norm(vectors, axis=1)[:, None]
            force = _summed(i, pull / length, len(atoms)) - _summed(j, pull / length, len(atoms))
            own = site @ self.weights + np.array([self.zeros.get(int(z), 0.0) for z in atoms.numbers])
            energies.append(own.sum())
            forces.append(force)
            stresses.append((pull / length).T @ vectors / max(abs(np.linalg.det(atoms.cell.array)), 1e-9))
            sites.append(own)
            features.append(site)
        return BatchOutput(
            np.array(energies),
            np.concatenate(forces),
            np.array(stresses),
            np.concatenate(sites),
            np.concatenate(features),
        )

    def feature_derivatives(self, structures: Sequence[Atoms]) -> list[FeatureDerivatives]:
        """Of each structure, written out."""
        return [self._derivatives(atoms) for atoms in structures]

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> "RadialModel":
        """With other weights and zeros."""
        zeros = {z: self.zeros.get(z, 0.0) + shifts.get(z, 0.0) for z in {*self.zeros, *shifts}}
        return replace(self, weights=self.weights + change, zeros=zeros)

    def with_all_layers(self) -> "RadialModel":
        """Itself: it has one."""
        return self

    def _sums(self, atoms: Atoms) -> tuple[np.ndarray, ...]:
        """Pairs i, j (p,) and vectors (p, 3), slopes (p, K) of their terms, and ρ (N, K)."""
        i, j, vectors = neighbour_pairs(atoms, self.cutoff)
        r = np.linalg.norm(vectors, axis=1)[:, None]
        sharp, x = 2 / (self.centres[1] - self.centres[0]) ** 2, 1 - (r / self.cutoff) ** 2
        bump = np.exp(-sharp * (r - self.centres) ** 2) * x**2
        slope = bump * (-2 * sharp * (r - self.centres) * x - 6 * r / self.cutoff**2) / _NEIGHBOURS
        return i, j, vectors, slope, _summed(i, bump * x / _NEIGHBOURS, len(atoms))

    def _derivatives(self, atoms: Atoms) -> FeatureDerivatives:
        i, j, vectors, slope, density = self._sums(atoms)
        r = np.linalg.norm(vectors, axis=1)[:, None]
        per_pair = np.hstack([p * density[i] ** (p - 1) * slope for p in self.powers])
        toward = per_pair[:, None, :] * (vectors / r)[:, :, None]
        flat = toward.reshape(len(toward), 3 * per_pair.shape[1])
        positions = _summed(j, flat, len(atoms)) - _summed(i, flat, len(atoms))
        virial = np.einsum("pa,pbf->abf", vectors, toward)
        strain = np.array([(virial[a, b] + virial[b, a]) / 2 for a, b in VOIGT_PAIRS])
        sites = np.hstack([density**p for p in self.powers])
        return FeatureDerivatives(sites, positions.reshape(-1, per_pair.shape[1]), strain)


def _summed(places: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """(count, K) sums of the rows (p, K) that belong to each place."""
    return csr_array((np.ones(len(places)), places, np.arange(len(places) + 1)), (len(places), count)).T @ values


_NEIGHBOURS = 6.0


def radial_student(
    element: int, first: float, cutoff: float, count: int, powers: tuple[float, ...] = (1.0, 2.0)
) -> BatchedPotential:
    """The student before it has learnt anything: its energy is zero.

    Args:
        element: Atomic number.
        first: First centre, Å; the last lies a fifteenth within the cutoff.
        cutoff: Å.
        count: Centres.
        powers: Of the sums.
    """
    centres = np.linspace(first, cutoff * 14 / 15, count)
    model = RadialModel(cutoff, centres, powers, np.zeros(count * len(powers)), {})
    offers = Capabilities(cutoff, stress=True, site_energies=True, features=True)
    return BatchedPotential(
        "radial student", frozenset({element}), cutoff, repr((centres.tolist(), powers)), model, "cpu", "float64", 1e4,
        capabilities=offers,
    )  # fmt: skip
