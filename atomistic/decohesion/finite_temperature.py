"""The normal path at a temperature, quasi-harmonic: vibrations of the opened cell and of its bulk references.

To first order in the vibrations the free energy of a system at fixed opening is its static energy plus the
vibrational free energy at the static equilibrium, on the stable and on the unstable branch alike, with the
gap held: the mode that opens the interface is projected out, so that what is found is the potential of mean
force of the gap. The bulk references are taken at the same traction and with all wave vectors that fit the
slab, so that closed interface and bulk have the same modes.

The in-plane cell is held at the crystal's own lattice parameter at the temperature (`heated`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Self

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy import constants as physics

from atomistic.decohesion.layered import Layered, closed_gap
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged, unknown_choice
from coupling.interface.excess import taken_away
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV

Statistics = Literal["classical", "quantum"]
_DISPLACEMENT = 0.01  # Å
_UNSTABLE = 1e-6  # of the largest ω²: below it a mode is free or unstable
_CHUNK = 64
_PLANCK_EV: float = physics.hbar / EV


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
    grid = np.array(list(np.ndindex(*repeats)))
    weight = 1.0 / np.sqrt(np.repeat(masses * physics.atomic_mass, 3))
    squared = []
    for wave in grid / np.array(repeats):
        dynamical = np.einsum("icj,c->ij", constants, np.exp(2j * np.pi * grid @ wave)) * np.outer(weight, weight)
        dynamical = 0.5 * (dynamical + dynamical.conj().T) * EV / ANGSTROM**2
        if not wave.any():
            translations = np.tile(np.eye(3), len(masses)) / weight
            fixed = np.vstack([translations, held * weight])
            basis = np.linalg.svd(fixed, full_matrices=True)[2][len(fixed) :]
            dynamical = basis @ dynamical.real @ basis.T
        squared.append(np.linalg.eigvalsh(dynamical))
    everything = np.concatenate(squared)
    return np.sqrt(np.where(everything > _UNSTABLE * everything.max(), everything, np.nan))


def vibrational(
    potential: Potential,
    structures: Sequence[Atoms],
    repeats: tuple[int, int, int],
    temperature: float,
    *,
    statistics: Statistics = "quantum",
    held: FloatArray | None = None,
    progress: Progress = silent,
) -> FloatArray:
    """(n,) vibrational free energies of the supercells of structures, eV; NaN where a mode is unstable.

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
        count, cells = len(atoms), int(np.prod(repeats))
        moved = []
        for coordinate in range(3 * count):
            for sign in (1, -1):
                copy = atoms * repeats
                copy.positions[coordinate // 3, coordinate % 3] += sign * _DISPLACEMENT
                moved.append(copy)
        forces = [f for i in range(0, len(moved), _CHUNK) for f in potential.evaluate(moved[i : i + _CHUNK]).forces]
        pairs = np.array(forces).reshape(3 * count, 2, cells, 3 * count)
        constants = -(pairs[:, 0] - pairs[:, 1]) / (2 * _DISPLACEMENT)
        fixed = np.zeros((0, 3 * count)) if held is None else held
        found.append(free_energy(frequencies(constants, repeats, atoms.get_masses(), fixed), temperature, statistics))
        progress("vibrations", k + 1, len(structures))
    return np.array(found)


def gap_coordinates(cell: Layered, components: Sequence[int] = (2,)) -> FloatArray:
    """(interfaces × components, 3N) "mean place of the plane above an interface less that of the plane below".

    At a fixed cell vector the coordinate of the last interface, through the cell's top, is what it adds to that.

    Args:
        cell: The closed crystal, or a `Bicrystal`.
        components: Of 0, 1, 2 (x, y, z): the normal gap alone, or gap and slips.
    """
    rows = []
    for k in range(len(cell.bodies)):
        below, above = cell.faces[k][1], cell.faces[(k + 1) % len(cell.bodies)][0]
        for component in components:
            combination = np.zeros((len(cell.atoms), 3))
            combination[above, component] += 1.0 / len(above)
            combination[below, component] -= 1.0 / len(below)
            rows.append(combination.ravel())
    return np.array(rows)


@dataclass(frozen=True)
class Vibrations:
    """Vibrational free energies along a relaxed path, per area of one interface, up to constants.

    Attributes:
        slab: (n,) of the cell's share of one interface, eV/Å²; 0 where it is not known.
        repeats: (crystals, n) of one lattice repeat of each crystal at the same tractions, eV/Å²; 0 where not known.
        known: (n,) whether there is an equilibrium and all its modes are stable.
        layers: (crystals,) repeats that are taken away for one interface, the closed spacing left to the law.
        spacing: (crystals,) the repeats that the closed spacing is.
    """

    slab: FloatArray
    repeats: FloatArray
    known: NDArray[np.bool_]
    layers: FloatArray
    spacing: FloatArray

    @classmethod
    def of(cls, slab: FloatArray, repeats: FloatArray, layers: FloatArray, spacing: FloatArray) -> Self:
        """Of energies that are NaN where they are not known."""
        known = np.isfinite(slab) & np.isfinite(repeats).all(axis=0)
        return cls(np.where(known, slab, 0.0), np.where(known, repeats, 0.0), known, layers, spacing)

    @property
    def excess(self) -> FloatArray:
        """(n,) vibrational excess of the interface with its closed spacing, eV/Å²; NaN where it is not known."""
        return np.where(self.known, self.slab - self.layers @ self.repeats, np.nan)

    @property
    def of_spacing(self) -> FloatArray:
        """(n,) what the closed spacing has of it as bulk, eV/Å²; NaN where it is not known."""
        return np.where(self.known, self.spacing @ self.repeats, np.nan)


def path_vibrations(
    potential: Potential,
    cell: Layered,
    opened: Sequence[Atoms],
    bulks: Sequence[Sequence[Atoms]],
    temperature: float,
    *,
    components: Sequence[int] = (0, 1, 2),
    in_plane: int = 2,
    statistics: Statistics = "quantum",
    progress: Progress = silent,
) -> Vibrations:
    """Vibrations of the opened cell, gap (and slip) held, and of its bulk references, with the wave vectors that fit the cell.

    Args:
        potential: The interatomic potential.
        cell: The closed crystal, or a `Bicrystal`.
        opened: n structures of the path.
        bulks: Of each crystal n lattice repeats at the same tractions.
        temperature: K.
        components: What is held, see `gap_coordinates`; gap and slip, since a law is a function of both.
        in_plane: In-plane repeats of the supercell.
        statistics: Quantum or classical.
        progress: Told after each structure.
    """
    vibrating = partial(vibrational, statistics=statistics, progress=progress)
    repeats, units = zip(*cell.crystals, strict=True)
    area = cell.area * in_plane**2
    tilt = sum(count * unit.atoms.cell.array[2, :2] for count, unit in cell.crystals)
    upright = [
        _tilted(atoms, tilt) for atoms in opened
    ]  # closed, one crystal: the bulk's own supercell, so that all waves agree
    held = gap_coordinates(cell, components)
    slab = vibrating(potential, upright, (in_plane, in_plane, 1), temperature, held=held)
    own = [
        vibrating(potential, structures, (in_plane, in_plane, count), temperature) / (count * area)
        for count, structures in zip(repeats, bulks, strict=True)
    ]
    heights, spacings = (
        np.array(v) for v in zip(*((u.atoms.cell[2, 2], closed_gap(u, u.atoms)) for u in units), strict=True)
    )
    without, whole = (taken_away(repeats, len(cell.bodies), heights, spacings, gap) for gap in ("in law", "in bulk"))
    return Vibrations.of(slab / (len(cell.bodies) * area), np.array(own), without, whole - without)


def _tilted(atoms: Atoms, tilt: FloatArray) -> Atoms:
    """The same structure with the in-plane part of its third cell vector as near to a tilt as lattice vectors bring it."""
    atoms = atoms.copy()
    cell = atoms.cell.array.copy()
    cell[2, :2] -= np.round((cell[2, :2] - tilt) @ np.linalg.inv(cell[:2, :2])) @ cell[:2, :2]
    atoms.set_cell(cell, scale_atoms=False)
    return atoms


def heated(
    potential: Potential,
    primitive: Atoms,
    temperature: float,
    *,
    statistics: Statistics = "quantum",
    repeats: int = 3,
    largest: float = 0.03,
    progress: Progress = silent,
) -> Atoms:
    """A cubic crystal in equilibrium, scaled to the lattice parameter of least quasi-harmonic free energy.

    Args:
        potential: The interatomic potential.
        primitive: The static crystal; its atoms keep their scaled positions.
        temperature: K.
        statistics: Quantum or classical.
        repeats: Repeats of the cell whose wave vectors are summed.
        largest: Largest expansion looked at.
        progress: Told after each lattice parameter.

    Raises:
        InputError: the crystal is not cubic.
        NotConverged: there is no minimum up to the largest expansion.
    """
    species = primitive.get_chemical_formula(empirical=True)
    if primitive.cell.get_bravais_lattice(eps=1e-4).name not in ("CUB", "FCC", "BCC"):
        raise InputError(
            f"{species} is not cubic, and the anisotropic expansion of other crystals is not computed; give the crystal's lattice "
            "at the temperature as a file, without a temperature."
        )
    stretches = np.linspace(1 - largest / 4, 1 + largest, 8)
    cells = [_scaled(primitive, x) for x in stretches]
    vibrations = vibrational(potential, cells, (repeats,) * 3, temperature, statistics=statistics, progress=progress)
    stable = np.isfinite(vibrations)
    stretches, energy = stretches[stable], (potential.evaluate(cells).energies + vibrations / repeats**3)[stable]
    if stable.sum() < 6:
        raise NotConverged(f"{species} is not stable as it expands, so it has no quasi-harmonic lattice parameter.")
    curve = np.polynomial.Polynomial.fit(stretches, energy, 5)
    roots = curve.deriv().roots()
    minima = [
        float(r.real)
        for r in roots
        if abs(r.imag) < 1e-12 and stretches[0] < r.real < stretches[-1] and curve.deriv(2)(r.real) > 0
    ]
    if len(minima) != 1:
        raise NotConverged(
            f"{species} has no lattice parameter at {temperature:g} K within {largest:g} of the static one."
        )
    return _scaled(primitive, minima[0])


def _scaled(atoms: Atoms, factor: float) -> Atoms:
    scaled = atoms.copy()
    scaled.set_cell(atoms.cell.array * factor, scale_atoms=True)
    return scaled
