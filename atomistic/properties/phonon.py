"""Vibrations from finite displacements: frequencies at Γ, the largest one, and a safe time step."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy import constants as physics

from atomistic.properties.measurement import Measurement
from coupling.contracts import Cost, FloatArray, Potential
from coupling.errors import InputError
from coupling.units import ANGSTROM, EV

ATOMIC_MASS: float = physics.atomic_mass
"""kg."""
STEPS_PER_PERIOD = 20
"""Time steps in the shortest period; Verlet's limit of stability is π of them."""


@dataclass(frozen=True)
class Phonons:
    """Harmonic frequencies at the wave vectors that fit a supercell.

    Attributes:
        wave_vectors: (q, 3) in units of the reciprocal cell vectors; the first is Γ.
        frequencies: (q, 3N) ν, THz, rising; imaginary ones as negative.
        largest: The largest of all, THz; its error is the difference from the smaller displacement.
        safe_time_step: Shortest period / 20, s.
        sum_rule: Largest force on the whole crystal when one atom moves, over the largest on an atom.
        stable: No frequency is imaginary beyond the sum rule's error.
        cost: Computational cost.
    """

    wave_vectors: FloatArray
    frequencies: FloatArray
    largest: Measurement
    safe_time_step: float
    sum_rule: float
    stable: bool
    cost: Cost

    @property
    def gamma(self) -> FloatArray:
        """(3N,) frequencies at Γ, THz; the first three are the translations."""
        return self.frequencies[0]


def phonons(
    potential: Potential, atoms: Atoms, *, repeats: tuple[int, int, int] = (3, 3, 3), displacement: float = 0.02
) -> Phonons:
    """Frequencies from central differences of the forces, all displacements in one batch.

    Frequencies at wave vectors that fit the supercell are exact whatever the force constants'
    range, since the periodic images add up (Parlinski, Li, Kawazoe, Phys. Rev. Lett. 78 (1997) 4063).

    Args:
        potential: The potential.
        atoms: The primitive cell, free of forces.
        repeats: The supercell.
        displacement: Å; the error is read off from half of it.

    Raises:
        InputError: the structure is not periodic, or the supercell or the displacement is not positive.
    """
    require_crystal(atoms, repeats, displacement)
    n, cells = len(atoms), int(np.prod(repeats))
    supercell = atoms * tuple(repeats)
    moved = []
    for step in (displacement, displacement / 2):
        for coordinate in range(3 * n):
            for sign in (step, -step):
                copy = supercell.copy()
                copy.positions[coordinate // 3, coordinate % 3] += sign
                moved.append(copy)
    found = potential.evaluate(moved)
    forces = np.array(found.forces).reshape(2, 3 * n, 2, cells, 3 * n)
    steps = np.array([displacement, displacement / 2])[:, None, None, None]
    constants = -(forces[:, :, 0] - forces[:, :, 1]) / (2 * steps)
    grid = np.array(list(np.ndindex(*repeats)))
    vectors = grid / np.array(repeats)
    coarse, fine = (_frequencies(c, grid, vectors, atoms.get_masses()) for c in constants)
    top = float(fine.max())
    rule = float(np.abs(constants[1].reshape(3 * n, cells * n, 3).sum(1)).max() / np.abs(constants[1]).max())
    return Phonons(
        wave_vectors=vectors,
        frequencies=fine,
        largest=Measurement(top, "THz", float(abs(top - coarse.max())), "twice the displacement"),
        safe_time_step=1e-12 / (STEPS_PER_PERIOD * top),
        sum_rule=rule,
        stable=bool(fine.min() > -top * max(np.sqrt(rule), 1e-3)),
        cost=found.cost,
    )


def require_crystal(atoms: Atoms, repeats: tuple[int, int, int], displacement: float) -> None:
    """Raise `InputError` unless atoms, supercell and displacement (Å) make sense."""
    if not np.all(atoms.pbc):
        raise InputError("Phonons need a crystal that is periodic in three directions; set pbc=True.")
    if min(repeats) < 1 or not displacement > 0:
        raise InputError(f"A supercell of {repeats} and a displacement of {displacement} Å must both be positive.")


def _frequencies(constants: FloatArray, grid: FloatArray, vectors: FloatArray, masses: FloatArray) -> FloatArray:
    """ν (q, 3N) THz of force constants (3N, cells, 3N), eV/Å²."""
    weight = 1 / np.sqrt(np.repeat(masses * ATOMIC_MASS, 3))
    found = []
    for q in vectors:
        phase = np.exp(2j * np.pi * grid @ q)
        dynamical = np.einsum("icj,c->ij", constants, phase) * np.outer(weight, weight) * EV / ANGSTROM**2
        squared = np.linalg.eigvalsh((dynamical + dynamical.conj().T) / 2)
        found.append(np.sign(squared) * np.sqrt(np.abs(squared)) / (2e12 * np.pi))
    return np.array(found)
