"""The fully atomistic problem of a concurrent study minimised by LAMMPS: its time, and that it finds the same."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.data import atomic_masses, chemical_symbols

from atomistic.potentials.eam_files import kind_of
from benchmarks.lammps_shear import lammps_without_output
from coupling.contracts import FloatArray
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL

_MARGIN = 5.0
"""Å of room around the atoms across the columns."""


@dataclass(frozen=True)
class Minimised:
    """What LAMMPS found.

    Attributes:
        style: Of the minimiser.
        seconds: Making the atoms and minimising; its start and the reading of the potential are not counted.
        processor_seconds: The same, of the processor: what other programs take does not count.
        evaluations: Of the forces.
        force: Largest component left on a free atom, eV/Å.
        corrector: (s, 3) displacement from the predictor at the free sites, in the order of `problem.sites`, Å.
    """

    style: str
    seconds: float
    processor_seconds: float
    evaluations: int
    force: float
    corrector: FloatArray


def minimised(problem: Problem, potential_file: Path, force: float, style: str = "cg") -> Minimised:
    """All atoms of a plane problem brought to equilibrium by LAMMPS, from the predictor.

    Those beyond the box are held, as in `Atomistic`; the wheel's `opt` pair style is used.

    Args:
        problem: In the plane, without surface or indenter.
        potential_file: A setfl or Finnis-Sinclair file of one element or more.
        force: Largest component of a force, eV/Å.
        style: Of the minimiser.
    """
    part = discretise("atomistic", problem, ALL).atomistic
    free = (np.abs(part.sites) < problem.half).all(axis=1)
    low, high = part.base.min(axis=0) - _MARGIN, part.base.max(axis=0) + _MARGIN
    symbol = chemical_symbols[problem.lattice.number]
    period = problem.deformation[2, 2] * problem.lattice.period
    positions = part.base.copy()
    positions[:, 2] %= period
    lammps = lammps_without_output(["-sf", "opt"])
    for line in (
        "units metal", "boundary f f p", "atom_style atomic", "atom_modify map array sort 0 0",
        f"region box block {low[0]:.12f} {high[0]:.12f} {low[1]:.12f} {high[1]:.12f} 0 {period:.15f}",
        "create_box 2 box", f"mass * {atomic_masses[problem.lattice.number]}",
        f"pair_style {kind_of(potential_file.name)}", f"pair_coeff * * {potential_file} {symbol} {symbol}",
    ):  # fmt: skip
        lammps.command(line)
    begun, worked = time.perf_counter(), time.process_time()
    count = len(positions)
    lammps.create_atoms(count, list(range(1, count + 1)), np.where(free, 1, 2).tolist(), positions.ravel().tolist())
    for line in (
        "group held type 2", "fix hold held setforce 0 0 0", f"min_style {style}", "min_modify norm inf",
        f"minimize 0 {force} 20000 40000",
    ):  # fmt: skip
        lammps.command(line)
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    found = np.array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3) - positions
    found[:, 2] -= period * np.round(found[:, 2] / period)
    left = np.array(lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)[free]
    evaluations = int(lammps.get_thermo("step"))
    lammps.close()
    return Minimised(style, seconds, processor, evaluations, float(np.abs(left).max()), found[free])


def fastest(problem: Problem, potential_file: Path, force: float) -> Minimised:
    """The faster of LAMMPS's conjugate gradients and FIRE; see `minimised`."""
    both = (minimised(problem, potential_file, force, style) for style in ("cg", "fire"))
    return min(both, key=lambda one: one.seconds)
