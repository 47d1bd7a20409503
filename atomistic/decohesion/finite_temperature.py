"""The normal path at a temperature, quasi-harmonic: vibrations of the opened cell and of its bulk references.

To first order in the vibrations the free energy of a system at fixed opening is its static energy plus the
vibrational free energy at the static equilibrium, on the stable and on the unstable branch alike, with the
gap held: the mode that opens the interface is projected out, so that what is found is the potential of mean
force of the gap. The bulk references are taken at the same traction and with all wave vectors that fit the
slab, so that closed interface and bulk have the same modes.

Where a mode softens the expansion fails before the mode is unstable: the softest mode of each wave vector is followed
to its thermal amplitude, and where its energy there is not that of an oscillator the vibrations are not known.

The in-plane cell is held at the crystal's own lattice parameter at the temperature (`heated`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.decohesion.layered import Layered, closed_gap
from atomistic.decohesion.vibrations import Statistics, vibrational
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged
from coupling.interface.excess import taken_away


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
        known: (n,) whether there is an equilibrium and all its modes are stable and harmonic.
        soft: (n,) whether all modes of an equilibrium are stable, and a softest one not harmonic at the temperature.
        layers: (crystals,) repeats that are taken away for one interface, the closed spacing left to the law.
        spacing: (crystals,) the repeats that the closed spacing is.
    """

    slab: FloatArray
    repeats: FloatArray
    known: NDArray[np.bool_]
    soft: NDArray[np.bool_]
    layers: FloatArray
    spacing: FloatArray

    @classmethod
    def of(
        cls,
        slab: FloatArray,
        repeats: FloatArray,
        harmonic: NDArray[np.bool_],
        layers: FloatArray,
        spacing: FloatArray,
    ) -> Self:
        """Of energies that are NaN where they are not known, and whether (n,) the modes are harmonic."""
        stable = np.isfinite(slab) & np.isfinite(repeats).all(axis=0)
        soft = stable & ~harmonic
        known = stable & ~soft
        return cls(np.where(known, slab, 0.0), np.where(known, repeats, 0.0), known, soft, layers, spacing)

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
        vibrating(potential, structures, (in_plane, in_plane, max(1, round(count))), temperature)
        for count, structures in zip(repeats, bulks, strict=True)
    ]
    heights, spacings = (
        np.array(v) for v in zip(*((u.atoms.cell[2, 2], closed_gap(u, u.atoms)) for u in units), strict=True)
    )
    without, whole = (taken_away(repeats, len(cell.bodies), heights, spacings, gap) for gap in ("in law", "in bulk"))
    harmonic = np.all([one.harmonic for one in (slab, *own)], axis=0)
    each = np.array([one.free_energy / (max(1, round(count)) * area) for count, one in zip(repeats, own, strict=True)])
    return Vibrations.of(slab.free_energy / (len(cell.bodies) * area), each, harmonic, without, whole - without)


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
    require_cubic(primitive)
    species = primitive.get_chemical_formula(empirical=True)
    stretches = np.linspace(1 - largest / 4, 1 + largest, 8)
    cells = [_scaled(primitive, x) for x in stretches]
    vibrations = vibrational(
        potential, cells, (repeats,) * 3, temperature, statistics=statistics, progress=progress
    ).free_energy
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


def require_cubic(crystal: Atoms) -> None:
    """Raise `InputError` unless one number says how a crystal expands."""
    if crystal.cell.get_bravais_lattice(eps=1e-4).name not in ("CUB", "FCC", "BCC"):
        raise InputError(
            f"{crystal.get_chemical_formula(empirical=True)} is not cubic, and the anisotropic expansion of other crystals is not "
            "computed; give the crystal's lattice at the temperature as a file, without a temperature."
        )


def _scaled(atoms: Atoms, factor: float) -> Atoms:
    scaled = atoms.copy()
    scaled.set_cell(atoms.cell.array * factor, scale_atoms=True)
    return scaled
