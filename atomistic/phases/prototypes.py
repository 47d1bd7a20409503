"""Ordered structures by their Strukturbericht names, on the lattices that alloys have."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from ase import Atoms

from atomistic.phases.candidates import Phase, at_guessed_volume
from coupling.errors import unknown_choice

_Vector = tuple[float, float, float]
_F = ((0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
_H = (8 / 3) ** 0.5
_HEXAGON = ((1.0, 0.0, 0.0), (-0.5, 3**0.5 / 2, 0.0), (0.0, 0.0, _H))
_WIDE = ((2.0, 0.0, 0.0), (-1.0, 3**0.5, 0.0), (0.0, 0.0, _H))
_CUBE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Prototype:
    """A structure without elements and without a length.

    Attributes:
        cell: Lattice vectors, in any unit.
        sites: Fractional positions.
        pattern: A letter for the element of each site.
    """

    cell: tuple[_Vector, _Vector, _Vector]
    sites: tuple[_Vector, ...]
    pattern: str

    @property
    def letters(self) -> str:
        """Its kinds of sites, in alphabetical order."""
        return "".join(sorted(set(self.pattern)))

    def filled(self, elements: Sequence[str]) -> Atoms:
        """With an element for each letter, at a guessed volume."""
        symbols = [elements[self.letters.index(letter)] for letter in self.pattern]
        return at_guessed_volume(Atoms(symbols, cell=self.cell, scaled_positions=self.sites, pbc=True))


def _diagonal(*places: float) -> tuple[_Vector, ...]:
    return tuple((place, place, place) for place in places)


_D019 = (
    (1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75), (5 / 6, 2 / 3, 0.25), (1 / 3, 1 / 6, 0.25), (5 / 6, 1 / 6, 0.25),
    (1 / 6, 1 / 3, 0.75), (2 / 3, 5 / 6, 0.75), (1 / 6, 5 / 6, 0.75),
)  # fmt: skip
PROTOTYPES = {
    "fcc": Prototype(_F, _diagonal(0), "A"),
    "L1_0": Prototype(((0.5**0.5, 0, 0), (0, 0.5**0.5, 0), (0, 0, 1)), _diagonal(0, 0.5), "AB"),
    "L1_1": Prototype(((1, 0.5, 0.5), (0.5, 1, 0.5), (0.5, 0.5, 1)), _diagonal(0, 0.5), "AB"),
    "L1_2": Prototype(_CUBE, ((0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)), "BAAA"),
    "D0_22": Prototype(
        ((1, 0, 0), (0, 1, 0), (0.5, 0.5, 1)), ((0, 0, 0), (0.5, 0.5, 0), (0.75, 0.25, 0.5), (0.25, 0.75, 0.5)), "BAAA"
    ),
    "bcc": Prototype(((-1, 1, 1), (1, -1, 1), (1, 1, -1)), _diagonal(0), "A"),
    "B2": Prototype(_CUBE, _diagonal(0, 0.5), "AB"),
    "B32": Prototype(_F, _diagonal(0, 0.25, 0.5, 0.75), "AABB"),
    "D0_3": Prototype(_F, _diagonal(0, 0.25, 0.5, 0.75), "BAAA"),
    "hcp": Prototype(_HEXAGON, ((1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75)), "AA"),
    "D0_19": Prototype(_WIDE, _D019, "BBAAAAAA"),
    "diamond": Prototype(_F, _diagonal(0, 0.25), "AA"),
    "B1": Prototype(_F, _diagonal(0, 0.5), "AB"),
    "B3": Prototype(_F, _diagonal(0, 0.25), "AB"),
}
"""By Strukturbericht name, or that of the element's crystal."""


def prototypes(elements: Sequence[str], names: Sequence[str]) -> list[Phase]:
    """Prototypes filled with all choices of different elements, such as Cu3Au and CuAu3 in L1_2.

    Args:
        elements: Chemical symbols.
        names: Keys of `PROTOTYPES`.

    Raises:
        InputError: there is no such prototype.
    """
    found: dict[str, Phase] = {}
    for name in names:
        if name not in PROTOTYPES:
            raise unknown_choice("prototype", name, PROTOTYPES)
        prototype = PROTOTYPES[name]
        for chosen in permutations(elements, len(prototype.letters)):
            atoms = prototype.filled(chosen)
            label = f"{name} {atoms.get_chemical_formula(empirical=True)}"
            found.setdefault(label, Phase(label, atoms))  # AB and BA are one where the sites are alike
    return list(found.values())
