"""A crystal with one atom in its cell as a function of F: energy, stress, tangent; see `coupling.capabilities`."""

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms

from atomistic.potentials.embedded_atom import EmbeddedAtom
from atomistic.potentials.neighbours import neighbour_pairs
from coupling.capabilities import CrystalLaw
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError

_REACH = 2.0
"""Neighbours are listed to so many cutoffs: enough while no direction is compressed to less than its inverse."""


class EmbeddedLaw:
    """Embedded atoms in closed form: e(F) = F(Σ ρ(|F R|)) + ½ Σ φ(|F R|) over the lattice's vectors R.

    Args:
        functions: The potential's.
        crystal: A periodic cell of one atom.
    """

    def __init__(self, functions: EmbeddedAtom, crystal: Atoms) -> None:
        self.functions, self.volume = functions, float(crystal.get_volume())
        vectors = neighbour_pairs(crystal, _REACH * functions.cutoff)[2]
        first = np.array([next(x for x in vector if abs(x) > 1e-6) for vector in vectors])
        half = vectors[first > 0]  # R and −R are alike
        self.lengths, order = np.sort(np.linalg.norm(half, axis=1)), np.argsort(np.linalg.norm(half, axis=1))
        self.vectors, self.kind = half[order], functions.kinds(crystal.numbers)

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `CrystalLaw`.

        Raises:
            InputError: the crystal is compressed beyond the neighbours that are listed.
        """
        gradients = np.asarray(gradients, dtype=float)
        vectors, bonds, distance = self._bonds(gradients)
        kinds = np.broadcast_to(self.kind, distance.size)
        density, slope = (x.reshape(distance.shape) for x in self.functions.density(kinds, kinds, distance.ravel()))
        pair, pair_slope = (x.reshape(distance.shape) for x in self.functions.repulsion(kinds, kinds, distance.ravel()))
        embedding, stiffening = self.functions.embedding(np.repeat(self.kind, len(gradients)), 2 * density.sum(axis=1))
        tension = (2 * stiffening[:, None] * slope + pair_slope) / distance
        stress = (bonds * tension[:, None]) @ vectors
        return (embedding + pair.sum(axis=1)) / self.volume, stress / self.volume

    def tangents(self, gradients: FloatArray) -> FloatArray:
        """See `CrystalLaw`; the second derivative of the closed form.

        Raises:
            InputError: the crystal is compressed beyond the neighbours that are listed.
        """
        gradients = np.asarray(gradients, dtype=float)
        vectors, bonds, distance = self._bonds(gradients)
        kinds, flat, kind = np.broadcast_to(self.kind, distance.size), distance.ravel(), int(self.kind[0])
        density, slope = (x.reshape(distance.shape) for x in self.functions.density(kinds, kinds, flat))
        pair_slope = self.functions.repulsion(kinds, kinds, flat)[1].reshape(distance.shape)
        bend, pair_bend = (x.reshape(distance.shape) for x in self.functions.curvatures(kind, flat))
        whole = 2 * density.sum(axis=1)
        answer = self.functions.embedding(np.repeat(self.kind, len(gradients)), whole)[1][:, None]
        tension = (2 * answer * slope + pair_slope) / distance
        stiffness = (2 * answer * bend + pair_bend - tension) / distance**2
        along = np.einsum("nik,kj->nijk", bonds, vectors)  # of a bond by F_ij, times its length
        rise = np.einsum("nijk,nk->nij", along, slope / distance)
        found = np.einsum("nijk,nk,nlmk->nijlm", along, stiffness, along, optimize=True)
        found += np.einsum("il,nk,kj,km->nijlm", np.eye(3), tension, vectors, vectors, optimize=True)
        found += 4 * np.einsum("n,nij,nlm->nijlm", self.functions.stiffening(kind, whole), rise, rise)
        return found / self.volume

    def _bonds(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """R (k, 3) that may be within the cutoff, F R (n, 3, k) and its lengths (n, k)."""
        shortest = np.sqrt(np.linalg.eigvalsh(gradients.transpose(0, 2, 1) @ gradients)[:, 0].clip(0).min(initial=1.0))
        refuse_compression(shortest)
        vectors = self.vectors[: np.searchsorted(self.lengths, self.functions.cutoff / shortest, side="right")]
        bonds = gradients @ vectors.T
        return vectors, bonds, np.sqrt((bonds**2).sum(axis=1))


def refuse_compression(shortest: float) -> None:
    """Raise `InputError` if an `EmbeddedLaw` is compressed beyond the neighbours that it lists.

    Args:
        shortest: The least of the principal stretches of all F.
    """
    if shortest < 1 / _REACH:
        raise InputError(
            f"The crystal is compressed to {shortest:.2f} of its length in some element, less than "
            f"{1 / _REACH:.2f}; enlarge the atomistic region, or begin nearer to equilibrium."
        )


class CellLaw:
    """Any potential's own energy and stress of one-atom cells, all in one batch.

    Args:
        potential: Gives stresses.
        crystal: A periodic cell of one atom.
    """

    def __init__(self, potential: Potential, crystal: Atoms) -> None:
        self.potential, self.crystal = potential, crystal.copy()
        self.volume = float(crystal.get_volume())

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `CrystalLaw`."""
        gradients = np.asarray(gradients, dtype=float)
        distinct, where = np.unique(gradients.reshape(-1, 9), axis=0, return_inverse=True)
        found = self.potential.evaluate(self._cells(distinct.reshape(-1, 3, 3)))
        inverse = np.linalg.inv(distinct.reshape(-1, 3, 3))
        scale = np.linalg.det(distinct.reshape(-1, 3, 3))[:, None, None]
        stress = scale * found.stresses @ inverse.transpose(0, 2, 1)
        return (found.energies / self.volume)[where.ravel()], stress[where.ravel()]

    def _cells(self, gradients: FloatArray) -> list[Atoms]:
        cells = []
        for gradient in gradients:
            cell = self.crystal.copy()
            cell.set_cell(self.crystal.cell.array @ gradient.T, scale_atoms=True)
            cells.append(cell)
        return cells


class NetworkLaw(CellLaw):
    """The same, with tangents by differentiation.

    Args:
        potential: Gives stresses.
        crystal: A periodic cell of one atom.
        curvature: ∂²E/∂H_ij∂H_kl (3, 3, 3, 3) in eV of a structure whose vectors become (1 + H) v, at H = 0.
    """

    def __init__(self, potential: Potential, crystal: Atoms, curvature: Callable[[Atoms], FloatArray]) -> None:
        super().__init__(potential, crystal)
        self.curvature = curvature

    def tangents(self, gradients: FloatArray) -> FloatArray:
        """See `CrystalLaw`: dF = H F."""
        gradients = np.asarray(gradients, dtype=float)
        found = np.array([self.curvature(cell) for cell in self._cells(gradients)])
        back = np.linalg.inv(gradients)
        return np.einsum("nimkp,njm,nlp->nijkl", found, back, back) / self.volume


class SummedLaw:
    """Of a sum of potentials.

    Args:
        terms: The terms' own, of the same crystal.
    """

    def __init__(self, terms: Sequence[CrystalLaw]) -> None:
        self.terms, self.volume = tuple(terms), terms[0].volume

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `CrystalLaw`."""
        energies, stresses = zip(*(term.evaluate(gradients) for term in self.terms), strict=True)
        return np.sum(energies, axis=0), np.sum(stresses, axis=0)

    def tangents(self, gradients: FloatArray) -> FloatArray:
        """See `CrystalLaw`."""
        return np.sum([term.tangents(gradients) for term in self.terms], axis=0)
