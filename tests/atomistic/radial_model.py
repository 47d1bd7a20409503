"""A potential for tests that is linear in features known on paper: sums of Gaussians of distances, and their squares."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms

from atomistic.potentials.batched import BatchedPotential, BatchOutput
from atomistic.potentials.neighbours import neighbour_pairs
from coupling.capabilities import FeatureDerivatives
from coupling.contracts import Capabilities

CUTOFF = 4.5
CENTRES = np.linspace(1.8, 4.2, 6)
PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


class RadialModel:
    """E = Σ_i w·φ_i + z, φ_i = (ρ_i, ρ_i²), ρ_ik = Σ_j exp(-2 (r_ij - c_k)²) (1 - r²/R²)³."""

    def __init__(self, weights: np.ndarray, zeros: Mapping[int, float]) -> None:
        self.weights, self.zeros = weights, dict(zeros)

    def __call__(self, structures: Sequence[Atoms]) -> BatchOutput:
        parts = self.feature_derivatives(structures)
        sites = [
            one.sites @ self.weights + [self.zeros.get(int(z), 0.0) for z in atoms.numbers]
            for one, atoms in zip(parts, structures, strict=True)
        ]
        stresses = []
        for one, atoms in zip(parts, structures, strict=True):
            tensor = np.zeros((3, 3))
            for value, (i, j) in zip(one.strain @ self.weights, PAIRS, strict=True):
                tensor[i, j] = tensor[j, i] = value
            stresses.append(tensor / max(abs(np.linalg.det(atoms.cell.array)), 1e-9))
        forces = np.concatenate([-(one.positions @ self.weights).reshape(-1, 3) for one in parts])
        energies = np.array([site.sum() for site in sites])
        return BatchOutput(
            energies, forces, np.array(stresses), np.concatenate(sites), np.concatenate([one.sites for one in parts])
        )

    def feature_derivatives(self, structures: Sequence[Atoms]) -> list[FeatureDerivatives]:
        return [_derivatives(atoms) for atoms in structures]

    def with_readout(self, change: np.ndarray, shifts: Mapping[int, float]) -> "RadialModel":
        zeros = {z: self.zeros.get(z, 0.0) + shifts.get(z, 0.0) for z in {*self.zeros, *shifts}}
        return RadialModel(self.weights + change, zeros)

    def with_all_layers(self) -> "RadialModel":
        return self  # it has one


def radial(weights: np.ndarray | None = None, zeros: Mapping[int, float] | None = None) -> BatchedPotential:
    """The potential; by default its energy is zero."""
    model = RadialModel(np.zeros(2 * len(CENTRES)) if weights is None else np.asarray(weights), zeros or {})
    identity = repr((model.weights.tolist(), sorted(model.zeros.items())))
    offers = Capabilities(CUTOFF, stress=True, site_energies=True, features=True)
    return BatchedPotential(
        "radial", frozenset({13, 29}), CUTOFF, identity, model, "cpu", "float64", 1e4, capabilities=offers
    )


def _derivatives(atoms: Atoms) -> FeatureDerivatives:
    i, j, vectors = neighbour_pairs(atoms, CUTOFF)
    r = np.linalg.norm(vectors, axis=1)[:, None]
    window = (1 - (r / CUTOFF) ** 2) ** 3
    bump = np.exp(-2 * (r - CENTRES) ** 2)
    slope = bump * (-4 * (r - CENTRES) * window - 6 * r / CUTOFF**2 * (1 - (r / CUTOFF) ** 2) ** 2)
    density = np.zeros((len(atoms), len(CENTRES)))
    np.add.at(density, i, bump * window)
    per_pair = np.hstack([slope, 2 * density[i] * slope])  # of the features of i, by r
    toward = per_pair[:, None, :] * (vectors / r)[:, :, None]
    positions = np.zeros((len(atoms), 3, per_pair.shape[1]))
    np.add.at(positions, j, toward)
    np.add.at(positions, i, -toward)
    virial = np.einsum("pa,pbf->abf", vectors, toward)
    strain = np.array([(virial[a, b] + virial[b, a]) / 2 for a, b in PAIRS])
    return FeatureDerivatives(np.hstack([density, density**2]), positions.reshape(-1, per_pair.shape[1]), strain)
