"""Harmonic vibrations of supercells: frequencies, free energies, and how far the softest modes are from oscillators."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy import constants as physics

from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, unknown_choice
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV

Statistics = Literal["classical", "quantum"]
_DISPLACEMENT = 0.01  # Å
_UNSTABLE = 1e-6  # of the largest ω²: below it a mode is free or unstable
_CHUNK = 64
_ANHARMONIC = 0.1
"""Of kT/2: what the energy of a softest mode at its thermal amplitude may lack or exceed. A quartic term has by
then changed the mode's free energy by 0.15 kT; a mode that softens towards an instability passes that at once."""
_PLANCK_EV: float = physics.hbar / EV
_SI = EV / ANGSTROM**2 / physics.atomic_mass
"""(1/s)² per (eV/Å²)/u: squares of angular frequencies."""


class Vibrational(NamedTuple):
    """Vibrations of n structures.

    Attributes:
        free_energy: (n,) of the supercell, eV; NaN where a mode is unstable.
        anharmonicity: (n,) of the softest mode at each wave vector, see `anharmonicity`; 0 where a mode is unstable.
    """

    free_energy: FloatArray
    anharmonicity: FloatArray

    @property
    def harmonic(self) -> NDArray[np.bool_]:
        """(n,) whether the softest modes are still oscillators at their thermal amplitudes."""
        return self.anharmonicity <= _ANHARMONIC


def free_energy(angular: FloatArray, temperature: float, statistics: Statistics = "quantum") -> float:
    """Helmholtz free energy of harmonic oscillators, eV.

    Args:
        angular: Angular frequencies ω > 0, 1/s.
        temperature: K; 0 leaves the zero-point energy (quantum) or nothing (classical).
        statistics: Σ ħω/2 + kT ln(1 − e^(−ħω/kT)), or its classical limit Σ kT ln(ħω/kT).

    Raises:
        InputError: the statistics are unknown, or the temperature is negative.
    """
    if statistics not in ("classical", "quantum"):
        raise unknown_choice("statistics", statistics, ("classical", "quantum"))
    if not temperature >= 0:
        raise InputError(f"A temperature of {temperature} K is none; give 0 K or more.")
    quanta, thermal = _PLANCK_EV * np.asarray(angular, dtype=float), BOLTZMANN_EV * temperature
    if statistics == "classical":
        return float(thermal * np.log(quanta / thermal).sum()) if thermal else 0.0
    excited = thermal * np.log(-np.expm1(-quanta / thermal)).sum() if thermal else 0.0
    return float(quanta.sum() / 2 + excited)


def frequencies(
    constants: FloatArray, repeats: tuple[int, int, int], masses: FloatArray, held: FloatArray
) -> FloatArray:
    """Angular frequencies of a supercell with linear combinations of coordinates held at Γ.

    Args:
        constants: (3N, cells, 3N) force constants between the first cell and all, eV/Å².
        repeats: The supercell.
        masses: (N,) u.
        held: (m, 3N) coefficients of the coordinates that keep their values, translations not among them.

    Returns:
        (3N·cells − 3 − m,) ω, 1/s; of unstable modes NaN.
    """
    matrices = _dynamical(constants, repeats, masses, held)
    squared = np.concatenate([np.linalg.eigvalsh(matrix) for _, matrix, _ in matrices])
    return np.sqrt(np.where(squared > _UNSTABLE * squared.max(), squared, np.nan) * _SI)


def _dynamical(
    constants: FloatArray, repeats: tuple[int, int, int], masses: FloatArray, held: FloatArray
) -> Iterator[tuple[FloatArray, NDArray[np.complex128], FloatArray]]:
    """Of each wave vector of the supercell the dynamical matrix (eV/Å²/u) of what is free, and its basis (rows, 3N)."""
    grid = _cells(repeats)
    weight = 1.0 / np.sqrt(np.repeat(masses, 3))
    for wave in grid / np.array(repeats):
        dynamical = np.einsum("icj,c->ij", constants, np.exp(2j * np.pi * grid @ wave)) * np.outer(weight, weight)
        dynamical, basis = 0.5 * (dynamical + dynamical.conj().T), np.eye(len(weight))
        if not wave.any():
            translations = np.tile(np.eye(3), len(masses)) / weight
            fixed = np.vstack([translations, held * weight])
            basis = np.linalg.svd(fixed, full_matrices=True)[2][len(fixed) :]
            dynamical = basis @ dynamical.real @ basis.T
        yield wave, dynamical, basis


def _cells(repeats: tuple[int, int, int]) -> FloatArray:
    """(cells, 3) places of a supercell's cells, in the order of `ase.Atoms.repeat`."""
    return np.array(list(np.ndindex(*repeats)))


def softest_modes(
    constants: FloatArray, repeats: tuple[int, int, int], masses: FloatArray, held: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Of each wave vector k the mode of least frequency, and how it moves the supercell; of k and −k one.

    Args:
        constants: As of `frequencies`, the rest, too.
        repeats: The supercell.
        masses: (N,) u.
        held: (m, 3N) coordinates held.

    Returns:
        (w,) stiffnesses κ, eV/Å², and (w, cells·N, 3) displacements of unit norm: the harmonic energy of A of them is κA²/2.
    """
    stiffness, displacements = [], []
    for wave, matrix, basis in _dynamical(constants, repeats, masses, held):
        if not len(matrix) or tuple(-wave % 1.0) < tuple(wave):  # at Γ one atom is only translated
            continue
        squared, modes = np.linalg.eigh(matrix)
        mode = basis.T @ modes[:, 0]
        mode = mode * np.exp(-1j * np.angle(mode[np.argmax(np.abs(mode))]))  # the largest component moves
        waves = np.exp(2j * np.pi * _cells(repeats) @ wave)
        moved = (waves[:, None] * mode).real.reshape(len(waves), -1, 3) / np.sqrt(masses)[:, None]
        moved /= np.linalg.norm(moved)
        stiffness.append(float(squared[0] * np.sum(masses[:, None] * moved**2)))
        displacements.append(moved.reshape(-1, 3))
    return np.array(stiffness), np.array(displacements)


def anharmonicity(
    potential: Potential, supercell: Atoms, stiffness: FloatArray, modes: FloatArray, temperature: float
) -> float:
    """How far modes are from oscillators at their classical amplitudes A = √(kT/κ), where these have the energy kT/2.

    Args:
        potential: The interatomic potential.
        supercell: The structure in equilibrium, N atoms.
        stiffness: (w,) κ > 0, eV/Å².
        modes: (w, N, 3) displacements of unit norm.
        temperature: K.

    Returns:
        The largest |E(±A) − E(0) − kT/2| over kT/2: 2λA²/κ for a term λu⁴, which changes the free energy by 3/2 kT of
        that to first order; 1/3 where a cubic term has its inflection at A. 0 without temperature.
    """
    thermal = 0.5 * BOLTZMANN_EV * temperature
    if not thermal:
        return 0.0
    steps = np.sqrt(2 * thermal / stiffness)[:, None, None] * modes
    moved = [supercell.copy() for _ in range(1 + 2 * len(steps))]
    for atoms, step in zip(moved[1:], np.concatenate([steps, -steps]), strict=True):
        atoms.positions += step
    energies = np.concatenate(
        [potential.evaluate(moved[i : i + _CHUNK]).energies for i in range(0, len(moved), _CHUNK)]
    )
    return float(np.abs(energies[1:] - energies[0] - thermal).max() / thermal)


def vibrational(
    potential: Potential,
    structures: Sequence[Atoms],
    repeats: tuple[int, int, int],
    temperature: float,
    *,
    statistics: Statistics = "quantum",
    held: FloatArray | None = None,
    progress: Progress = silent,
) -> Vibrational:
    """Vibrations of the supercells of structures.

    Args:
        potential: The interatomic potential.
        structures: n structures of the same atoms.
        repeats: The supercell whose wave vectors are summed.
        temperature: K.
        statistics: Quantum or classical.
        held: (m, 3N) coordinates held at Γ.
        progress: Told after each structure.
    """
    found = []
    for k, atoms in enumerate(structures):
        fixed = np.zeros((0, 3 * len(atoms))) if held is None else held
        known = force_constants(potential, atoms, repeats), repeats, atoms.get_masses(), fixed
        energy, away = free_energy(frequencies(*known), temperature, statistics), 0.0
        if np.isfinite(energy):
            away = anharmonicity(potential, atoms * repeats, *softest_modes(*known), temperature)
        found.append((energy, away))
        progress("vibrations", k + 1, len(structures))
    return Vibrational(*np.array(found).T)


def force_constants(potential: Potential, atoms: Atoms, repeats: tuple[int, int, int]) -> FloatArray:
    """(3N, cells, 3N) between the first cell of a supercell and all, by central differences, eV/Å²."""
    moved = []
    for coordinate in range(3 * len(atoms)):
        for sign in (1, -1):
            copy = atoms * repeats
            copy.positions[coordinate // 3, coordinate % 3] += sign * _DISPLACEMENT
            moved.append(copy)
    forces = [f for i in range(0, len(moved), _CHUNK) for f in potential.evaluate(moved[i : i + _CHUNK]).forces]
    pairs = np.array(forces).reshape(3 * len(atoms), 2, int(np.prod(repeats)), 3 * len(atoms))
    return np.asarray(-(pairs[:, 0] - pairs[:, 1]) / (2 * _DISPLACEMENT))
