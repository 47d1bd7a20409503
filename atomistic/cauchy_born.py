"""The Cauchy-Born energy of a Bravais crystal: W(F) = e(F Λ)/Ω, its stress and its tangent.

Exact, by the potential's own law where it declares `differentiable_strain` (embedded atoms: in closed form) and by
evaluating one cell for every other potential; or a polynomial in the Lagrangian strain for potentials that are slow,
with its error.
"""

from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Protocol

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.potentials.crystal_laws import CellLaw
from coupling.capabilities import require
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError

_STEP = 1e-4
_VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


class CauchyBornLaw(Protocol):
    """A hyperelastic law of one crystal, per reference volume.

    Attributes:
        volume: Of a site in the reference, Å³.
    """

    volume: float

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """W (n,) in eV/Å³, site energies over volume, and P = ∂W/∂F (n, 3, 3), of F (n, 3, 3)."""
        ...


def cauchy_born_law(potential: Potential, crystal: Atoms) -> CauchyBornLaw:
    """The exact law of a crystal with one atom in its primitive cell.

    Args:
        potential: The potential.
        crystal: The reference cell; F is relative to it.

    Raises:
        InputError: the cell holds more than one atom, which could shift against each other, or the potential gives
            no stress.
    """
    if len(crystal) != 1 or not np.all(crystal.pbc):
        raise InputError(
            f"The Cauchy-Born law needs a periodic cell of one atom, and this one has {len(crystal)}; give the "
            "primitive cell of a Bravais crystal such as fcc or bcc."
        )
    if potential.capabilities.differentiable_strain:
        return require(potential, "differentiable_strain").crystal_law(crystal)
    return CellLaw(require(potential, "stress"), crystal)


def tangent(law: CauchyBornLaw, gradient: FloatArray) -> FloatArray:
    """∂P/∂F (3, 3, 3, 3) in eV/Å³ at one F (3, 3), by central differences of the stress."""
    steps = _STEP * np.eye(9).reshape(9, 3, 3)
    stress = law.evaluate(np.concatenate([gradient + steps, gradient - steps]))[1]
    found = ((stress[:9] - stress[9:]) / (2 * _STEP)).reshape(3, 3, 3, 3).transpose(2, 3, 0, 1)
    return (found + found.transpose(2, 3, 0, 1)) / 2


@dataclass(frozen=True)
class LinearLaw:
    """The expansion of a law to second order around one state.

    Attributes:
        volume: Of a site in the reference, Å³.
        state: (3, 3) F₀.
        energy: W(F₀), eV/Å³.
        stress: (3, 3) P(F₀), eV/Å³.
        stiffness: (3, 3, 3, 3) ∂P/∂F there, eV/Å³.
    """

    volume: float
    state: FloatArray = field(repr=False)
    energy: float
    stress: FloatArray = field(repr=False)
    stiffness: FloatArray = field(repr=False)

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """W (n,) in eV/Å³ and P = ∂W/∂F (n, 3, 3) in eV/Å³, of F (n, 3, 3)."""
        away = np.asarray(gradients, dtype=float) - self.state
        more = np.einsum("ijkl,nkl->nij", self.stiffness, away)
        return self.energy + np.einsum("nij,nij->n", self.stress + more / 2, away), self.stress + more


def linear_law(law: CauchyBornLaw, state: FloatArray) -> LinearLaw:
    """Expand a law around the state F₀ (3, 3)."""
    energy, stress = law.evaluate(np.asarray(state)[None])
    return LinearLaw(law.volume, np.asarray(state), float(energy[0]), stress[0], tangent(law, state))


@dataclass(frozen=True)
class PolynomialLaw:
    """W as a polynomial in the Lagrangian strain E = ½(FᵀF − 1): exactly objective.

    Attributes:
        volume: Of a site in the reference, Å³.
        powers: (k, 6) exponents of E in Voigt order xx yy zz yz xz xy, tensor components.
        coefficients: (k,) eV/Å³.
        strain: Largest component of E that it was fitted to.
        energy_error: Largest error of a site energy on strains that were not fitted, eV.
        stress_error: Largest error of P there, eV/Å³.
    """

    volume: float
    powers: NDArray[np.int64] = field(repr=False)
    coefficients: FloatArray = field(repr=False)
    strain: float
    energy_error: float
    stress_error: float

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """W (n,) in eV/Å³ and P = ∂W/∂F (n, 3, 3) in eV/Å³, of F (n, 3, 3)."""
        gradients = np.asarray(gradients, dtype=float)
        strain = _lagrangian(gradients)
        value, slope = _monomials(strain, self.powers)
        second = np.einsum("nkv,k->nv", slope, self.coefficients)
        tensor = np.zeros((len(gradients), 3, 3))
        for v, (i, j) in enumerate(_VOIGT):
            tensor[:, i, j] += second[:, v] / 2
            tensor[:, j, i] += second[:, v] / 2
        return value @ self.coefficients, gradients @ tensor


def polynomial_law(
    law: CauchyBornLaw, *, strain: float = 0.02, degree: int = 4, samples: int = 600, seed: int = 0
) -> PolynomialLaw:
    """Fit a polynomial to the energies and stresses of a law at random strains.

    Args:
        law: The exact law.
        strain: Largest component of the Lagrangian strain.
        degree: Of the polynomial.
        samples: Strains; a fifth of them only measures the error.
        seed: Of the strains.

    Raises:
        InputError: the degree, the strain or the samples are not positive, or too few.
    """
    powers = _exponents(degree)
    if degree < 2 or not 0 < strain < 0.3 or 7 * 0.8 * samples < 2 * len(powers):
        raise InputError(
            f"A polynomial of degree {degree} in strains up to {strain} cannot be fitted to {samples} samples; take a "
            f"degree from 2, a strain below 0.3, and {int(np.ceil(len(powers) / 2.8))} samples or more."
        )
    sampled = np.random.default_rng(seed).uniform(-strain, strain, (samples, 6))
    sampled[0] = 0.0
    gradients = _stretches(sampled)
    energy, stress = law.evaluate(gradients)
    fitted = max(int(0.8 * samples), 1)
    value, slope = _monomials(sampled, powers)
    second = np.linalg.solve(gradients, stress)  # S = F⁻¹ P
    conjugate = np.stack([second[:, i, j] * (1 if i == j else 2) for i, j in _VOIGT], axis=1)
    rows = np.concatenate([value[:fitted] / strain, slope[:fitted].transpose(0, 2, 1).reshape(-1, len(powers))])
    wanted = np.concatenate([energy[:fitted] / strain, conjugate[:fitted].ravel()])
    scale = np.linalg.norm(rows, axis=0)
    coefficients = np.linalg.lstsq(rows / scale, wanted)[0] / scale
    found = PolynomialLaw(law.volume, powers, coefficients, strain, 0.0, 0.0)
    guess, pull = found.evaluate(gradients[fitted:])
    errors = np.abs(guess - energy[fitted:]).max() * law.volume, np.abs(pull - stress[fitted:]).max()
    return PolynomialLaw(law.volume, powers, coefficients, strain, float(errors[0]), float(errors[1]))


def _exponents(degree: int) -> NDArray[np.int64]:
    """(k, 6) all exponents of total degree 0 to `degree`."""
    rows = []
    for total in range(degree + 1):
        for chosen in combinations_with_replacement(range(6), total):
            rows.append(np.bincount(np.array(chosen, dtype=int), minlength=6))
    return np.array(rows)


def _monomials(strain: FloatArray, powers: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Values (n, k) and derivatives (n, k, 6) of the monomials."""
    table = strain[:, :, None] ** np.arange(powers.max() + 1)  # (n, 6, p)
    factors = np.stack([table[:, v, powers[:, v]] for v in range(6)], axis=2)
    slopes = np.empty_like(factors)
    for v in range(6):
        others = factors[:, :, [w for w in range(6) if w != v]].prod(axis=2)
        slopes[:, :, v] = others * powers[:, v] * table[:, v, np.maximum(powers[:, v] - 1, 0)]
    return factors.prod(axis=2), slopes


def _lagrangian(gradients: FloatArray) -> FloatArray:
    """(n, 6) components of ½(FᵀF − 1)."""
    strain = 0.5 * (gradients.transpose(0, 2, 1) @ gradients - np.eye(3))
    return np.stack([strain[:, i, j] for i, j in _VOIGT], axis=1)


def _stretches(strain: FloatArray) -> FloatArray:
    """(n, 3, 3) the symmetric F of Lagrangian strains (n, 6)."""
    tensor = np.zeros((len(strain), 3, 3))
    for v, (i, j) in enumerate(_VOIGT):
        tensor[:, i, j] = tensor[:, j, i] = strain[:, v]
    values, vectors = np.linalg.eigh(np.eye(3) + 2 * tensor)
    return np.einsum("nia,na,nja->nij", vectors, np.sqrt(values), vectors)
