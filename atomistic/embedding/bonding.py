"""How clusters end: hydrogen on cut covalent bonds, or bare for metals."""

from ase.data import atomic_numbers, covalent_radii

from coupling.embedding.cluster import Termination
from coupling.errors import unknown_choice

RADII = {z: float(radius) for z, radius in enumerate(covalent_radii) if z}
"""Covalent radii, Å (Cordero et al., Dalton Trans. (2008) 2832), as ASE tabulates them."""
HYDRIDES = {"B": 1.19, "C": 1.09, "N": 1.01, "O": 0.96, "Si": 1.48, "P": 1.42, "S": 1.34, "Ge": 1.53}
"""Å, bonds of the simplest hydrides: BH3, CH4, NH3, H2O, SiH4, PH3, H2S, GeH4."""
TERMINATIONS = ("bare", "hydrogen")


def termination(kind: str = "bare", tolerance: float = 1.25) -> Termination:
    """The termination of that name.

    Args:
        kind: "bare" for metals and for molecules without bonds to the rest; "hydrogen" for covalent materials.
        tolerance: A bond is shorter than this times the sum of the covalent radii.

    Raises:
        InputError: there is none of that name.
    """
    if kind not in TERMINATIONS:
        raise unknown_choice("termination", kind, TERMINATIONS)
    lengths = {atomic_numbers[symbol]: length for symbol, length in HYDRIDES.items()}
    return Termination(RADII, kind == "hydrogen", lengths, tolerance)
