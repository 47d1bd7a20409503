"""Point charges, one per element, by Ewald summation; the charges are given, or learned from forces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from scipy.optimize import least_squares

from atomistic.potentials.answers import finite
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.inputs import checked
from atomistic.potentials.metering import Meter
from atomistic.potentials.zbl import COULOMB
from coupling.capabilities import require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Potential, Structure
from coupling.errors import InputError, unknown_choice

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

ENTRIES = (
    PotentialEntry(
        "coulomb", "prior", "Point charges by Ewald summation, a term of a sum; takes charges by element",
        "atomistic.potentials.coulomb:load", ("matscipy",), place=60,
    ),
)  # fmt: skip

ACCURACY = 1e-10
"""Value to which the Gaussians of both sums have fallen at the cutoff."""


@dataclass(frozen=True)
class Coulomb:
    """Point charges, without the energy of their own fields.

    The charges of a structure are shifted by the same amount to add up to zero, so that an element
    alone has none. The sum over periodic cells is matscipy's.

    Attributes:
        charges: Charge by chemical symbol, e.
        reach: Where the sum in real space ends, Å; it does not change the result.
    """

    charges: Mapping[str, float]
    reach: float = 8.0
    name: str = "coulomb"
    cutoff: float = float("inf")
    capabilities: ClassVar[Capabilities] = Capabilities(stress=True)

    def __post_init__(self) -> None:
        for symbol, charge in self.charges.items():
            if symbol not in chemical_symbols[1:]:
                raise unknown_choice("element", symbol, chemical_symbols[1:])
            if not np.isfinite(charge):
                raise InputError(f"The charge of {symbol} is {charge}; give a finite number of e.")
        if not self.charges:
            raise InputError("Point charges need a charge by element, such as {'Na': 1, 'Cl': -1}.")

    @property
    def elements(self) -> frozenset[int]:
        """Those that have a charge."""
        return frozenset(atomic_numbers[symbol] for symbol in self.charges)

    @property
    def fingerprint(self) -> str:
        """Hash of all that determines its numbers."""
        options = {"charges": sorted(self.charges.items()), "reach": self.reach, "accuracy": ACCURACY}
        return fingerprint("coulomb", "ewald", options, ("matscipy", "numpy"))

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`.

        Raises:
            InputError: a structure is periodic in some directions alone, or site energies or features are asked for.
        """
        require_asked(self, site_energies, features)
        atoms = checked(structures, self.elements, self.name)
        with Meter() as meter:
            energies, forces, stresses = zip(*map(self._one, atoms), strict=True)
        cost = Cost(len(atoms), sum(map(len, atoms)), len(atoms), meter.seconds, meter.peak_memory_bytes)
        return finite(Evaluation(np.array(energies), forces, np.array(stresses), cost), atoms, self.name)

    def as_ase(self) -> "Calculator":
        """An ASE calculator of this potential."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)

    def _one(self, atoms: Atoms) -> tuple[float, FloatArray, FloatArray]:
        charge = np.array([self.charges[symbol] for symbol in atoms.get_chemical_symbols()])
        charge -= charge.mean()
        if not atoms.pbc.any():
            return isolated(atoms, charge)
        if not atoms.pbc.all():
            raise InputError(
                "Point charges are summed over cells periodic in all directions, or in none; put vacuum around."
            )
        return ewald(atoms, charge, self.reach)


def isolated(atoms: Atoms, charges: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Energy in eV, forces (N, 3) in eV/Å and no stress of charges (N,) without periodicity."""
    i, j = np.triu_indices(len(atoms), 1)
    apart = atoms.positions[i] - atoms.positions[j]
    distance = np.linalg.norm(apart, axis=1)
    pairs = COULOMB * charges[i] * charges[j] / distance
    forces = np.zeros((len(atoms), 3))
    push = apart * (pairs / distance**2)[:, None]
    np.add.at(forces, i, push)
    np.subtract.at(forces, j, push)
    return float(pairs.sum()), forces, np.full((3, 3), np.nan)


def ewald(atoms: Atoms, charges: FloatArray, reach: float) -> tuple[float, FloatArray, FloatArray]:
    """Energy in eV, forces (N, 3) in eV/Å and stress (3, 3) in eV/Å³ of charges (N,) that add up to zero."""
    from matscipy.calculators.ewald import Ewald
    from matscipy.calculators.ewald.calculator import conversion_prefactor

    if not charges.any():
        return 0.0, np.zeros((len(atoms), 3)), np.zeros((3, 3))
    fallen = np.sqrt(-np.log(ACCURACY))
    width = fallen / reach
    longest = 2 * width * fallen
    indices = np.ceil(longest * np.linalg.norm(atoms.cell.array, axis=1) / (2 * np.pi)).astype(int)
    calculator = Ewald()
    calculator.set(cutoff=reach, verbose=False, kspace={"alpha": width, "cutoff": longest, "nbk_c": indices})
    atoms = atoms.copy()
    atoms.set_array("charge", charges)
    atoms.calc = calculator
    with np.errstate(all="ignore"):  # of estimates that it makes and does not use
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        stress = atoms.get_stress(voigt=False)
    unit = COULOMB / conversion_prefactor
    return float(energy * unit), np.array(forces * unit), np.array(stress * unit)


def learned(
    structures: Sequence[Structure],
    forces: Sequence[FloatArray],
    start: Mapping[str, float],
    *,
    base: Potential | None = None,
) -> Coulomb:
    """The charges whose forces, on top of those of `base`, are nearest to the given ones.

    Forces alone are used, as they know no reference energies. They are quadratic in the charges, so
    that the Ewald sums are done once. The forces do not change when all charges do by the same amount:
    those returned add up to zero over all the structures.

    Args:
        structures: Periodic structures, displaced from their symmetric places.
        forces: Forces of each (N_i, 3), eV/Å.
        start: First guess by chemical symbol, e; it settles the sign too.
        base: The potential that gives the rest of the forces; None for nothing.

    Raises:
        InputError: fewer than two elements, or forces that do not depend on the charges.
    """
    if len(start) < 2:
        raise InputError(f"Charges of {', '.join(start) or 'no element'} alone are zero; give two elements or more.")
    symbols = list(start)
    target = np.concatenate([np.asarray(force, dtype=float).ravel() for force in forces])
    if base is not None:
        target = target - _flat(base, structures)
    single = [_flat(_unit(symbols, (a,)), structures) for a in range(len(symbols))]
    products = {(a, a): part for a, part in enumerate(single)}
    for a, b in combinations(range(len(symbols)), 2):
        products[a, b] = _flat(_unit(symbols, (a, b)), structures) - single[a] - single[b]
    if max(np.abs(part).max() for part in products.values()) < 1e-8:
        raise InputError("All forces vanish by symmetry, so that no charge can be learned; displace the atoms.")

    def residual(charge: FloatArray) -> FloatArray:
        return sum(charge[a] * charge[b] * part for (a, b), part in products.items()) - target

    found = least_squares(residual, [float(start[symbol]) for symbol in symbols]).x
    everywhere = [symbol for one in structures for symbol in Atoms(numbers=one.numbers).get_chemical_symbols()]
    mean = np.mean([found[symbols.index(symbol)] for symbol in everywhere])
    return Coulomb({symbol: float(charge - mean) for symbol, charge in zip(symbols, found, strict=True)})


def _unit(symbols: list[str], charged: tuple[int, ...]) -> Coulomb:
    return Coulomb({symbol: float(a in charged) for a, symbol in enumerate(symbols)})


def _flat(potential: Potential, structures: Sequence[Structure]) -> FloatArray:
    return np.concatenate([force.ravel() for force in potential.evaluate(structures).forces])


def load(name: str, device: str, dtype: str | None, *, charges: Mapping[str, float]) -> Coulomb:
    """Point charges by chemical symbol, e; see `Coulomb`."""
    from atomistic.potentials.devices import require_cpu

    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    return Coulomb({str(symbol): float(charge) for symbol, charge in charges.items()})
