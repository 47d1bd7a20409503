"""Crystals whose atoms all lie on sites fixed by symmetry, built from their lattice lengths."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_numbers, covalent_radii, reference_states
from ase.symbols import string2symbols

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice


@dataclass(frozen=True)
class CrystalType:
    """A crystal structure.

    Attributes:
        ase_name: As `ase.build.bulk` calls it.
        elements: How many elements it takes.
        nearest: Distance of nearest neighbours, in units of a.
        lengths: Independent lattice lengths: (a) or (a, c).
    """

    ase_name: str
    elements: int
    nearest: float
    lengths: int = 1


IDEAL_C_A = (8 / 3) ** 0.5
CRYSTALS = {
    "fcc": CrystalType("fcc", 1, 2**-0.5),
    "bcc": CrystalType("bcc", 1, 0.75**0.5),
    "sc": CrystalType("sc", 1, 1.0),
    "diamond": CrystalType("diamond", 1, 3**0.5 / 4),
    "hcp": CrystalType("hcp", 1, 1.0, lengths=2),
    "b1": CrystalType("rocksalt", 2, 0.5),
    "b2": CrystalType("cesiumchloride", 2, 0.75**0.5),
    "b3": CrystalType("zincblende", 2, 3**0.5 / 4),
}
_BY_ANY_NAME = CRYSTALS | {crystal.ase_name: crystal for crystal in CRYSTALS.values()}


@dataclass(frozen=True)
class Crystal:
    """A species in a structure, still without its lattice lengths.

    Attributes:
        species: "Ni" or "TiN".
        kind: Its structure.
        conventional: The cubic cell instead of the primitive one.
    """

    species: str
    kind: CrystalType
    conventional: bool = False

    @classmethod
    def named(cls, species: str, structure: str, conventional: bool = False) -> "Crystal":
        """From names.

        Raises:
            InputError: the structure or the species is unknown, or they do not fit together, or
                a conventional cell of hcp is wanted.
        """
        kind = _BY_ANY_NAME.get(structure.lower())
        if kind is None:
            raise unknown_choice("crystal structure", structure, CRYSTALS)
        symbols = _symbols(species)
        if len(symbols) != kind.elements:
            raise InputError(
                f"Structure {structure!r} takes {kind.elements} element(s), but {species!r} has {len(symbols)}."
            )
        if conventional and kind.lengths > 1:
            raise InputError(f"Structure {structure!r} has no cubic cell; leave conventional out.")
        return cls(species, kind, conventional)

    def build(self, lengths: FloatArray) -> Atoms:
        """The crystal with lattice lengths (a,) or (a, c), Å; cubic axes or c along Cartesian ones."""
        if self.kind.lengths == 2:
            return bulk(self.species, self.kind.ase_name, a=lengths[0], c=lengths[1])
        return bulk(self.species, self.kind.ase_name, a=lengths[0], cubic=self.conventional)

    def lengths(self, a: float) -> FloatArray:
        """(a,), or (a, c) with the ideal ratio, Å."""
        return np.array([a, a * IDEAL_C_A][: self.kind.lengths])

    def guess(self) -> float:
        """A rough lattice parameter, Å: from the element's own crystal, or from covalent radii."""
        numbers = [atomic_numbers[symbol] for symbol in _symbols(self.species)]
        reference = reference_states[numbers[0]] or {}
        own = CRYSTALS.get(reference.get("symmetry", ""))
        if len(numbers) == 1 and own is not None and "a" in reference:
            nearest = reference["a"] * own.nearest
        else:
            nearest = sum(covalent_radii[number] for number in numbers) * 2 / len(numbers)
        return float(nearest / self.kind.nearest)


def _symbols(species: str) -> list[str]:
    try:
        symbols = string2symbols(species)
    except (ValueError, KeyError):
        symbols = []
    if not symbols or any(symbol not in atomic_numbers for symbol in symbols):
        raise InputError(f"Species {species!r} is not made of element symbols; write for example 'Ni' or 'TiN'.")
    return symbols
