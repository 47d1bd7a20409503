"""Elastic constants from any potential, all strains in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from ase import Atoms

from coupling.contracts import Cost, Evaluation, FloatArray, Potential
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3

VOIGT_PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""xx yy zz yz xz xy."""


@dataclass(frozen=True)
class ElasticConstants:
    """Stiffness of a crystal, Pa; Voigt order xx yy zz yz xz xy, engineering shear.

    The axes are the Cartesian axes of the structure that was strained.

    Attributes:
        stiffness_voigt: (6, 6), atoms relaxed inside the cell; symmetric part of the stress route.
        clamped_voigt: (6, 6), atoms following the strain; stress route.
        energy_voigt: (6, 6), atoms following the strain; second differences of the energy.
        asymmetry: Largest |C - Cᵀ| of the stress route, relative to its largest entry.
        step_error: Largest change by the last halving of the strain, over three, relative.
        route_difference: Largest |stress route - energy route|, relative.
        residual_stress: Largest stress component of the unstrained structure, Pa.
        stable: Whether `stiffness_voigt` is positive definite (Born's criterion).
        cost: Computational cost.
    """

    stiffness_voigt: FloatArray
    clamped_voigt: FloatArray
    energy_voigt: FloatArray
    asymmetry: float
    step_error: float
    route_difference: float
    residual_stress: float
    stable: bool
    cost: Cost

    @property
    def cubic(self) -> tuple[float, float, float]:
        """C11, C12, C44; see `cubic_constants`."""
        return cubic_constants(self.stiffness_voigt)


def cubic_constants(stiffness_voigt: FloatArray) -> tuple[float, float, float]:
    """C11, C12, C44 of a stiffness (6, 6) averaged over the cubic axes, in its unit; meaningful for a cubic crystal alone."""
    c11 = float(np.trace(stiffness_voigt[:3, :3]) / 3)
    c12 = float((stiffness_voigt[:3, :3].sum() - 3 * c11) / 6)
    return c11, c12, float(np.trace(stiffness_voigt[3:, 3:]) / 3)


def elastic_constants(
    potential: Potential, atoms: Atoms, *, strain: float = 5e-3, displacement: float = 0.01
) -> ElasticConstants:
    """Stiffness by central differences of stress (primary) and energy (check).

    The stress route is Richardson-extrapolated from two strains. The relaxation of the atoms
    inside the cell is exact to first order, without relaxing: C = C_clamped - Λᵀ K⁺ Λ / V, K the
    force constants of the cell and Λ the forces per strain (Wu, Vanderbilt and Hamann,
    Phys. Rev. B 72 (2005) 035105, eq. 18).

    Args:
        potential: The potential.
        atoms: A periodic crystal free of stress and of forces.
        strain: The larger strain; the smaller is half of it.
        displacement: Of an atom, for the force constants, Å.

    Raises:
        InputError: the structure is not periodic in three directions, or has no stress.
        NotConverged: the atoms are not at a minimum inside the cell.
    """
    volume, pairs = atoms.get_volume(), np.array(_pairs())
    route = _by_stress(potential, atoms, strain, displacement, [*pairs, *-pairs])
    largest = np.abs(route.clamped).max()
    symmetric = (route.clamped + route.clamped.T) / 2
    energy = _energy_route(route.found.energies, strain, volume)
    return ElasticConstants(
        stiffness_voigt=route.relaxed * EV_A3,
        clamped_voigt=symmetric * EV_A3,
        energy_voigt=energy * EV_A3,
        asymmetry=float(np.abs(route.clamped - route.clamped.T).max() / largest),
        step_error=float(np.abs(route.change).max() / 3 / largest),
        route_difference=float(np.abs(energy - symmetric).max() / largest),
        residual_stress=float(np.abs(route.found.stresses[0]).max() * EV_A3),
        stable=bool(np.linalg.eigvalsh(route.relaxed).min() > 0),
        cost=route.found.cost,
    )


def relaxed_stiffness(
    potential: Potential, atoms: Atoms, *, strain: float = 5e-3, displacement: float = 0.01
) -> FloatArray:
    """(6, 6) Pa: `elastic_constants(...).stiffness_voigt` without its checks, of less than half as many structures.

    Raises:
        InputError: the structure is not periodic in three directions, or has no stress.
        NotConverged: the atoms are not at a minimum inside the cell.
    """
    return _by_stress(potential, atoms, strain, displacement).relaxed * EV_A3


def strained(atoms: Atoms, strain_voigt: FloatArray) -> Atoms:
    """A copy under a symmetric small strain (6,), engineering shear; the atoms follow the cell."""
    strain = np.zeros((3, 3))
    for value, (i, j) in zip(strain_voigt, VOIGT_PAIRS, strict=True):
        strain[i, j] += value / 2
        strain[j, i] += value / 2
    copy = atoms.copy()
    copy.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    return copy


class _StressRoute(NamedTuple):
    """Stiffnesses (6, 6) in eV/Å³ with the atoms following the strain and relaxed, and by how much the last halving changed them."""

    found: Evaluation
    clamped: FloatArray
    change: FloatArray
    relaxed: FloatArray


def _by_stress(
    potential: Potential, atoms: Atoms, strain: float, displacement: float, others: Sequence[FloatArray] = ()
) -> _StressRoute:
    """By differences of the stress; `others` are strains, over `strain`, that are evaluated in the same batch."""
    if not np.all(atoms.pbc):
        raise InputError("Elastic constants need a crystal that is periodic in three directions; set pbc=True.")
    voigt = np.eye(6)
    strains = strain * np.array([np.zeros(6), *voigt, *-voigt, *voigt / 2, *-voigt / 2, *others])
    moves = _moves(len(atoms), displacement)
    found = potential.evaluate([strained(atoms, e) for e in strains] + [_moved(atoms, move) for move in moves])
    if np.isnan(found.stresses).any():
        raise InputError(f"Potential {potential.name!r} gives no stress, which elastic constants need.")
    stress = np.array([[sigma[i, j] for i, j in VOIGT_PAIRS] for sigma in found.stresses])
    clamped, change = _strain_derivative(stress, strain)
    inside = _internal_relaxation(found, strain, displacement, len(strains), len(atoms)) / atoms.get_volume()
    return _StressRoute(found, clamped, change, (clamped + clamped.T) / 2 - inside)


def _pairs() -> list[FloatArray]:
    """Unit strains along two components at a time."""
    voigt = np.eye(6)
    return [voigt[i] + voigt[j] for i, j in combinations_with_replacement(range(6), 2) if i < j]


def _strain_derivative(values: FloatArray, strain: float) -> tuple[FloatArray, FloatArray]:
    """Richardson's ∂values/∂ε (m, 6), and by how much the halved strain changes it."""
    full = (values[1:7] - values[7:13]).T / (2 * strain)
    half = (values[13:19] - values[19:25]).T / strain
    return (4 * half - full) / 3, half - full


def _energy_route(energies: FloatArray, strain: float, volume: float) -> FloatArray:
    """Second differences: C_ij = ∂²E/∂ε_i∂ε_j / V, eV/Å³; the order is that of the strains above."""
    zero, plus, minus = energies[0], energies[1:7], energies[7:13]
    both = iter(energies[25:40] + energies[40:55])
    stiffness = np.diag(plus + minus - 2 * zero)
    for i, j in combinations_with_replacement(range(6), 2):
        if i < j:
            mixed = (next(both) - plus[i] - minus[i] - plus[j] - minus[j] + 2 * zero) / 2
            stiffness[i, j] = stiffness[j, i] = mixed
    return stiffness / (strain**2 * volume)


def _moves(atoms: int, displacement: float) -> FloatArray:
    """Displacements (6N, N, 3) of one coordinate each, plus and minus; none for a lone atom."""
    if atoms == 1:
        return np.zeros((0, 1, 3))
    unit = np.eye(3 * atoms).reshape(-1, atoms, 3) * displacement
    return np.concatenate([unit, -unit])


def _moved(atoms: Atoms, move: FloatArray) -> Atoms:
    copy = atoms.copy()
    copy.positions += move
    return copy


def _internal_relaxation(found: Evaluation, strain: float, displacement: float, offset: int, atoms: int) -> FloatArray:
    """Λᵀ K⁺ Λ (6, 6), eV: what the atoms give back when they relax inside the strained cell."""
    if atoms == 1:
        return np.zeros((6, 6))
    forces = np.array([force.ravel() for force in found.forces])
    coupling, _ = _strain_derivative(forces, strain)
    n = 3 * atoms
    constants = -(forces[offset : offset + n] - forces[offset + n :]) / (2 * displacement)
    values, modes = np.linalg.eigh((constants + constants.T) / 2)
    rigid = np.tile(np.eye(3), (atoms, 1)) / np.sqrt(atoms)
    internal = np.linalg.norm(rigid.T @ modes, axis=0) < 0.5
    if values[internal].min() <= 0:
        raise NotConverged(
            f"An atom's displacement lowers the energy (force constant {values[internal].min():.3g} eV/Å²): the "
            "structure is not at a minimum inside its cell; relax it first."
        )
    response = modes[:, internal].T @ coupling
    return response.T @ (response / values[internal, None])
