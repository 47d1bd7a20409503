"""Embedded-atom potentials from tabulated files, through matscipy."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from atomistic.potentials.crystal_laws import EmbeddedLaw
from atomistic.potentials.devices import require_cpu
from atomistic.potentials.embedded_atom import EmbeddedAtom
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import file_hash, fingerprint
from atomistic.potentials.inputs import checked
from atomistic.potentials.serial import SerialPotential
from atomistic.potentials.site_sums import EmbeddedSites
from atomistic.potentials.splines import UniformSpline
from atomistic.properties.elastic import VOIGT_PAIRS
from coupling.contracts import Capabilities, FloatArray, Structure
from coupling.errors import InputError

ENTRIES = (
    PotentialEntry(
        "*.eam.alloy", "eam", "An embedded-atom file in the form of this suffix",
        "atomistic.potentials.eam:load", ("matscipy",), place=90,
    ),
    PotentialEntry(
        "*.eam.fs", "eam", "An embedded-atom file in the form of this suffix",
        "atomistic.potentials.eam:load", ("matscipy",), place=90,
    ),
    PotentialEntry(
        "*.eam", "eam", "An embedded-atom file in the form of this suffix",
        "atomistic.potentials.eam:load", ("matscipy",), place=90,
    ),
)  # fmt: skip

KINDS = {".eam.alloy": "eam/alloy", ".eam.fs": "eam/fs", ".eam": "eam"}


@dataclass
class EmbeddedAtomPotential(SerialPotential):
    """Embedded atoms: by matscipy's calculator, and what their functions give in closed form."""

    @property
    def capabilities(self) -> Capabilities:
        """What it offers besides energies and forces."""
        return replace(super().capabilities, weighted_sites=True, differentiable_strain=True)

    @cached_property
    def functions(self) -> EmbeddedAtom:
        """F, ρ and φ."""
        return EmbeddedAtom(self.calculator)

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> EmbeddedSites:
        """Σ w_i e_i of a structure at any positions; see `coupling.capabilities.SitePotential`."""
        (atoms,) = checked([structure], self.elements, self.name)
        return EmbeddedSites(self.functions, atoms, weights)

    def crystal_law(self, crystal: Structure) -> EmbeddedLaw:
        """A periodic cell of one atom as a function of F; see `coupling.capabilities.StrainPotential`."""
        (atoms,) = checked([crystal], self.elements, self.name)
        return EmbeddedLaw(self.functions, atoms)


def load(name: str, device: str, dtype: str | None) -> EmbeddedAtomPotential:
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
        _look_up(calculator)
    except Exception as error:
        raise InputError(f"File {name!r} cannot be read as {KINDS[suffix]}: {error}.") from error
    return EmbeddedAtomPotential(
        name=name,
        elements=frozenset(int(number) for number in calculator._db_atomic_numbers),
        cutoff=float(calculator.cutoff),
        fingerprint=fingerprint(
            "eam", file_hash(Path(name)), {"kind": KINDS[suffix]}, ("matscipy", "scipy", "numpy"), code=(EAM,)
        ),
        calculator=calculator,
        needs_cell=True,
        interaction_range=float(calculator.cutoff),
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


def _look_up(calculator: Any) -> None:
    """Put splines that find their interval by division in place of those that search for it."""
    for order, prefix in enumerate(("", "d")):
        for table in ("F", "f", "rep"):
            setattr(calculator, prefix + table, _replaced(getattr(calculator, table), order))
    several = calculator.energy_virial_and_forces

    def route(numbers: Any, *pairs: Any) -> tuple[float, FloatArray, FloatArray]:
        return several(numbers, *pairs) if np.ptp(numbers) else _one_element(calculator, numbers, *pairs)

    calculator.energy_virial_and_forces = route


def _one_element(
    calculator: Any, numbers: FloatArray, i: FloatArray, j: FloatArray, vector: FloatArray, distance: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Energy, virial (6,) and forces (N, 3) where a pair and its reverse have the same functions."""
    kind = calculator.atnum_to_index[numbers[0]]

    def pair(table: Any) -> FloatArray:
        function = table[kind]
        return (function[kind] if isinstance(function, list) else function)(distance)

    n, repulsion = len(numbers), pair(calculator.rep) / distance
    density = np.bincount(i, weights=pair(calculator.f), minlength=n)
    energy = repulsion.sum() / 2 + calculator.F[kind](density).sum()
    slope = calculator.dF[kind](density)
    tension = (slope[i] + slope[j]) * pair(calculator.df) + (pair(calculator.drep) - repulsion) / distance
    pull = (tension / distance)[:, None] * vector
    forces = np.stack([np.bincount(i, weights=pull[:, k], minlength=n) for k in range(3)], axis=1)
    return float(energy), np.array([vector[:, a] @ pull[:, b] for a, b in VOIGT_PAIRS]) / 2, forces


def _replaced(splines: Any, order: int) -> Any:
    if isinstance(splines, list):
        return [_replaced(spline, order) for spline in splines]
    return UniformSpline.of(splines).derivative() if order else UniformSpline.of(splines)
