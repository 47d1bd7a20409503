"""Embedded-atom potentials from tabulated files, through matscipy."""

from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from atomistic.potentials.devices import require_cpu
from atomistic.potentials.fingerprint import file_hash, fingerprint
from atomistic.potentials.serial import SerialPotential
from coupling.errors import InputError

KINDS = {".eam.alloy": "eam/alloy", ".eam.fs": "eam/fs", ".eam": "eam"}


def load(name: str, device: str, dtype: str | None) -> SerialPotential:
    """An embedded-atom potential in one of LAMMPS's file formats (funcfl, setfl, Finnis-Sinclair).

    Args:
        name: Path of an `.eam`, `.eam.alloy` or `.eam.fs` file.
        device: "auto" or "cpu".
        dtype: None or "float64".

    Raises:
        InputError: the file is not in the format of its suffix.
    """
    from matscipy.calculators.eam import EAM

    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    suffix = next(suffix for suffix in KINDS if name.endswith(suffix))
    try:
        calculator = EAM(name, kind=KINDS[suffix])
        _trust_symbols(calculator, name, KINDS[suffix])
    except Exception as error:
        raise InputError(f"File {name!r} cannot be read as {KINDS[suffix]}: {error}.") from error
    return SerialPotential(
        name=name,
        elements=frozenset(int(number) for number in calculator._db_atomic_numbers),
        cutoff=float(calculator.cutoff),
        fingerprint=fingerprint("eam", file_hash(Path(name)), {"kind": KINDS[suffix]}, ("matscipy", "scipy", "numpy")),
        calculator=calculator,
        needs_cell=True,
    )


def _trust_symbols(calculator: Any, name: str, kind: str) -> None:
    """Take the elements from a setfl file's symbols, as LAMMPS does: many files number them 1, 2, ..."""
    if kind == "eam":
        return
    with Path(name).open() as file:
        symbols = [file.readline() for _ in range(4)][3].split()[1:]
    numbers = np.array([atomic_numbers[symbol] for symbol in symbols])
    calculator._db_atomic_numbers = numbers
    calculator.atnum_to_index = np.full(numbers.max() + 1, -1)
    calculator.atnum_to_index[numbers] = np.arange(len(numbers))
