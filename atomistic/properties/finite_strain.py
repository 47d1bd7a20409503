"""Crystals under large strain: Cauchy-Born energy and stress, third-order elastic constants."""

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from ase import Atoms
from scipy.linalg import sqrtm

from atomistic.properties.elastic import VOIGT_PAIRS
from atomistic.relax import relax
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import EV_A3


@dataclass(frozen=True)
class CauchyBornResponse:
    """A homogeneously deformed crystal, its atoms relaxed inside the cell; per reference volume.

    Attributes:
        gradients: (n, 3, 3) deformation gradients F.
        energy_density: (n,) W(F) - W(1), J/m³.
        piola: (n, 3, 3) first Piola-Kirchhoff stress ∂W/∂F, Pa.
        cauchy: (n, 3, 3) Cauchy stress, Pa.
        residual_force: Largest force left, eV/Å.
        cost: Computational cost.
    """

    gradients: FloatArray
    energy_density: FloatArray
    piola: FloatArray
    cauchy: FloatArray
    residual_force: float
    cost: Cost


@dataclass(frozen=True)
class ThirdOrderConstants:
    """∂³W/∂η∂η∂η of the Lagrangian strain, atoms following the strain; Voigt, engineering shear.

    Attributes:
        tensor_voigt: (6, 6, 6) Pa, the part symmetric in all three indices.
        asymmetry: Largest deviation from that symmetry, relative to the largest entry.
        step_error: Largest change by halving the strain, over three, relative.
        cost: Computational cost.
    """

    tensor_voigt: FloatArray
    asymmetry: float
    step_error: float
    cost: Cost

    @property
    def cubic(self) -> dict[str, float]:
        """C111, C112, C123, C144, C155, C456 of a cubic crystal, axes along Cartesian ones, Pa."""
        c = self.tensor_voigt
        names = ("111", "112", "123", "144", "155", "456")
        return {f"C{name}": float(c[tuple(int(digit) - 1 for digit in name)]) for name in names}


def deformed(atoms: Atoms, gradient: FloatArray) -> Atoms:
    """A copy under x → F x, cell and atoms alike."""
    copy = atoms.copy()
    copy.set_cell(atoms.cell.array @ np.asarray(gradient).T, scale_atoms=True)
    return copy


def cauchy_born(
    potential: Potential, atoms: Atoms, gradients: FloatArray, *, force: float = 2e-3, progress: Progress = silent
) -> CauchyBornResponse:
    """Energy density and stress of homogeneous deformations (Born and Huang 1954; Ericksen 1984).

    Args:
        potential: The potential.
        atoms: The crystal, the reference state.
        gradients: (n, 3, 3) deformation gradients.
        force: Largest force on an atom inside the cell that may remain, eV/Å.
        progress: Called after each step of the inner relaxation.

    Raises:
        InputError: a gradient has no positive determinant, or the potential has no stress.
        NotConverged: the atoms do not relax inside a deformed cell.
    """
    gradients = np.asarray(gradients, dtype=float).reshape(-1, 3, 3)
    if not (np.isfinite(gradients).all() and (np.linalg.det(gradients) > 0).all()):
        raise InputError("A deformation gradient needs finite entries and a positive determinant.")
    start = [atoms, *(deformed(atoms, gradient) for gradient in gradients)]
    end = relax(potential, start, force=force, progress=progress)
    found = potential.evaluate(end.structures)
    if np.isnan(found.stresses).any():
        raise InputError(f"Potential {potential.name!r} gives no stress, or the crystal has no volume.")
    cauchy = found.stresses[1:] * EV_A3
    piola = [np.linalg.det(f) * s @ np.linalg.inv(f).T for f, s in zip(gradients, cauchy, strict=True)]
    return CauchyBornResponse(
        gradients=gradients,
        energy_density=(found.energies[1:] - found.energies[0]) / atoms.get_volume() * EV_A3,
        piola=np.array(piola).reshape(-1, 3, 3),
        cauchy=cauchy,
        residual_force=float(end.forces.max()),
        cost=end.cost + found.cost,
    )


def third_order_constants(potential: Potential, atoms: Atoms, *, strain: float = 0.01) -> ThirdOrderConstants:
    """Second differences of the second Piola-Kirchhoff stress (Brugger, Phys. Rev. 133 (1964) A1611).

    Two strains, Richardson-extrapolated; one batch.

    Args:
        potential: The potential.
        atoms: A crystal free of stress.
        strain: The larger Lagrangian strain; the smaller is half of it.

    Raises:
        InputError: the potential has no stress.
    """
    unit = np.eye(6)
    rows = [np.zeros(6), *unit, *-unit]
    pairs = list(combinations(range(6), 2))
    rows += [s * unit[i] + t * unit[j] for i, j in pairs for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
    strains = np.concatenate([np.array(rows) * strain, np.array(rows) * strain / 2])
    gradients = [_gradient(row) for row in strains]
    found = potential.evaluate([deformed(atoms, gradient) for gradient in gradients])
    if np.isnan(found.stresses).any():
        raise InputError(f"Potential {potential.name!r} gives no stress, or the crystal has no volume.")
    stress = np.array([_second_piola(f, s) for f, s in zip(gradients, found.stresses, strict=True)]) * EV_A3
    coarse, fine = np.split(stress, 2)
    coarse, fine = _second_differences(coarse, strain, pairs), _second_differences(fine, strain / 2, pairs)
    raw = (4 * fine - coarse) / 3
    symmetric = np.mean([raw.transpose(order) for order in permutations(range(3))], axis=0)
    largest = np.abs(symmetric).max()
    return ThirdOrderConstants(
        tensor_voigt=symmetric,
        asymmetry=float(np.abs(raw - symmetric).max() / largest),
        step_error=float(np.abs(fine - coarse).max() / 3 / largest),
        cost=found.cost,
    )


def _gradient(strain_voigt: FloatArray) -> FloatArray:
    """F = √(1 + 2η), without rotation."""
    eta = np.zeros((3, 3))
    for value, (i, j) in zip(strain_voigt, VOIGT_PAIRS, strict=True):
        eta[i, j] += value / 2
        eta[j, i] += value / 2
    return np.real(sqrtm(np.eye(3) + 2 * eta))


def _second_piola(gradient: FloatArray, cauchy: FloatArray) -> FloatArray:
    """S = det(F) F⁻¹ σ F⁻ᵀ, (6,)."""
    inverse = np.linalg.inv(gradient)
    stress = np.linalg.det(gradient) * inverse @ cauchy @ inverse.T
    return np.array([stress[i, j] for i, j in VOIGT_PAIRS])


def _second_differences(stress: FloatArray, h: float, pairs: list[tuple[int, int]]) -> FloatArray:
    """∂²S_i/∂η_j∂η_k (6, 6, 6); the order is that of the strains above."""
    found = np.zeros((6, 6, 6))
    for j in range(6):
        found[:, j, j] = (stress[1 + j] + stress[7 + j] - 2 * stress[0]) / h**2
    for row, (j, k) in enumerate(pairs):
        pp, pm, mp, mm = stress[13 + 4 * row : 17 + 4 * row]
        found[:, j, k] = found[:, k, j] = (pp - pm - mp + mm) / (4 * h**2)
    return found
