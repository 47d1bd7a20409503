"""Phonon bands and densities of states by phonopy, from as few displacements as the crystal's symmetry allows.

phonopy (Togo, J. Phys. Soc. Jpn. 92 (2023) 012001) is optional: pip install 'multiscale-coupling[phonopy]'.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from atomistic.properties.phonon import ATOMIC_MASS, require_crystal
from coupling.contracts import Cost, FloatArray, Potential
from coupling.errors import InputError, MissingBackend
from coupling.units import ANGSTROM, EV

if TYPE_CHECKING:
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

TERAHERTZ = float(np.sqrt(EV / ATOMIC_MASS) / ANGSTROM / (2e12 * np.pi))
"""ν in THz of √(1 eV/(Å² u)), from this package's constants."""


@dataclass(frozen=True)
class PhononBands:
    """Frequencies along a path through the Brillouin zone.

    Attributes:
        wave_vectors: (q, 3) in units of the reciprocal cell vectors.
        distances: (q,) length of the path up to there, 1/Å, without 2π.
        frequencies: (q, 3N) ν, THz, rising; imaginary ones as negative.
        labels: Name and place on the path of each special point.
    """

    wave_vectors: FloatArray
    distances: FloatArray
    frequencies: FloatArray
    labels: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class DensityOfStates:
    """The number of modes per frequency and cell.

    Attributes:
        frequencies: (f,) ν, THz.
        density: (f,) 1/THz; its integral is 3N.
    """

    frequencies: FloatArray
    density: FloatArray


@dataclass(frozen=True)
class LatticeDynamics:
    """A crystal's harmonic force constants, in phonopy.

    Attributes:
        model: The `phonopy.Phonopy` object, for all else that it offers; its frequencies are in THz.
        atoms: The cell.
        displacements: Structures that were computed.
        without_symmetry: Structures that both signs of all coordinates would have taken.
        cost: Computational cost.
    """

    model: "Phonopy"
    atoms: Atoms
    displacements: int
    without_symmetry: int
    cost: Cost

    def frequencies(self, wave_vectors: FloatArray) -> FloatArray:
        """ν (q, 3N), THz, rising, at wave vectors (q, 3) in units of the reciprocal cell vectors; imaginary ones as negative."""
        return np.array(self.model.run_qpoints(np.atleast_2d(wave_vectors)).frequencies)

    def bands(self, path: str | None = None, points: int = 200) -> PhononBands:
        """Frequencies along a path.

        Args:
            path: Special points of the lattice, such as "GXWKGL", where a comma is a jump; by default the usual path of the
                lattice (Setyawan and Curtarolo, Comput. Mater. Sci. 49 (2010) 299).
            points: Wave vectors on it.

        Raises:
            InputError: the lattice has no such special point.
        """
        try:
            way = self.atoms.cell.bandpath(path, npoints=points)
        except (KeyError, ValueError) as error:
            known = ", ".join(self.atoms.cell.bandpath(npoints=0).special_points)
            raise InputError(
                f"The path {path!r} is not one of this lattice; its special points are {known}."
            ) from error
        distances, places, labels = way.get_linear_kpoint_axis()
        named = tuple((label, float(place)) for label, place in zip(labels, places, strict=True))
        return PhononBands(way.kpts, distances, self.frequencies(way.kpts), named)

    def density_of_states(self, mesh: tuple[int, int, int] = (20, 20, 20), points: int = 400) -> DensityOfStates:
        """Density of states by linear tetrahedra.

        Args:
            mesh: Wave vectors along each reciprocal cell vector.
            points: Frequencies.

        Raises:
            InputError: the mesh or the number of frequencies is not positive.
        """
        if min(mesh) < 1 or points < 2:
            raise InputError(
                f"A mesh of {tuple(mesh)} and {points} frequencies: all must be positive, the last above one."
            )
        found = self.model.run_mesh(mesh, is_gamma_center=True).frequencies
        low, high = float(found.min()), float(found.max())
        margin = 0.01 * (high - low)
        low, high = low - margin, high + margin
        dos = self.model.run_total_dos(freq_min=low, freq_max=high, freq_pitch=(high - low) / (points - 1))
        return DensityOfStates(np.array(dos.frequency_points), np.array(dos.dos))


def lattice_dynamics(
    potential: Potential, atoms: Atoms, *, repeats: tuple[int, int, int] = (3, 3, 3), displacement: float = 0.02
) -> LatticeDynamics:
    """Force constants from displacements that differ by the crystal's symmetry, all in one batch.

    Args:
        potential: The potential.
        atoms: The cell, free of forces.
        repeats: The supercell.
        displacement: Å; each is taken with both signs where symmetry does not make them equal.

    Raises:
        InputError: the structure is not periodic, or the supercell or the displacement is not positive.
        MissingBackend: phonopy is not installed.
    """
    require_crystal(atoms, repeats, displacement)
    if find_spec("phonopy") is None:
        raise MissingBackend(
            "Phonon bands need phonopy, which is not installed; install it with: pip install 'multiscale-coupling[phonopy]'"
        )
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    cell = PhonopyAtoms(
        numbers=atoms.numbers, masses=atoms.get_masses(), cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions()
    )  # fmt: skip
    model = Phonopy(cell, np.diag(repeats), primitive_matrix="P")
    model.unit_conversion_factor = TERAHERTZ
    model.generate_displacements(distance=displacement)
    moved = [_structure(one) for one in model.supercells_with_displacements or ()]
    found = potential.evaluate(moved)
    model.forces = np.array(found.forces)
    model.produce_force_constants(show_drift=False)
    return LatticeDynamics(model, atoms.copy(), len(moved), 6 * len(atoms), found.cost)


def _structure(cell: "PhonopyAtoms") -> Atoms:
    """The same structure, in ASE's words."""
    return Atoms(cell.numbers, cell.positions, cell=cell.cell, masses=cell.masses, pbc=True)
